#include "neurons/urbanczik_senn.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

/// With potentials at rest the hazard is constant: intervals are t_ref and an exponential.
TEST(UrbanczikSenn, FiresWithItsHazardAfterADeadTime) {
    const UrbanczikSenn cell;
    const StreamKey key(1, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    auto state = cell.initial();
    cell.receive(state, 3, 9000.0);  // [pA]
    EXPECT_FALSE(cell.advance(state, 0.0, draw));
    // V_soma settles within ms at E_L + I/(g_L + g_D), since the dendrite stays at rest.
    const double V = -70.0 + 9000.0 / 630.0;
    const double phi = 0.15 / (1.0 + 0.5 * std::exp((-55.0 - V) / 3.0));
    std::vector<double> intervals;
    double since = 0.0;
    constexpr std::size_t count = 20'000;
    while (intervals.size() < count) {
        const auto spike = cell.advance(state, 100.0, draw);
        since += spike ? spike->offset : 100.0;
        if (!spike) continue;
        intervals.push_back(since);
        EXPECT_TRUE(intervals.size() == 1 || since >= 3.0 - 1e-9);
        since = 0.0;
    }
    EXPECT_NEAR(state.V_m_soma, V, 1e-2);
    double mean = 0.0;
    for (std::size_t i = 1; i < count; ++i) mean += intervals[i] / (count - 1);
    double square = 0.0;
    for (std::size_t i = 1; i < count; ++i)
        square += (intervals[i] - mean) * (intervals[i] - mean) / (count - 1);
    // Four standard errors of 20,000 exponential intervals: 2.8 % of 1/phi, and of its SD (kurtosis 9) 5.7 %.
    EXPECT_NEAR(mean, 3.0 + 1.0 / phi, 0.029 / phi);
    EXPECT_NEAR(std::sqrt(square), 1.0 / phi, 0.06 / phi);
}

TEST(UrbanczikSenn, TheDendriteDrivesTheSomaAndNotTheReverse) {
    UrbanczikSenn cell;
    cell.phi_max = 1e-9;
    cell.tolerance = 1e-9;
    const StreamKey key(1, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    auto state = cell.initial();
    cell.receive(state, 2, 300.0);
    cell.receive(state, 3, 600.0);
    EXPECT_FALSE(cell.advance(state, 7.0, draw));
    // 300 pA decaying with 3 ms, into 300 pF that leak with 10 ms.
    const double v = (std::exp(-7.0 / 10.0) - std::exp(-7.0 / 3.0)) / (1.0 / 3.0 - 1.0 / 10.0);
    EXPECT_NEAR(state.V_m_dend, -70.0 + v, 1e-7);
    EXPECT_NEAR(state.I_dend, 300.0 * std::exp(-7.0 / 3.0), 1e-9);
    // The soma: 600 nS x v(t) and 600 pA into 300 pF and 630 nS.
    const auto part = [](double tau) {  // of exp(-t/tau), through the soma
        const double rate = 630.0 / 300.0;
        return (std::exp(-7.0 / tau) - std::exp(-7.0 * rate)) / (rate - 1.0 / tau);
    };
    const double from_dendrite = 2.0 * (part(10.0) - part(3.0)) / (1.0 / 3.0 - 1.0 / 10.0);
    EXPECT_NEAR(state.V_m_soma, -70.0 + from_dendrite + 600.0 / 630.0 * (1.0 - std::exp(-14.7)), 1e-7);
}

}  // namespace
}  // namespace apical
