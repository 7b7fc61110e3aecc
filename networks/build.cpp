#include "networks/build.hpp"

#include <algorithm>
#include <cmath>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "networks/connect.hpp"
#include "networks/models.hpp"
#include "simulator/dense_learning.hpp"
#include "simulator/jump_population.hpp"
#include "simulator/linear_population.hpp"
#include "simulator/stepped_population.hpp"
#include "simulator/traced_population.hpp"

namespace apical {
namespace {

/// The engine's choice: the smallest multiple of four with at most 4096 neurons each, one for small
/// populations, whose windows are too short a work to share; from the network, never from the number of
/// threads.
Index shards_of(Index size, Index shard_size) {
    if (shard_size > 0) return (size + shard_size - 1) / shard_size;
    if (size < 1024) return 1;
    constexpr Index most = 4096;
    return 4 * ((size + 4 * most - 1) / (4 * most));
}

template <class Model>
Model with_parameters(Model model, const Parameters& parameters, const std::string& owner) {
    for (const auto& [name, value] : parameters) assign(model, name, value, owner);
    expect_consistent(model, owner);
    return model;
}

double draw(const Distribution& distribution, Stream& stream) {
    switch (distribution.kind) {
        case Distribution::Kind::constant:
            return distribution.a;
        case Distribution::Kind::uniform:
            return boost::random::uniform_real_distribution<>(distribution.a, distribution.b)(stream);
        case Distribution::Kind::normal:
            return boost::random::normal_distribution<>(distribution.a, distribution.b)(stream);
        case Distribution::Kind::lognormal: {
            const double variance = std::log1p(distribution.b * distribution.b);
            const double mean = std::log(distribution.a) - 0.5 * variance;
            return std::exp(boost::random::normal_distribution<>(mean, std::sqrt(variance))(stream));
        }
    }
    return distribution.a;
}

Release::Term release_term(const ReleaseTerm& term, const std::string& owner) {
    if (term.variant == "all") return {term.gain, Gate{}};
    if (term.variant == "event")
        return {term.gain, with_parameters(Gate{Gate::Passes::event}, term.parameters, owner)};
    if (term.variant == "burst")
        return {term.gain, with_parameters(Gate{Gate::Passes::burst}, term.parameters, owner)};
    const auto& names = TsodyksMarkram::variants;
    const auto found = std::find(names.begin(), names.end(), term.variant);
    if (found == names.end())
        throw ConfigError(fmt::format("{}: there is no short-term plasticity '{}'", owner, term.variant));
    TsodyksMarkram synapse;
    synapse.variant = static_cast<TsodyksMarkram::Variant>(found - names.begin());
    return {term.gain, with_parameters(synapse, term.parameters, owner)};
}

/// The sine as steps, each with its mean over the step.
StepsDescription as_steps(const SineDescription& s, double duration) {
    constexpr double turn = 6.283185307179586;
    StepsDescription steps{s.name, s.target, s.port, {}, {}};
    const double end = s.until.value_or(duration);
    const auto angle = [&](double time) { return turn * time / s.period + s.phase; };
    for (std::uint64_t k = 0;; ++k) {
        const double begin = s.from + static_cast<double>(k) * s.step;
        if (begin >= end) break;
        const double next = std::min(begin + s.step, end);
        steps.times.push_back(begin);
        steps.values.push_back(s.amplitude * (std::cos(angle(begin)) - std::cos(angle(next))) /
                               (turn * (next - begin) / s.period));
    }
    if (s.until) {
        steps.times.push_back(end);
        steps.values.push_back(0.0);
    }
    return steps;
}

class Builder {
public:
    Builder(const NetworkDescription& description, const BuildOptions& options)
        : d_(description), options_(options) {
        network_.simulation = std::make_unique<Simulation>(options.threads);
    }

    Network build() {
        for (const PopulationDescription& p : d_.populations) add(p);
        for (const ProjectionDescription& p : d_.projections) add(p);
        for (const ProjectionDescription& p : d_.projections) {
            if (p.tie) tie(p);
        }
        for (const StepsDescription& s : d_.steps) add(s);
        for (const SineDescription& s : d_.sines) add(as_steps(s, d_.duration));
        for (const SignalDescription& s : d_.signals) add(s);
        for (const DriveDescription& drive : d_.drives) {
            const auto is_its = [&](const SignalDescription& s) { return s.name == drive.signal; };
            if (std::none_of(d_.signals.begin(), d_.signals.end(), is_its)) {
                throw ConfigError(fmt::format("drive {}: there is no signal '{}'", drive.name, drive.signal));
            }
        }
        check_back_delays();
        return std::move(network_);
    }

private:
    Simulation& simulation() { return *network_.simulation; }

