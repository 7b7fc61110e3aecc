#pragma once

#include <string>
#include <vector>

#include "networks/config.hpp"

namespace apical {

/// Throws what `apical sweep` would of the table [sweep] of a configuration and of its points, if it has one.
void check_sweep(const std::string& config, const std::vector<Override>& changes, bool beyond_memory);

/// A configuration of which the table [sweep] was read: its keys and tables, for `explain`.
Config sweep_config();

}  // namespace apical
