#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "recorders/archive.hpp"
#include "training/run.hpp"

namespace apical {

/// The checkpoints of a run, in its folder: checkpoint.h5, the one before it as checkpoint.previous.h5, and
/// the segments of results that they rely on.
class Checkpoints {
public:
    using Provenance = std::vector<std::pair<std::string, std::string>>;

    /// What tells this run from all others; of `provenance` the configuration.
    Checkpoints(std::filesystem::path folder, std::string run_id, Provenance provenance)
        : folder_(std::move(folder)), run_id_(std::move(run_id)), provenance_(std::move(provenance)) {}

    /// Writes a checkpoint. It has its name when it is complete and on the disk; until then the one before
    /// has.
    void keep(const Persist& state) const;

    /// Is there any?
    bool any() const;
    /// Finds the checkpoint to go on from, the last or the one before, and reads it through. Throws DataError
    /// if there is none, or if it is damaged, of another run, or of another format.
    void choose(bool before);
    /// The commit that wrote it.
    std::string commit() const;
    void give_back(const Persist& state) const;

    /// Removes the checkpoints and the segments: the run is over, its results are complete.
    void remove() const;

private:
    std::filesystem::path last() const { return folder_ / "checkpoint.h5"; }
    std::filesystem::path previous() const { return folder_ / "checkpoint.previous.h5"; }
    std::filesystem::path next() const { return folder_ / "checkpoint.next.h5"; }
    void expect_ours(const Hdf5File& file) const;

    std::filesystem::path folder_;
    std::string run_id_;
    Provenance provenance_;
};

}  // namespace apical
