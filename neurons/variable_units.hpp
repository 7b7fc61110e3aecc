#pragma once

#include <array>
#include <string_view>

namespace apical {

/// What the state variables of models are measured in, for axes and tables. A name means the same in all
/// models, but for those that name theirs.
struct VariableUnit {
    std::string_view model;  ///< empty: any
    std::string_view variable;
    std::string_view unit;
};

inline constexpr auto variable_units = std::to_array<VariableUnit>({
    {"", "V_m", "mV"},
    {"", "V_m_soma", "mV"},
    {"", "V_m_dend", "mV"},
    {"", "theta", "mV"},
    {"", "w", "pA"},
    {"", "w_soma", "pA"},
    {"", "w_dend", "pA"},
    {"", "I_syn_ex", "pA"},
    {"", "I_syn_in", "pA"},
    {"", "I_ex", "pA"},
    {"", "I_in", "pA"},
    {"", "y_ex", "pA"},
    {"", "y_in", "pA"},
    {"", "I_stim", "pA"},
    {"", "I_soma", "pA"},
    {"", "I_dend", "pA"},
    // Conductances are in units of the leak, where the model does not say otherwise.
    {"urbanczik_senn", "g_ex", "nS"},
    {"urbanczik_senn", "g_in", "nS"},
    {"", "g_ex", "1"},
    {"", "g_in", "1"},
    {"", "g_ex_soma", "1"},
    {"", "g_in_soma", "1"},
    {"", "g_ex_dend", "1"},
    {"", "g_in_dend", "1"},
    {"", "refractory", "ms"},
    {"", "countdown", "ms"},
    {"", "step", "ms"},
    {"", "box_1", "ms"},
    {"", "box_2", "ms"},
    {"", "box_3", "ms"},
    {"", "box_4", "ms"},
    {"", "candidate", "ms"},
    {"", "bound", "1/ms"},
    {"", "x", "1"},
    {"", "d", "1"},
    {"", "bias", "1"},
    {"", "target", "1"},
    {"", "spikes_left", "1"},
    {"", "phase", "1"},
    {"", "budget", "1"},
    {"", "hazard", "1"},
});

/// Empty if nothing is known of it.
constexpr std::string_view unit_of(std::string_view model, std::string_view variable) {
    for (const VariableUnit& u : variable_units) {
        if ((u.model.empty() || model.starts_with(u.model)) && u.variable == variable) return u.unit;
    }
    return {};
}

/// The names of conductances begin alike in all models.
constexpr bool is_conductance(std::string_view variable) { return variable.starts_with("g_"); }

}  // namespace apical
