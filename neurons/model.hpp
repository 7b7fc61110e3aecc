#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.hpp"
#include "core/field.hpp"
#include "core/random.hpp"
#include "core/spike.hpp"
#include "neurons/leap.hpp"

namespace apical {

/// A spike that a model emits while it is advanced.
struct Emission {
    /// [ms] after the state's time; the state has gone through the spike. Or why the model cannot go on: not
    /// a number, as the state, or one of those below.
    double offset;
    SpikeKind kind = SpikeKind::event;  ///< what the model says it is; read by the classifier "model"
    double mark = no_mark;              ///< burst probability at an event, where the model has one
};

/// Offsets that say why a model cannot go on.
inline constexpr double lost_in_rounding = -1.0;  ///< V_m is the difference of numbers too large to tell it
inline constexpr double lost_in_steps = -2.0;     ///< an integration would go on without end

/// The state of a neuron: a plain struct of doubles. A parameter that differs between neurons is a state
/// variable that nobody changes.
template <class State>
concept PlainState = std::is_trivially_copyable_v<State> && sizeof(State) % sizeof(double) == 0;

/// Where synapses may end.
struct Port {
    std::string_view name;
    std::string_view unit;  ///< of the weights
    bool level = false;     ///< what arrives stays: steps and drives may end here
    bool inhibits = false;  ///< a positive weight inhibits: a conductance that reverses below rest
    bool conducts = false;  ///< weights are conductances, which are not negative
    /// Of a current, which a negative weight makes an inhibitory one: the sign that weights are meant to
    /// have; 0: either.
    int sign = 0;
};

/// A parameter that is no more than where a state variable starts: `starts`, an array that a model may have.
struct Start {
    std::string_view parameter;
    std::string_view variable;
};

/// A copy of a model in a running network with one parameter changed. Throws as with_parameter() does, and if
/// the change would have no effect, since the parameter says where a variable starts.
template <class Model>
Model with_acting_parameter(const Model& model, std::string_view parameter, double value,
                            const std::string& owner) {
    if constexpr (requires { Model::starts; }) {
        for (const Start& start : Model::starts) {
            if (start.parameter != parameter) continue;
            throw ModelError(owner + ": '" + std::string(parameter) + "' is where the variable '" +
                             std::string(start.variable) + "' starts: in a run, set that");
        }
    }
    return with_parameter(model, parameter, value, owner);
}

/// What every model of a neuron declares. The object is its parameter set.
template <class M>
concept Declared = PlainState<typename M::State> && requires(const M model) {
    { M::name } -> std::convertible_to<std::string_view>;
    M::fields;     // std::array of Field<M>
    M::ports;      // std::array of Port
    M::variables;  // std::array of std::string_view: the members of State, in order
    { model.initial() } -> std::same_as<typename M::State>;
};

/// `advance(state, dt)` moves the state by dt [ms], or up to and through its first spike and returns that.
/// Refractoriness, reset and threshold live in this one function. Models never see absolute time.
/// `receive(state, port, weight)` is an arrival at the present; the spike it may cause is emitted by the next
/// advance, even of dt = 0.
template <class M>
concept DeterministicModel = Declared<M> &&
    requires(const M model, typename M::State state, double dt, std::size_t port, double weight) {
    { model.advance(state, dt) } -> std::same_as<std::optional<Emission>>;
    { model.receive(state, port, weight) } -> std::same_as<void>;
};

/// The same, with a stream of random numbers. Number and order of the draws depend on the neuron's inputs and
/// emissions only, never on how dt is cut.
template <class M>
concept StochasticModel = Declared<M> &&
    requires(const M model, typename M::State state, double dt, std::size_t port, double weight, Draw& draw) {
    { model.advance(state, dt, draw) } -> std::same_as<std::optional<Emission>>;
    { model.receive(state, port, weight) } -> std::same_as<void>;
};

template <class M>
concept NeuronModel = DeterministicModel<M> || StochasticModel<M>;

/// A neuron model that can also take a whole step with all arrivals in it, together with other neurons
/// (simulator/stepped_population.hpp). `Model::Leap(model, h)` is made for steps of h [ms]; its call moves
/// the state, as numbers, by a step, and says whether that holds: there was no spike, nothing began or ended,
/// and errors are within the tolerance. Where not, the neuron takes the step again through `advance`. No
/// branches, and nothing that keeps a loop over neurons from being vectorised. h is at most
/// `longest_leap()`. What arrives at the first `Leap::decaying_ports` ports decays and is never negative, the
/// rest lasts.
template <class M>
concept LeapingModel = NeuronModel<M> &&
    requires(const M model, double h, const typename M::Leap leap,
             std::array<double, sizeof(typename M::State) / sizeof(double)> numbers,
             const std::array<leap::Arrivals, M::ports.size()> arrivals) {
    { model.longest_leap() } -> std::same_as<double>;
    { M::Leap::decaying_ports } -> std::convertible_to<std::size_t>;
    {typename M::Leap(model, h)};
    { leap(numbers, arrivals) } -> std::same_as<bool>;
};

/// What a traced model says of its future: nothing happens for `wait` ms, unless an arrival lifts a trace
/// above its ceiling. Ceilings are compared with the traces as they decay.
template <std::size_t traces>
struct Outlook {
    double wait;                         ///< [ms], infinite if nothing ever happens by itself
    std::array<double, traces> ceiling;  ///< by trace; infinite where an arrival changes nothing by itself
};

/// A model whose inputs enter through traces, which arrivals add to and which decay by themselves, and that
/// can tell for how long nothing happens. The engine keeps the traces without a visit for each arrival
/// (simulator/traced_population.hpp). The first ports.size() members of State are the traces: port k adds to
/// trace k, which decays with `decay_times()[k]` ms; infinity: it stays.
///
/// `meet(state, dt, draw)` is called when a wait has passed or an outlook is void: the traces are those of
/// now, the rest of the state is dt [ms] old and is moved to now. It returns a spike if there is one now, and
/// is called again with dt = 0 until there is none. It leaves the traces alone. `outlook(state, draw)`
/// follows.
template <class M>
concept TracedModel = Declared<M> && requires(const M model, typename M::State state, double dt, Draw& draw) {
    { model.decay_times() } -> std::same_as<std::array<double, M::ports.size()>>;
    { model.meet(state, dt, draw) } -> std::same_as<std::optional<Emission>>;
    { model.outlook(state, draw) } -> std::same_as<Outlook<M::ports.size()>>;
};

}  // namespace apical
