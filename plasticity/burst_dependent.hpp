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
/// `prior` events had been seen at burst probability p0; with none, as published, the first event meets 0/0,
/// which is 1. It outlives any silence.
///
/// Spikes of source and target seen at one tick do not pair. variance_reduced needs a target that states its
/// burst probability: without it the weights become NaN.
///
/// Sources: Payeur, Guerguiev, Zenke, Richards & Naud (2021), Nature Neuroscience 24:1010 (moving average,
/// "Burstprop"); Greedy, Zhu, Pemberton, Mellor & Costa (2022), NeurIPS 35 (fixed, "BurstCCN").
template <Teaching teaching, Baseline baseline>
struct BurstDependent {
    double eta = 1e-3;            ///< learning rate, in the unit of the weight
    double tau_pre = 20.0;        ///< [ms] of the trace of the source's events
    double p0 = 0.5;              ///< expected burst probability; of a moving average: at the start
    double tau_average = 2000.0;  ///< [ms] of the moving average
    double prior = 0.0;           ///< events that p0 stands for at the start of a moving average
    double w_min = -std::numeric_limits<double>::max();
    double w_max = std::numeric_limits<double>::max();

    static constexpr std::string_view name = "burst_dependent";
    static constexpr bool learns_at_arrival = false;
    static constexpr std::string_view summary =
        "burst-dependent plasticity: event times burst above expectation";
    static constexpr std::string_view equations =
        "dw/dt = eta [B(t) - P E(t)] x(t),   x: events of the source, decaying with tau_pre\n"
        "sampled: -P at an event of the target, +1 at the second spike of a burst; variance_reduced: p - P "
        "at an event\n"
        "Payeur et al. (2021), Nature Neuroscience 24:1010; Greedy et al. (2022), NeurIPS 35";
    static constexpr auto fields = [] {
        constexpr auto all = std::to_array<Field<BurstDependent>>({
            {"eta", &BurstDependent::eta, "1", "learning rate, in the unit of the weight"},
            {"tau_pre", &BurstDependent::tau_pre, "ms", "trace of the source's events", positive},
            {"p0", &BurstDependent::p0, "1", "expected burst probability; of a moving average: at the start",
             fraction},
            {"w_min", &BurstDependent::w_min, "1", "smallest weight, in its unit"},
            {"w_max", &BurstDependent::w_max, "1", "largest weight, in its unit"},
            {"tau_average", &BurstDependent::tau_average, "ms", "moving average of the burst probability",
             positive},
            {"prior", &BurstDependent::prior, "1", "events that p0 stands for at the start", not_negative},
        });
        std::array<Field<BurstDependent>, baseline == Baseline::fixed ? 5 : 7> known{};
        std::copy_n(all.begin(), known.size(), known.begin());
        return known;
    }();

    std::optional<std::string> check() const {
        if (w_min > w_max) return "w_min is above w_max";
        return std::nullopt;
    }

    struct Pre {
        double trace;  ///< x just after the last spike
    };
    struct Post {
        double events;  ///< recent ones, counted just after the last spike
        double bursts;
    };

    void arrive(Pre& pre, double dt, SpikeKind kind) const {
        pre.trace *= exp(-dt / tau_pre);
        if (kind == SpikeKind::event) pre.trace += 1.0;
    }

    double fire(Post& post, double dt, SpikeKind kind, double mark) const {
        forget(post, dt);
        if (kind == SpikeKind::event) {
            const double P = baseline == Baseline::fixed ? p0 : average(post);
            post.events += 1.0;
            if (teaching == Teaching::sampled) return -P;
            post.bursts += mark;
            return mark - P;
        }
        if (kind == SpikeKind::further || teaching == Teaching::variance_reduced) return 0.0;
        post.bursts += 1.0;
        return 1.0;
    }

    double at_arrival(double w, const Post&, double) const { return w; }

    double at_fire(double w, const Pre& pre, double dt, double factor) const {
        return std::clamp(w + eta * factor * pre.trace * exp(-dt / tau_pre), w_min, w_max);
    }

private:
    void forget(Post& post, double dt) const {
        constexpr double smallest = 1e-100;  // for the ratio to outlive any silence
        const double decay = std::max(exp(-dt / tau_average), smallest);
        post.events *= decay;
        post.bursts *= decay;
        if (post.events == 0.0) post = {prior, prior * p0};
    }

    static double average(const Post& post) {
        return post.bursts < post.events ? post.bursts / post.events : 1.0;
    }
};

/// The four by name.
using BurstCcnRule = BurstDependent<Teaching::sampled, Baseline::fixed>;
using BurstpropRule = BurstDependent<Teaching::sampled, Baseline::moving_average>;
using VarianceReducedBurstCcnRule = BurstDependent<Teaching::variance_reduced, Baseline::fixed>;
using VarianceReducedBurstpropRule = BurstDependent<Teaching::variance_reduced, Baseline::moving_average>;

}  // namespace apical
