#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace apical {

/// Where a run without --out goes: runs/<date>T<time>_<task>_<four digits of the run's id>.
std::filesystem::path default_run_folder(const std::string& task, const std::string& run_id);

/// A random UUID.
std::string new_run_id();

/// Gives a file a new name, over what had it before. Throws IoError.
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// A text file that grows by lines; NAME.partial until finish(). What was written is with the system at once.
class LineFile {
public:
    /// Goes on after the first `kept` bytes of a file, finished or not; throws DataError if it is shorter.
    explicit LineFile(std::filesystem::path path, std::uint64_t kept = 0);
    std::uint64_t bytes() { return static_cast<std::uint64_t>(stream_.tellp()); }
    void write(std::string_view line);
    /// Has what was written on the disk.
    void sync() const;
    void finish();
    bool empty() const { return empty_; }
    bool finished() const { return !stream_.is_open(); }

private:
    std::filesystem::path path_;
    std::ofstream stream_;
    bool empty_ = true;
};

/// "spikes.h5.3": a part of results that a checkpoint relies on.
bool is_segment(const std::filesystem::path& file);

/// Makes the folder of a run, if there is none. Throws IoError where that cannot be.
void make_run_folder(const std::filesystem::path& folder);

/// For a new run, whose process holds the folder's lock. A folder that is not empty is a ConfigError, unless
/// `overwrite`; then the files of an earlier run in it are removed, and no others. Files that are named as
/// those of a run, in a folder that holds none, are a ConfigError, too. Throws IoError.
void clear_run_folder(const std::filesystem::path& folder, bool overwrite,
                      const std::vector<std::filesystem::path>& inputs);

/// Removes what a run left in its folder besides its configuration and its manifest, so that it can begin
/// again.
void clear_results(const std::filesystem::path& folder);

/// Removes the files of a run that are not finished.
void remove_partial(const std::filesystem::path& folder);

/// What a file of a run such as manifest.json says; nothing if it is not there, or not whole.
nlohmann::ordered_json read_facts(const std::filesystem::path& file);

/// One process at a time writes a run: the lock goes with its holder. Throws IoError if another one has it.
class FolderLock {
public:
    explicit FolderLock(const std::filesystem::path& folder);
    /// Has a process the lock now?
    static bool taken(const std::filesystem::path& folder);
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    ~FolderLock();

private:
    int descriptor_;
};

/// Waits until the disk has what a file contains, or a folder lists.
void sync_to_disk(const std::filesystem::path& path);

/// Name, size and SHA-256 of each of these files. Throws IoError.
nlohmann::ordered_json fingerprints(const std::vector<std::filesystem::path>& files);

/// Throws DataError if one of these files is not there any more, or is another.
void expect_unchanged(const nlohmann::ordered_json& fingerprints);

/// The same of each file in the folder, but for the manifest itself, the report, which can be
/// made anew at any time, checkpoints, and files still being written.
nlohmann::ordered_json list_files(const std::filesystem::path& folder);

}  // namespace apical
