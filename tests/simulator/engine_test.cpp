#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "networks/catalogue.hpp"
#include "networks/problems.hpp"
#include "simulator/scheduler.hpp"
#include "simulator/source.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;
using Times = std::vector<double>;

BuildOptions in(Loop loop) {
    BuildOptions options;
    options.loop = loop;
    return options;
}

// --- which spikes are bursts
// -----------------------------------------------------------------------------------------------

/// A cell that fires when told.
NetworkDescription told(const Times& times, std::optional<Classifier> classifier = std::nullopt,
                        const std::string& model = "lif") {
    NetworkDescription d;
    d.populations = {trains("teacher", {times}), neurons("cell", model, 1, {{"t_ref", 0.0}})};
    d.populations[1].classifier = classifier;
    d.projections = {projection("teacher", "cell", "membrane", 100.0, 0.0)};
    return d;
}

constexpr auto event = SpikeKind::event;
constexpr auto burst = SpikeKind::burst;
constexpr auto further = SpikeKind::further;
using Kinds = std::vector<SpikeKind>;

TEST(Classifiers, ByInterval) {
    const Times times{0.0, 10.0, 20.0, 36.0, 52.0 + 5 * tick, 100.0, 116.0, 132.0 + 5 * tick, 148.0};
    EXPECT_EQ(run(told(times), 200.0).kinds(1),
              (Kinds{event, burst, further, further, event, event, burst, event, burst}));
}

TEST(Classifiers, ThresholdIsAParameterAndNoTimeIsTheFirst) {
    NetworkDescription d = told({3.0, 8.0, 13.0 + 5 * tick, 17.0});
    d.populations[1].b_th = 5.0;
    EXPECT_EQ(run(d, 50.0).kinds(1), (Kinds{event, burst, event, burst}));
}

TEST(Classifiers, TheFirstSpikeIsAnEventHoweverLongBurstsMayBe) {
    for (const Classifier classifier : {Classifier::isi, Classifier::trace}) {
        NetworkDescription d = told({10.0, 50.0, 200.0}, classifier);
        d.populations[1].b_th = 1e8;
        EXPECT_EQ(run(d, 250.0).kinds(1), (Kinds{event, burst, further}));
    }
}

TEST(Classifiers, ByTraceForgetsABurstMoreSlowlyThanASpike) {
    // After a pair 10 ms apart the trace, 1 + e^(-10/16), takes 16 (1 + ln 1.535) = 22.86 ms to fall to 1/e.
    for (const auto& [third, kind] : {std::pair{32.8, further}, {32.9, event}}) {
        NetworkDescription d = told({0.0, 10.0, third}, Classifier::trace);
        EXPECT_EQ(run(d, 50.0).kinds(1), (Kinds{event, burst, kind})) << third;
        d.populations[1].classifier = Classifier::isi;
        EXPECT_EQ(run(d, 50.0).kinds(1), (Kinds{event, burst, event})) << third;
    }
    // A single spike: 16 ms, as for isi.
    EXPECT_EQ(run(told({0.0, 15.99}, Classifier::trace), 50.0).kinds(1), (Kinds{event, burst}));
    EXPECT_EQ(run(told({0.0, 16.01}, Classifier::trace), 50.0).kinds(1), (Kinds{event, event}));
}

TEST(Classifiers, EverySpikeAnEvent) {
    EXPECT_EQ(run(told({1.0, 2.0, 3.0}, Classifier::every), 50.0).kinds(1), Kinds(3, event));
    EXPECT_EQ(run(told({1.0, 2.0, 3.0}, std::nullopt, "sst"), 50.0).kinds(1), Kinds(3, event))
        << "the default of interneurons";
}

TEST(Classifiers, IntervalsSpanWindowsAndShards) {
    NetworkDescription d = told({9.5, 25.0, 41.0});
    d.populations[1].size = 300;
    BuildOptions options;
    options.shard_size = 7;
    const Outcome outcome = run(d, 60.0, options);
    for (const Index i : {0U, 6U, 7U, 299U}) EXPECT_EQ(outcome.kinds(1, i), (Kinds{event, burst, further}));
}

TEST(Classifiers, ByTheModelAndByIntervalAgreeForTheDefaultsOfThePyramidalCell) {
    // R = 25 ms, bursts of two spikes 8 ms apart: the next event follows a burst after 17 ms or more, b_th is
    // 16 ms.
    for (const std::string model : {"stochastic_pyramidal", "integrator_pyramidal"}) {
        NetworkDescription d;
        d.populations = {neurons("cells", model, 50, {{"bias", 2.0}})};
        const Outcome by_model = run(d, 2000.0);
        d.populations[0].classifier = Classifier::isi;
        EXPECT_TRUE(same_outcome(by_model, run(d, 2000.0))) << model;
        EXPECT_TRUE(problems(d).empty());
        const auto bursts = std::count_if(by_model.spikes.begin(), by_model.spikes.end(),
                                          [](const Spike& s) { return s.kind == burst; });
        EXPECT_GT(bursts, 1000);

        d.populations[0].parameters["R"] = 20.0;
        EXPECT_EQ(problems(d).size(), 1U)
            << "events 12 ms after a burst's end would be taken for a part of it";
    }
}

TEST(Classifiers, GatesReadTheKind) {
    const Times times{10.0, 18.0, 26.0, 60.0};
    for (const auto& [variant, expected] :
         {std::pair{"all", times}, {"event", Times{10.0, 60.0}}, {"burst", Times{18.0}}}) {
        NetworkDescription d = told(times);
        d.populations.push_back(neurons("reader", "lif", 1, {{"t_ref", 0.0}}));
        d.projections.push_back(projection("cell", "reader", "membrane", 50.0, 2.0));
        d.projections.back().release = {{variant, 1.0, {}}};
        Times arrivals = expected;
        for (double& t : arrivals) t += 2.0;
        EXPECT_EQ(run(d, 100.0).train(2), arrivals) << variant;
    }
}

// --- windows
// ---------------------------------------------------------------------------------------------------------------

