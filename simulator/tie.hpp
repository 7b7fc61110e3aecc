#pragma once

#include <vector>

#include "simulator/projection.hpp"

namespace apical {

/// The weights of one projection as a function of another's, copied at scheduled times only: feedback that
/// follows the feedforward weights. For the synapse from k to j,
///
///     synapse     scale * part(W_kj): the other projection runs the other way, or the same way (then W_jk)
///     senders     scale * part(mean over k of W_kj): one number for each target and block of senders
///     everything  scale * part(mean over k and j)
///
/// where k counts the targets and j the sources of the other projection, and part is w, max(w, 0) or max(-w,
/// 0). With blocks, the own senders and the k are cut into as many of equal size, and each sender has the
/// mean over the k of its block.
struct Tie {
    enum class Mean { synapse, senders, everything };
    enum class Part { whole, plus, minus };

    Index to = 0;  ///< the other projection
    double scale = 1.0;
    Mean mean = Mean::synapse;
    Part part = Part::whole;
    Index blocks = 1;  ///< of senders; divides the number of own sources and of the other's targets
};

/// Copies once. `own_first` and `other_first` are the first neurons of the shards of either target, and its
/// size. Throws ModelError where a synapse has no counterpart.
void apply(const Tie& tie, Projection& own, Projection& other, std::span<const Index> own_first,
           std::span<const Index> other_first);

}  // namespace apical
