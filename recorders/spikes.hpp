#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/spike.hpp"
#include "recorders/recorder.hpp"
#include "recorders/segmented_file.hpp"

namespace apical {

/// Writes spikes.h5 (every spike), events.h5 (isolated spikes and the first ones of bursts) and bursts.h5
/// (the second spikes) into a folder, as SONATA spike files: /spikes/<population>/{timestamps [ms],
/// node_ids}, sorted by time and then neuron. A time in the file is the double nearest to its tick: exact for
/// the first 2.3 h. Beyond SONATA, the root tells what is recorded (t_start_ms, t_stop_ms) and each group the
/// `size` of its population, so that rates follow.
///
/// A recorder of parts leaves out what lies between them. /parts/{begin_ms, end_ms, epoch} then tells which
/// there are, and what each shows: training in that epoch, or a test (0).
///
/// Format: github.com/AllenInstitute/sonata, docs/SONATA_DEVELOPER_GUIDE.md, "Spike file".
class SpikeRecorder final : public Recorder {
public:
    enum class Extent { whole, parts };
    /// `populations` are all those of the network; spikes before `start` are not expected.
    SpikeRecorder(const std::filesystem::path& folder, std::span<const RecordedPopulation> populations,
                  const std::string& run_id, Time start = Time{}, Extent extent = Extent::whole);

    /// Between windows, of a recorder of parts: from now on spikes are kept; until the end of the part.
    void begin_part(Time at, std::int64_t epoch);
    void end_part(Time at);

    void observe(const Window& window, std::span<const Spike> spikes) override;
    void flush() override;
    void finish(Time end) override;
    void persist(Archive& archive);

private:
    struct Train {
        std::string group;  ///< in the file; empty if the population is not recorded
        std::vector<double> timestamps;
        std::vector<std::uint64_t> node_ids;
    };
    struct Channel {
        SegmentedFile file;
        std::vector<Train> trains;  ///< one for each population of the network
        void persist(Archive& archive) { file.persist(archive); }
    };

    std::vector<Channel> channels_;  ///< spikes, events, bursts
    std::size_t buffered_ = 0;
    Time observed_until_;
    Extent extent_;
    bool open_ = false;  ///< a part, which began
    Time part_begin_{};
    std::int64_t part_epoch_ = 0;
};

}  // namespace apical
