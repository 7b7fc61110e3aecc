#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "core/spike.hpp"

namespace apical {

/// The exclusive or of the bits of pattern number a + 2 b.
constexpr Index xor_of(Index pattern) { return pattern == 1 || pattern == 2 ? 1 : 0; }

/// Of the output, to a pattern.
struct XorAnswer {
    double activity;
    double event_rate;         ///< [Hz]
    double burst_probability;  ///< NaN: none
};

/// A test of all patterns.
struct XorTest {
    Index after;  ///< examples
    Index right = 0;
    double squared_error = 0.0;  ///< mean over the patterns
    double cost = 0.0;           ///< cross-entropy, summed over the patterns
};

/// The answers by pattern number; an activity of more than 1/2 is a 1. For the cost it is clipped 1 % from
/// both ends (Payeur et al. 2021).
inline XorTest judge(Index after, std::span<const XorAnswer> answers) {
    XorTest test{after};
    for (Index pattern = 0; pattern < 4; ++pattern) {
        const double e = answers[pattern].activity;
        const double target = xor_of(pattern);
        if ((e > 0.5) == (target > 0.5)) ++test.right;
        test.squared_error += (e - target) * (e - target) / 4.0;
        const double clipped = std::clamp(e, 0.01, 0.99);
        test.cost -= std::log(target > 0.5 ? clipped : 1.0 - clipped);
    }
    return test;
}

/// Examples before the first test from which all four patterns stay right to the end, over at least five
/// tests.
inline std::optional<Index> solved_at(std::span<const XorTest> tests) {
    constexpr std::size_t at_least = 5;
    std::size_t first = tests.size();
    while (first > 0 && tests[first - 1].right == 4) --first;
    if (tests.size() - first < at_least) return std::nullopt;
    return tests[first].after;
}

}  // namespace apical
