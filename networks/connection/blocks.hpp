#pragma once

#include <fmt/format.h>

#include "networks/connection/ends.hpp"

namespace apical {

struct Blocks {
    static constexpr std::string_view name = "blocks";
    static constexpr std::string_view meaning =
        "both populations are cut into blocks of equal size, and block i projects to block i";

    Index blocks = 1;

    template <class Table>
    void read(Table& table) {
        table.read({"blocks", "1", "how many; divides the sizes of source and target", {.low = 1.0}, true},
                   blocks);
    }

    std::optional<ConnectionProblem> problem(const Ends& ends) const {
        if (blocks == 0 || ends.n_source % blocks != 0 || ends.n_target % blocks != 0) {
            return ConnectionProblem{
                "blocks", fmt::format("{} blocks do not divide both {} sources and {} targets", blocks,
                                      ends.n_source, ends.n_target)};
        }
        return std::nullopt;
    }

    Index blocks_between(const Ends&) const { return blocks; }
};

}  // namespace apical
