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
#include "core/time.hpp"
#include "neurons/model.hpp"
#include "neurons/two_compartments.hpp"

namespace apical {

/// Two passive compartments with conductance synapses, whose events are bursts with a probability that the
/// dendrite sets:
///
///     dV_soma/dt  = (E_L - V_soma)/tau_soma + [I_soma - w_soma]/C_soma + syn_soma
///     dV_dend/dt  = (E_L - V_dend)/tau_dend + [I_dend - w_dend]/C_dend + syn_dend
///     tau_w_soma dw_soma/dt = -w_soma,   tau_w_dend dw_dend/dt = a_dend (V_dend - E_L) - w_dend
///     tau_th dtheta/dt = V_th - theta
///     syn = [g_ex (E_ex - V) + g_in (E_in - V)]/tau,   tau_syn dg/dt = -g
///     event at V_soma >= theta, unless refractory:
///         V_soma -> V_reset, w_soma -> w_soma + b_soma, theta -> theta + jump_th; refractory for t_ref
///         with probability p = 1/(1 + exp(-(V_dend - V_half)/slope)) a second spike follows, between
///         delay_min and delay_max later; it changes nothing but is refractory for t_ref anew
///
/// While the cell is refractory V_soma is not held: it may reach theta, and then the event comes when the
/// refractory time ends. The V of syn_dend is V_soma unless drive_dend is 1: that is what the reference does.
/// An event draws two uniforms, lottery and delay, burst or not. The mark of an event is p.
///
/// Source: Payeur, Guerguiev, Zenke, Richards & Naud (2021), Burst-dependent synaptic plasticity can
/// coordinate learning in hierarchical circuits, Nat. Neurosci. 24:1010, the simplified neuron of the
/// exclusive-or task (figure 4), as its code has it. The delays there are 4.9, 5.0 ... 14.8 ms, which is
/// delay_min = 4.9, delay_max = 14.9 and delay_step = 0.1. Tested against spike times of the reference.
/// `tolerance` is as in BurstPyramidal.
struct BurstPoisson {
    double C_m_soma = 370.0;     ///< [pF] capacitance
    double tau_m_soma = 16.0;    ///< [ms] membrane time constant
    double C_m_dend = 170.0;     ///< [pF] capacitance
    double tau_m_dend = 7.0;     ///< [ms] membrane time constant
    double E_L = -70.0;          ///< [mV] leak reversal of both
    double V_reset = -70.0;      ///< [mV] of the soma
    double V_half_dend = -57.0;  ///< [mV] where p is a half
    double slope_dend = 6.0;     ///< [mV] of p
    double b_soma = 200.0;       ///< [pA] jump of w_soma at an event
    double tau_w_soma = 100.0;   ///< [ms]
    double a_dend = 13.0;        ///< [nS] restorative current of the dendrite
    double tau_w_dend = 30.0;    ///< [ms]
    double V_th = -50.0;         ///< [mV] threshold at rest
    double jump_th = 2.0;        ///< [mV] of the threshold at an event
    double tau_th = 27.0;        ///< [ms] its return
    double t_ref = 20.0;         ///< [ms] from a spike to the next event, or longer
    double delay_min = 5.0;      ///< [ms] of the second spike
    double delay_max = 15.0;     ///< [ms]
    double delay_step = 0.0;     ///< [ms] grid of that delay, from delay_min on; 0: any time
    double E_ex = 0.0;           ///< [mV] reversal
    double E_in = -80.0;         ///< [mV] reversal
    double tau_syn_ex = 5.0;     ///< [ms] decay of the conductances
    double tau_syn_in = 10.0;    ///< [ms]
    double drive_dend = 0.0;  ///< [1] driving force of the dendritic synapses; 0: E - V_soma, 1: E - V_dend
    double I_e_soma = 0.0;    ///< [pA] constant current
    double I_e_dend = 0.0;    ///< [pA] constant current
    double tolerance = 1e-5;  ///< [mV] error of a step

