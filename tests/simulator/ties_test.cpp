#include <gtest/gtest.h>

#include "simulator/jump_population.hpp"
#include "simulator/linear_population.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

/// What happens at one tick, in each inner loop: jump (lif), linear (adaptive_lif, by its membrane port) and
/// visiting.
struct LoopCase {
    std::string label;
    std::string model;
    Loop loop;
};

std::ostream& operator<<(std::ostream& out, const LoopCase& c) { return out << c.label; }

const auto every_loop = testing::Values(
    LoopCase{"jump", "lif", Loop::automatic}, LoopCase{"linear", "adaptive_lif", Loop::automatic},
    LoopCase{"linear_adapting", "sst", Loop::automatic}, LoopCase{"visiting", "lif", Loop::visiting},
    LoopCase{"visiting_adapting", "sst", Loop::visiting});
const auto label = [](const auto& tested) { return tested.param.label; };

class Ties : public testing::TestWithParam<LoopCase> {
protected:
    /// 15 mV from reset to threshold, 20 from rest, refractory for 2 ms unless told otherwise.
    PopulationDescription cell(const std::string& name, double t_ref = 2.0, Index size = 1) const {
        PopulationDescription p =
            neurons(name, GetParam().model, size, {{"V_th", -50.0}, {"V_reset", -65.0}, {"t_ref", t_ref}});
        // Without adaptation it would run in the jump loop.
        if (p.model == "adaptive_lif") p.parameters["b"] = 1.0;
        return p;
    }
    Outcome simulate(const NetworkDescription& d, double duration, const Prepare& prepare = {}) const {
        BuildOptions options;
        options.loop = GetParam().loop;
        return run(d, duration, options, prepare);
    }
    /// Two arrivals at 6 ms, from two populations.
    std::vector<double> two_arrivals(double first, double second) const {
        NetworkDescription d;
        d.populations = {trains("one", {{5.0}}), trains("two", {{5.0}}), cell("cell")};
        d.projections = {projection("two", "cell", "membrane", second, 1.0),
                         projection("one", "cell", "membrane", first, 1.0)};
        return simulate(d, 20.0).train(2);
    }
};

using Times = std::vector<double>;

TEST_P(Ties, AreTestedInTheLoopThatIsNamed) {
    NetworkDescription d;
    d.populations = {trains("source", {{5.0}}), cell("cell")};
    d.projections = {projection("source", "cell", "membrane", 1.0, 1.0)};
    BuildOptions options;
    options.loop = GetParam().loop;
    const Network network = build(d, options);
    EXPECT_EQ(runs_in<JumpPopulation>(network, "cell"), GetParam().label == "jump");
    EXPECT_EQ(runs_in<LinearPopulation>(network, "cell"), GetParam().label.starts_with("linear"));
}

TEST_P(Ties, ThresholdIsTestedAfterEachArrivalInOrderOfSourcePopulations) {
    EXPECT_EQ(two_arrivals(30.0, -30.0), Times{6.0});
    EXPECT_EQ(two_arrivals(-30.0, 30.0), Times{});
    EXPECT_EQ(two_arrivals(-5.0, 25.5), Times{6.0});
    EXPECT_EQ(two_arrivals(10.0, 10.5), Times{6.0});
}

TEST_P(Ties, OrderOfSourceNeurons) {
    for (const bool excitation_first : {true, false}) {
        NetworkDescription d;
        d.populations = {trains("sources", {{5.0}, {4.5}}), cell("cell")};
        d.projections = {projection("sources", "cell", "membrane", 0.0, 1.0),
                         projection("sources", "cell", "membrane", 0.0, 1.5)};
        d.projections[1].name = "slow";
        for (auto& p : d.projections) p.weight = uniform_between(0.0, 1.0);
        const Outcome outcome = simulate(d, 20.0, [&](Network& network) {
            // Both arrive at 6 ms: neuron 0 down the fast projection, neuron 1 down the slow one.
            const auto set = [&](Index p, Index source, float w) {
                network.simulation->weights(p)[0].row(source).weights[0] = w;
            };
            set(0, 0, excitation_first ? 30.0F : -30.0F);
            set(0, 1, 0.0F);
            set(1, 0, 0.0F);
            set(1, 1, excitation_first ? -30.0F : 30.0F);
        });
        EXPECT_EQ(outcome.train(1), excitation_first ? Times{6.0} : Times{});
    }
}

