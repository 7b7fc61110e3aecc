#pragma once

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

/// Triplet rule of spike-timing-dependent plasticity, every spike with every spike:
///
///     at a spike of the target:  w -> w + r1 (A2_plus + A3_plus o2)
///     at a spike of the source:  w -> w - o1 (A2_minus + A3_minus r2)
///
/// r1, r2: all spikes of the source, decaying with tau_plus and tau_x; o1, o2: of the target, with tau_minus
/// and tau_y. r2 and o2 do not see the spike at which they are read. Weights are clipped to [w_min, w_max].
///
/// Source: Pfister & Gerstner (2006), J. Neurosci. 26:9673, equations 2 to 4; defaults: all-to-all, visual
/// cortex (table 3).
struct TripletStdp : AllSpikes {
    double A2_plus = 5e-10;    ///< potentiation by a pair, in the unit of the weight
    double A3_plus = 6.2e-3;   ///< by a triplet of two spikes of the target
    double A2_minus = 7e-3;    ///< depression by a pair
    double A3_minus = 2.3e-4;  ///< by a triplet of two spikes of the source
    double tau_plus = 16.8;    ///< [ms] of r1
    double tau_x = 101.0;      ///< [ms] of r2
    double tau_minus = 33.7;   ///< [ms] of o1
    double tau_y = 125.0;      ///< [ms] of o2
    double w_min = 0.0;
    double w_max = std::numeric_limits<double>::max();

    static constexpr std::string_view name = "triplet_stdp";
    static constexpr std::string_view summary = "triplet rule of spike-timing-dependent plasticity";
    static constexpr std::string_view equations =
        "a spike of the target: w -> w + r1 (A2_plus + A3_plus o2);   of the source: w -> w - o1 (A2_minus + "
        "A3_minus r2)\n"
        "r1, r2: all spikes of the source, decaying with tau_plus, tau_x;   o1, o2: of the target, with "
        "tau_minus, "
        "tau_y\n"
        "Pfister & Gerstner (2006), J. Neurosci. 26:9673";
    static constexpr auto fields = std::to_array<Field<TripletStdp>>({
        {"A2_plus", &TripletStdp::A2_plus, "1", "potentiation by a pair, in the unit of the weight"},
        {"A3_plus", &TripletStdp::A3_plus, "1", "potentiation by a triplet, likewise"},
        {"A2_minus", &TripletStdp::A2_minus, "1", "depression by a pair, likewise"},
        {"A3_minus", &TripletStdp::A3_minus, "1", "depression by a triplet, likewise"},
        {"tau_plus", &TripletStdp::tau_plus, "ms", "of pairs, source before target", positive},
        {"tau_x", &TripletStdp::tau_x, "ms", "of triplets with two spikes of the source", positive},
        {"tau_minus", &TripletStdp::tau_minus, "ms", "of pairs, target before source", positive},
        {"tau_y", &TripletStdp::tau_y, "ms", "of triplets with two spikes of the target", positive},
        {"w_min", &TripletStdp::w_min, "1", "smallest weight, in its unit"},
        {"w_max", &TripletStdp::w_max, "1", "largest weight, in its unit"},
    });

    std::optional<std::string> check() const {
        return w_min > w_max ? std::optional<std::string>("w_min is above w_max") : std::nullopt;
    }

    struct Source {
        double r2 = 0.0;  ///< just after the last spike
    };
    struct Target {
        double o2 = 0.0;
    };
    Target start() const { return {}; }

    double source_decay() const { return tau_plus; }
    double target_decay() const { return tau_minus; }

    double arrive(Source& source, double dt, SpikeKind) const {
        const double r2 = source.r2 * exp(-dt / tau_x);
        source.r2 = r2 + 1.0;
        return A2_minus + A3_minus * r2;
    }
    double fire(Target& target, double dt, SpikeKind, double) const {
        const double o2 = target.o2 * exp(-dt / tau_y);
        target.o2 = o2 + 1.0;
        return A2_plus + A3_plus * o2;
    }

    template <class Loop>
    [[gnu::always_inline]] void changes_at_fire(const Loop& loop) const {
        loop([&](double w, double x, double factor) { return clip(w + factor * x); });
    }
    template <class Loop>
    [[gnu::always_inline]] void changes_at_arrival(const Loop& loop) const {
        loop([&](double w, double y, double factor) { return clip(w - factor * y); });
    }

private:
    double clip(double w) const { return w < w_min ? w_min : (w > w_max ? w_max : w); }
};

}  // namespace apical