NetworkDescription ticking(double delay) {
    NetworkDescription d;
    d.populations = {trains("teacher", {{1.0, 4.25, 9.0}}), neurons("cell", "lif")};
    d.projections = {projection("teacher", "cell", "membrane", 100.0, 0.0),
                     projection("cell", "cell", "membrane", 1.0, delay)};
    return d;
}

TEST(RunUntil, StopsAtTheFirstEdgeNotBefore) {
    Network network = build(ticking(1.0));
    Simulation& s = *network.simulation;
    EXPECT_EQ(s.window(), ticks(1.0));
    s.run_until(at(2.5));
    EXPECT_EQ(s.now(), at(3.0));
    s.run_until(at(3.0));
    EXPECT_EQ(s.now(), at(3.0));
    s.run_until(at(1.0));
    EXPECT_EQ(s.now(), at(3.0)) << "there is no way back";
    s.run_until(at(3.0 + tick));
    EXPECT_EQ(s.now(), at(4.0));
    s.cut(at(4.75));
    s.run_until(at(4.5));
    EXPECT_EQ(s.now(), at(4.75));
    s.run_until(at(4.8));
    EXPECT_EQ(s.now(), at(5.0)) << "the grid is absolute";
    s.schedule(at(6.5), action::GatePlasticity{true});
    s.run_until(at(6.1));
    EXPECT_EQ(s.now(), at(6.5));
}

TEST(RunUntil, GridOfADelayThatIsNoWholeNumberOfTicks) {
    Network network = build(ticking(0.1));
    network.simulation->run_until(at(2.0));
    // The twentieth edge lies 20 roundings of 0.4 ticks before 2 ms, so the one after it is the first not
    // before.
    EXPECT_EQ(network.simulation->now(), Time{} + 21 * ticks(0.1));
    EXPECT_LT(20 * ticks(0.1), ticks(2.0));
}

/// A cut moves no spike of neurons that fire at arrivals, as long as rounding does not decide: each potential
/// is scaled by other numbers, but compared by the same rule.
TEST(RunUntil, ACutMovesNoSpikeAtAnArrival) {
    NetworkDescription d;
    d.populations = {neurons("input", "poisson", 100, {{"rate", 30.0}}), neurons("cells", "lif", 300)};
    d.populations[1].background = {{"membrane", 900.0, 1.0}};
    d.projections = {projection("input", "cells", "membrane", 0.5, 1.0, indegree(20)),
                     projection("cells", "cells", "membrane", 0.3, 1.5, indegree(20))};
    const auto cuts = [](Network& network) {
        for (int i = 1; i < 300; ++i) network.simulation->cut(Time{} + i * ticks(1.0 / 3.0));
    };
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        const Outcome whole = run(d, 100.0, in(loop));
        EXPECT_GT(whole.spikes.size(), 1000U);
        EXPECT_TRUE(same_outcome(whole, run(d, 100.0, in(loop), cuts)));
    }
    // Crossings by drift are roots, rounded up to a tick: two computations of one may differ by a tick, and
    // pass it on.
    d.populations[1] = neurons("cells", "sst", 300, {{"I_e", 40.0}});
    d.populations[1].background = {{"excitatory", 900.0, 10.0}};
    for (auto& p : d.projections) p.port = "excitatory";
    const Outcome whole = run(d, 51.0);  // an edge with and without the cuts
    EXPECT_GT(std::count_if(whole.spikes.begin(), whole.spikes.end(),
                            [](const Spike& x) { return x.population == 1; }),
              100);
    EXPECT_TRUE(close_trains(whole.spikes, run(d, 51.0, {}, cuts).spikes, 50 * tick));
}

TEST(RunUntil, NetworksWithoutProjectionsOrSpikes) {
    NetworkDescription d;
    d.populations = {neurons("cell", "lif")};
    Network silent = build(d);
    silent.simulation->run_until(at(100.0));
    EXPECT_EQ(silent.simulation->spikes(), 0U);
    EXPECT_EQ(silent.simulation->synapses(), 0U);
    EXPECT_GE(silent.simulation->now(), at(100.0));
    EXPECT_EQ(sample(silent, "cell", "V_m"), -70.0);

    d.populations = {neurons("only_source", "regular", 1, {{"rate", 100.0}})};
    EXPECT_NEAR(static_cast<double>(run(d, 1000.0).spikes.size()), 100.0, 1.0);

    d.populations = {neurons("driven", "lif", 1, {{"I_e", 300.0}, {"V_reset", -70.0}})};
    const Times times = run(d, 200.0).train(0);
    const double interval = 2.0 + 20.0 * std::log(30.0 / 10.0);
    ASSERT_EQ(times.size(), 8U);
    for (std::size_t i = 1; i < times.size(); ++i) EXPECT_NEAR(times[i] - times[i - 1], interval, 2 * tick);

    d = {};
    Network nothing = build(d);
    nothing.simulation->run_until(at(30.0));
    EXPECT_GE(nothing.simulation->now(), at(30.0));

    d.populations = {trains("none", {{}}), neurons("cell", "lif")};
    d.projections = {projection("none", "cell", "membrane", 1.0, 1.0)};
    EXPECT_TRUE(run(d, 50.0).spikes.empty());
}

// --- steps, signals, drives
// ------------------------------------------------------------------------------------------------

