#pragma once

#include "core/error.hpp"
#include "networks/description.hpp"

namespace apical {

/// What a network will need: rough figures, not promises.
struct Estimate {
    static constexpr double assumed_rate = 10.0;  ///< [Hz] of neurons

    double neurons = 0.0;
    double synapses = 0.0;
    double plastic = 0.0;  ///< synapses that learn
    double bytes = 0.0;    ///< of memory
    double events_per_second =
        0.0;  ///< synaptic events, if sources keep their rate and neurons the assumed one
};
/// `copies` of the network are in memory at a time; all else is of one.
Estimate estimate(const NetworkDescription& network, double copies);

/// The network does not fit into this machine.
class MemoryError : public Error {
    using Error::Error;
};

/// [bytes] that this process may still get: of the machine, its control group, and its own limits.
double available_memory();

/// Throws MemoryError, with the numbers, if so many copies of the network are estimated to need more than
/// there is.
void expect_memory(const NetworkDescription& network, double copies);

}  // namespace apical
