#include "app/run_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/output.hpp"
#include "app/text.hpp"
#include "core/error.hpp"
#include "recorders/hash.hpp"

namespace apical {

namespace fs = std::filesystem;

namespace {

std::string system_reason() { return std::strerror(errno); }

/// Is it a file that a run writes?
bool of_a_run(const fs::path& file) {
    constexpr auto names = std::to_array<std::string_view>(
        {"config.toml", "config.resolved.toml", "manifest.json", "summary.json", "log.txt", "metrics.csv",
         "angles.csv", "confusion.csv", "report.html", "spikes.h5", "events.h5", "bursts.h5", "traces.h5",
         "weights.h5", "checkpoint.h5", "checkpoint.next.h5", "checkpoint.previous.h5"});
    const bool part = file.extension() == ".partial" || is_segment(file);
    const fs::path name = part ? file.stem() : file.filename();
    return std::find(names.begin(), names.end(), name.string()) != names.end();
}

nlohmann::ordered_json fingerprint(const fs::path& file, const std::string& name) {
    return {{"name", name}, {"bytes", fs::file_size(file)}, {"sha256", sha256_file(file)}};
}

template <class Of>
void remove_files(const fs::path& folder, Of of) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.is_regular_file() && of(entry.path())) fs::remove(entry.path(), failed);
        if (failed) throw IoError(entry.path().string(), failed.message());
    }
}

ConfigError not_empty(const fs::path& folder) {
    return ConfigError(
        fmt::format("error[E0302]: the folder {} is not empty\n   |  choose another --out, or --overwrite "
                    "to replace the run in it\nhelp: apical explain E0302\n",
                    folder.string()));
}

/// What is named as the files of a run, in a folder that holds none, is somebody else's.
void expect_own_files(const fs::path& folder) {
    if (fs::exists(folder / "manifest.json") || fs::exists(folder / "config.resolved.toml")) return;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (!entry.is_regular_file() || !of_a_run(entry.path())) continue;
        throw ConfigError(
            fmt::format("error[E0302]: {} holds no run: --overwrite would delete {}, which may be of "
                        "something else\n   |  "
                        "choose another --out\nhelp: apical explain E0302\n",
                        folder.string(), entry.path().filename().string()));
    }
}

}  // namespace

bool is_segment(const fs::path& file) {
    const std::string number = file.extension().string();
    return file.stem().extension() == ".h5" && number.size() > 1 &&
           number.find_first_not_of("0123456789", 1) == std::string::npos;
}

fs::path default_run_folder(const std::string& task, const std::string& run_id) {
    const std::string now = utc_text(std::chrono::system_clock::now(), true);
    return fs::path("runs") / fmt::format("{}_{}_{}", now, task, run_id.substr(0, 4));
}

std::string new_run_id() { return boost::uuids::to_string(boost::uuids::random_generator()()); }

void rename_file(const fs::path& from, const fs::path& to) {
    std::error_code failed;
    fs::rename(from, to, failed);
    if (failed) throw IoError(to.string(), "cannot be written: " + failed.message());
}

LineFile::LineFile(fs::path path, std::uint64_t kept) : path_(std::move(path)), empty_(kept == 0) {
    const fs::path partial = path_.string() + ".partial";
    if (kept > 0) {
        if (!fs::exists(partial) && fs::exists(path_)) rename_file(path_, partial);
        const std::uint64_t found = fs::exists(partial) ? fs::file_size(partial) : 0;
        if (found < kept)
            throw DataError(
                fmt::format("{}: expected {} bytes at least, found {}", path_.string(), kept, found));
        fs::resize_file(partial, kept);
    }
    stream_.open(partial, std::ios::binary | (kept > 0 ? std::ios::app | std::ios::ate : std::ios::trunc));
    if (!stream_) throw IoError(path_.string(), "cannot be written: " + system_reason());
}

void LineFile::write(std::string_view line) {
    stream_ << line << '\n' << std::flush;
    if (!stream_) throw IoError(path_.string(), "cannot be written: " + system_reason());
    empty_ = false;
}

void LineFile::sync() const { sync_to_disk(path_.string() + ".partial"); }

