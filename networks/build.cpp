#include "networks/build.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/rounding.hpp"
#include "networks/connect.hpp"
#include "networks/models.hpp"
#include "networks/populations.hpp"
#include "networks/problems.hpp"
#include "networks/rules.hpp"
#include "simulator/synaptic_release.hpp"

namespace apical {
namespace {

TsodyksMarkram short_term_plasticity(const ReleaseTerm& term, const std::string& owner) {
    const auto& names = TsodyksMarkram::variants;
    const auto* const found = std::find(names.begin(), names.end(), term.variant);
    if (found == names.end())
        throw ConfigError(fmt::format("{}: there is no short-term plasticity '{}'", owner, term.variant));
    TsodyksMarkram synapse;
    synapse.variant = static_cast<TsodyksMarkram::Variant>(found - names.begin());
    return with_parameters(synapse, term.parameters, owner);
}

Release::Term release_term(const ReleaseTerm& term, const std::string& owner) {
    if (term.variant == "all") return {term.gain, Gate{}};
    if (term.variant == "event")
        return {term.gain, with_parameters(Gate{Gate::Passes::event}, term.parameters, owner)};
    if (term.variant == "burst")
        return {term.gain, with_parameters(Gate{Gate::Passes::burst}, term.parameters, owner)};
    return {term.gain, short_term_plasticity(term, owner)};
}

/// Whether short-term plasticity has a state in each synapse.
bool has_state_in_each_synapse(const ProjectionDescription& p) {
    return !p.release.empty() && p.release.front().state == ReleaseTerm::State::synapse;
}

/// Whether to store and teach the projection as a whole matrix: all to all, with weights of their own,
/// and large enough for the rows to pay. A question about the network, not about its shards: the two
/// kinds of learning agree to rounding.
bool is_dense(const ProjectionDescription& p, Index targets) {
    constexpr Index large = 64;
    const bool pays = targets >= large || (p.plasticity && p.plasticity->deferred);
    if (!std::holds_alternative<AllToAll>(p.connect.kind) || !pays ||
        (p.source == p.target && !p.connect.autapses)) {
        return false;
    }
    if (p.plasticity) return learns_dense(p);
    return p.tie || p.weight.kind != Distribution::Kind::constant;
}

class Builder {
public:
    /// With `refusals`, what is refused is noted there, and the construction goes on with what does not need
    /// it.
    Builder(const NetworkDescription& description, const BuildOptions& options,
            std::vector<Problem>* refusals = nullptr)
        : d_(description), options_(options), refusals_(refusals) {
        network_.simulation = std::make_unique<Simulation>(options.threads);
    }

    Network build() {
        for (const PopulationDescription& p : d_.populations) at({"population." + p.name}, [&] { add(p); });
        if (refused()) return {};  // they are what all else is between
        for (const ProjectionDescription& p : d_.projections) at({"projection." + p.name}, [&] { add(p); });
        if (refused()) return {};
        for (const ProjectionDescription& p : d_.projections) {
            if (p.tie) at({"projection." + p.name + ".tie"}, [&] { tie(p); });
        }
        for (const StepsDescription& s : d_.steps) at({"steps." + s.name}, [&] { add(s); });
        for (const SineDescription& s : d_.sines) at({"sine." + s.name}, [&] { add(s); });
        for (const SignalDescription& s : d_.signals) at({"signal." + s.name}, [&] { add(s); });
        for (const DriveDescription& drive : d_.drives) at({"drive." + drive.name}, [&] { check(drive); });
        for (const ProjectionDescription& p : d_.projections) {
            at({"projection." + p.name + ".plasticity.back_delay"}, [&] { check_back_delay(p); });
            at({"projection." + p.name + ".plasticity.rule"}, [&] { check_follower(p); });
        }
        if (refusals_ == nullptr)  // whoever looks before the first window finds them
            simulation().act_now(action::CopyTiedWeights{});
        return std::move(network_);
    }

private:
    Simulation& simulation() { return *network_.simulation; }

    bool refused() const { return refusals_ != nullptr && !refusals_->empty(); }

