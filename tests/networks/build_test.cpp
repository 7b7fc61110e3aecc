#include "networks/build.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "networks/catalogue.hpp"
#include "networks/problems.hpp"
#include "simulator/jump_population.hpp"
#include "simulator/linear_population.hpp"

namespace apical {
namespace {

PopulationDescription population(const std::string& name, const std::string& model, Index size = 4) {
    PopulationDescription p;
    p.name = name;
    p.model = model;
    p.size = size;
    return p;
}

ProjectionDescription projection(const std::string& source, const std::string& target,
                                 const std::string& port) {
    ProjectionDescription p;
    p.name = source + "_to_" + target;
    p.source = source;
    p.target = target;
    p.port = port;
    return p;
}

NetworkDescription two_populations() {
    NetworkDescription d;
    d.populations = {population("input", "poisson"), population("cells", "lif")};
    d.projections = {projection("input", "cells", "membrane")};
    return d;
}

template <class Change>
NetworkDescription changed(const Change& change) {
    NetworkDescription d = two_populations();
    change(d);
    return d;
}

TEST(Build, KnowsWhereThingsAre) {
    NetworkDescription d = two_populations();
    d.projections.push_back(projection("cells", "cells", "membrane"));
    for (ProjectionDescription& p : d.projections) p.weight.a = 1.0;
    const Network network = build(d);
    EXPECT_EQ(network.populations.at("input"), 0U);
    EXPECT_EQ(network.populations.at("cells"), 1U);
    EXPECT_EQ(network.projections.at("input_to_cells"), 0U);
    EXPECT_EQ(network.projections.at("cells_to_cells"), 1U);
    EXPECT_EQ(network.variable("cells", "V_m"), 0U);
    EXPECT_EQ(network.variable("cells", "refractory"), 2U);
    EXPECT_THROW(network.variable("cells", "V"), ConfigError);
    EXPECT_THROW(network.variable("nobody", "V_m"), ConfigError);
    EXPECT_TRUE(problems(d).empty());
    EXPECT_EQ(network.simulation->synapses(), 16U + 12U) << "no neuron onto itself";
}

TEST(Build, RefusesNamesThatDoNotExist) {
    const auto refused = [](const auto& change) { EXPECT_THROW(build(changed(change)), ConfigError); };
    refused([](auto& d) { d.populations[1].model = "lief"; });
    refused([](auto& d) { d.projections[0].source = "nobody"; });
    refused([](auto& d) { d.projections[0].target = "nobody"; });
    refused([](auto& d) { d.projections[0].port = "soma"; });
    refused([](auto& d) { d.projections[0].target = "input"; });
    refused([](auto& d) { d.populations[1].parameters["tau"] = 1.0; });
    refused([](auto& d) { d.populations[0].parameters["tau_m"] = 1.0; });
    refused([](auto& d) { d.populations[1].initial["V"].a = 1.0; });
    refused([](auto& d) { d.populations[1].background = {{"soma", 1.0, 1.0}}; });
    refused([](auto& d) { d.projections[0].release = {{"stp", 1.0, {}}}; });
    refused([](auto& d) { d.projections[0].release = {{"tm", 1.0, {{"tau", 1.0}}}}; });
    refused([](auto& d) { d.projections[0].tie = TieDescription{.to = "nothing"}; });
    refused([](auto& d) {
        d.projections[0].plasticity.emplace();
        d.projections[0].plasticity->rule = "hebb";
    });
    refused([](auto& d) {
        d.projections[0].plasticity.emplace();
        d.projections[0].plasticity->rule = "burst_dependent";
        d.projections[0].plasticity->teaching = "strict";
    });
    refused([](auto& d) {
        d.steps.resize(1);
        d.steps[0].target = "nobody";
    });
    refused([](auto& d) {
        d.signals.resize(1);
        d.signals[0].population = "nobody";
    });
    refused([](auto& d) {
        d.drives.resize(1);
        d.drives[0] = {.name = "drive", .signal = "nothing", .target = "cells", .port = "current"};
    });
    refused([](auto& d) {
        d.populations.push_back(population("given", "spike_train", 2));
        d.populations.back().spike_times = {{1.0}};
    });
}

TEST(Build, RefusesWhatCannotBeMeant) {
    const auto refused = [](const auto& change) { EXPECT_THROW(build(changed(change)), ConfigError); };
    refused([](auto& d) { d.populations.push_back(d.populations[1]); });
    refused([](auto& d) { d.projections.push_back(d.projections[0]); });
    refused([](auto& d) {
        d.steps.resize(1);
        d.steps[0] = {.name = "s", .target = "cells", .port = "membrane", .times = {1.0}, .values = {1.0}};
    });
    refused([](auto& d) {
        d.steps.resize(1);
        d.steps[0] = {
            .name = "s", .target = "cells", .port = "current", .times = {2.0, 1.0}, .values = {1.0, 2.0}};
    });
    refused([](auto& d) {
        d.signals.resize(1);
        d.signals[0] = {.name = "s", .population = "cells"};
        d.drives.resize(1);
        d.drives[0] = {.name = "drive", .signal = "s", .target = "cells", .port = "membrane"};
    });
}

TEST(Build, RefusesValuesOutOfRange) {
    const auto refused = [](const auto& change) { EXPECT_THROW(build(changed(change)), Error); };
    refused([](auto& d) { d.populations[0].parameters["rate"] = -1.0; });
    refused([](auto& d) { d.populations[1].parameters["tau_m"] = 0.0; });
    refused([](auto& d) { d.projections[0].release = {{"tm", 1.0, {{"U", 1.5}}}}; });
    refused([](auto& d) { d.projections[0].release = {{"tm", 1.0, {{"f", 0.5}}}}; });
    refused([](auto& d) {
        d.projections[0].plasticity.emplace();
        d.projections[0].plasticity->rule = "pair_stdp";
        d.projections[0].plasticity->parameters["tau_plus"] = -1.0;
    });
    refused([](auto& d) {
        d.projections.push_back(projection("cells", "cells", "membrane"));
        d.projections.back().delay = 0.0;
    });
    refused([](auto& d) { d.projections[0].delay = -1.0; });
}

TEST(Build, NamesTheOwnerOfAnError) {
    try {
        build(changed([](auto& d) { d.populations[1].parameters["tau_m"] = -3.0; }));
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_NE(std::string(error.what()).find("cells"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("tau_m"), std::string::npos) << error.what();
    }
}

TEST(Build, ChoosesTheInnerLoopFromModelAndInputs) {
    const auto loop_of = [](const NetworkDescription& d, Loop loop = Loop::automatic) {
        BuildOptions options;
        options.loop = loop;
        const Network network = build(d, options);
        Population* const p = &network.simulation->population(network.populations.at("cells"));
        if (dynamic_cast<JumpPopulation*>(p) != nullptr) return "jump";
        return dynamic_cast<LinearPopulation*>(p) != nullptr ? "linear" : "visiting";
    };
    EXPECT_STREQ(loop_of(two_populations()), "jump");
    EXPECT_STREQ(loop_of(two_populations(), Loop::visiting), "visiting");
    // Over threshold by itself, or by an input that stays.
    EXPECT_STREQ(loop_of(changed([](auto& d) { d.populations[1].parameters["I_e"] = 300.0; })), "linear");
    EXPECT_STREQ(loop_of(changed([](auto& d) { d.populations[1].initial["I_stim"].a = 10.0; })), "linear");
    EXPECT_STREQ(loop_of(changed([](auto& d) {
                     d.steps.resize(1);
                     d.steps[0] = {
                         .name = "s", .target = "cells", .port = "current", .times = {}, .values = {}};
                 })),
                 "linear");
    EXPECT_STREQ(loop_of(changed([](auto& d) { d.populations[1].model = "sst"; })), "linear");
    EXPECT_STREQ(loop_of(changed([](auto& d) {
                     d.populations[1].model = "stochastic_pyramidal";
                     d.projections[0].port = "soma";
                 })),
                 "visiting");
}

TEST(Build, ShardsFollowTheNetworkNotTheThreads) {
    const auto shards = [](Index size, Index shard_size, std::size_t threads) {
        NetworkDescription d;
        d.populations = {population("cells", "lif", size)};
        BuildOptions options;
        options.shard_size = shard_size;
        options.threads = threads;
        return build(d, options).simulation->population(0).shards();
    };
    for (const std::size_t threads : {1U, 3U}) {
        EXPECT_EQ(shards(1023, 0, threads), 1U);
        EXPECT_EQ(shards(1024, 0, threads), 4U);
        EXPECT_EQ(shards(4 * 4096, 0, threads), 4U);
        EXPECT_EQ(shards(4 * 4096 + 1, 0, threads), 8U);
        EXPECT_EQ(shards(100, 37, threads), 3U);
    }
    NetworkDescription d;
    d.populations = {population("cells", "lif", 2003)};
    d.projections = {projection("cells", "cells", "membrane")};
    d.projections[0].delay = 0.5;  // 1001.5 neurons times ms
    EXPECT_EQ(build(d).simulation->population(0).shards(), 1U);
    d.projections[0].delay = 0.6;
    const Network network = build(d);
    const Population& cells = network.simulation->population(0);
    Index covered = 0;
    for (std::size_t k = 0; k < cells.shards(); ++k) {
        EXPECT_EQ(cells.first(k), covered);
        covered = cells.last(k);
        EXPECT_NEAR(static_cast<double>(cells.last(k) - cells.first(k)), 2003 / 4.0, 1.0);
    }
    EXPECT_EQ(covered, 2003U);
}

TEST(Build, DrawsInitialStatesPerNeuron) {
    NetworkDescription d;
    d.populations = {population("cells", "adaptive_lif", 4000)};
    d.populations[0].initial["V_m"] = {Distribution::Kind::normal, -65.0, 2.0};
    d.populations[0].initial["I_syn_ex"] = {Distribution::Kind::lognormal, 10.0, 0.5};
    d.populations[0].initial["w"] = {Distribution::Kind::uniform, 3.0, 5.0};
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        BuildOptions options;
        options.loop = loop;
        const Network network = build(d, options);
        Population& cells = network.simulation->population(0);
        const auto moments = [&](const std::string& variable) {
            double sum = 0.0;
            double squares = 0.0;
            for (Index i = 0; i < 4000; ++i) {
                const double x = cells.sample(i, network.variable("cells", variable), Time{});
                sum += x;
                squares += x * x;
            }
            const double mean = sum / 4000;
            return std::pair{mean, std::sqrt(squares / 4000 - mean * mean)};
        };
        // Four standard errors.
        const auto [V, V_spread] = moments("V_m");
        EXPECT_NEAR(V, -65.0, 4 * 2.0 / std::sqrt(4000));
        EXPECT_NEAR(V_spread, 2.0, 4 * 2.0 / std::sqrt(2 * 4000));
        const auto [I, I_spread] = moments("I_syn_ex");
        EXPECT_NEAR(I, 10.0, 4 * 5.0 / std::sqrt(4000));
        EXPECT_NEAR(I_spread, 5.0, 0.5);
        const auto [w, w_spread] = moments("w");
        EXPECT_NEAR(w, 4.0, 4 * 0.577 / std::sqrt(4000));
        EXPECT_NEAR(w_spread, 2 / std::sqrt(12.0), 0.02);
    }
}

TEST(Build, InitialStatesDoNotDependOnSizeOrCompany) {
    const auto potential = [](Index size, bool company) {
        NetworkDescription d;
        if (company) d.populations.push_back(population("others", "lif"));
        d.populations.push_back(population("cells", "lif", size));
        d.populations.back().initial["V_m"] = {Distribution::Kind::uniform, -70.0, -50.0};
        const Network network = build(d);
        return network.simulation->population(network.populations.at("cells")).sample(3, 0, Time{});
    };
    EXPECT_EQ(potential(4, false), potential(400, true));
}

TEST(Build, WarnsOfAClassifierThatMisreadsTheModel) {
    NetworkDescription d;
    d.populations = {population("cells", "stochastic_pyramidal")};
    d.populations[0].classifier = Classifier::isi;
    EXPECT_TRUE(problems(d).empty());
    d.populations[0].parameters["R"] = 24.0;
    const std::vector<Problem> findings = problems(d);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].severity, Severity::warning);
    EXPECT_NE(findings[0].places.front().find("cells"), std::string::npos);
    EXPECT_NO_THROW(build(d));
    d.populations[0].classifier.reset();
    EXPECT_TRUE(problems(d).empty());
}

