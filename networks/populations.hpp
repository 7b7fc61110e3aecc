#pragma once

#include <memory>

#include "networks/build.hpp"

namespace apical {

/// The population of neurons `p` of the network `d`, in the loop that its model allows; `index` is
/// its place in the simulation. Null if there is no such model of
/// neurons; throws ConfigError and ModelError.
std::unique_ptr<Population> make_population(const PopulationDescription& p, const NetworkDescription& d,
                                            Index index, const BuildOptions& options);

}  // namespace apical
