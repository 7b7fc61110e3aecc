#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

#include <stdlib.h>
#include <unistd.h>

#include "core/error.hpp"

namespace apical::fuzz {

/// Foreign bytes as a file, in TMPDIR: where it is in memory, fuzzing is faster.
class ForeignFile {
public:
    explicit ForeignFile(std::span<const std::uint8_t> bytes)
        : path_((std::filesystem::temp_directory_path() / "apical_fuzz_XXXXXX").string()) {
        const int descriptor = ::mkstemp(path_.data());
        const auto written = ::write(descriptor, bytes.data(), bytes.size());
        if (::close(descriptor) != 0 || written != static_cast<ssize_t>(bytes.size()))
            throw std::system_error(errno, std::generic_category(), path_);
    }
    ForeignFile(const ForeignFile&) = delete;
    ForeignFile& operator=(const ForeignFile&) = delete;
    ~ForeignFile() { ::unlink(path_.c_str()); }

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Foreign bytes may be refused with any of the library's errors, and with nothing else.
template <class Call>
void may_refuse(Call call) {
    try {
        call();
    } catch (const Error&) {
    }
}

}  // namespace apical::fuzz

/// One input, as libFuzzer hands it over.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
