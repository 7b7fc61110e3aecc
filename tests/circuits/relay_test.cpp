#include "circuits/relay.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "circuits/interneuron.hpp"
#include "core/error.hpp"

namespace apical {
namespace {

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
