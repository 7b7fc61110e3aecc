#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/exp.hpp"
#include "core/field.hpp"
#include "plasticity/rule.hpp"

namespace apical {

/// The dendrite learns to predict the spikes of its soma:
///
///     tau_Delta dDelta/dt = -Delta + PSP(t) e(t),   dw/dt = eta Delta
///     e(t) = [S(t) - phi(V*)] h(V*),   V* = E_L + attenuation (V_dend - E_L)
///     PSP: each spike of the source adds exp(-s/tau_m_dend) - exp(-s/tau_syn), s after it
///     phi(V) = phi_max/(1 + k exp((V_half - V)/slope)),   h = gain phi'/phi
///
/// S are the spikes of the target, V* is what its soma would have without other inputs, phi its hazard.
/// Spikes and potential of the target reach the synapse back_delay late. Parameters of the same name are to
/// be those of the target, attenuation is g_D/(g_D + g_L_soma) there. A weight is worked out, and clipped to
/// [w_min, w_max], when a spike of its source is about to use it.
///
/// Source: Urbanczik & Senn (2014), Neuron 81:521, equations 4 to 6, without noise of the weights; gain and
/// the unnormalised kernel are those of NEST's urbanczik_synapse.
struct DendriticPrediction {
    double eta = 1e-3;                   ///< learning rate, in the unit of the weight
    double tau_Delta = 100.0;            ///< [ms] low-pass of the changes
    double tau_m_dend = 10.0;            ///< [ms] of PSP: the membrane time constant of the dendrite
    double tau_syn = 3.0;                ///< [ms] of PSP: its synapses' current
    double E_L = -70.0;                  ///< [mV]
    double attenuation = 600.0 / 630.0;  ///< [1] of the dendritic potential on its way to the soma
    double phi_max = 150.0;              ///< [Hz] largest hazard
    double k = 0.5;                      ///< [1] of the hazard
    double V_half = -55.0;               ///< [mV] of the hazard
    double slope = 3.0;                  ///< [mV] of the hazard
    double gain = 15.0;                  ///< [mV] of h
    double w_min = -std::numeric_limits<double>::max();
    double w_max = std::numeric_limits<double>::max();

    static constexpr std::string_view name = "dendritic_prediction";
    static constexpr std::string_view summary = "the dendrite learns to predict the spikes of its soma";
    static constexpr std::string_view equations =
        "tau_Delta dDelta/dt = -Delta + PSP(t) e(t),   dw/dt = eta Delta\n"
        "e(t) = [S(t) - phi(V*)] h(V*),   V* = E_L + attenuation (V_dend - E_L),   S: spikes of the target\n"
        "phi(V) = phi_max/(1 + k exp((V_half - V)/slope)),   h = gain phi'/phi\n"
        "PSP: each spike of the source adds exp(-s/tau_m_dend) - exp(-s/tau_syn)\n"
        "Urbanczik & Senn (2014), Neuron 81:521";
    static constexpr auto fields = std::to_array<Field<DendriticPrediction>>({
        {"eta", &DendriticPrediction::eta, "1", "learning rate, in the unit of the weight"},
        {"tau_Delta", &DendriticPrediction::tau_Delta, "ms", "low-pass of the changes", positive},
        {"tau_m_dend", &DendriticPrediction::tau_m_dend, "ms", "decay of PSP", positive},
        {"tau_syn", &DendriticPrediction::tau_syn, "ms", "rise of PSP", positive},
        {"E_L", &DendriticPrediction::E_L, "mV", "leak reversal of the target"},
        {"attenuation", &DendriticPrediction::attenuation, "1", "of the dendritic potential in the soma",
         fraction},
        {"phi_max", &DendriticPrediction::phi_max, "Hz", "largest hazard of the target", positive},
        {"k", &DendriticPrediction::k, "1", "of the hazard", positive},
        {"V_half", &DendriticPrediction::V_half, "mV", "of the hazard"},
        {"slope", &DendriticPrediction::slope, "mV", "of the hazard", positive},
        {"gain", &DendriticPrediction::gain, "mV", "of the error", not_negative},
        {"w_min", &DendriticPrediction::w_min, "1", "smallest weight, in its unit"},
        {"w_max", &DendriticPrediction::w_max, "1", "largest weight, in its unit"},
    });

    std::optional<std::string> check() const {
        if (w_min > w_max) return "w_min is above w_max";
        if (tau_m_dend == tau_syn) return "tau_m_dend and tau_syn are equal: PSP is 0, and nothing is learnt";
        return std::nullopt;
    }

    // For FollowingRule.
    static constexpr std::string_view followed = "V_m_dend";
    std::array<double, 2> psp_decay_times() const { return {tau_m_dend, tau_syn}; }

    /// What a spike of the target adds to the integral of e, and what the hazard takes from it in a ms.
    struct Error {
        double spike;
        double hazard;
    };
    [[gnu::always_inline]] Error error(double V_dend) const {
        const double V = E_L + attenuation * (V_dend - E_L);
        const double share = 1.0 / (1.0 + exp((V - V_half) / slope) / k);
        const double h = gain / slope * share;
        return {h, h * (1e-3 * phi_max) * (1.0 - share)};
    }
    double clipped(double w) const { return w < w_min ? w_min : (w > w_max ? w_max : w); }
};

static_assert(FollowingRule<DendriticPrediction>);

}  // namespace apical
