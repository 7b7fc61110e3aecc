#include <gtest/gtest.h>

#include "neurons/stochastic_pyramidal.hpp"
#include "simulator/traced_population.hpp"
#include "tests/neurons/visited.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

constexpr Index size = 40;
constexpr double duration = 2000.0;

NetworkDescription description() {
    NetworkDescription d;
    d.seed = 3;
    // A short and a long trace: T0 moves on several times, and the slow trace is rescaled with the fast one.
    d.populations = {neurons("input", "poisson", 60, {{"rate", 50.0}}),
                     neurons("cells", "stochastic_pyramidal", size,
                             {{"bias", -0.5}, {"tau_soma", 8.0}, {"tau_dend", 300.0}})};
    d.populations[1].background = {{"soma", 200.0, 0.15},
                                   {"dendrite", 100.0, -0.2},
                                   {"soma", 50.0, -0.4},
                                   {"dendrite", 3000.0, 0.01, Background::Kind::counts, 0.7}};
    d.projections = {projection("input", "cells", "soma", 0.0, 1.3, indegree(20)),
                     projection("input", "cells", "dendrite", 0.0, 0.6, indegree(20))};
    d.projections[0].weight = uniform_between(-0.2, 0.4);
    d.projections[1].name = "feedback";
    d.projections[1].weight = uniform_between(-0.1, 0.2);
    d.steps = {{.name = "pulse",
                .target = "cells",
                .port = "bias",
                .times = {500.0, 1200.0},
                .values = {1.5, -1.0}}};
    return d;
}

struct Input {
    Time time;
    std::size_t port;
    double weight;
};

/// Everything that reaches each neuron, in order of time.
std::vector<std::vector<Input>> inputs(const NetworkDescription& d, const Outcome& outcome) {
    std::vector<std::vector<Input>> list(size);
    for (const Synapse& synapse : outcome.synapses) {
        for (const Spike& spike : outcome.spikes) {
            if (spike.population != 0 || spike.neuron != synapse.source) continue;
            const Time time = spike.time + ticks(d.projections[synapse.projection].delay);
            list[synapse.target].push_back({time, synapse.projection, synapse.weight});
        }
    }
    const std::vector<Noise> noise{
        {0, 200.0, 0.15, 0}, {1, 100.0, -0.2, 1}, {0, 50.0, -0.4, 2}, {1, 3000.0, 0.01, 3, 0.7, true}};
    for (NoiseGroup& group : noise_groups(d.seed, "cells", noise, size, 0, size)) {
        for (NoiseBand& train : group.trains) {
            for (; train.next_time() < at(duration); train.take(1))
                list[train.targets().front()].push_back(
                    {train.next_time(), train.noise().port, train.weight(0)});
        }
    }
    for (auto& of_neuron : list) {
        of_neuron.push_back({at(500.0), 2, 1.5});
        of_neuron.push_back({at(1200.0), 2, -2.5});
        std::stable_sort(of_neuron.begin(), of_neuron.end(),
                         [](const Input& a, const Input& b) { return a.time < b.time; });
    }
    return list;
}

