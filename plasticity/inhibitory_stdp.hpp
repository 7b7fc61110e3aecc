#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/field.hpp"
#include "core/spike.hpp"
#include "plasticity/rule.hpp"

namespace apical {

/// Symmetric plasticity of inhibitory synapses, which holds the target's rate: near-coincident spikes in
/// either order strengthen a synapse, each spike of the source alone weakens it,
///
///     at a spike of the target:  w -> w + eta x
///     at a spike of the source:  w -> w + eta (y - alpha),   alpha = 2 rate tau
///
/// x, y: all spikes of source and target, decaying with tau. Where source and target are independent the mean
/// change vanishes at a rate of the target of `rate`. The sign of eta is that of the weights: negative for
/// currents that inhibit. Weights are clipped to [w_min, w_max].
///
/// Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), Science 334:1569, supplement, equations 4 and
/// 5; defaults: there, eta in nS (their g of 1 nS a unit).
struct InhibitoryStdp : AllSpikes {
    double eta = 1e-3;  ///< learning rate, in the unit of the weight
    double tau = 20.0;  ///< [ms] window
    double rate = 5.0;  ///< [Hz] that the target is held at
    double w_min = 0.0;
    double w_max = std::numeric_limits<double>::max();

    static constexpr bool keeps_sign = true;  ///< bounds of weights that start negative are w <= 0
    static constexpr std::string_view name = "inhibitory_stdp";
    static constexpr std::string_view summary =
        "symmetric plasticity of inhibition that holds the target's rate";
    static constexpr std::string_view equations =
        "a spike of the target: w -> w + eta x;   of the source: w -> w + eta (y - 2 rate tau)\n"
        "x, y: all spikes of source and target, decaying with tau\n"
        "eta has the sign of the weights, which stay within w_min and w_max: by default from 0 up, or, where "
        "they "
        "start negative,\nup to 0\n"
        "Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), Science 334:1569";
    static constexpr auto fields = std::to_array<Field<InhibitoryStdp>>({
        {"eta", &InhibitoryStdp::eta, "1", "learning rate, in the unit of the weight"},
        {"tau", &InhibitoryStdp::tau, "ms", "window of near-coincident spikes", positive},
        {"rate", &InhibitoryStdp::rate, "Hz", "that the target is held at", not_negative},
        {"w_min", &InhibitoryStdp::w_min, "1", "smallest weight, in its unit"},
        {"w_max", &InhibitoryStdp::w_max, "1", "largest weight, in its unit"},
    });

    std::optional<std::string> check() const {
        return w_min > w_max ? std::optional<std::string>("w_min is above w_max") : std::nullopt;
    }

    double source_decay() const { return tau; }
    double target_decay() const { return tau; }

    template <class Loop>
    [[gnu::always_inline]] void changes_at_fire(const Loop& loop) const {
        loop([&](double w, double x, double factor) { return clip(w + eta * (x * factor)); });
    }
    template <class Loop>
    [[gnu::always_inline]] void changes_at_arrival(const Loop& loop) const {
        const double alpha = 2.0 * rate * 1e-3 * tau;
        loop([&](double w, double y, double) { return clip(w + eta * (y - alpha)); });
    }

private:
    double clip(double w) const { return w < w_min ? w_min : (w > w_max ? w_max : w); }
};

}  // namespace apical