TEST(Build, OneWeightForAllTakesNoMemory) {
    NetworkDescription d = two_populations();
    EXPECT_TRUE(build(d).simulation->weights(0)[0].weights().empty());
    d.projections[0].weight.kind = Distribution::Kind::uniform;
    d.projections[0].weight.b = 1.0;
    const Network network = build(d);
    std::set<double> weights;
    network.simulation->visit_synapses(0, [&](Index, Index, double w) { weights.insert(w); });
    EXPECT_EQ(weights.size(), 16U);
}

TEST(Build, ReleaseStartsAtTimeZero) {
    // What u_0 = 0.1 has become after 5 ms with tau_fac = 10 ms.
    Release release = make_release(
        {{"tm", 1.0, {{"U", 0.5}, {"tau_rec", 1e9}, {"tau_fac", 10.0}, {"u_0", 0.1}}}}, 1, "test");
    const double expected = 0.5 - 0.4 * std::exp(-0.5);
    EXPECT_NEAR(release({.time = Time{} + ticks(5.0), .population = 0, .neuron = 0}).amount, expected, 1e-9);
    release.reset(Time{} + ticks(20.0));
    EXPECT_NEAR(release({.time = Time{} + ticks(25.0), .population = 0, .neuron = 0}).amount, expected, 1e-9);
}