    /// A step of the construction, and where the configuration says what it makes.
    template <class Step>
    void at(std::vector<std::string> places, Step step) {
        if (refusals_ == nullptr) return step();
        places_ = std::move(places);
        try {
            step();
        } catch (const ModelError& error) {
            refusals_->push_back({Severity::error, places_, "E0401", error.what()});
        } catch (const Error& error) {
            refusals_->push_back({Severity::error, places_, "E0209", error.what()});
        }
    }

    void add(const PopulationDescription& p) {
        const std::string place = "population." + p.name;
        places_ = {place + ".parameters", place + ".model"};
        const Index index = simulation().next_population();
        const Classification kinds(p.classifier.value_or(Classifier::every), ticks(p.b_th), p.size);
        if (p.model == "spike_train") {
            simulation().add(
                std::make_unique<SpikeTrainPopulation>(p.name, index, p.spike_times, p.spike_kinds, kinds));
        }
        for_each_source_model([&]<class Source>(std::string_view name, const Source& defaults) {
            if (name != p.model) return;
            const Source source = with_parameters(defaults, p.parameters, "population " + p.name);
            if constexpr (SpikeSource<Source>) {
                simulation().add(std::make_unique<SourcePopulationOf<Source>>(p.name, index, p.size, d_.seed,
                                                                              source, kinds));
            } else {
                simulation().add(std::make_unique<LatencyPopulation>(p.name, index, p.size, source, kinds));
            }
        });
        if (auto neurons = make_population(p, d_, index, options_)) simulation().add(std::move(neurons));
        if (simulation().next_population() == index)
            throw ConfigError(fmt::format("population {}: there is no model '{}'", p.name, p.model));
        if (!network_.populations.emplace(p.name, index).second) {
            throw ConfigError(fmt::format("population {}: there are two of this name", p.name));
        }
    }

    const PopulationDescription& population(const std::string& name, const std::string& asked_by) const {
        const auto found = std::find_if(d_.populations.begin(), d_.populations.end(),
                                        [&](const auto& p) { return p.name == name; });
        if (found == d_.populations.end())
            throw ConfigError(fmt::format("{}: there is no population '{}'", asked_by, name));
        return *found;
    }

    /// The index of a port of a population of neurons.
    std::size_t port_of(const PopulationDescription& p, const std::string& name) const {
        std::optional<std::size_t> index;
        for_each_neuron_model([&]<class Model>(std::string_view model, const Model&) {
            if (model == p.model) index = port_index<Model>(p.name, name);
        });
        if (!index) throw ConfigError(fmt::format("population {}: {} takes no input", p.name, p.model));
        return *index;
    }

    void add(const ProjectionDescription& p) {
        const std::string owner = "projection " + p.name;
        const PopulationDescription& source = population(p.source, owner);
        const PopulationDescription& target = population(p.target, owner);
        const std::string place = "projection." + p.name;
        places_ = {place + ".port", place + ".target"};
        const std::size_t port = port_of(target, p.port);
        places_ = {place + ".short_term", place + ".release"};
        const bool each_synapse = has_state_in_each_synapse(p);
        Release release =
            each_synapse ? Release({}, source.size) : make_release(p.release, source.size, owner);
        places_ = {place + ".connect"};
        Projection projection{.name = p.name,
                              .index = 0,
                              .source = network_.populations.at(p.source),
                              .target = network_.populations.at(p.target),
                              .port = port,
                              .delay = ticks(p.delay),
                              .release = std::move(release),
                              .tables = {},
                              .learning = {},
                              .synaptic_release = {}};
        const Population& neurons = simulation().population(projection.target);
        const bool dense = is_dense(p, neurons.size());
        const bool constant = p.weight.kind == Distribution::Kind::constant;
        const bool uniform = constant && !p.plasticity && !p.tie && !each_synapse;
        for (std::size_t k = 0; k < neurons.shards(); ++k) {
            Wiring wiring =
                connect(p, d_.seed, ends_of(p, source.size, target.size), neurons.first(k), neurons.last(k));
            if (p.plasticity) {
                const WeightBounds bounds = weight_bounds(p);
                for (float& w : wiring.weights)
                    w = static_cast<float>(std::clamp(double{w}, bounds.low, bounds.high));
            }
            if (dense && constant)
                wiring.weights.assign(wiring.sources.size(), static_cast<float>(p.weight.a));
            TableBuilder builder(source.size, std::move(wiring.offsets), std::move(wiring.sources),
                                 std::move(wiring.weights));
            projection.tables.push_back(dense ? builder.build_dense() : builder.build(p.weight.a));
            if (constant && !dense && !uniform) projection.tables.back().separate_weights();
        }
        places_ = {place + ".plasticity"};
        for (std::size_t k = 0; k < neurons.shards(); ++k) {
            Table& table = projection.tables[k];
            if (p.plasticity)
                projection.learning.push_back(make_learning(p, table, neurons.last(k) - neurons.first(k)));
            if (each_synapse) {
                projection.synaptic_release.push_back(std::make_unique<SynapticRelease>(
                    short_term_plasticity(p.release.front(), owner), table));
            }
        }
        places_ = {place};
        const Index index = simulation().add(std::move(projection));
        if (!network_.projections.emplace(p.name, index).second) {
            throw ConfigError(fmt::format("projection {}: there are two of this name", p.name));
        }
        schedule_changes(p, index);
    }

