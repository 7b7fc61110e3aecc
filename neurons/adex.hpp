#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/exp.hpp"
#include "core/field.hpp"
#include "neurons/model.hpp"
#include "neurons/ode.hpp"
#include "neurons/threshold.hpp"

namespace apical {

/// Adaptive exponential integrate-and-fire neuron with conductance synapses:
///
///     C_m dV_m/dt = g_L [E_L - V_m + Delta_T exp((V_m - V_T)/Delta_T)] - w + I_stim
///                   + g_L [g_ex (E_ex - V_m) + g_in (E_in - V_m)]
///     tau_w dw/dt = a (V_m - E_L) - w,   tau_syn_ex dg_ex/dt = -g_ex,   tau_syn_in dg_in/dt = -g_in
///     at V_m = V_peak: w -> w + b, V_m held for t_ref at E_L, or at V_reset if hold_at_E_L is 0
///
/// Conductances are in units of the leak. While V_m is held, conductances and w go on. V_m does not fall
/// below V_min. Potential and w are integrated under error control: `tolerance` bounds the estimated error of
/// a step in V_m and in w/g_L. The conductances are exact.
///
/// Presets: parvalbumin-like `pv` and somatostatin-like `sst` interneurons of Payeur, Guerguiev, Zenke,
/// Richards & Naud (2021), Nat. Neurosci. 24:1010, figure 3, as its code has them. There V_m is held at E_L
/// after a spike, and the nominal V_reset has no effect: hold_at_E_L. The constant current of the pv cells
/// there, 205 pA, is part of the experiment: I_e. Source of the model: Brette & Gerstner (2005), J.
/// Neurophysiol. 94:3637.
struct AdEx {
    double C_m = 100.0;        ///< [pF] capacitance
    double g_L = 10.0;         ///< [nS] leak
    double E_L = -70.0;        ///< [mV] leak reversal
    double Delta_T = 2.0;      ///< [mV] slope of the upstroke
    double V_T = -48.0;        ///< [mV] where the upstroke takes over
    double V_peak = 0.0;       ///< [mV] spike
    double V_reset = -55.0;    ///< [mV] nominal reset
    double hold_at_E_L = 1.0;  ///< [1] 1: reset to E_L; 0: to V_reset
    double t_ref = 1.0;        ///< [ms] absolute refractory period
    double V_min = -80.0;      ///< [mV] V_m does not fall below
    double a = 0.0;            ///< [nS] subthreshold adaptation
    double b = 0.0;            ///< [pA] spike-triggered adaptation
    double tau_w = 5.0;        ///< [ms] of the adaptation
    double E_ex = 0.0;         ///< [mV] reversal
    double E_in = -80.0;       ///< [mV] reversal
    double tau_syn_ex = 5.0;   ///< [ms] decay of the conductances
    double tau_syn_in = 10.0;  ///< [ms]
    double I_e = 0.0;          ///< [pA] constant current
    double tolerance = 1e-5;   ///< [mV] error of a step

    static constexpr AdEx pv() { return {}; }
    /// V_T such that the rheobase is 25 pA: 25 pA/(g_L + a) + E_L + Delta_T - Delta_T ln(1 + a/g_L).
    static constexpr AdEx sst() {
        return {.g_L = 5,
                .Delta_T = 4,
                .V_T = -61.835786173762754,
                .V_reset = -65,
                .t_ref = 2,
                .a = 0.5,
                .b = 10,
                .tau_w = 500};
    }

