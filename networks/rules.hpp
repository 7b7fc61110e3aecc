#pragma once

#include <memory>
#include <string_view>

#include "networks/description.hpp"
#include "simulator/learning.hpp"

namespace apical {

/// Whether the rule can teach a projection that is stored as a whole matrix.
bool learns_dense(const ProjectionDescription& p);

/// The variable of the target that its rule follows in between spikes; empty: none.
std::string_view followed_by(const ProjectionDescription& p);

/// Between which weights the rule keeps. Bounds that are not given may depend on the sign that weights start
/// with. Throws as make_learning() does.
struct WeightBounds {
    double low;
    double high;
};
WeightBounds weight_bounds(const ProjectionDescription& p);

/// The learning of the part of projection `p` that `table` holds, onto `targets` neurons. Throws ConfigError
/// if there is no such rule, ModelError for its parameters.
std::unique_ptr<Learning> make_learning(const ProjectionDescription& p, Table& table, Index targets);

}  // namespace apical
