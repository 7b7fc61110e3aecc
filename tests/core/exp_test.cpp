#include "core/exp.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

/// The distance of `x` from the true value, in units of the last place of the true value.
double ulps(double x, long double truth) {
    const auto nearest = static_cast<double>(truth);
    const double ulp =
        std::nextafter(std::abs(nearest), std::numeric_limits<double>::infinity()) - std::abs(nearest);
    return static_cast<double>(std::abs(static_cast<long double>(x) - truth) / static_cast<long double>(ulp));
}

TEST(Exp, IsWithinOneUlp) {
    std::mt19937_64 random(1);
    double worst = 0.0;
    // Long doubles have 11 bits more: their own error is below 0.001 ulp of a double.
    for (const double width : {1e-12, 1e-3, 0.35, 1.0, 10.0, 700.0}) {
        std::uniform_real_distribution<double> x(-width, width);
        for (int i = 0; i < 300000; ++i) {
            const double at = x(random);
            worst = std::max(worst, ulps(exp(at), std::exp(static_cast<long double>(at))));
        }
    }
    EXPECT_LE(worst, 1.0);
    EXPECT_GT(worst, 0.5) << "better than correct rounding: the test is wrong";
}

TEST(Exp, IsExactAtZeroAndMonotonic) {
    EXPECT_EQ(exp(0.0), 1.0);
    EXPECT_EQ(exp(-0.0), 1.0);
    double last = 0.0;
    for (int i = -7000; i <= 7000; ++i) {
        const double y = exp(i * 0.1);
        EXPECT_GT(y, last) << i;
        last = y;
    }
}

TEST(Exp, BeyondItsRangeIsThatOfTheEnd) {
    EXPECT_EQ(exp(-1e300), exp(-708.0));
    EXPECT_EQ(exp(-std::numeric_limits<double>::infinity()), exp(-708.0));
    EXPECT_EQ(exp(710.0), exp(709.0));
    EXPECT_TRUE(std::isfinite(exp(std::numeric_limits<double>::infinity())));
    EXPECT_GT(exp(-708.0), 0.0);
    EXPECT_LT(exp(-708.0), 4e-308);
}

TEST(Exp, ManyAtOnceEqualOneByOneBitForBit) {
    std::mt19937_64 random(2);
    std::uniform_real_distribution<double> x(-300.0, 300.0);
    // All remainders of the widest vectors, far apart.
    for (std::size_t n = 2; n < 70; ++n) {
        std::vector<Time> times(n);
        std::vector<double> batch(n);
        for (Time& time : times) time = Time{} + ticks(x(random));
        std::sort(times.begin(), times.end());
        for (const double rate : {-0.05, 0.37, 2.0}) {
            if (std::abs(rate) * ms(times.back() - times.front()) < 0.1) continue;
            exp(rate, Time{}, times, batch);
            for (std::size_t i = 0; i < n; ++i) {
                ASSERT_EQ(std::bit_cast<std::uint64_t>(batch[i]),
                          std::bit_cast<std::uint64_t>(exp(rate * ms(times[i]))));
            }
        }
    }
}

TEST(Exp, OfTimesIsThatOfTheirDistances) {
    const Time origin{std::chrono::milliseconds{7000}};
    // Close together, where one exponential serves all, and far apart.
    for (const double spacing : {1e-5, 1e-3, 0.3}) {
        for (const double rate : {0.05, -0.2}) {
            std::vector<Time> times;
            for (int i = 0; i < 70; ++i)
                times.push_back(origin + ticks(3.0 + spacing * i * (1.0 + 0.01 * i)));
            std::vector<double> y(times.size());
            exp(rate, origin, times, y);
            for (std::size_t i = 0; i < times.size(); ++i) {
                const auto x =
                    static_cast<long double>(rate) * static_cast<long double>(ms(times[i] - origin));
                EXPECT_LE(ulps(y[i], std::exp(x)), 4.0)
                    << "a product, a short sum and the argument's rounding";
            }
        }
    }
    exp(1.0, origin, {}, {});
}

TEST(Exp, HasTheSameBitsEverywhere) {
    // A fingerprint: another compiler, instruction set or machine must come to the same.
    std::uint64_t hash = 14695981039346656037U;
    for (int i = -20000; i <= 20000; ++i)
        hash = (hash ^ std::bit_cast<std::uint64_t>(exp(i * 0.0317))) * 1099511628211U;
    for (int i = 1; i <= 20000; ++i)
        hash = (hash ^ std::bit_cast<std::uint64_t>(log(i * 0.0317))) * 1099511628211U;
    EXPECT_EQ(hash, 3170660471487451019U);
}

TEST(Log, IsWithinOneUlp) {
    std::mt19937_64 random(3);
    double worst = 0.0;
    const auto look = [&](double x) {
        worst = std::max(worst, ulps(log(x), std::log(static_cast<long double>(x))));
    };
    std::uniform_real_distribution<double> near_one(0.5, 2.0);
    std::uniform_real_distribution<double> exponent(-1020.0, 1020.0);
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    for (int i = 0; i < 300000; ++i) {
        look(near_one(random));
        look(std::exp2(exponent(random)));
        look(1.0 - unit(random) * 1e-6);
        look(unit(random) + 0x1p-53);
    }
    EXPECT_LE(worst, 1.0);
    EXPECT_GT(worst, 0.5);
    EXPECT_EQ(log(1.0), 0.0);
}

TEST(Log, UndoesExp) {
    for (int i = -600; i <= 600; ++i)
        EXPECT_NEAR(log(exp(i * 1.1)), i * 1.1, 2e-16 + 1.2e-16 * std::abs(i * 1.1) + 2.3e-16);
}

TEST(Logistic, IsSymmetricAndSaturates) {
    EXPECT_EQ(logistic(0.0), 0.5);
    for (const double x : {0.1, 1.0, 5.0, 30.0}) EXPECT_NEAR(logistic(x) + logistic(-x), 1.0, 3e-16);
    EXPECT_EQ(logistic(1e9), 1.0);
    EXPECT_GT(logistic(-1e9), 0.0);
    EXPECT_LT(logistic(-1e9), 1e-300);
}

}  // namespace
}  // namespace apical
