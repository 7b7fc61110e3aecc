#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/exp.hpp"
#include "neurons/model.hpp"
#include "neurons/ode.hpp"

namespace apical {

/// What the two-compartment pyramidal cells of Payeur et al. (2021) have in common: conductance synapses on
/// soma and dendrite, two adaptations, a moving threshold. V_m_soma, V_m_dend and w_dend are integrated,
/// under error control; conductances, w_soma and theta have closed forms and are exact.

struct TwoCompartmentState {
    double V_m_soma;   ///< [mV]
    double V_m_dend;   ///< [mV]
    double w_dend;     ///< [pA] restorative current of the dendrite
    double w_soma;     ///< [pA] spike-triggered adaptation
    double theta;      ///< [mV] moving threshold
    double g_ex_soma;  ///< [1] conductances, in units of the compartment's leak
    double g_in_soma;  ///< [1]
    double g_ex_dend;  ///< [1]
    double g_in_dend;  ///< [1]
    double I_soma;     ///< [pA] currents that stay
    double I_dend;     ///< [pA]
    double step;       ///< [ms] length of the next step of the integration, if no input comes first
};

/// Conductances are jumps in units of the compartment's leak, never below zero; charges move the potential by
/// w/C_m at once; currents stay.
inline constexpr auto two_compartment_ports = std::to_array<Port>({{"excitatory_soma", "1"},
                                                                   {"inhibitory_soma", "1", false, true},
                                                                   {"excitatory_dend", "1"},
                                                                   {"inhibitory_dend", "1", false, true},
                                                                   {"charge_soma", "pC"},
                                                                   {"charge_dend", "pC"},
                                                                   {"current_soma", "pA", true},
                                                                   {"current_dend", "pA", true}});

template <class Cell>
TwoCompartmentState two_compartments_at_rest(const Cell& cell) {
    return {.V_m_soma = cell.E_L,
            .V_m_dend = cell.E_L,
            .w_dend = 0.0,
            .w_soma = 0.0,
            .theta = cell.V_th,
            .g_ex_soma = 0.0,
            .g_in_soma = 0.0,
            .g_ex_dend = 0.0,
            .g_in_dend = 0.0,
            .I_soma = cell.I_e_soma,
            .I_dend = cell.I_e_dend,
            .step = ode::first_step};
}

template <class Cell>
void receive_in_two_compartments(const Cell& cell, TwoCompartmentState& s, std::size_t port, double weight) {
    constexpr double mV_pF_per_pC = 1000.0;
    const auto open = [weight](double& g) { g = std::max(g + weight, 0.0); };
    switch (port) {
        case 0:
            return open(s.g_ex_soma);
        case 1:
            return open(s.g_in_soma);
        case 2:
            return open(s.g_ex_dend);
        case 3:
            return open(s.g_in_dend);
        case 4:
            s.V_m_soma += mV_pF_per_pC * weight / cell.C_m_soma;
            return;
        case 5:
            s.V_m_dend += mV_pF_per_pC * weight / cell.C_m_dend;
            return;
        case 6:
            s.I_soma += weight;
            return;
        default:
            s.I_dend += weight;
            return;
    }
}

/// The time derivative of {V_m_soma, V_m_dend, w_dend}. All that depends on time only is evaluated at the
/// nodes of a step beforehand.
template <class Cell>
class TwoCompartmentFlow {
public:
    /// `box` [pA] flows into the dendrite.
    TwoCompartmentFlow(const Cell& cell, const TwoCompartmentState& state, double box)
        : cell_(&cell),
          state_(&state),
          leak_soma_(1.0 / cell.tau_m_soma),
          leak_dend_(1.0 / cell.tau_m_dend),
          per_C_soma_(1.0 / cell.C_m_soma),
          per_C_dend_(1.0 / cell.C_m_dend),
          per_tau_w_(1.0 / cell.tau_w_dend),
          rest_soma_(cell.E_L * leak_soma_ + state.I_soma * per_C_soma_),
          rest_dend_(cell.E_L * leak_dend_ + (state.I_dend + box) * per_C_dend_) {
        if constexpr (Cell::regenerative) {
            per_slope_ = 1.0 / cell.slope_dend;
            gain_soma_ = cell.G_soma * per_C_soma_;
            gain_dend_ = cell.G_dend * per_C_dend_;
        }
    }

