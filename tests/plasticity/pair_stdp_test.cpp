#include "plasticity/pair_stdp.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/plasticity/synapse.hpp"

namespace apical {
namespace {

static_assert(PlasticityRule<PairStdp>);

constexpr double unbounded = -std::numeric_limits<double>::max();
const PairStdp rule{.A_plus = 0.3, .A_minus = 0.2, .tau_plus = 17.0, .tau_minus = 34.0, .w_min = unbounded};

TEST(PairStdp, HasExponentialWindows) {
    for (const double s : {0.5, 1.0, 10.0, 17.0, 100.0}) {
        Synapse<PairStdp> causal{rule};
        causal.source_spikes(0.0);
        causal.target_spikes(s);
        EXPECT_DOUBLE_EQ(causal.w, 0.3 * std::exp(-s / 17.0));

        Synapse<PairStdp> acausal{rule};
        acausal.target_spikes(0.0);
        acausal.source_spikes(s);
        EXPECT_DOUBLE_EQ(acausal.w, -0.2 * std::exp(-s / 34.0));
    }
}

TEST(PairStdp, PairsAllSpikesWithAll) {
    Synapse<PairStdp> s{rule};
    s.source_spikes(0.0);
    s.source_spikes(5.0, SpikeKind::burst);
    s.target_spikes(12.0);
    s.target_spikes(20.0, SpikeKind::burst);
    s.source_spikes(30.0, SpikeKind::further);
    double expected = 0.0;
    for (const double interval : {12.0, 20.0, 7.0, 15.0}) expected += 0.3 * std::exp(-interval / 17.0);
    for (const double interval : {18.0, 10.0}) expected -= 0.2 * std::exp(-interval / 34.0);
    EXPECT_NEAR(s.w, expected, 1e-15);
}

TEST(PairStdp, ChangesNothingWithoutAPartner) {
    Synapse<PairStdp> s{rule, 0.4};
    s.source_spikes(0.0);
    s.source_spikes(1.0);
    EXPECT_EQ(s.w, 0.4);
}

TEST(PairStdp, ClipsToItsBounds) {
    Synapse<PairStdp> s{{.A_plus = 3.0, .A_minus = 5.0, .w_max = 1.0}, 0.5};
    s.source_spikes(0.0);
    s.target_spikes(1.0);
    EXPECT_EQ(s.w, 1.0);
    s.source_spikes(2.0);
    EXPECT_EQ(s.w, 0.0);
}

TEST(PairStdp, TakesPowersOfTheWeight) {
    // Power-law potentiation and multiplicative depression, weights in pA (Morrison et al. 2007).
    Synapse<PairStdp> s{{.A_plus = 0.1,
                         .A_minus = 0.1 * 0.0513,
                         .tau_plus = 15.0,
                         .tau_minus = 30.0,
                         .mu_plus = 0.4,
                         .mu_minus = 1.0},
                        45.6096};
    s.source_spikes(0.0);
    s.target_spikes(6.0);
    const double potentiated = 45.6096 + 0.1 * std::pow(45.6096, 0.4) * std::exp(-6.0 / 15.0);
    EXPECT_NEAR(s.w, potentiated, 1e-13 * potentiated);
    s.source_spikes(18.0);
    const double depressed = potentiated * (1.0 - 0.1 * 0.0513 * std::exp(-12.0 / 30.0));
    EXPECT_NEAR(s.w, depressed, 1e-13 * depressed);

    Synapse<PairStdp> silent{{.mu_plus = 0.4, .mu_minus = 1.0}};
    silent.source_spikes(0.0);
    silent.target_spikes(1.0);
    silent.source_spikes(2.0);
    EXPECT_EQ(silent.w, 0.0);
}

TEST(PairStdp, ChecksItsParameters) {
    for (const auto& field : PairStdp::fields)
        EXPECT_TRUE(field.range.contains(PairStdp{}.*field.member)) << field.name;
    EXPECT_EQ(PairStdp{}.check(), std::nullopt);
    EXPECT_NE((PairStdp{.w_min = 2.0, .w_max = 1.0}.check()), std::nullopt);
    EXPECT_NE((PairStdp{.mu_plus = 0.4, .w_min = -1.0}.check()), std::nullopt);
}

}  // namespace
}  // namespace apical
