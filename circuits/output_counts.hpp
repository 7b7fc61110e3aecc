#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "circuits/circuit.hpp"
#include "recorders/archive.hpp"
#include "recorders/recorder.hpp"

namespace apical {

/// Events and bursts of a population of outputs, an ensemble of neurons for each, since the last clear().
class OutputCounts final : public Recorder {
public:
    OutputCounts(Index population, Index outputs, Index per_output)
        : population_(population), per_output_(per_output), events_(outputs), bursts_(outputs) {}

    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) {
            if (spike.population != population_) continue;
            if (spike.kind == SpikeKind::event) ++events_[spike.neuron / per_output_];
            if (spike.kind == SpikeKind::burst) ++bursts_[spike.neuron / per_output_];
        }
    }
    void finish(Time) override {}

    void clear() {
        events_.assign(events_.size(), 0);
        bursts_.assign(bursts_.size(), 0);
    }

    /// After `length` [ms], of neurons that have at most an event in t_ref [ms].
    Answer answer(double length, double t_ref) const {
        Answer answer;
        const double neurons_ms = length * per_output_;
        for (std::size_t k = 0; k < events_.size(); ++k) {
            const auto events = static_cast<double>(events_[k]);
            answer.activity.push_back(events / (neurons_ms / t_ref));
            answer.event_rate.push_back(1000.0 * events / neurons_ms);
            answer.burst_probability.push_back(events > 0.0 ? static_cast<double>(bursts_[k]) / events
                                                            : std::numeric_limits<double>::quiet_NaN());
        }
        return answer;
    }

    void persist(Archive& archive) {
        archive("events", std::span(events_));
        archive("bursts", std::span(bursts_));
    }

private:
    Index population_;
    Index per_output_;
    std::vector<std::uint64_t> events_;
    std::vector<std::uint64_t> bursts_;
};

}  // namespace apical
