#include "recorders/archive.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace apical {

void Archive::require(const std::string& name) const {
    if (!file_->has(name)) missing(name);
}

void Archive::missing(const std::string& name) const {
    throw DataError(
        fmt::format("{}: has no {}: it is of another network, or of another version of the program",
                    file_->path().string(), name));
}

void Archive::expect(const std::string& name, std::uint64_t found, std::uint64_t expected) const {
    if (found == expected) return;
    throw DataError(fmt::format("{}: {}/{} has {} elements, {} are expected: it is of another network",
                                file_->path().string(), group_, name, found, expected));
}

}  // namespace apical
