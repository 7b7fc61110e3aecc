#pragma once

#include <fmt/format.h>

#include "networks/connection/ends.hpp"

namespace apical {

struct OneToOne {
    static constexpr std::string_view name = "one_to_one";
    static constexpr std::string_view meaning = "neuron i to neuron i";

    std::optional<ConnectionProblem> problem(const Ends& ends) const {
        if (ends.n_source != ends.n_target) {
            return ConnectionProblem{"rule", fmt::format("one_to_one: there are {} sources and {} targets",
                                                         ends.n_source, ends.n_target)};
        }
        return std::nullopt;
    }

    Index blocks_between(const Ends& ends) const { return ends.n_source; }
};

}  // namespace apical
