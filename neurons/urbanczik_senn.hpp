#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/exp.hpp"
#include "core/field.hpp"
#include "neurons/model.hpp"
#include "neurons/ode.hpp"

namespace apical {

/// Two compartments, of which the dendrite predicts what the soma does:
///
///     C_m_dend dV_dend/dt = g_L_dend (E_L - V_dend) + I_dend
///     C_m_soma dV_soma/dt = g_L_soma (E_L - V_soma) + g_D (V_dend - V_soma) + g_ex (E_ex - V_soma)
///                           + g_in (E_in - V_soma) + I_soma
///     tau_syn_dend dI_dend/dt = -I_dend,   tau_syn_ex dg_ex/dt = -g_ex,   tau_syn_in dg_in/dt = -g_in
///     spikes with the hazard phi(V_soma) = phi_max/(1 + k exp((V_half - V_soma)/slope)), none for t_ref
///     after a spike; nothing is reset
///
/// The dendrite does not feel the soma. A spike comes when the hazard since the last refractory period has
/// come to an exponential number of mean 1. `tolerance` bounds the estimated error of a step in V_soma and
/// V_dend, and `tolerance`/slope that in the hazard; conductances and I_dend are exact.
///
/// Source: Urbanczik & Senn (2014), Neuron 81:521, with the capacitances of NEST's model of it
/// (pp_cond_exp_mc_urbanczik).
struct UrbanczikSenn {
    double C_m_soma = 300.0;    ///< [pF] capacitance
    double g_L_soma = 30.0;     ///< [nS] leak
    double C_m_dend = 300.0;    ///< [pF] capacitance
    double g_L_dend = 30.0;     ///< [nS] leak
    double g_D = 600.0;         ///< [nS] coupling, from the dendrite to the soma
    double E_L = -70.0;         ///< [mV] leak reversal of both
    double E_ex = 0.0;          ///< [mV] reversal
    double E_in = -75.0;        ///< [mV] reversal
    double tau_syn_ex = 3.0;    ///< [ms] decay of the conductances
    double tau_syn_in = 3.0;    ///< [ms]
    double tau_syn_dend = 3.0;  ///< [ms] decay of the current
    double phi_max = 150.0;     ///< [Hz] largest hazard
    double k = 0.5;             ///< [1] of the hazard
    double V_half = -55.0;      ///< [mV] of the hazard
    double slope = 3.0;         ///< [mV] of the hazard
    double t_ref = 3.0;         ///< [ms] dead time
    double tolerance = 1e-3;    ///< [mV] error of a step

    static constexpr std::string_view name = "urbanczik_senn";
    static constexpr Classifier classifier = Classifier::every;
    static constexpr std::string_view summary =
        "a dendrite that predicts the soma, conductance synapses, escape noise";
    static constexpr std::string_view equations =
        "C_m_dend dV_dend/dt = g_L_dend (E_L - V_dend) + I_dend\n"
        "C_m_soma dV_soma/dt = g_L_soma (E_L - V_soma) + g_D (V_dend - V_soma) + g_ex (E_ex - V_soma) + g_in "
        "(E_in - V_soma) + I_soma\n"
        "tau_syn_dend dI_dend/dt = -I_dend,   tau_syn_ex dg_ex/dt = -g_ex,   tau_syn_in dg_in/dt = -g_in\n"
        "spikes with the hazard phi_max/(1 + k exp((V_half - V_soma)/slope)), none for t_ref after a spike; "
        "no reset\n"
        "Urbanczik & Senn (2014), Neuron 81:521";
    static constexpr auto fields = std::to_array<Field<UrbanczikSenn>>({
        {"C_m_soma", &UrbanczikSenn::C_m_soma, "pF", "capacitance of the soma", positive},
        {"g_L_soma", &UrbanczikSenn::g_L_soma, "nS", "leak of the soma", positive},
        {"C_m_dend", &UrbanczikSenn::C_m_dend, "pF", "capacitance of the dendrite", positive},
        {"g_L_dend", &UrbanczikSenn::g_L_dend, "nS", "leak of the dendrite", positive},
        {"g_D", &UrbanczikSenn::g_D, "nS", "coupling, from the dendrite to the soma", not_negative},
        {"E_L", &UrbanczikSenn::E_L, "mV", "leak reversal of both"},
        {"E_ex", &UrbanczikSenn::E_ex, "mV", "excitatory reversal"},
        {"E_in", &UrbanczikSenn::E_in, "mV", "inhibitory reversal"},
        {"tau_syn_ex", &UrbanczikSenn::tau_syn_ex, "ms", "decay of the excitatory conductance", positive},
        {"tau_syn_in", &UrbanczikSenn::tau_syn_in, "ms", "decay of the inhibitory conductance", positive},
        {"tau_syn_dend", &UrbanczikSenn::tau_syn_dend, "ms", "decay of the dendritic current", positive},
        {"phi_max", &UrbanczikSenn::phi_max, "Hz", "largest hazard", positive},
        {"k", &UrbanczikSenn::k, "1", "of the hazard", positive},
        {"V_half", &UrbanczikSenn::V_half, "mV", "of the hazard"},
        {"slope", &UrbanczikSenn::slope, "mV", "of the hazard", positive},
        {"t_ref", &UrbanczikSenn::t_ref, "ms", "dead time after a spike", not_negative},
        {"tolerance", &UrbanczikSenn::tolerance, "mV", "error of a step of the integration", positive},
    });