void LineFile::finish() {
    stream_.close();
    rename_file(path_.string() + ".partial", path_);
}

void make_run_folder(const fs::path& folder) {
    if (const auto link = dangling(folder)) throw IoError(folder.string(), "cannot be made: " + *link);
    if (fs::exists(folder) && !fs::is_directory(folder)) {
        throw IoError(folder.string(), "is a file: the results need a folder");
    }
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw IoError(folder.string(), "cannot be made: " + failed.message());
}

void clear_run_folder(const fs::path& folder, bool overwrite, const std::vector<fs::path>& inputs) {
    std::error_code failed;
    if (fs::is_empty(folder, failed) || failed) return;
    if (!overwrite) throw not_empty(folder);
    for (const fs::path& input : inputs) {
        if (!of_a_run(input) || !fs::equivalent(input.parent_path(), folder, failed)) continue;
        throw ConfigError(fmt::format(
            "error[E0302]: --overwrite would delete {}, which the run reads\n   |  choose another "
            "--out\nhelp: apical explain E0302\n",
            input.string()));
    }
    expect_own_files(folder);
    remove_files(folder, of_a_run);
}

void clear_results(const fs::path& folder) {
    remove_files(folder, [](const fs::path& file) {
        const std::string name = file.filename().string();
        return of_a_run(file) && name != "config.toml" && name != "config.resolved.toml" &&
               name != "manifest.json";
    });
}

void remove_partial(const fs::path& folder) {
    remove_files(folder,
                 [](const fs::path& file) { return of_a_run(file) && file.extension() == ".partial"; });
}

nlohmann::ordered_json read_facts(const fs::path& file) {
    std::ifstream stream(file);
    auto found = nlohmann::ordered_json::parse(stream, nullptr, false);
    return found.is_object() ? found : nlohmann::ordered_json::object();
}

bool FolderLock::taken(const fs::path& folder) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): that is how POSIX declares it
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool other = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return other;
}

FolderLock::FolderLock(const fs::path& folder)
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): that is how POSIX declares it
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    // taken() holds it for a moment, too: only who keeps it is writing.
    constexpr int attempts = 40;
    constexpr auto pause = std::chrono::milliseconds(5);
    for (int i = 0; i < attempts; ++i) {
        if (i > 0) std::this_thread::sleep_for(pause);
        // Where the file system has no locks there is none.
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    }
    ::close(descriptor_);
    throw IoError(folder.string(), "another process is writing this run");
}

FolderLock::~FolderLock() { ::close(descriptor_); }

void sync_to_disk(const fs::path& path) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): that is how POSIX declares it
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
    const std::string reason = system_reason();
    if (descriptor >= 0) ::close(descriptor);
    if (!done) throw IoError(path.string(), "cannot be written: " + reason);
}

nlohmann::ordered_json fingerprints(const std::vector<fs::path>& files) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const fs::path& file : files) list.push_back(fingerprint(file, file.string()));
    return list;
}

void expect_unchanged(const nlohmann::ordered_json& fingerprints) {
    for (const auto& then : fingerprints) {
        const auto name = then.at("name").get<std::string>();
        if (!fs::is_regular_file(name))
            throw DataError(name + ": the run began with this file, which is not there");
        const auto now = fingerprint(name, name);
        if (now == then) continue;
        const auto text = [](const auto& file) {
            return fmt::format("{} bytes with SHA-256 {}", file.at("bytes").dump(),
                               file.at("sha256").template get<std::string>());
        };
        throw DataError(fmt::format("{}: has changed since the run began: expected {}, found {}", name,
                                    text(then), text(now)));
    }
}

nlohmann::ordered_json list_files(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const bool counts = of_a_run(entry.path()) && entry.path().extension() != ".partial";
        const std::string name = entry.path().filename().string();
        const bool derived = name == "report.html" || name == "manifest.json";
        const bool temporary = is_segment(entry.path()) || name.starts_with("checkpoint.");
        if (entry.is_regular_file() && counts && !derived && !temporary) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const fs::path& path : paths) files.push_back(fingerprint(path, path.filename().string()));
    return files;
}

}  // namespace apical
