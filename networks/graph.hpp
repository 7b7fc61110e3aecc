#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/graph/adjacency_list.hpp>

#include "networks/catalogue.hpp"
#include "networks/description.hpp"

namespace apical {

/// A vertex is a population, an edge a projection or a drive; a signal's drive goes from the signal's
/// population to the drive's target. The members index the description.
struct PopulationVertex {
    std::size_t population = 0;
};
struct ProjectionEdge {
    std::string name;
    double delay = 0.0;  ///< [ms]
    bool drive = false;
};
using PopulationGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, PopulationVertex, ProjectionEdge>;

/// The graph of a description whose names are all defined; throws ConfigError where one is not.
PopulationGraph population_graph(const NetworkDescription& network);

/// The smallest delay [ms] of what a neuron's spike can cause: projections and drives. Spike sources do not
/// count, their spikes are known ahead. Nothing, if there is no such projection.
std::optional<double> smallest_delay(const NetworkDescription& network, const Catalogue& catalogue);

/// The groups of populations that can reach one another, by name: the recurrent loops. A population with a
/// projection onto itself is one.
std::vector<std::vector<std::string>> recurrent_loops(const NetworkDescription& network);

/// Populations that no spike source, background, steps or drive reaches: silent, unless their own parameters
/// make them fire.
std::vector<std::string> unreachable_populations(const NetworkDescription& network,
                                                 const Catalogue& catalogue);

/// The graph in the language of Graphviz. Plastic projections are bold, drives dashed.
std::string graphviz(const NetworkDescription& network);

}  // namespace apical