TEST(Steps, ActAtTheirTime) {
    // One fires at once when I_stim lifts V_inf; here: charge from -70 by a known current from 3.3 ms on.
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        NetworkDescription d;
        d.populations = {neurons("cell", "lif", 3, {{"V_th", 0.0}})};
        d.steps.resize(1);
        d.steps[0] = {.name = "pulse",
                      .target = "cell",
                      .port = "current",
                      .times = {3.3, 12.9},
                      .values = {200.0, 50.0}};
        Network network = build(d, in(loop));
        Simulation& s = *network.simulation;
        for (const double time : {3.0, 8.0, 30.0}) s.cut(at(time));
        s.run_until(at(3.0));
        EXPECT_EQ(sample(network, "cell", "I_stim", 2), 0.0);
        s.run_until(at(8.0));
        EXPECT_NEAR(sample(network, "cell", "I_stim", 2), 200.0, 1e-9);
        const double V = 20.0 * (1.0 - std::exp(-(8.0 - 3.3) / 20.0));
        EXPECT_NEAR(sample(network, "cell", "V_m", 2), -70.0 + V,
                    1e-9);  // 3.3 ms is rounded to a tick, 1e-9 ms
        s.run_until(at(30.0));
        EXPECT_NEAR(sample(network, "cell", "I_stim", 2), 50.0, 1e-9);
        const double at_second = 20.0 * (1.0 - std::exp(-(12.9 - 3.3) / 20.0));
        EXPECT_NEAR(sample(network, "cell", "V_m", 2),
                    -70.0 + 5.0 + (at_second - 5.0) * std::exp(-(30.0 - 12.9) / 20.0), 1e-9);
    }
}

/// The rate of `times` through an exponential filter [Hz], of one neuron.
double filtered(const Times& times, double now, double tau) {
    double sum = 0.0;
    for (const double t : times) sum += t < now ? 1000.0 / tau * std::exp(-(now - t) / tau) : 0.0;
    return sum;
}

TEST(Drives, FollowAFilteredRateDelayed) {
    const Times times{2.0, 7.25, 9.0, 21.0};
    struct Case {
        SignalDescription::Kind kind;
        Times counted;
    };
    using Kind = SignalDescription::Kind;
    for (const Case& c :
         {Case{Kind::spike_rate, times}, Case{Kind::event_rate, {2.0}}, Case{Kind::burst_rate, {7.25}}}) {
        NetworkDescription d = told(times);
        d.populations.push_back(neurons("driven", "lif", 1, {{"V_th", 0.0}}));
        d.signals.resize(1);
        d.signals[0] = {.name = "rate",
                        .population = "cell",
                        .kind = c.kind,
                        .tau = 10.0,
                        .undefined = 0.0,
                        .every = 2.0};
        d.drives = {{.name = "drive",
                     .signal = "rate",
                     .target = "driven",
                     .port = "current",
                     .offset = 3.0,
                     .gain = 0.5,
                     .delay = 1.5}};
        for (const bool with_cuts : {false, true}) {
            Network network = build(d);
            Simulation& s = *network.simulation;
            EXPECT_EQ(s.window(), ticks(1.5));
            for (int i = 1; with_cuts && i < 99; ++i) s.cut(at(0.37 * i));
            for (double stop = 0.5; stop < 30.0; stop += 1.0) s.cut(at(stop));
            for (double stop = 0.5; stop < 30.0; stop += 1.0) {
                s.run_until(at(stop));
                // The last sample on the grid of 2 ms that is 1.5 ms old; before the first, a signal of zero.
                const double sampled =
                    2.0 * std::floor((stop - 1.5) / 2.0 - (std::fmod(stop - 1.5, 2.0) == 0.0 ? 1.0 : 0.0));
                const double rate = sampled > 0.0 ? filtered(c.counted, sampled, 10.0) : 0.0;
                EXPECT_NEAR(sample(network, "driven", "I_stim"), 3.0 + 0.5 * rate, 1e-9) << stop;
            }
        }
    }
}

TEST(Drives, BurstProbabilityAndItsUndefinedValue) {
    NetworkDescription d = told({10.0, 15.0, 40.0});
    d.populations.push_back(neurons("driven", "lif", 1, {{"V_th", 0.0}}));
    d.signals.resize(1);
    d.signals[0] = {.name = "p",
                    .population = "cell",
                    .kind = SignalDescription::Kind::burst_probability,
                    .tau = 30.0,
                    .undefined = 0.2};
    d.drives = {{.name = "drive",
                 .signal = "p",
                 .target = "driven",
                 .port = "current",
                 .offset = 0.0,
                 .gain = 10.0,
                 .delay = 1.0}};
    Network network = build(d);
    Simulation& s = *network.simulation;
    const auto current = [&](double time) {
        s.run_until(at(time));
        return sample(network, "driven", "I_stim");
    };
    EXPECT_NEAR(current(5.0), 2.0, 1e-12);
    EXPECT_NEAR(current(14.0), 0.0, 1e-12);
    EXPECT_NEAR(current(30.0), 10.0 * std::exp(5.0 / 30.0), 1e-9)
        << "more bursts than events, weighted by recency";
    const double events = std::exp(-30.0 / 30.0) + 1.0;
    EXPECT_NEAR(current(60.0), 10.0 * std::exp(-25.0 / 30.0) / events, 1e-9);
}

TEST(Signals, KeepTheRatioOfBurstsToEventsThroughASilence) {
    Signal signal;
    signal.kind = Signal::Kind::burst_probability;
    std::vector<Spike> spikes;
    for (int i = 0; i < 8; ++i) spikes.push_back({at(0.1 * i), 0, 0, SpikeKind::event});
    for (int i = 0; i < 3; ++i) spikes.push_back({at(1.0 + 0.1 * i), 0, 0, SpikeKind::burst});
    std::vector<Signal::Sample> samples;
    signal.observe({at(0.0), at(2.0)}, spikes, samples);
    const double ratio = samples.back().value;
    EXPECT_NEAR(ratio, 3.0 / 8.0, 0.05) << "bursts are the younger ones";
    for (int i = 1; i < 10000; ++i) signal.observe({at(2.0 * i), at(2.0 * i + 2.0)}, {}, samples);
    for (const Signal::Sample& sample : samples)
        EXPECT_TRUE(sample.time < at(2.0) || std::abs(sample.value - ratio) < 1e-9) << ms(sample.time);
}

