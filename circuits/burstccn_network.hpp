#pragma once

#include <optional>
#include <string>

#include "circuits/burstccn_config.hpp"
#include "circuits/relay.hpp"
#include "networks/description.hpp"

// The layered network. All rates are normalised: e = rate x R lies in [0, 1]. A trace of an input
// spike is 1/(r_max tau_soma), of an event R/tau_soma, so that traces have the mean of the input's level and
// of e.

namespace apical {

/// What may change once within a run: how long something is shown, and how long it is remembered.
struct BurstCcnStage {
    double duration;  ///< [ms] T
    double settling;  ///< [ms] T0
    double tau_soma;  ///< [ms]
    double tau_dend;  ///< [ms]
};
BurstCcnStage stage_of(const BurstCcnConfig& config, Index epoch);

std::string hidden_name(std::size_t layer);

/// Whether the rule of this projection learns to silence the dendrite.
bool learns_inhibition(const ProjectionDescription& projection);

/// The trace that a spike leaves at the end of a projection.
double trace_of(const BurstCcnConfig& config, const BurstCcnStage& stage,
                const ProjectionDescription& projection);

/// The learning rate at the start, in the unit of the weight.
double eta_of(const BurstCcnConfig& config, const BurstCcnStage& stage,
              const ProjectionDescription& projection);

/// What the interneurons of the configuration make of events and bursts, measured; nothing if it has none.
/// Throws ModelError if they do not tell events from bursts.
std::optional<RelayDecoder> measure_relay(const BurstCcnConfig& config, const Shape& shape,
                                          std::uint64_t seed, std::size_t threads);

/// The network in its first stage. Without a measured relay, the weights of interneurons are not to scale.
NetworkDescription describe_burstccn(const BurstCcnConfig& config, const Shape& shape, std::uint64_t seed,
                                     const std::optional<RelayDecoder>& relay = {});

/// Whether there are interneurons to measure.
bool has_relays(const BurstCcnConfig& config);

}  // namespace apical