TEST_P(Ties, OrderOfProjections) {
    for (const bool excitation_first : {true, false}) {
        NetworkDescription d;
        d.populations = {trains("source", {{5.0}}), cell("cell")};
        d.projections = {projection("source", "cell", "membrane", excitation_first ? 30.0 : -30.0, 1.0),
                         projection("source", "cell", "membrane", excitation_first ? -30.0 : 30.0, 1.0)};
        d.projections[1].name = "second";
        EXPECT_EQ(simulate(d, 20.0).train(1), excitation_first ? Times{6.0} : Times{});
    }
}

TEST_P(Ties, SimultaneousSpikesOfNeuronsAndSourcesMergeInOneOrder) {
    // `relay` fires at 5 ms and is population 1: its arrival at 6 ms lies between those of the sources 0 and
    // 2, 20 mV being needed.
    struct Case {
        double first, relay, last;
        bool fires;
    };
    for (const Case c : {Case{15, 8, -10, true}, Case{15, -10, 12, false}, Case{-10, 22, 5, false}}) {
        NetworkDescription d;
        d.populations = {trains("first", {{5.0}}), cell("relay"), trains("last", {{5.0}}), cell("cell"),
                         trains("trigger", {{4.0}})};
        d.projections = {projection("trigger", "relay", "membrane", 40.0, 1.0),
                         projection("last", "cell", "membrane", c.last, 1.0),
                         projection("relay", "cell", "membrane", c.relay, 1.0),
                         projection("first", "cell", "membrane", c.first, 1.0)};
        EXPECT_EQ(simulate(d, 20.0).train(3), c.fires ? Times{6.0} : Times{}) << c.relay;
    }
}

TEST_P(Ties, EndOfRefractorinessPrecedesArrivalsOfItsTick) {
    for (const double t_ref : {2.0, 2.1, 1.0 / 3.0}) {
        const double end = ms(at(6.0) + ticks(t_ref));
        // Equal decimals may lie a few ticks apart: a hair too early is not.
        for (const int late : {-5, -4, -1, 0, 1}) {
            NetworkDescription d;
            d.populations = {trains("source", {{5.0, end - 1.0 + late * tick}}), cell("cell", t_ref)};
            d.projections = {projection("source", "cell", "membrane", 40.0, 1.0)};
            const Times expected = late < -4 ? Times{6.0} : Times{6.0, end + late * tick};
            EXPECT_EQ(simulate(d, 20.0).train(1), expected)
                << "t_ref = " << t_ref << ", " << late << " ticks late";
        }
    }
}

TEST_P(Ties, InputWhileRefractoryIsLost) {
    NetworkDescription d;
    d.populations = {trains("source", {{5.0, 5.5, 6.0, 6.5}}), cell("cell")};
    d.projections = {projection("source", "cell", "membrane", 40.0, 1.0)};
    BuildOptions options;
    options.loop = GetParam().loop;
    Network network = build(d, options);
    network.simulation->cut(at(7.25));
    network.simulation->run_until(at(7.25));
    EXPECT_DOUBLE_EQ(sample(network, "cell", "V_m"), -65.0);
    EXPECT_DOUBLE_EQ(sample(network, "cell", "refractory"), 0.75);
    network.simulation->cut(at(8.0));
    network.simulation->run_until(at(8.0));
    EXPECT_DOUBLE_EQ(sample(network, "cell", "V_m"), -65.0);
    EXPECT_EQ(network.simulation->spikes(), 5U);
}

TEST_P(Ties, WithoutRefractorinessEachOfTwoArrivalsFires) {
    NetworkDescription d;
    d.populations = {trains("sources", {{5.0}, {5.0}}), cell("cell", 0.0)};
    d.projections = {projection("sources", "cell", "membrane", 40.0, 1.0)};
    EXPECT_EQ(simulate(d, 20.0).train(1), (Times{6.0, 6.0}));
}