TEST(Build, AGateMayKnowOfSpikesLater) {
    // Single spike: 1/e after 16 ms, known of from 0.8 ms on. A pair 10 ms apart: 16 (1 + ln(1 + e^(-10/16)))
    // + 0.8 = 23.66 ms after its second spike.
    const auto kinds = [](const std::vector<double>& times, const char* variant) {
        Release release = make_release({{variant, 1.0, {{"lag", 0.8}}}}, 1, "test");
        std::vector<SpikeKind> passed;
        for (const double t : times) {
            // What the population says does not matter.
            const auto released = release(
                {.time = Time{} + ticks(t), .population = 0, .neuron = 0, .kind = SpikeKind::further});
            if (released.amount != 0.0) passed.push_back(released.kind);
        }
        return passed;
    };
    using Kinds = std::vector<SpikeKind>;
    constexpr auto event = SpikeKind::event;
    constexpr auto burst = SpikeKind::burst;
    EXPECT_EQ(kinds({1.0, 17.79}, "event"), (Kinds{event}));
    EXPECT_EQ(kinds({1.0, 17.81}, "event"), (Kinds{event, event}));
    EXPECT_EQ(kinds({1.0, 17.79}, "burst"), (Kinds{burst}));
    EXPECT_EQ(kinds({1.0, 11.0, 34.6}, "event"), (Kinds{event}));
    EXPECT_EQ(kinds({1.0, 11.0, 34.7}, "event"), (Kinds{event, event}));
    EXPECT_EQ(kinds({1.0, 1.7, 1.9}, "event"), (Kinds{event, event})) << "0.7 ms: not known of yet";
    // However many there are. After the lag each counts: three are 1/e at 1.8 + 16 (1 + ln(1 + e^(0.3/16) +
    // e^(0.6/16))) = 35.68 ms.
    EXPECT_EQ(kinds({1.0, 1.3, 1.6}, "event"), (Kinds{event, event, event}));
    EXPECT_EQ(kinds({1.0, 1.3, 1.6, 1.79}, "burst"), (Kinds{}));
    EXPECT_EQ(kinds({1.0, 1.3, 1.6, 1.81}, "burst"), (Kinds{burst}));
    EXPECT_EQ(kinds({1.0, 1.3, 1.6, 35.67}, "event"), (Kinds{event, event, event}));
    EXPECT_EQ(kinds({1.0, 1.3, 1.6, 35.69}, "event"), (Kinds{event, event, event, event}));
}

