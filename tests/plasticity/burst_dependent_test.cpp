#include "plasticity/burst_dependent.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plasticity/synapse.hpp"

namespace apical {
namespace {

static_assert(PlasticityRule<BurstCcnRule>);
static_assert(PlasticityRule<BurstpropRule>);
static_assert(PlasticityRule<VarianceReducedBurstCcnRule>);
static_assert(PlasticityRule<VarianceReducedBurstpropRule>);
static_assert(PlasticityRule<PotentialRule>);

using enum SpikeKind;

TEST(BurstDependent, DepressesAtAnEventAndPotentiatesAtItsBurst) {
    Synapse<BurstCcnRule> s{{.eta = 0.1, .tau_pre = 20.0, .p0 = 0.3}};
    s.source_spikes(0.0);
    s.target_spikes(10.0);
    EXPECT_DOUBLE_EQ(s.w, -0.1 * 0.3 * std::exp(-0.5));
    s.target_spikes(18.0, burst);
    EXPECT_DOUBLE_EQ(s.w, 0.1 * (-0.3 * std::exp(-0.5) + std::exp(-0.9)));
    const double after_burst = s.w;
    EXPECT_EQ(s.target_spikes(26.0, further), 0.0);
    EXPECT_EQ(s.w, after_burst);
}

TEST(BurstDependent, TracesTheEventsOfTheSourceAndNotItsSpikes) {
    Synapse<BurstCcnRule> s{{.eta = 1.0, .tau_pre = 20.0, .p0 = 1.0}};
    s.source_spikes(0.0, event);
    s.source_spikes(8.0, burst);
    s.source_spikes(16.0, further);
    s.source_spikes(40.0, event);
    s.target_spikes(50.0);
    EXPECT_DOUBLE_EQ(s.w, -(std::exp(-2.5) + std::exp(-0.5)));
}

TEST(BurstDependent, ChangesNothingWithoutTheSource) {
    Synapse<BurstCcnRule> s{{}, 0.7};
    s.target_spikes(10.0);
    s.target_spikes(18.0, burst);
    s.source_spikes(20.0);
    EXPECT_EQ(s.w, 0.7);
}

TEST(BurstDependent, PotentialTeachesWhatMadeTheBurstProbability) {
    Synapse<PotentialRule> s{{.eta = 0.1, .tau_pre = 20.0, .p0 = 0.3}};
    s.source_spikes(0.0);
    constexpr double potential = -1.7;
    const double p = 1.0 / (1.0 + (0.7 / 0.3) * std::exp(-potential));
    EXPECT_NEAR(s.target_spikes(10.0, event, p), potential, 1e-14);
    EXPECT_NEAR(s.w, 0.1 * potential * std::exp(-0.5), 1e-15);
    EXPECT_EQ(s.target_spikes(18.0, burst, p), 0.0);
    // Of a certain burst no more is known than that p is above 1 - 1e-6.
    EXPECT_NEAR(s.target_spikes(60.0, event, 1.0), std::log(1e6 - 1.0) + std::log(0.7 / 0.3), 1e-9);
    EXPECT_TRUE(PotentialRule{.p0 = 1.0}.check().has_value());
}

TEST(BurstDependent, VarianceReducedTeachesTheMarkAtTheEvent) {
    Synapse<VarianceReducedBurstCcnRule> s{{.eta = 0.1, .tau_pre = 20.0, .p0 = 0.3}};
    s.source_spikes(0.0);
    EXPECT_DOUBLE_EQ(s.target_spikes(10.0, event, 0.8), 0.5);
    EXPECT_DOUBLE_EQ(s.w, 0.1 * 0.5 * std::exp(-0.5));
    EXPECT_EQ(s.target_spikes(18.0, burst, 0.8), 0.0);
    EXPECT_EQ(s.target_spikes(26.0, further, 0.8), 0.0);
    EXPECT_EQ(s.target_spikes(60.0, event, 0.3), 0.0);
}

TEST(BurstDependent, ClipsToItsBounds) {
    Synapse<BurstCcnRule> s{{.eta = 10.0, .p0 = 0.5, .w_min = -0.5, .w_max = 1.0}};
    s.source_spikes(0.0);
    s.target_spikes(1.0);
    EXPECT_EQ(s.w, -0.5);
    s.target_spikes(9.0, burst);
    EXPECT_EQ(s.w, 1.0);
}

TEST(Burstprop, ComparesWithTheRatioOfDecayingCounts) {
    const double tau = 500.0;
    Synapse<BurstpropRule> s{{.tau_average = tau}};
    EXPECT_EQ(s.target_spikes(0.0), -1.0) << "0/0";
    EXPECT_EQ(s.target_spikes(8.0, burst), 1.0);
    EXPECT_EQ(s.target_spikes(100.0), -1.0) << "the burst is younger than its event: a ratio above 1";
    EXPECT_NEAR(s.target_spikes(200.0),
                -std::exp(-192.0 / tau) / (std::exp(-200.0 / tau) + std::exp(-100.0 / tau)), 1e-14);
    s.target_spikes(208.0, burst);
    s.target_spikes(216.0, further);
    EXPECT_NEAR(s.target_spikes(300.0),
                -(std::exp(-292.0 / tau) + std::exp(-92.0 / tau)) /
                    (std::exp(-300.0 / tau) + std::exp(-200.0 / tau) + std::exp(-100.0 / tau)),
                1e-14);
}

TEST(Burstprop, KeepsItsAverageThroughSilence) {
    Synapse<BurstpropRule> s{{.tau_average = 500.0}};
    s.target_spikes(0.0);
    s.target_spikes(100.0);
    s.target_spikes(108.0, burst);
    const double P = s.rule.fire(s.target, 92.0, event, no_mark);
    const double recent = s.target.bursts / s.target.events;
    EXPECT_LT(P, 0.0);
    EXPECT_NEAR(s.rule.fire(s.target, 3.6e6, event, no_mark), -recent, 1e-15);
    EXPECT_NEAR(s.rule.fire(s.target, 100.0, event, no_mark), 0.0, 1e-15) << "one event since, and no burst";
}

TEST(Burstprop, StartsFromAPrior) {
    const double tau = 500.0;
    Synapse<BurstpropRule> s{{.p0 = 0.4, .tau_average = tau, .prior = 10.0}};
    EXPECT_DOUBLE_EQ(s.target_spikes(0.0), -0.4);
    EXPECT_DOUBLE_EQ(s.target_spikes(50.0), -4.0 / 11.0);
    const double decay = std::exp(-0.1);
    EXPECT_NEAR(s.target_spikes(100.0), -4.0 * decay / (11.0 * decay + 1.0), 1e-15);
}

TEST(Burstprop, ThePriorFadesFromTheStart) {
    const double tau = 500.0;
    Synapse<BurstpropRule> s{{.p0 = 0.4, .tau_average = tau, .prior = 10.0}};
    EXPECT_NEAR(s.target_spikes(1000.0), -0.4, 1e-15);
    const double left = 10.0 * std::exp(-1000.0 / tau);
    EXPECT_NEAR(s.target_spikes(1000.0), -0.4 * left / (left + 1.0), 1e-15);
}

TEST(Burstprop, VarianceReducedAveragesMarks) {
    const double tau = 500.0;
    Synapse<VarianceReducedBurstpropRule> s{{.tau_average = tau}};
    EXPECT_DOUBLE_EQ(s.target_spikes(0.0, event, 0.2), 0.2 - 1.0);
    EXPECT_EQ(s.target_spikes(8.0, burst, 0.2), 0.0);
    EXPECT_NEAR(s.target_spikes(100.0, event, 0.6), 0.6 - 0.2, 1e-15);
    const double decay = std::exp(-100.0 / tau);
    EXPECT_NEAR(s.target_spikes(200.0, event, 0.5), 0.5 - (0.2 * decay + 0.6) / (decay + 1.0), 1e-15);
}

/// The rule as the model's equations have it: every average is a sum over all spikes so far, in s and Hz.
struct WrittenOut {
    double eta, tau_pre, alpha, r_max, r_min;
    bool of_spikes;
    double w;
    std::vector<double> source{}, events{}, bursts{}, spikes{};

