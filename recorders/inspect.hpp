#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace apical {

/// What a file contains of one population or projection.
struct FileEntry {
    std::string name;
    std::uint64_t count = 0;  ///< spikes, bins or snapshots
    std::string what = {};    ///< of what, in words: "spikes", "bins of 20 ms"
    std::optional<double> begin_ms = {};
    std::optional<double> end_ms = {};
    std::optional<double> rate_hz =
        {};  ///< per neuron, where the file tells their number and the time recorded
};

/// What an HDF5 file of ours contains, or a SONATA file of somebody else.
struct FileSummary {
    std::string path;
    std::string kind;    ///< "spikes", "events", "bursts", "report", "traces", "weights", "checkpoint"
    std::string run_id;  ///< empty if the file names none
    std::vector<FileEntry> entries;
};

/// Reads a summary, not the data. IoError: missing, unreadable, truncated, damaged. DataError: of another
/// kind.
FileSummary inspect(const std::filesystem::path& path);

/// The summary for a person, a line for the file and one for each entry.
std::string describe(const std::filesystem::path& path);

}  // namespace apical
