#include "training/patience.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

/// Epochs until it is over; 0: not by the end of the list.
std::size_t over_after(Index epochs, const std::vector<double>& errors) {
    Patience patience(epochs);
    for (std::size_t i = 0; i < errors.size(); ++i) {
        EXPECT_FALSE(patience.is_over());
        patience.see(errors[i]);
        if (patience.is_over()) return i + 1;
    }
    return 0;
}

TEST(Patience, EndsAfterSoManyEpochsWithoutABetterOne) {
    EXPECT_EQ(over_after(0, {9.0, 9.0, 9.0, 9.0, 9.0, 9.0}), 0U) << "never";
    EXPECT_EQ(over_after(1, {9.0, 8.0, 7.0, 6.0}), 0U) << "always better";
    EXPECT_EQ(over_after(1, {9.0, 8.0, 8.0, 1.0}), 3U) << "no worse is not better";
    EXPECT_EQ(over_after(2, {9.0, 8.0, 8.5, 7.0, 7.0, 7.5, 1.0}), 6U);
    EXPECT_EQ(over_after(3, {5.0, 6.0, 5.5, 5.2, 1.0}), 4U)
        << "better than the last is not better than the best";
    EXPECT_EQ(over_after(2, {5.0, 6.0, 4.0, 6.0, 3.0, 6.0}), 0U);
}

}  // namespace
}  // namespace apical
