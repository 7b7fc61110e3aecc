#pragma once

#include <algorithm>

#include "app/spike_train.hpp"
#include "synapses/decode.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// What a synapse is at a spike: the release is u times x.
struct Response {
    double u;  ///< utilisation that the spike finds (mongillo: makes)
    double x;  ///< resources that it finds
    double y;  ///< active resources just after it (tm3)
    double release;
};

/// The response to a spike `dt` [ms] after the last one.
inline Response respond(const TsodyksMarkram& synapse, TsodyksMarkram::State& state, double dt) {
    const double release = synapse.release(state, dt);
    const double x = state.x + release;
    return {x > 0.0 ? release / x : synapse.U, x, state.y, release};
}

/// The neurons whose bursts a synapse is to tell from events: with the bursts of the train, and the shortest
/// interval of events that leaves room for them.
inline Sender sender_of(const TrainRecipe& recipe) {
    return {.p0 = 0.5,
            .spikes = recipe.burst_spikes,
            .interval = recipe.burst_interval,
            .R = std::max(Sender{}.R, shortest_event_interval(recipe))};
}

}  // namespace apical
