#include "circuits/rate_error.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace apical {
namespace {

TEST(RateError, IsTheCurrentOfTheModel) {
    const RateError error;
    // Target 0: nothing up to 3 Hz, -1000/(10 - r) up to 9 Hz, -1000 pA above.
    EXPECT_EQ(error.current(0.0, false), 0.0);
    EXPECT_EQ(error.current(3.0, false), 0.0);
    EXPECT_EQ(error.current(5.0, false), -200.0);
    EXPECT_EQ(error.current(8.0, false), -500.0);
    EXPECT_EQ(error.current(9.0, false), -1000.0);
    EXPECT_EQ(error.current(25.0, false), -1000.0);
    // Target 1: 1000 pA up to 3 Hz, 1000/(r - 2) up to 9 Hz, nothing above.
    EXPECT_EQ(error.current(0.0, true), 1000.0);
    EXPECT_EQ(error.current(3.0, true), 1000.0);
    EXPECT_EQ(error.current(4.0, true), 500.0);
    EXPECT_EQ(error.current(7.0, true), 200.0);
    EXPECT_EQ(error.current(9.0, true), 0.0);
    EXPECT_EQ(error.current(25.0, true), 0.0);
}

TEST(RateError, TellsARateFromItsBounds) {
    const RateError error;
    EXPECT_EQ(error.activity(2.0), 0.0);
    EXPECT_EQ(error.activity(4.0), 0.25);
    EXPECT_EQ(error.activity(6.0), 0.5);
    EXPECT_EQ(error.activity(30.0), 1.0);
    EXPECT_EQ(error.activity(0.5), 0.0);
    EXPECT_EQ(error.threshold(), 6.0);
}

TEST(EventAverages, CountEachNeuronsEvents) {
    const auto at = [](double t) { return Time{} + ticks(t); };
    EventAverages averages(1, 2, 2000.0);
    const std::vector<Spike> spikes{{at(100.0), 1, 0, SpikeKind::event, no_mark},
                                    {at(108.0), 1, 0, SpikeKind::burst, no_mark},
                                    {at(200.0), 0, 1, SpikeKind::event, no_mark},
                                    {at(300.0), 1, 0, SpikeKind::event, no_mark},
                                    {at(400.0), 1, 1, SpikeKind::event, no_mark}};
    averages.observe({at(0.0), at(500.0)}, spikes);
    const std::vector<double> rates = averages.rates(at(500.0));
    // +0.5 Hz at each event, decaying with 2 s.
    EXPECT_NEAR(rates[0], 0.5 * std::exp(-0.2) + 0.5 * std::exp(-0.1), 1e-12);
    EXPECT_NEAR(rates[1], 0.5 * std::exp(-0.05), 1e-12);
    EXPECT_NEAR(averages.mean_rate(at(500.0)), 0.5 * (rates[0] + rates[1]), 1e-12);
}

}  // namespace
}  // namespace apical