    void add(const PopulationDescription& p) {
        const Index index = simulation().next_population();
        if (p.model == "spike_train") {
            if (p.spike_times.size() != p.size) {
                throw ConfigError(fmt::format("population {}: {} neurons but {} spike trains", p.name, p.size,
                                              p.spike_times.size()));
            }
            simulation().add(std::make_unique<SpikeTrainPopulation>(p.name, index, p.spike_times));
        }
        for_each_source_model([&]<class Source>(std::string_view name, const Source& defaults) {
            if (name != p.model) return;
            simulation().add(std::make_unique<SourcePopulationOf<Source>>(
                p.name, index, p.size, d_.seed,
                with_parameters(defaults, p.parameters, "population " + p.name)));
        });
        for_each_neuron_model([&]<class Model>(std::string_view name, const Model& defaults) {
            if (name == p.model)
                add_neurons(p, with_parameters(defaults, p.parameters, "population " + p.name));
        });
        if (simulation().next_population() == index) {
            throw ConfigError(fmt::format("population {}: there is no model '{}'", p.name, p.model));
        }
        if (!network_.populations.emplace(p.name, index).second) {
            throw ConfigError(fmt::format("population {}: there are two of this name", p.name));
        }
    }

    template <class Model>
    void add_neurons(const PopulationDescription& p, const Model& model) {
        PopulationSetup setup{.name = p.name,
                              .index = simulation().next_population(),
                              .size = p.size,
                              .seed = d_.seed,
                              .classifier = p.classifier.value_or(Model::classifier),
                              .b_th = ticks(p.b_th),
                              .noise = {},
                              .shards = shards_of(p.size, options_.shard_size)};
        for (std::size_t i = 0; i < p.background.size(); ++i) {
            const std::size_t port_index = port<Model>(p.name, p.background[i].port);
            add_noise(p, i, Model::ports[port_index], port_index, setup);
        }
        warn_of_classifier(p, setup, model);

        constexpr std::size_t width = sizeof(typename Model::State) / sizeof(double);
        std::vector<typename Model::State> initial(p.size, model.initial());
        const std::span<double> numbers(reinterpret_cast<double*>(initial.data()), width * p.size);
        for (const auto& [variable, distribution] : p.initial) {
            const auto found = std::find(Model::variables.begin(), Model::variables.end(), variable);
            if (found == Model::variables.end()) {
                throw ConfigError(
                    fmt::format("population {}: {} has no variable '{}'", p.name, p.model, variable));
            }
            const auto column = static_cast<std::size_t>(found - Model::variables.begin());
            for (Index i = 0; i < p.size; ++i) {
                Stream stream(StreamKey(d_.seed, "initial", p.name, i, static_cast<std::uint32_t>(column)));
                numbers[i * width + column] = draw(distribution, stream);
            }
        }
        if constexpr (LinearModel<Model>) {
            // A neuron that starts refractory is held where any other is.
            const LinearDynamics dynamics = model.linear();
            for (auto& state : initial) {
                if (state.refractory > 0.0)
                    state.x[static_cast<std::size_t>(dynamics.membrane)] = dynamics.V_reset;
            }
            simulation().add(linear_population(p, std::move(setup), model, numbers, initial));
        } else if constexpr (TracedModel<Model>) {
            simulation().add(std::make_unique<TracedPopulation<Model>>(std::move(setup), model, initial));
        } else {
            if constexpr (LeapingModel<Model>) {
                if (options_.loop == Loop::automatic && !must_be_visited(p)) {
                    simulation().add(
                        std::make_unique<SteppedPopulation<Model>>(std::move(setup), model, initial));
                    return;
                }
            }
            simulation().add(std::make_unique<PopulationOf<Model>>(std::move(setup), model, initial));
        }
    }

    /// Whether a weight onto this population changes as soon as one of its neurons fires.
    bool must_be_visited(const PopulationDescription& p) const {
        return std::any_of(d_.projections.begin(), d_.projections.end(), [&](const auto& projection) {
            return projection.target == p.name && projection.plasticity &&
                   projection.plasticity->back_delay == 0.0;
        });
    }

