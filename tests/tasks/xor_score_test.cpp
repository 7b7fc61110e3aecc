#include "tasks/xor_score.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

TEST(XorScore, TheTargetIsTheExclusiveOr) {
    for (const Index a : {0U, 1U}) {
        for (const Index b : {0U, 1U}) EXPECT_EQ(xor_of(a + 2 * b), a != b ? 1U : 0U);
    }
}

/// Answers of these activities, by pattern.
XorTest judged(const std::array<double, 4>& activity) {
    std::vector<XorAnswer> answers;
    for (const double e : activity) answers.push_back({e, 50.0 * e, 0.5});
    return judge(20, answers);
}

TEST(XorScore, HalfOfTheMostEventsDecide) {
    EXPECT_EQ(judged({0.0, 1.0, 1.0, 0.0}).after, 20U);
    EXPECT_EQ(judged({0.0, 1.0, 1.0, 0.0}).right, 4U);
    EXPECT_EQ(judged({0.0, 1.0, 1.0, 0.0}).squared_error, 0.0);
    EXPECT_EQ(judged({0.5, 0.51, 0.51, 0.49}).right, 4U);
    EXPECT_NEAR(judged({0.5, 0.51, 0.51, 0.49}).squared_error, (0.25 + 3.0 * 0.49 * 0.49) / 4.0, 1e-12);
    EXPECT_EQ(judged({0.501, 0.51, 0.51, 0.49}).right, 3U) << "more than half, and should not be";
    // The negation has all four wrong, the inclusive or one.
    EXPECT_EQ(judged({1.0, 0.0, 0.0, 1.0}).right, 0U);
    EXPECT_EQ(judged({0.0, 1.0, 1.0, 1.0}).right, 3U);
    EXPECT_EQ(judged({0.0, 1.0, 1.0, 1.0}).squared_error, 0.25);
}

TEST(XorScore, CostsTheCrossEntropy) {
    EXPECT_DOUBLE_EQ(judged({0.5, 0.5, 0.5, 0.5}).cost, 4.0 * std::log(2.0));
    EXPECT_NEAR(judged({0.25, 0.25, 0.75, 0.75}).cost,
                std::log(4.0 / 3.0) + std::log(4.0) + std::log(4.0 / 3.0) + std::log(4.0), 1e-12);
    EXPECT_NEAR(judged({0.0, 1.0, 1.0, 0.0}).cost, -4.0 * std::log(0.99), 1e-12) << "clipped";
    EXPECT_NEAR(judged({1.0, 0.0, 0.0, 1.0}).cost, 4.0 * std::log(100.0), 1e-12);
}

std::optional<Index> solved(const std::vector<Index>& right) {
    std::vector<XorTest> tests;
    for (const Index r : right) tests.push_back({static_cast<Index>(20 * (tests.size() + 1)), r, 0.0, 0.0});
    return solved_at(tests);
}

TEST(XorScore, SolvedMeansAllFourRightToTheEndOverFiveTests) {
    EXPECT_EQ(solved({}), std::nullopt);
    EXPECT_EQ(solved({4, 4, 4, 4}), std::nullopt) << "four are too few";
    EXPECT_EQ(solved({4, 4, 4, 4, 4}), 20U);
    EXPECT_EQ(solved({2, 3, 4, 4, 4, 4, 4, 4}), 60U);
    EXPECT_EQ(solved({4, 4, 4, 4, 4, 3, 4, 4, 4, 4}), std::nullopt) << "not to the end";
    EXPECT_EQ(solved({4, 4, 4, 4, 4, 3, 4, 4, 4, 4, 4}), 140U);
    EXPECT_EQ(solved({4, 4, 4, 4, 4, 4, 3}), std::nullopt);
    EXPECT_EQ(solved({3, 3, 3, 3, 3, 3}), std::nullopt) << "three of four are not solved";
}

}  // namespace
}  // namespace apical
