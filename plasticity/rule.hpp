#pragma once

#include <array>
#include <concepts>
#include <string_view>

#include "core/spike.hpp"

namespace apical {

/// Takes any change of weights: what a rule must be able to call.
struct AnyLoop {
    template <std::invocable<double, double, double> Change>
    void operator()(const Change&) const {}
};

/// A rule of synaptic plasticity that learns at spikes, symmetric in source and target. Either has one trace,
/// which decays by itself and jumps at its spikes; a spike of the one changes the weight by the trace of the
/// other, times a factor. What else a rule remembers of a neuron is its `Source` or `Target`, empty structs
/// if it is nothing; `dt` [ms] is the time since the neuron's last spike as the synapse sees it (since the
/// start if there was none).
///
///     sees(kind)                does a spike of the source of this kind do anything?
///     source_decay(), target_decay()  of the traces [ms]
///     source_jump(kind), target_jump(kind)  what a spike adds to its neuron's
///     target_start()            the target's trace at the start of the run; that of a source is 0
///     start()                   a Target at the start
///     arrive(source, dt, kind)  the source spikes: the factor, 0 for none
///     fire(target, dt, kind, mark)  the target spikes: the factor, 0 for none
///     learns_at_arrival()       can arrive() be anything but 0? Else nobody asks for the target's trace
///     changes_at_arrival(loop)  calls loop(f), once: f(w, y, factor) is the new weight at a spike of the
///                               source, y being the trace of the target
///     changes_at_fire(loop)     the same at a spike of the target: f(w, x, factor), where only x times
///                               factor means something, x being the trace of the source: both are scaled
///     targets_outlive_reset     what is kept of targets are slow averages, which a reset of the network's
///                               state leaves, and not traces of recent spikes
///
/// What does not differ between synapses is decided before `loop` is called: one that decides for each
/// synapse is not compiled to vector instructions. A synapse sees a spike of its source at t_pre + delay,
/// whatever it releases, and one of its target at t_post + back_delay. Spikes seen at one time
/// (core/rounding.hpp: as decimals) do not pair.
template <class R>
concept PlasticityRule = requires(const R rule, typename R::Source source, typename R::Target target,
                                  double dt, SpikeKind kind, double mark, const AnyLoop loop) {
    { R::name } -> std::convertible_to<std::string_view>;
    R::fields;  // std::array of Field<R>
    { R::targets_outlive_reset } -> std::convertible_to<bool>;
    { rule.sees(kind) } -> std::same_as<bool>;
    { rule.source_decay() } -> std::same_as<double>;
    { rule.target_decay() } -> std::same_as<double>;
    { rule.source_jump(kind) } -> std::same_as<double>;
    { rule.target_jump(kind) } -> std::same_as<double>;
    { rule.target_start() } -> std::same_as<double>;
    { rule.start() } -> std::same_as<typename R::Target>;
    { rule.arrive(source, dt, kind) } -> std::same_as<double>;
    { rule.fire(target, dt, kind, mark) } -> std::same_as<double>;
    { rule.learns_at_arrival() } -> std::same_as<bool>;
    rule.changes_at_arrival(loop);
    rule.changes_at_fire(loop);
};

/// What most rules say: of a rule that derives from it, every spike is seen and counts 1, and nothing else is
/// remembered.
struct AllSpikes {
    struct Source {};
    struct Target {};
    static constexpr bool targets_outlive_reset = false;

    bool sees(SpikeKind) const { return true; }
    bool learns_at_arrival() const { return true; }
    double source_jump(SpikeKind) const { return 1.0; }
    double target_jump(SpikeKind) const { return 1.0; }
    double target_start() const { return 0.0; }
    double arrive(Source&, double, SpikeKind) const { return 1.0; }
    double fire(Target&, double, SpikeKind, double) const { return 1.0; }
    Target start() const { return {}; }
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
