#include <gtest/gtest.h>

#include "simulator/classification.hpp"
#include "simulator/jump_population.hpp"
#include "simulator/linear_population.hpp"
#include "simulator/signal.hpp"
#include "tests/recorders/folder.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;
using Times = std::vector<double>;
using Kinds = std::vector<SpikeKind>;

/// What networks seldom meet: equal times, states that are kept at an awkward moment, few among many.

BuildOptions in(Loop loop) {
    BuildOptions options;
    options.loop = loop;
    return options;
}

// --- equal times

TEST(ClassificationTest, IntervalsAreComparedAsDecimals) {
    for (const Classifier classifier : {Classifier::isi, Classifier::trace}) {
        for (int i = 0; i < 100; ++i) {
            const double first = 0.1 * i;
            const double b_th = 5.0 + 0.1 * (i % 13);
            const auto second = [&](Duration later) {
                Classification kinds(classifier, ticks(b_th), 1);
                EXPECT_EQ(kinds(0, at(first), SpikeKind::further), SpikeKind::event);
                return kinds(0, at(first + b_th) + later, SpikeKind::further);
            };
            EXPECT_EQ(second({}), SpikeKind::burst) << first << " + " << b_th;
            EXPECT_EQ(second(ticks(1e-6)), SpikeKind::event) << first << " + " << b_th;
        }
        for (const int late : {-1, 0, 1}) {
            Classification kinds(classifier, ticks(5.0), 1);
            kinds(0, at(1.0), SpikeKind::event);
            EXPECT_EQ(kinds(0, at(6.0) + rounding + Duration{late}, SpikeKind::event),
                      late > 0 ? SpikeKind::event : SpikeKind::burst);
        }
    }
}

TEST(Signals, ASpikeAtTheTimeOfASampleIsInTheNext) {
    for (const int early : {0, 3, 4, 5}) {
        Signal signal;
        signal.kind = Signal::Kind::spike_rate;
        std::vector<Signal::Sample> samples;
        signal.observe({at(0.0), at(2.0)}, std::vector{Spike{at(1.0) - Duration{early}, 0, 0}}, samples);
        ASSERT_EQ(samples.size(), 2U);
        EXPECT_EQ(samples[0].value > 0.0, Duration{early} > rounding) << early << " ticks before";
        EXPECT_NEAR(samples[1].value, 100.0 * std::exp(-0.1), 1e-6);
    }
}

TEST(Drives, CompareTheirEndsAsDecimals) {
    // Three times 0.1 ms is a tick less than 0.3 ms, six times two less than 0.6 ms.
    const Simulation::Drive drive{.population = 0,
                                  .port = 0,
                                  .offset = 1.0,
                                  .gain = 2.0,
                                  .delay = {},
                                  .from = at(0.3),
                                  .until = at(0.6)};
    const auto value = [&](int i) { return drive.at(Time{} + i * ticks(0.1), 1.0); };
    EXPECT_LT(Time{} + 3 * ticks(0.1), at(0.3));
    EXPECT_LT(Time{} + 6 * ticks(0.1), at(0.6));
    EXPECT_EQ(value(2), 0.0);
    EXPECT_EQ(value(3), 3.0);
    EXPECT_EQ(value(5), 3.0);
    EXPECT_EQ(value(6), 0.0);
    EXPECT_EQ(value(7), 0.0);
}

class NoiseOnAGrid : public testing::TestWithParam<const char*> {
protected:
    /// Fires at each noise that finds it at rest; noise comes at every millisecond but one in 10^5.
    NetworkDescription description(std::size_t trains, double weight, double E_L, double t_ref) const {
        NetworkDescription d;
        d.populations = {neurons("cell", GetParam(), 1,
                                 {{"E_L", E_L}, {"V_reset", E_L}, {"V_th", E_L + 20.0}, {"t_ref", t_ref}})};
        d.populations[0].initial["V_m"].a = E_L;
        for (std::size_t i = 0; i < trains; ++i)
            d.populations[0].background.push_back(
                {"membrane", 999.99, weight, Background::Kind::bernoulli_grid, 1.0});
        if (d.populations[0].model == "lif") return d;
        // A step of nothing: a port for currents is in use, which takes another loop.
        d.steps.resize(1);
        d.steps[0] = {
            .name = "nothing", .target = "cell", .port = "current", .times = {0.0}, .values = {0.0}};
        EXPECT_TRUE(runs_in<LinearPopulation>(build(d), "cell"));
        return d;
    }
};

