#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tasks/interneuron.hpp"
#include "tasks/patience.hpp"
#include "tasks/relay.hpp"
#include "tasks/xor_score.hpp"

// What runs conclude, on lists that are given.

namespace apical {
namespace {

TEST(XorScore, TheTargetIsTheExclusiveOr) {
    for (const int a : {0, 1}) {
        for (const int b : {0, 1}) EXPECT_EQ(xor_target(a + 2 * b), a != b ? 1.0 : 0.0);
    }
}

TEST(XorScore, HalfOfTheMostEventsDecide) {
    const std::array<XorAnswer, 4> perfect{{{0.0, 0.0}, {100.0, 0.0}, {100.0, 0.0}, {0.0, 0.0}}};
    EXPECT_EQ(judge(20, perfect, 100.0).after, 20U);
    EXPECT_EQ(judge(20, perfect, 100.0).right, 4U);
    EXPECT_EQ(judge(20, perfect, 100.0).squared_error, 0.0);
    const std::array<XorAnswer, 4> close{{{50.0, 9.0}, {51.0, 0.0}, {51.0, 7.0}, {49.0, 0.0}}};
    EXPECT_EQ(judge(0, close, 100.0).right, 4U);
    EXPECT_NEAR(judge(0, close, 100.0).squared_error, (0.25 + 2.0 * 0.49 * 0.49 + 0.49 * 0.49) / 4.0, 1e-12);
    EXPECT_EQ(judge(0, close, 98.0).right, 3U) << "50 are more than half, and should not be";
    EXPECT_EQ(judge(0, close, 104.0).right, 2U);
    // The negation has all four wrong, the inclusive or one.
    EXPECT_EQ(judge(0, {{{100.0, 0.0}, {0.0, 0.0}, {0.0, 0.0}, {100.0, 0.0}}}, 100.0).right, 0U);
    const std::array<XorAnswer, 4> either{{{0.0, 0.0}, {100.0, 0.0}, {100.0, 0.0}, {100.0, 0.0}}};
    EXPECT_EQ(judge(0, either, 100.0).right, 3U);
    EXPECT_EQ(judge(0, either, 100.0).squared_error, 0.25);
}

std::optional<Index> solved(const std::vector<Index>& right) {
    std::vector<XorTest> tests;
    for (const Index r : right) tests.push_back({static_cast<Index>(20 * (tests.size() + 1)), r, 0.0});
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

/// Epochs until it is over; 0: not by the end of the list.
std::size_t over_after(Index epochs, const std::vector<double>& errors) {
    Patience patience(epochs);
    for (std::size_t i = 0; i < errors.size(); ++i) {
        EXPECT_FALSE(patience.is_over());
        patience.see(errors[i]);
        if (patience.is_over()) return i + 1;
    }
    return 0;
}

TEST(Patience, EndsAfterSoManyEpochsWithoutABetterOne) {
    EXPECT_EQ(over_after(0, {9.0, 9.0, 9.0, 9.0, 9.0, 9.0}), 0U) << "never";
    EXPECT_EQ(over_after(1, {9.0, 8.0, 7.0, 6.0}), 0U) << "always better";
    EXPECT_EQ(over_after(1, {9.0, 8.0, 8.0, 1.0}), 3U) << "no worse is not better";
    EXPECT_EQ(over_after(2, {9.0, 8.0, 8.5, 7.0, 7.0, 7.5, 1.0}), 6U);
    EXPECT_EQ(over_after(3, {5.0, 6.0, 5.5, 5.2, 1.0}), 4U)
        << "better than the last is not better than the best";
    EXPECT_EQ(over_after(2, {5.0, 6.0, 4.0, 6.0, 3.0, 6.0}), 0U);
}

constexpr double p0 = 0.2;

/// Drives on planes: y per event, per burst and at rest, and q.
std::vector<Drive> planes(double y_e, double y_b, double y_0, double q_e, double q_b, double q_0) {
    std::vector<Drive> list;
    for (const double e : {2.0, 5.0, 12.0, 30.0}) {
        for (const double p : {0.1, 0.5, 0.9}) {
            const double b = p * e;
            list.push_back({e, b, y_0 + y_e * e + y_b * b, q_0 + q_e * e + q_b * b});
        }
    }
    return list;
}

TEST(RelayDecoder, FindsThePlanesAndTheirRest) {
    // r makes y and r q equal at p0: (0.5 + 0.2 x 2) / (3 - 0.2 x 1) = 0.9 / 2.8.
    const std::vector<Drive> samples = planes(0.5, 2.0, 4.0, 3.0, -1.0, 17.0);
    const RelayDecoder d = fit_relay(samples, p0);
    EXPECT_NEAR(d.r, 0.9 / 2.8, 1e-9);
    EXPECT_NEAR(d.C, 2.0 + 0.9 / 2.8, 1e-9);
    EXPECT_NEAR(d.rest_y, 4.0, 1e-8);
    EXPECT_NEAR(d.rest_q, 17.0, 1e-8);
    EXPECT_NEAR(d.R2, 1.0, 1e-12);
    EXPECT_NEAR(d.residual, 0.0, 1e-8);
    for (const Drive& s : samples)
        EXPECT_NEAR((s.y - d.rest_y - d.r * (s.q - d.rest_q)) / d.C, s.b - p0 * s.e, 1e-8);
    // Exchanged, the pathways have a signal of the other sign.
    EXPECT_LT(fit_relay(planes(3.0, 0.5, 0.0, 0.5, 2.0, 9.0), p0).C, 0.0);
}

TEST(RelayDecoder, SaysHowFarFromPlanesTheyAre) {
    std::vector<Drive> samples = planes(0.5, 2.0, 4.0, 3.0, 1.0, 17.0);
    double sign = 1.0;
    for (Drive& s : samples) s.y += (sign = -sign) * 3.0;
    const RelayDecoder d = fit_relay(samples, p0);
    double square = 0.0;
    double variance = 0.0;
    double mean = 0.0;
    for (const Drive& s : samples) mean += (s.b - p0 * s.e) / static_cast<double>(samples.size());
    for (const Drive& s : samples) {
        const double signal = s.b - p0 * s.e;
        const double estimate = (s.y - d.rest_y - d.r * (s.q - d.rest_q)) / d.C;
        square += std::pow(estimate - signal, 2.0);
        variance += std::pow(signal - mean, 2.0);
    }
    EXPECT_GT(square, 1.0);
    EXPECT_NEAR(d.residual, std::sqrt(square / static_cast<double>(samples.size())), 1e-9);
    EXPECT_NEAR(d.R2, 1.0 - square / variance, 1e-9);
}

TEST(RelayDecoder, IsRefusedBelowNineTenths) {
    RelayDecoder d{};
    d.R2 = 0.9;
    EXPECT_NO_THROW(expect_separation(d, "pv"));
    d.R2 = 0.8999;
    EXPECT_THROW(expect_separation(d, "pv"), ModelError);
}

TEST(RelayStudy, StudiesRatesFromNearlyTheMaximumToNearlySilent) {
    const std::vector<double> rates = rates_to_study(20.0);
    EXPECT_NEAR(rates.front(), 0.94 * 50.0, 1e-9);
    for (std::size_t i = 1; i < rates.size(); ++i) EXPECT_NEAR(rates[i - 1] / rates[i], 1.5, 1e-9);
    EXPECT_GT(rates.back(), 1.0);
    EXPECT_LE(rates.back(), 1.5);
}

/// Relays that do not leak add up what they hear: they fire `gain` times for each event of a sender, on
/// average, and those of each population have a rate of their own.
TEST(RelayStudy, CountsWhatSendersAndRelaysDo) {
    RelayStudy s;
    s.sender = {.name = "output",
                .model = "stochastic_pyramidal",
                .size = 40,
                .parameters = {{"R", 20.0}, {"p0", 0.25}, {"G", 3.0}, {"burst_interval", 2.0}},
                .classifier = Classifier::model,
                .background = {},
                .initial = {},
                .spike_times = {}};
    const Interneuron events{.size = 10, .tau_m = 1e6, .drive = 0.0, .gain = 2.0, .noise = 0.0, .t_ref = 0.0};
    const Interneuron bursts{.size = 5, .tau_m = 1e6, .drive = 0.0, .gain = 3.0, .noise = 0.0, .t_ref = 0.0};
    s.relays = {interneurons(events, "events"), interneurons(bursts, "bursts")};
    s.onto_relays = {onto_interneurons(events, "output", 40, "events", {"event", 1.0, {}}, 1.0),
                     onto_interneurons(bursts, "output", 40, "bursts", {"burst", 1.0, {}}, 1.0)};
    s.direct = {{{"event", 1.0, {}}}, {{"burst", 2.0, {}}, {"event", 0.5, {}}}};
    s.event_rates = {30.0, 10.0};
    s.burst_probabilities = {0.1, 0.25, 0.6};
    const std::vector<RelayPoint> points = study(s);
    ASSERT_EQ(points.size(), 6U);
    for (std::size_t i = 0; i < points.size(); ++i) {
        const RelayPoint& point = points[i];
        const double rate = s.event_rates[i / 3];
        const double p = s.burst_probabilities[i % 3];
        const double count = rate * 40.0 * s.length / 1000.0;
        EXPECT_NEAR(point.e, rate, 5.0 * rate / std::sqrt(count));
        EXPECT_NEAR(point.b / point.e, p, 5.0 * std::sqrt(p * (1.0 - p) / count));
        EXPECT_NEAR(point.direct[0], point.e, 1e-9);
        EXPECT_NEAR(point.direct[1], 2.0 * point.b + 0.5 * point.e, 1e-9);
        // A spike more or less of each cell in 2 s.
        EXPECT_NEAR(point.relays[0], 2.0 * point.e, 0.6 + 0.01 * point.e);
        EXPECT_NEAR(point.relays[1], 3.0 * point.b, 0.6 + 0.02 * point.b);
    }
}

}  // namespace
}  // namespace apical
