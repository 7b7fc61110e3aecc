#pragma once

#include <cstdint>
#include <string>

#include "networks/description.hpp"

namespace apical::naive {

/// Where times of spikes, delays and lengths lie.
enum class Lattice {
    none,     ///< anywhere
    binary,   ///< on eighths of a ms: many things happen at one tick
    decimal,  ///< on tenths of a ms, which no tick hits
};

struct RandomNetwork {
    NetworkDescription description;
    Lattice lattice = Lattice::none;
    bool visited = false;  ///< something in it needs the visiting loop
};

/// A network of sources and linear neurons, with whatever a description can ask of their synapses. On the
/// decimal lattice only if that is asked for.
RandomNetwork random_network(std::uint64_t seed, bool decimals);

/// In a few lines.
std::string in_words(const NetworkDescription& description);

}  // namespace apical::naive
