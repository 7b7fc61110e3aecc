#include "neurons/burst_pyramidal.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

constexpr std::size_t charge_soma = 4;
constexpr std::size_t charge_dend = 5;

/// A dendrite that is nothing but a capacitor without leak: V_m_dend counts the charge of the boxes.
BurstPyramidal counter(BurstPyramidal cell) {
    cell.C_m_dend = 1000.0;
    cell.tau_m_dend = 1e12;
    cell.G_soma = cell.G_dend = cell.a_dend = 0.0;
    cell.I_box = 1000.0;  // 1 mV per ms
    return cell;
}

/// Spikes are made at the given times by charges; V_m_dend at `end`, above rest.
double charge_of_boxes(const BurstPyramidal& cell, const std::vector<double>& spikes, double end) {
    auto state = cell.initial();
    double now = 0.0;
    for (const double time : spikes) {
        EXPECT_FALSE(cell.advance(state, time - now));
        cell.receive(state, charge_soma, 30.0);
        const auto spike = cell.advance(state, 0.0);
        EXPECT_TRUE(spike && spike->offset == 0.0) << "at the input itself";
        now = time;
    }
    EXPECT_FALSE(cell.advance(state, end - now));
    return state.V_m_dend - cell.E_L;
}

TEST(BurstPyramidal, BoxOfPayeurIsRestarted) {
    const BurstPyramidal cell = counter(BurstPyramidal::payeur2021());
    EXPECT_NEAR(charge_of_boxes(cell, {5.0}, 6.5), 1.5, 1e-6) << "begins at the spike";
    EXPECT_NEAR(charge_of_boxes(cell, {5.0}, 20.0), 2.0, 1e-6);
    EXPECT_NEAR(charge_of_boxes(cell, {5.0, 6.5}, 20.0), 3.5, 1e-6) << "not summed";
    EXPECT_NEAR(charge_of_boxes(cell, {5.0, 5.5, 6.0, 6.5, 7.0, 7.5}, 20.0), 4.5, 1e-6);
    EXPECT_NEAR(charge_of_boxes(cell, {5.0, 8.0}, 20.0), 4.0, 1e-6);
}

TEST(BurstPyramidal, BoxesOfGreedyAreDelayedAndSummed) {
    const BurstPyramidal cell = counter(BurstPyramidal::greedy2026());
    EXPECT_NEAR(charge_of_boxes(cell, {5.0}, 5.5), 0.0, 1e-6) << "not before the delay";
    EXPECT_NEAR(charge_of_boxes(cell, {5.0}, 6.5), 1.0, 1e-6);
    EXPECT_NEAR(charge_of_boxes(cell, {5.0}, 20.0), 2.0, 1e-6);
    EXPECT_NEAR(charge_of_boxes(cell, {5.0, 6.5}, 20.0), 4.0, 1e-6) << "summed";
    EXPECT_NEAR(charge_of_boxes(cell, {5.0, 5.5, 6.0, 6.5}, 20.0), 8.0, 1e-6);
}

TEST(BurstPyramidal, ChargesMoveThePotentials) {
    const BurstPyramidal cell = BurstPyramidal::greedy2026();
    auto state = cell.initial();
    cell.receive(state, charge_soma, 2.0);
    cell.receive(state, charge_dend, -1.3333);
    EXPECT_NEAR(state.V_m_soma, -70.0 + 5.4054, 1e-4);
    EXPECT_NEAR(state.V_m_dend, -70.0 - 7.8429, 1e-4);
}

TEST(BurstPyramidal, JumpOfTheAdaptationIsThatOfThePublishedCode) {
    for (const auto& [cell, jump] :
         {std::pair{BurstPyramidal::payeur2021(), 200.0}, std::pair{BurstPyramidal::greedy2026(), 0.2}}) {
        auto state = cell.initial();
        cell.receive(state, charge_soma, 30.0);
        ASSERT_TRUE(cell.advance(state, 0.0));
        EXPECT_DOUBLE_EQ(state.w_soma, jump);
        EXPECT_DOUBLE_EQ(state.theta, -48.0);
        EXPECT_DOUBLE_EQ(state.V_m_soma, -70.0);
    }
}

TEST(BurstPyramidal, DendriticDriveFollowsTheSomaUnlessTold) {
    // With the soma at the reversal, the reference's dendrite feels no inhibition at all.
    for (const double drive_dend : {0.0, 1.0}) {
        BurstPyramidal cell{.drive_dend = drive_dend};
        cell.G_soma = cell.G_dend = cell.a_dend = 0.0;
        cell.tau_m_soma = 1e12;
        auto state = cell.initial();
        state.V_m_soma = cell.E_in;
        cell.receive(state, 3, 5.0);
        EXPECT_FALSE(cell.advance(state, 5.0));
        if (drive_dend == 0.0) {
            EXPECT_NEAR(state.V_m_dend, cell.E_L, 1e-4);
        } else {
            EXPECT_LT(state.V_m_dend, cell.E_L - 5.0);
        }
    }
}

TEST(BurstPyramidal, ConductancesDoNotBecomeNegative) {
    const BurstPyramidal cell;
    auto state = cell.initial();
    cell.receive(state, 0, 0.4);
    cell.receive(state, 0, -1.0);
    EXPECT_EQ(state.g_ex_soma, 0.0);
}

TEST(BurstPyramidal, StateThatIsNoNumberIsReported) {
    const BurstPyramidal cell;
    auto state = cell.initial();
    cell.receive(state, 6, std::numeric_limits<double>::quiet_NaN());
    const auto spike = cell.advance(state, 1.0);
    ASSERT_TRUE(spike);
    EXPECT_TRUE(std::isnan(spike->offset));
}

}  // namespace
}  // namespace apical
