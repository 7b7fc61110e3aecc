#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "networks/build.hpp"
#include "recorders/recorder.hpp"
#include "training/run.hpp"

namespace apical::test {

using Weights = std::map<std::string, std::vector<float>>;  ///< by projection

/// What a task does to its network, seen from outside: by nothing but spikes, weights and states. Weights are
/// those of all projections that learn or copy; they are looked at when each window has ended.
class Observer final : public Recorder {
public:
    struct Moment {
        double begin;  ///< [ms] of the window
        double end;
        Weights weights;
        std::map<std::string, std::vector<double>> states;  ///< "population.variable", of each neuron
    };

    /// States "population.variable" to look at.
    explicit Observer(std::vector<std::string> states = {}) : followed_(std::move(states)) {}

    void watch(Network& network) {
        network_ = &network;
        populations_ = network.populations;
        for (const auto& [name, index] : network.projections) {
            if (network.simulation->projection(index).plastic) learning_.insert(name);
        }
        network.simulation->add(*this);
    }

    void observe(const Window& window, std::span<const Spike> spikes) override {
        spikes_.insert(spikes_.end(), spikes.begin(), spikes.end());
        Moment moment{ms(window.begin), ms(window.end), weights(), {}};
        for (const std::string& name : followed_) {
            const std::string population = name.substr(0, name.find('.'));
            const std::size_t variable = network_->variable(population, name.substr(population.size() + 1));
            const Population& cells = network_->simulation->population(network_->populations.at(population));
            for (Index i = 0; i < cells.size(); ++i)
                moment.states[name].push_back(cells.sample(i, variable, window.end));
        }
        moments_.push_back(std::move(moment));
        if (look) look(moments_.back());
    }
    void finish(Time) override {}

    /// Called when a window has ended, if there is something more to look at.
    std::function<void(const Moment&)> look;

    /// While it runs.
    const Network& network() const { return *network_; }
    /// The projections that learn.
    const std::set<std::string>& learning() const { return learning_; }
    const std::vector<Spike>& spikes() const { return spikes_; }

    /// The windows that end within (from, to].
    std::vector<const Moment*> between(double from, double to) const {
        std::vector<const Moment*> list;
        for (auto m = after(from + small); m != moments_.end() && m->end < to + small; ++m)
            list.push_back(&*m);
        return list;
    }
    /// What was seen when the window ended that ends at `time`.
    const Moment& at(double time) const {
        const auto found = after(time - small);
        return found == moments_.end() ? moments_.back() : *found;
    }
    double end() const { return moments_.empty() ? 0.0 : moments_.back().end; }

    /// Spikes of a population from `from` to just before `to`; of one kind if that is given.
    std::vector<Spike> spikes_of(const std::string& population, double from, double to,
                                 std::optional<SpikeKind> kind = {}) const {
        const Index index = populations_.at(population);
        std::vector<Spike> list;
        for (auto s = std::lower_bound(spikes_.begin(), spikes_.end(), Time{} + ticks(from),
                                       [](const Spike&spike, Time time) { return spike.time < time; });
             s != spikes_.end() && s->time < Time{} + ticks(to); ++s) {
            if (s->population == index && s->kind == kind.value_or(s->kind)) list.push_back(*s);
        }
        return list;
    }
    double count(const std::string& population, double from, double to,
                 std::optional<SpikeKind> kind = {}) const {
        return static_cast<double>(spikes_of(population, from, to, kind).size());
    }

private:
    static constexpr double small = 1e-6;  // [ms]

    /// The first window that ends after `time`.
    std::vector<Moment>::const_iterator after(double time) const {
        return std::upper_bound(moments_.begin(), moments_.end(), time,
                                [](double t, const Moment& moment) { return t < moment.end; });
    }

    Weights weights() const {
        Weights all;
        for (const auto& [name, index] : network_->projections) {
            if (!network_->simulation->projection(index).changes) continue;
            std::vector<float>& list = all[name];
            network_->simulation->visit_synapses(
                index, [&](Index, Index, double w) { list.push_back(static_cast<float>(w)); });
        }
        return all;
    }

    std::vector<std::string> followed_;
    Network* network_ = nullptr;
    std::map<std::string, Index> populations_;
    std::set<std::string> learning_;
    std::vector<Moment> moments_;
    std::vector<Spike> spikes_;
};

/// What a run says.
struct Told {
    std::vector<std::map<std::string, Value>> metrics;
    std::map<std::string, Value> summary;
    std::string verdict;

    double metric(std::size_t row, const std::string& name) const { return number(metrics.at(row).at(name)); }
    double fact(const std::string& name) const { return number(summary.at(name)); }
    static double number(const Value& value) {
        if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
        return std::get<double>(value);
    }
    static std::map<std::string, Value> by_name(const Facts& facts) { return {facts.begin(), facts.end()}; }
};

/// A run of a task: run_xor, run_images...; `observers` of its copies, of which there may be one.
template <class Run, class Config>
Told watched(Run run, const Config& config, const std::vector<Observer*>& observers,
             RunContext context = {}) {
    Told told;
    context.built = [&](Network& network, std::size_t copy) { observers.at(copy)->watch(network); };
    context.metrics = [&](const Facts& row) { told.metrics.push_back(Told::by_name(row)); };
    const RunResult result = run(config, context);
    told.summary = Told::by_name(result.summary);
    told.verdict = result.verdict;
    return told;
}

}  // namespace apical::test
