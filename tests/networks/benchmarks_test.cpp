#include "networks/benchmarks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "networks/build.hpp"
#include "networks/connect.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

/// Expected synapses, by plasticity.
std::pair<double, double> synapses(const NetworkDescription& network) {
    std::map<std::string, Index> sizes;
    for (const auto& p : network.populations) sizes[p.name] = p.size;
    double all = 0.0;
    double plastic = 0.0;
    for (const auto& p : network.projections) {
        const double count = expected_synapses(p, sizes.at(p.source), sizes.at(p.target));
        all += count;
        if (p.plasticity) plastic += count;
    }
    return {all, plastic};
}

TEST(Benchmarks, HaveTheSizeOfTheirDefinition) {
    const std::map<std::string, std::pair<double, double>> expected{
        {"b1-ai", {15'625'000, 0}},  {"b1-mid", {15'625'000, 0}},      {"b1-low", {15'625'000, 0}},
        {"b2", {319'920, 0}},        {"b2-eq", {319'920, 0}},          {"b3", {1'600'000, 0}},
        {"b4", {12'656'250, 8.1e6}}, {"b4-static", {12'656'250, 0}},   {"m1-static", {10'000'000, 0}},
        {"m1-tm", {10'000'000, 0}},  {"m1-stdp", {10'000'000, 1.0e7}}, {"b3-synapse", {1'600'000, 0}},
        {"b5", {40'000, 40'000}},    {"b5-static", {40'000, 0}},
    };
    ASSERT_EQ(benchmark_names().size(), expected.size());
    for (const std::string_view name : benchmark_names()) {
        const auto [all, plastic] = synapses(benchmark(name, 1).network);
        EXPECT_NEAR(all, expected.at(std::string(name)).first, 1e-6 * all) << name;
        EXPECT_NEAR(plastic, expected.at(std::string(name)).second, 1e-6 * all) << name;
    }
}

/// What the neurons of a benchmark do alone, which has a closed form: from V_reset to V_th towards the level
/// of their drive, t_ref + tau_m ln((level - V_reset)/(level - V_th)), the first time from a uniform V_m.
TEST(Benchmarks, FireWithoutSynapsesAsTheirEquationSays) {
    const double inf = std::numeric_limits<double>::infinity();
    const std::map<std::string, double> rates{
        // Level -49 mV, or -45, or -60 + 10.2.
        {"b2", 1000.0 / (5.0 + 20.0 * std::log(11.0 / 1.0))},
        {"b2-eq", 1000.0 / (5.0 + 20.0 * std::log(11.0 / 1.0))},
        {"b3", 1000.0 / (5.0 + 20.0 * std::log(15.0 / 5.0))},
        {"b3-synapse", 1000.0 / (5.0 + 20.0 * std::log(15.0 / 5.0))},
        {"m1-static", 11.96},
        {"m1-tm", 11.96},
        {"m1-stdp", 11.96},
    };
    for (const std::string_view name : benchmark_names()) {
        Benchmark b = benchmark(name, 1);
        b.network.projections.clear();
        // A few tell as much as all.
        for (PopulationDescription& p : b.network.populations) p.size = std::min<Index>(p.size, 200);
        const Network network = build(b.network);
        EXPECT_EQ(network.simulation->synapses(), 0U);
        std::set<std::string> groups;
        for (const auto& group : {b.excitatory, b.inhibitory}) {
            for (const std::string& population : group) {
                EXPECT_EQ(network.populations.count(population), 1U) << name;
                EXPECT_TRUE(groups.insert(population).second) << population << " is in both groups";
            }
        }
        const auto known = rates.find(std::string(name));
        if (known == rates.end()) continue;
        test::SpikeList spikes;
        network.simulation->add(spikes);
        const double period = 1000.0 / known->second;
        network.simulation->run_until(Time{} + ticks(6.0 * period));
        for (const std::string& population : groups) {
            std::map<Index, std::pair<double, double>> last_two;
            for (const Spike& s : spikes.list) {
                if (s.population != network.populations.at(population)) continue;
                auto& [before, last] = last_two.try_emplace(s.neuron, -inf, -inf).first->second;
                before = std::exchange(last, ms(s.time));
            }
            EXPECT_EQ(last_two.size(), 200U) << name << ": all fire";
            for (const auto& [neuron, times] : last_two)
                ASSERT_NEAR(times.second - times.first, period, 1e-3 * period) << name << ' ' << population;
        }
    }
}

TEST(Benchmarks, TheSeedIsThatOfTheNetwork) {
    EXPECT_EQ(benchmark("b2", 7).network.seed, 7U);
    EXPECT_THROW(benchmark("b9", 1), ConfigError);
}

}  // namespace
}  // namespace apical
