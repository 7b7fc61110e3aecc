#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "networks/build.hpp"
#include "networks/description.hpp"
#include "training/recording.hpp"
#include "training/run.hpp"

namespace apical {

/// What every run does: it records its network, lets time pass, tells how far it has come, keeps checkpoints
/// and heeds interruptions in between, and leaves the facts that all runs have in common. What is left to a
/// run is its protocol.
class Wheel {
public:
    /// `copies` of the network that is described, of which the first is recorded; `cells` are the populations
    /// whose activity is told. All outlive the wheel.
    Wheel(const NetworkDescription& description, const std::vector<Network*>& copies,
          const std::vector<std::string>& cells, const RunContext& context,
          Recording::Extent spikes = Recording::Extent::whole);

    /// Before the first window. `own` is what the protocol must remember besides; `tell` adds to a progress
    /// what is counted, and the end. Takes a first snapshot of the weights and says false, or gives the state
    /// of a checkpoint back and says true.
    bool begin(Persist own, std::function<void(Progress&)> tell);
    /// Runs the recorded network to a time, unless it is interrupted before.
    void run_to(Time end);
    /// Between windows that somebody else has run.
    void turn();
    bool interrupted() const { return interrupted_; }

    Simulation& simulation() const { return *copies_.front()->simulation; }
    Time now() const { return simulation().now(); }
    Recording& recording() { return recording_; }
    /// A row of metrics.csv.
    void metrics(const Facts& row) const { context_.metrics(row); }

    // Since the start, of all copies.
    std::uint64_t spikes() const;         ///< of neurons
    std::uint64_t source_spikes() const;  ///< of the sources that drive them
    std::uint64_t synaptic_events() const;
    Value event_rate() const { return value_of(activity_.event_rate()); }  ///< [Hz] of late
    Value burst_probability() const { return value_of(activity_.burst_probability()); }

    /// Closes the files. Of the result the protocol adds its own facts, which come first, and the verdict.
    /// Throws NumericsError if a state or a weight is no number.
    RunResult finish(Facts own);

private:
    void persist(Archive& archive);

    const NetworkDescription& description_;
    std::vector<Network*> copies_;
    const RunContext& context_;
    std::vector<std::unique_ptr<SpikeCounts>> counts_;  ///< by copy
    Recording recording_;
    Activity activity_;
    Persist own_;
    std::function<void(Progress&)> tell_;
    const Persist state_ = [this](Archive& archive) { persist(archive); };
    bool interrupted_ = false;
};

}  // namespace apical
