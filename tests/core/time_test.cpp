#include "core/time.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/spike.hpp"

namespace apical {
namespace {

using namespace std::chrono_literals;

TEST(Ticks, AreABinaryFractionOfAMillisecond) {
    EXPECT_EQ(Duration{1ms}.count(), std::int64_t{1} << 30U);
    EXPECT_EQ(ms(Duration{1}), 0x1p-30);
    EXPECT_EQ(ms(16ms), 16.0);
    EXPECT_EQ(ms(Time{} + 24h), 24 * 3600e3);
    EXPECT_EQ(ticks(16.0), Duration{16ms});
    EXPECT_EQ(ticks(0.5), Duration{std::int64_t{1} << 29U});
}

TEST(Ticks, RoundToTheNearest) {
    EXPECT_EQ(ticks(0.49 * ms_per_tick).count(), 0);
    EXPECT_EQ(ticks(0.51 * ms_per_tick).count(), 1);
    EXPECT_EQ(ticks(-0.51 * ms_per_tick).count(), -1);
    for (const double length : {0.1, 0.7, 1.0 / 3.0, 1234.567}) {
        EXPECT_LE(std::abs(ms(ticks(length)) - length), 0.5 * ms_per_tick) << length;
    }
}

TEST(Ticks, RoundUpForSpikes) {
    EXPECT_EQ(ticks_up(0.0).count(), 0);
    EXPECT_EQ(ticks_up(1e-30).count(), 1);
    EXPECT_EQ(ticks_up(1.0), Duration{1ms});
    EXPECT_EQ(ticks_up(std::nextafter(1.0, 2.0)), Duration{1ms} + Duration{1});
    EXPECT_EQ(ticks_up(std::nextafter(1.0, 0.0)), Duration{1ms});
    for (const double length : {0.1, 0.7, 1.0 / 3.0, 99.9}) {
        EXPECT_GE(ms(ticks_up(length)), length);
        EXPECT_LT(ms(ticks_up(length)) - length, ms_per_tick);
    }
}

/// 0.1 ms is no whole number of ticks. Times are rounded once, each from its own decimal; sums of rounded
/// steps run away.
TEST(Ticks, MultiplesAreRoundedNotAddedUp) {
    std::int64_t worst = 0;
    for (int k = 0; k <= 1000000; ++k) {
        const double exact = k / 10.0;
        EXPECT_LE(std::abs(ms(ticks(exact)) - exact), 0.5 * ms_per_tick);
        worst = std::max(worst, std::abs(ticks(exact).count() - k * ticks(0.1).count()));
    }
    EXPECT_EQ(worst, 400000) << "0.4 ticks in each of a million steps";
}

TEST(Ticks, EveryTickOfTwoHoursIsADouble) {
    for (const std::int64_t n :
         {(std::int64_t{1} << 53U) - 1, (std::int64_t{1} << 52U) + 12345, std::int64_t{987654321012345}}) {
        EXPECT_EQ(ticks(ms(Duration{n})).count(), n);
        EXPECT_EQ(ticks_up(ms(Duration{n})).count(), n);
    }
}

TEST(Ticks, NeverIsLongerAgoThanAnyMemory) {
    EXPECT_LT(never, Time{});
    EXPECT_EQ(ms(Time{} - never), 3600e3);
}

TEST(Orders, OfSpikes) {
    std::vector<Spike> spikes;
    for (const std::int64_t time : {1, 0}) {
        for (const Index population : {1U, 0U}) {
            for (const Index neuron : {2U, 0U, 1U})
                spikes.push_back({Time{Duration{time}}, population, neuron});
        }
    }
    std::sort(spikes.begin(), spikes.end(), [](const Spike& a, const Spike& b) { return before(a, b); });
    for (std::size_t i = 0; i < spikes.size(); ++i) {
        EXPECT_EQ(spikes[i].time.time_since_epoch().count(), static_cast<std::int64_t>(i / 6));
        EXPECT_EQ(spikes[i].population, i / 3 % 2);
        EXPECT_EQ(spikes[i].neuron, i % 3);
        EXPECT_FALSE(before(spikes[i], spikes[i]));
    }
}

TEST(Orders, OfArrivals) {
    const auto arrival = [](std::int64_t time, Index population, Index source, Index projection) {
        return Arrival{.time = Time{Duration{time}},
                       .source_population = population,
                       .source = source,
                       .projection = projection};
    };
    const std::vector<Arrival> ascending{arrival(0, 9, 9, 9), arrival(1, 0, 9, 9), arrival(1, 1, 0, 9),
                                         arrival(1, 1, 1, 0), arrival(1, 1, 1, 1)};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t k = 0; k < ascending.size(); ++k)
            EXPECT_EQ(before(ascending[i], ascending[k]), i < k);
    }
}

}  // namespace
}  // namespace apical
