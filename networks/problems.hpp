#pragma once

#include <string>
#include <vector>

#include "networks/description.hpp"
#include "networks/severity.hpp"

namespace apical {

/// Something in a description that cannot be, or that is legal and probably not meant.
struct Problem {
    Severity severity = Severity::error;
    /// Paths in a configuration, "projection.p.plasticity.teaching": the one of which it has most is meant.
    std::vector<std::string> places;
    std::string code;  ///< as in error_codes.hpp
    std::string message;
    std::string help = {};  ///< what would mend it, if that is known
};

/// All that is wrong with a description, and what is probably not meant: THE judge, for whoever reads a
/// configuration, which adds file and line. If it finds no error itself, what only the parts can tell is
/// found by building the network in small, with few neurons and synapses: but for copies of given spikes it
/// takes milliseconds and little memory, however large the network is.
std::vector<Problem> problems(const NetworkDescription& description);

/// For build(), which meets what the parts refuse by itself: throws ConfigError with all other errors, a line
/// each.
void expect_right(const NetworkDescription& description);

}  // namespace apical