/// A spike at the time of a sample is in none before the next one, however many samples there were and
/// whatever the grid is in ticks.
TEST(Signals, SampleOnTheDecimalGrid) {
    for (const double every : {0.1, 0.3, 0.7, 1.0, 1.3}) {
        Signal signal;
        signal.kind = Signal::Kind::spike_rate;
        signal.every = every;
        signal.tau = 0.01;  // a sample sees what came since the last one, if anything
        std::vector<Spike> spikes;
        for (int k = 1; k <= 500; ++k) spikes.push_back({at(std::round(k * every * 10.0) / 10.0), 0, 0});
        std::vector<Signal::Sample> samples;
        signal.observe({at(0.0), at(500.5 * every)}, spikes, samples);
        ASSERT_EQ(samples.size(), 500U) << every;
        for (int k = 1; k <= 500; ++k) {
            const Signal::Sample& sample = samples[static_cast<std::size_t>(k - 1)];
            EXPECT_NEAR(ms(sample.time), k * every, tick) << every;
            EXPECT_LT(sample.value, 1000.0) << every << ": the spike at " << k * every << " ms";
        }
    }
}

/// A spike a tick before the time of a sample is not in it, wherever windows end.
TEST(Signals, DoNotDependOnWindows) {
    for (const double edge : {0.0, 7.0 - 2 * tick, 7.0 - tick, 7.0}) {
        Signal signal;
        signal.kind = Signal::Kind::spike_rate;
        signal.every = 7.0;
        const std::vector<Spike> spikes{{at(1.0), 0, 0}, {at(7.0 - tick), 0, 0}};
        std::vector<Signal::Sample> samples;
        const auto cut = std::find_if(spikes.begin(), spikes.end(),
                                      [&](const Spike& spike) { return spike.time >= at(edge); });
        signal.observe({at(0.0), at(edge)}, {spikes.begin(), cut}, samples);
        signal.observe({at(edge), at(15.0)}, {cut, spikes.end()}, samples);
        ASSERT_EQ(samples.size(), 2U);
        EXPECT_NEAR(samples[0].value, 100.0 * std::exp(-0.6), 1e-9) << "one spike, with tau 10 ms";
        EXPECT_NEAR(samples[1].value, 100.0 * (std::exp(-1.3) + std::exp(-0.7)), 1e-6);
    }
}

TEST(Gates, WhatReleasesNothingIsNoSynapticEvent) {
    for (const bool learns : {false, true}) {
        NetworkDescription d;
        d.populations = {trains("input", {{1.0, 30.0, 32.0}}), neurons("cell", "lif", 5)};
        d.populations[0].classifier = Classifier::isi;
        d.projections = {projection("input", "cell", "membrane", 0.1, 1.0)};
        d.projections[0].release = {{"burst", 1.0, {}}};
        if (learns) d.projections[0].plasticity.emplace().rule = "burst_dependent";
        Network network = build(d);
        network.simulation->run_until(at(50.0));
        EXPECT_EQ(network.simulation->synaptic_events(), 5U) << "one burst, onto five cells";
    }
}

TEST(Drives, RatesArePerNeuronAndSumOverShards) {
    NetworkDescription d = told({10.0});
    d.populations[1].size = 40;
    d.populations.push_back(neurons("driven", "lif", 10, {{"V_th", 0.0}}));
    d.signals.resize(1);
    d.signals[0] = {
        .name = "rate", .population = "cell", .kind = SignalDescription::Kind::event_rate, .tau = 20.0};
    d.drives = {{.name = "drive", .signal = "rate", .target = "driven", .port = "current"}};
    BuildOptions options;
    options.shard_size = 3;
    Network network = build(d, options);
    network.simulation->run_until(at(16.0));
    for (Index i = 0; i < 10; ++i)
        EXPECT_NEAR(sample(network, "driven", "I_stim", i), 50.0 * std::exp(-4.0 / 20.0), 1e-9);
}

// --- schedules
// -------------------------------------------------------------------------------------------------------------

TEST(Drives, ActBetweenTheirEndsOnly) {
    // Samples act at 0.5, 1.5, ... ms: between them, and at the very ends, of which the first belongs to it.
    for (const double shift : {0.0, 0.5}) {
        NetworkDescription d;
        d.populations = {trains("clock", {{1.0}}), neurons("driven", "adaptive_lif")};
        d.signals = {{.name = "rate", .population = "clock", .every = 1.0}};
        d.drives = {{.name = "drive",
                     .signal = "rate",
                     .target = "driven",
                     .port = "current",
                     .offset = 7.0,
                     .gain = 0.0,
                     .delay = 0.5,
                     .from = 10.0 + shift,
                     .until = 20.0 + shift}};
        Network network = build(d);
        for (const auto& [time, current] :
             {std::pair{9.0, 0.0}, {10.4, 0.0}, {10.6, 7.0}, {20.4, 7.0}, {20.6, 0.0}}) {
            network.simulation->cut(at(time));
            network.simulation->run_until(at(time));
            EXPECT_EQ(sample(network, "driven", "I_stim"), current) << time << ", " << shift;
        }
    }
}

TEST(Schedule, ActionsPrecedeArrivalsOfTheirTime) {
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        for (const std::string model : {"lif", "adaptive_lif"}) {
            NetworkDescription d;
            d.populations = {trains("source", {{5.3}}), neurons("cell", model, 2)};
            d.projections = {projection("source", "cell", "membrane", 5.0, 1.0)};
            const Outcome outcome = run(d, 30.0, in(loop), [](Network& network) {
                network.simulation->schedule(
                    at(5.3) + ticks(1.0),
                    action::SetVariable{1, network.variable("cell", "V_m"), {-54.9, -55.1}});
            });
            EXPECT_EQ(outcome.train(1, 0), Times{ms(at(5.3) + ticks(1.0))}) << model;
            EXPECT_EQ(outcome.train(1, 1), Times{}) << model;
        }
    }
}

TEST(Schedule, ActionsOfOneTimeKeepTheirOrder) {
    NetworkDescription d;
    d.populations = {neurons("cell", "lif")};
    Network network = build(d);
    Simulation& s = *network.simulation;
    const std::size_t V_m = network.variable("cell", "V_m");
    for (const double V : {-60.0, -66.0, -64.0}) s.schedule(at(5.0), action::SetVariable{0, V_m, {V}});
    s.cut(at(5.0 + tick));
    s.run_until(at(5.0 + tick));
    EXPECT_NEAR(sample(network, "cell", "V_m"), -64.0, 1e-9);
}

