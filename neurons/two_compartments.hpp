#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "core/exp.hpp"
#include "neurons/leap.hpp"
#include "neurons/model.hpp"
#include "neurons/ode.hpp"
#include "neurons/threshold.hpp"

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
inline constexpr auto two_compartment_ports =
    std::to_array<Port>({{.name = "excitatory_soma", .unit = "1", .conducts = true},
                         {.name = "inhibitory_soma", .unit = "1", .inhibits = true, .conducts = true},
                         {.name = "excitatory_dend", .unit = "1", .conducts = true},
                         {.name = "inhibitory_dend", .unit = "1", .inhibits = true, .conducts = true},
                         {.name = "charge_soma", .unit = "pC"},
                         {.name = "charge_dend", .unit = "pC"},
                         {.name = "current_soma", .unit = "pA", .level = true},
                         {.name = "current_dend", .unit = "pA", .level = true}});

inline constexpr auto two_compartment_starts =
    std::to_array<Start>({{"I_e_soma", "I_soma"}, {"I_e_dend", "I_dend"}});

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

/// When the soma has reached theta (neurons/threshold.hpp).
template <class Cell>
ThresholdMargins margins_of_soma(const Cell& cell) {
    return threshold_margins({cell.V_th, cell.V_reset, cell.E_L}, 1.0 / cell.tau_m_soma);
}

