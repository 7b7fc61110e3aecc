#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/spike.hpp"
#include "recorders/recorder.hpp"
#include "recorders/segmented_file.hpp"

namespace apical {

/// Writes traces.h5: for each population, in bins of equal length,
///   spike_rate, event_rate, burst_rate [Hz, per neuron]: a burst counts at its second spike;
///   burst_probability [1]: bursts over events of the bin, which may exceed 1; NaN in a bin without events.
/// Bin k is [ticks(k bin_ms), ticks((k + 1) bin_ms)): rounding does not add up, and stopping moves no bin. A
/// spike at a border, to rounding, is the next bin's. A
/// bin that the run does not complete is the last, shorter one: its rates are over the time that there was,
/// the attribute last_bin_ms of each dataset, which is dt_ms where the bin is whole.
class TraceRecorder final : public Recorder {
public:
    /// `populations` are all those of the network; the first bin is the first one to begin at or after
    /// `start`. A `bin_ms` [ms] that is not positive is a ModelError.
    TraceRecorder(const std::filesystem::path& folder, std::span<const RecordedPopulation> populations,
                  const std::string& run_id, double bin_ms, Time start = Time{});

    void observe(const Window& window, std::span<const Spike> spikes) override;
    void flush() override;
    void finish(Time end) override;
    void persist(Archive& archive);

private:
    struct Traces {
        RecordedPopulation population;
        std::uint64_t spikes = 0;  ///< in the open bin, as the next two
        std::uint64_t events = 0;
        std::uint64_t bursts = 0;
        std::array<std::vector<double>, 4>
            values;  ///< of closed bins, in the order of the names in traces.cpp
    };

    Time edge(std::int64_t bin) const { return Time{} + ticks(static_cast<double>(bin) * bin_ms_); }
    void close_bins(Time until);
    void close_bin(Time end);

    double bin_ms_;
    std::int64_t bin_;            ///< the open one
    std::uint64_t buffered_ = 0;  ///< bins
    std::vector<Traces> traces_;  ///< one for each population of the network
    SegmentedFile file_;
};

}  // namespace apical
