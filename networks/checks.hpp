#pragma once

#include <string>
#include <vector>

#include "networks/catalogue.hpp"
#include "networks/description.hpp"
#include "networks/severity.hpp"

namespace apical {

/// Something that does not fit together in a description whose parts are each right.
struct Finding {
    Severity severity = Severity::error;
    std::string place;  ///< path in a configuration, "projection.p.plasticity.teaching"
    std::string code;   ///< as in error_codes.hpp
    std::string message;
    std::string help = {};  ///< what would mend it, if that is known
};

/// Whether parts fit: rules to what their cells state, weights to the bounds of rules and to the sign that
/// ports take. For whoever reads a configuration, and for build().
std::vector<Finding> check_fit(const NetworkDescription& description, const Catalogue& catalogue);

}  // namespace apical
