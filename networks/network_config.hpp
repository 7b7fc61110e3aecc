#pragma once

#include "networks/catalogue.hpp"
#include "networks/config.hpp"
#include "networks/description.hpp"

namespace apical {

/// The word for a classifier in a configuration.
std::string_view name_of(Classifier classifier);

/// Declares and reads every key of a network: [population.X], [projection.X], [signal.X], [drive.X],
/// [steps.X], [record]. Models, parameters and ports are checked against the catalogue. Complaints wait in
/// the Config for finish().
NetworkDescription read_network(ConfigTable root, const Catalogue& catalogue);

}  // namespace apical
