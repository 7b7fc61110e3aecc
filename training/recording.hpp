#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "networks/build.hpp"
#include "networks/description.hpp"
#include "recorders/hash.hpp"
#include "recorders/spikes.hpp"
#include "recorders/traces.hpp"
#include "recorders/weights.hpp"
#include "training/run.hpp"

namespace apical {

/// Counts a run's spikes: those of neurons, and those of the sources that drive them.
class SpikeCounts final : public Recorder {
public:
    SpikeCounts(const NetworkDescription& description, Network& network);

    void observe(const Window& window, std::span<const Spike> spikes) override;
    void finish(Time) override {}

    std::uint64_t neurons() const { return neurons_; }
    std::uint64_t sources() const { return sources_; }

    void persist(Archive& archive) {
        archive("neurons", neurons_);
        archive("sources", sources_);
    }

private:
    std::vector<bool> source_;  ///< by population
    std::uint64_t neurons_ = 0;
    std::uint64_t sources_ = 0;
};

/// What a run leaves in its folder: the recorders that a description asks for, and the result hash. What is
/// recorded is written out every 10 s.
class Recording {
public:
    using Extent = SpikeRecorder::Extent;
    Recording(const NetworkDescription& description, Network& network, const RunContext& context,
              Extent spikes = Extent::whole);

    /// Between windows: writes out if it is time to.
    void tick();
    /// Between windows, where only parts are recorded: from now on there is one that shows the training of
    /// this epoch or a test (0), or there is none.
    void part(std::optional<std::int64_t> epoch);
    /// A snapshot of the weights that are recorded, after so many epochs and examples.
    void snapshot(std::int64_t epoch = 0, std::int64_t sample = 0);
    void persist(Archive& archive);
    /// Closes the files; returns the result hash, over spikes and all weights that can change. Throws
    /// NumericsError if a state or a weight is no number.
    std::string finish();

private:
    using Seconds = std::chrono::steady_clock;

    Network& network_;
    std::vector<std::string> weights_of_;
    ResultHash hash_;
    std::optional<SpikeRecorder> spikes_;
    std::optional<std::int64_t> part_;
    std::optional<TraceRecorder> traces_;
    std::optional<WeightRecorder> weights_;
    std::vector<std::string> plastic_;
    std::map<std::string, std::string> units_;
    Seconds::time_point flushed_ = Seconds::now();
};

/// Gives the projections of a network their weights of the last snapshot in `file`, a weights.h5, and returns
/// its epoch. Throws DataError if one is missing, sparse, or of another shape.
std::int64_t restore_weights(const std::filesystem::path& path, const std::vector<std::string>& projections,
                             Network& network);

/// Follows populations for the progress line: events and bursts of late.
class Activity final : public Recorder {
public:
    /// Rates are per neuron of the `populations` (indices), which have `neurons` in all.
    Activity(const std::vector<Index>& populations, Index neurons) : neurons_(neurons) {
        for (const Index population : populations) {
            if (followed_.size() <= population) followed_.resize(population + std::size_t{1});
            followed_[population] = true;
        }
    }

    void observe(const Window& window, std::span<const Spike> spikes) override;
    void finish(Time) override {}

    /// [Hz], over the last second or so of simulated time.
    std::optional<double> event_rate() const;
    std::optional<double> burst_probability() const;

    void persist(Archive& archive) {
        archive("seen", seen_);
        archive("events", events_);
        archive("bursts", bursts_);
        archive("length", length_);
    }

private:
    std::vector<bool> followed_;  ///< by population
    Index neurons_;
    Time seen_{};
    double events_ = 0.0;  ///< decaying with tau
    double bursts_ = 0.0;
    double length_ = 0.0;  ///< [ms] decaying likewise
    Duration step_{};      ///< the last one,
    double decay_ = 1.0;   ///< and the decay in it
};

}  // namespace apical
