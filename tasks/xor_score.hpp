#pragma once

#include <optional>
#include <span>

#include "core/spike.hpp"

namespace apical {

/// The exclusive or of the bits of pattern number a + 2 b.
constexpr double xor_target(int pattern) { return pattern == 1 || pattern == 2 ? 1.0 : 0.0; }

/// Of the output population, to a pattern.
struct XorAnswer {
    double events;
    double bursts;
};

/// A test of all patterns.
struct XorTest {
    Index after;  ///< examples
    Index right = 0;
    double squared_error = 0.0;  ///< of e, mean over the patterns
};

/// The answers by pattern number; a population answers 1 with more than half of `most` events, which is what
/// it can fire in a presentation (e = 1).
inline XorTest judge(Index after, std::span<const XorAnswer> answers, double most) {
    XorTest test{after};
    for (int pattern = 0; pattern < 4; ++pattern) {
        const double e = answers[static_cast<std::size_t>(pattern)].events / most;
        const double error = e - xor_target(pattern);
        if ((e > 0.5) == (xor_target(pattern) > 0.5)) ++test.right;
        test.squared_error += error * error / 4.0;
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