/// A soma that is at theta to rounding, as a charge has left it or a value has set it, fires.
template <class Cell>
void settle_soma(const Cell& cell, TwoCompartmentState& s) {
    const ThresholdMargins margins = margins_of_soma(cell);
    if (s.V_m_soma >= s.theta - margins.arrival) s.V_m_soma = std::max(s.V_m_soma, s.theta + margins.drift);
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
            if (weight > 0.0) settle_soma(cell, s);
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
        const double drift = margins_of_soma(cell).drift;
        landing = ode::end_or_crossing(
            flow, step, [&](double x) { return step.at(0, x) - theta_after(x * step.h) - drift; },
            [&](const ode::Step<3>& part) {
                const double height = theta_after(part.h);
                return std::pair{part.end[0] - height - drift,
                                 part.slope[6][0] - (cell.V_th - height) / cell.tau_th};
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
    return {landing.time, landing.crossed, step.lost};
}

/// A whole step of such a cell, with all arrivals in it, as far as nothing happens to it (neurons/leap.hpp).
/// Arrivals of charge move the potentials: the integration runs in y = V - q, where q are the charges so far.
template <class Cell>
class TwoCompartmentLeap {
public:
    TwoCompartmentLeap(const Cell& cell, double h)
        : cell_(cell),
          h_(h),
          leak_soma_(1.0 / cell.tau_m_soma),
          leak_dend_(1.0 / cell.tau_m_dend),
          per_C_soma_(1.0 / cell.C_m_soma),
          per_C_dend_(1.0 / cell.C_m_dend),
          mV_soma_(1000.0 * per_C_soma_),
          mV_dend_(1000.0 * per_C_dend_),
          per_tau_w_(1.0 / cell.tau_w_dend),
          per_tolerance_(1.0 / cell.tolerance),
          reach_(margins_of_soma(cell).arrival),
          excitatory_(h / cell.tau_syn_ex),
          inhibitory_(h / cell.tau_syn_in),
          adaptation_(h / cell.tau_w_soma),
          threshold_decay_(exp(-h / cell.tau_th)) {
        if constexpr (Cell::regenerative) {
            per_slope_ = 1.0 / cell.slope_dend;
            gain_soma_ = cell.G_soma * per_C_soma_;
            gain_dend_ = cell.G_dend * per_C_dend_;
        }
    }

    static constexpr std::size_t decaying_ports = 4;

    struct Result {
        double error;  ///< estimated, over the tolerance: up to 1 is fine
        double room;   ///< [mV] the soma stays below the threshold by this, at least
    };

    /// Moves the first eleven members of the state; `box` [pA] flows into the dendrite. `in` may end with the
    /// ports that decay: then nothing arrives at the others.
    template <std::size_t ports>
    [[gnu::always_inline]] Result operator()(double* x, const std::array<leap::Arrivals, ports>& in,
                                             double box) const {
        const double w_soma = x[3] * per_C_soma_;
        const leap::Line ex_soma = excitatory_.line(in[0]);
        const leap::Line in_soma = inhibitory_.line(in[1]);
        const leap::Line ex_dend = excitatory_.line(in[2]);
        const leap::Line in_dend = inhibitory_.line(in[3]);
        const double rest_soma = leak_soma_ * cell_.E_L + x[9] * per_C_soma_;
        const double rest_dend = leak_dend_ * cell_.E_L + (x[10] + box) * per_C_dend_;

        struct Node {
            double drive_soma, loss_soma, drive_dend, loss_dend, loss_by_soma, q_soma, q_dend;
        };
        const auto node = [&](std::size_t i, double fade_ex, double fade_in, double fade_w)
            __attribute__((always_inline)) {
            const double es = leak_soma_ * (x[5] * fade_ex + ex_soma.at(i));
            const double is = leak_soma_ * (x[6] * fade_in + in_soma.at(i));
            const double ed = leak_dend_ * (x[7] * fade_ex + ex_dend.at(i));
            const double id = leak_dend_ * (x[8] * fade_in + in_dend.at(i));
            Node n{(rest_soma - w_soma * fade_w) + (es * cell_.E_ex + is * cell_.E_in),
                   leak_soma_ + (es + is),
                   rest_dend + (ed * cell_.E_ex + id * cell_.E_in),
                   leak_dend_ + cell_.drive_dend * (ed + id),
                   (1.0 - cell_.drive_dend) * (ed + id),
                   0.0,
                   0.0};
            if constexpr (ports > decaying_ports) {
                n.q_soma = mV_soma_ * leap::lasting(in[4]).at(i);
                n.q_dend = mV_dend_ * leap::lasting(in[5]).at(i);
                n.drive_soma += per_C_soma_ * leap::lasting(in[6]).at(i) - n.loss_soma * n.q_soma;
                n.drive_dend += per_C_dend_ * leap::lasting(in[7]).at(i) -
                                (n.loss_by_soma * n.q_soma + n.loss_dend * n.q_dend);
            }
            return n;
        };
        const Node begin = node(0, 1.0, 1.0, 1.0);
        const Node half = node(1, excitatory_.half_decay, inhibitory_.half_decay, adaptation_.half_decay);
        const Node end = node(2, excitatory_.decay, inhibitory_.decay, adaptation_.decay);
        leap::Tangent activation;
        double first_bend = 0.0;  // second derivative of the activation
        const auto bend = [&](const leap::Tangent& a) __attribute__((always_inline)) {
            return std::abs(a.derivative * (1.0 - 2.0 * a.value)) * per_slope_;
        };
        const auto slope = [&](std::size_t stage, const std::array<double, 3>& y)
            __attribute__((always_inline)) {
            const std::size_t i = leap::half_steps[stage];
            const Node& n = i == 0 ? begin : (i == 1 ? half : end);
            const double dend = y[1] + n.q_dend;
            std::array<double, 3> k{
                n.drive_soma - n.loss_soma * y[0],
                (n.drive_dend - y[2] * per_C_dend_) - (n.loss_by_soma * y[0] + n.loss_dend * y[1]),
                (cell_.a_dend * (dend - cell_.E_L) - y[2]) * per_tau_w_};
            if constexpr (Cell::regenerative) {
                if (stage == 0 || i != leap::half_steps[stage - 1]) {
                    const double active = 1.0 / (1.0 + exp((cell_.V_half_dend - dend) * per_slope_));
                    activation = {dend, active, active * (1.0 - active) * per_slope_};
                    if (stage == 0) first_bend = bend(activation);
                }
                k[0] += gain_soma_ * activation(dend);
                k[1] += gain_dend_ * activation(dend);
            }
            return k;
        };
        const leap::Step<3> step = leap::step<3>(slope, {x[0], x[1], x[2]}, h_);

        // What the lines leave out: within the step, where kinks may touch the threshold, and at its end.
        const double to_ex = std::abs(cell_.E_ex - x[0]);
        const double to_in = std::abs(x[0] - cell_.E_in);
        double drive_soma = leak_soma_ * (in[0].s0 * to_ex + in[1].s0 * to_in);
        double drive_dend = leak_dend_ * (in[2].s0 * to_ex + in[3].s0 * to_in);
        double jumps_soma = 0.0;  // charges raise the soma by no more than this
        if constexpr (ports > decaying_ports) {
            drive_soma += in[6].s3 * per_C_soma_ + begin.loss_soma * mV_soma_ * in[4].s3;
            drive_dend += in[7].s3 * per_C_dend_ + leak_dend_ * mV_dend_ * in[5].s3;
            jumps_soma = 0.5 * mV_soma_ * (in[4].s3 + in[4].s0);
        }
        double left_out =
            (leap::largest_bend * h_ * h_ * h_) *
            (begin.loss_soma * begin.loss_soma * drive_soma + leak_dend_ * leak_dend_ * drive_dend);
        if constexpr (Cell::regenerative && ports > decaying_ports) {
            const double jumps = mV_dend_ * in[5].s3;
            left_out += (0.5 * leap::largest_variance * h_) * (gain_soma_ + gain_dend_) *
                        std::max(first_bend, bend(activation)) * jumps * jumps;
        }
        const double error = (std::abs(step.error[0]) + std::abs(step.error[1])) +
                             std::abs(step.error[2]) * (per_C_dend_ * cell_.tau_m_dend) + left_out;

        const double theta = cell_.V_th + (x[4] - cell_.V_th) * threshold_decay_;
        const double highest = leap::bound(x[0], step.first_slope[0], step.end[0], step.last_slope[0], h_) +
                               leap::largest_kink * h_ * drive_soma + jumps_soma;
        const double room = std::min(x[4], theta) - reach_ - highest;

        x[0] = step.end[0];
        x[1] = step.end[1];
        x[2] = step.end[2];
        x[3] = leap::faded(x[3] * adaptation_.decay);
        x[4] = theta;
        x[5] = leap::faded(x[5] * excitatory_.decay + excitatory_.end(in[0]));
        x[6] = leap::faded(x[6] * inhibitory_.decay + inhibitory_.end(in[1]));
        x[7] = leap::faded(x[7] * excitatory_.decay + excitatory_.end(in[2]));
        x[8] = leap::faded(x[8] * inhibitory_.decay + inhibitory_.end(in[3]));
        if constexpr (ports > decaying_ports) {
            x[0] += mV_soma_ * in[4].s0;
            x[1] += mV_dend_ * in[5].s0;
            x[9] += in[6].s0;
            x[10] += in[7].s0;
        }
        return {error * per_tolerance_, room};
    }

    double h() const { return h_; }

private:
    Cell cell_;
    double h_;
    double leak_soma_;
    double leak_dend_;
    double per_C_soma_;
    double per_C_dend_;
    double mV_soma_;  ///< [mV/pC] of a charge
    double mV_dend_;
    double per_tau_w_;
    double per_tolerance_;
    double reach_;  ///< [mV] below theta: a charge that comes there has reached it
    leap::Decaying excitatory_;
    leap::Decaying inhibitory_;
    leap::Decaying adaptation_;
    double threshold_decay_;
    double per_slope_ = 0.0;
    double gain_soma_ = 0.0;
    double gain_dend_ = 0.0;
};

}  // namespace apical
