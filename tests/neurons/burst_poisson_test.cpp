#include "neurons/burst_poisson.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/exp.hpp"
#include "tests/neurons/statistics.hpp"

namespace apical {
namespace {

struct Record {
    double time;
    SpikeKind kind;
    double mark;
};

std::vector<Record> run(const BurstPoisson& cell, BurstPoisson::State state, double duration,
                        std::uint64_t seed = 1) {
    const StreamKey key(seed, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    std::vector<Record> spikes;
    double now = 0.0;
    std::uint32_t events = 0;
    while (const auto spike = cell.advance(state, duration - now, draw)) {
        now += spike->offset;
        spikes.push_back({now, spike->kind, spike->mark});
        if (spike->kind == SpikeKind::event) ++events;
        EXPECT_EQ(draws, 2 * events) << "two uniforms an event, burst or not";
    }
    return spikes;
}

/// A dendrite that does not move, and a soma that fires as often as it may.
struct Clamped {
    BurstPoisson cell{.tau_m_dend = 1e12, .a_dend = 0.0, .I_e_soma = 3000.0, .tolerance = 1e-3};
    BurstPoisson::State at(double V_m_dend) const {
        auto state = cell.initial();
        state.V_m_dend = V_m_dend;
        return state;
    }
};

TEST(BurstPoissonStatistics, BurstProbabilityIsTheSigmoidOfTheDendrite) {
    const Clamped clamped;
    for (const double V : {-69.0, -60.0, -57.0, -50.0}) {
        const double p = 1.0 / (1.0 + std::exp(-(V + 57.0) / 6.0));
        double events = 0.0;
        double bursts = 0.0;
        for (const Record& spike : run(clamped.cell, clamped.at(V), 2e5)) {
            (spike.kind == SpikeKind::event ? events : bursts) += 1.0;
            if (spike.kind == SpikeKind::event) {
                ASSERT_NEAR(spike.mark, p, 1e-6);
            }
        }
        ASSERT_GT(events, 4000.0);
        EXPECT_NEAR(bursts / events, p, 4 * std::sqrt(p * (1 - p) / events)) << V;
    }
}

TEST(BurstPoissonStatistics, SecondSpikeIsUniformlyLate) {
    const Clamped clamped;
    const auto spikes = run(clamped.cell, clamped.at(-30.0), 2e5);
    std::vector<double> delays;
    for (std::size_t i = 1; i < spikes.size(); ++i) {
        if (spikes[i].kind == SpikeKind::burst) delays.push_back(spikes[i].time - spikes[i - 1].time);
    }
    ASSERT_GT(delays.size(), 3000U);
    EXPECT_LT(
        test::kolmogorov_smirnov(delays, [](double t) { return std::clamp((t - 5.0) / 10.0, 0.0, 1.0); }),
        test::ks_bound(delays.size()));
}

/// The delays of the reference: 4.9, 5.0 ... 14.8 ms.
TEST(BurstPoissonStatistics, SecondSpikeIsLateByTheStepsOfAGrid) {
    Clamped clamped;
    clamped.cell.delay_min = 4.9;
    clamped.cell.delay_max = 14.9;
    clamped.cell.delay_step = 0.1;
    const std::vector<Record> spikes = run(clamped.cell, clamped.at(-40.0), 1e5);
    std::array<int, 100> counts{};
    int bursts = 0;
    for (std::size_t i = 1; i < spikes.size(); ++i) {
        if (spikes[i].kind != SpikeKind::burst) continue;
        const double steps = (spikes[i].time - spikes[i - 1].time - 4.9) / 0.1;
        ASSERT_NEAR(steps, std::round(steps), 1e-3);  // the second spike is on a tick
        ++counts.at(static_cast<std::size_t>(std::round(steps)));
        ++bursts;
    }
    ASSERT_GT(bursts, 2000);
    double chi_square = 0.0;
    for (const int count : counts)
        chi_square += (count - 0.01 * bursts) * (count - 0.01 * bursts) / (0.01 * bursts);
    EXPECT_LT(chi_square, 149.0) << "the 99.9th percentile for 99 degrees of freedom is 148.2";
}

TEST(BurstPoissonStatistics, BurstsHaveTwoSpikesAndEventsKeepTheirDistance) {
    const Clamped clamped;
    for (const double V : {-60.0, -50.0}) {
        const auto spikes = run(clamped.cell, clamped.at(V), 2e5);
        std::size_t at_the_end = 0;
        for (std::size_t i = 1; i < spikes.size(); ++i) {
            const double interval = spikes[i].time - spikes[i - 1].time;
            if (spikes[i].kind == SpikeKind::burst) {
                ASSERT_EQ(spikes[i - 1].kind, SpikeKind::event);
            } else {
                ASSERT_GE(interval, 20.0 - 1e-9) << i;
                if (interval < 20.0 + 1e-9) ++at_the_end;
            }
        }
        EXPECT_GT(at_the_end, 1000U) << "the strong current waits for the end of refractoriness";
    }
}

TEST(BurstPoissonStatistics, EventComesWhenRefractorinessEndsIfTheSomaIsAboveThreshold) {
    const BurstPoisson cell{.I_e_dend = -1500.0};
    auto state = cell.initial();
    const StreamKey key(1, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    cell.receive(state, 6, 2000.0);
    ASSERT_TRUE(cell.advance(state, 100.0, draw));
    EXPECT_FALSE(cell.advance(state, 19.5, draw));
    EXPECT_GT(state.V_m_soma, state.theta) << "not held";
    const auto next = cell.advance(state, 0.5, draw);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->offset, 0.5);
}

TEST(BurstPoissonStatistics, SecondSpikeChangesNothingButRefractoriness) {
    const Clamped clamped;
    auto state = clamped.at(0.0);  // always a burst
    const StreamKey key(1, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    ASSERT_TRUE(clamped.cell.advance(state, 100.0, draw));
    const double delay = state.countdown;
    auto before = state;
    EXPECT_FALSE(clamped.cell.advance(before, delay - 1e-6, draw));
    const auto second = clamped.cell.advance(state, 100.0, draw);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->kind, SpikeKind::burst);
    EXPECT_DOUBLE_EQ(second->offset, delay);
    EXPECT_NEAR(state.V_m_soma, before.V_m_soma, 1e-4);
    EXPECT_NEAR(state.theta, before.theta, 1e-4);
    EXPECT_NEAR(state.w_soma, before.w_soma, 1e-4);
    EXPECT_EQ(state.refractory, 20.0);
    EXPECT_LT(state.countdown, 0.0);
}

}  // namespace
}  // namespace apical