TEST_P(Ties, ACrossingByDriftPrecedesTheArrivalsOfItsTick) {
    // Driven over threshold, then inhibited at the very tick of the crossing: too late.
    NetworkDescription d;
    d.populations = {trains("inhibition", {{0.0}}), cell("cell")};
    d.populations[1].parameters["I_e"] = GetParam().model == "lif" ? 400.0 : 200.0;
    const Times free = simulate(d, 40.0).train(1);
    ASSERT_FALSE(free.empty());
    for (const int late : {-1, 0, 1}) {
        d.populations[0].spike_times = {{free.front() - 1.0 + late * tick}};
        d.projections = {projection("inhibition", "cell", "membrane", -10.0, 1.0)};
        const Times inhibited = simulate(d, 40.0).train(1);
        ASSERT_FALSE(inhibited.empty());
        EXPECT_EQ(inhibited.front() == free.front(), late >= 0) << late;
    }
}

TEST_P(Ties, ACrossingAtTheVeryEndOfAWindowBelongsToTheNext) {
    // What is recorded says so itself: no spike lies at the end of its window.
    NetworkDescription d;
    d.populations = {cell("cell", 2.0, 3)};
    d.populations[0].parameters["I_e"] = GetParam().model == "lif" ? 400.0 : 200.0;
    const Times free = simulate(d, 80.0).train(0);
    ASSERT_GE(free.size(), 3U);
    const Outcome cut = simulate(d, 80.0, [&](Network& network) {
        for (const double time : free) network.simulation->cut(at(time));
    });
    for (Index i = 0; i < 3; ++i) {
        const Times train = cut.train(0, i);
        ASSERT_EQ(train.size(), free.size());
        EXPECT_EQ(train[0], free[0]);
        for (std::size_t s = 0; s < free.size(); ++s) EXPECT_NEAR(train[s], free[s], 4 * tick);
    }
}

TEST_P(Ties, ArrivalsAtTheEdgesOfWindows) {
    // With delays of 1 ms windows begin at whole milliseconds: nothing is lost, nothing comes twice.
    NetworkDescription d;
    d.populations = {trains("source", {{0.0, 3.0 - tick, 6.0, 9.0 + tick}}), cell("cell")};
    d.projections = {projection("source", "cell", "membrane", 40.0, 1.0),
                     projection("cell", "cell", "membrane", 0.0, 1.0)};
    EXPECT_EQ(simulate(d, 20.0).train(1), (Times{1.0, 4.0 - tick, 7.0, 10.0 + tick}));
}

TEST_P(Ties, DelaysAreExact) {
    NetworkDescription d;
    d.populations = {trains("source", {{5.0}}), cell("a"), cell("b"), cell("c")};
    d.projections = {projection("source", "a", "membrane", 40.0, 0.1),
                     projection("a", "b", "membrane", 40.0, 0.1),
                     projection("b", "c", "membrane", 40.0, 2.7)};
    const Outcome outcome = simulate(d, 20.0);
    EXPECT_EQ(outcome.train(1), Times{ms(at(5.0) + ticks(0.1))});
    EXPECT_EQ(outcome.train(2), Times{ms(at(5.0) + ticks(0.1) + ticks(0.1))});
    EXPECT_EQ(outcome.train(3), Times{ms(at(5.0) + ticks(0.1) + ticks(0.1) + ticks(2.7))});
}

TEST_P(Ties, ASourceWithoutDelayActsAtOnce) {
    NetworkDescription d;
    d.populations = {trains("source", {{0.0, 5.0}}), cell("cell")};
    d.projections = {projection("source", "cell", "membrane", 40.0, 0.0)};
    EXPECT_EQ(simulate(d, 20.0).train(1), (Times{0.0, 5.0}));
}

INSTANTIATE_TEST_SUITE_P(Loops, Ties, every_loop, label);

// ---------------------------------------------------------------------------------------------------------------------------

/// A cell that fires when told, at a tick known beforehand, and a plastic synapse onto it from a source whose
/// spikes are known.
class Learns : public Ties {
protected:
    struct Setting {
        Times pre;   ///< spikes of the source [ms]
        Times post;  ///< spikes of the target [ms]
        double delay = 1.0;
        std::optional<double> back_delay{};
        double weight = 0.5;
        std::string rule = "pair_stdp";
        Parameters parameters{};
        double duration = 200.0;
        Prepare prepare{};
    };

