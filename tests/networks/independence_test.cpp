// Whether what belongs to one purpose and name tells anything of what belongs to another: correlations over a
// thousand neurons between populations of one seed. Bounds are 5 standard errors: one correlation in two
// million is beyond them by chance, and seeds are fixed.

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "networks/build.hpp"
#include "networks/connect.hpp"

namespace apical {
namespace {

constexpr Index n = 1000;
constexpr std::uint64_t seed = 1;
const std::vector<std::string> names{"a",     "b",       "c",   "aa",  "ab",    "ba",
                                     "input", "input_2", "exc", "inh", "source"};

using Columns = std::map<std::string, std::vector<double>>;

void expect_independent(const Columns& columns) {
    const auto moments = [](const std::vector<double>& x) {
        double mean = 0.0;
        for (const double v : x) mean += v / n;
        double variance = 0.0;
        for (const double v : x) variance += (v - mean) * (v - mean) / n;
        return std::pair(mean, std::sqrt(variance));
    };
    for (auto one = columns.begin(); one != columns.end(); ++one) {
        const auto [mean_1, sd_1] = moments(one->second);
        EXPECT_GT(sd_1, 0.0) << one->first;
        for (auto other = std::next(one); other != columns.end(); ++other) {
            const auto [mean_2, sd_2] = moments(other->second);
            double r = 0.0;
            for (Index i = 0; i < n; ++i)
                r += (one->second[i] - mean_1) * (other->second[i] - mean_2) / (n * sd_1 * sd_2);
            EXPECT_LT(std::abs(r), 5.0 / std::sqrt(n)) << one->first << " and " << other->first;
        }
    }
}

/// The first spike time of each neuron of each population.
class FirstSpikes final : public Recorder {
public:
    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& s : spikes) {
            auto& times = first[s.population];
            times.resize(n, 0.0);
            if (times[s.neuron] == 0.0) times[s.neuron] = ms(s.time);
        }
    }
    void finish(Time) override {}

    std::map<Index, std::vector<double>> first;
};

Columns first_spikes(const NetworkDescription& d) {
    Network network = build(d);
    FirstSpikes recorder;
    network.simulation->add(recorder);
    network.simulation->run_until(Time{} + ticks(d.duration));
    Columns columns;
    for (const auto& [name, index] : network.populations) columns[name] = recorder.first.at(index);
    return columns;
}

PopulationDescription population(const std::string& name, const std::string& model,
                                 const Parameters& parameters = {}) {
    PopulationDescription p;
    p.name = name;
    p.model = model;
    p.size = n;
    p.parameters = parameters;
    return p;
}

TEST(Independence, SourcesOfOneSeedWhateverTheirNamesAndRates) {
    NetworkDescription d;
    d.seed = seed;
    d.duration = 2000.0;
    double rate = 20.0;
    for (const std::string& name : names)
        d.populations.push_back(population(name, "poisson", {{"rate", rate *= 1.1}}));
    d.populations.push_back(population("clock", "regular", {{"rate", 5.0}}));
    expect_independent(first_spikes(d));
}

/// Each neuron integrates its noise: when it first fires tells how much came.
TEST(Independence, NoiseOfPopulationsAndOfTrains) {
    NetworkDescription d;
    d.seed = seed;
    d.duration = 400.0;
    double rate = 500.0;
    for (const std::string& name : names) {
        d.populations.push_back(population(name, "lif", {{"tau_m", 1e6}}));
        d.populations.back().background = {{"membrane", rate *= 1.1, 1.0}};
    }
    expect_independent(first_spikes(d));
}

TEST(Independence, StatesAtTheStart) {
    NetworkDescription d;
    d.seed = seed;
    for (const std::string& name : names) {
        d.populations.push_back(population(name, "adaptive_lif"));
        d.populations.back().initial = {{"V_m", {Distribution::Kind::uniform, -70.0, -60.0}},
                                        {"w", {Distribution::Kind::lognormal, 3.0, 0.5}}};
    }
    const Network network = build(d);
    Columns columns;
    for (const std::string& name : names) {
        for (const std::string variable : {"V_m", "w"}) {
            auto& column = columns[name + "." + variable];
            for (Index i = 0; i < n; ++i) {
                column.push_back(network.simulation->population(network.populations.at(name))
                                     .sample(i, network.variable(name, variable), Time{}));
            }
        }
    }
    expect_independent(columns);
}

/// One source and one weight for each of a thousand targets.
TEST(Independence, ConnectionsAndWeights) {
    Columns columns;
    for (const std::string& name : names) {
        ProjectionDescription p;
        p.name = name;
        p.connect = {FixedIndegree{.k = 1}};
        p.weight = {Distribution::Kind::normal, 0.0, 1.0};
        const Wiring wiring = connect(p, seed, {1'000'000, n}, 0, n);
        columns[name + ".sources"].assign(wiring.sources.begin(), wiring.sources.end());
        columns[name + ".weights"].assign(wiring.weights.begin(), wiring.weights.end());
    }
    expect_independent(columns);
}

/// Two runs of one seed are no two samples: a population draws what it drew, at any rate.
TEST(Independence, OneNameInTwoNetworksDrawsTheSame) {
    const auto first = [](double rate) {
        NetworkDescription d;
        d.seed = seed;
        d.duration = 5000.0;
        d.populations = {population("input", "poisson", {{"rate", rate}})};
        return first_spikes(d).at("input");
    };
    const auto slow = first(10.0);
    const auto fast = first(20.0);
    for (Index i = 0; i < n; ++i) EXPECT_NEAR(fast[i], slow[i] / 2.0, 2 * ms_per_tick);
}

}  // namespace
}  // namespace apical
