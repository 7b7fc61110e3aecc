#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/exp.hpp"
#include "core/field.hpp"
#include "core/time.hpp"
#include "neurons/model.hpp"

namespace apical {

/// How a StochasticPyramidal generates events.
enum class EventTrigger {
    escape,      ///< hazard exp(u)/R outside an absolute refractory period R
    integrator,  ///< dphi/dt = sigma(u)/R, event when phi reaches 1, then phi <- phi - 1
};

/// Two-compartment pyramidal cell with linear soma and dendrite, whose events are bursts with a probability
/// that the dendrite sets:
///
///     u = bias + x,   tau_soma dx/dt = -x,   tau_dend dd/dt = -d,   x -> x + w, d -> d + w at inputs
///     events: escape noise with hazard exp(u)/R after a refractory period R, so that the rate is sigma(u)/R
///     exactly;
///             or an integrator (EventTrigger)
///     at an event, with e = sigma(u) the normalised event rate:
///         p = sigma(logit(p0) + g (1 - e) d)                      without a target
///         p = clip(p0 [1 + G (target - e)], 0, 1)                 with one; G applies where target > e, else
///         1
///     with probability p the event becomes a burst of `burst_spikes` spikes, `burst_interval` apart
///
/// Spikes of a burst neither reset nor restart the refractory period. The mark of an event is p. The hazard
/// is the exponential of a sum of exponentials: it is sampled exactly, by thinning against a bound that holds
/// until the next input (Lewis & Shedler 1979). The integrator's phase has no closed form: its error per call
/// is kept below `tolerance`.
///
/// Source: Greedy, Zhu, Pemberton, Mellor & Costa (2022), Single-phase deep learning in cortico-cortical
/// networks, section 2, in spikes; Naud & Sprekeler (2018) for the burst code.
template <EventTrigger trigger>
struct PyramidalCell {
    double R = 25.0;              ///< [ms] shortest interval of events
    double tau_soma = 20.0;       ///< [ms] somatic trace
    double tau_dend = 20.0;       ///< [ms] dendritic trace
    double bias = 0.0;            ///< [1] of u
    double p0 = 0.5;              ///< [1] burst probability at rest
    double g = 4.0;               ///< [1] gain of the dendrite
    double G = 1.0;               ///< [1] gain of the teacher where the target is above e
    double burst_spikes = 2.0;    ///< [1] spikes of a burst
    double burst_interval = 8.0;  ///< [ms] between them
    /// [1] Of the computation: what u may rise by before the bound of the hazard is made anew, or the error
    /// of the phase per call.
    double slack = trigger == EventTrigger::escape ? 0.125 : 1e-9;

    static constexpr std::string_view name =
        trigger == EventTrigger::escape ? "stochastic_pyramidal" : "integrator_pyramidal";
    static constexpr Classifier classifier = Classifier::model;
    static constexpr std::string_view summary =
        trigger == EventTrigger::escape ? "two linear compartments, events by escape noise, burst lottery"
                                        : "two linear compartments, events by an integrator, burst lottery";
    static constexpr std::string_view equations =
        "u = bias + x,   tau_soma dx/dt = -x,   tau_dend dd/dt = -d;   e = sigma(u)\n"
        "events: hazard exp(u)/R after a refractory period R (rate sigma(u)/R), or dphi/dt = sigma(u)/R up "
        "to 1\n"
        "an event becomes a burst with probability p = sigma(logit(p0) + g (1 - e) d),\n"
        "with a target with p = clip(p0 [1 + G (target - e)], 0, 1), G where target > e, else 1\n"
        "a burst has burst_spikes spikes, burst_interval apart\n"
        "Greedy, Zhu, Pemberton, Mellor & Costa (2022), NeurIPS 35, in spikes";
    static constexpr bool escape = trigger == EventTrigger::escape;
    static constexpr auto fields = std::to_array<Field<PyramidalCell>>({
        {"R", &PyramidalCell::R, "ms", "shortest interval of events", positive},
        {"tau_soma", &PyramidalCell::tau_soma, "ms", "decay of the somatic trace", positive},
        {"tau_dend", &PyramidalCell::tau_dend, "ms", "decay of the dendritic trace", positive},
        {"bias", &PyramidalCell::bias, "1", "constant part of the somatic potential u"},
        {"p0", &PyramidalCell::p0, "1", "burst probability at rest", open_fraction},
        {"g", &PyramidalCell::g, "1", "gain of the dendrite", not_negative},
        {"G", &PyramidalCell::G, "1", "gain of the teacher where the target is above e", not_negative},
        {"burst_spikes", &PyramidalCell::burst_spikes, "1", "spikes of a burst",
         Range{.low = 2.0, .high = 16.0}},
        {"burst_interval", &PyramidalCell::burst_interval, "ms", "interval of the spikes of a burst",
         positive},
        {escape ? "slack" : "tolerance", &PyramidalCell::slack, "1",
         escape ? "rise of u before the bound of the hazard is made anew: time of computing, not the law"
                : "error of the phase per call",
         positive},
    });

