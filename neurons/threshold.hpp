#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "core/rounding.hpp"

namespace apical {

/// When a potential has reached a threshold, in all loops and models that have one.
///
/// Numbers are rounded: twenty jumps of 1 mV, and one of 20 mV, may come to a little less than 20 mV, and a
/// potential that tends to the threshold, to a little more. Hence two rules, a hair apart:
///
/// * An input that moves the potential up at once, or a value that is set, reaches the threshold if it comes
///   to within `arrival` of it.
/// * A drift crosses the threshold if it passes it by `drift`. The spike of a linear cell is at the crossing
///   itself, that of one that is integrated where it is passed by as much. A neuron driven at its rheobase
///   never fires.
///
/// The hair is far below anything physical, and far above what sums of some thousand terms lose.
struct ThresholdMargins {
    double arrival;  ///< [mV] below
    double drift;    ///< [mV] above
};

/// `potentials` [mV] are those that the potential is computed from; `rate` [1/ms] is that of the membrane: a
/// potential also moves while times are rounded.
inline ThresholdMargins threshold_margins(std::initializer_list<double> potentials, double rate) {
    constexpr double relative = 1e-11;
    double largest = 0.0;
    for (const double potential : potentials) largest = std::max(largest, std::abs(potential));
    const double drift = relative * largest;
    return {drift + ms(rounding) * rate * largest, drift};
}

/// [mV] V_m is a sum of terms as large as this at most: of larger ones the digits that decide are rounded
/// away.
inline constexpr double largest_potential = 1e9;

}  // namespace apical
