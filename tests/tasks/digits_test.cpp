#include "tasks/digits.hpp"

#include <array>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

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

/// Images are all different ones, within a part and between parts.
TEST(Digits, AreDrawnOnceEach) {
    std::set<std::vector<std::uint8_t>> seen;
    for (const char* part : {"training", "test"}) {
        const Images images = draw_digits(300, 5, part);
        for (Index i = 0; i < images.size(); ++i)
            EXPECT_TRUE(seen.insert({images[i].begin(), images[i].end()}).second) << part << ' ' << i;
    }
}

/// Where the ink of a digit is, as anyone would draw it: its part in one region less that in another.
TEST(Digits, LookLikeTheirLabels) {
    const Images images = draw_digits(1000, 4, "training");
    const Index n = images.rows;
    ASSERT_EQ(images.columns, n);
    std::array<std::vector<double>, label_count> means;
    means.fill(std::vector<double>(images.pixels_of_one()));
    for (Index i = 0; i < images.size(); ++i) {
        for (Index k = 0; k < images.pixels_of_one(); ++k)
            means.at(images.labels[i])[k] += images[i][k] / 100.0;
    }
    struct Region {
        Index top, bottom, left, right;
    };
    const Index half = n / 2;
    const Region upper{0, half, 0, n}, lower{half, n, 0, n}, left{0, n, 0, half}, right{0, n, half, n};
    const Region upper_left{0, half, 0, half}, upper_right{0, half, half, n}, lower_left{half, n, 0, half},
        lower_right{half, n, half, n}, middle{half - 1, half + 1, half - 1, half + 1};
    const auto ink = [&](Index digit, const Region& r) {
        double sum = 0.0;
        for (Index row = r.top; row < r.bottom; ++row) {
            for (Index column = r.left; column < r.right; ++column) sum += means.at(digit)[row * n + column];
        }
        return sum / std::accumulate(means.at(digit).begin(), means.at(digit).end(), 0.0);
    };
    const auto expect_more = [&](Index digit, const Region& here, const Region& there) {
        EXPECT_GT(ink(digit, here), ink(digit, there) + 0.02) << "a " << digit;
    };
    expect_more(6, lower, upper);
    expect_more(9, upper, lower);
    expect_more(6, left, right);
    expect_more(9, right, left);
    expect_more(9, lower_right, lower_left);
    expect_more(7, upper, lower);
    expect_more(7, upper_right, upper_left);
    expect_more(4, lower, upper);
    expect_more(4, right, left);
    expect_more(3, right, left);
    expect_more(2, upper_right, upper_left);
    expect_more(5, upper_left, upper_right);
    expect_more(5, lower_right, lower_left);
    expect_more(1, upper_right, lower_left);
    // The hole of a 0, the waist of an 8 and a 3, the stroke of a 1.
    EXPECT_LT(ink(0, middle), 0.02);
    for (const Index digit : {1U, 3U, 8U}) EXPECT_GT(ink(digit, middle), 0.03) << digit;
    for (const Index digit : {0U, 8U}) {
        EXPECT_NEAR(ink(digit, upper), 0.5, 0.06) << digit;
        EXPECT_NEAR(ink(digit, left), 0.5, 0.06) << digit;
    }
    // A thin pen on paper: most of it stays empty, and the 1 takes least ink.
    for (Index digit = 0; digit < label_count; ++digit) {
        const double all = std::accumulate(means.at(digit).begin(), means.at(digit).end(), 0.0);
        const double one = std::accumulate(means[1].begin(), means[1].end(), 0.0);
        EXPECT_LT(all, 0.3 * 255.0 * n * n) << digit;
        EXPECT_GE(all, one) << digit;
    }
}

/// The classes can be told apart, but not trivially: the nearest class mean gets a fifth wrong, chance nine
/// tenths.
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
    // A program of its own, in another language, found 110; the standard deviation of one draw is 9.
    EXPECT_NEAR(wrong, 110, 50);
}

}  // namespace
}  // namespace apical