    /// `soma`: a jump of x. `dendrite`: a jump of d. `bias`: a jump of the bias, which stays.
    static constexpr auto ports =
        std::to_array<Port>({{"soma", "1"}, {"dendrite", "1"}, {"bias", "1", true}});

    /// x, d and bias are the traces that the ports add to.
    struct EscapeState {
        double x;            ///< [1] somatic trace
        double d;            ///< [1] dendritic trace
        double bias;         ///< [1]
        double target;       ///< [1] of e, set by a teacher; NaN: none
        double countdown;    ///< [ms] to the next spike of the burst; negative: none
        double spikes_left;  ///< [1] of the burst
        double refractory;   ///< [ms] left of R
        double candidate;    ///< [ms] to the next candidate, if there is a bound
        double bound;        ///< [1/ms] of the hazard; negative: none
        double budget;       ///< [1] what was left of a unit exponential; negative: to be drawn
    };
    struct IntegratorState {
        double x;            ///< [1] as above
        double d;            ///< [1]
        double bias;         ///< [1]
        double target;       ///< [1]
        double countdown;    ///< [ms]
        double spikes_left;  ///< [1]
        double phase;        ///< [1] of the integrator
    };
    using State = std::conditional_t<escape, EscapeState, IntegratorState>;
    static constexpr auto variables = [] {
        if constexpr (escape) {
            return std::to_array<std::string_view>({"x", "d", "bias", "target", "countdown", "spikes_left",
                                                    "refractory", "candidate", "bound", "budget"});
        } else {
            return std::to_array<std::string_view>(
                {"x", "d", "bias", "target", "countdown", "spikes_left", "phase"});
        }
    }();

    static constexpr std::string_view none = "target";  ///< may be NaN

    static constexpr auto starts = std::to_array<Start>({{"bias", "bias"}});
    State initial() const {
        State s{};
        s.bias = bias;
        s.target = std::numeric_limits<double>::quiet_NaN();
        s.countdown = -1.0;
        if constexpr (escape) {
            s.bound = -1.0;
            s.budget = -1.0;
        }
        return s;
    }

    std::optional<std::string> check() const {
        if (burst_spikes != std::floor(burst_spikes)) return "burst_spikes must be a whole number";
        if ((burst_spikes - 1) * burst_interval >= R)
            return "a burst must end within R: (burst_spikes - 1) burst_interval < R";
        return std::nullopt;
    }

    std::array<double, 3> decay_times() const requires escape { return {tau_soma, tau_dend, no_limit}; }

    std::optional<Emission> meet(State& s, double dt, Draw& draw) const requires escape {
        // All times are ticks; what is less than one is rounding.
        const auto left = [dt](double time) { return time - dt > 0.5 * ms_per_tick ? time - dt : 0.0; };
        s.refractory = left(s.refractory);
        s.candidate = left(s.candidate);
        if (s.countdown >= 0.0) s.countdown = left(s.countdown);
        if (s.countdown == 0.0) return Emission{0.0, continue_burst(s)};
        if (s.refractory > 0.0 || s.bound < 0.0 || s.candidate > 0.0) return std::nullopt;
        const bool accepted = draw.uniform() * s.bound <= exp(s.bias + s.x) / R;
        s.bound = -1.0;
        s.budget = -1.0;
        if (!accepted) return std::nullopt;
        s.refractory = R;
        return emit_event(s, draw);
    }

    /// The hazard stays below exp(bias + ceiling of x) / R, so candidates at that rate are thinned.
    Outlook<3> outlook(State& s, Draw& draw) const requires escape {
        // In the middle of a burst it is too early to look beyond R.
        if (s.countdown >= 0.0 && s.refractory > 0.0) {
            s.bound = -1.0;
            return {std::min(s.countdown, s.refractory), {no_limit, no_limit, no_limit}};
        }
        const double burst = s.countdown >= 0.0 ? s.countdown : no_limit;
        if (s.bound >= 0.0) {
            // Where the hazard was nil the budget is whole.
            if (s.candidate != no_limit) s.budget = (s.candidate - s.refractory) * s.bound;
        } else if (s.budget < 0.0) {
            s.budget = draw.exponential();
        }
        // A trace far below zero rises by itself: to half its depth within ln 2 time constants.
        const bool deep = s.x < -4.0 * slack;
        const double ceiling = slack + (deep ? 0.5 * s.x : std::max(s.x, 0.0));
        const double horizon = deep ? 0.6931471805599453 * tau_soma : no_limit;
        s.bound = exp(s.bias + ceiling) / R;
        // On a tick, so that no rounding depends on how the time until then is cut.
        s.candidate = std::ceil((s.refractory + s.budget / s.bound) * ticks_per_ms) * ms_per_tick;
        return {std::min({burst, s.candidate, horizon}), {ceiling, no_limit, s.bias}};
    }

