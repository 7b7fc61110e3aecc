#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "networks/build.hpp"
#include "networks/models.hpp"
#include "tests/neurons/visited.hpp"

namespace apical {
namespace {

using test::visited;

/// The laws that every model of the list keeps.

template <class Model>
inline constexpr bool deterministic = LinearModel<Model> || DeterministicModel<Model>;

/// A model that fires without input says so: it has no rest to stay at, and what excitation does depends on
/// when it comes.
template <class Model>
inline constexpr bool rests = deterministic<Model> && !requires {
    Model::fires_by_itself;
};

/// A neuron with its stream; advances through all spikes of an interval.
template <class Model>
struct Cell {
    using Neuron = decltype(visited(std::declval<Model>()));
    using State = typename Neuron::State;
    struct Event {
        double time;
        SpikeKind kind;
        double mark;
    };

    explicit Cell(const Model& model, std::uint64_t seed = 1)
        : neuron(visited(model)), state(neuron.initial()), key(seed, "model", "cell") {}

    std::optional<Emission> step(double dt) {
        if constexpr (deterministic<Model>) {
            return neuron.advance(state, dt);
        } else {
            Draw draw(key, draws);
            return neuron.advance(state, dt, draw);
        }
    }

    void advance(double dt) {
        double left = dt;
        while (const auto spike = step(left)) {
            EXPECT_GE(spike->offset, 0.0);
            EXPECT_LE(spike->offset, left);
            left -= spike->offset;
            now += spike->offset;
            spikes.push_back({now, spike->kind, spike->mark});
            ASSERT_LT(spikes.size(), 100000U) << "fires without end";
        }
        now += left;
    }

    std::array<double, Model::variables.size()> numbers() {
        State copy = state;
        if constexpr (requires { neuron.settle(copy); }) neuron.settle(copy);
        const typename Model::State& variables = copy;
        return std::bit_cast<std::array<double, Model::variables.size()>>(variables);
    }