TEST_P(NoiseOnAGrid, PrecedesTheArrivalsOfItsTick) {
    NetworkDescription d = description(1, 25.0, -70.0, 0.5);
    Times odd;
    for (int i = 1; i < 40; i += 2) odd.push_back(i);
    d.populations.push_back(trains("inhibition", {odd}));
    d.projections = {projection("inhibition", "cell", "membrane", -25.0, 1.0)};
    Times all;
    for (int i = 0; i < 40; ++i) all.push_back(i);
    EXPECT_EQ(run(d, 40.0).train(0), all) << "the inhibition finds the cell refractory";
}

TEST_P(NoiseOnAGrid, ReachesTheThresholdByInputsThatComeToIt) {
    for (const double E_L : {-70.0, -70.3, -61.7, 0.0}) {
        for (const std::size_t parts : {1U, 3U, 7U, 9U}) {
            const double weight = 20.0 / static_cast<double>(parts);
            EXPECT_GE(run(description(parts, weight, E_L, 0.0), 200.5).train(0).size(), 198U)
                << parts << " parts from " << E_L;
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Loops, NoiseOnAGrid, testing::Values("lif", "adaptive_lif"));

TEST(AtRheobase, OnlyWhatRaisesReachesTheThreshold) {
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        for (const double weight : {-1e-12, 0.0, 1e-12}) {
            NetworkDescription d;
            // V_m tends to V_th, and is there but for rounding after 75 time constants.
            d.populations = {neurons("cell", "adaptive_lif", 1, {{"I_e", 100.0}}), trains("in", {{1500.0}})};
            d.projections = {projection("in", "cell", "membrane", weight, 1.0)};
            EXPECT_EQ(run(d, 1600.0, in(loop)).train(0).size(), weight > 0.0 ? 1U : 0U) << weight;
        }
    }
}

// --- states

TEST(Refractoriness, IsThatOfTheLastSpike) {
    // While the other neuron is held, the time of the first release is remembered.
    NetworkDescription d;
    d.populations = {trains("teacher", {{1.0, 3.5}, {2.0}}), neurons("cells", "lif", 2, {{"t_ref", 2.0}})};
    d.projections = {projection("teacher", "cells", "membrane", 100.0, 0.0, one_to_one())};
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        Network network = build(d, in(loop));
        EXPECT_EQ(runs_in<JumpPopulation>(network, "cells"), loop == Loop::automatic);
        network.simulation->cut(at(3.7));
        network.simulation->run_until(at(3.7));
        EXPECT_NEAR(sample(network, "cells", "refractory", 0), 1.8, 1e-8);
        EXPECT_NEAR(sample(network, "cells", "refractory", 1), 0.3, 1e-8);
    }
}

TEST(Beginnings, ACurrentThatNothingElseUsesDecays) {
    NetworkDescription d;
    d.populations = {neurons("cell", "adaptive_lif")};
    d.populations[0].initial["I_syn_ex"].a = 100.0;
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        Network network = build(d, in(loop));
        EXPECT_EQ(runs_in<LinearPopulation>(network, "cell"), loop == Loop::automatic);
        network.simulation->cut(at(7.0));
        network.simulation->run_until(at(7.0));
        EXPECT_NEAR(sample(network, "cell", "I_syn_ex"), 100.0 * std::exp(-7.0 / 5.0), 1e-9);
        EXPECT_NEAR(sample(network, "cell", "V_m"),
                    -70.0 + 100.0 / 100.0 * 100.0 / 15.0 * (std::exp(-7.0 / 20.0) - std::exp(-7.0 / 5.0)),
                    1e-9);
    }
}

