#pragma once

#include <optional>
#include <string>

#include "networks/description.hpp"
#include "tasks/images_config.hpp"
#include "tasks/relay.hpp"

// The network that learns images. All rates are normalised: e = rate x R lies in [0, 1]. A trace of an input
// spike is 1/(r_max tau_soma), of an event R/tau_soma, so that traces have the mean of the pixel's value and
// of e.

namespace apical {

/// What may change once within a run: how long an image is shown, and how long it is remembered.
struct ImagesStage {
    double duration;  ///< [ms] T
    double settling;  ///< [ms] T0
    double tau_soma;  ///< [ms]
    double tau_dend;  ///< [ms]
};
ImagesStage stage_of(const ImagesConfig& config, Index epoch);

std::string hidden_name(std::size_t layer);

/// Cells of all layers; pixels are not counted.
Index cells_of(const ImagesConfig& config);

/// Whether the rule of this projection learns to silence the dendrite.
bool learns_inhibition(const ProjectionDescription& projection);

/// The trace that a spike leaves at the end of a projection.
double trace_of(const ImagesConfig& config, const ImagesStage& stage,
                const ProjectionDescription& projection);

/// The learning rate at the start, in the unit of the weight.
double eta_of(const ImagesConfig& config, const ImagesStage& stage, const ProjectionDescription& projection);

/// What the interneurons of the configuration make of events and bursts, measured; nothing if it has none.
/// Throws ModelError if they do not tell events from bursts.
std::optional<RelayDecoder> measure_relay(const ImagesConfig& config, std::size_t threads);

/// The network for images of `pixels` pixels, in its first stage. Without a measured relay, the weights of
/// interneurons are not to scale.
NetworkDescription describe_images(const ImagesConfig& config, Index pixels,
                                   const std::optional<RelayDecoder>& relay = {});

}  // namespace apical
