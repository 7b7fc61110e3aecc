#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

#include "core/error.hpp"

namespace apical::fuzz {

/// Foreign bytes as a file that exists in memory only.
class MemoryFile {
public:
    explicit MemoryFile(std::span<const std::uint8_t> bytes) : descriptor_(::memfd_create("fuzz", 0)) {
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t got = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
            if (got <= 0) throw std::system_error(errno, std::generic_category(), "no memory for the input");
            done += static_cast<std::size_t>(got);
        }
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { ::close(descriptor_); }

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
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
