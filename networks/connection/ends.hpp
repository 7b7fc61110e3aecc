#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/spike.hpp"

namespace apical {

/// The populations at the ends of a projection.
struct Ends {
    Index n_source;
    Index n_target;
    bool without_itself = false;  ///< they are one population, and no neuron projects onto itself

    /// How many neurons may be sources of a target.
    constexpr Index candidates() const { return n_source - (without_itself ? 1U : 0U); }
};

/// Turns ascending numbers below candidates() into the sources of a target: it is itself none of them, if it
/// must not be.
inline void leave_out_itself(const Ends& ends, Index target, std::vector<Index>& sources) {
    if (!ends.without_itself) return;
    for (Index& source : sources) source += source >= target ? 1U : 0U;
}

/// Why a connection rule cannot connect two populations, and which of its keys says so.
struct ConnectionProblem {
    std::string_view key;
    std::string message;
    std::string_view help = {};
};

}  // namespace apical