TEST(Schedule, SetsATimeConstantAndTracesKeepTheirValues) {
    for (const std::string model : {"stochastic_pyramidal", "integrator_pyramidal"}) {
        NetworkDescription d;
        d.populations = {trains("clock", {{1.0}}),
                         neurons("cell", model, 2, {{"bias", -60.0}, {"tau_soma", 10.0}})};
        d.projections = {projection("clock", "cell", "soma", 2.0, 1.0)};
        Network network = build(d);
        Simulation& s = *network.simulation;
        s.schedule(at(12.0), action::SetParameter{1, "tau_soma", 40.0});
        s.cut(at(32.0));
        s.run_until(at(32.0));
        EXPECT_NEAR(sample(network, "cell", "x", 1), 2.0 * std::exp(-10.0 / 10.0 - 20.0 / 40.0), 1e-14)
            << model;
    }
}

TEST(Schedule, SetsAParameterOfARule) {
    const auto learnt = [](double eta_later) {
        NetworkDescription d;
        d.populations = {trains("pre", {{10.0, 60.0}}), trains("post", {{12.0, 62.0}}),
                         neurons("cell", "lif")};
        d.projections = {projection("pre", "cell", "membrane", 1.0, 1.0),
                         projection("post", "cell", "membrane", 100.0, 1.0)};
        d.projections[0].plasticity = PlasticityDescription{};
        d.projections[0].plasticity->rule = "pair_stdp";
        d.projections[0].plasticity->parameters = {{"A_minus", 0.0}, {"A_plus", 0.1}};
        Network network = build(d);
        network.simulation->schedule(at(30.0), action::SetRuleParameter{0, "A_plus", eta_later});
        network.simulation->run_until(at(100.0));
        return weight(network, "pre_to_cell") - 1.0;
    };
    const double once = learnt(0.0);
    EXPECT_GT(once, 0.0);
    EXPECT_GT(learnt(0.1), 1.5 * once);
}

TEST(Schedule, GatesThePlasticityOfOneProjection) {
    const auto learnt = [](const std::string& projection_name, double from, std::optional<double> until) {
        NetworkDescription d;
        d.populations = {trains("a", {{10.0, 60.0}}), trains("b", {{10.0, 60.0}}),
                         trains("post", {{12.0, 62.0}}), neurons("cell", "lif")};
        d.projections = {projection("a", "cell", "membrane", 1.0, 1.0),
                         projection("b", "cell", "membrane", 1.0, 1.0),
                         projection("post", "cell", "membrane", 100.0, 1.0)};
        for (const std::size_t i : {0U, 1U}) {
            PlasticityDescription& plasticity = d.projections[i].plasticity.emplace();
            plasticity.rule = "pair_stdp";
            plasticity.parameters = {{"A_minus", 0.0}, {"A_plus", 0.1}, {"tau_plus", 5.0}};
        }
        d.projections[0].plasticity->from = from;
        d.projections[0].plasticity->until = until;
        Network network = build(d);
        network.simulation->run_until(at(100.0));
        return weight(network, projection_name) - 1.0;
    };
    const double both = learnt("b_to_cell", 30.0, std::nullopt);
    EXPECT_GT(both, 0.1);
    EXPECT_FLOAT_EQ(static_cast<float>(learnt("a_to_cell", 0.0, std::nullopt)), static_cast<float>(both));
    EXPECT_NEAR(learnt("a_to_cell", 30.0, std::nullopt), 0.5 * both, 1e-4);
    EXPECT_NEAR(learnt("a_to_cell", 0.0, 30.0), 0.5 * both, 1e-4);
    EXPECT_EQ(learnt("a_to_cell", 30.0, 40.0), 0.0);
}

TEST(Schedule, RefusesParametersThatCannotBeSet) {
    const auto refused = [](const Action& action) {
        NetworkDescription d;
        d.populations = {trains("clock", {{1.0}}), neurons("cell", "stochastic_pyramidal"),
                         neurons("lif", "lif")};
        d.projections = {projection("clock", "cell", "soma", 2.0, 1.0)};
        Network network = build(d);
        network.simulation->schedule(at(5.0), action);
        EXPECT_THROW(network.simulation->run_until(at(10.0)), Error);
    };
    refused(action::SetParameter{1, "tau", 40.0});
    refused(action::SetParameter{1, "tau_soma", -1.0});
    refused(action::SetParameter{1, "R", 5.0});  // a burst would not end within R
    refused(action::SetParameter{2, "tau_m", 10.0});
    refused(action::SetParameter{1, "bias", 1.0});  // where the variable of this name starts
    refused(action::SetRuleParameter{0, "eta", 1.0});
}

TEST(Schedule, RefusesToLetARuleBeginToLearnAtArrivals) {
    for (const ConnectionRule& connect : {all_to_all(), indegree(2)}) {
        NetworkDescription d;
        d.populations = {trains("pre", {{1.0}, {2.0}, {3.0}}), neurons("cells", "stochastic_pyramidal", 3)};
        d.projections = {projection("pre", "cells", "soma", 0.1, 1.0, connect)};
        d.projections[0].plasticity.emplace();
        d.projections[0].plasticity->rule = "burst_dependent";
        const Network network = build(d);
        network.simulation->schedule(at(5.0), action::SetRuleParameter{0, "r_min", 5.0});
        EXPECT_THROW(network.simulation->run_until(at(10.0)), ModelError);
    }
}

TEST(Schedule, SetsRatesOfAllOrOfEach) {
    NetworkDescription d;
    d.populations = {neurons("all", "regular", 3, {{"rate", 0.0}}),
                     neurons("each", "regular", 3, {{"rate", 100.0}})};
    const Outcome outcome = run(d, 2000.0, {}, [](Network& network) {
        network.simulation->schedule(at(500.0), action::SetRates{0, {40.0}});
        network.simulation->schedule(at(1000.0), action::SetRates{1, {0.0, 10.0, 200.0}});
    });
    const auto count = [&](Index p, Index i, double from, double to) {
        const Times train = outcome.train(p, i);
        return std::count_if(train.begin(), train.end(), [&](double t) { return t >= from && t < to; });
    };
    for (Index i = 0; i < 3; ++i) {
        EXPECT_EQ(count(0, i, 0, 500), 0);
        EXPECT_EQ(count(0, i, 500, 2000), 60);
        EXPECT_EQ(count(1, i, 0, 1000), 100);
    }
    EXPECT_EQ(count(1, 0, 1000, 2000), 0);
    EXPECT_NEAR(static_cast<double>(count(1, 1, 1000, 2000)), 10, 1);
    EXPECT_NEAR(static_cast<double>(count(1, 2, 1000, 2000)), 200, 1);
}

