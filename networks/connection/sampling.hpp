#pragma once

#include <vector>

#include "core/random.hpp"
#include "core/spike.hpp"

namespace apical {

/// k of the numbers below n, ascending, into `out`, whose capacity is reused.
void sample_with_replacement(const StreamKey& key, Index k, Index n, std::vector<Index>& out);

/// The same, all different: k is n or less.
void sample_without_replacement(const StreamKey& key, Index k, Index n, std::vector<Index>& out);

}  // namespace apical
