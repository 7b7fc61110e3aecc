#include "simulator/linear_gain.hpp"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "neurons/adaptive_lif.hpp"
#include "neurons/alpha_lif.hpp"
#include "neurons/lif.hpp"

namespace apical {
namespace {

constexpr std::size_t stride = 8;
constexpr double slice = 0.2;  // [ms]

class Gains : public testing::TestWithParam<std::string> {
protected:
    static LinearDynamics dynamics_of(const std::string& model) {
        if (model == Lif::name) return Lif{}.linear();
        return model == AlphaLif::name ? AlphaLif{}.linear() : AdaptiveLif{}.linear();
    }
    LinearDynamics dynamics = dynamics_of(GetParam());
    Propagator propagator{dynamics.affine()};
    std::size_t n = static_cast<std::size_t>(dynamics.A.rows());

    LinearGain gain(Eigen::Index port) const {
        return {dynamics, propagator, static_cast<std::size_t>(port), slice, stride};
    }
    /// V_m of a neuron at rest, `t` after an arrival of unit weight.
    double response(Eigen::Index port, double t) const {
        Eigen::VectorXd y = Eigen::VectorXd::Zero(propagator.exponential(t).rows());
        y.head(dynamics.A.rows()) = dynamics.gains.col(port);
        return dynamics.affine_readout().dot(propagator.exponential(t) * y);
    }
};

TEST_P(Gains, SeriesIsTheGainToRounding) {
    const double piece = LinearGain::length_of_series / propagator.fastest();
    const double weight = -2.5;
    for (Eigen::Index port = 0; port < dynamics.gains.cols(); ++port) {
        for (const double middle : {0.0, -0.3, -1.1}) {
            std::vector<double> series((series_degree + 1) * stride);
            gain(port).series(propagator, weight, middle, series.data());
            for (const double x : {-0.5 * piece, -0.2 * piece, 0.0, 0.5 * piece}) {
                LinearGain::Functions phi{};
                propagator.evaluate(middle + x, phi);
                std::array<double, stride> expected{};
                gain(port).at(phi, expected.data());
                for (std::size_t k = 0; k < n; ++k) {
                    double sum = 0.0;
                    for (std::size_t d = series_degree + 1; d-- > 0;) sum = sum * x + series[d * stride + k];
                    double scale = 0.0;  // terms may cancel
                    for (std::size_t v = 0; v < n; ++v) scale = std::max(scale, std::abs(expected[v]));
                    EXPECT_NEAR(sum, weight * expected[k], 1e-14 * std::abs(weight) * scale);
                }
                EXPECT_EQ(series[n], gain(port).lift(weight));
            }
        }
    }
}

TEST_P(Gains, LiftBoundsTheResponseAndIsNotWide) {
    for (Eigen::Index port = 0; port < dynamics.gains.cols(); ++port) {
        double highest = 0.0;
        double lowest = 0.0;
        for (int i = 0; i <= 1000; ++i) {
            highest = std::max(highest, response(port, slice * i / 1000));
            lowest = std::min(lowest, response(port, slice * i / 1000));
        }
        const double wide = 0.03 * (highest - lowest);
        EXPECT_GE(gain(port).lift(1.0), highest - 1e-12);
        EXPECT_LE(gain(port).lift(1.0), highest + wide);
        EXPECT_GE(gain(port).lift(-1.0), -lowest - 1e-12);
        EXPECT_LE(gain(port).lift(-1.0), -lowest + wide);
    }
}

INSTANTIATE_TEST_SUITE_P(Models, Gains, testing::Values("lif", "adaptive_lif", "alpha_lif"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace apical