    static constexpr double teacher_delay = 1.0;

    NetworkDescription describe(const Setting& s) const {
        NetworkDescription d;
        Times teacher;
        for (const double t : s.post) teacher.push_back(t - teacher_delay);
        // The teacher comes first: at one tick the target has fired when the source's spike arrives.
        d.populations = {trains("teacher", {teacher}), trains("pre", {s.pre}), cell("post", 0.0)};
        d.populations[2].classifier = Classifier::isi;
        d.projections = {projection("teacher", "post", "membrane", 200.0, teacher_delay),
                         projection("pre", "post", "membrane", s.weight, s.delay)};
        d.projections[1].plasticity.emplace();
        d.projections[1].plasticity->rule = s.rule;
        d.projections[1].plasticity->parameters = s.parameters;
        d.projections[1].plasticity->back_delay = s.back_delay;
        return d;
    }

    double learnt(const Setting& s) const {
        BuildOptions options;
        options.loop = GetParam().loop;
        Network network = build(describe(s), options);
        SpikeList recorder;
        network.simulation->add(recorder);
        if (s.prepare) s.prepare(network);
        network.simulation->run_until(at(s.duration));
        const Outcome outcome{recorder.list, {}};
        EXPECT_EQ(outcome.train(2), s.post);
        return weight(network, "pre_to_post");
    }

    static double stdp(double s) { return 0.005 * std::exp(-s / 20.0); }
    static double depression(double s) { return 0.00525 * std::exp(-s / 20.0); }
};

// Weights are floats: half an ulp of 0.5 is 3e-8 per change.
constexpr double rounding = 2e-7;

TEST_P(Learns, PairStdpFromAHandfulOfPairs) {
    // Seen by the synapse: pre at 11 and 51, post at 16 and 41 (plus back_delay = delay = 1).
    const double expected =
        0.5 + stdp(17 - 11.0) + stdp(42 - 11.0) - depression(51 - 17.0) - depression(51 - 42.0);
    EXPECT_NEAR(learnt({.pre = {10.0, 50.0}, .post = {16.0, 41.0}}), expected, rounding);
}

TEST_P(Learns, InAFrameWithALongerWayBack) {
    // back_delay = 2 x delay: pre seen at 10 + 1.5, post at 16 + 3.
    const double expected = 0.5 + stdp(19 - 11.5);
    EXPECT_NEAR(learnt({.pre = {10.0}, .post = {16.0}, .delay = 1.5, .back_delay = 3.0}), expected, rounding);
}

TEST_P(Learns, NothingFromWhatIsSeenAtOneTime) {
    // Pre and post are both seen at 17 ms, which windows begin with, or a few ticks apart, as equal decimals
    // may be. The target has fired before, and so has the source: those pairs count.
    for (const int late : {-5, -4, -1, 0, 1, 4, 5}) {
        const Setting s{.pre = {10.0, 16.0 + late * tick}, .post = {13.0, 16.0}};
        const double expected = 0.5 + stdp(14 - 11.0) - depression(17 - 14.0) + stdp(17 - 11.0) +
                                (late < -4 ? stdp(0.0) : 0.0) - (late > 4 ? depression(0.0) : 0.0);
        EXPECT_NEAR(learnt(s), expected, rounding) << late << " ticks late";
    }
}