    static constexpr auto ports =
        std::to_array<Port>({{.name = "excitatory_soma", .unit = "nS", .conducts = true},
                             {.name = "inhibitory_soma", .unit = "nS", .inhibits = true, .conducts = true},
                             {.name = "synaptic_dend", .unit = "pA"},
                             {.name = "current_soma", .unit = "pA", .level = true}});

    struct State {
        double V_m_soma;    ///< [mV]
        double V_m_dend;    ///< [mV]
        double g_ex;        ///< [nS]
        double g_in;        ///< [nS]
        double I_dend;      ///< [pA] of synapses
        double I_soma;      ///< [pA] current that stays
        double hazard;      ///< [1] left until the next spike; negative: not drawn yet
        double refractory;  ///< [ms] left of t_ref
        double step;        ///< [ms] length of the next step of the integration, if no input comes first
    };
    static constexpr auto variables = std::to_array<std::string_view>(
        {"V_m_soma", "V_m_dend", "g_ex", "g_in", "I_dend", "I_soma", "hazard", "refractory", "step"});

    State initial() const { return {E_L, E_L, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, ode::first_step}; }

    void receive(State& s, std::size_t port, double weight) const {
        if (port == 2) {
            s.I_dend += weight;
        } else if (port == 3) {
            s.I_soma += weight;
        } else {
            double& g = port == 0 ? s.g_ex : s.g_in;
            g = std::max(g + weight, 0.0);
        }
    }

    std::optional<Emission> advance(State& s, double dt, Draw& draw) const {
        if (s.hazard < 0.0) s.hazard = draw.exponential();
        ode::StepBudget steps(dt);
        for (double left = dt; left > 0.0;) {
            if (!steps.take()) return Emission{lost_in_steps};
            const bool armed = s.refractory == 0.0;
            const ode::Passage passage = pass(s, armed ? left : std::min(left, s.refractory), armed);
            if (passage.lost) return Emission{lost_in_steps};
            left -= passage.time;
            if (passage.crossed) {
                // The engine refuses an offset that is not a number.
                const bool lost = std::isnan(s.V_m_soma);
                s.hazard = draw.exponential();
                s.refractory = t_ref;
                return Emission{lost ? std::numeric_limits<double>::quiet_NaN() : dt - left};
            }
            s.refractory = std::max(s.refractory - passage.time, 0.0);
        }
        return std::nullopt;
    }

    class Leap;  ///< moves cells by a step to which nothing happens
    /// [ms] No longer than the soma, which is fast, can be followed for.
    double longest_leap() const {
        const double tau = C_m_soma / (g_L_soma + g_D);
        return std::min(leap::longest(tolerance, std::min({tau_syn_ex, tau_syn_in, tau_syn_dend})),
                        1.2 * tau * exp(0.2 * log(tolerance)));
    }

private:
    /// The time derivative of {V_m_soma, V_m_dend, hazard spent}; conductances and current are evaluated at
    /// the nodes of a step beforehand.
    class Flow {
    public:
        Flow(const UrbanczikSenn& cell, const State& state, bool armed)
            : cell_(&cell),
              state_(&state),
              per_C_soma_(1.0 / cell.C_m_soma),
              per_C_dend_(1.0 / cell.C_m_dend),
              per_slope_(1.0 / cell.slope),
              phi_max_(armed ? 1e-3 * cell.phi_max : 0.0) {}

