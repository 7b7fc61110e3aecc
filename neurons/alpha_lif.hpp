#pragma once

#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>

#include "core/field.hpp"
#include "neurons/linear.hpp"

namespace apical {

/// Leaky integrate-and-fire neuron with alpha-shaped currents. A spike of weight w that arrived s ago adds
///
///     I(s) = w e (s / tau_syn) exp(-s / tau_syn),   whose peak is w, at s = tau_syn,   to
///
///     C_m dV_m/dt = g_L (E_L - V_m) + I_ex + I_in + I_stim + I_e,     tau_m = C_m / g_L
///
/// by tau_syn dI/dt = y - I,  tau_syn dy/dt = -y,  y -> y + e w at an input. At V_m = V_th: V_m -> V_reset,
/// held for t_ref while currents go on. Source: Rotter & Diesmann (1999), Biol Cybern 81:381; NEST
/// iaf_psc_alpha.
struct AlphaLif {
    double tau_m = 10.0;      ///< [ms] membrane time constant
    double C_m = 250.0;       ///< [pF] capacitance
    double E_L = -70.0;       ///< [mV] leak reversal
    double V_th = -55.0;      ///< [mV] threshold
    double V_reset = -70.0;   ///< [mV] reset
    double t_ref = 2.0;       ///< [ms] absolute refractory period
    double tau_syn_ex = 2.0;  ///< [ms] time to peak of the excitatory current
    double tau_syn_in = 2.0;  ///< [ms] time to peak of the inhibitory current
    double I_e = 0.0;         ///< [pA] constant current

    static constexpr std::string_view name = "alpha_lif";
    static constexpr Classifier classifier = Classifier::every;
    static constexpr std::string_view summary = "leaky integrate-and-fire, alpha-shaped currents";
    static constexpr std::string_view equations =
        "C_m dV_m/dt = g_L (E_L - V_m) + I_ex + I_in + I_stim + I_e,   g_L = C_m / tau_m\n"
        "an input of weight w adds w e (s / tau_syn) exp(-s / tau_syn), s after its arrival\n"
        "at V_m = V_th: V_m -> V_reset, held for t_ref\n"
        "a V_m that tends to V_th, as at rheobase, never reaches it\n"
        "Rotter & Diesmann (1999), Biological Cybernetics 81:381";
    static constexpr auto fields = std::to_array<Field<AlphaLif>>({
        {"tau_m", &AlphaLif::tau_m, "ms", "membrane time constant", positive},
        {"C_m", &AlphaLif::C_m, "pF", "capacitance", positive},
        {"E_L", &AlphaLif::E_L, "mV", "leak reversal"},
        {"V_th", &AlphaLif::V_th, "mV", "threshold"},
        {"V_reset", &AlphaLif::V_reset, "mV", "reset"},
        {"t_ref", &AlphaLif::t_ref, "ms", "absolute refractory period", not_negative},
        {"tau_syn_ex", &AlphaLif::tau_syn_ex, "ms", "time to peak of the excitatory current", positive},
        {"tau_syn_in", &AlphaLif::tau_syn_in, "ms", "time to peak of the inhibitory current", positive},
        {"I_e", &AlphaLif::I_e, "pA", "constant current"},
    });

    /// `excitatory`, `inhibitory`: an alpha-shaped current with that peak (a negative weight inhibits).
    /// `current`: a jump of I_stim, a current that stays.
    static constexpr auto ports = std::to_array<Port>({{.name = "excitatory", .unit = "pA", .sign = 1},
                                                       {.name = "inhibitory", .unit = "pA", .sign = -1},
                                                       {.name = "current", .unit = "pA", .level = true}});
    static constexpr auto variables =
        std::to_array<std::string_view>({"V_m", "I_ex", "y_ex", "I_in", "y_in", "I_stim", "refractory"});
    using State = LinearState<6>;

    State initial() const { return {{E_L, 0.0, 0.0, 0.0, 0.0, 0.0}, 0.0}; }

    std::optional<std::string> check() const {
        if (V_reset >= V_th) return "V_reset must lie below V_th: the neuron would fire without end";
        return std::nullopt;
    }

    LinearDynamics linear() const {
        LinearDynamics d;
        d.A = Eigen::MatrixXd::Zero(6, 6);
        d.A(0, 0) = -1 / tau_m;
        d.A(0, 1) = d.A(0, 3) = d.A(0, 5) = 1 / C_m;
        d.A(1, 1) = d.A(2, 2) = -1 / tau_syn_ex;
        d.A(3, 3) = d.A(4, 4) = -1 / tau_syn_in;
        d.A(1, 2) = 1 / tau_syn_ex;
        d.A(3, 4) = 1 / tau_syn_in;
        d.u = Eigen::VectorXd::Zero(6);
        d.u[0] = E_L / tau_m + I_e / C_m;
        d.gains = Eigen::MatrixXd::Zero(6, 3);
        d.gains(2, 0) = d.gains(4, 1) = std::numbers::e;
        d.gains(5, 2) = 1;
        d.readout = Eigen::VectorXd::Unit(6, 0);
        d.threshold = V_th;
        d.V_reset = V_reset;
        d.jump = Eigen::VectorXd::Zero(6);
        d.t_ref = t_ref;
        return d;
    }
};

static_assert(LinearModel<AlphaLif>);

}  // namespace apical
