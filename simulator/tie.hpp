#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/spike.hpp"
#include "synapses/table.hpp"

namespace apical {

/// The weights of one projection as a function of another's, copied at scheduled times only: feedback that
/// follows the feedforward weights. For the synapse from k to j,
///
///     none     scale * part(W_kj): the other projection runs the other way, or the same way (then W_jk)
///     senders  scale * part(mean over k of W_kj): one number for each target and block of senders
///     both     scale * part(mean over k and j)
///
/// where k counts the targets and j the sources of the other projection, and part is w, max(w, 0) or max(-w,
/// 0). With blocks, the own senders and the k are cut into as many of equal size, and each sender has the
/// mean over the k of its block.
struct Tie {
    enum class Mean {
        none,     ///< synapse by synapse
        senders,  ///< for each target, over the source population
        both,     ///< over both populations
    };
    enum class Part { whole, plus, minus };  ///< w, max(w, 0) or max(-w, 0)

    Index to = 0;  ///< the other projection
    double scale = 1.0;
    Mean mean = Mean::none;
    Part part = Part::whole;
    Index blocks = 1;  ///< of senders; divides the number of own sources and of the other's targets
};

/// The weights of one projection by shard of its target; `first` are the shards' first neurons, and the
/// target's size.
struct TiedWeights {
    std::span<Table> tables;
    std::vector<Index> first;
};

/// Copies once. `transposed`: the other projection runs the other way. Throws ModelError where a synapse has
/// no counterpart in the other, which is called `name`.
void apply(const Tie& tie, bool transposed, const TiedWeights& own, const TiedWeights& other,
           const std::string& name);

}  // namespace apical