    static constexpr std::string_view name = "adex";
    static constexpr Classifier classifier = Classifier::every;
    static constexpr std::string_view summary =
        "adaptive exponential integrate-and-fire, conductance synapses";
    static constexpr std::string_view equations =
        "C_m dV_m/dt = g_L [E_L - V_m + Delta_T exp((V_m - V_T)/Delta_T) + g_ex (E_ex - V_m) + g_in (E_in - "
        "V_m)] - w + I_stim\n"
        "tau_w dw/dt = a (V_m - E_L) - w,   tau_syn_ex dg_ex/dt = -g_ex,   tau_syn_in dg_in/dt = -g_in\n"
        "at V_m = V_peak: w -> w + b, V_m held for t_ref at E_L, or at V_reset if hold_at_E_L = 0\n"
        "Brette & Gerstner (2005), J. Neurophysiol. 94:3637; Payeur et al. (2021), Nat. Neurosci. 24:1010";
    static constexpr auto fields = std::to_array<Field<AdEx>>({
        {"C_m", &AdEx::C_m, "pF", "capacitance", positive},
        {"g_L", &AdEx::g_L, "nS", "leak", positive},
        {"E_L", &AdEx::E_L, "mV", "leak reversal"},
        {"Delta_T", &AdEx::Delta_T, "mV", "slope of the upstroke", positive},
        {"V_T", &AdEx::V_T, "mV", "where the upstroke takes over"},
        {"V_peak", &AdEx::V_peak, "mV", "spike"},
        {"V_reset", &AdEx::V_reset, "mV", "reset, if hold_at_E_L is 0"},
        {"hold_at_E_L", &AdEx::hold_at_E_L, "1", "1: V_m is held at E_L after a spike; 0: at V_reset",
         fraction},
        {"t_ref", &AdEx::t_ref, "ms", "absolute refractory period", not_negative},
        {"V_min", &AdEx::V_min, "mV", "V_m does not fall below"},
        {"a", &AdEx::a, "nS", "subthreshold adaptation", not_negative},
        {"b", &AdEx::b, "pA", "spike-triggered adaptation"},
        {"tau_w", &AdEx::tau_w, "ms", "time constant of the adaptation", positive},
        {"E_ex", &AdEx::E_ex, "mV", "excitatory reversal"},
        {"E_in", &AdEx::E_in, "mV", "inhibitory reversal"},
        {"tau_syn_ex", &AdEx::tau_syn_ex, "ms", "decay of the excitatory conductance", positive},
        {"tau_syn_in", &AdEx::tau_syn_in, "ms", "decay of the inhibitory conductance", positive},
        {"I_e", &AdEx::I_e, "pA", "constant current"},
        {"tolerance", &AdEx::tolerance, "mV", "error of a step of the integration", positive},
    });

    /// Conductances are jumps in units of the leak, never below zero. `current`: a jump of I_stim, which
    /// stays.
    static constexpr auto ports =
        std::to_array<Port>({{.name = "excitatory", .unit = "1", .conducts = true},
                             {.name = "inhibitory", .unit = "1", .inhibits = true, .conducts = true},
                             {.name = "current", .unit = "pA", .level = true}});

    struct State {
        double V_m;         ///< [mV]
        double w;           ///< [pA] adaptation
        double g_ex;        ///< [1] conductances, in units of the leak
        double g_in;        ///< [1]
        double I_stim;      ///< [pA] current that stays
        double refractory;  ///< [ms] left of t_ref
        double step;        ///< [ms] length of the next step of the integration, if no input comes first
    };
    static constexpr auto variables =
        std::to_array<std::string_view>({"V_m", "w", "g_ex", "g_in", "I_stim", "refractory", "step"});

    static constexpr auto starts = std::to_array<Start>({{"I_e", "I_stim"}});
    State initial() const { return {E_L, 0.0, 0.0, 0.0, I_e, 0.0, ode::first_step}; }

    std::optional<std::string> check() const {
        if (hold_at_E_L != 0.0 && hold_at_E_L != 1.0) return "hold_at_E_L must be 0 or 1";
        if (reset() >= V_peak) return "the reset must lie below V_peak: the neuron would fire without end";
        if (V_min > reset()) return "V_min must not lie above the reset";
        return std::nullopt;
    }

    void receive(State& s, std::size_t port, double weight) const {
        if (port == 2) {
            s.I_stim += weight;
        } else {
            double& g = port == 0 ? s.g_ex : s.g_in;
            g = std::max(g + weight, 0.0);
        }
    }

    /// One that is set to V_peak, to rounding, fires.
    void settle(State& s) const {
        if (s.V_m >= V_peak - margins().arrival) s.V_m = std::max(s.V_m, top());
    }

    std::optional<Emission> advance(State& s, double dt) const {
        double left = dt;
        bool crossed = false;
        ode::StepBudget steps(dt);
        while (!crossed && s.V_m < top()) {
            if (left <= 0.0) return std::nullopt;
            if (!steps.take()) return Emission{lost_in_steps};
            const ode::Passage passage =
                s.refractory > 0.0 ? hold(s, std::min(left, s.refractory)) : pass(s, left);
            left -= passage.time;
            crossed = passage.crossed;
        }
        // The engine refuses an offset that is not a number.
        const bool lost = !crossed && !(s.V_m >= top());
        s.V_m = reset();
        s.w += b;
        s.refractory = t_ref;
        s.step = ode::first_step;  // that of the upstroke was tiny
        return Emission{lost ? std::numeric_limits<double>::quiet_NaN() : dt - left};
    }

