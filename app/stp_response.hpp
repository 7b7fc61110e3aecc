#pragma once

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

}  // namespace apical