    void source_event(double t) {
        const double rate = of_spikes ? 0.1 * std::exp(-t / 30.0) + sum(spikes, t, 30.0) / 30.0
                                      : sum(events, t, alpha) / alpha;
        change(std::max(0.0, r_min - rate));
        source.push_back(t);
    }
    void target_event(double t) {
        const double E = sum(events, t, alpha) / alpha;
        const double B = sum(bursts, t, alpha) / alpha;
        const double P = E > 0.0 ? std::min(B / E, 1.0) : 1.0;
        change((-P + (E > r_max ? -(E - r_max) / E : 0.0)) * sum(source, t, tau_pre));
        events.push_back(t);
        spikes.push_back(t);
    }
    void target_burst(double t) {
        const double E = sum(events, t, alpha) / alpha;
        change((1.0 + (E > r_max ? -(E - r_max) / E : 0.0)) * sum(source, t, tau_pre));
        bursts.push_back(t);
        spikes.push_back(t);
    }

    static double sum(const std::vector<double>& times, double t, double tau) {
        double all = 0.0;
        for (const double time : times) all += std::exp(-(t - time) / tau);
        return all;
    }
    void change(double by) { w = std::clamp(w + eta * by, 0.0, 1.0); }
};

TEST(Burstprop, KeepsRatesInBoundsAsTheEquationsWrittenOut) {
    // The target's rate passes both bounds: silent at first, then 20 events a second, then 1.
    for (const LowRate low_rate : {LowRate::spikes, LowRate::events}) {
        WrittenOut expected{.eta = 4e-3,
                            .tau_pre = 0.1,
                            .alpha = 2.0,
                            .r_max = 10.0,
                            .r_min = 2.0,
                            .of_spikes = low_rate == LowRate::spikes,
                            .w = 0.3};
        Synapse<BurstpropRule> s{{.eta = 4e-3,
                                  .tau_pre = 100.0,
                                  .tau_average = 2000.0,
                                  .r_max = 10.0,
                                  .r_min = 2.0,
                                  .w_min = 0.0,
                                  .w_max = 1.0,
                                  .low_rate = low_rate},
                                 0.3};
        int above = 0;
        int below = 0;
        for (int k = 0; k < 6000; ++k) {  // in steps of 10 ms; offsets keep spikes apart
            const double t = 0.01 * k;
            if (k % 11 == 0) {
                expected.source_event(t + 0.001);
                s.source_spikes(1000.0 * t + 1.0);
            }
            const int every = k < 500 ? 0 : k < 3000 ? 5 : 100;
            if (every == 0 || k % every != 0) continue;
            const double before = expected.w;
            expected.target_event(t + 0.002);
            s.target_spikes(1000.0 * t + 2.0);
            if (k % 3 == 0) {
                expected.target_burst(t + 0.009);
                s.target_spikes(1000.0 * t + 9.0, burst);
            }
            ASSERT_NEAR(s.w, expected.w, 1e-12) << t;
            above += expected.w < before ? 1 : 0;
            below += expected.w > before ? 1 : 0;
        }
        EXPECT_GT(above, 100);
        EXPECT_GT(below, 20);
    }
}

TEST(BurstDependent, NamesTheParametersItHas) {
    const auto names = [](const auto& fields) {
        std::vector<std::string_view> all;
        for (const auto& field : fields) all.push_back(field.name);
        return all;
    };
    EXPECT_THAT(names(BurstCcnRule::fields), testing::ElementsAre("eta", "tau_pre", "p0", "w_min", "w_max",
                                                                  "r_max", "r_min", "tau_average"));
    EXPECT_THAT(names(VarianceReducedBurstpropRule::fields),
                testing::ElementsAre("eta", "tau_pre", "p0", "w_min", "w_max", "r_max", "r_min",
                                     "tau_average", "prior"));
    const BurstpropRule rule;
    for (const auto& field : BurstpropRule::fields)
        EXPECT_TRUE(field.range.contains(rule.*field.member)) << field.name;
    EXPECT_EQ(rule.check(), std::nullopt);
    EXPECT_NE((BurstCcnRule{.w_min = 1.0, .w_max = 0.0}.check()), std::nullopt);
}

}  // namespace
}  // namespace apical