    class Leap;  ///< moves cells by a step to which nothing happens
    double longest_leap() const { return leap::longest(tolerance, std::min(tau_syn_ex, tau_syn_in)); }

private:
    double reset() const { return hold_at_E_L == 0.0 ? V_reset : E_L; }
    ThresholdMargins margins() const { return threshold_margins({V_peak, E_L, V_reset}, g_L / C_m); }
    double top() const { return V_peak + margins().drift; }

    ode::Passage hold(State& s, double dt) const {
        const double target = a * (s.V_m - E_L);
        s.w = target + (s.w - target) * exp(-dt / tau_w);
        s.g_ex = ode::faded(s.g_ex, exp(-dt / tau_syn_ex));
        s.g_in = ode::faded(s.g_in, exp(-dt / tau_syn_in));
        s.refractory = std::max(s.refractory - dt, 0.0);
        return {dt, false, false};
    }

    /// The time derivative of {V_m, w}; the conductances are evaluated at the nodes of a step beforehand.
    class Flow {
    public:
        Flow(const AdEx& cell, const State& state)
            : cell_(&cell),
              state_(&state),
              per_C_(1.0 / cell.C_m),
              leak_(cell.g_L * per_C_),
              rest_(leak_ * cell.E_L + state.I_stim * per_C_),
              upstroke_(leak_ * cell.Delta_T),
              per_Delta_(1.0 / cell.Delta_T),
              per_tau_w_(1.0 / cell.tau_w) {}

        void span(double h) {
            excitatory_ = ode::decay_at_nodes(h / cell_->tau_syn_ex);
            inhibitory_ = ode::decay_at_nodes(h / cell_->tau_syn_in);
            for (std::size_t i = 0; i < ode::nodes.size(); ++i) {
                const double ex = leak_ * state_->g_ex * excitatory_[i];
                const double in = leak_ * state_->g_in * inhibitory_[i];
                drive_[i] = rest_ + ex * cell_->E_ex + in * cell_->E_in;
                loss_[i] = leak_ + ex + in;
            }
        }

        [[gnu::always_inline]] ode::Vector<2> operator()(std::size_t node, const ode::Vector<2>& y) const {
            const auto [V, w] = y;
            const double upstroke = upstroke_ * exp((V - cell_->V_T) * per_Delta_);
            const double rise = drive_[node] - loss_[node] * V - w * per_C_ + upstroke;
            return {V > cell_->V_min ? rise : std::max(rise, 0.0),
                    (cell_->a * (V - cell_->E_L) - w) * per_tau_w_};
        }

        /// The factors by which the conductances decay in the step.
        double excitatory() const { return excitatory_.back(); }
        double inhibitory() const { return inhibitory_.back(); }

    private:
        using AtNodes = std::array<double, ode::nodes.size()>;
        const AdEx* cell_;
        const State* state_;
        double per_C_;
        double leak_;
        double rest_;
        double upstroke_;
        double per_Delta_;
        double per_tau_w_;
        AtNodes excitatory_;
        AtNodes inhibitory_;
        AtNodes drive_;
        AtNodes loss_;
    };

    /// One step of at most `longest`, or to the crossing in it.
    ode::Passage pass(State& s, double longest) const {
        Flow flow(*this, s);
        const ode::Step<2> step = ode::controlled_step(
            flow, ode::Vector<2>{s.V_m, s.w}, ode::Vector<2>{tolerance, tolerance * g_L}, longest, s.step);
        ode::Landing<2> landing{step.h, step.end, false};
        if (!(step.bound(0) < V_peak)) {
            const double height = top();
            landing = ode::end_or_crossing(
                flow, step, [&](double x) { return step.at(0, x) - height; },
                [&](const ode::Step<2>& part) {
                    return std::pair{part.end[0] - height, part.slope[6][0]};
                });
        }
        s.V_m = std::max(landing.y[0], V_min);
        s.w = landing.y[1];
        s.g_ex = ode::faded(s.g_ex, flow.excitatory());
        s.g_in = ode::faded(s.g_in, flow.inhibitory());
        return {landing.time, landing.crossed, false};  // at the top of an upstroke all steps are too long
    }
};

class AdEx::Leap {
public:
    static constexpr std::size_t decaying_ports = 2;

