#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/exp.hpp"
#include "core/rounding.hpp"
#include "core/spike.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// A number that follows a population: the rate of its spikes, events or bursts [Hz] through an exponential
/// filter, or the ratio of bursts to events. Computed from the merged spikes in their total order and sampled
/// on an absolute grid, so it is the same for any number of threads and shards.
struct Signal {
    enum class Kind { spike_rate, event_rate, burst_rate, burst_probability };
    Kind kind = Kind::event_rate;
    Index population = 0;
    Index size = 1;
    double tau = 10.0;       ///< [ms]
    double undefined = 0.0;  ///< of the ratio while there is no event
    double every = 1.0;      ///< [ms] between samples; their times are rounded to ticks once each

    struct Sample {
        Time time;
        double value;
    };

    /// Takes in the spikes of a window; the samples whose time lies in (begin, end] are appended. A spike at
    /// a sample's time, to rounding, is not in it, even if it comes a window before.
    void observe(const Window& window, std::span<const Spike> spikes, std::vector<Sample>& samples) {
        for (const Spike& spike : spikes) {
            if (spike.population == population) waiting_.push_back({spike.time, spike.kind});
        }
        auto next = waiting_.begin();
        const auto count_before = [&](Time sample) {
            for (; next != waiting_.end() && !has_come(sample, next->time); ++next) count(*next);
        };
        auto k = next_after(window.begin);
        for (; time_of(k) <= window.end; ++k) {
            const Time at = time_of(k);
            count_before(at);
            decay(at);
            samples.push_back({at, value()});
        }
        count_before(time_of(k));
        waiting_.erase(waiting_.begin(), next);
    }

    void persist(Archive& archive) {
        archive("numerator", numerator_);
        archive("events", events_);
        archive("updated", updated_);
        archive.columns("waiting", waiting_, "time", &Waiting::time, "kind", &Waiting::kind);
    }

private:
    struct Waiting {
        Time time;
        SpikeKind kind;
    };

    Time time_of(std::int64_t sample) const { return Time{} + ticks(static_cast<double>(sample) * every); }
    std::int64_t next_after(Time now) const {
        auto sample = static_cast<std::int64_t>(ms(now) / every);  // or a neighbour of it, by rounding
        while (time_of(sample) > now) --sample;
        while (time_of(sample) <= now) ++sample;
        return sample;
    }

    void decay(Time now) {
        // In a silence the ratio stays what it was: neither number may become so small that it loses digits.
        constexpr double vanished = 1e-200;
        const double factor = std::max(numerator_, events_) > vanished ? exp(-ms(now - updated_) / tau) : 1.0;
        numerator_ *= factor;
        events_ *= factor;
        updated_ = now;
    }

    void count(const Waiting& spike) {
        decay(spike.time);
        const double jump = 1000.0 / (static_cast<double>(size) * tau);
        const bool counts = kind == Kind::spike_rate ||
                            (kind == Kind::event_rate && spike.kind == SpikeKind::event) ||
                            (kind >= Kind::burst_rate && spike.kind == SpikeKind::burst);
        if (counts) numerator_ += jump;
        if (spike.kind == SpikeKind::event) events_ += jump;
    }

    double value() const {
        if (kind != Kind::burst_probability) return numerator_;
        return events_ > 0.0 ? numerator_ / events_ : undefined;
    }

    std::vector<Waiting> waiting_;  ///< spikes that no sample has counted
    double numerator_ = 0.0;
    double events_ = 0.0;
    Time updated_{};
};

}  // namespace apical
