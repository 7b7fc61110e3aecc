#include "tasks/digits.hpp"

#include <array>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace apical {
namespace {

TEST(Digits, AreAFunctionOfSeedAndPart) {
    const Images a = draw_digits(40, 7, "training");
    EXPECT_EQ(a.pixels, draw_digits(40, 7, "training").pixels);
    EXPECT_NE(a.pixels, draw_digits(40, 8, "training").pixels);
    EXPECT_NE(a.pixels, draw_digits(40, 7, "test").pixels);
    // The first images do not depend on how many follow.
    const Images longer = draw_digits(50, 7, "training");
    EXPECT_TRUE(std::equal(a.pixels.begin(), a.pixels.end(), longer.pixels.begin()));
}

TEST(Digits, HaveEveryLabelEquallyOften) {
    std::array<int, label_count> counts{};
    for (const std::uint8_t label : draw_digits(200, 1, "training").labels) ++counts[label];
    EXPECT_THAT(counts, testing::Each(20));
}

/// The classes can be told apart, but not trivially: the nearest class mean does better than chance (90 %
/// wrong) by far, and is not perfect.
TEST(Digits, AreATaskForALearner) {
    const Images training = draw_digits(1000, 3, "training");
    const Images test = draw_digits(500, 3, "test");
    std::array<std::vector<double>, label_count> means;
    means.fill(std::vector<double>(training.pixels_of_one()));
    for (Index i = 0; i < training.size(); ++i) {
        for (Index k = 0; k < training.pixels_of_one(); ++k)
            means[training.labels[i]][k] += training[i][k] / 100.0;
    }
    int wrong = 0;
    for (Index i = 0; i < test.size(); ++i) {
        double nearest = std::numeric_limits<double>::max();
        std::size_t answer = 0;
        for (std::size_t label = 0; label < label_count; ++label) {
            double distance = 0.0;
            for (Index k = 0; k < test.pixels_of_one(); ++k) {
                const double d = test[i][k] - means[label][k];
                distance += d * d;
            }
            if (distance < nearest) {
                nearest = distance;
                answer = label;
            }
        }
        wrong += answer == test.labels[i] ? 0 : 1;
    }
    EXPECT_LT(wrong, 200);
    EXPECT_GT(wrong, 10);
}

}  // namespace
}  // namespace apical
