#include "simulator/sine.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

/// 3 sin(2 pi t / 37 + 0.4) between two times, in steps of `step`.
Sine wave(double step, double from, double end) {
    Sine sine;
    sine.amplitude = 3.0;
    sine.period = 37.0;
    sine.phase = 0.4;
    sine.step = step;
    sine.from = from;
    sine.end = end;
    return sine;
}

std::vector<Sine::Step> all_of(Sine sine) {
    std::vector<Sine::Step> steps;
    while (const auto step = sine.next()) steps.push_back(*step);
    return steps;
}

/// By Simpson's rule, over [from, to].
double mean(const Sine& sine, double from, double to) {
    constexpr int parts = 1000;
    const double width = (to - from) / parts;
    double sum = 0.0;
    for (int i = 0; i <= parts; ++i) {
        const double t = from + i * width;
        const double factor = i == 0 || i == parts ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
        sum += factor * std::sin(2.0 * M_PI * t / sine.period + sine.phase);
    }
    return sine.amplitude * sum / (3.0 * parts);
}

TEST(Sine, StepsAreItsMeansFromItsBeginningToItsEnd) {
    // The last step is shorter than the others: 47.3 ms are 22 steps of 2.1 ms and 1.1 ms.
    const Sine sine = wave(2.1, 5.2, 52.5);
    const auto steps = all_of(sine);
    ASSERT_EQ(steps.size(), 23U);
    for (std::size_t k = 0; k < steps.size(); ++k) {
        const double begin = 5.2 + 2.1 * static_cast<double>(k);
        EXPECT_EQ(steps[k].time, Time{} + ticks(begin)) << k;
        EXPECT_NEAR(steps[k].value, mean(sine, begin, std::min(begin + 2.1, 52.5)), 1e-11) << k;
    }
}

TEST(Sine, ReturnsToZeroAtItsEndOnce) {
    Sine sine = wave(2.0, 0.0, 10.0);
    sine.returns = true;
    const auto steps = all_of(sine);
    ASSERT_EQ(steps.size(), 6U);
    EXPECT_EQ(steps.back().time, Time{} + ticks(10.0));
    EXPECT_EQ(steps.back().value, 0.0);
    for (std::size_t k = 0; k < 5; ++k) EXPECT_NE(steps[k].value, 0.0) << k;

    // An end within a step: 9 ms are four steps and a half.
    sine.end = 9.0;
    const auto cut = all_of(sine);
    ASSERT_EQ(cut.size(), 6U);
    EXPECT_EQ(cut.back().time, Time{} + ticks(9.0));
    EXPECT_NEAR(cut[4].value, mean(sine, 8.0, 9.0), 1e-11);
}

TEST(Sine, HasNoStepIfItEndsAsItBegins) { EXPECT_TRUE(all_of(wave(2.0, 4.0, 4.0)).empty()); }

}  // namespace
}  // namespace apical