    static void add_noise(const PopulationDescription& p, std::size_t index, const Port& port,
                          std::size_t port_index, PopulationSetup& setup) {
        const Background& b = p.background[index];
        const bool grid = b.kind == Background::Kind::bernoulli_grid;
        if (b.kind != Background::Kind::poisson && b.rate * b.step >= 1000.0)
            throw ModelError(p.name + ": rate x step of a background is a probability: it must be below 1");
        if (port.level && !grid) {
            throw ModelError(
                fmt::format("{}: what arrives on port '{}' stays: only noise of kind bernoulli_grid, "
                            "whose pulses end, can go there",
                            p.name, port.name));
        }
        Noise noise{.port = port_index,
                    .rate = b.rate,
                    .weight = b.weight,
                    .stream = static_cast<std::uint32_t>(index),
                    .grid = grid ? b.step : 0.0};
        if (b.kind == Background::Kind::variance_matched)
            noise.weight *= std::sqrt(1.0 - b.rate * b.step / 1000.0);
        setup.noise.push_back(noise);
        if (!port.level) return;
        noise.weight = -noise.weight;
        noise.lag = 1;
        setup.noise.push_back(noise);
    }

    template <class Model>
    std::unique_ptr<Population> linear_population(const PopulationDescription& p, PopulationSetup setup,
                                                  const Model& model, std::span<const double> numbers,
                                                  std::span<const typename Model::State> initial) {
        if (options_.loop == Loop::automatic) {
            std::array<bool, Model::ports.size()> used{};
            for (const Noise& noise : setup.noise) used[noise.port] = true;
            const auto end_here = [&](const std::string& target, const std::string& name) {
                if (target == p.name) used[port<Model>(p.name, name)] = true;
            };
            for (const auto& projection : d_.projections) end_here(projection.target, projection.port);
            for (const auto& drive : d_.drives) end_here(drive.target, drive.port);
            for (const auto& steps : d_.steps) end_here(steps.target, steps.port);
            for (const auto& sine : d_.sines) end_here(sine.target, sine.port);
            const LinearDynamics dynamics = model.linear();
            const std::vector<std::string_view> names(Model::variables.begin(), Model::variables.end());
            const std::vector<double> states(numbers.begin(), numbers.end());
            if (JumpPopulation::supports(dynamics, used, numbers)) {
                return std::make_unique<JumpPopulation>(std::move(setup), dynamics, names, states);
            }
            if (LinearPopulation::supports(dynamics)) {
                return std::make_unique<LinearPopulation>(std::move(setup), dynamics, names, used, states);
            }
        }
        return std::make_unique<PopulationOf<LinearNeuron<Model>>>(std::move(setup),
                                                                   LinearNeuron<Model>(model), initial);
    }

    template <class Model>
    void warn_of_classifier(const PopulationDescription& p, const PopulationSetup& setup,
                            const Model& model) {
        if constexpr (requires { model.burst_spikes; }) {
            const double gap = model.R - (model.burst_spikes - 1.0) * model.burst_interval;
            if (setup.classifier == Classifier::isi && gap <= p.b_th) {
                network_.warnings.push_back(
                    fmt::format("population {}: the next event can follow the last spike of a burst after {} "
                                "ms, within b_th = {} ms: the "
                                "classifier isi would take it for a spike of the same burst",
                                p.name, gap, p.b_th));
            }
        }
    }

    template <class Model>
    static std::size_t port(const std::string& population, const std::string& name) {
        for (std::size_t i = 0; i < Model::ports.size(); ++i) {
            if (Model::ports[i].name == name) return i;
        }
        throw ConfigError(fmt::format("population {}: there is no port '{}'", population, name));
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
            if (model == p.model) index = port<Model>(p.name, name);
        });
        if (!index) throw ConfigError(fmt::format("population {}: {} takes no input", p.name, p.model));
        return *index;
    }

