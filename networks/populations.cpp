#include "networks/populations.hpp"

#include <algorithm>
#include <cmath>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "networks/connect.hpp"
#include "networks/models.hpp"
#include "simulator/jump_population.hpp"
#include "simulator/linear_population.hpp"
#include "simulator/stepped_population.hpp"
#include "simulator/traced_population.hpp"
#include "simulator/visited_population.hpp"

namespace apical {
namespace {

/// [ms] The shortest delay between neurons: the length of a window.
double shortest_delay(const NetworkDescription& d) {
    double shortest = 10.0;
    for (const ProjectionDescription& p : d.projections) {
        const bool from_neurons =
            std::any_of(d.populations.begin(), d.populations.end(),
                        [&](const PopulationDescription& population) { return population.name == p.source; });
        if (from_neurons) shortest = std::min(shortest, p.delay);
    }
    return shortest;
}

/// The engine's choice: the smallest multiple of four with at most 4096 neurons each, one for populations
/// that are small, or whose windows are too short a work to share; from the network, never from the number of
/// threads.
Index shards_of(Index size, const NetworkDescription& d, Index shard_size) {
    if (shard_size > 0) return (size + shard_size - 1) / shard_size;
    constexpr Index small = 1024;
    constexpr Index most = 4096;
    // Work comes with neurons and their time: 1024 neurons and 1 ms are some ten microseconds.
    if (size < small || size * shortest_delay(d) < small) return 1;
    return 4 * ((size + 4 * most - 1) / (4 * most));
}

double draw(const Distribution& distribution, Stream& stream) {
    switch (distribution.kind) {
        case Distribution::Kind::constant:
            return distribution.a;
        case Distribution::Kind::uniform:
            // Of 0 to 1: the library's own interval must not be empty.
            return distribution.a + (distribution.b - distribution.a) *
                                        boost::random::uniform_real_distribution<>(0.0, 1.0)(stream);
        case Distribution::Kind::normal:
            return boost::random::normal_distribution<>(distribution.a, distribution.b)(stream);
        case Distribution::Kind::lognormal: {  // a negative mean: the mirror image
            const double variance = std::log1p(distribution.b * distribution.b);
            const double mean = std::log(std::abs(distribution.a)) - 0.5 * variance;
            return std::copysign(
                std::exp(boost::random::normal_distribution<>(mean, std::sqrt(variance))(stream)),
                distribution.a);
        }
    }
    return distribution.a;
}

class Maker {
public:
    Maker(const PopulationDescription& p, const NetworkDescription& d, Index index,
          const BuildOptions& options)
        : p_(p), d_(d), index_(index), options_(options) {}

