#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "networks/build.hpp"
#include "recorders/recorder.hpp"

namespace apical::test {

/// Small networks in a few words, and what came of them.

inline Time at(double t) { return Time{} + ticks(t); }

inline constexpr double tick = ms_per_tick;  ///< [ms]

inline PopulationDescription neurons(const std::string& name, const std::string& model, Index size = 1,
                                     const Parameters& parameters = {}) {
    PopulationDescription p;
    p.name = name;
    p.model = model;
    p.size = size;
    p.parameters = parameters;
    return p;
}

inline PopulationDescription trains(const std::string& name, const std::vector<std::vector<double>>& times) {
    PopulationDescription p = neurons(name, "spike_train", static_cast<Index>(times.size()));
    p.spike_times = times;
    return p;
}

inline ConnectionRule all_to_all() { return {AllToAll{}, true}; }
inline ConnectionRule one_to_one() { return {OneToOne{}, true}; }
inline ConnectionRule indegree(Index k) { return {FixedIndegree{.k = k}}; }

inline Distribution uniform_between(double a, double b) { return {Distribution::Kind::uniform, a, b}; }

inline ProjectionDescription projection(const std::string& source, const std::string& target,
                                        const std::string& port, double weight, double delay,
                                        const ConnectionRule& connect = all_to_all()) {
    ProjectionDescription p;
    p.name = source + "_to_" + target;
    p.source = source;
    p.target = target;
    p.port = port;
    p.connect = connect;
    p.weight.a = weight;
    p.delay = delay;
    return p;
}

/// Keeps every spike.
class SpikeList final : public Recorder {
public:
    void observe(const Window& window, std::span<const Spike> spikes) override {
        EXPECT_EQ(window.begin, end_) << "windows follow one another";
        end_ = window.end;
        for (const Spike& spike : spikes) {
            EXPECT_GE(spike.time, window.begin);
            EXPECT_LT(spike.time, window.end);
            EXPECT_TRUE(list.empty() || !before(spike, list.back())) << "not in the total order";
            list.push_back(spike);
        }
    }
    void finish(Time) override {}

    std::vector<Spike> list;

private:
    Time end_{};
};

struct Synapse {
    Index projection;
    Index target;
    Index source;
    double weight;
    bool operator==(const Synapse&) const = default;
};

/// All synapses, in an order that does not depend on shards.
inline std::vector<Synapse> synapses(const Network& network) {
    std::vector<Synapse> list;
    for (Index p = 0; p < network.projections.size(); ++p) {
        network.simulation->visit_synapses(p, [&](Index target, Index source, double weight) {
            list.push_back({p, target, source, weight});
        });
    }
    std::stable_sort(list.begin(), list.end(), [](const Synapse& a, const Synapse& b) {
        return std::tie(a.projection, a.target, a.source) < std::tie(b.projection, b.target, b.source);
    });
    return list;
}

inline double weight(const Network& network, const std::string& projection, Index source = 0,
                     Index target = 0) {
    double found = 0.0;
    network.simulation->visit_synapses(network.projections.at(projection), [&](Index t, Index s, double w) {
        if (t == target && s == source) found = w;
    });
    return found;
}

inline double sample(const Network& network, const std::string& population, const std::string& variable,
                     Index neuron = 0) {
    Simulation& s = *network.simulation;
    return s.population(network.populations.at(population))
        .sample(neuron, network.variable(population, variable), s.now());
}

/// Which inner loop a population runs in.
template <class Loop>
bool runs_in(const Network& network, const std::string& population) {
    return dynamic_cast<Loop*>(&network.simulation->population(network.populations.at(population))) !=
           nullptr;
}

using Prepare = std::function<void(Network&)>;

struct Outcome {
    std::vector<Spike> spikes;
    std::vector<Synapse> synapses;

