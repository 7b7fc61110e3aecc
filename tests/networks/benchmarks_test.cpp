#include "networks/benchmarks.hpp"

#include <map>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "networks/build.hpp"
#include "networks/connect.hpp"

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

TEST(Benchmarks, CanBeBuiltAndRunWithoutSynapses) {
    for (const std::string_view name : benchmark_names()) {
        Benchmark b = benchmark(name, 1);
        b.network.projections.clear();
        const Network network = build(b.network);
        network.simulation->run_until(Time{} + ticks(1.0));
        for (const auto& group : {b.excitatory, b.inhibitory}) {
            for (const std::string& population : group) EXPECT_EQ(network.populations.count(population), 1U);
        }
    }
}

TEST(Benchmarks, TheSeedIsThatOfTheNetwork) {
    EXPECT_EQ(benchmark("b2", 7).network.seed, 7U);
    EXPECT_THROW(benchmark("b9", 1), ConfigError);
}

}  // namespace
}  // namespace apical
