#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/spike.hpp"
#include "recorders/hdf5_file.hpp"

namespace apical {

/// A part of a run whose spikes were kept, where others were not.
struct RecordedPart {
    double begin_ms;
    double end_ms;
    std::int64_t epoch;  ///< of the training that it shows; 0: a test
};

/// The spikes of one population, sorted by time.
struct SpikeTrains {
    std::string population;
    std::uint64_t size = 0;     ///< neurons; where the file does not tell, one more than the largest id
    std::vector<double> times;  ///< [ms]
    std::vector<std::uint64_t> node_ids;
};

/// Spikes to be played to a network.
struct PlayedTrains {
    std::vector<std::vector<double>> times;  ///< [ms] by neuron, ascending
    std::vector<std::string> remarks;        ///< what was not as expected, and how it was understood
};

/// What the spikes of a recording are, by neuron and in the order of its spikes; empty if that is not known,
/// and then, where there was something to go by, why it was not used.
struct SpikeKinds {
    std::vector<std::vector<SpikeKind>> by_neuron;
    std::vector<std::filesystem::path> files;  ///< that said it
    std::string not_used;
};

/// A SONATA spike file open for reading: ours, or somebody else's. Times come in ms whatever unit the file
/// says they are in; decimal numbers are converted as decimals, so that 0.0011 s is the double nearest to 1.1
/// ms. A file that breaks the layout is a DataError that names the dataset.
class SpikeFile {
public:
    explicit SpikeFile(const std::filesystem::path& path);

    /// The time recorded [ms]; of a file that does not tell, from 0 to just after the last spike.
    double start() const { return start_; }
    double stop() const { return stop_; }
    std::uint64_t count() const;  ///< spikes of all populations
    /// What was recorded of that time; empty: all.
    const std::vector<RecordedPart>& parts() const { return parts_; }

    const std::vector<std::string>& populations() const { return populations_; }
    /// Neurons; where the file does not tell, one more than the largest id.
    std::uint64_t size(const std::string& population) const;

    /// The spikes in [from, to) [ms]. Files that are not sorted by time are read whole and sorted.
    SpikeTrains read(const std::string& population, double from, double to) const;
    SpikeTrains read(const std::string& population) const;

    /// The spikes of `neurons` neurons, to be played to a network. A population that the file has not, a
    /// spike of another neuron or before 0 are a DataError. Two spikes of a neuron may fall on one tick: a
    /// neuron without refractoriness has such.
    PlayedTrains trains(const std::string& population, Index neurons) const;

    /// What the same spikes are, as events.h5 and bursts.h5 in the folder of the file say if they are of
    /// these very spikes: each of theirs must be found among them.
    SpikeKinds kinds(const std::string& population, Index neurons) const;

private:
    std::uint64_t length(const std::string& population) const;
    std::uint64_t first_at(const std::string& population, double time) const;
    bool sorted(const std::string& population) const;
    std::uint64_t size(const std::string& population, const std::vector<std::uint64_t>& ids) const;
    /// The unit of a population's times, as a power of ten ms.
    struct Scale {
        int power = 0;
        std::string remark;  ///< if it is not what SONATA has
    };
    Scale find_scale(const std::string& population) const;
    std::vector<double> times(const std::string& population, std::uint64_t first, std::uint64_t count) const;
    std::vector<std::uint64_t> ids(const std::string& population, std::uint64_t first,
                                   std::uint64_t count) const;
    SpikeTrains part(const std::string& population, std::uint64_t first, std::uint64_t count) const;
    void require(const std::string& population) const;

    std::filesystem::path path_;
    Hdf5File file_;
    std::vector<std::string> populations_;
    std::map<std::string, Scale> scales_;
    double start_ = 0.0;
    double stop_ = 0.0;
    std::vector<RecordedPart> parts_;
};

/// One snapshot of a projection's weights.
struct WeightSnapshot {
    double time_ms = 0.0;
    double sample = 0.0;
    std::uint64_t targets = 0;
    std::uint64_t sources = 0;
    std::vector<float> values;  ///< dense: row-major (target, source); sparse: of the synapses there are
    std::vector<std::uint64_t> indptr;   ///< sparse only: where each target's synapses begin
    std::vector<std::uint32_t> indices;  ///< sparse only: their sources
};

/// A file of weights open for reading. What breaks the layout is a DataError.
class WeightFile {
public:
    explicit WeightFile(const std::filesystem::path& path);

    const std::vector<std::string>& projections() const { return projections_; }
    /// The names of a projection's snapshots, in order of time.
    std::vector<std::string> snapshots(const std::string& projection) const;
    /// Empty if the file does not tell.
    std::string units(const std::string& projection) const;
    WeightSnapshot read(const std::string& projection, const std::string& name) const;

private:
    std::filesystem::path path_;
    Hdf5File file_;
    std::vector<std::string> projections_;
};

/// The time series of one population, in bins of equal length, but for the last.
struct PopulationTraces {
    std::string population;
    double t_start_ms = 0.0;
    double dt_ms = 0.0;
    double last_bin_ms = 0.0;  ///< length of the last bin, which the end of the run may have cut
    std::vector<double> spike_rate, event_rate, burst_rate;  ///< [Hz] per neuron
};

std::vector<PopulationTraces> read_traces(const std::filesystem::path& path);

}  // namespace apical
