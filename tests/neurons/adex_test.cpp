#include "neurons/adex.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace apical {
namespace {

TEST(AdEx, IsHeldAtRestAfterASpikeUnlessTold) {
    for (const auto& [hold, held_at] : {std::pair{1.0, -70.0}, std::pair{0.0, -65.0}}) {
        AdEx cell = AdEx::sst();
        cell.hold_at_E_L = hold;
        auto state = cell.initial();
        cell.receive(state, 2, 200.0);
        ASSERT_TRUE(cell.advance(state, 1000.0));
        EXPECT_NEAR(state.w, 10.0, 0.2) << "b, and what a has gathered";
        EXPECT_FALSE(cell.advance(state, 1.999));
        EXPECT_EQ(state.V_m, held_at);
        EXPECT_FALSE(cell.advance(state, 0.1));
        EXPECT_GT(state.V_m, held_at);
    }
}

TEST(AdEx, DoesNotFallBelowItsFloor) {
    const AdEx cell = AdEx::pv();
    auto state = cell.initial();
    cell.receive(state, 2, -500.0);
    EXPECT_FALSE(cell.advance(state, 50.0));
    EXPECT_EQ(state.V_m, -80.0);
    cell.receive(state, 2, 600.0);  // leaves it at once
    EXPECT_FALSE(cell.advance(state, 100.0));
    EXPECT_NEAR(state.V_m, -60.0, 1e-2);
}

}  // namespace
}  // namespace apical