    void add(const ProjectionDescription& p) {
        const std::string owner = "projection " + p.name;
        const PopulationDescription& source = population(p.source, owner);
        const PopulationDescription& target = population(p.target, owner);
        Projection projection{.name = p.name,
                              .index = 0,
                              .source = network_.populations.at(p.source),
                              .target = network_.populations.at(p.target),
                              .port = port_of(target, p.port),
                              .delay = ticks(p.delay),
                              .release = make_release(p.release, source.size, owner),
                              .tables = {},
                              .learning = {}};
        const Population& neurons = simulation().population(projection.target);
        const bool dense = is_dense(p, neurons.size());
        const bool uniform = p.weight.kind == Distribution::Kind::constant && !p.plasticity && !p.tie;
        for (std::size_t k = 0; k < neurons.shards(); ++k) {
            const Index first = neurons.first(k);
            const Index last = neurons.last(k);
            const Wiring wiring = connect(p, d_.seed, source.size, first, last);
            TableBuilder builder(source.size, last - first);
            for (Index t = 0; t < last - first; ++t) {
                const std::size_t begin = wiring.offsets[t];
                const std::size_t count = wiring.offsets[t + 1] - begin;
                builder.add_target(
                    std::span(wiring.sources).subspan(begin, count),
                    uniform ? std::span<const float>{} : std::span(wiring.weights).subspan(begin, count));
            }
            projection.tables.push_back(dense ? builder.build_dense()
                                              : builder.build(p.weight.a, p.plasticity.has_value()));
        }
        if (p.plasticity) add_learning(p, projection, neurons);
        const Index index = simulation().add(std::move(projection));
        if (!network_.projections.emplace(p.name, index).second) {
            throw ConfigError(fmt::format("projection {}: there are two of this name", p.name));
        }
        schedule_changes(p, index);
    }

    void schedule_changes(const ProjectionDescription& p, Index index) {
        const auto schedule = [&](double time, Action action) {
            simulation().schedule(Time{} + ticks(time), std::move(action));
        };
        if (p.gain_steps.times.size() != p.gain_steps.values.size())
            throw ConfigError(fmt::format("projection {}: as many times as values of gain_steps", p.name));
        for (std::size_t i = 0; i < p.gain_steps.times.size(); ++i)
            schedule(p.gain_steps.times[i], action::SetGain{index, p.gain_steps.values[i]});
        if (!p.plasticity) return;
        if (p.plasticity->from > 0.0) {
            schedule(0.0, action::GatePlasticity{false, index});
            schedule(p.plasticity->from, action::GatePlasticity{true, index});
        }
        if (p.plasticity->until) schedule(*p.plasticity->until, action::GatePlasticity{false, index});
    }

    /// Whether to store and teach the projection as a whole matrix: all to all, with weights of their own,
    /// and large enough for the rows to pay. A question about the network, not about its shards: the two
    /// kinds of learning agree to rounding.
    static bool is_dense(const ProjectionDescription& p, Index targets) {
        constexpr Index large = 64;
        if (p.connect.kind != ConnectionRule::Kind::all_to_all || targets < large ||
            (p.source == p.target && !p.connect.autapses)) {
            return false;
        }
        if (!p.plasticity) return p.tie || p.weight.kind != Distribution::Kind::constant;
        bool learns = false;
        const PlasticityDescription& plasticity = *p.plasticity;
        for_each_rule([&]<class Rule>(std::string_view rule, std::string_view teaching,
                                      std::string_view baseline, const Rule& defaults) {
            if (rule != plasticity.rule) return;
            if (!teaching.empty() && (teaching != plasticity.teaching || baseline != plasticity.baseline))
                return;
            const Rule chosen = with_parameters(defaults, plasticity.parameters, "plasticity of " + p.name);
            learns = TraceRule<Rule> && !chosen.learns_at_arrival();
        });
        return learns;
    }