    Neuron neuron;
    State state;
    StreamKey key;
    std::uint32_t draws = 0;
    double now = 0.0;
    std::vector<Event> spikes;
};

/// An input that a port's unit makes noticeable.
double strength(std::string_view unit) {
    return unit == "pA" ? 60.0 : unit == "mV" ? 3.0 : unit == "pC" ? 1.0 : unit == "nS" ? 100.0 : 0.4;
}

/// Models that are integrated under error control keep the laws to within their tolerance.
template <class Model>
inline constexpr bool integrates = NeuronModel<Model>&& std::any_of(
    Model::fields.begin(), Model::fields.end(), [](const auto& field) { return field.name == "tolerance"; });

template <class Model>
Model accurate(Model model) {
    for (const auto& field : Model::fields) {
        if (field.name == "tolerance") model.*field.member = 1e-9;
    }
    return model;
}

/// Input times and weights on all ports but levels, some of them strong.
struct Input {
    double time;
    std::size_t port;
    double weight;
};
template <class Model>
std::vector<Input> inputs(std::size_t count) {
    std::vector<Input> list;
    Stream random(StreamKey(7, "contract", "inputs"));
    double time = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        time += -1.5 * log(uniform(random()));
        const std::size_t port = random() % Model::ports.size();
        const double sign = uniform(random()) < 0.3 ? -1.0 : 1.0;
        const double size = Model::ports[port].level ? 0.1 : 2.0 * uniform(random());
        list.push_back({time, port, sign * size * strength(Model::ports[port].unit)});
    }
    return list;
}

template <class Visit>
void for_each_law_abiding(Visit visit) {
    for_each_neuron_model([&](std::string_view name, const auto& model) {
        SCOPED_TRACE(std::string(name));
        visit(name, model);
    });
}

TEST(Contract, AdvancingInPiecesIsAdvancingAtOnce) {
    for_each_law_abiding([]<class Model>(std::string_view, const Model& defaults) {
        const Model model = accurate(defaults);
        Cell<Model> whole(model);
        Cell<Model> pieces(model);
        for (const Input& input : inputs<Model>(2000)) {
            const double dt = input.time - whole.now;
            whole.advance(dt);
            const double first = 0.37 * dt;
            pieces.advance(first);
            pieces.advance(0.0);
            pieces.advance(dt - first);
            whole.neuron.receive(whole.state, input.port, input.weight);
            pieces.neuron.receive(pieces.state, input.port, input.weight);
        }
        EXPECT_GT(whole.spikes.size(), 30U) << "a test of silence";
        EXPECT_EQ(whole.draws, pieces.draws) << "draws depend on inputs and emissions only";
        ASSERT_EQ(whole.spikes.size(), pieces.spikes.size());
        // A crossing is known to a quarter of a tick, and its error passes to the next one. The phase of the
        // integrator is known to its tolerance, 1e-9 per call, with a slope of 1/R or less: here up to
        // thousands of calls between events.
        for (std::size_t i = 0; i < whole.spikes.size(); ++i) {
            ASSERT_NEAR(whole.spikes[i].time, pieces.spikes[i].time, integrates<Model> ? 1e-4 : 1e-7) << i;
            EXPECT_EQ(whole.spikes[i].kind, pieces.spikes[i].kind) << i;
            EXPECT_EQ(std::isnan(whole.spikes[i].mark), std::isnan(pieces.spikes[i].mark));
            if (!std::isnan(whole.spikes[i].mark)) {
                EXPECT_NEAR(whole.spikes[i].mark, pieces.spikes[i].mark, integrates<Model> ? 1e-5 : 1e-8);
            }
        }
    });
}

TEST(Contract, RestStaysAtRest) {
    for_each_law_abiding([]<class Model>(std::string_view, const Model& model) {
        if constexpr (rests<Model>) {
            Cell<Model> cell(model);
            cell.advance(20000.0);  // where activation has no threshold, rest is not quite E_L
            const auto before = cell.numbers();
            for (const double dt : {0.0, 1e-9, 0.1, 1.0, 100.0, 1e5}) cell.advance(dt);
            EXPECT_TRUE(cell.spikes.empty());
            const auto after = cell.numbers();
            for (std::size_t i = 0; i < before.size(); ++i)
                EXPECT_NEAR(after[i], before[i], 1e-10) << Model::variables[i];
        }
    });
}

TEST(Contract, MoreExcitationNeverDelaysASpikeFromRest) {
    for_each_law_abiding([]<class Model>(std::string_view, const Model& model) {
        if constexpr (rests<Model>) {
            for (std::size_t port = 0; port < Model::ports.size(); ++port) {
                double earlier = std::numeric_limits<double>::infinity();
                for (double factor = 0.5; factor < 100.0; factor *= 1.1) {
                    Cell<Model> cell(model);
                    cell.neuron.receive(cell.state, port, factor * strength(Model::ports[port].unit));
                    const auto spike = cell.step(2000.0);
                    const double time = spike ? spike->offset : std::numeric_limits<double>::infinity();
                    EXPECT_LE(time, earlier + ms_per_tick) << Model::ports[port].name << " x " << factor;
                    earlier = time;
                }
                if (Model::ports[port].inhibits) {
                    EXPECT_EQ(earlier, std::numeric_limits<double>::infinity()) << Model::ports[port].name;
                } else {
                    EXPECT_LT(earlier, 50.0) << Model::ports[port].name << ": a test of silence";
                }
            }
        }
    });
}

TEST(Contract, StatesStayFinite) {
    for_each_law_abiding([]<class Model>(std::string_view, const Model& model) {
        Cell<Model> cell(model);
        std::size_t i = 0;
        for (const Input& input : inputs<Model>(500)) {
            cell.advance(i % 50 == 0 ? 5000.0 : input.time - std::floor(input.time));
            // Strong, weak, and nothing.
            constexpr std::array factors{1.0, 20.0, -20.0, 1e-12, 0.0};
            const double factor = Model::ports[input.port].level ? 1.0 : factors[i % factors.size()];
            cell.neuron.receive(cell.state, input.port, factor * input.weight);
            const auto numbers = cell.numbers();
            for (std::size_t v = 0; v < numbers.size(); ++v) {
                EXPECT_TRUE(std::isfinite(numbers[v]) || Model::variables[v] == "target")
                    << Model::variables[v];
            }
            ++i;
        }
    });
}

TEST(Contract, FieldsAreUniqueDocumentedAndInRange) {
    std::set<std::string_view> models;
    for_each_law_abiding([&]<class Model>(std::string_view name, const Model& model) {
        EXPECT_TRUE(models.insert(name).second) << "two models of one name";
        const std::set<std::string_view> units{"ms", "mV", "pA", "nS", "pF", "Hz", "1"};
        std::set<std::string_view> names;
        for (const auto& field : Model::fields) {
            EXPECT_TRUE(names.insert(field.name).second) << field.name << " twice";
            EXPECT_TRUE(units.contains(field.unit)) << field.name << " [" << field.unit << "]";
            EXPECT_FALSE(field.meaning.empty()) << field.name;
            EXPECT_TRUE(field.range.contains(model.*(field.member))) << field.name;
            EXPECT_FALSE(field.range.contains(std::numeric_limits<double>::quiet_NaN())) << field.name;
            EXPECT_FALSE(field.range.contains(std::numeric_limits<double>::infinity())) << field.name;
        }
        // Every parameter has its field: a model is nothing but doubles.
        EXPECT_EQ(names.size() * sizeof(double), sizeof(Model));
        std::set<std::string_view> members(Model::variables.begin(), Model::variables.end());
        EXPECT_EQ(members.size(), sizeof(typename Model::State) / sizeof(double));
        std::set<std::string_view> ports;
        for (const Port& port : Model::ports)
            EXPECT_TRUE(ports.insert(port.name).second && !port.unit.empty()) << port.name;
        EXPECT_FALSE(Model::summary.empty());
        EXPECT_FALSE(Model::equations.empty());
        if constexpr (requires { model.check(); }) {
            EXPECT_EQ(model.check(), std::nullopt);
        }
    });
}

TEST(Contract, ValuesOutOfRangeAreRefused) {
    for_each_law_abiding([]<class Model>(std::string_view name, const Model&) {
        NetworkDescription d;
        d.populations.resize(1);
        d.populations[0].name = "cells";
        d.populations[0].model = std::string(name);
        EXPECT_NO_THROW(build(d));
        const auto refused = [&](std::string_view field, double value) {
            d.populations[0].parameters = {{std::string(field), value}};
            EXPECT_THROW(build(d), ConfigError) << field << " = " << value;
        };
        for (const auto& field : Model::fields) {
            refused(field.name, std::numeric_limits<double>::quiet_NaN());
            refused(field.name, std::numeric_limits<double>::infinity());
            if (field.range.low > -1e300) {
                refused(field.name,
                        field.range.low_open ? field.range.low : std::nextafter(field.range.low, -1e300));
            }
            if (field.range.high < 1e300) {
                refused(field.name,
                        field.range.high_open ? field.range.high : std::nextafter(field.range.high, 1e300));
            }
        }
        d.populations[0].parameters = {{"no such parameter", 1.0}};
        EXPECT_THROW(build(d), ConfigError);
    });
}

TEST(Contract, ContradictionsAreRefused) {
    NetworkDescription d;
    d.populations.resize(1);
    d.populations[0].name = "cells";
    const auto refused = [&](const std::string& model, const Parameters& parameters) {
        d.populations[0].model = model;
        d.populations[0].parameters = parameters;
        EXPECT_THROW(build(d), ConfigError) << model;
    };
    refused("lif", {{"V_reset", -50.0}});
    refused("adaptive_lif", {{"V_th", -66.0}});
    refused("stochastic_pyramidal", {{"burst_spikes", 2.5}});
    refused("stochastic_pyramidal", {{"burst_spikes", 5.0}});
    refused("integrator_pyramidal", {{"R", 8.0}});
    refused("payeur2021_pyramidal", {{"V_reset", -50.0}});
    refused("payeur2021_pyramidal", {{"drive_dend", 0.5}});
    refused("greedy2026_pyramidal", {{"sum_boxes", 0.5}});
    refused("burst_poisson", {{"t_ref", 15.0}});
    refused("burst_poisson", {{"delay_min", 16.0}});
    refused("burst_poisson", {{"drive_dend", 0.5}});
    refused("adex_pv", {{"hold_at_E_L", 0.5}});
    refused("adex_pv", {{"V_peak", -70.0}});
    refused("adex_sst", {{"V_min", -69.0}});
}

}  // namespace
}  // namespace apical
