#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/field.hpp"
#include "neurons/linear.hpp"

namespace apical {

/// Leaky integrate-and-fire neuron with exponential current synapses and adaptation:
///
///     C_m dV_m/dt = g_L (E_L - V_m) + I_syn_ex + I_syn_in + I_stim + I_e - w,     tau_m = C_m / g_L
///     tau_syn_ex dI_syn_ex/dt = -I_syn_ex,   tau_syn_in dI_syn_in/dt = -I_syn_in
///     tau_w dw/dt = a (V_m - E_L) - w,       w -> w + b and V_m -> V_reset, held for t_ref, at V_m = V_th
///
/// While V_m is held, currents and adaptation go on. The presets are the two dendrite-targeting interneurons
/// of the cortical microcircuit: parvalbumin-like (fast, no adaptation) and somatostatin-like (slow,
/// adapting). Source: Gerstner, Kistler, Naud & Paninski (2014), Neuronal Dynamics, sections 1.3 and 6.1.
struct AdaptiveLif {
    double tau_m = 20.0;       ///< [ms] membrane time constant
    double C_m = 100.0;        ///< [pF] capacitance
    double E_L = -70.0;        ///< [mV] leak reversal
    double V_th = -50.0;       ///< [mV] threshold
    double V_reset = -65.0;    ///< [mV] reset
    double t_ref = 2.0;        ///< [ms] absolute refractory period
    double tau_syn_ex = 5.0;   ///< [ms] decay of the excitatory current
    double tau_syn_in = 10.0;  ///< [ms] decay of the inhibitory current
    double a = 0.0;            ///< [nS] subthreshold adaptation
    double b = 0.0;            ///< [pA] spike-triggered adaptation
    double tau_w = 100.0;      ///< [ms] decay of the adaptation
    double I_e = 0.0;          ///< [pA] constant current

    static constexpr AdaptiveLif pv() {
        return {.tau_m = 10, .V_th = -48, .V_reset = -55, .t_ref = 1, .tau_syn_in = 5};
    }
    static constexpr AdaptiveLif sst() {
        return {.tau_m = 20, .V_th = -55, .V_reset = -65, .t_ref = 2, .a = 0.5, .b = 10, .tau_w = 500};
    }

    static constexpr std::string_view name = "adaptive_lif";
    static constexpr Classifier classifier = Classifier::every;
    static constexpr std::string_view summary =
        "leaky integrate-and-fire, exponential current synapses, adaptation";
    static constexpr std::string_view equations =
        "C_m dV_m/dt = g_L (E_L - V_m) + I_syn_ex + I_syn_in + I_stim + I_e - w,   g_L = C_m / tau_m\n"
        "tau_syn_ex dI_syn_ex/dt = -I_syn_ex,   tau_syn_in dI_syn_in/dt = -I_syn_in\n"
        "tau_w dw/dt = a (V_m - E_L) - w\n"
        "at V_m = V_th: w -> w + b, V_m -> V_reset, held for t_ref\n"
        "an input reaches V_th that comes to it as the numbers are written, to rounding; a V_m that tends to "
        "V_th never does\n"
        "Gerstner, Kistler, Naud & Paninski (2014), Neuronal Dynamics, sections 1.3 and 6.1";
    static constexpr auto fields = std::to_array<Field<AdaptiveLif>>({
        {"tau_m", &AdaptiveLif::tau_m, "ms", "membrane time constant", positive},
        {"C_m", &AdaptiveLif::C_m, "pF", "capacitance", positive},
        {"E_L", &AdaptiveLif::E_L, "mV", "leak reversal"},
        {"V_th", &AdaptiveLif::V_th, "mV", "threshold"},
        {"V_reset", &AdaptiveLif::V_reset, "mV", "reset"},
        {"t_ref", &AdaptiveLif::t_ref, "ms", "absolute refractory period; an input at its very end counts",
         not_negative},
        {"tau_syn_ex", &AdaptiveLif::tau_syn_ex, "ms", "decay of the excitatory current", positive},
        {"tau_syn_in", &AdaptiveLif::tau_syn_in, "ms", "decay of the inhibitory current", positive},
        {"a", &AdaptiveLif::a, "nS", "subthreshold adaptation", not_negative},
        {"b", &AdaptiveLif::b, "pA", "spike-triggered adaptation"},
        {"tau_w", &AdaptiveLif::tau_w, "ms", "decay of the adaptation", positive},
        {"I_e", &AdaptiveLif::I_e, "pA", "constant current"},
    });

    /// `excitatory`, `inhibitory`: a jump of that current (a negative weight inhibits). `membrane`: a jump of
    /// V_m. `current`: a jump of I_stim, a current that stays.
    static constexpr auto ports = std::to_array<Port>({{.name = "excitatory", .unit = "pA", .sign = 1},
                                                       {.name = "inhibitory", .unit = "pA", .sign = -1},
                                                       {.name = "membrane", .unit = "mV"},
                                                       {.name = "current", .unit = "pA", .level = true}});
    static constexpr auto variables =
        std::to_array<std::string_view>({"V_m", "I_syn_ex", "I_syn_in", "w", "I_stim", "refractory"});
    using State = LinearState<5>;

    State initial() const { return {{E_L, 0.0, 0.0, 0.0, 0.0}, 0.0}; }

    std::optional<std::string> check() const {
        if (V_reset >= V_th) return "V_reset must lie below V_th: the neuron would fire without end";
        return std::nullopt;
    }

    LinearDynamics linear() const {
        LinearDynamics d;
        d.A = Eigen::MatrixXd::Zero(5, 5);
        d.A.row(0) << -1 / tau_m, 1 / C_m, 1 / C_m, -1 / C_m, 1 / C_m;
        d.A(1, 1) = -1 / tau_syn_ex;
        d.A(2, 2) = -1 / tau_syn_in;
        d.A(3, 0) = a / tau_w;
        d.A(3, 3) = -1 / tau_w;
        d.u = Eigen::VectorXd::Zero(5);
        d.u[0] = E_L / tau_m + I_e / C_m;
        d.u[3] = -a * E_L / tau_w;
        d.gains = Eigen::MatrixXd::Zero(5, 4);
        d.gains(1, 0) = d.gains(2, 1) = d.gains(0, 2) = d.gains(4, 3) = 1;
        d.readout = Eigen::VectorXd::Unit(5, 0);
        d.threshold = V_th;
        d.V_reset = V_reset;
        d.jump = b * Eigen::VectorXd::Unit(5, 3);
        d.t_ref = t_ref;
        return d;
    }
};

static_assert(LinearModel<AdaptiveLif>);

}  // namespace apical