TEST(TracedPopulation, GivesTheSpikesOfNeuronsThatAreVisitedAtEveryInput) {
    const NetworkDescription d = description();
    ASSERT_TRUE(runs_in<TracedPopulation<StochasticPyramidal>>(build(d), "cells"));
    const Outcome outcome = run(d, duration);
    const auto input = inputs(d, outcome);
    const auto neuron = visited(StochasticPyramidal{.tau_soma = 8.0, .tau_dend = 300.0, .bias = -0.5});
    std::vector<Spike> expected;
    for (Index i = 0; i < size; ++i) {
        const StreamKey key(d.seed, "model", "cells", i);
        std::uint32_t draws = 0;
        Draw draw(key, draws);
        auto state = neuron.initial();
        Time now{};
        const auto advance = [&](Time end) {
            while (const auto spike = neuron.advance(state, ms(end - now), draw)) {
                now += ticks_up(spike->offset);
                expected.push_back({now, 1, i, spike->kind, spike->mark});
            }
            now = end;
        };
        for (const Input& arrival : input[i]) {
            if (arrival.time >= at(duration)) break;
            advance(arrival.time);
            neuron.receive(state, arrival.port, arrival.weight);
        }
        advance(at(duration));
    }
    std::vector<Spike> cells;
    std::copy_if(outcome.spikes.begin(), outcome.spikes.end(), std::back_inserter(cells),
                 [](const Spike& s) { return s.population == 1; });
    EXPECT_GT(cells.size(), 20U * size) << "a test of silence";
    // A candidate is rounded up to a tick: the traces' rounding may move one over.
    EXPECT_TRUE(close_trains(cells, expected, tick));
    std::stable_sort(expected.begin(), expected.end(),
                     [](const Spike& a, const Spike& b) { return before(a, b); });
    ASSERT_EQ(cells.size(), expected.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].kind == SpikeKind::event) {
            ASSERT_NEAR(cells[i].mark, expected[i].mark, 1e-12);
        }
    }
}

TEST(TracedPopulation, FiresAgainAfterInhibitionThatLeavesNoHazard) {
    const auto spikes = [](NetworkDescription d) {
        d.populations.push_back(neurons("cells", "stochastic_pyramidal", 20, {{"tau_soma", 10.0}}));
        const Network network = build(d);
        network.simulation->run_until(at(100.0));
        const auto before = network.simulation->spikes();
        network.simulation->run_until(at(800.0));
        return std::pair(before, network.simulation->spikes());
    };
    for (const double level : {-600.0, -1000.0}) {
        NetworkDescription d;
        d.steps.resize(1);
        d.steps[0] = {.name = "low",
                      .target = "cells",
                      .port = "bias",
                      .times = {100.0, 200.0},
                      .values = {level, 0.0}};
        const auto [before, after] = spikes(d);
        EXPECT_GT(after, 5 * before) << level << ": six times as long";
    }
    for (const double weight : {-1500.0, -1e5}) {
        NetworkDescription d;
        d.populations = {trains("input", {{99.0}})};
        d.projections = {projection("input", "cells", "soma", weight, 1.0)};
        const auto [before, after] = spikes(d);
        EXPECT_GT(after, 4 * before) << weight << ": gone within 12 time constants";
    }
}

TEST(TracedPopulation, SamplesAndSetsStatesBetweenWindows) {
    NetworkDescription d;
    d.populations = {trains("clock", {{1.0, 2.5}}),
                     neurons("cells", "stochastic_pyramidal", 3, {{"bias", -60.0}, {"tau_soma", 10.0}})};
    d.projections = {projection("clock", "cells", "soma", 2.0, 1.0)};
    Network network = build(d);
    Simulation& s = *network.simulation;
    s.run_until(at(30.0));
    const double now = ms(s.now());
    EXPECT_NEAR(sample(network, "cells", "x", 2),
                2.0 * (std::exp(-(now - 2.0) / 10) + std::exp(-(now - 3.5) / 10)), 1e-14);
    EXPECT_EQ(sample(network, "cells", "bias", 1), -60.0);
    Population& cells = s.population(1);
    cells.set(1, network.variable("cells", "x"), -4.0, s.now());
    cells.set(1, network.variable("cells", "target"), 0.25, s.now());
    cells.set(2, network.variable("cells", "bias"), 5.0, s.now());
    EXPECT_EQ(sample(network, "cells", "target", 1), 0.25);
    EXPECT_EQ(sample(network, "cells", "x", 1), -4.0);
    EXPECT_NEAR(cells.sample(1, network.variable("cells", "x"), s.now() + ticks(10.0)), -4.0 * std::exp(-1.0),
                1e-14);
    s.run_until(at(100.0));
    EXPECT_GT(s.spikes(), 2U) << "what was set without an arrival has its effect: neuron 2 fires";
    EXPECT_GT(sample(network, "cells", "x", 1), -0.01);
}

}  // namespace
}  // namespace apical
