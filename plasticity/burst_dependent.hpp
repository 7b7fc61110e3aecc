#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/exp.hpp"
#include "core/field.hpp"
#include "core/spike.hpp"
#include "plasticity/rule.hpp"

namespace apical {

/// What a postsynaptic spike teaches.
enum class Teaching {
    sampled,           ///< -P at an event, +1 at the second spike of a burst
    variance_reduced,  ///< p - P at an event, p being the mark: the same mean without the lottery
    potential,         ///< logit p - logit P at an event: in proportion to the potential of the dendrite
};

/// Which rate a weight that grows at low rates looks at.
enum class LowRate {
    spikes,  ///< all spikes, averaged over 30 s from 0.1 Hz on
    events,  ///< events, averaged over tau_average
};

/// What a burst probability is compared with.
enum class Baseline {
    fixed,           ///< P = p0
    moving_average,  ///< P is the neuron's own recent burst probability
};

/// Burst-dependent plasticity: the sign of a change is whether the target bursts more often than expected,
/// its size the recent events of the source,
///
///     dw/dt = eta [B(t) - P E(t)] x(t)
///
/// E and B are the target's events and bursts as trains of pulses: an event is an isolated spike or the first
/// of a burst, a burst is registered at its second spike, later ones teach nothing. x is the source's trace
/// of events: +1 at each (a burst counts once), decaying with tau_pre. Weights are clipped to [w_min, w_max]
/// at each change.
///
/// The moving average is the ratio of two counts that decay with tau_average, of bursts (or of marks, for
/// variance_reduced) and of events, at most 1; the event that it judges is not yet counted. It starts as if
/// `prior` events had been seen at burst probability p0 when the run begins, which fade as others do; with
/// none, as published, the first event meets 0/0, which is 1. It outlives any silence.
///
/// Weights may also keep the target's rate in bounds. Its average rate of events (tau_average) being R,
/// the teaching of an event becomes -P + h and that of a burst 1 + h, with h = -(R - r_max)/R where R > r_max
/// and 0 elsewhere: the event judged is not yet counted in R either. At each event of the source, w grows
/// by eta (r_min - r)/Hz where the target's rate r is below r_min; r is what `low_rate` says. (Meant was the
/// average of events; what the published program does, and the reference here, is the slow average of spikes.
/// It delivers the weight before this change, here it is delivered after.) Both are off unless given.
///
/// Spikes of source and target seen at one time do not pair. variance_reduced needs a target that states its
/// burst probability at each event. So does potential, by which inhibitory weights (eta > 0) learn to silence
/// a dendrite, whose probability is a logistic function of its potential.
///
/// Sources: Payeur, Guerguiev, Zenke, Richards & Naud (2021), Nature Neuroscience 24:1010 (moving average,
/// "Burstprop"); Greedy, Zhu, Pemberton, Mellor & Costa (2022), NeurIPS 35 (fixed, "BurstCCN"; potential: its
/// equation 2, for Q).
template <Teaching teaching, Baseline baseline>
struct BurstDependent {
    double eta = 1e-3;            ///< learning rate, in the unit of the weight
    double tau_pre = 20.0;        ///< [ms] of the trace of the source's events
    double p0 = 0.5;              ///< expected burst probability; of a moving average: at the start
    double tau_average = 2000.0;  ///< [ms] of the averages of bursts and events
    double prior = 0.0;           ///< events that p0 stands for at the start of a moving average
    double r_max = std::numeric_limits<double>::max();  ///< [Hz] of events, above which weights shrink
    double r_min = 0.0;                                 ///< [Hz] below which weights grow
    double w_min = -std::numeric_limits<double>::max();
    double w_max = std::numeric_limits<double>::max();
    LowRate low_rate = LowRate::spikes;  ///< whose rate r_min bounds

    static constexpr std::string_view name = "burst_dependent";
    static constexpr auto low_rates = std::to_array<std::string_view>({"spikes", "events"});
    static constexpr std::string_view summary =
        "burst-dependent plasticity: event times burst above expectation";
    static constexpr std::string_view equations =
        "dw/dt = eta [B(t) - P E(t)] x(t),   x: events of the source, decaying with tau_pre\n"
        "sampled: -P at an event of the target, +1 at the second spike of a burst; variance_reduced: p - P "
        "at an event; potential: logit p - logit P; p as the cell states it, P = p0 or the moving average\n"
        "moving_average: recent bursts over recent events, at most 1, both decaying with tau_average; at the "
        "start of the run they are\nprior p0 and prior; the event judged is not yet counted; 0/0 is 1\n"
        "r_max: with R = (recent events)/tau_average, an event of the target teaches h more and a burst h "
        "more, "
        "h = -(R - r_max)/R where\nR > r_max; r_min: at each event of the source w grows by eta (r_min - "
        "r)/Hz "
        "where r < r_min, r as low_rate says\n"
        "weights are clipped to w_min and w_max at each change\n"
        "Payeur et al. (2021), Nature Neuroscience 24:1010; Greedy et al. (2022), NeurIPS 35";
    static constexpr auto fields = [] {
        constexpr auto all = std::to_array<Field<BurstDependent>>({
            {"eta", &BurstDependent::eta, "1", "learning rate, in the unit of the weight"},
            {"tau_pre", &BurstDependent::tau_pre, "ms", "trace of the source's events", positive},
            {"p0", &BurstDependent::p0, "1", "expected burst probability; of a moving average: at the start",
             fraction},
            {"w_min", &BurstDependent::w_min, "1", "smallest weight, in its unit"},
            {"w_max", &BurstDependent::w_max, "1", "largest weight, in its unit"},
            {"r_max", &BurstDependent::r_max, "Hz", "rate of events above which weights shrink", positive},
            {"r_min", &BurstDependent::r_min, "Hz", "rate below which weights grow; 0: none", not_negative},
            {"tau_average", &BurstDependent::tau_average, "ms", "averages of bursts and events", positive},
            {"prior", &BurstDependent::prior, "1",
             "events that p0 stands for at the start of the run, and fade", not_negative},
        });
        std::array<Field<BurstDependent>, baseline == Baseline::fixed ? 8 : 9> known{};
        std::copy_n(all.begin(), known.size(), known.begin());
        return known;
    }();

