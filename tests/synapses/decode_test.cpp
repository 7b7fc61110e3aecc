#include "synapses/decode.hpp"

#include <array>
#include <cmath>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace apical {
namespace {

std::vector<Drive> planes(double q_0) {
    std::vector<Drive> samples;
    for (const double e : {1.0, 4.0, 9.0, 25.0}) {
        for (const double p : {0.2, 0.5, 0.9}) {
            const double b = p * e;
            samples.push_back({e, b, 0.05 * e + 0.07 * b, q_0 + 0.9 * e + 0.5 * b});
        }
    }
    return samples;
}

TEST(Separate, RecoversPlanes) {
    for (const Rest rest : {Rest::zero, Rest::fitted}) {
        const double q_0 = rest == Rest::fitted ? 6.0 : 0.0;
        const Separation s = separate(planes(q_0), 0.2, rest);
        EXPECT_NEAR(s.a_e, 0.05, 1e-12);
        EXPECT_NEAR(s.a_b, 0.07, 1e-12);
        EXPECT_NEAR(s.q_0, q_0, 1e-11);
        EXPECT_NEAR(s.q_e, 0.9, 1e-12);
        EXPECT_NEAR(s.q_b, 0.5, 1e-12);
        EXPECT_NEAR(s.r, 0.064, 1e-12);
        EXPECT_NEAR(s.C, 0.038, 1e-12);
        EXPECT_NEAR(s.R2, 1.0, 1e-12);
        for (const Drive& d : planes(q_0)) EXPECT_NEAR(s(d.y, d.q), d.b - 0.2 * d.e, 1e-9);
    }
}

TEST(Separate, FitsWithWeightsOfOneOverTheRate) {
    // One direction only: the weighted mean of the slopes 1 and 2 at e = 1 and 4 with weights e^2 / e.
    std::vector<Drive> samples;
    for (const double b : {-1.0, 1.0}) {
        samples.push_back({1.0, b, 1.0, 1.0});
        samples.push_back({4.0, b, 8.0, 1.0});
    }
    EXPECT_NEAR(separate(samples, 0.5).a_e, (1.0 * 1.0 + 4.0 * 2.0) / 5.0, 1e-14);
}

const TsodyksMarkram facilitating{.U = 0.05, .tau_rec = 50.0, .tau_fac = 10.0};
const TsodyksMarkram depressing{.U = 0.9, .tau_rec = 10.0};

TEST(Decode, TurnsTheSignWhereSynapsesAreSwapped) {
    EXPECT_GT(decode(facilitating, depressing, {}).separation.C, 0.01);
    EXPECT_LT(decode(depressing, facilitating, {}).separation.C, -0.1);
}

TEST(Decode, FindsNoSignalInEqualSynapses) {
    EXPECT_NEAR(decode(depressing, depressing, {}).separation.C, 0.0, 1e-14);
}

TEST(Releases, AreThoseOfTheClosedForm) {
    // Without facilitation a release is U x, and the mean of x after an event follows from that before it: a
    // linear equation, whose factors are the means of exp(-t / tau_rec) over the gaps, R and an exponential.
    const TsodyksMarkram synapse{.U = 0.5, .tau_rec = 100.0};
    const Sender sender{.spikes = 2, .interval = 8.0, .R = 25.0};
    const Releases r = releases(std::array{synapse}, sender);
    std::size_t point = 0;
    for (const double rate : {1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0}) {
        for (const double p : {0.1, 0.3, 0.5, 0.7, 0.9}) {
            const double left = 1.0 - synapse.U;
            const double within = std::exp(-sender.interval / synapse.tau_rec);
            const double after_event =
                std::exp(-sender.R / synapse.tau_rec) / (1.0 + (1000.0 / rate - sender.R) / synapse.tau_rec);
            const double after_burst = after_event / within;
            // x = (1 - p) [1 - (1 - left x) E] + p [1 - (1 - left (1 - (1 - left x) within)) E']
            const double constant =
                (1.0 - p) * (1.0 - after_event) + p * (1.0 - after_burst * (1.0 - left * (1.0 - within)));
            const double slope = (1.0 - p) * left * after_event + p * left * left * within * after_burst;
            const double x = constant / (1.0 - slope);
            const double per_event = synapse.U * x + p * synapse.U * (1.0 - (1.0 - left * x) * within);
            EXPECT_NEAR(r.released[0][point] / r.e[point], per_event, 0.01 * per_event)
                << rate << " Hz, p " << p;
            EXPECT_NEAR(r.e[point], rate, 0.03 * rate);
            EXPECT_NEAR(r.b[point] / r.e[point], p, 0.02);
            ++point;
        }
    }
    EXPECT_EQ(point, r.e.size());
}

TEST(Releases, OfManySynapsesAreThoseOfEach) {
    using Variant = TsodyksMarkram::Variant;
    std::vector<TsodyksMarkram> all;
    for (const Variant variant : {Variant::tm, Variant::etm, Variant::tm3, Variant::mongillo}) {
        for (const double U : {0.05, 0.5}) {
            for (const double tau_fac : {0.0, 100.0})
                all.push_back({.variant = variant, .U = U, .tau_rec = 100.0, .tau_fac = tau_fac});
        }
        all.push_back({.variant = variant, .U = 0.5, .tau_rec = 30.0, .tau_fac = 100.0, .tau_psc = 5.0});
    }
    const Releases together = releases(all, {});
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(together.released[i], releases(std::span(&all[i], 1), {}).released[0]) << i;
}

TEST(Releases, OfAPairAreSeparatedInEitherOrder) {
    const Releases r = releases(std::array{facilitating, depressing, depressing}, {});
    const Separation s = separate(r, 0, 1, 0.5);
    EXPECT_GT(s.C, 0.01);
    EXPECT_EQ(s.R2, decode(facilitating, depressing, {}).separation.R2);
    EXPECT_EQ(separate(r, 1, 0, 0.5).R2, s.R2);
    EXPECT_EQ(separate(r, 1, 0, 0.5).C, s.C);
    EXPECT_TRUE(std::isnan(separate(r, 1, 2, 0.5).R2)) << "nothing is left of one after the other";
}

TEST(Decode, SlowsDownForALongRefractoryPeriod) {
    // 10 Hz at most; regime of time constants four times as long, so the same numbers as at R = 25 ms.
    const TsodyksMarkram slow_facilitating{.U = 0.05, .tau_rec = 200.0, .tau_fac = 40.0};
    const TsodyksMarkram slow_depressing{.U = 0.9, .tau_rec = 40.0};
    const Decoding fast = decode(facilitating, depressing, {});
    const Decoding slow = decode(slow_facilitating, slow_depressing, {.interval = 32.0, .R = 100.0});
    EXPECT_NEAR(slow.separation.r, fast.separation.r, 1e-12);
    EXPECT_NEAR(slow.separation.C, fast.separation.C, 1e-12);
    EXPECT_NEAR(slow.separation.R2, fast.separation.R2, 1e-9);
    EXPECT_NEAR(slow.null_p_slow, fast.null_p_slow, 1e-9);
    EXPECT_NEAR(slow.null_p_fast, fast.null_p_fast, 1e-9);
}

TEST(Decode, RefusesBurstsThatOverlap) {
    EXPECT_THROW(decode(facilitating, depressing, {.spikes = 1}), ModelError);
    EXPECT_THROW(decode(facilitating, depressing, {.interval = 0.0}), ModelError);
    EXPECT_THROW(decode(facilitating, depressing, {.spikes = 5, .interval = 8.0}), ModelError);
}

}  // namespace
}  // namespace apical