TEST(Build, ASineIsStepsOfItsMeans) {
    NetworkDescription d;
    d.duration = 100.0;
    d.populations = {population("cell", "adaptive_lif", 1)};
    d.sines = {{.name = "sine",
                .target = "cell",
                .port = "current",
                .amplitude = 10.0,
                .period = 40.0,
                .phase = 0.3,
                .step = 2.0,
                .from = 15.0,
                .until = 58.0}};
    Network network = build(d);
    const std::size_t current = network.variable("cell", "I_stim");
    const auto at = [&](double t) {
        network.simulation->cut(Time{} + ticks(t));
        network.simulation->run_until(Time{} + ticks(t));
        return network.simulation->population(0).sample(0, current, network.simulation->now());
    };
    EXPECT_EQ(at(14.9), 0.0);
    for (const double t : {16.0, 30.0, 48.0}) {
        // The mean of the sine over the 2 ms around t falls short of its value at t by the sinc of half a
        // step.
        const double half = 6.283185307179586 / 40.0;
        EXPECT_NEAR(at(t), 10.0 * std::sin(half * t + 0.3) * std::sin(half) / half, 1e-12) << t;
    }
    EXPECT_EQ(at(58.1), 0.0);
}

TEST(Build, ChangesTheGainOfAProjectionAtGivenTimes) {
    NetworkDescription d;
    d.duration = 100.0;
    d.populations = {population("source", "spike_train", 1), population("cell", "lif", 1)};
    d.populations[0].spike_times = {{5.0, 10.0, 29.0, 30.0}};
    d.populations[1].parameters = {{"tau_m", 1e9}};
    d.projections = {projection("source", "cell", "membrane")};
    d.projections[0].weight.a = 1.0;
    d.projections[0].delay = 2.0;
    d.projections[0].gain_steps = {{10.0, 30.0}, {3.0, -0.5}};
    Network network = build(d);
    const std::size_t V_m = network.variable("cell", "V_m");
    const auto membrane = [&] {
        return network.simulation->population(1).sample(0, V_m, network.simulation->now());
    };
    const double rest = membrane();
    network.simulation->run_until(Time{} + ticks(40.0));
    EXPECT_NEAR(membrane() - rest, 1.0 + 3.0 + 3.0 - 0.5, 1e-6);
}

TEST(Build, ReleaseTermsAddUp) {
    Release release = make_release(
        {{"event", 2.0, {}}, {"burst", -3.0, {}}, {"tm", 10.0, {{"U", 0.5}, {"tau_rec", 1e9}}}}, 1, "test");
    EXPECT_NEAR(release({.time = Time{}, .population = 0, .neuron = 0, .kind = SpikeKind::event}).amount,
                2.0 + 5.0, 1e-12);
    EXPECT_NEAR(
        release({.time = Time{} + ticks(5.0), .population = 0, .neuron = 0, .kind = SpikeKind::burst}).amount,
        -3.0 + 2.5, 1e-6);
    EXPECT_NEAR(
        release({.time = Time{} + ticks(9.0), .population = 0, .neuron = 0, .kind = SpikeKind::further})
            .amount,
        1.25, 1e-6);
    release.reset(Time{} + ticks(9.0));
    EXPECT_NEAR(
        release({.time = Time{} + ticks(10.0), .population = 0, .neuron = 0, .kind = SpikeKind::event})
            .amount,
        7.0, 1e-12);
}

}  // namespace
}  // namespace apical
