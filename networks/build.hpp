#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "networks/description.hpp"
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

/// Why a part of a description cannot be built, and where a configuration says it.
struct Refusal {
    /// Paths of tables and keys, "projection.p.plasticity": the one of which the file has most is meant.
    std::vector<std::string> places;
    std::string code;  ///< as in error_codes.hpp
    std::string message;
};

/// Everything in a description that build() would refuse. It is found by building the network in small, with
/// few neurons and synapses, so that it takes milliseconds and little memory, however large the network is:
/// what depends on the numbers of neurons themselves is for the reader of the configuration to check.
std::vector<Refusal> refusals(const NetworkDescription& description);

/// Throws ConfigError for names that do not exist and parts that do not fit, ModelError for parameters. What
/// is legal and probably not meant check_fit() tells.
Network build(const NetworkDescription& description, const BuildOptions& options = {});

}  // namespace apical