TEST(Beginnings, AdaptationGoesOnInARefractorinessLongerThanT_ref) {
    NetworkDescription d;
    d.populations = {neurons("cell", "adaptive_lif", 1, {{"a", 4.0}, {"tau_w", 50.0}, {"t_ref", 2.0}})};
    d.populations[0].initial = {{"V_m", {Distribution::Kind::constant, -65.0, 0.0}},
                                {"w", {Distribution::Kind::constant, 50.0, 0.0}},
                                {"refractory", {Distribution::Kind::constant, 7.0, 0.0}}};
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        Network network = build(d, in(loop));
        EXPECT_EQ(runs_in<LinearPopulation>(network, "cell"), loop == Loop::automatic);
        for (const double t : {1.0, 6.0, 7.0}) {
            network.simulation->cut(at(t));
            network.simulation->run_until(at(t));
            // Towards a (V_reset - E_L) = 20 pA.
            EXPECT_NEAR(sample(network, "cell", "w"), 20.0 + 30.0 * std::exp(-t / 50.0), 1e-8) << t;
        }
    }
}

TEST(Steps, OfTheFutureStayInAReset) {
    NetworkDescription d;
    d.populations = {neurons("cell", "lif", 1, {{"V_th", 0.0}})};
    d.steps.resize(1);
    d.steps[0] = {.name = "steps",
                  .target = "cell",
                  .port = "current",
                  .times = {0.0, 4.0, 8.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0},
                  .values = {10.0, 15.0, 20.0, 70.0, 60.0, 50.0, 40.0, 30.0, 5.0}};
    Network network = build(d);
    Simulation& s = *network.simulation;
    s.schedule(at(11.0), action::ResetState{});
    for (const auto& [time, current] :
         {std::pair{7.0, 15.0}, {10.9, 20.0}, {12.0, 20.0}, {31.0, 70.0}, {75.0, 30.0}, {81.0, 5.0}}) {
        s.cut(at(time));
        s.run_until(at(time));
        EXPECT_NEAR(sample(network, "cell", "I_stim"), current, 1e-12) << time;
    }
}

TEST(Drives, StartFromTheUndefinedValue) {
    NetworkDescription d;
    d.populations = {neurons("silent", "lif"), neurons("driven", "lif", 1, {{"V_th", 0.0}})};
    d.signals.resize(1);
    d.signals[0] = {.name = "p",
                    .population = "silent",
                    .kind = SignalDescription::Kind::burst_probability,
                    .undefined = 0.2};
    d.drives = {
        {.name = "drive", .signal = "p", .target = "driven", .port = "current", .gain = 10.0, .delay = 5.0}};
    Network network = build(d);
    network.simulation->cut(at(2.0));
    network.simulation->run_until(at(2.0));
    EXPECT_NEAR(sample(network, "driven", "I_stim"), 2.0, 1e-12) << "before the first sample arrives";
}

TEST(Sources, ForgetTheirBurstsInAReset) {
    NetworkDescription d;
    d.populations = {trains("source", {{10.0, 20.0, 25.0}})};
    d.populations[0].classifier = Classifier::isi;
    const auto reset = [](Network& network) { network.simulation->schedule(at(15.0), action::ResetState{}); };
    EXPECT_EQ(run(d, 40.0).kinds(0), (Kinds{SpikeKind::event, SpikeKind::burst, SpikeKind::further}));
    EXPECT_EQ(run(d, 40.0, {}, reset).kinds(0),
              (Kinds{SpikeKind::event, SpikeKind::event, SpikeKind::burst}));
}

// --- few among many

TEST(LinearLoop, AFewSuspectsGetAllOfTheirSynapses) {
    // Two synapses of 11 mV each take those to threshold that come to -72 mV: in 2000 cells a handful.
    NetworkDescription d;
    d.populations = {trains("source", {{5.0}}), neurons("cells", "adaptive_lif", 2000)};
    d.populations[1].initial["V_m"] = uniform_between(-1000.0, -69.0);
    d.projections = {projection("source", "cells", "membrane", 11.0, 1.0, indegree(2))};
    d.steps.resize(1);
    d.steps[0] = {.name = "nothing", .target = "cells", .port = "current", .times = {0.0}, .values = {0.0}};
    Network network = build(d);
    ASSERT_TRUE(runs_in<LinearPopulation>(network, "cells"));
    std::vector<Index> expected;
    for (Index i = 0; i < 2000; ++i) {
        const double V = -70.0 + (sample(network, "cells", "V_m", i) + 70.0) * std::exp(-6.0 / 20.0);
        if (V + 22.0 >= -50.0) expected.push_back(i);
    }
    ASSERT_GT(expected.size(), 2U);
    ASSERT_LT(expected.size(), 30U);
    std::vector<Index> fired;
    for (const Spike& spike : run(d, 10.0).spikes) {
        if (spike.population != 1) continue;
        EXPECT_EQ(spike.time, at(6.0));
        fired.push_back(spike.neuron);
    }
    EXPECT_EQ(fired, expected);
}

