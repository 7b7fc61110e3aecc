#pragma once

#include "networks/description.hpp"
#include "synapses/decode.hpp"
#include "tasks/relay.hpp"
#include "tasks/run.hpp"
#include "tasks/xor_config.hpp"

namespace apical {

/// How the output's spikes reach the hidden dendrites, in units of Y: pathways, each a synapse with a gain.
struct XorFeedback {
    double scale;  ///< of the dendrite's jump for b - p0 e: R/tau_dend / p0
    // Excitation by the burst pathway and inhibition by the event pathway where Y > 0, the other way round
    // where Y < 0. With relays the two are different cells.
    RelayDecoder positive{};
    RelayDecoder negative{};
    Separation direct{};
};

/// Measures it: the synapses, and what relay cells make of events and bursts. Throws ModelError if they do
/// not tell one from the other.
XorFeedback measure_feedback(const XorConfig& config, const RunContext& context);

/// The network that learns the exclusive or, with the feedback that was measured for it.
NetworkDescription describe_xor(const XorConfig& config, const XorFeedback& feedback);

}  // namespace apical
