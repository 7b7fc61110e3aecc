#include <gtest/gtest.h>

#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

/// Windows in which nothing arrives and nothing can fire are not processed. The same network with a clock, a
/// source without synapses that spikes in every window, cannot leave any out: its spikes must be the same.

class Windows final : public Recorder {
public:
    void observe(const Window&, std::span<const Spike>) override { ++count; }
    void finish(Time) override {}
    std::size_t count = 0;
};

constexpr double clock_period = 0.5;  // [ms], below all delays here

void add_clock(NetworkDescription& d, double duration) {
    std::vector<double> times;
    for (double t = 0.25; t < duration; t += clock_period) times.push_back(t);
    d.populations.push_back(trains("clock", {times}));
}

Outcome without_clock(Outcome outcome, Index clock) {
    std::erase_if(outcome.spikes, [clock](const Spike& spike) { return spike.population == clock; });
    return outcome;
}

struct Case {
    std::string label;
    std::string model;
    Parameters parameters;
    std::string port;
    double weight;         ///< a volley of ten makes a neuron fire, one input does not
    double tolerance = 0;  ///< [ms]; 0: the same bits
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.label; }

/// Volleys far apart and single inputs in between, onto neurons that excite one another and learn.
NetworkDescription volleys(const Case& c) {
    NetworkDescription d;
    const std::vector<double> volley{10.0, 700.0, 2500.0, 12'000.0};
    std::vector<std::vector<double>> times(10, volley);
    times[3].insert(times[3].begin() + 2, {1000.125, 1000.25, 1700.0});
    d.populations = {trains("input", times), neurons("cells", c.model, 80, c.parameters)};
    d.populations[1].background = {{c.port, 0.02, 0.1 * c.weight}};
    d.projections = {projection("input", "cells", c.port, c.weight, 1.3),
                     projection("cells", "cells", c.port, 0.3 * c.weight, 1.0, indegree(5))};
    d.projections[1].plasticity = PlasticityDescription{};
    d.projections[1].plasticity->rule = "pair_stdp";
    d.projections[1].plasticity->parameters = {{"A_plus", 0.01}, {"A_minus", 0.01}};
    d.projections[1].plasticity->back_delay = 3.0;
    return d;
}

class Silence : public testing::TestWithParam<Case> {};

TEST_P(Silence, ChangesNoSpikeAndNoWeight) {
    const double duration = 13'000.0;
    const NetworkDescription quiet = volleys(GetParam());
    NetworkDescription ticking = quiet;
    add_clock(ticking, duration);
    Windows left;
    Windows all;
    const Outcome a = run(quiet, duration, {}, [&](Network& n) { n.simulation->add(left); });
    const Outcome b =
        without_clock(run(ticking, duration, {}, [&](Network& n) { n.simulation->add(all); }), 2);
    EXPECT_GT(a.train(1).size(), 3U);
    EXPECT_EQ(all.count, 13'000U);
    EXPECT_LT(left.count, 1000U);
    if (GetParam().tolerance == 0.0) {
        EXPECT_TRUE(same_outcome(a, b));
    } else {
        EXPECT_TRUE(close_trains(a.spikes, b.spikes, GetParam().tolerance));
        ASSERT_EQ(a.synapses.size(), b.synapses.size());
        for (std::size_t i = 0; i < a.synapses.size(); ++i)
            EXPECT_NEAR(a.synapses[i].weight, b.synapses[i].weight, 1e-6 * a.synapses[i].weight);
    }
}

TEST_P(Silence, DoesNotDependOnWhereTheRunStops) {
    const NetworkDescription d = volleys(GetParam());
    const Outcome whole = run(d, 3000.0);
    const Outcome pieces = run(d, 3000.0, {}, [](Network& n) {
        for (double t = 3.3; t < 3000.0; t += 3.3) n.simulation->run_until(at(t));
    });
    EXPECT_TRUE(same_outcome(whole, pieces));
    EXPECT_TRUE(same_outcome(whole, run(d, 3000.0, {.threads = 2, .shard_size = 16})));
}

INSTANTIATE_TEST_SUITE_P(Models, Silence,
                         testing::Values(Case{"lif", "lif", {}, "membrane", 2.5},
                                         // A crossing is a root, rounded up to a tick.
                                         Case{"adaptive_lif", "sst", {}, "excitatory", 80.0, 4 * tick},
                                         Case{"alpha_lif", "alpha_lif", {}, "excitatory", 140.0, 4 * tick}),
                         [](const auto& c) { return c.param.label; });

TEST(Silence, IsOneStep) {
    NetworkDescription d;
    d.populations = {neurons("cells", "lif", 100), neurons("others", "alpha_lif", 100)};
    d.populations[0].initial["V_m"] = uniform_between(-90.0, -51.0);
    d.populations[1].initial["V_m"] = uniform_between(-90.0, -60.0);
    d.projections = {projection("cells", "others", "excitatory", 1.0, 0.1)};
    Network network = build(d);
    Simulation& s = *network.simulation;
    s.cut(at(1234.5));
    s.schedule(at(2000.0), action::SetVariable{0, 0, {-60.0}});
    const Time end = at(1e8);
    s.step(end);
    EXPECT_EQ(s.now(), at(1234.5));
    s.step(end);
    EXPECT_EQ(s.now(), at(2000.0));
    s.step(end);
    EXPECT_GE(s.now(), end);
    EXPECT_LT(s.now(), end + s.window());
    EXPECT_EQ(s.spikes(), 0U);
}

/// The potential after a silence of up to a day, and an input after it, in closed form. The time constants of
/// the current and the membrane are nearly equal, so that two exponentials are taken as a pair.
TEST(Silence, IsForgottenByTheMembrane) {
    constexpr double tau_m = 20.0;
    constexpr double tau_syn = 20.01;
    for (const double wait : {30.0, 1e4, 1e6, 1e8}) {
        NetworkDescription d;
        d.populations = {trains("input", {{1.0, wait}}), neurons("jump", "lif"),
                         neurons("linear", "adaptive_lif", 1, {{"tau_m", tau_m}, {"tau_syn_ex", tau_syn}})};
        d.projections = {projection("input", "jump", "membrane", 5.0, 0.5),
                         projection("input", "linear", "excitatory", 10.0, 0.5)};
        Network network = build(d);
        const auto jump = [](double t) { return 5.0 * std::exp(-t / 20.0); };
        const auto bump = [](double t) {
            return 10.0 / 100.0 * (std::exp(-t / tau_syn) - std::exp(-t / tau_m)) / (1 / tau_m - 1 / tau_syn);
        };
        for (const double since : {0.0, 10.0}) {
            const double time = wait + 0.5 + since;
            network.simulation->cut(at(time));
            network.simulation->run_until(at(time));
            const double passed = wait - 1.0 + since;
            const double again = since > 0.0 ? 1.0 : 0.0;  // the second input is there
            EXPECT_NEAR(sample(network, "jump", "V_m"), -70.0 + jump(passed) + again * jump(since), 1e-9);
            EXPECT_NEAR(sample(network, "linear", "V_m"), -70.0 + bump(passed) + again * bump(since), 1e-9);
        }
    }
}

/// A potential that is set after a silence decays from there.
TEST(Silence, LeavesVariablesToBeSet) {
    for (const char* model : {"lif", "alpha_lif"}) {
        NetworkDescription d;
        d.populations = {neurons("cell", model)};
        Network network = build(d);
        Simulation& s = *network.simulation;
        s.schedule(at(1e7), action::SetVariable{0, 0, {-60.0}});
        s.cut(at(1e7 + 10.0));
        s.run_until(at(1e7 + 10.0));
        const double tau_m = std::string(model) == "lif" ? 20.0 : 10.0;
        EXPECT_NEAR(sample(network, "cell", "V_m"), -70.0 + 10.0 * std::exp(-10.0 / tau_m), 1e-9) << model;
    }
}

/// A current carries the potential to threshold long after the last arrival: not before, and not missed.
TEST(Silence, DoesNotSwallowACrossingByDrift) {
    NetworkDescription d;
    d.populations = {
        trains("input", {{500.0}}),
        neurons("cell", "adaptive_lif", 1, {{"tau_m", 100.0}, {"C_m", 100.0}, {"tau_syn_ex", 200.0}})};
    d.projections = {projection("input", "cell", "excitatory", 41.0, 0.1)};
    const Outcome outcome = run(d, 2000.0);
    const std::vector<double> train = outcome.train(1);
    ASSERT_FALSE(train.empty());
    // V + 70 = w (tau_m tau_s / C) / (tau_s - tau_m) (exp(-t/tau_s) - exp(-t/tau_m)) reaches 20.
    const double t = train.front() - 500.1;
    EXPECT_GT(t, 50.0);
    EXPECT_NEAR(82.0 * (std::exp(-t / 200.0) - std::exp(-t / 100.0)), 20.0, 1e-9);
}

/// A neuron whose constant current alone makes it fire is never left alone.
TEST(Silence, IsNoneWhileANeuronDrivesItself) {
    NetworkDescription d;
    d.populations = {neurons("cell", "adaptive_lif", 1, {{"I_e", 101.0}})};
    const std::vector<double> train = run(d, 1000.0).train(0);
    // Interval: t_ref + tau_m log((V_inf - V_reset) / (V_inf - V_th)), with V_inf = -49.8.
    const double interval = 2.0 + 20.0 * std::log(15.2 / 0.2);
    ASSERT_GT(train.size(), 8U);
    for (std::size_t i = 1; i < train.size(); ++i) EXPECT_NEAR(train[i] - train[i - 1], interval, 1e-6);
}

}  // namespace
}  // namespace apical
