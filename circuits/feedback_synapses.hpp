#pragma once

#include <array>
#include <string_view>

#include "networks/config.hpp"
#include "networks/description.hpp"
#include "plasticity/burst_dependent.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// How bursts and events of one layer reach the dendrites of another.
enum class Transmission { tsodyks_markram, gated };

inline constexpr auto transmission_choices = std::to_array<Choice<Transmission>>({
    {"tsodyks_markram", Transmission::tsodyks_markram,
     "facilitating and depressing synapses decode bursts and events"},
    {"gated", Transmission::gated, "bursts and events are told apart ideally, as in the papers"},
});
inline constexpr auto baseline_choices = std::to_array<Choice<Baseline>>({
    {"fixed", Baseline::fixed, "p0 (BurstCCN)"},
    {"moving_average", Baseline::moving_average, "each neuron's own recent burst probability (Burstprop)"},
});
inline constexpr auto rule_choices = std::to_array<Choice<Teaching>>({
    {"sampled", Teaching::sampled, "B - p0 E: what the spikes show"},
    {"variance_reduced", Teaching::variance_reduced, "(p - p0) E: the burst probability behind them"},
});

/// Facilitating synapses: bursts.
struct Facilitation {
    double U = 0.05;
    double tau_rec = 50.0;  ///< [ms]
    double tau_fac = 10.0;  ///< [ms]
};

/// Depressing synapses: events.
struct Depression {
    double U = 0.9;
    double tau_rec = 10.0;  ///< [ms]
};

/// Declares and reads every key of [facilitation] and [depression]. If `idle` says why there are no such
/// synapses, a key that is given has no effect.
inline void read_feedback_synapses(ConfigTable facilitation, Facilitation& f, ConfigTable depression,
                                   Depression& d, std::string_view idle) {
    facilitation.read({"U", "1", "release of a rested synapse", positive_fraction}, f.U);
    facilitation.read({"tau_rec", "ms", "recovery from depression", positive}, f.tau_rec);
    facilitation.read({"tau_fac", "ms", "decay of facilitation", not_negative}, f.tau_fac);
    depression.read({"U", "1", "release of a rested synapse", positive_fraction}, d.U);
    depression.read({"tau_rec", "ms", "recovery from depression", positive}, d.tau_rec);
    if (idle.empty()) return;
    for (const std::string_view key : {"U", "tau_rec", "tau_fac"}) facilitation.idle(key, idle);
    for (const std::string_view key : {"U", "tau_rec"}) depression.idle(key, idle);
}

/// The Tsodyks-Markram synapses that keys describe, and what they release.
inline TsodyksMarkram synapse_of(const Facilitation& keys) {
    TsodyksMarkram s;
    s.U = keys.U;
    s.tau_rec = keys.tau_rec;
    s.tau_fac = keys.tau_fac;
    return s;
}

inline TsodyksMarkram synapse_of(const Depression& keys) {
    TsodyksMarkram s;
    s.U = keys.U;
    s.tau_rec = keys.tau_rec;
    return s;
}

inline ReleaseTerm term_of(const TsodyksMarkram& s, double gain) {
    return {"tm", gain, {{"U", s.U}, {"tau_rec", s.tau_rec}, {"tau_fac", s.tau_fac}}};
}

}  // namespace apical
