#include "plasticity/triplet_stdp.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tests/plasticity/synapse.hpp"

namespace apical {
namespace {

static_assert(PlasticityRule<TripletStdp>);

TEST(TripletStdp, IsTheSumOverPairsAndTriplets) {
    const TripletStdp rule{.A2_plus = 0.03,
                           .A3_plus = 0.2,
                           .A2_minus = 0.07,
                           .A3_minus = 0.11,
                           .tau_plus = 17.0,
                           .tau_x = 90.0,
                           .tau_minus = 34.0,
                           .tau_y = 120.0,
                           .w_min = -100.0};
    Synapse<TripletStdp> s{rule};
    std::vector<double> sources, targets;
    double expected = 0.0;
    const auto sum = [](const std::vector<double>& times, double t, double tau) {
        double all = 0.0;
        for (const double time : times) all += std::exp(-(t - time) / tau);
        return all;
    };
    for (int k = 0; k < 60; ++k) {  // at no time twice
        const double t = 3.7 * k + 0.1 * (k * k % 7);
        if (k % 3 == 1) {
            expected += sum(sources, t, 17.0) * (0.03 + 0.2 * sum(targets, t, 120.0));
            s.target_spikes(t, k % 2 == 0 ? SpikeKind::event : SpikeKind::further);
            targets.push_back(t);
        } else {
            expected -= sum(targets, t, 34.0) * (0.07 + 0.11 * sum(sources, t, 90.0));
            s.source_spikes(t, k % 2 == 0 ? SpikeKind::event : SpikeKind::burst);
            sources.push_back(t);
        }
        ASSERT_NEAR(s.w, expected, 1e-12 * (1.0 + std::abs(expected))) << k;
    }
}

/// Sixty pairs at `rate` [Hz], the target spiking `lag` [ms] after the source: the relative change of a
/// weight of 1.
double after_pairing(double rate, double lag) {
    Synapse<TripletStdp> s{{}, 1.0};
    for (int k = 0; k < 60; ++k) {
        const double t = 100.0 + 1000.0 * k / rate;
        if (lag > 0.0) s.source_spikes(t);
        s.target_spikes(t + std::max(lag, 0.0));
        if (lag < 0.0) s.source_spikes(t - lag);
    }
    return s.w - 1.0;
}

TEST(TripletStdp, HasThePublishedDependenceOnTheRate) {
    // Pfister & Gerstner (2006), figure 4A, all-to-all: no potentiation by pre before post at 0.1 Hz, which
    // grows with the rate, depression by post before pre, which turns into potentiation by 50 Hz. Sjostrom et
    // al. (2001) measured +0.53 and +0.56 at 40 and 50 Hz, -0.29 and -0.41 at 0.1 and 10 Hz.
    EXPECT_NEAR(after_pairing(0.1, 10.0), 0.0, 0.05);
    EXPECT_NEAR(after_pairing(0.1, -10.0), -0.29, 0.08);
    EXPECT_GT(after_pairing(20.0, 10.0), after_pairing(10.0, 10.0));
    EXPECT_NEAR(after_pairing(40.0, 10.0), 0.53, 0.15);
    EXPECT_NEAR(after_pairing(10.0, -10.0), -0.41, 0.15);
    EXPECT_GT(after_pairing(50.0, -10.0), 0.2);
}

TEST(TripletStdp, KeepsItsBounds) {
    Synapse<TripletStdp> s{{.A2_plus = 3.0, .A2_minus = 5.0, .w_max = 1.0}, 0.5};
    s.source_spikes(0.0);
    s.target_spikes(1.0);
    EXPECT_EQ(s.w, 1.0);
    s.source_spikes(2.0);
    EXPECT_EQ(s.w, 0.0);
    EXPECT_NE((TripletStdp{.w_min = 2.0, .w_max = 1.0}.check()), std::nullopt);
}

}  // namespace
}  // namespace apical