    static constexpr std::string_view name = "burst_poisson";
    static constexpr Classifier classifier = Classifier::model;
    static constexpr std::string_view summary =
        "two passive compartments, conductance synapses, burst lottery";
    static constexpr std::string_view equations =
        "dV_soma/dt = (E_L - V_soma)/tau_soma + [I_soma - w_soma]/C_soma + syn_soma\n"
        "dV_dend/dt = (E_L - V_dend)/tau_dend + [I_dend - w_dend]/C_dend + syn_dend\n"
        "tau_w_soma dw_soma/dt = -w_soma,   tau_w_dend dw_dend/dt = a_dend (V_dend - E_L) - w_dend\n"
        "tau_th dtheta/dt = V_th - theta\n"
        "syn = [g_ex (E_ex - V) + g_in (E_in - V)]/tau,   tau_syn dg/dt = -g;   V is V_soma in syn_dend too, "
        "unless drive_dend = 1\n"
        "event at V_soma >= theta unless refractory: V_soma -> V_reset, w_soma -> w_soma + b_soma, theta -> "
        "theta + jump_th\n"
        "an event becomes a burst with probability p = 1/(1 + exp(-(V_dend - V_half)/slope))\n"
        "its second spike comes delay_min to delay_max later; each spike is refractory for t_ref\n"
        "Payeur, Guerguiev, Zenke, Richards & Naud (2021), Nat. Neurosci. 24:1010";
    static constexpr auto fields = std::to_array<Field<BurstPoisson>>({
        {"C_m_soma", &BurstPoisson::C_m_soma, "pF", "capacitance of the soma", positive},
        {"tau_m_soma", &BurstPoisson::tau_m_soma, "ms", "membrane time constant of the soma", positive},
        {"C_m_dend", &BurstPoisson::C_m_dend, "pF", "capacitance of the dendrite", positive},
        {"tau_m_dend", &BurstPoisson::tau_m_dend, "ms", "membrane time constant of the dendrite", positive},
        {"E_L", &BurstPoisson::E_L, "mV", "leak reversal of both"},
        {"V_reset", &BurstPoisson::V_reset, "mV", "reset of the soma"},
        {"V_half_dend", &BurstPoisson::V_half_dend, "mV", "where the burst probability is a half"},
        {"slope_dend", &BurstPoisson::slope_dend, "mV", "slope of the burst probability", positive},
        {"b_soma", &BurstPoisson::b_soma, "pA", "event-triggered adaptation of the soma"},
        {"tau_w_soma", &BurstPoisson::tau_w_soma, "ms", "its decay", positive},
        {"a_dend", &BurstPoisson::a_dend, "nS", "restorative current of the dendrite", not_negative},
        {"tau_w_dend", &BurstPoisson::tau_w_dend, "ms", "its time constant", positive},
        {"V_th", &BurstPoisson::V_th, "mV", "threshold at rest"},
        {"jump_th", &BurstPoisson::jump_th, "mV", "jump of the threshold at an event", not_negative},
        {"tau_th", &BurstPoisson::tau_th, "ms", "return of the threshold", positive},
        {"t_ref", &BurstPoisson::t_ref, "ms", "shortest time from a spike to the next event", positive},
        {"delay_min", &BurstPoisson::delay_min, "ms", "shortest delay of the second spike", not_negative},
        {"delay_max", &BurstPoisson::delay_max, "ms", "longest delay of the second spike", not_negative},
        {"delay_step", &BurstPoisson::delay_step, "ms", "grid of that delay; 0: any time", not_negative},
        {"E_ex", &BurstPoisson::E_ex, "mV", "excitatory reversal"},
        {"E_in", &BurstPoisson::E_in, "mV", "inhibitory reversal"},
        {"tau_syn_ex", &BurstPoisson::tau_syn_ex, "ms", "decay of excitatory conductances", positive},
        {"tau_syn_in", &BurstPoisson::tau_syn_in, "ms", "decay of inhibitory conductances", positive},
        {"drive_dend", &BurstPoisson::drive_dend, "1",
         "driving force of dendritic synapses; 0: E - V_soma, 1: E - V_dend", fraction},
        {"I_e_soma", &BurstPoisson::I_e_soma, "pA", "constant current into the soma"},
        {"I_e_dend", &BurstPoisson::I_e_dend, "pA", "constant current into the dendrite"},
        {"tolerance", &BurstPoisson::tolerance, "mV", "error of a step of the integration", positive},
    });
    static constexpr auto ports = two_compartment_ports;

    struct State : TwoCompartmentState {
        double refractory;  ///< [ms] left of t_ref
        double countdown;   ///< [ms] to the second spike of the burst; negative: none
    };
    static constexpr auto variables = std::to_array<std::string_view>(
        {"V_m_soma", "V_m_dend", "w_dend", "w_soma", "theta", "g_ex_soma", "g_in_soma", "g_ex_dend",
         "g_in_dend", "I_soma", "I_dend", "step", "refractory", "countdown"});