TEST_P(Learns, NothingFromEqualDecimals) {
    // Each synapse sees one spike of its source and one of its target, at one time as decimals. The ticks of
    // the two are sums of other roundings: with the first delays the target's is a tick late for most, with
    // the second early.
    struct Delays {
        int teacher, pre, back;  // [0.1 ms]
    };
    for (const Delays delays : {Delays{7, 13, 14}, Delays{1, 9, 12}}) {
        constexpr Index pairs = 300;
        std::vector<Times> pre;
        std::vector<Times> teacher;
        for (int i = 0; i < static_cast<int>(pairs); ++i) {
            teacher.push_back({(7 * i + 1) / 10.0});
            pre.push_back({(7 * i + 1 + delays.teacher + delays.back - delays.pre) / 10.0});
        }
        NetworkDescription d;
        d.populations = {trains("teacher", teacher), trains("pre", pre), cell("post", 0.0, pairs)};
        d.projections = {
            projection("teacher", "post", "membrane", 200.0, delays.teacher / 10.0, one_to_one()),
            projection("pre", "post", "membrane", 0.5, delays.pre / 10.0, one_to_one())};
        auto& rule = d.projections[1].plasticity.emplace();
        rule.rule = "pair_stdp";
        rule.parameters = {{"A_plus", 0.1}, {"A_minus", 0.2}};
        rule.back_delay = delays.back / 10.0;
        const Outcome outcome = simulate(d, 250.0);
        for (Index i = 0; i < pairs; ++i) {
            EXPECT_EQ(outcome.train(2, i).size(), 1U);
            ASSERT_EQ(outcome.synapses[pairs + i].weight, 0.5) << "the source spikes at " << pre[i].front();
        }
    }
}

TEST_P(Learns, NothingFromOneTimeByTheBurstRuleEither) {
    // The event seen at 17 teaches by the trace of the first source spike only.
    const Parameters parameters{{"eta", 0.01}, {"p0", 0.3}, {"tau_pre", 20.0}};
    const Setting s{.pre = {10.0, 16.0}, .post = {16.0}, .rule = "burst_dependent", .parameters = parameters};
    EXPECT_NEAR(learnt(s), 0.5 - 0.01 * 0.3 * std::exp(-6.0 / 20.0), rounding);
    Setting apart = s;
    apart.pre.back() -= 4 * tick;
    EXPECT_NEAR(learnt(apart), learnt(s), rounding);
    apart.pre.back() -= tick;
    EXPECT_NEAR(learnt(apart), 0.5 - 0.01 * 0.3 * (1.0 + std::exp(-6.0 / 20.0)), rounding);
}

TEST_P(Learns, BurstDependentByHand) {
    // Target: event at 20, burst at 28, further spike at 36; event at 100. Source: events at 10 and 30 (each
    // alone).
    const Parameters parameters{{"eta", 0.01}, {"p0", 0.25}, {"tau_pre", 20.0}};
    const auto x = [](double time) {
        double sum = 0.0;
        for (const double pre : {11.0, 31.0}) {
            if (pre < time) sum += std::exp(-(time - pre) / 20.0);
        }
        return sum;
    };
    const double expected = 0.5 + 0.01 * (-0.25 * x(21) + x(29) - 0.25 * x(101));
    EXPECT_NEAR(learnt({.pre = {10.0, 30.0},
                        .post = {20.0, 28.0, 36.0, 100.0},
                        .rule = "burst_dependent",
                        .parameters = parameters}),
                expected, rounding);
}

TEST_P(Learns, IntervalOfExactlyTheThresholdIsABurst) {
    const Parameters parameters{{"eta", 0.01}, {"p0", 0.0}, {"tau_pre", 20.0}};
    const double change = 0.01 * std::exp(-(37.0 - 11.0) / 20.0);
    const Setting s{.pre = {10.0}, .post = {20.0, 36.0}, .rule = "burst_dependent", .parameters = parameters};
    EXPECT_NEAR(learnt(s), 0.5 + change, rounding);
    Setting longer = s;
    longer.post.back() += 5 * tick;  // a few are rounding
    EXPECT_NEAR(learnt(longer), 0.5, rounding);
}

TEST_P(Learns, WeightsStayWhileGatedOffAndTracesGoOn) {
    const auto gate = [](Network& network) {
        network.simulation->schedule(at(17.0), action::GatePlasticity{false});
        network.simulation->schedule(at(40.0), action::GatePlasticity{true});
    };
    // Seen at 17 exactly: the action comes first. The post-spike seen at 40 finds the trace of the pre-spike
    // seen at 31.
    const double expected = 0.5 + stdp(13 - 11.0) + stdp(40 - 31.0) + stdp(40 - 11.0);
    EXPECT_NEAR(learnt({.pre = {10.0, 30.0}, .post = {12.0, 16.0, 39.0}, .prepare = gate}), expected,
                rounding);
}