TEST(Schedule, ResetDropsSpikesInFlightAndStatesButNotInputsFromOutside) {
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        for (const std::string model : {"lif", "adaptive_lif"}) {
            NetworkDescription d;
            d.populations = {trains("source", {{5.0, 9.5, 15.0}}),
                             neurons("cell", model, 1, {{"V_th", 0.0}})};
            d.projections = {projection("source", "cell", "membrane", 7.0, 2.0)};
            d.steps.resize(1);
            d.steps[0] = {.name = "steps",
                          .target = "cell",
                          .port = "current",
                          .times = {0.0, 8.0, 30.0},
                          .values = {10.0, 20.0, 70.0}};
            Network network = build(d, in(loop));
            Simulation& s = *network.simulation;
            for (const double t : {11.0, 12.0, 18.0, 31.0}) s.cut(at(t));
            s.schedule(at(11.0), action::ResetState{});
            s.run_until(at(12.0));
            // The spike of 9.5 would have arrived at 11.5; the current of 20 pA is on since 11.
            const double tau = 20.0;
            const double R = model == "lif" ? 0.1 : 0.2;  // [mV/pA]
            const auto charged = [&](double from, double t) {
                return 20.0 * R * (1.0 - std::exp(-(t - from) / tau));
            };
            EXPECT_NEAR(sample(network, "cell", "V_m"), -70.0 + charged(11.0, 12.0), 1e-9) << model;
            EXPECT_NEAR(sample(network, "cell", "I_stim"), 20.0, 1e-9) << model;
            s.run_until(at(18.0));
            EXPECT_NEAR(sample(network, "cell", "V_m"),
                        -70.0 + charged(11.0, 18.0) + 7.0 * std::exp(-1.0 / tau), 1e-9)
                << model;
            s.run_until(at(31.0));
            EXPECT_NEAR(sample(network, "cell", "I_stim"), 70.0, 1e-12) << model;
        }
    }
}

TEST(Schedule, ResetForgetsShortTermPlasticityBurstsAndTracesOfBothSides) {
    NetworkDescription d = told({10.0, 30.0, 38.0});
    d.populations.push_back(neurons("reader", "lif", 1, {{"V_th", 0.0}, {"tau_m", 1e6}}));
    auto depressing = projection("cell", "reader", "membrane", 1.0, 1.0);
    depressing.release = {{"tm", 1.0, {{"U", 0.5}, {"tau_rec", 1e6}}}};
    d.projections.push_back(depressing);
    const auto reset = [](Network& network) { network.simulation->schedule(at(35.0), action::ResetState{}); };
    Network network = build(d);
    reset(network);
    SpikeList recorder;
    network.simulation->add(recorder);
    network.simulation->run_until(at(60.0));
    // 0.5 and 0.25 before the reset, which takes the reader's potential back; 0.5 again after it.
    EXPECT_NEAR(sample(network, "reader", "V_m"), -70.0 + 0.5, 1e-4);
    // 38 ms is 8 ms after the last spike, but a new life.
    EXPECT_EQ((Outcome{recorder.list, {}}).kinds(1), Kinds(3, event));

    // The pair rule forgets the source's spike of 20 and the target's of 30.
    for (const bool forgets : {false, true}) {
        NetworkDescription pair = told({30.0, 50.0});
        pair.populations.push_back(trains("pre", {{20.0, 40.0}}));
        pair.projections.push_back(projection("pre", "cell", "membrane", 0.5, 1.0));
        pair.projections[1].plasticity.emplace();
        pair.projections[1].plasticity->rule = "pair_stdp";
        const double weight =
            run(pair, 100.0, {}, forgets ? Prepare(reset) : Prepare{}).synapses.back().weight;
        const auto plus = [](double s) { return 0.005 * std::exp(-s / 20.0); };
        const double expected =
            0.5 + 2 * plus(10.0) + (forgets ? 0.0 : plus(30.0) - 0.00525 * std::exp(-10.0 / 20.0));
        EXPECT_NEAR(weight, expected, 2e-7) << forgets;
    }
}

TEST(Schedule, RandomStreamsGoOnThroughAReset) {
    NetworkDescription d;
    d.populations = {neurons("source", "poisson", 5),
                     neurons("cells", "stochastic_pyramidal", 20, {{"bias", 1.0}})};
    const Outcome outcome = run(d, 2000.0, {}, [](Network& network) {
        network.simulation->schedule(at(1000.0), action::ResetState{});
    });
    const auto first_event = [&](Index i, double from) {
        for (const double t : outcome.train(1, i)) {
            if (t >= from) return t - from;
        }
        return -1.0;
    };
    int equal = 0;
    for (Index i = 0; i < 20; ++i)
        equal += std::abs(first_event(i, 0.0) - first_event(i, 1000.0)) < 1e-6 ? 1 : 0;
    EXPECT_EQ(equal, 0) << "the same numbers again";
    const Outcome undisturbed = run(d, 2000.0);
    for (Index i = 0; i < 5; ++i)
        EXPECT_EQ(outcome.train(0, i), undisturbed.train(0, i)) << "sources know nothing of a reset";
}

// --- tied weights
// ----------------------------------------------------------------------------------------------------------

class Tied : public testing::Test {
protected:
    static constexpr Index below = 5;
    static constexpr Index above = 3;

