#pragma once

#include <array>
#include <concepts>
#include <string_view>

#include "core/spike.hpp"

namespace apical {

/// A rule of synaptic plasticity. `Pre` is kept per source neuron (and shard), `Post` per target neuron; `dt`
/// [ms] is the time since the owner's last spike as the synapse sees it (since the start if there was none),
/// so that a trace is one number and one exponential. A value-initialised Pre or Post is that of a neuron at
/// the start; a rule whose Post starts from its parameters has start(), which gives it.
///
///     sees(kind)                    does a presynaptic spike of this kind do anything?
///     arrive(pre, dt, kind)         a presynaptic spike is seen
///     fire(post, dt, kind, mark)    the target spikes: the teaching factor, 0 for none
///     learns_at_arrival()           does at_arrival() do anything?
///     at_arrival(w, post, dt)       the new weight, at a presynaptic spike
///     at_fire(w, pre, dt, factor)   the new weight, at a spike of the target with that factor
///
/// A synapse sees a presynaptic spike at t_pre + delay, whatever it releases, and a postsynaptic one at
/// t_post + back_delay. Spikes seen at one time (core/rounding.hpp: as decimals) do not pair.
template <class R>
concept PlasticityRule = requires(const R rule, typename R::Pre pre, typename R::Post post, double dt,
                                  double w, SpikeKind kind, double mark, double factor) {
    { R::name } -> std::convertible_to<std::string_view>;
    R::fields;  // std::array of Field<R>
    { rule.sees(kind) } -> std::same_as<bool>;
    { rule.arrive(pre, dt, kind) } -> std::same_as<void>;
    { rule.fire(post, dt, kind, mark) } -> std::same_as<double>;
    { rule.learns_at_arrival() } -> std::same_as<bool>;
    { rule.at_arrival(w, post, dt) } -> std::same_as<double>;
    { rule.at_fire(w, pre, dt, factor) } -> std::same_as<double>;
};

/// A rule whose changes at spikes of the target see the past of the source as one trace that decays by
/// itself: in a dense projection a spike of a target is then one number for all rows.
///
///     decay_time()            of the trace [ms]
///     jump(kind)              what a presynaptic spike adds to it
///     changed(w, x, factor)   the new weight where the trace is x: a function of factor times x
template <class R>
concept TraceRule = PlasticityRule<R> &&
    requires(const R rule, double w, double x, double factor, SpikeKind kind) {
    { rule.decay_time() } -> std::same_as<double>;
    { rule.jump(kind) } -> std::same_as<double>;
    { rule.changed(w, x, factor) } -> std::same_as<double>;
};

/// Takes any change of weights: what a pair rule must be able to call.
struct AnyLoop {
    template <std::invocable<double, double> Change>
    void operator()(const Change&) const {}
};

/// A rule of pairs of spikes: its changes depend on one trace of the source, at spikes of the target, and on
/// one trace of the target, at spikes of the source. Each is +1 at every spike and decays by itself.
///
///     source_decay(), target_decay()    of the traces [ms]
///     with_potentiation(loop)           calls loop(f), once: f(w, x) is the new weight at a spike of the
///     target,
///                                       the source's trace being x
///     with_depression(loop)             the same at a spike of the source, the trace being that of the
///     target
///
/// What does not differ between synapses is decided before `loop` is called: one that decides for each
/// synapse is not compiled to vector instructions.
template <class R>
concept PairRule = PlasticityRule<R> && requires(const R rule, const AnyLoop loop) {
    { rule.source_decay() } -> std::same_as<double>;
    { rule.target_decay() } -> std::same_as<double>;
    rule.with_potentiation(loop);
    rule.with_depression(loop);
};

/// A rule that follows a variable of the target in between spikes: it integrates an error over time, filtered
/// by what the source's spikes make of it,
///
///     tau_Delta dDelta/dt = -Delta + PSP(t) e(t),   dw/dt = eta Delta
///
///     followed                the name of the variable
///     psp_decay_times()       PSP is a trace that decays with the first time [ms], less one with the second
///     error(x)                where the variable is x: a spike of the target adds `spike` to the integral of
///                             e, and each ms takes `hazard` from it
///     clipped(w)              the weight, within its bounds
template <class R>
concept FollowingRule = requires(const R rule, double x) {
    { R::followed } -> std::convertible_to<std::string_view>;
    R::fields;  // std::array of Field<R>
    { rule.eta } -> std::convertible_to<double>;
    { rule.tau_Delta } -> std::convertible_to<double>;
    { rule.psp_decay_times() } -> std::same_as<std::array<double, 2>>;
    { rule.error(x).spike } -> std::convertible_to<double>;
    { rule.error(x).hazard } -> std::convertible_to<double>;
    { rule.clipped(x) } -> std::same_as<double>;
};

}  // namespace apical
