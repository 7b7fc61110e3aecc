#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "networks/problems.hpp"
#include "simulator/simulation.hpp"

namespace apical {

/// Which inner loop runs linear and integrated neurons.
enum class Loop {
    automatic,  ///< the fastest that the model allows
    visiting,   ///< advance and receive, as for any other model
};

struct BuildOptions {
    std::size_t threads = 1;
    Loop loop = Loop::automatic;
    /// Neurons; 0: chosen from the population. Results do not depend on it, but for the last bits of `lif`
    /// whose noise comes in bands (NoiseBand::neurons) that it cuts: what is chosen cuts none.
    Index shard_size = 0;
};

/// A network ready to run, and where things are in it.
struct Network {
    std::unique_ptr<Simulation> simulation;
    std::map<std::string, Index> populations;
    std::map<std::string, Index> projections;

    /// The index of a state variable of a population; throws ConfigError if there is none of that name.
    std::size_t variable(const std::string& population, const std::string& name) const;
};

/// What the spikes of `sources` neurons release through these terms; `owner` is named in errors.
Release make_release(const std::vector<ReleaseTerm>& terms, Index sources, const std::string& owner);

/// What the construction itself refuses in a description in which the rest of the judge found no error; it is
/// tried with few neurons and synapses. Part of problems().
std::vector<Problem> refusals(const NetworkDescription& description);

/// Throws ConfigError with all that expect_right() finds wrong, a line each, or ConfigError or ModelError for
/// the first part that refuses.
Network build(const NetworkDescription& description, const BuildOptions& options = {});

}  // namespace apical
