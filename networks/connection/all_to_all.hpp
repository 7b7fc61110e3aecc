#pragma once

#include "networks/connection/ends.hpp"

namespace apical {

struct AllToAll {
    static constexpr std::string_view name = "all_to_all";
    static constexpr std::string_view meaning = "every source to every target";

    Index blocks_between(const Ends&) const { return 1; }
};

}  // namespace apical