    void span(double h) {
        excitatory_ = ode::decay_at_nodes(h / cell_->tau_syn_ex);
        inhibitory_ = ode::decay_at_nodes(h / cell_->tau_syn_in);
        adaptation_ = ode::decay_at_nodes(h / cell_->tau_w_soma);
        const double g_ex_soma = state_->g_ex_soma * leak_soma_;
        const double g_in_soma = state_->g_in_soma * leak_soma_;
        const double g_ex_dend = state_->g_ex_dend * leak_dend_;
        const double g_in_dend = state_->g_in_dend * leak_dend_;
        const double w_soma = state_->w_soma * per_C_soma_;
        for (std::size_t i = 0; i < ode::nodes.size(); ++i) {
            const double ex_soma = g_ex_soma * excitatory_[i];
            const double in_soma = g_in_soma * inhibitory_[i];
            const double ex_dend = g_ex_dend * excitatory_[i];
            const double in_dend = g_in_dend * inhibitory_[i];
            drive_soma_[i] =
                rest_soma_ - w_soma * adaptation_[i] + ex_soma * cell_->E_ex + in_soma * cell_->E_in;
            loss_soma_[i] = leak_soma_ + ex_soma + in_soma;
            drive_dend_[i] = rest_dend_ + ex_dend * cell_->E_ex + in_dend * cell_->E_in;
            const double loss_dend = ex_dend + in_dend;
            loss_dend_[i] = leak_dend_ + cell_->drive_dend * loss_dend;
            loss_by_soma_[i] = (1.0 - cell_->drive_dend) * loss_dend;
        }
    }

    [[gnu::always_inline]] ode::Vector<3> operator()(std::size_t node, const ode::Vector<3>& y) const {
        const auto [soma, dend, w] = y;
        ode::Vector<3> slope{
            drive_soma_[node] - loss_soma_[node] * soma,
            (drive_dend_[node] - w * per_C_dend_) - loss_by_soma_[node] * soma - loss_dend_[node] * dend,
            (cell_->a_dend * (dend - cell_->E_L) - w) * per_tau_w_,
        };
        if constexpr (Cell::regenerative) {
            const double active = 1.0 / (1.0 + exp((cell_->V_half_dend - dend) * per_slope_));
            slope[0] += gain_soma_ * active;
            slope[1] += gain_dend_ * active;
        }
        return slope;
    }

    /// The factors by which conductances and w_soma decay in the step.
    double excitatory() const { return excitatory_.back(); }
    double inhibitory() const { return inhibitory_.back(); }
    double adaptation() const { return adaptation_.back(); }

private:
    using AtNodes = std::array<double, ode::nodes.size()>;
    const Cell* cell_;
    const TwoCompartmentState* state_;
    double leak_soma_;
    double leak_dend_;
    double per_C_soma_;
    double per_C_dend_;
    double per_tau_w_;
    double rest_soma_;
    double rest_dend_;
    double per_slope_ = 0.0;
    double gain_soma_ = 0.0;
    double gain_dend_ = 0.0;
    AtNodes excitatory_;
    AtNodes inhibitory_;
    AtNodes adaptation_;
    AtNodes drive_soma_;
    AtNodes loss_soma_;
    AtNodes drive_dend_;
    AtNodes loss_dend_;
    AtNodes loss_by_soma_;
};

/// Moves a cell by one step of at most `longest` [ms], or to the first crossing in it if `armed`.
template <class Cell>
ode::Passage pass(const Cell& cell, TwoCompartmentState& s, double longest, double box, bool armed) {
    TwoCompartmentFlow<Cell> flow(cell, s, box);
    const ode::Step<3> step = ode::controlled_step(
        flow, ode::Vector<3>{s.V_m_soma, s.V_m_dend, s.w_dend},
        ode::Vector<3>{cell.tolerance, cell.tolerance, cell.tolerance * cell.C_m_dend / cell.tau_m_dend},
        longest, s.step);
    const auto theta_after = [&](double t) {
        return cell.V_th + (s.theta - cell.V_th) * exp(-t / cell.tau_th);
    };
    ode::Landing<3> landing{step.h, step.end, false};
    if (armed && !(step.bound(0) < std::min(s.theta, theta_after(step.h)))) {
        landing = ode::end_or_crossing(
            flow, step, [&](double x) { return step.at(0, x) - theta_after(x * step.h); },
            [&](const ode::Step<3>& part) {
                const double height = theta_after(part.h);
                return std::pair{part.end[0] - height, part.slope[6][0] - (cell.V_th - height) / cell.tau_th};
            });
    }
    s.V_m_soma = landing.y[0];
    s.V_m_dend = landing.y[1];
    s.w_dend = landing.y[2];
    s.theta = theta_after(landing.time);
    s.w_soma = ode::faded(s.w_soma, flow.adaptation());
    s.g_ex_soma = ode::faded(s.g_ex_soma, flow.excitatory());
    s.g_ex_dend = ode::faded(s.g_ex_dend, flow.excitatory());
    s.g_in_soma = ode::faded(s.g_in_soma, flow.inhibitory());
    s.g_in_dend = ode::faded(s.g_in_dend, flow.inhibitory());
    return {landing.time, landing.crossed};
}

}  // namespace apical
