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

/// A learner that answers with the events of its output, counted since the onset.
class CountingLearner : public Learner {
public:
    CountingLearner(Network& network, Index outputs, Index per_output, double t_ref)
        : network_(network),
          output_(network.populations.at("output")),
          t_ref_(t_ref),
          counts_(output_, outputs, per_output) {
        simulation().add(counts_);
    }

    Answer answer() const override { return answer_; }
    Answer so_far() const override { return counts_.answer(ms(simulation().now() - onset_), t_ref_); }

    void persist(Archive& archive, Index /*epoch*/) override {
        archive("onset", onset_);
        archive("counts", counts_);
        archive("answer", answer_);
    }

protected:
    Simulation& simulation() const { return *network_.simulation; }
    const Network& network() const { return network_; }
    Index output() const { return output_; }
    /// Something is shown from now on: the time.
    Time begin() {
        counts_.clear();
        return onset_ = simulation().now();
    }
    /// What it has come to is the answer.
    void conclude() { answer_ = so_far(); }

private:
    Network& network_;
    Index output_;
    double t_ref_;  ///< [ms]
    OutputCounts counts_;
    Time onset_{};
    Answer answer_;
};

}  // namespace apical
