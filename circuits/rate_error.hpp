#pragma once

#include <algorithm>
#include <vector>

#include "core/spike.hpp"
#include "recorders/archive.hpp"
#include "recorders/recorder.hpp"

namespace apical {

/// The error of a firing rate that stands for a bit, after Payeur et al. (2021), figure 4: a rate of e_max
/// events is a 1, of e_min a 0.
struct RateError {
    double e_min = 2.0;        ///< [Hz]
    double e_max = 10.0;       ///< [Hz]
    double tolerance = 1.0;    ///< [Hz] a rate this close to its target is right
    double strength = 1000.0;  ///< [pA Hz]

    /// The current [pA] onto the dendrite of a cell at `rate` [Hz] that is to be a 1, or a 0: the derivative
    /// of the cost times `strength`, nothing where the rate is right, and at most strength/tolerance.
    double current(double rate, bool one) const {
        const double low = e_min + tolerance;
        const double high = e_max - tolerance;
        if (one) return rate >= high ? 0.0 : strength / (rate <= low ? tolerance : rate - e_min);
        return rate <= low ? 0.0 : -strength / (rate >= high ? tolerance : e_max - rate);
    }

    /// 0 at e_min, 1 at e_max, and within.
    double activity(double rate) const { return std::clamp((rate - e_min) / (e_max - e_min), 0.0, 1.0); }

    /// [Hz] midway: above it a rate counts as a 1.
    double threshold() const { return 0.5 * (e_min + e_max); }
};

/// Each neuron's own recent rate of events: +1/tau at each, decaying with tau.
class EventAverages final : public Recorder {
public:
    EventAverages(Index population, Index size, double tau)
        : population_(population), tau_(tau), averages_(size, 0.0), updated_(size) {}

    void observe(const Window& window, std::span<const Spike> spikes) override;
    void finish(Time) override {}

    /// [Hz] of each neuron at `now`, which is not before the last window's end.
    std::vector<double> rates(Time now) const;
    double mean_rate(Time now) const;

    void persist(Archive& archive) {
        archive("averages", std::span(averages_));
        archive("updated", std::span(updated_));
    }

private:
    double faded(Index neuron, Time now) const;

    Index population_;
    double tau_;  // [ms]
    std::vector<double> averages_;
    std::vector<Time> updated_;
};

}  // namespace apical
