#include "recorders/statistics.hpp"

#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

Spike spike(double time, Index population, Index neuron) {
    return {Time{} + ticks(time), population, neuron};
}

constexpr double second = 1000.0;
const Time start = Time{} + ticks(second);
const Time end = Time{} + ticks(2 * second);

TEST(SpikeStatistics, RateIsPerNeuronAndSecond) {
    // Before the interval, at its begin, inside, at its end, and of a population that does not count.
    const std::vector spikes{spike(999.0, 0, 0), spike(1000.0, 0, 0), spike(1500.0, 0, 3),
                             spike(1500.0, 1, 0), spike(2000.0, 0, 1)};
    EXPECT_DOUBLE_EQ(statistics(spikes, std::array<Index, 2>{4, 0}, start, end).rate, 0.5);
    EXPECT_DOUBLE_EQ(statistics(spikes, std::array<Index, 2>{4, 2}, start, end).rate, 0.5);
    EXPECT_DOUBLE_EQ(statistics(spikes, std::array<Index, 2>{0, 2}, start, end).rate, 0.5);
}

TEST(SpikeStatistics, CvIsTheMeanOverNeuronsWithSixSpikes) {
    std::vector<Spike> spikes;
    for (const double time : {0.0, 1.0, 4.0, 5.0, 8.0, 9.0}) {
        if (time < 9.0) spikes.push_back(spike(1000.0 + time, 0, 0));  // five: too few
        spikes.push_back(spike(1000.0 + time, 0, 1));                  // intervals 1 3 1 3 1
    }
    for (int i = 0; i < 6; ++i) spikes.push_back(spike(1100.0 + 10.0 * i, 0, 2));  // regular
    const double mean = 9.0 / 5.0;
    const double irregular = std::sqrt((1 + 9 + 1 + 9 + 1) / 5.0 - mean * mean) / mean;
    EXPECT_NEAR(statistics(spikes, std::array<Index, 1>{3}, start, end).cv, irregular / 2, 1e-12);
    EXPECT_TRUE(std::isnan(statistics({}, std::array<Index, 1>{3}, start, end).cv));
}

TEST(SpikeStatistics, VarianceOverMeanOfTheCounts) {
    // 10 ms: counts 2 0 0 1 0 | 0 0 0 0 3.
    const Time to = start + ticks(10.0);
    std::vector<Spike> spikes;
    for (const double time : {0.0, 0.5, 3.0, 9.0, 9.5, 9.9}) spikes.push_back(spike(1000.0 + time, 0, 0));
    const SpikeStatistics s = statistics(spikes, std::array<Index, 1>{1}, start, to);
    EXPECT_NEAR(s.f1, (14.0 / 10 - 0.36) / 0.6, 1e-12);
    EXPECT_NEAR(s.f5, 0.0, 1e-12);  // 3 and 3
}

}  // namespace
}  // namespace apical