    NetworkDescription d = [] {
        NetworkDescription two;
        two.populations = {neurons("below", "lif", below), neurons("above", "lif", above)};
        auto up = projection("below", "above", "membrane", 0.0, 1.0);
        up.weight = uniform_between(-1.0, 1.0);
        two.projections = {up, projection("above", "below", "membrane", 0.0, 1.0)};
        return two;
    }();

    Network tie(const TieDescription& tie, Index shard_size = 0) {
        d.projections[1].tie = tie;
        BuildOptions options;
        options.shard_size = shard_size;
        Network network = build(d, options);
        network.simulation->run_until(at(1.0));
        return network;
    }
    static double up(const Network& n, Index j, Index k) { return weight(n, "below_to_above", j, k); }
    static double down(const Network& n, Index k, Index j) { return weight(n, "above_to_below", k, j); }
};

constexpr double as_float = 1e-7;

TEST_F(Tied, Transposed) {
    for (const Index shard_size : {0U, 1U, 2U}) {
        const Network n = tie({.to = "below_to_above", .scale = -2.0}, shard_size);
        for (Index j = 0; j < below; ++j) {
            for (Index k = 0; k < above; ++k) EXPECT_NEAR(down(n, k, j), -2.0 * up(n, j, k), as_float);
        }
        EXPECT_NE(up(n, 0, 0), up(n, 1, 0));
    }
}

TEST_F(Tied, MeanOverSenders) {
    for (const Index shard_size : {0U, 2U}) {
        const Network n =
            tie({.to = "below_to_above", .scale = 0.5, .mean = TieDescription::Mean::senders}, shard_size);
        for (Index j = 0; j < below; ++j) {
            const double mean = (up(n, j, 0) + up(n, j, 1) + up(n, j, 2)) / 3;
            for (Index k = 0; k < above; ++k) EXPECT_NEAR(down(n, k, j), 0.5 * mean, as_float);
        }
    }
}

TEST_F(Tied, MeanOverBlocksOfSenders) {
    // The senders are six cells, two for each neuron above: they have the mean over what they stand for.
    d.populations.push_back(neurons("relay", "lif", 2 * above));
    for (const Index shard_size : {0U, 2U}) {
        for (const Index blocks : {1U, 3U}) {
            d.projections[1] = projection("relay", "below", "membrane", 0.0, 1.0);
            const Network n = tie({.to = "below_to_above",
                                   .scale = -0.5,
                                   .mean = TieDescription::Mean::senders,
                                   .blocks = blocks},
                                  shard_size);
            for (Index j = 0; j < below; ++j) {
                const double all = (up(n, j, 0) + up(n, j, 1) + up(n, j, 2)) / 3;
                for (Index k = 0; k < 2 * above; ++k) {
                    const double mean = blocks == 1 ? all : up(n, j, k / 2);
                    EXPECT_NEAR(weight(n, "relay_to_below", k, j), -0.5 * mean, as_float);
                }
            }
        }
    }
}

TEST_F(Tied, ImpossibleMeansAreRefused) {
    EXPECT_THROW(tie({.to = "below_to_above", .mean = TieDescription::Mean::senders, .blocks = 2}),
                 ConfigError);
    EXPECT_THROW(tie({.to = "below_to_above", .mean = TieDescription::Mean::senders, .blocks = 0}),
                 ConfigError);
    d.projections[1] = projection("below", "above", "membrane", 0.0, 1.0);
    d.projections[1].name = "again";
    EXPECT_THROW(tie({.to = "below_to_above", .mean = TieDescription::Mean::both}), ConfigError);
}

TEST_F(Tied, MeanOverEverything) {
    const Network n = tie({.to = "below_to_above", .mean = TieDescription::Mean::both});
    double mean = 0.0;
    for (Index j = 0; j < below; ++j) {
        for (Index k = 0; k < above; ++k) mean += up(n, j, k) / (above * below);
    }
    for (Index j = 0; j < below; ++j) {
        for (Index k = 0; k < above; ++k) EXPECT_NEAR(down(n, k, j), mean, as_float);
    }
}

TEST_F(Tied, PartsAddUp) {
    const Network plus = tie({.to = "below_to_above", .scale = 3.0, .part = TieDescription::Part::plus});
    const Network minus = tie({.to = "below_to_above", .scale = 3.0, .part = TieDescription::Part::minus});
    int negative = 0;
    for (Index j = 0; j < below; ++j) {
        for (Index k = 0; k < above; ++k) {
            const double w = up(plus, j, k);
            negative += w < 0.0 ? 1 : 0;
            EXPECT_NEAR(down(plus, k, j), 3.0 * std::max(w, 0.0), as_float);
            EXPECT_NEAR(down(minus, k, j), 3.0 * std::max(-w, 0.0), as_float);
        }
    }
    EXPECT_GT(negative, 2);
    EXPECT_LT(negative, 13);
}

TEST_F(Tied, TheSameWayRound) {
    d.projections.push_back(projection("below", "above", "membrane", 0.0, 2.0));
    d.projections.back().name = "second";
    d.projections.back().tie = TieDescription{.to = "below_to_above"};
    Network n = build(d);
    n.simulation->run_until(at(1.0));
    for (Index j = 0; j < below; ++j) {
        for (Index k = 0; k < above; ++k) EXPECT_EQ(weight(n, "second", j, k), up(n, j, k));
    }
}

TEST_F(Tied, ToOneWeightForAll) {
    d.projections[0].weight = {Distribution::Kind::constant, 0.7, 0.0};
    for (const auto mean :
         {TieDescription::Mean::none, TieDescription::Mean::senders, TieDescription::Mean::both}) {
        EXPECT_NEAR(down(tie({.to = "below_to_above", .scale = 2.0, .mean = mean}), 1, 2), 1.4, as_float);
    }
}

TEST_F(Tied, WithoutACounterpartIsAnError) {
    d.projections[0].connect = {Bernoulli{0.5}};
    EXPECT_THROW(tie({.to = "below_to_above"}), ConfigError);
    EXPECT_THROW(tie({.to = "nowhere"}), ConfigError);
}