// --- ties

TEST(DenseTies, CopyWhatHasBeenLearntUntilThen) {
    NetworkDescription d;
    d.populations = {neurons("below", "lif", 80),
                     neurons("above", "stochastic_pyramidal", 70, {{"bias", 1.0}})};
    d.populations[0].background = {{"membrane", 3000.0, 1.0}};
    auto up = projection("below", "above", "soma", 0.0, 1.0);
    up.weight = uniform_between(-0.1, 0.1);
    up.plasticity.emplace();
    up.plasticity->rule = "burst_dependent";
    up.plasticity->parameters = {{"eta", 0.01}};
    auto down = projection("above", "below", "membrane", 0.0, 1.0);
    down.tie = TieDescription{.to = "below_to_above"};
    d.projections = {up, down};
    const Network before = build(d);
    const Network network = build(d);
    network.simulation->run_until(at(151.0));
    network.simulation->act_now(action::CopyTiedWeights{});
    std::vector<double> learnt(80 * 70);
    std::size_t changed = 0;
    network.simulation->visit_synapses(0, [&](Index k, Index j, double w) { learnt[70 * j + k] = w; });
    before.simulation->visit_synapses(
        0, [&](Index k, Index j, double w) { changed += w != learnt[70 * j + k]; });
    EXPECT_GT(changed, 1000U);
    network.simulation->visit_synapses(
        1, [&](Index j, Index k, double w) { EXPECT_EQ(w, learnt[70 * j + k]) << j << " and " << k; });
}

TEST(TiedMeans, OfNoSynapseAreZero) {
    NetworkDescription d;
    d.populations = {neurons("below", "lif", 5), neurons("above", "lif", 3)};
    auto up = projection("below", "above", "membrane", 0.0, 1.0, indegree(1));
    up.weight = uniform_between(0.5, 1.0);
    auto down = projection("above", "below", "membrane", 0.0, 1.0);
    down.tie = TieDescription{.to = "below_to_above", .mean = TieDescription::Mean::senders};
    d.projections = {up, down};
    Network network = build(d);
    network.simulation->run_until(at(1.0));
    for (Index j = 0; j < 5; ++j) {
        double sum = 0.0;
        double count = 0.0;
        network.simulation->visit_synapses(0, [&](Index, Index source, double w) {
            if (source == j) sum += w, count += 1.0;
        });
        const double mean = count > 0.0 ? sum / count : 0.0;
        for (Index k = 0; k < 3; ++k) EXPECT_NEAR(weight(network, "above_to_below", k, j), mean, 1e-7) << j;
    }
}

// --- kept and given back

/// Runs until `stop`, does something, keeps the state and gives it to a network made anew.
class Resumed {
public:
    Resumed(const NetworkDescription& d, double stop, const Prepare& prepare, const Prepare& at_stop = {}) {
        const Folder folder;
        {
            Network first = build(d);
            first.simulation->add(recorder_);
            if (prepare) prepare(first);
            first.simulation->run_until(at(stop));
            if (at_stop) at_stop(first);
            Hdf5File file =
                Hdf5File::create(folder / "state.h5", "checkpoint", "run", Hdf5File::Made::with_sums);
            Archive(file, Archive::Direction::keep)("simulation", first.simulation);
            file.finish();
        }
        network_ = build(d);
        network_.simulation->add(recorder_);
        Hdf5File file = Hdf5File::open(folder / "state.h5");
        Archive(file, Archive::Direction::give_back)("simulation", network_.simulation);
    }
    Network& network() { return network_; }
    const std::vector<Spike>& spikes_until(double end) {
        network_.simulation->run_until(at(end));
        return recorder_.list;
    }

private:
    SpikeList recorder_;
    Network network_;
};

