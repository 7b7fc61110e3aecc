#include "app/output.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"

namespace apical {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

/// Where a chain of symbolic links ends, whether there is anything or not.
fs::path follow_links(fs::path path) {
    constexpr int most = 40;  // as Linux has it
    std::error_code none;
    for (int i = 0; i < most && fs::is_symlink(fs::symlink_status(path, none)); ++i) {
        const fs::path next = fs::read_symlink(path, none);
        if (none) break;
        path = next.is_absolute() ? next : path.parent_path() / next;
    }
    return path;
}

/// Standard output or error, if this is the file that it goes to; else -1.
int stream_into(const struct stat& file) {
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
        struct stat s {};
        if (::fstat(stream, &s) == 0 && s.st_dev == file.st_dev && s.st_ino == file.st_ino) return stream;
    }
    return -1;
}

int open_file(const fs::path& path, int flags) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): that is how POSIX declares it
    return ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666);
}

}  // namespace

std::optional<std::string> dangling(const fs::path& path) {
    std::error_code none;
    if (!fs::is_symlink(fs::symlink_status(path, none)) || fs::exists(path, none)) return std::nullopt;
    return fmt::format("it is a link to {}, which leads nowhere", fs::read_symlink(path, none).string());
}

Output::Output(fs::path path, Present present) : path_(std::move(path)) {
    struct stat there {};
    if (::stat(path_.c_str(), &there) != 0) {
        if (errno != ENOENT) fail(errno);
    } else if (S_ISDIR(there.st_mode)) {
        throw IoError(path_.string(), "is a folder: the name of a file is expected");
    } else if (!S_ISREG(there.st_mode)) {
        straight_ = true;
        descriptor_ = open_file(path_, O_WRONLY);
        if (descriptor_ < 0) fail(errno);
    } else if (const int stream = stream_into(there); stream >= 0) {
        straight_ = true;
        descriptor_ = ::fcntl(stream, F_DUPFD_CLOEXEC, 0);  // NOLINT(cppcoreguidelines-pro-type-vararg)
        if (descriptor_ < 0) fail(errno);
    } else if (present == Present::refused) {
        throw ConfigError(fmt::format(
            "error[E0302]: {} exists\n   |  choose another --out, or --overwrite to replace it\nhelp: apical "
            "explain E0302\n",
            path_.string()));
    }
    if (straight_) return;
    target_ = follow_links(path_);
    make_temporary(target_.parent_path());
    if (S_ISREG(there.st_mode)) permissions_ = static_cast<fs::perms>(there.st_mode & 07777U);
}

Output::~Output() {
    if (descriptor_ >= 0) ::close(descriptor_);
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void Output::fail(int error) const {
    std::string reason = std::strerror(error);
    if (error == ENOENT) reason = dangling(path_).value_or(reason);
    throw IoError(path_.string(), "cannot be written: " + reason);
}

void Output::make_temporary(const fs::path& folder) {
    static std::atomic<unsigned> number = 0;
    do {
        temporary_ = folder / fmt::format(".apical-{}-{}.partial", ::getpid(), number++);
        descriptor_ = open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) {
        const int error = errno;
        temporary_.clear();
        fail(error);
    }
    removal_ = std::make_unique<AtInterruption>([name = temporary_] { ::unlink(name.c_str()); });
}

void Output::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

const fs::path& Output::scratch() {
    if (!straight_) return temporary_;
    const int into = std::exchange(descriptor_, -1);
    make_temporary(fs::temp_directory_path());
    ::close(std::exchange(descriptor_, into));
    return temporary_;
}

void Output::finish() {
    if (straight_ && !temporary_.empty()) {
        std::ifstream file(temporary_, std::ios::binary);
        std::array<char, 65536> part{};
        while (file) {
            file.read(part.data(), part.size());
            write({part.data(), static_cast<std::size_t>(file.gcount())});
        }
        if (!file.eof())
            throw IoError(temporary_.string(), std::string("cannot be read: ") + std::strerror(errno));
    }
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail(errno);
    if (straight_) return;
    std::error_code failed;
    if (permissions_ != fs::perms::unknown) fs::permissions(temporary_, permissions_, failed);
    fs::rename(temporary_, target_, failed);
    if (failed) fail(failed.value());
    temporary_.clear();
}

void write_file(const fs::path& path, std::string_view text) {
    Output output(path, Output::Present::replaced);
    output.write(text);
    output.finish();
}

void OutputOptions::declare(VerbOptions& options, const char* meaning) {
    options.add()                                              //
        ("out", po::value(&out)->value_name("FILE"), meaning)  //
        ("overwrite", po::bool_switch(&overwrite), "replace the file");
}

std::unique_ptr<Output> OutputOptions::open(const fs::path& otherwise) const {
    return std::make_unique<Output>(out.empty() ? otherwise : fs::path(out),
                                    overwrite ? Output::Present::replaced : Output::Present::refused);
}

}  // namespace apical
