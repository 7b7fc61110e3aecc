#include <cmath>
#include <ostream>

#include <gtest/gtest.h>

#include "synapses/decode.hpp"

namespace apical {
namespace {

const double none = std::nan("");  ///< no such burst probability; an R2 below zero
const double unstated = HUGE_VAL;  ///< not published

/// How well pairs of Tsodyks-Markram synapses decode b - p0 e, from a simulation independent of this one (the
/// calibration of the single-phase XOR and MNIST runs). Its trains: event intervals of R = 25 ms plus an
/// exponential time (a geometric one on a grid of 1 ms differs by up to 0.2 % in the coefficients and fits it
/// less well), event rates of 1, 2, 3, 5, 7, 10, 15, 20, 25 and 30 Hz, R2 not weighted.
struct Published {
    const char* set;
    double U_facilitating, tau_rec_facilitating, tau_fac, U_depressing, tau_rec_depressing;
    int spikes;
    double interval;
    double a_e, a_b, q_e, q_b, r, C;
    double R2, R2_at_02, null_p_3, null_p_30;
    friend std::ostream& operator<<(std::ostream& out, const Published& row) { return out << row.set; }
};

class DecodeTable : public testing::TestWithParam<Published> {};

void expect_relative(double value, double published, double tolerance, const char* what) {
    if (published == unstated) return;
    EXPECT_NEAR(value / published, 1.0, tolerance) << what << ' ' << value;
}

TEST_P(DecodeTable, IsReproduced) {
    const Published& row = GetParam();
    const TsodyksMarkram y{
        .U = row.U_facilitating, .tau_rec = row.tau_rec_facilitating, .tau_fac = row.tau_fac};
    const TsodyksMarkram q{.U = row.U_depressing, .tau_rec = row.tau_rec_depressing};
    const Decoding half = decode(y, q, {.p0 = 0.5, .spikes = row.spikes, .interval = row.interval});
    const Decoding fifth = decode(y, q, {.p0 = 0.2, .spikes = row.spikes, .interval = row.interval});
    expect_relative(half.separation.a_e, row.a_e, 0.005, "a_e");
    expect_relative(half.separation.a_b, row.a_b, 0.005, "a_b");
    expect_relative(half.separation.q_e, row.q_e, 0.005, "q_e");
    expect_relative(half.separation.q_b, row.q_b, 0.005, "q_b");
    expect_relative(half.separation.r, row.r, 0.01, "r");
    expect_relative(half.separation.C, row.C, 0.015, "C");  // printed with two digits in set A
    const auto expect_r2 = [](double value, double published) {
        if (std::isnan(published)) {
            EXPECT_LT(value, 0.0);
        } else {
            EXPECT_NEAR(value, published, 0.005);
        }
    };
    expect_r2(half.separation.R2, row.R2);
    expect_r2(fifth.separation.R2, row.R2_at_02);
    const auto expect_p = [](double value, double published) {
        if (published == unstated) return;
        if (std::isnan(published)) {
            EXPECT_TRUE(std::isnan(value));
        } else {
            EXPECT_NEAR(value, published, 0.01);
        }
    };
    expect_p(half.null_p_slow, row.null_p_3);
    expect_p(half.null_p_fast, row.null_p_30);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Bursts, DecodeTable, testing::Values(
    Published{"A", 0.02, 20, 5, 0.5, 5, 2, 8, 0.0200, 0.0236, 0.4997, 0.4478, 0.0439, 0.0039, 0.9997, 0.9999, 0.50, 0.49},
    Published{"B", 0.05, 50, 10, 0.9, 10, 2, 8, 0.0499, 0.0643, 0.8793, 0.5062, 0.0724, 0.0277, 0.989, 0.996, 0.52, 0.46},
    Published{"C", 0.05, 20, 8, 0.5, 8, 2, 8, 0.0502, 0.0656, 0.4972, 0.3995, 0.1191, 0.0180, 0.972, 0.988, 0.57, 0.44},
    Published{"D", 0.05, 20, 10, 0.5, 10, 2, 8, 0.0508, 0.0711, 0.4939, 0.3725, 0.1270, 0.0238, 0.901, 0.956, 0.66, 0.40},
    Published{"E", 0.1, 50, 20, 0.9, 20, 2, 8, 0.1063, 0.1354, 0.7945, 0.2857, 0.1856, 0.0824, 0.748, 0.897, 0.79, 0.31},
    Published{"H", 0.02, 20, 100, 0.9, 100, 2, 8, 0.0473, 0.1137, 0.3987, 0.0426, 0.248, 0.103, none, none, none, 0.04},
    Published{"B, 3 spikes", 0.05, 50, 10, 0.9, 10, 3, 6, unstated, unstated, unstated, unstated, unstated, 0.060, 0.994, 0.997, unstated, unstated},
    Published{"E, 3 spikes", 0.1, 50, 20, 0.9, 20, 3, 6, unstated, unstated, unstated, unstated, unstated, 0.156, 0.937, 0.982, 0.61, 0.40}));
// clang-format on

}  // namespace
}  // namespace apical
