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

/// Spike-timing-dependent plasticity, every spike of the source with every spike of the target. A pair in
/// which the target spikes s after (before) the source changes the weight by
///
///     dw = A_plus w^mu_plus exp(-s / tau_plus)     (dw = -A_minus w^mu_minus exp(-s / tau_minus))
///
/// summed over pairs by one trace for each neuron: +1 at each spike, decaying with tau_plus or tau_minus.
/// With exponents of 0 the changes do not depend on the weight; otherwise weights are not negative. They are
/// clipped to [w_min, w_max] at each change; where a configuration gives no bounds they keep the sign that
/// weights start with. A change is added to the weight, whatever its sign: potentiation weakens inhibition.
/// Bursts count as the spikes that they are. Spikes seen at one time do not pair.
///
/// Sources: Bi & Poo (1998), J Neurosci 18:10464 (window); Song, Miller & Abbott (2000), Nat Neurosci 3:919
/// (additive rule and the defaults, in units of their largest weight); Morrison, Aertsen & Diesmann (2007),
/// Neural Comput 19:1437 (exponents of 0.4 and 1); Morrison, Diesmann & Gerstner (2008), Biol Cybern 98:459
/// (traces).
struct PairStdp : AllSpikes {
    double A_plus = 0.005;     ///< potentiation by a pair, in the unit of the weight (at w = 1)
    double A_minus = 0.00525;  ///< depression by a pair, likewise
    double tau_plus = 20.0;    ///< [ms] window of potentiation
    double tau_minus = 20.0;   ///< [ms] window of depression
    double mu_plus = 0.0;      ///< exponent of the weight in potentiation
    double mu_minus = 0.0;     ///< exponent of the weight in depression
    double w_min = 0.0;
    double w_max = std::numeric_limits<double>::max();

    static constexpr bool keeps_sign = true;  ///< bounds of weights that start negative are w <= 0
    static constexpr std::string_view name = "pair_stdp";
    static constexpr std::string_view summary = "pair-based spike-timing-dependent plasticity, all pairs";
    static constexpr std::string_view equations =
        "a spike of the target: w -> w + A_plus w^mu_plus x;   of the source: w -> w - A_minus w^mu_minus y\n"
        "x, y: all spikes of source and target, decaying with tau_plus and tau_minus\n"
        "weights stay within w_min and w_max: by default from 0 up, or, where they start negative, up to 0\n"
        "Song, Miller & Abbott (2000), Nature Neuroscience 3:919; Morrison, Diesmann & Gerstner (2008)";
    static constexpr auto fields = std::to_array<Field<PairStdp>>({
        {"A_plus", &PairStdp::A_plus, "1", "potentiation by a pair, in the unit of the weight"},
        {"A_minus", &PairStdp::A_minus, "1", "depression by a pair, in the unit of the weight"},
        {"tau_plus", &PairStdp::tau_plus, "ms", "window of potentiation", positive},
        {"tau_minus", &PairStdp::tau_minus, "ms", "window of depression", positive},
        {"mu_plus", &PairStdp::mu_plus, "1", "exponent of the weight in potentiation", not_negative},
        {"mu_minus", &PairStdp::mu_minus, "1", "exponent of the weight in depression", not_negative},
        {"w_min", &PairStdp::w_min, "1", "smallest weight, in its unit"},
        {"w_max", &PairStdp::w_max, "1", "largest weight, in its unit"},
    });

    std::optional<std::string> check() const {
        if (w_min > w_max) return "w_min is above w_max";
        if (w_min < 0.0 && (mu_plus > 0.0 || mu_minus > 0.0)) {
            return "with an exponent (mu_plus, mu_minus) weights are not negative: w_min must be 0 or more";
        }
        return std::nullopt;
    }

    double source_decay() const { return tau_plus; }
    double target_decay() const { return tau_minus; }

    template <class Loop>
    [[gnu::always_inline]] void changes_at_fire(const Loop& loop) const {
        with_power(
            mu_plus, [&](const auto& power) __attribute__((always_inline)) {
                loop([&](double w, double x, double factor) {
                    return clip(w + A_plus * power(w) * (x * factor));
                });
            });
    }
    template <class Loop>
    [[gnu::always_inline]] void changes_at_arrival(const Loop& loop) const {
        with_power(
            mu_minus, [&](const auto& power) __attribute__((always_inline)) {
                loop([&](double w, double y, double) { return clip(w - A_minus * power(w) * y); });
            });
    }

private:
    double clip(double w) const { return w < w_min ? w_min : (w > w_max ? w_max : w); }

    template <class Use>
    [[gnu::always_inline]] static void with_power(double mu, const Use& use) {
        if (mu == 0.0) {
            use([](double) { return 1.0; });
        } else if (mu == 1.0) {
            use([](double w) { return w; });
        } else {
            use([mu](double w) {
                const double raised = exp(mu * log(w));  // whatever w is: no branch
                return w > 0.0 ? raised : 0.0;
            });
        }
    }
};

}  // namespace apical