    Leap(const AdEx& cell, double h)
        : cell_(cell),
          h_(h),
          per_C_(1.0 / cell.C_m),
          leak_(cell.g_L * per_C_),
          upstroke_(leak_ * cell.Delta_T),
          per_Delta_(1.0 / cell.Delta_T),
          per_tau_w_(1.0 / cell.tau_w),
          per_tolerance_(1.0 / cell.tolerance),
          excitatory_(h / cell.tau_syn_ex),
          inhibitory_(h / cell.tau_syn_in),
          fade_w_(exp(-h / cell.tau_w)) {}

    template <std::size_t n, std::size_t ports>
    [[gnu::always_inline]] bool operator()(std::array<double, n>& x,
                                           const std::array<leap::Arrivals, ports>& in) const {
        const leap::Line ex_line = excitatory_.line(in[0]);
        const leap::Line in_line = inhibitory_.line(in[1]);
        const double rest = leak_ * cell_.E_L + x[4] * per_C_;
        struct Node {
            double drive, loss;
        };
        const auto node = [&](std::size_t i, double fade_ex, double fade_in) __attribute__((always_inline)) {
            const double ex = leak_ * (x[2] * fade_ex + ex_line.at(i));
            const double inh = leak_ * (x[3] * fade_in + in_line.at(i));
            Node result{rest + (ex * cell_.E_ex + inh * cell_.E_in), leak_ + (ex + inh)};
            if constexpr (ports > decaying_ports) result.drive += per_C_ * leap::lasting(in[2]).at(i);
            return result;
        };
        const Node begin = node(0, 1.0, 1.0);
        const Node half = node(1, excitatory_.half_decay, inhibitory_.half_decay);
        const Node end = node(2, excitatory_.decay, inhibitory_.decay);
        leap::Tangent upstroke;
        const auto slope = [&](std::size_t stage, const std::array<double, 2>& y)
            __attribute__((always_inline)) {
            const std::size_t i = leap::half_steps[stage];
            const Node& now = i == 0 ? begin : (i == 1 ? half : end);
            if (stage == 0 || i != leap::half_steps[stage - 1]) {
                const double rise = upstroke_ * exp((y[0] - cell_.V_T) * per_Delta_);
                upstroke = {y[0], rise, rise * per_Delta_};
            }
            return std::array<double, 2>{(now.drive - now.loss * y[0]) + (upstroke(y[0]) - y[1] * per_C_),
                                         (cell_.a * (y[0] - cell_.E_L) - y[1]) * per_tau_w_};
        };
        const leap::Step<2> step = leap::step<2>(slope, {x[0], x[1]}, h_);

        double drive =
            leak_ * (in[0].s0 * std::abs(cell_.E_ex - x[0]) + in[1].s0 * std::abs(x[0] - cell_.E_in));
        if constexpr (ports > decaying_ports) drive += per_C_ * in[2].s3;
        const double left_out = (leap::largest_bend * h_ * h_ * h_) * (begin.loss * begin.loss * drive);
        const double error =
            (std::abs(step.error[0]) + std::abs(step.error[1]) / cell_.g_L + left_out) * per_tolerance_;
        const double kink = leap::largest_kink * h_ * drive;
        const double highest =
            leap::bound(x[0], step.first_slope[0], step.end[0], step.last_slope[0], h_) + kink;
        const double lowest =
            -leap::bound(-x[0], -step.first_slope[0], -step.end[0], -step.last_slope[0], h_) - kink;
        const bool moves = (error <= 1.0) & (highest < cell_.V_peak) & (lowest > cell_.V_min);

        const bool held = x[5] > h_;
        const double target = cell_.a * (x[0] - cell_.E_L);
        x[1] = held ? target + (x[1] - target) * fade_w_ : step.end[1];
        x[0] = held ? x[0] : step.end[0];
        const double g_ex = x[2] * excitatory_.decay + excitatory_.end(in[0]);
        const double g_in = x[3] * inhibitory_.decay + inhibitory_.end(in[1]);
        const bool known = (g_ex >= 0.0) & (g_in >= 0.0);  // also of a cell that is held
        x[2] = leap::faded(g_ex);
        x[3] = leap::faded(g_in);
        if constexpr (ports > decaying_ports) x[4] += in[2].s0;
        const bool free = x[5] == 0.0;
        x[5] = std::max(x[5] - h_, 0.0);
        return known & (held | (free & moves));
    }

private:
    AdEx cell_;
    double h_;
    double per_C_;
    double leak_;
    double upstroke_;
    double per_Delta_;
    double per_tau_w_;
    double per_tolerance_;
    leap::Decaying excitatory_;
    leap::Decaying inhibitory_;
    double fade_w_;
};

static_assert(LeapingModel<AdEx>);

}  // namespace apical