TEST(Processes, KeepTheSpikeOfAWindowsVeryEnd) {
    for (const std::string model : {"lif", "adaptive_lif"}) {
        NetworkDescription d;
        d.populations = {neurons("cell", model, 1, {{"I_e", model == "lif" ? 400.0 : 200.0}})};
        const Times free = run(d, 60.0).train(0);
        ASSERT_GE(free.size(), 2U);
        for (int late = -2; late <= 2; ++late) {
            const double stop = free[0] + late * tick;
            const auto cut = [&](Network& network) { network.simulation->cut(at(stop)); };
            const Times whole = run(d, 60.0, {}, cut).train(0);
            Resumed resumed(d, stop, cut);
            EXPECT_EQ((Outcome{resumed.spikes_until(60.0), {}}).train(0), whole) << model << " " << late;

            // A reset at that time takes place before what would happen then.
            const auto reset = [&](Network& network) {
                network.simulation->schedule(at(stop), action::ResetState{});
            };
            const Times anew = run(d, 60.0, {}, reset).train(0);
            const auto first = std::find_if(anew.begin(), anew.end(), [&](double t) { return t >= stop; });
            ASSERT_NE(first, anew.end());
            EXPECT_NEAR(*first - stop, free[0], 4 * tick) << model << " " << late;
        }
    }
}

TEST(Processes, KeepAPotentialThatWasSetToFire) {
    for (const std::string model : {"lif", "adaptive_lif"}) {
        NetworkDescription d;
        d.populations = {neurons("cell", model)};
        Resumed resumed(d, 10.0, {}, [](Network& network) {
            network.simulation->act_now(action::SetVariable{0, network.variable("cell", "V_m"), {-45.0}});
        });
        EXPECT_EQ((Outcome{resumed.spikes_until(20.0), {}}).train(0), (Times{10.0})) << model;
    }
}

TEST(Processes, KeepWhereWindowsAreCut) {
    NetworkDescription d;
    d.populations = {neurons("cell", "lif", 1, {{"I_e", 400.0}})};
    Resumed resumed(d, 10.0, [](Network& network) { network.simulation->cut(at(12.34)); });
    resumed.spikes_until(12.0);
    EXPECT_EQ(resumed.network().simulation->now(), at(12.34));
}

TEST(Processes, KeepSynapsesAndTheRatioOfASignal) {
    NetworkDescription d;
    d.populations = {trains("source", {{2.0, 6.0, 30.0, 33.0, 70.0, 72.0}}),
                     neurons("cell", "lif", 1, {{"V_th", 0.0}})};
    d.populations[0].classifier = Classifier::isi;
    d.projections = {projection("source", "cell", "membrane", 1.0, 1.0)};
    ReleaseTerm synapse;
    synapse.variant = "tm3";
    synapse.parameters = {{"U", 0.6}, {"tau_rec", 80.0}, {"tau_fac", 50.0}, {"tau_psc", 20.0}};
    synapse.state = ReleaseTerm::State::synapse;
    d.projections[0].release = {synapse};
    d.signals.resize(1);
    d.signals[0] = {
        .name = "p", .population = "source", .kind = SignalDescription::Kind::burst_probability, .tau = 40.0};
    d.drives = {
        {.name = "drive", .signal = "p", .target = "cell", .port = "current", .gain = 10.0, .delay = 1.0}};
    for (const double stop : {5.0, 20.0, 32.0}) {
        Network whole = build(d);
        whole.simulation->run_until(at(80.0));
        Resumed resumed(d, stop, {});
        resumed.spikes_until(80.0);
        for (const char* variable : {"V_m", "I_stim"})
            EXPECT_EQ(sample(resumed.network(), "cell", variable), sample(whole, "cell", variable)) << stop;
        EXPECT_NE(sample(whole, "cell", "I_stim"), 0.0);
    }
}

}  // namespace
}  // namespace apical
