#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <variant>

#include "core/spike.hpp"
#include "recorders/segmented_file.hpp"

namespace apical {

/// All weights between two populations, row-major (n_target, n_source).
template <class Weight>
struct DenseWeights {
    Index n_target;
    Index n_source;
    std::span<const Weight> values;
};

/// Weights in compressed rows, a row for each target: those of target i, and their sources, stand at
/// [indptr[i], indptr[i + 1]).
template <class Weight>
struct SparseWeights {
    Index n_target;
    Index n_source;
    std::span<const std::uint64_t> indptr;   ///< n_target + 1 of them
    std::span<const std::uint32_t> indices;  ///< sources
    std::span<const Weight> data;
};

/// What a snapshot is of.
struct WeightLabel {
    std::string projection;  ///< "<source>_to_<target>", and what else is needed to tell it from its siblings
    std::string units;       ///< "mV", "pA", "nS", "pC" or "1"
    Time time;
    std::int64_t epoch = 0;
    std::int64_t sample = 0;
};

/// Writes weights.h5: /weights/<projection>/<NNNNNN>, numbered from 000000 for each projection; a matrix
/// [n_target][n_source], or a group {indptr, indices, data} with attribute `shape`. Not a Recorder: it is
/// told when to take a snapshot, it does not watch the spikes.
class WeightRecorder {
public:
    WeightRecorder(const std::filesystem::path& folder, const std::string& run_id);

    /// `Weight` is float or double, and is written as such.
    template <class Weight>
    void snapshot(const WeightLabel& label, const DenseWeights<Weight>& weights) {
        const std::string name = next(label.projection);
        file_->write(name, {weights.n_target, weights.n_source}, weights.values);
        describe(name, label);
    }
    template <class Weight>
    void snapshot(const WeightLabel& label, const SparseWeights<Weight>& weights) {
        file_->require_space(weights.indptr.size_bytes() + weights.indices.size_bytes() +
                             weights.data.size_bytes());
        const std::string name = next(label.projection);
        file_->create_group(name);
        file_->write(name + "/indptr", {std::uint64_t{weights.n_target} + 1}, weights.indptr);
        file_->write(name + "/indices", {weights.data.size()}, weights.indices);
        file_->write(name + "/data", {weights.data.size()}, weights.data);
        file_->set(name, "shape", std::vector<std::uint64_t>{weights.n_target, weights.n_source});
        describe(name, label);
    }

    void finish() {
        file_.join();
        file_->finish();
    }
    void persist(Archive& archive) {
        archive("file", file_);
        archive("taken", taken_);
    }

private:
    std::string next(const std::string& projection);
    void describe(const std::string& name, const WeightLabel& label);

    SegmentedFile file_;
    std::map<std::string, unsigned> taken_;  ///< snapshots of each projection
};

}  // namespace apical