TEST_P(Learns, ANewWeightIsDeliveredByTheNextArrival) {
    // The pair (10, 16) lifts the weight by 30, seen at 17: enough to fire the target. An arrival at that
    // time, as decimals, still brings the old weight, a tick later the new one.
    const Parameters parameters{{"A_plus", 30.0}, {"A_minus", 0.0}, {"tau_plus", 1e6}};
    for (const int late : {0, 4, 5}) {
        const Setting s{.pre = {10.0, 16.0 + late * tick}, .post = {16.0}, .parameters = parameters};
        const Times expected = late <= 4 ? Times{16.0} : Times{16.0, 17.0 + late * tick};
        EXPECT_EQ(simulate(describe(s), 30.0).train(2), expected) << late;
    }
}

TEST_P(Learns, ByTheMovingAverage) {
    // First event: 0/0 counts as 1. Second one: of one event and one burst, P = 1; third: of two events and
    // one burst.
    const Parameters parameters{{"eta", 0.01}, {"tau_pre", 50.0}, {"tau_average", 100.0}};
    Setting s{.pre = {10.0},
              .post = {20.0, 28.0, 60.0, 120.0},
              .rule = "burst_dependent",
              .parameters = parameters};
    NetworkDescription d = describe(s);
    d.projections[1].plasticity->baseline = "moving_average";
    const auto x = [](double time) { return std::exp(-(time - 11.0) / 50.0); };
    const auto decay = [](double dt) { return std::exp(-dt / 100.0); };
    const double P3 = decay(92) / (decay(100) + decay(60));
    const double expected = 0.5 + 0.01 * (-1.0 * x(21) + x(29) - 1.0 * x(61) - P3 * x(121));
    BuildOptions options;
    options.loop = GetParam().loop;
    Network network = build(d, options);
    network.simulation->run_until(at(200.0));
    EXPECT_NEAR(weight(network, "pre_to_post"), expected, rounding);
}

INSTANTIATE_TEST_SUITE_P(Loops, Learns, every_loop, label);

class LearnsAtOnce : public Learns {};

TEST_P(LearnsAtOnce, WithoutAWayBack) {
    // back_delay = 0: pre seen at 11, post at 16 exactly; those at 31 do not pair with one another.
    const Setting s{.pre = {10.0, 30.0}, .post = {16.0, 31.0}, .back_delay = 0.0};
    EXPECT_NEAR(learnt(s), 0.5 + stdp(16 - 11.0) - depression(31 - 16.0) + stdp(31 - 11.0), rounding);
}

TEST_P(LearnsAtOnce, TheNextArrivalBringsTheNewWeight) {
    const Parameters parameters{{"A_plus", 30.0}, {"A_minus", 0.0}, {"tau_plus", 1e6}};
    for (const int late : {4, 5}) {
        const double next = 15.0 + late * tick;
        const Setting s{.pre = {10.0, next}, .post = {16.0}, .back_delay = 0.0, .parameters = parameters};
        EXPECT_EQ(simulate(describe(s), 30.0).train(2), late > 4 ? (Times{16.0, next + 1.0}) : (Times{16.0}));
    }
}

TEST_P(LearnsAtOnce, ASpikeThatTheArrivalItselfCausesDoesNotPairWithIt) {
    const Setting s{.pre = {10.0, 20.0}, .post = {}, .back_delay = 0.0, .weight = 25.0};
    const Outcome outcome = simulate(describe(s), 40.0);
    EXPECT_EQ(outcome.train(2), (Times{11.0, 21.0}));
    // 11 with 11: no pair. 21: the source's spike finds the target's of 11; the target's finds the source's
    // of 11.
    EXPECT_NEAR(outcome.synapses[1].weight, 25.0 - depression(10.0) + stdp(10.0), 1e-5);
}