    void receive(State& s, std::size_t port, double weight) const requires(!escape) {
        (port == 0 ? s.x : port == 1 ? s.d : s.bias) += weight;
    }

    std::optional<Emission> advance(State& s, double dt, Draw& draw) const requires(!escape) {
        double passed = 0.0;
        while (true) {
            const double left = dt - passed;
            const double wait = s.countdown >= 0.0 && s.countdown < left ? s.countdown : left;
            if (const std::optional<double> event = integrate(s, wait)) {
                const Emission spike = emit_event(s, draw);
                return Emission{passed + *event, spike.kind, spike.mark};
            }
            passed += wait;
            if (s.countdown == 0.0) return Emission{passed, continue_burst(s)};
            if (passed >= dt) return std::nullopt;
        }
    }

private:
    static constexpr double no_limit = std::numeric_limits<double>::infinity();

    void pass(State& s, double dt) const {
        s.x *= exp(-dt / tau_soma);
        s.d *= exp(-dt / tau_dend);
        if (s.countdown >= 0.0) s.countdown = s.countdown > dt ? s.countdown - dt : 0.0;
    }

    Emission emit_event(State& s, Draw& draw) const {
        const double e = logistic(s.bias + s.x);
        double p = 0.0;
        if (std::isnan(s.target)) {
            p = 1.0 / (1.0 + (1.0 / p0 - 1.0) * exp(-g * (1.0 - e) * s.d));
        } else {
            const double error = s.target - e;
            const double raised = p0 * (1.0 + (error > 0.0 ? G * error : error));
            p = raised < 0.0 ? 0.0 : (raised > 1.0 ? 1.0 : raised);
        }
        const bool burst = draw.uniform() <= p;
        s.spikes_left = burst ? burst_spikes - 1.0 : 0.0;
        s.countdown = burst ? burst_interval : -1.0;
        return {0.0, SpikeKind::event, p};
    }

    SpikeKind continue_burst(State& s) const {
        const SpikeKind kind = s.spikes_left == burst_spikes - 1.0 ? SpikeKind::burst : SpikeKind::further;
        s.spikes_left -= 1.0;
        s.countdown = s.spikes_left > 0.0 ? burst_interval : -1.0;
        return kind;
    }

    std::optional<double> integrate(State& s, double dt) const {
        const double gained = phase_gain(s, dt, slack);
        if (s.phase + gained < 1.0) {
            s.phase += gained;
            pass(s, dt);
            return std::nullopt;
        }
        // The phase rises with a rate between 0 and 1/R: Newton inside a bracket.
        double low = 0.0;
        double high = dt;
        double t = dt * (1.0 - s.phase) / gained;
        for (int i = 0; i < 60 && high - low > 1e-12; ++i) {
            const double missing = 1.0 - s.phase - phase_gain(s, t, slack);
            (missing > 0.0 ? low : high) = t;
            const double next = t + missing * R / logistic(s.bias + s.x * exp(-t / tau_soma));
            if (std::abs(missing) < slack) break;
            t = next > low && next < high ? next : 0.5 * (low + high);
        }
        s.phase = 0.0;
        pass(s, t);
        return t;
    }

    /// The integral of sigma(u)/R over the next h ms: Gauss-Legendre with 5 points, split until two halves
    /// agree with the whole.
    double phase_gain(const State& s, double h, double error) const {
        return refine(s, 0.0, h, gauss(s, 0.0, h), error, 24);
    }

    double refine(const State& s, double from, double h, double whole, double error, int depth) const {
        const double first = gauss(s, from, 0.5 * h);
        const double second = gauss(s, from + 0.5 * h, 0.5 * h);
        if (std::abs(first + second - whole) <= error || depth == 0) return first + second;
        return refine(s, from, 0.5 * h, first, 0.5 * error, depth - 1) +
               refine(s, from + 0.5 * h, 0.5 * h, second, 0.5 * error, depth - 1);
    }

    double gauss(const State& s, double from, double h) const {
        constexpr std::array node{0.0, 0.5384693101056831, 0.9061798459386640};
        constexpr std::array weight{0.5688888888888889, 0.4786286704993665, 0.2369268850561891};
        const double middle = from + 0.5 * h;
        const auto rate = [&](double t) { return logistic(s.bias + s.x * exp(-t / tau_soma)); };
        double sum = weight[0] * rate(middle);
        for (std::size_t i = 1; i < node.size(); ++i) {
            sum += weight[i] * (rate(middle - 0.5 * h * node[i]) + rate(middle + 0.5 * h * node[i]));
        }
        return 0.5 * h * sum / R;
    }
};

using StochasticPyramidal = PyramidalCell<EventTrigger::escape>;
using IntegratorPyramidal = PyramidalCell<EventTrigger::integrator>;

static_assert(TracedModel<StochasticPyramidal>);
static_assert(StochasticModel<IntegratorPyramidal>);

}  // namespace apical
