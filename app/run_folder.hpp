#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace apical {

/// Where a run without --out goes: runs/<date>T<time>_<task>_<four digits of the run's id>.
std::filesystem::path default_run_folder(const std::string& task, const std::string& run_id);

/// A random UUID.
std::string new_run_id();

/// Writes a file as a whole: as NAME.partial, renamed when it is complete. Throws IoError.
void write_file(const std::filesystem::path& path, std::string_view text);

/// A text file that grows by lines; NAME.partial until finish(). What was written is with the system at once.
class LineFile {
public:
    explicit LineFile(std::filesystem::path path);
    void write(std::string_view line);
    void finish();
    bool empty() const { return empty_; }

private:
    std::filesystem::path path_;
    std::ofstream stream_;
    bool empty_ = true;
};

/// Makes the folder of a run. One that is not empty is a ConfigError, unless `overwrite`; then the files of
/// an earlier run in it are removed, and no others. Throws IoError where nothing can be written.
void prepare_run_folder(const std::filesystem::path& folder, bool overwrite);

/// Name, size and SHA-256 of each file in the folder, but for the manifest itself, the report, which can be
/// made anew at any time, and files still being written.
nlohmann::ordered_json list_files(const std::filesystem::path& folder);

}  // namespace apical
