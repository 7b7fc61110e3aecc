#pragma once

#include <string>

#include "networks/description.hpp"

namespace apical {

/// The probability that a drawn number is below, or above, x.
double share_below(const Distribution& distribution, double x);
double share_above(const Distribution& distribution, double x);

/// That of the numbers with the other sign.
Distribution mirrored(const Distribution& distribution);

/// How large a number is that is drawn: of a sum of squares the root, of a skewed distribution the middle.
double typical(const Distribution& distribution);

/// Of a share that makes "all" of them.
inline constexpr double nearly_all = 0.999;

/// A share in words: "12 %", "all".
std::string percent(double share);

}  // namespace apical