    void schedule_changes(const ProjectionDescription& p, Index index) {
        // A change precedes what comes at its time, which is rounded apart from it.
        const auto schedule = [&](double time, Action action) {
            simulation().schedule(Time{} + std::max(ticks(time) - rounding, Duration::zero()),
                                  std::move(action));
        };
        for (std::size_t i = 0; i < p.gain_steps.times.size(); ++i)
            schedule(p.gain_steps.times[i], action::SetGain{index, p.gain_steps.values[i]});
        if (!p.plasticity) return;
        if (p.plasticity->from > 0.0) {
            schedule(0.0, action::GatePlasticity{false, index});
            schedule(p.plasticity->from, action::GatePlasticity{true, index});
        }
        if (p.plasticity->until) schedule(*p.plasticity->until, action::GatePlasticity{false, index});
    }

    void tie(const ProjectionDescription& p) {
        const auto found = network_.projections.find(p.tie->to);
        if (found == network_.projections.end()) {
            throw ConfigError(
                fmt::format("projection {}: tied to '{}', which does not exist", p.name, p.tie->to));
        }
        simulation().tie(network_.projections.at(p.name), {.to = found->second,
                                                           .scale = p.tie->scale,
                                                           .mean = p.tie->mean,
                                                           .part = p.tie->part,
                                                           .blocks = p.tie->blocks});
    }

    void add(const StepsDescription& s) {
        const PopulationDescription& target = population(s.target, "steps " + s.name);
        std::vector<std::pair<Time, double>> steps;
        for (std::size_t i = 0; i < s.times.size(); ++i)
            steps.emplace_back(Time{} + ticks(s.times[i]), s.values[i]);
        simulation().add_steps(network_.populations.at(s.target), port_of(target, s.port), steps);
    }

    void add(const SineDescription& s) {
        const PopulationDescription& target = population(s.target, "sine " + s.name);
        Sine sine;
        sine.amplitude = s.amplitude;
        sine.period = s.period;
        sine.phase = s.phase;
        sine.step = s.step;
        sine.from = s.from;
        sine.end = s.until.value_or(d_.duration);
        sine.returns = s.until.has_value();
        simulation().add_sine(network_.populations.at(s.target), port_of(target, s.port), sine);
    }

    void add(const SignalDescription& s) {
        const PopulationDescription& followed = population(s.population, "signal " + s.name);
        Signal signal;
        signal.kind = s.kind;
        signal.population = network_.populations.at(s.population);
        signal.size = followed.size;
        signal.tau = s.tau;
        signal.undefined = s.undefined;
        signal.every = s.every;
        std::vector<Simulation::Drive> drives;
        for (const DriveDescription& drive : d_.drives) {
            if (drive.signal != s.name) continue;
            const PopulationDescription& target = population(drive.target, "drive " + drive.name);
            drives.push_back({network_.populations.at(drive.target), port_of(target, drive.port),
                              drive.offset, drive.gain, ticks(drive.delay), Time{} + ticks(drive.from),
                              drive.until ? Time{} + ticks(*drive.until) : Time::max()});
        }
        simulation().add_signal(signal, drives);
    }