        void span(double h) {
            ex_ = ode::decay_at_nodes(h / cell_->tau_syn_ex);
            in_ = ode::decay_at_nodes(h / cell_->tau_syn_in);
            dend_ = ode::decay_at_nodes(h / cell_->tau_syn_dend);
            for (std::size_t i = 0; i < ode::nodes.size(); ++i) {
                const double ex = state_->g_ex * ex_[i];
                const double in = state_->g_in * in_[i];
                drive_[i] =
                    cell_->g_L_soma * cell_->E_L + ex * cell_->E_ex + in * cell_->E_in + state_->I_soma;
                loss_[i] = cell_->g_L_soma + cell_->g_D + ex + in;
                current_[i] = cell_->g_L_dend * cell_->E_L + state_->I_dend * dend_[i];
            }
        }

        [[gnu::always_inline]] ode::Vector<3> operator()(std::size_t node, const ode::Vector<3>& y) const {
            const auto [soma, dend, spent] = y;
            return {(drive_[node] + cell_->g_D * dend - loss_[node] * soma) * per_C_soma_,
                    (current_[node] - cell_->g_L_dend * dend) * per_C_dend_,
                    phi_max_ / (1.0 + cell_->k * exp((cell_->V_half - soma) * per_slope_))};
        }

        /// The factors by which conductances and current decay in the step.
        double excitatory() const { return ex_.back(); }
        double inhibitory() const { return in_.back(); }
        double dendritic() const { return dend_.back(); }

    private:
        using AtNodes = std::array<double, ode::nodes.size()>;
        const UrbanczikSenn* cell_;
        const State* state_;
        double per_C_soma_;
        double per_C_dend_;
        double per_slope_;
        double phi_max_;  ///< [1/ms]
        AtNodes ex_;
        AtNodes in_;
        AtNodes dend_;
        AtNodes drive_;
        AtNodes loss_;
        AtNodes current_;
    };

    /// One step of at most `longest`, or to the spike in it.
    ode::Passage pass(State& s, double longest, bool armed) const {
        Flow flow(*this, s, armed);
        const ode::Step<3> step =
            ode::controlled_step(flow, ode::Vector<3>{s.V_m_soma, s.V_m_dend, 0.0},
                                 ode::Vector<3>{tolerance, tolerance, tolerance / slope}, longest, s.step);
        ode::Landing<3> landing{step.h, step.end, false};
        if (!(step.bound(2) < s.hazard)) {
            landing = ode::end_or_crossing(
                flow, step, [&](double x) { return step.at(2, x) - s.hazard; },
                [&](const ode::Step<3>& part) {
                    return std::pair{part.end[2] - s.hazard, part.slope[6][2]};
                });
        }
        s.V_m_soma = landing.y[0];
        s.V_m_dend = landing.y[1];
        s.hazard -= landing.y[2];
        s.g_ex = ode::faded(s.g_ex, flow.excitatory());
        s.g_in = ode::faded(s.g_in, flow.inhibitory());
        s.I_dend = ode::faded(s.I_dend, flow.dendritic());
        return {landing.time, landing.crossed || !(s.hazard > 0.0), step.lost};
    }
};

class UrbanczikSenn::Leap {
public:
    static constexpr std::size_t decaying_ports = 3;

    Leap(const UrbanczikSenn& cell, double h)
        : cell_(cell),
          h_(h),
          per_C_soma_(1.0 / cell.C_m_soma),
          per_C_dend_(1.0 / cell.C_m_dend),
          per_slope_(1.0 / cell.slope),
          phi_max_(1e-3 * cell.phi_max),
          per_tolerance_(1.0 / cell.tolerance),
          excitatory_(h / cell.tau_syn_ex),
          inhibitory_(h / cell.tau_syn_in),
          dendritic_(h / cell.tau_syn_dend) {}

