#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "networks/description.hpp"

namespace apical {

/// The ends of a projection between populations of these sizes.
Ends ends_of(const ProjectionDescription& projection, Index n_source, Index n_target);

/// Why these two cannot be connected so, if so.
std::optional<ConnectionProblem> connection_problem(const ConnectionRule& rule, const Ends& ends);

/// Into how many blocks the rule cuts both populations; 0: pairs are drawn.
Index blocks_between(const ConnectionRule& rule, const Ends& ends);

/// The sources of one target, ascending, into `out`, whose capacity is reused; `key` is that of the target.
/// There must be no connection_problem().
void draw_sources(const ConnectionRule& rule, const StreamKey& key, Index target, const Ends& ends,
                  std::vector<Index>& out);

/// One weight for each synapse of a target.
void draw_weights(const Distribution& distribution, const StreamKey& key, std::span<float> out);

/// Why what would be drawn cannot be kept in numbers between `least` and `most` in size, if so: something
/// would be infinite or not a number, or all of it, or some of a lognormal, would become zero.
std::optional<std::string> size_problem(const Distribution& distribution, double least, double most);

/// The synapses onto a range of targets [first, last): those of target t are [offsets[t - first], offsets[t -
/// first + 1]), by ascending source.
struct Wiring {
    std::vector<std::size_t> offsets;
    std::vector<Index> sources;
    std::vector<float> weights;  ///< empty if they are constant
};

/// Draws them from the streams "connect/<projection>" and "weight/<projection>", entity = target.
Wiring connect(const ProjectionDescription& projection, std::uint64_t seed, const Ends& ends, Index first,
               Index last);

/// The mean number of synapses of a projection.
double expected_synapses(const ProjectionDescription& projection, Index n_source, Index n_target);

}  // namespace apical