    /// Spike times [ms] of one neuron.
    std::vector<double> train(Index population, Index neuron = 0) const {
        std::vector<double> times;
        for (const Spike& s : spikes) {
            if (s.population == population && s.neuron == neuron) times.push_back(ms(s.time));
        }
        return times;
    }
    std::vector<SpikeKind> kinds(Index population, Index neuron = 0) const {
        std::vector<SpikeKind> list;
        for (const Spike& s : spikes) {
            if (s.population == population && s.neuron == neuron) list.push_back(s.kind);
        }
        return list;
    }
};

inline Outcome run(const NetworkDescription& description, double duration, const BuildOptions& options = {},
                   const Prepare& prepare = {}) {
    Network network = build(description, options);
    SpikeList recorder;
    network.simulation->add(recorder);
    if (prepare) prepare(network);
    network.simulation->run_until(at(duration));
    EXPECT_EQ(recorder.list.size(), network.simulation->spikes());
    return {std::move(recorder.list), synapses(network)};
}

inline bool same(const Spike& a, const Spike& b) {
    const bool marks = a.mark == b.mark || (a.mark != a.mark && b.mark != b.mark);
    return a.time == b.time && a.population == b.population && a.neuron == b.neuron && a.kind == b.kind &&
           marks;
}

/// Bit for bit.
inline testing::AssertionResult same_outcome(const Outcome& a, const Outcome& b) {
    const auto describe = [](const Spike& s) {
        return std::to_string(s.population) + "[" + std::to_string(s.neuron) + "] at " +
               std::to_string(ms(s.time));
    };
    for (std::size_t i = 0; i < std::min(a.spikes.size(), b.spikes.size()); ++i) {
        if (!same(a.spikes[i], b.spikes[i])) {
            return testing::AssertionFailure() << "spike " << i << ": " << describe(a.spikes[i]) << " and "
                                               << describe(b.spikes[i]) << " ms";
        }
    }
    if (a.spikes.size() != b.spikes.size()) {
        return testing::AssertionFailure() << a.spikes.size() << " and " << b.spikes.size() << " spikes";
    }
    if (a.synapses.size() != b.synapses.size()) return testing::AssertionFailure() << "other synapses";
    for (std::size_t i = 0; i < a.synapses.size(); ++i) {
        if (!(a.synapses[i] == b.synapses[i])) {
            return testing::AssertionFailure()
                   << "weight of projection " << a.synapses[i].projection << " from " << a.synapses[i].source
                   << " to " << a.synapses[i].target << ": " << a.synapses[i].weight << " and "
                   << b.synapses[i].weight;
        }
    }
    return testing::AssertionSuccess();
}

/// The same neurons spike equally often, at times that differ by at most `tolerance` [ms].
inline testing::AssertionResult close_trains(const std::vector<Spike>& a, const std::vector<Spike>& b,
                                             double tolerance) {
    const auto by_neuron = [](std::vector<Spike> spikes) {
        std::stable_sort(spikes.begin(), spikes.end(), [](const Spike& x, const Spike& y) {
            return std::tie(x.population, x.neuron) < std::tie(y.population, y.neuron);
        });
        return spikes;
    };
    const auto x = by_neuron(a);
    const auto y = by_neuron(b);
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
        const bool matches = x[i].population == y[i].population && x[i].neuron == y[i].neuron &&
                             x[i].kind == y[i].kind && std::abs(ms(x[i].time - y[i].time)) <= tolerance;
        if (!matches) {
            return testing::AssertionFailure()
                   << x[i].population << "[" << x[i].neuron << "] at " << ms(x[i].time) << " and "
                   << y[i].population << "[" << y[i].neuron << "] at " << ms(y[i].time)
                   << " ms: " << ms(x[i].time - y[i].time) << " ms apart";
        }
    }
    if (x.size() != y.size())
        return testing::AssertionFailure() << x.size() << " and " << y.size() << " spikes";
    return testing::AssertionSuccess();
}

}  // namespace apical::test
