#include "neurons/linear.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "neurons/adaptive_lif.hpp"
#include "neurons/alpha_lif.hpp"
#include "neurons/lif.hpp"

namespace apical {
namespace {

Eigen::MatrixXd taylor(const Eigen::MatrixXd& A, double t) {
    const int pieces = 4096;
    Eigen::MatrixXd step = Eigen::MatrixXd::Identity(A.rows(), A.cols());
    for (int k = 12; k > 0; --k)
        step = Eigen::MatrixXd::Identity(A.rows(), A.cols()) + A * (t / pieces) * step / k;
    Eigen::MatrixXd product = step;
    for (int k = 1; k < pieces; k *= 2) product = (product * product).eval();
    return product;
}

Eigen::MatrixXd chain(double tau_1, double tau_2, double tau_3) {
    return Eigen::Matrix3d{{-1 / tau_1, 0.7, 0.2}, {0, -1 / tau_2, 0.3}, {0, 0, -1 / tau_3}};
}

/// For rounding; and what underflows is as good as zero.
double hair(double phi) { return 1e-14 * std::abs(phi) + 1e-290; }

class Spectra : public testing::TestWithParam<Eigen::MatrixXd> {};

TEST_P(Spectra, ClosedFormEqualsTaylorSeries) {
    const Propagator propagator(GetParam());
    for (const double t : {-3.0, -0.01, 0.0, 0.1, 1.0, 7.0, 40.0}) {
        const Eigen::MatrixXd expected = taylor(GetParam(), t);
        EXPECT_LT((propagator.exponential(t) - expected).lpNorm<Eigen::Infinity>(),
                  1e-11 * (1.0 + expected.lpNorm<Eigen::Infinity>()))
            << "t = " << t;
    }
}

TEST_P(Spectra, BoundsContainTheFunctions) {
    const Propagator propagator(GetParam());
    std::vector<double> low(propagator.functions());
    std::vector<double> high(low);
    std::vector<double> phi(low);
    for (const double begin : {0.0, 1.5, 40.0}) {
        for (const double width : {0.01, 0.5, 6.0, 60.0, 1e4}) {
            propagator.evaluate(begin, low);
            propagator.evaluate(begin + width, high);
            propagator.bounds_between(begin, begin + width, low, high);
            for (int i = 0; i <= 200; ++i) {
                const double part = i / 200.0;  // denser at the beginning
                propagator.evaluate(begin + width * part * part * part, phi);
                for (std::size_t j = 0; j < phi.size(); ++j) {
                    EXPECT_LE(low[j], phi[j] + hair(phi[j])) << begin << " + " << width;
                    EXPECT_GE(high[j], phi[j] - hair(phi[j])) << begin << " + " << width;
                }
            }
        }
    }
}

TEST_P(Spectra, BoundsFromATimeContainTheFunctions) {
    const Propagator propagator(GetParam());
    std::vector<double> low(propagator.functions());
    std::vector<double> high(low);
    std::vector<double> phi(low);
    for (const double begin : {0.0, 0.1, 7.0, 30.0, 500.0, 1e5}) {
        propagator.bounds_from(begin, low, high);
        for (double since = 0.0; since < 1e5; since = 1.1 * since + 0.01) {
            propagator.evaluate(begin + since, phi);
            for (std::size_t j = 0; j < phi.size(); ++j) {
                EXPECT_LE(low[j], phi[j] + hair(phi[j])) << begin << " + " << since;
                EXPECT_GE(high[j], phi[j] - hair(phi[j])) << begin << " + " << since;
            }
        }
    }
}

/// Wherever close real eigenvalues have no peak inside, bounds are the ends; and near one they close in on
/// it.
TEST(Propagator, BoundsOfCloseRealEigenvaluesAreTight) {
    const Propagator propagator(chain(20, 21, 22));
    std::vector<double> low(3);
    std::vector<double> high(3);
    std::vector<double> middle(3);
    for (const double begin : {0.0, 10.0, 20.0, 40.0, 41.0, 100.0}) {
        propagator.evaluate(begin, low);
        propagator.evaluate(begin + 1.0, middle);
        propagator.evaluate(begin + 2.0, high);
        std::vector<double> highest(3);
        for (std::size_t j = 0; j < 3; ++j) highest[j] = std::max({low[j], middle[j], high[j]});
        const std::vector<double> lowest = {std::min(low[0], high[0]), std::min(low[1], high[1]),
                                            std::min(low[2], high[2])};
        propagator.bounds_between(begin, begin + 2.0, low, high);
        for (std::size_t j = 0; j < 3; ++j) {
            EXPECT_EQ(low[j], lowest[j]);
            EXPECT_NEAR(high[j], highest[j], 2e-3 * highest[j]) << begin;
        }
    }
}

TEST_P(Spectra, DerivativeIsTheDifferenceQuotient) {
    const Propagator propagator(GetParam());
    std::vector<double> k(propagator.functions());
    for (std::size_t j = 0; j < k.size(); ++j) k[j] = 1.0 + 0.5 * static_cast<double>(j);
    std::vector<double> d(k);
    propagator.differentiate(k, d);
    const auto value = [&](const std::vector<double>& c, double t) {
        std::vector<double> phi(c);
        propagator.evaluate(t, phi);
        double sum = 0;
        for (std::size_t j = 0; j < c.size(); ++j) sum += c[j] * phi[j];
        return sum;
    };
    for (const double t : {0.3, 2.0, 11.0}) {
        const double h = 1e-4;
        EXPECT_NEAR(value(d, t), (value(k, t + h) - value(k, t - h)) / (2 * h), 1e-7);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Matrices, Spectra,
    testing::Values(
        chain(20, 5, 2),                                                  // distinct
        chain(20, 20.0001, 2),                                            // nearly equal
        chain(20, 20.001, 20.003), chain(20, 22, 24), chain(20, 20, 20),  // three
        chain(20, 5, 5),                                                  // equal, defective
        Eigen::MatrixXd(Eigen::Vector3d(-0.1, -0.1, -0.5).asDiagonal()),  // equal, not defective
        Eigen::MatrixXd(Eigen::Matrix2d{{-0.1, -0.4}, {0.4, -0.1}}),      // complex
        Eigen::MatrixXd(Eigen::Matrix3d{{-0.1, -0.4, 0.1}, {0.4, -0.1, 0}, {0, 0, -0.2}}),
        AdaptiveLif::sst().linear().affine(), AdaptiveLif::sst().linear().affine_held(),
        AdaptiveLif{.tau_syn_ex = 20.0, .tau_syn_in = 20.0}.linear().affine(),
        AdaptiveLif{.a = 50.0}.linear().affine(),
        AdaptiveLif{.tau_syn_ex = 18.0, .tau_syn_in = 22.0, .a = 0.1, .tau_w = 20.0}.linear().affine(),
        AlphaLif{.tau_m = 2.1, .tau_syn_ex = 2.0, .tau_syn_in = 2.2}.linear().affine(),
        Lif{}.linear().affine()));

TEST(Propagator, LeavesOutWhatTheMinimalPolynomialDoesNotNeed) {
    // Two synapses with one time constant have one exponential, and so have two variables that stay.
    EXPECT_EQ(Propagator(AdaptiveLif{.tau_syn_ex = 5.0, .tau_syn_in = 5.0}.linear().affine()).functions(),
              4U);
    // V_m, I and y in a chain: t^2 exp(-t / tau).
    EXPECT_EQ(Propagator(AlphaLif{.tau_m = 2.0, .tau_syn_ex = 2.0, .tau_syn_in = 2.0}.linear().affine())
                  .functions(),
              4U);
    EXPECT_EQ(Propagator(AlphaLif{.tau_m = 2.0, .tau_syn_ex = 9.0, .tau_syn_in = 9.0}.linear().affine())
                  .functions(),
              4U);
}

TEST(FirstCrossing, FindsTheFirstOfTwo) {
    // -1 + a (exp(-t/5) - exp(-t)): rises over zero and falls back.
    const Propagator propagator(Eigen::MatrixXd(Eigen::Vector3d(0.0, -0.2, -1.0).asDiagonal()));
    std::vector<double> k(3);
    std::vector<double> phi(3);
    propagator.evaluate(1.0, phi);
    for (std::size_t j = 0; j < 3; ++j) {
        k[j] = std::abs(phi[j] - 1.0) < 1e-9 ? -1.0 : (std::abs(phi[j] - std::exp(-0.2)) < 1e-9 ? 1.9 : -1.9);
    }
    const auto f = [](double t) { return -1.0 + 1.9 * (std::exp(-t / 5) - std::exp(-t)); };
    double a = 0.0;
    double b = std::log(5.0) / 0.8;  // the maximum
    ASSERT_GT(f(b), 0.0);
    for (int i = 0; i < 200; ++i) (f(0.5 * (a + b)) < 0 ? a : b) = 0.5 * (a + b);
    const auto found = first_crossing(propagator, k, 0.0, 1000.0);
    ASSERT_TRUE(found);
    EXPECT_NEAR(*found, b, 1e-9);
    // Both ends below threshold, the hump between them.
    EXPECT_TRUE(first_crossing(propagator, k, 0.0, 20.0));
    EXPECT_FALSE(first_crossing(propagator, k, 0.0, b - 0.01));
    // A hump that stays below by a hair.
    const double top = (std::exp(-std::log(5.0) / 4) - std::exp(-std::log(5.0) / 0.8));
    for (double& c : k) {
        if (c != -1.0) c *= (1.0 - 1e-9) / 1.9 / top;
    }
    EXPECT_FALSE(first_crossing(propagator, k, 0.0, 1000.0));
    for (double& c : k) {
        if (c != -1.0) c *= 1.0 + 2e-9;
    }
    EXPECT_TRUE(first_crossing(propagator, k, 0.0, 1000.0));
}

TEST(LinearNeuron, ConstantCurrentGivesTheTextbookInterval) {
    const Lif model{.V_reset = -70.0, .t_ref = 2.0, .I_e = 300.0};
    const LinearNeuron<Lif> neuron(model);
    auto state = neuron.initial();
    const double drive = 300.0 * 20.0 / 200.0;  // 30 mV above rest, threshold 20 mV above it
    const double interval = 20.0 * std::log(drive / (drive - 20.0));
    const auto first = neuron.advance(state, 1000.0);
    ASSERT_TRUE(first);
    EXPECT_NEAR(first->offset, interval, 1e-9);
    const auto second = neuron.advance(state, 1000.0);
    ASSERT_TRUE(second);
    EXPECT_NEAR(second->offset, 2.0 + interval, 1e-9);
}

TEST(LinearNeuron, InputWhileRefractoryIsLost) {
    const LinearNeuron<Lif> neuron(Lif{});
    auto state = neuron.initial();
    neuron.receive(state, 0, 100.0);
    ASSERT_TRUE(neuron.advance(state, 0.0));
    neuron.receive(state, 0, 100.0);
    EXPECT_FALSE(neuron.advance(state, 1.0));
    EXPECT_DOUBLE_EQ(state.x[0], -65.0);
    EXPECT_FALSE(neuron.advance(state, 2.0));
    EXPECT_NEAR(state.x[0], -70.0 + 5.0 * std::exp(-1.0 / 20.0), 1e-12);
}

TEST(LinearNeuron, PostsynapticPotentialOfAnExponentialCurrent) {
    const LinearNeuron<AdaptiveLif> neuron(AdaptiveLif{});
    auto state = neuron.initial();
    neuron.receive(state, 0, 50.0);
    EXPECT_FALSE(neuron.advance(state, 7.0));
    const double expected =
        50.0 / 100.0 * (20.0 * 5.0 / (20.0 - 5.0)) * (std::exp(-7.0 / 20) - std::exp(-7.0 / 5));
    EXPECT_NEAR(state.x[0], -70.0 + expected, 1e-12);
}

TEST(LinearNeuron, PostsynapticPotentialOfAnAlphaCurrent) {
    const AlphaLif model{.tau_syn_ex = 0.5, .tau_syn_in = 3.0};
    const LinearNeuron<AlphaLif> neuron(model);
    const double tau[] = {model.tau_syn_ex, model.tau_syn_in};
    for (const std::size_t port : {0U, 1U}) {
        auto state = neuron.initial();
        neuron.receive(state, port, 50.0);
        EXPECT_FALSE(neuron.advance(state, tau[port]));
        EXPECT_NEAR(state.x[1 + 2 * port], 50.0, 1e-12);  // the peak
        const double t = 4.0;
        EXPECT_FALSE(neuron.advance(state, t - tau[port]));
        // V_m is the integral of exp(-(t - s) / tau_m) w e s / tau_syn exp(-s / tau_syn) / C_m over s.
        const double d = 1.0 / tau[port] - 1.0 / model.tau_m;
        const double expected = 50.0 * std::exp(1.0) / tau[port] / model.C_m * std::exp(-t / model.tau_m) *
                                (1.0 - (1.0 + d * t) * std::exp(-d * t)) / (d * d);
        EXPECT_NEAR(state.x[0], -70.0 + expected, 1e-12);
    }
}

}  // namespace
}  // namespace apical