    static constexpr auto starts = two_compartment_starts;
    State initial() const { return {two_compartments_at_rest(*this), 0.0, -1.0}; }

    std::optional<std::string> check() const {
        if (V_reset >= V_th) return "V_reset must lie below V_th: the neuron would fire without end";
        if (delay_max < delay_min) return "delay_max must not lie below delay_min";
        if (t_ref <= delay_max) return "t_ref must exceed delay_max: a burst ends before the next event";
        if (drive_dend != 0.0 && drive_dend != 1.0) return "drive_dend must be 0 or 1";
        return std::nullopt;
    }

    void receive(State& s, std::size_t port, double weight) const {
        receive_in_two_compartments(*this, s, port, weight);
    }

    /// One whose soma is set to theta, to rounding, fires.
    void settle(State& s) const { settle_soma(*this, s); }

    std::optional<Emission> advance(State& s, double dt, Draw& draw) const {
        const double drift = margins_of_soma(*this).drift;
        double left = dt;
        bool crossed = false;
        ode::StepBudget steps(dt);
        while (true) {
            const double passed = dt - left;
            if (s.countdown == 0.0) return second_spike(s, passed);
            const double theta = s.theta + drift;
            if (s.refractory == 0.0 && (crossed || !(s.V_m_soma < theta)))
                return event(s, crossed || s.V_m_soma >= theta ? passed : not_a_number, draw);
            if (left <= 0.0) return std::nullopt;
            if (!steps.take()) return Emission{lost_in_steps};
            double longest = left;
            if (s.refractory > 0.0) longest = std::min(longest, s.refractory);
            if (s.countdown > 0.0) longest = std::min(longest, s.countdown);
            const ode::Passage passage = pass(*this, s, longest, 0.0, s.refractory == 0.0);
            if (passage.lost) return Emission{lost_in_steps};
            left -= passage.time;
            crossed = passage.crossed;
            s.refractory = std::max(s.refractory - passage.time, 0.0);
            if (s.countdown > 0.0) s.countdown = std::max(s.countdown - passage.time, 0.0);
        }
    }

    // For TwoCompartmentFlow.
    static constexpr bool regenerative = false;

    class Leap;  ///< moves cells by a step to which nothing happens
    double longest_leap() const { return leap::longest(tolerance, std::min(tau_syn_ex, tau_syn_in)); }

private:
    static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

    /// The engine refuses an offset that is not a number.
    Emission event(State& s, double offset, Draw& draw) const {
        const double p = logistic((s.V_m_dend - V_half_dend) / slope_dend);
        const bool burst = draw.uniform() <= p;
        double delay = (delay_max - delay_min) * draw.uniform();
        if (delay_step > 0.0) delay = (std::ceil(delay / delay_step) - 1.0) * delay_step;
        delay += delay_min;
        // On a tick, so that no rounding depends on how the time until then is cut.
        s.countdown = burst ? std::ceil(delay * ticks_per_ms) * ms_per_tick : -1.0;
        s.refractory = t_ref;
        s.V_m_soma = V_reset;
        s.theta += jump_th;
        s.w_soma += b_soma;
        return {offset, SpikeKind::event, p};
    }

    Emission second_spike(State& s, double offset) const {
        s.countdown = -1.0;
        s.refractory = t_ref;
        return {offset, SpikeKind::burst};
    }
};

class BurstPoisson::Leap {
public:
    static constexpr std::size_t decaying_ports = TwoCompartmentLeap<BurstPoisson>::decaying_ports;

    Leap(const BurstPoisson& cell, double h) : cell_(cell, h) {}

    template <std::size_t n, std::size_t p>
    [[gnu::always_inline]] bool operator()(std::array<double, n>& x,
                                           const std::array<leap::Arrivals, p>& in) const {
        double& refractory = x[12];
        double& countdown = x[13];
        const double h = cell_.h();
        const bool held = refractory > h;
        const bool waits = (countdown > h) | (countdown < 0.0);
        const auto [error, room] = cell_(x.data(), in, 0.0);
        refractory = std::max(refractory - h, 0.0);
        countdown = countdown > h ? countdown - h : countdown;
        return waits & (error <= 1.0) & (held | (room > 0.0));
    }

private:
    TwoCompartmentLeap<BurstPoisson> cell_;
};

static_assert(LeapingModel<BurstPoisson>);

}  // namespace apical