    std::optional<std::string> check() const {
        if (w_min > w_max) return "w_min is above w_max";
        if (teaching == Teaching::potential && (p0 <= 0.0 || p0 >= 1.0))
            return "teaching \"potential\" needs p0 between 0 and 1";
        return std::nullopt;
    }

    static constexpr double tau_spikes = 30000.0;  ///< [ms] of the average of all spikes
    /// The rate [Hz] that a count of one stands for, which decays with tau [ms].
    static constexpr double per_count(double tau) { return 1000.0 / tau; }

    struct Source {};
    struct Target {
        double events = 0.0;  ///< recent ones, counted just after the last spike
        double bursts = 0.0;
    };
    static constexpr bool targets_outlive_reset = true;

    /// A neuron at the start, before any time has passed.
    Target start() const { return {prior, prior * p0}; }

    bool sees(SpikeKind kind) const { return kind == SpikeKind::event; }
    double source_decay() const { return tau_pre; }
    double source_jump(SpikeKind kind) const { return kind == SpikeKind::event ? 1.0 : 0.0; }

    /// The target's trace is the count that r_min looks at.
    double target_decay() const { return low_rate == LowRate::spikes ? tau_spikes : tau_average; }
    double target_jump(SpikeKind kind) const {
        return low_rate == LowRate::spikes || kind == SpikeKind::event ? 1.0 : 0.0;
    }
    double target_start() const { return low_rate == LowRate::spikes ? 0.1 / per_count(tau_spikes) : prior; }

    bool learns_at_arrival() const { return r_min > 0.0; }
    double arrive(Source&, double, SpikeKind kind) const {
        return learns_at_arrival() && kind == SpikeKind::event ? 1.0 : 0.0;
    }

    double fire(Target& target, double dt, SpikeKind kind, double mark) const {
        if (!averages()) return teach(kind, mark, p0);
        forget(target, dt);
        constexpr bool lottery = teaching == Teaching::sampled;
        if (kind == SpikeKind::event) {
            const double P = baseline == Baseline::fixed ? p0 : average(target);
            const double h = surplus(target);
            target.events += 1.0;
            if (!lottery) target.bursts += mark;
            return teach(kind, mark, P) + h * (lottery ? 1.0 : 1.0 + mark);
        }
        if (kind == SpikeKind::further || !lottery) return 0.0;
        target.bursts += 1.0;
        return 1.0 + surplus(target);
    }

    template <class Loop>
    [[gnu::always_inline]] void changes_at_fire(const Loop& loop) const {
        loop([&](double w, double x, double factor) { return clip(w + eta * factor * x); });
    }
    template <class Loop>
    [[gnu::always_inline]] void changes_at_arrival(const Loop& loop) const {
        const double rate_of_one = per_count(target_decay());
        loop([&](double w, double y, double) {
            const double missing = r_min - y * rate_of_one;
            return missing > 0.0 ? clip(w + eta * missing) : w;
        });
    }

private:
    double clip(double w) const { return w < w_min ? w_min : (w > w_max ? w_max : w); }

    /// Whether what a spike teaches depends on what the target did of late.
    bool averages() const {
        return baseline == Baseline::moving_average || r_max < std::numeric_limits<double>::max();
    }

    /// What a spike teaches where P is expected.
    static double teach(SpikeKind kind, double mark, double P) {
        if (kind != SpikeKind::event)
            return kind == SpikeKind::burst && teaching == Teaching::sampled ? 1.0 : 0.0;
        if (teaching == Teaching::sampled) return -P;
        if (teaching == Teaching::variance_reduced) return mark - P;
        // A probability that has come to 0 or 1 hides how large the potential is.
        constexpr double least = 1e-6;
        const double p = std::clamp(mark, least, 1.0 - least);
        return log(p / (1.0 - p)) - log(P / (1.0 - P));
    }

    /// h: how much a weight shrinks for the rate of events being too high.
    double surplus(const Target& target) const {
        const double rate = target.events * per_count(tau_average);
        return rate > r_max ? -(rate - r_max) / rate : 0.0;
    }

    void forget(Target& target, double dt) const {
        constexpr double smallest = 1e-100;  // for the ratio to outlive any silence
        const double decay = std::max(exp(-dt / tau_average), smallest);
        target.events *= decay;
        target.bursts *= decay;
    }

    static double average(const Target& target) {
        return target.bursts < target.events ? target.bursts / target.events : 1.0;
    }
};

/// By name.
using BurstCcnRule = BurstDependent<Teaching::sampled, Baseline::fixed>;
using BurstpropRule = BurstDependent<Teaching::sampled, Baseline::moving_average>;
using VarianceReducedBurstCcnRule = BurstDependent<Teaching::variance_reduced, Baseline::fixed>;
using PotentialRule = BurstDependent<Teaching::potential, Baseline::fixed>;
using VarianceReducedBurstpropRule = BurstDependent<Teaching::variance_reduced, Baseline::moving_average>;

}  // namespace apical