    std::unique_ptr<Population> make() {
        std::unique_ptr<Population> made;
        for_each_neuron_model([&]<class Model>(std::string_view name, const Model& defaults) {
            if (name == p_.model)
                made = neurons(with_parameters(defaults, p_.parameters, "population " + p_.name));
        });
        return made;
    }

private:
    template <class Model>
    std::unique_ptr<Population> neurons(const Model& model) {
        PopulationSetup setup{.name = p_.name,
                              .index = index_,
                              .size = p_.size,
                              .seed = d_.seed,
                              .classifier = p_.classifier.value_or(Model::classifier),
                              .b_th = ticks(p_.b_th),
                              .noise = {},
                              .shards = shards_of(p_.size, d_, options_.shard_size)};
        for (std::size_t i = 0; i < p_.background.size(); ++i) {
            const std::size_t port = port_index<Model>(p_.name, p_.background[i].port);
            add_noise(i, Model::ports[port], port, setup);
        }

        constexpr std::size_t width = sizeof(typename Model::State) / sizeof(double);
        std::vector<typename Model::State> initial(p_.size, model.initial());
        // NOLINTNEXTLINE(*-reinterpret-cast): a state is doubles, and nothing else
        const std::span<double> numbers(reinterpret_cast<double*>(initial.data()), width * p_.size);
        for (const auto& [variable, distribution] : p_.initial) {
            const auto found = std::find(Model::variables.begin(), Model::variables.end(), variable);
            if (found == Model::variables.end()) {
                throw ConfigError(
                    fmt::format("population {}: {} has no variable '{}'", p_.name, p_.model, variable));
            }
            const auto column = static_cast<std::size_t>(found - Model::variables.begin());
            for (Index i = 0; i < p_.size; ++i) {
                Stream stream(StreamKey(d_.seed, "initial", p_.name, i, static_cast<std::uint32_t>(column)));
                numbers[i * width + column] = draw(distribution, stream);
            }
        }
        if constexpr (LinearModel<Model>) {
            // A neuron that starts refractory is held where any other is; one that starts at threshold fires.
            const LinearDynamics dynamics = model.linear();
            for (auto& state : initial) {
                if (state.refractory > 0.0) {
                    state.x[static_cast<std::size_t>(dynamics.membrane)] = dynamics.V_reset;
                } else {
                    dynamics.settle(state.x);
                }
            }
            return linear(std::move(setup), model, numbers, initial);
        } else if constexpr (TracedModel<Model>) {
            return std::make_unique<TracedPopulation<Model>>(std::move(setup), model, initial);
        } else {
            if constexpr (requires { model.settle(initial.front()); }) {
                for (auto& state : initial) model.settle(state);
            }
            if constexpr (LeapingModel<Model>) {
                if (options_.loop == Loop::automatic && !must_be_visited()) {
                    return std::make_unique<SteppedPopulation<Model>>(std::move(setup), model, initial);
                }
            }
            return std::make_unique<VisitedPopulation<Model>>(std::move(setup), model, initial);
        }
    }

    /// Whether a weight onto this population changes as soon as one of its neurons fires.
    bool must_be_visited() const {
        return std::any_of(d_.projections.begin(), d_.projections.end(), [&](const auto& projection) {
            return projection.target == p_.name && projection.plasticity &&
                   ticks(projection.plasticity->back_delay.value_or(projection.delay)) == Duration::zero();
        });
    }

    void add_noise(std::size_t stream, const Port& port, std::size_t port_index,
                   PopulationSetup& setup) const {
        const Background& b = p_.background[stream];
        const bool grid = b.kind == Background::Kind::bernoulli_grid;
        const bool counted = b.kind == Background::Kind::counts;
        Noise noise{.port = port_index,
                    .rate = b.arrivals(),
                    .weight = b.weight * b.part(),
                    .stream = static_cast<std::uint32_t>(stream),
                    .grid = grid || counted ? b.step : 0.0,
                    .counted = counted};
        setup.noise.push_back(noise);
        if (!port.level) return;
        noise.weight = -noise.weight;
        noise.lag = 1;
        setup.noise.push_back(noise);
    }

    template <class Model>
    std::unique_ptr<Population> linear(PopulationSetup setup, const Model& model,
                                       std::span<const double> numbers,
                                       std::span<const typename Model::State> initial) {
        if (options_.loop == Loop::automatic) {
            std::array<bool, Model::ports.size()> used{};
            for (const Noise& noise : setup.noise) used[noise.port] = true;
            const auto end_here = [&](const std::string& target, const std::string& name) {
                if (target == p_.name) used[port_index<Model>(p_.name, name)] = true;
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
        return std::make_unique<VisitedPopulation<LinearNeuron<Model>>>(std::move(setup),
                                                                        LinearNeuron<Model>(model), initial);
    }

    const PopulationDescription& p_;
    const NetworkDescription& d_;
    Index index_;
    const BuildOptions& options_;
};

}  // namespace

std::unique_ptr<Population> make_population(const PopulationDescription& p, const NetworkDescription& d,
                                            Index index, const BuildOptions& options) {
    return Maker(p, d, index, options).make();
}

}  // namespace apical
