#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/interruption.hpp"
#include "app/options.hpp"

namespace apical {

/// Why nothing can be made at a path that is a symbolic link to nothing; nothing if it is not.
std::optional<std::string> dangling(const std::filesystem::path& path);

/// What a verb writes at a path. A file appears as a whole: it is written beside its place and renamed when
/// it is complete. Symbolic links are followed, so that what they point at is replaced and not they; what is
/// no file, a pipe, a device or the file that is standard output already, is written into as it is.
class Output {
public:
    enum class Present { refused, replaced };

    /// A file that is there already is a ConfigError, unless it may be `replaced`. Throws IoError.
    Output(std::filesystem::path path, Present present);
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output();  ///< without finish(): as if nothing had been written

    void write(std::string_view text);
    /// The name of a file to write instead, for a library that writes files only.
    const std::filesystem::path& scratch();
    void finish();

    const std::filesystem::path& path() const { return path_; }  ///< as it was named
    /// Whether it is a file, with a folder around it.
    bool is_file() const { return !straight_; }
    /// Where to tell of it: not where it may have been written to.
    std::FILE* talk() const { return straight_ ? stderr : stdout; }

private:
    [[noreturn]] void fail(int error) const;
    void make_temporary(const std::filesystem::path& folder);

    std::filesystem::path path_;
    std::filesystem::path target_;                                          ///< where links lead
    std::filesystem::path temporary_;                                       ///< written in its place
    std::filesystem::perms permissions_ = std::filesystem::perms::unknown;  ///< of the file that is replaced
    bool straight_ = false;
    int descriptor_ = -1;
    std::unique_ptr<AtInterruption> removal_;  ///< of the temporary
};

/// Writes a file that the program itself looks after, such as those of a run folder. Throws IoError.
void write_file(const std::filesystem::path& path, std::string_view text);

/// The options --out and --overwrite of a verb that writes a file.
struct OutputOptions {
    std::string out;
    bool overwrite = false;

    void declare(VerbOptions& options, const char* meaning);
    /// Begins the file of --out, or of this name.
    std::unique_ptr<Output> open(const std::filesystem::path& otherwise) const;
};

}  // namespace apical
