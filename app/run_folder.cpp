#include "app/run_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include "app/text.hpp"
#include "core/error.hpp"
#include "recorders/hash.hpp"

namespace apical {

namespace fs = std::filesystem;

namespace {

std::string system_reason() { return std::strerror(errno); }

/// Is it a file that a run writes?
bool of_a_run(const fs::path& file) {
    constexpr auto names = std::to_array<std::string_view>({"config.toml", "config.resolved.toml",
                                                            "manifest.json", "summary.json", "log.txt",
                                                            "metrics.csv", "confusion.csv", "report.html"});
    const fs::path name = file.extension() == ".partial" ? file.stem() : file.filename();
    return name.extension() == ".h5" || std::find(names.begin(), names.end(), name.string()) != names.end();
}

ConfigError not_empty(const fs::path& folder) {
    return ConfigError(
        fmt::format("error[E0302]: the folder {} is not empty\n   |  choose another --out, or --overwrite "
                    "to replace the run in it\nhelp: apical explain E0302\n",
                    folder.string()));
}

}  // namespace

fs::path default_run_folder(const std::string& task, const std::string& run_id) {
    const std::string now = utc_text(std::chrono::system_clock::now(), true);
    return fs::path("runs") / fmt::format("{}_{}_{}", now, task, run_id.substr(0, 4));
}

std::string new_run_id() { return boost::uuids::to_string(boost::uuids::random_generator()()); }

void write_file(const fs::path& path, std::string_view text) {
    const fs::path partial = path.string() + ".partial";
    std::ofstream stream(partial, std::ios::binary);
    stream.write(text.data(), static_cast<std::streamsize>(text.size()));
    stream.close();
    if (!stream) throw IoError(path.string(), "cannot be written: " + system_reason());
    std::error_code failed;
    fs::rename(partial, path, failed);
    if (failed) throw IoError(path.string(), failed.message());
}

LineFile::LineFile(fs::path path)
    : path_(std::move(path)), stream_(path_.string() + ".partial", std::ios::binary) {
    if (!stream_) throw IoError(path_.string(), "cannot be written: " + system_reason());
}

void LineFile::write(std::string_view line) {
    stream_ << line << '\n' << std::flush;
    if (!stream_) throw IoError(path_.string(), "cannot be written: " + system_reason());
    empty_ = false;
}

void LineFile::finish() {
    stream_.close();
    std::error_code failed;
    fs::rename(path_.string() + ".partial", path_, failed);
    if (failed) throw IoError(path_.string(), failed.message());
}

void prepare_run_folder(const fs::path& folder, bool overwrite) {
    std::error_code failed;
    if (fs::exists(folder) && !fs::is_directory(folder)) {
        throw IoError(folder.string(), "is a file: the results need a folder");
    }
    if (fs::exists(folder) && !fs::is_empty(folder, failed) && !failed) {
        if (!overwrite) throw not_empty(folder);
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.is_regular_file() && of_a_run(entry.path())) fs::remove(entry.path(), failed);
            if (failed) throw IoError(entry.path().string(), failed.message());
        }
    }
    fs::create_directories(folder, failed);
    if (failed) throw IoError(folder.string(), "cannot be made: " + failed.message());
    // Of two runs that start at once one makes the log.
    std::FILE* const log = std::fopen((folder / "log.txt.partial").c_str(), "wx");
    if (log == nullptr && errno == EEXIST) throw not_empty(folder);
    if (log == nullptr) throw IoError(folder.string(), "cannot be written: " + system_reason());
    std::fclose(log);
}

nlohmann::ordered_json list_files(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const bool counts = of_a_run(entry.path()) && entry.path().extension() != ".partial";
        const bool derived =
            entry.path().filename() == "report.html" || entry.path().filename() == "manifest.json";
        if (entry.is_regular_file() && counts && !derived) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const fs::path& path : paths) {
        files.push_back({{"name", path.filename().string()},
                         {"bytes", fs::file_size(path)},
                         {"sha256", sha256_file(path)}});
    }
    return files;
}

}  // namespace apical