    void check(const DriveDescription& drive) const {
        const auto is_its = [&](const SignalDescription& s) { return s.name == drive.signal; };
        if (std::none_of(d_.signals.begin(), d_.signals.end(), is_its))
            throw ConfigError(fmt::format("drive {}: there is no signal '{}'", drive.name, drive.signal));
    }

    static bool learns_at_once(const ProjectionDescription& p) {
        return p.plasticity && ticks(p.plasticity->back_delay.value_or(p.delay)) == Duration::zero();
    }

    /// A spike that changes a weight at once needs its neuron to be up to date.
    void check_back_delay(const ProjectionDescription& p) {
        if (learns_at_once(p) && !simulation().population(network_.populations.at(p.target)).in_order()) {
            throw ConfigError(fmt::format(
                "projection {}: back_delay = 0 needs a target model that is visited at each arrival",
                p.name));
        }
    }

    void check_follower(const ProjectionDescription& p) {
        const std::string_view followed = p.plasticity ? followed_by(p) : "";
        if (followed.empty()) return;
        const Population& target = simulation().population(network_.populations.at(p.target));
        const auto known = target.variables();
        if (!target.shows() || std::find(known.begin(), known.end(), followed) == known.end()) {
            throw ConfigError(fmt::format("projection {}: '{}' follows {} of its target, which has none",
                                          p.name, p.plasticity->rule, followed));
        }
        if (learns_at_once(p))
            throw ConfigError(
                fmt::format("projection {}: '{}' needs a back_delay above 0", p.name, p.plasticity->rule));
    }

    const NetworkDescription& d_;
    BuildOptions options_;
    std::vector<Problem>* refusals_;   ///< nothing: what is refused is thrown
    std::vector<std::string> places_;  ///< of what is being made
    Network network_;
};

/// The same network with few neurons and synapses, which the same code builds: as many of each as tell it
/// which loops and tables a large one takes.
NetworkDescription in_small(const NetworkDescription& description) {
    constexpr Index most = 64;
    NetworkDescription d = description;
    for (PopulationDescription& p : d.populations) {
        p.size = std::min(p.size, most);
        if (p.spike_times.size() > most) p.spike_times.resize(most);
    }
    for (ProjectionDescription& p : d.projections) {
        // Which pairs are connected matters to no part but a matrix.
        if (!std::holds_alternative<AllToAll>(p.connect.kind)) p.connect = {FixedIndegree{.k = 1}, true};
        if (p.tie) p.tie->blocks = 1;
    }
    for (SineDescription& s : d.sines) s.until = s.from + s.step;
    return d;
}

}  // namespace

Release make_release(const std::vector<ReleaseTerm>& terms, Index sources, const std::string& owner) {
    std::vector<Release::Term> made;
    for (const ReleaseTerm& term : terms) made.push_back(release_term(term, owner));
    return {std::move(made), sources};
}

std::size_t Network::variable(const std::string& population, const std::string& name) const {
    const auto found = populations.find(population);
    if (found == populations.end()) throw ConfigError("there is no population '" + population + "'");
    const auto variables = simulation->population(found->second).variables();
    const auto variable = std::find(variables.begin(), variables.end(), name);
    if (variable == variables.end()) throw ConfigError(population + ": there is no variable '" + name + "'");
    return static_cast<std::size_t>(variable - variables.begin());
}

std::vector<Problem> refusals(const NetworkDescription& description) {
    const NetworkDescription small = in_small(description);
    std::vector<Problem> found;
    Builder(small, {}, &found).build();
    return found;
}

Network build(const NetworkDescription& description, const BuildOptions& options) {
    expect_right(description);
    return Builder(description, options).build();
}

}  // namespace apical
