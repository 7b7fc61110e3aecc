#pragma once

#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "networks/description.hpp"
#include "tests/differential/flow.hpp"

namespace apical::naive {

/// The linear neurons as `apical explain` prints them, written down once more: dx/dt = M x with V_m first and
/// the constant 1 last.
struct Equations {
    Matrix free{};                   ///< [1/ms]
    std::vector<Vector> ports;       ///< what an input of weight 1 adds
    std::vector<std::string> names;  ///< of ports
    std::vector<std::string> variables;
    Vector jump{};  ///< at a spike
    Real V_th = 0.0L;
    Real V_reset = 0.0L;
    Real t_ref = 0.0L;    ///< [ms]
    Real fastest = 1.0L;  ///< [ms] time constant

    static constexpr std::size_t one = most_variables - 1;

    /// The same while V_m is held.
    Matrix held() const {
        Matrix m = free;
        m[0] = {};
        return m;
    }
};

class Values {
public:
    Values(const Parameters& given, Parameters defaults) : values_(std::move(defaults)) {
        for (const auto& [name, value] : given) values_.at(name) = value;
    }
    Real operator()(const std::string& name) const { return values_.at(name); }

private:
    Parameters values_;
};

inline Vector unit(std::size_t i, Real length = 1.0L) {
    Vector v{};
    v[i] = length;
    return v;
}

inline Equations lif(const Parameters& given) {
    const Values p(given, {{"tau_m", 20.0},
                           {"C_m", 200.0},
                           {"E_L", -70.0},
                           {"V_th", -50.0},
                           {"V_reset", -65.0},
                           {"t_ref", 2.0},
                           {"I_e", 0.0}});
    Equations e;
    e.variables = {"V_m", "I_stim"};
    e.free[0][0] = -1.0L / p("tau_m");
    e.free[0][1] = 1.0L / p("C_m");
    e.free[0][e.one] = p("E_L") / p("tau_m") + p("I_e") / p("C_m");
    e.names = {"membrane", "current"};
    e.ports = {unit(0), unit(1)};
    e.V_th = p("V_th");
    e.V_reset = p("V_reset");
    e.t_ref = p("t_ref");
    e.fastest = p("tau_m");
    return e;
}

inline Equations adaptive_lif(const Parameters& given, const Parameters& preset = {}) {
    Parameters defaults{{"tau_m", 20.0},     {"C_m", 100.0},       {"E_L", -70.0},   {"V_th", -50.0},
                        {"V_reset", -65.0},  {"t_ref", 2.0},       {"a", 0.0},       {"b", 0.0},
                        {"tau_syn_ex", 5.0}, {"tau_syn_in", 10.0}, {"tau_w", 100.0}, {"I_e", 0.0}};
    for (const auto& [name, value] : preset) defaults[name] = value;
    const Values p(given, defaults);
    const Real leak = p("C_m") / p("tau_m");  // [nS]
    Equations e;
    e.variables = {"V_m", "I_syn_ex", "I_syn_in", "w", "I_stim"};
    e.free[0] = {-leak / p("C_m"),
                 1.0L / p("C_m"),
                 1.0L / p("C_m"),
                 -1.0L / p("C_m"),
                 1.0L / p("C_m"),
                 0.0L,
                 (leak * p("E_L") + p("I_e")) / p("C_m")};
    e.free[1][1] = -1.0L / p("tau_syn_ex");
    e.free[2][2] = -1.0L / p("tau_syn_in");
    e.free[3][0] = p("a") / p("tau_w");
    e.free[3][3] = -1.0L / p("tau_w");
    e.free[3][e.one] = -p("a") * p("E_L") / p("tau_w");
    e.names = {"excitatory", "inhibitory", "membrane", "current"};
    e.ports = {unit(1), unit(2), unit(0), unit(4)};
    e.jump = unit(3, p("b"));
    e.V_th = p("V_th");
    e.V_reset = p("V_reset");
    e.t_ref = p("t_ref");
    e.fastest = std::min({p("tau_m"), p("tau_syn_ex"), p("tau_syn_in"), p("tau_w")});
    return e;
}

/// I = w e (s / tau) exp(-s / tau) solves tau dI/dt = y - I, tau dy/dt = -y with y = e w at s = 0.
inline Equations alpha_lif(const Parameters& given) {
    const Values p(given, {{"tau_m", 10.0},
                           {"C_m", 250.0},
                           {"E_L", -70.0},
                           {"V_th", -55.0},
                           {"V_reset", -70.0},
                           {"t_ref", 2.0},
                           {"tau_syn_ex", 2.0},
                           {"tau_syn_in", 2.0},
                           {"I_e", 0.0}});
    Equations e;
    e.variables = {"V_m", "I_ex", "y_ex", "I_in", "y_in", "I_stim"};
    const Real C = p("C_m");
    e.free[0] = {
        -1.0L / p("tau_m"), 1.0L / C, 0.0L, 1.0L / C, 0.0L, 1.0L / C, p("E_L") / p("tau_m") + p("I_e") / C};
    e.free[1][1] = e.free[2][2] = -1.0L / p("tau_syn_ex");
    e.free[1][2] = 1.0L / p("tau_syn_ex");
    e.free[3][3] = e.free[4][4] = -1.0L / p("tau_syn_in");
    e.free[3][4] = 1.0L / p("tau_syn_in");
    e.names = {"excitatory", "inhibitory", "current"};
    constexpr Real euler = std::numbers::e_v<Real>;
    e.ports = {unit(2, euler), unit(4, euler), unit(5)};
    e.V_th = p("V_th");
    e.V_reset = p("V_reset");
    e.t_ref = p("t_ref");
    e.fastest = std::min({p("tau_m"), p("tau_syn_ex"), p("tau_syn_in")});
    return e;
}

inline Equations equations(const PopulationDescription& p) {
    if (p.model == "lif") return lif(p.parameters);
    if (p.model == "adaptive_lif") return adaptive_lif(p.parameters);
    if (p.model == "pv") {
        return adaptive_lif(
            p.parameters,
            {{"tau_m", 10.0}, {"V_th", -48.0}, {"V_reset", -55.0}, {"t_ref", 1.0}, {"tau_syn_in", 5.0}});
    }
    if (p.model == "sst") {
        return adaptive_lif(p.parameters, {{"V_th", -55.0}, {"a", 0.5}, {"b", 10.0}, {"tau_w", 500.0}});
    }
    if (p.model == "alpha_lif") return alpha_lif(p.parameters);
    throw ModelError(p.model + ": not among the neurons written down here");
}

}  // namespace apical::naive