    template <std::size_t n, std::size_t ports>
    [[gnu::always_inline]] bool operator()(std::array<double, n>& x,
                                           const std::array<leap::Arrivals, ports>& in) const {
        const leap::Line ex_line = excitatory_.line(in[0]);
        const leap::Line in_line = inhibitory_.line(in[1]);
        const leap::Line dend_line = dendritic_.line(in[2]);
        const double rest = cell_.g_L_soma * cell_.E_L + x[5];
        struct Node {
            double drive, loss, current;
        };
        const auto node = [&](std::size_t i, double fade_ex, double fade_in, double fade_dend)
            __attribute__((always_inline)) {
            const double ex = x[2] * fade_ex + ex_line.at(i);
            const double inh = x[3] * fade_in + in_line.at(i);
            const double current = x[4] * fade_dend + dend_line.at(i);
            Node result{
                per_C_soma_ * (rest + (ex * cell_.E_ex + inh * cell_.E_in)),
                per_C_soma_ * (cell_.g_L_soma + cell_.g_D + (ex + inh)),
                per_C_dend_ * (cell_.g_L_dend * cell_.E_L + current),
            };
            if constexpr (ports > decaying_ports) result.drive += per_C_soma_ * leap::lasting(in[3]).at(i);
            return result;
        };
        const Node begin = node(0, 1.0, 1.0, 1.0);
        const Node half = node(1, excitatory_.half_decay, inhibitory_.half_decay, dendritic_.half_decay);
        const Node end = node(2, excitatory_.decay, inhibitory_.decay, dendritic_.decay);
        const double coupling = per_C_soma_ * cell_.g_D;
        const double leak_dend = per_C_dend_ * cell_.g_L_dend;
        leap::Tangent hazard;
        const auto derivative = [&](std::size_t stage, const std::array<double, 3>& y)
            __attribute__((always_inline)) {
            const std::size_t i = leap::half_steps[stage];
            const Node& now = i == 0 ? begin : (i == 1 ? half : end);
            if (stage == 0 || i != leap::half_steps[stage - 1]) {
                const double odds = cell_.k * exp((cell_.V_half - y[0]) * per_slope_);
                const double phi = phi_max_ / (1.0 + odds);
                hazard = {y[0], phi, phi * odds / (1.0 + odds) * per_slope_};
            }
            return std::array<double, 3>{now.drive + coupling * y[1] - now.loss * y[0],
                                         now.current - leak_dend * y[1], hazard(y[0])};
        };
        const leap::Step<3> step = leap::step<3>(derivative, {x[0], x[1], 0.0}, h_);

        // What the lines leave out at the end of the step.
        double drive_soma =
            per_C_soma_ * (in[0].s0 * std::abs(cell_.E_ex - x[0]) + in[1].s0 * std::abs(x[0] - cell_.E_in));
        if constexpr (ports > decaying_ports) drive_soma += per_C_soma_ * in[3].s3;
        const double drive_dend = per_C_dend_ * in[2].s0;
        const double left_out = (leap::largest_bend * h_ * h_ * h_) * begin.loss *
                                (begin.loss * drive_soma + coupling * drive_dend);
        const double error = (std::abs(step.error[0]) + std::abs(step.error[1])) +
                             std::abs(step.error[2]) * cell_.slope + left_out;

        const bool held = x[7] > h_;
        const double left = x[6] - step.end[2];
        const bool free = (x[7] == 0.0) & (left > 0.0);
        x[0] = step.end[0];
        x[1] = step.end[1];
        const double g_ex = x[2] * excitatory_.decay + excitatory_.end(in[0]);
        const double g_in = x[3] * inhibitory_.decay + inhibitory_.end(in[1]);
        const bool known = (g_ex >= 0.0) & (g_in >= 0.0);
        x[2] = leap::faded(g_ex);
        x[3] = leap::faded(g_in);
        x[4] = leap::faded(x[4] * dendritic_.decay + dendritic_.end(in[2]));
        if constexpr (ports > decaying_ports) x[5] += in[3].s0;
        x[6] = held ? x[6] : left;
        x[7] = std::max(x[7] - h_, 0.0);
        return known & (held | free) & (error * per_tolerance_ <= 1.0);
    }

private:
    UrbanczikSenn cell_;
    double h_;
    double per_C_soma_;
    double per_C_dend_;
    double per_slope_;
    double phi_max_;  ///< [1/ms]
    double per_tolerance_;
    leap::Decaying excitatory_;
    leap::Decaying inhibitory_;
    leap::Decaying dendritic_;
};

static_assert(LeapingModel<UrbanczikSenn>);

}  // namespace apical