TEST_P(LearnsAtOnce, NoArrivalOfATickHasLearntFromItsSpikes) {
    // At 21 ms source 0 makes the target fire, whose spike is worth 30 mV to the synapse of source 1: once
    // the arrival of source 1 at the same tick is through, or the target would fire again.
    NetworkDescription d = describe({.pre = {}, .post = {}, .back_delay = 0.0});
    d.populations[1] = trains("pre", {{20.0}, {10.0, 20.0}});
    d.projections[1].plasticity->parameters = {{"A_plus", 30.0}, {"A_minus", 0.0}, {"w_max", 100.0}};
    const Outcome outcome = simulate(
        d, 40.0, [](Network& network) { network.simulation->weights(1)[0].row(0).weights[0] = 25.0F; });
    EXPECT_EQ(outcome.train(2), (Times{21.0}));
    EXPECT_NEAR(outcome.synapses[1].weight, 25.0, rounding);
    EXPECT_NEAR(outcome.synapses[2].weight, 0.5 + 30.0 * std::exp(-10.0 / 20.0), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Loops, LearnsAtOnce,
                         testing::Values(LoopCase{"visiting", "lif", Loop::visiting},
                                         LoopCase{"visiting_adapting", "sst", Loop::visiting}),
                         label);

TEST(Learning, NothingFromOneTickHoweverLateASpikeIsShown) {
    // Both inputs make their target fire at once. Such a spike is shown when its cell is next visited: here
    // the later one first.
    for (const Index shard_size : {0U, 1U}) {
        NetworkDescription d;
        d.populations = {trains("pre", {{10.0, 40.0}, {10.3, 40.3}}),
                         neurons("post", "payeur2021_pyramidal", 2)};
        d.projections = {projection("pre", "post", "charge_soma", 9.0, 2.0, one_to_one())};
        d.projections[0].plasticity.emplace();
        d.projections[0].plasticity->rule = "pair_stdp";
        d.projections[0].plasticity->parameters = {{"A_plus", 1.0}, {"A_minus", 0.0}, {"w_max", 100.0}};
        d.projections[0].plasticity->back_delay = 0.0;
        BuildOptions options;
        options.shard_size = shard_size;
        const Network network = build(d, options);
        network.simulation->run_until(at(30.0));
        EXPECT_EQ(network.simulation->spikes(), 4U) << "two of the sources, two of the cells";
        for (const Index i : {0U, 1U}) EXPECT_EQ(weight(network, "pre_to_post", i, i), 9.0);
    }
}

TEST(Learning, BackDelayOfZeroNeedsVisits) {
    NetworkDescription d;
    d.populations = {trains("pre", {{1.0}}), neurons("post", "lif")};
    d.projections = {projection("pre", "post", "membrane", 1.0, 1.0)};
    d.projections[0].plasticity.emplace();
    d.projections[0].plasticity->rule = "pair_stdp";
    d.projections[0].plasticity->back_delay = 0.0;
    EXPECT_ANY_THROW(build(d));
    BuildOptions visiting;
    visiting.loop = Loop::visiting;
    EXPECT_NO_THROW(build(d, visiting));
}

/// The burst rule hardly notices the way back: traces last tens of milliseconds.
TEST(Learning, AShortWayBackIsImmaterialForTheBurstRule) {
    std::vector<double> means;
    for (const double back_delay : {0.0, 1.0}) {
        NetworkDescription d;
        d.seed = 5;
        d.populations = {neurons("pre", "poisson", 100, {{"rate", 15.0}}),
                         neurons("post", "stochastic_pyramidal", 100)};
        d.projections = {projection("pre", "post", "soma", 0.01, 1.0)};
        d.projections[0].plasticity.emplace();
        d.projections[0].plasticity->rule = "burst_dependent";
        d.projections[0].plasticity->parameters = {{"p0", 0.3}, {"eta", 1e-4}};
        d.projections[0].plasticity->back_delay = back_delay;
        const Outcome outcome = run(d, 2000.0);
        double sum = 0.0;
        for (const Synapse& s : outcome.synapses) sum += s.weight - 0.01;
        means.push_back(sum / static_cast<double>(outcome.synapses.size()));
    }
    EXPECT_GT(means[0], 2e-4);
    // Expected: 1 ms of a trace of 20 ms moves the pairing by 5 % for correlated pairs only; those at random
    // see no change.
    EXPECT_NEAR(means[1] / means[0], 1.0, 0.02);
}

}  // namespace
}  // namespace apical
