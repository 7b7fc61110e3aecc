#include "synapses/decode.hpp"

#include <cmath>
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