    void add_learning(const ProjectionDescription& p, Projection& projection, const Population& neurons) {
        const PlasticityDescription& plasticity = *p.plasticity;
        const Duration back_delay = ticks(plasticity.back_delay.value_or(p.delay));
        for_each_rule([&]<class Rule>(std::string_view rule, std::string_view teaching,
                                      std::string_view baseline, const Rule& defaults) {
            if (rule != plasticity.rule) return;
            if (!teaching.empty() && (teaching != plasticity.teaching || baseline != plasticity.baseline))
                return;
            Rule chosen = with_parameters(defaults, plasticity.parameters, "plasticity of " + p.name);
            if constexpr (requires { chosen.low_rate; }) {
                const auto found =
                    std::find(Rule::low_rates.begin(), Rule::low_rates.end(), plasticity.low_rate);
                if (found == Rule::low_rates.end()) return;
                chosen.low_rate = static_cast<LowRate>(found - Rule::low_rates.begin());
            }
            for (std::size_t k = 0; k < neurons.shards(); ++k) {
                Table& table = projection.tables[k];
                const Index targets = neurons.last(k) - neurons.first(k);
                if constexpr (TraceRule<Rule>) {
                    if (table.dense()) {
                        projection.learning.push_back(
                            std::make_unique<DenseLearning<Rule>>(chosen, table, targets, back_delay));
                        continue;
                    }
                }
                projection.learning.push_back(
                    std::make_unique<LearningOf<Rule>>(chosen, table, targets, back_delay));
            }
        });
        if (projection.learning.empty()) {
            throw ConfigError(fmt::format(
                "projection {}: there is no rule '{}' with teaching '{}', baseline '{}' and "
                "low_rate '{}'",
                p.name, plasticity.rule, plasticity.teaching, plasticity.baseline, plasticity.low_rate));
        }
    }

    /// The same, of a port at which what arrives stays.
    std::size_t level_port_of(const PopulationDescription& p, const std::string& name) const {
        for_each_neuron_model([&]<class Model>(std::string_view model, const Model&) {
            if (model == p.model && !Model::ports[port<Model>(p.name, name)].level) {
                throw ConfigError(
                    fmt::format("population {}: steps and drives need a port at which they stay, {} is none",
                                p.name, name));
            }
        });
        return port_of(p, name);
    }

    void tie(const ProjectionDescription& p) {
        const auto found = network_.projections.find(p.tie->to);
        if (found == network_.projections.end()) {
            throw ConfigError(
                fmt::format("projection {}: tied to '{}', which does not exist", p.name, p.tie->to));
        }
        simulation().tie(network_.projections.at(p.name), {.to = found->second,
                                                           .scale = p.tie->scale,
                                                           .mean = static_cast<Tie::Mean>(p.tie->mean),
                                                           .part = static_cast<Tie::Part>(p.tie->part)});
    }

    void add(const StepsDescription& s) {
        const PopulationDescription& target = population(s.target, "steps " + s.name);
        if (s.times.size() != s.values.size())
            throw ConfigError(fmt::format("steps {}: as many times as values", s.name));
        if (!std::is_sorted(s.times.begin(), s.times.end())) {
            throw ConfigError(fmt::format("steps {}: the times must ascend", s.name));
        }
        std::vector<std::pair<Time, double>> steps;
        for (std::size_t i = 0; i < s.times.size(); ++i)
            steps.emplace_back(Time{} + ticks(s.times[i]), s.values[i]);
        simulation().add_steps(network_.populations.at(s.target), level_port_of(target, s.port), steps);
    }

    void add(const SignalDescription& s) {
        const PopulationDescription& followed = population(s.population, "signal " + s.name);
        Signal signal;
        signal.kind = static_cast<Signal::Kind>(s.kind);
        signal.population = network_.populations.at(s.population);
        signal.size = followed.size;
        signal.tau = s.tau;
        signal.undefined = s.undefined;
        signal.every = ticks(s.every);
        std::vector<Simulation::Drive> drives;
        for (const DriveDescription& drive : d_.drives) {
            if (drive.signal != s.name) continue;
            const PopulationDescription& target = population(drive.target, "drive " + drive.name);
            drives.push_back({network_.populations.at(drive.target), level_port_of(target, drive.port),
                              drive.offset, drive.gain, ticks(drive.delay), Time{} + ticks(drive.from),
                              drive.until ? Time{} + ticks(*drive.until) : Time::max()});
        }
        simulation().add_signal(signal, drives);
    }

    /// A spike that changes a weight at once needs its neuron to be up to date.
    void check_back_delays() {
        for (const ProjectionDescription& p : d_.projections) {
            if (!p.plasticity) continue;
            const double back_delay = p.plasticity->back_delay.value_or(p.delay);
            if (back_delay == 0.0 && !simulation().population(network_.populations.at(p.target)).visits()) {
                throw ConfigError(fmt::format(
                    "projection {}: back_delay = 0 needs a target model that is visited at each arrival",
                    p.name));
            }
        }
    }

    const NetworkDescription& d_;
    BuildOptions options_;
    Network network_;
};

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

Network build(const NetworkDescription& description, const BuildOptions& options) {
    return Builder(description, options).build();
}

}  // namespace apical
