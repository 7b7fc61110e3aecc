#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "recorders/archive.hpp"
#include "recorders/hdf5_file.hpp"

namespace apical {

/// A file of results that outlives the death of its writer. HDF5 writes anew what it has written before, so
/// that all of a file may be lost if its writer is killed. What a checkpoint relies on is therefore in
/// segments, files that nobody writes any more: at each checkpoint `path`.partial becomes `path`.1,
/// `path`.2..., and a new one is begun.
class SegmentedFile {
public:
    using Begin = std::function<Hdf5File(const std::filesystem::path&)>;

    /// `begin` makes an empty file of this kind.
    SegmentedFile(std::filesystem::path path, Begin begin)
        : path_(std::move(path)), begin_(std::move(begin)), file_(begin_(path_)) {}

    /// What is being written: all, or what came since the last checkpoint.
    Hdf5File* operator->() { return &file_; }

    /// Ends a segment; or goes on after those that a checkpoint knows, without what came later.
    void persist(Archive& archive);

    /// Makes one file of the segments, with what is being written. They stay: a checkpoint may need them.
    void join();

private:
    std::filesystem::path segment(std::uint64_t number) const {
        return path_.string() + "." + std::to_string(number);
    }

    std::filesystem::path path_;
    Begin begin_;
    Hdf5File file_;
    std::uint64_t segments_ = 0;
};

}  // namespace apical
