#pragma once

#include <array>
#include <string_view>

#include "core/field.hpp"
#include "neurons/linear.hpp"

namespace apical {

/// Leaky integrate-and-fire neuron with voltage-jump synapses:
///
///     dV_m/dt = (E_L - V_m) / tau_m + I_e / C_m,    V_m -> V_m + w at an input,    V_m -> V_reset at V_m =
///     V_th
///
/// Source: Gerstner, Kistler, Naud & Paninski (2014), Neuronal Dynamics, section 1.3.
struct Lif {
    double tau_m = 20.0;     ///< [ms] membrane time constant
    double C_m = 200.0;      ///< [pF] capacitance
    double E_L = -70.0;      ///< [mV] leak reversal
    double V_th = -50.0;     ///< [mV] threshold
    double V_reset = -65.0;  ///< [mV] reset
    double t_ref = 2.0;      ///< [ms] absolute refractory period
    double I_e = 0.0;        ///< [pA] constant current

    static constexpr std::string_view name = "lif";
    static constexpr Classifier classifier = Classifier::isi;
    static constexpr std::string_view summary = "leaky integrate-and-fire, voltage-jump synapses";
    static constexpr std::string_view equations =
        "dV_m/dt = (E_L - V_m) / tau_m + (I_e + I_stim) / C_m\n"
        "at an input on membrane: V_m -> V_m + w;  at V_m = V_th: V_m -> V_reset, held for t_ref\n"
        "an input reaches V_th that comes to it as the numbers are written, to rounding; a V_m that tends to "
        "V_th never does\n"
        "Gerstner, Kistler, Naud & Paninski (2014), Neuronal Dynamics, section 1.3";
    static constexpr auto fields = std::to_array<Field<Lif>>({
        {"tau_m", &Lif::tau_m, "ms", "membrane time constant", positive},
        {"C_m", &Lif::C_m, "pF", "capacitance", positive},
        {"E_L", &Lif::E_L, "mV", "leak reversal"},
        {"V_th", &Lif::V_th, "mV", "threshold"},
        {"V_reset", &Lif::V_reset, "mV", "reset"},
        {"t_ref", &Lif::t_ref, "ms", "absolute refractory period; an input at its very end counts",
         not_negative},
        {"I_e", &Lif::I_e, "pA", "constant current"},
    });

    /// `membrane`: a jump of V_m. `current`: a jump of I_stim, a current that stays.
    static constexpr auto ports = std::to_array<Port>({{"membrane", "mV"}, {"current", "pA", true}});
    static constexpr auto variables = std::to_array<std::string_view>({"V_m", "I_stim", "refractory"});
    using State = LinearState<2>;

    State initial() const { return {{E_L, 0.0}, 0.0}; }

    std::optional<std::string> check() const {
        if (V_reset >= V_th) return "V_reset must lie below V_th: the neuron would fire without end";
        return std::nullopt;
    }

    LinearDynamics linear() const {
        LinearDynamics d;
        d.A = Eigen::Matrix2d{{-1 / tau_m, 1 / C_m}, {0, 0}};
        d.u = Eigen::Vector2d{E_L / tau_m + I_e / C_m, 0};
        d.gains = Eigen::Matrix2d::Identity();
        d.readout = Eigen::Vector2d{1, 0};
        d.threshold = V_th;
        d.V_reset = V_reset;
        d.jump = Eigen::Vector2d::Zero();
        d.t_ref = t_ref;
        return d;
    }
};

static_assert(LinearModel<Lif>);

}  // namespace apical