TEST_F(Tied, CopiedAtScheduledTimesOnlyAndActsAtOnce) {
    // The weight up learns at 21; it is copied at 30: an arrival of that tick brings the new one.
    NetworkDescription one;
    one.populations = {neurons("below", "lif", 1, {{"V_th", 0.0}, {"tau_m", 1e6}}),
                       neurons("above", "lif", 1, {{"t_ref", 0.0}}), trains("teacher", {{20.0}}),
                       trains("also_below", {{15.0}}), trains("also_above", {{25.0, 29.0, 40.0}})};
    one.projections = {projection("teacher", "above", "membrane", 100.0, 0.0),
                       projection("also_below", "above", "membrane", 1.0, 1.0),
                       projection("also_above", "below", "membrane", 0.0, 1.0)};
    one.projections[1].plasticity.emplace();
    one.projections[1].plasticity->rule = "pair_stdp";
    one.projections[1].plasticity->parameters = {{"A_plus", 1.0}, {"tau_plus", 1e9}};
    one.projections[2].tie = TieDescription{.to = "also_below_to_above"};
    Network n = build(one);
    n.simulation->schedule(at(30.0), action::CopyTiedWeights{});
    n.simulation->cut(at(28.0));
    n.simulation->run_until(at(28.0));
    EXPECT_NEAR(weight(n, "also_below_to_above"), 2.0, 1e-6);
    EXPECT_EQ(weight(n, "also_above_to_below"), 1.0);
    EXPECT_NEAR(sample(n, "below", "V_m"), -69.0, 1e-4);
    n.simulation->cut(at(30.5));
    n.simulation->run_until(at(30.5));
    EXPECT_NEAR(sample(n, "below", "V_m"), -67.0, 1e-4);
}

// --- networks of sources and plastic synapses only
// -------------------------------------------------------------------------

TEST(PlasticSourceProjections, NeedNoProjectionBetweenNeurons) {
    NetworkDescription d = told({16.0});
    d.populations.push_back(trains("pre", {{10.0}}));
    d.projections.push_back(projection("pre", "cell", "membrane", 0.5, 1.0));
    d.projections[1].plasticity.emplace();
    d.projections[1].plasticity->rule = "pair_stdp";
    EXPECT_NEAR(run(d, 40.0).synapses.back().weight, 0.5 + 0.005 * std::exp(-6.0 / 20.0), 1e-7);
}

// --- scheduler
// -------------------------------------------------------------------------------------------------------------

TEST(SchedulerQueue, MergesClassesInTheTotalOrder) {
    std::mt19937 random(1);
    Scheduler scheduler;
    std::vector<Arrival> expected;
    std::vector<std::vector<Arrival>> in_class;
    for (int c = 0; c < 7; ++c) {
        scheduler.add_class(c == 6 ? 1U : 0U);
        in_class.emplace_back();
        for (int i = 0; i < 200; ++i) {
            in_class.back().push_back({.time = Time{} + Duration{random() % 50},
                                       .source_population = static_cast<Index>(random() % 3),
                                       .source = static_cast<Index>(random() % 5),
                                       .projection = static_cast<Index>(c)});
        }
        std::sort(in_class.back().begin(), in_class.back().end(),
                  [](const Arrival& a, const Arrival& b) { return before(a, b); });
    }
    // In two portions, as windows come.
    for (const std::int64_t end : {20, 60}) {
        for (std::size_t c = 0; c < in_class.size(); ++c) {
            for (const Arrival& a : in_class[c]) {
                if (a.time < Time{} + Duration{end} && a.time >= Time{} + Duration{end == 20 ? 0 : 20})
                    scheduler.push(c, a);
            }
        }
        if (end == 20) continue;
        for (const std::int64_t stop : {10, 11, 35, 35, 60}) {
            std::vector<Arrival> due;
            scheduler.pop_before(Time{} + Duration{stop}, 0, due);
            for (const Arrival& a : due) {
                EXPECT_LT(a.time, Time{} + Duration{stop});
                EXPECT_TRUE(expected.empty() || !before(a, expected.back()));
                EXPECT_NE(a.projection, 6U) << "that one goes elsewhere";
                expected.push_back(a);
            }
        }
    }
    EXPECT_EQ(expected.size(), 1200U) << "each once";
    std::vector<Arrival> due;
    scheduler.pop_before(Time{} + Duration{60}, 1, due);
    EXPECT_EQ(due.size(), 200U);
    scheduler.pop_before(Time{} + Duration{60}, 0, due);
    EXPECT_TRUE(due.empty());
    scheduler.pop_before(Time{} + Duration{60}, 5, due);
    EXPECT_TRUE(due.empty()) << "a population without inputs";
}

TEST(SchedulerQueue, ClearForgetsWhatIsInFlight) {
    Scheduler scheduler;
    const auto id = scheduler.add_class(0);
    scheduler.push(id, {.time = at(1.0), .source_population = 0, .source = 0, .projection = 0});
    scheduler.push(id, {.time = at(3.0), .source_population = 0, .source = 0, .projection = 0});
    std::vector<Arrival> due;
    scheduler.pop_before(at(2.0), 0, due);
    EXPECT_EQ(due.size(), 1U);
    scheduler.clear();
    scheduler.push(id, {.time = at(2.5), .source_population = 0, .source = 1, .projection = 0});
    scheduler.pop_before(at(9.0), 0, due);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].source, 1U);
}

TEST(SpikeTrains, AreSortedAndNotNegative) {
    NetworkDescription d;
    d.populations = {trains("a", {{7.0, 3.0}, {3.0}})};
    const Outcome outcome = run(d, 20.0);
    ASSERT_EQ(outcome.spikes.size(), 3U);
    EXPECT_EQ(outcome.train(0, 0), (Times{3.0, 7.0}));
    d.populations = {trains("a", {{-1.0}})};
    EXPECT_THROW(build(d), ModelError);
    d.populations = {trains("a", {{1.0}})};
    Network network = build(d);
    network.simulation->schedule(at(1.0), action::SetRates{0, {3.0}});
    EXPECT_THROW(network.simulation->run_until(at(5.0)), ModelError);
}

}  // namespace
}  // namespace apical
