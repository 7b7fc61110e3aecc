#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "neurons/adex.hpp"
#include "neurons/burst_poisson.hpp"
#include "neurons/burst_pyramidal.hpp"
#include "neurons/stochastic_pyramidal.hpp"

namespace apical {
namespace {

/// Time of the first event of an integrator whose soma was kicked.
double first_event(double tolerance, double kick, double step) {
    const IntegratorPyramidal model{.tau_soma = 7.0, .bias = -1.2, .slack = tolerance};
    auto state = model.initial();
    const StreamKey key(1, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    model.receive(state, 0, kick);
    for (double now = 0.0;; now += step) {
        if (const auto event = model.advance(state, step, draw)) return now + event->offset;
    }
}

/// The same from the integral, by Simpson's rule with 2e5 pieces and bisection.
double exact(double kick) {
    const auto rate = [&](double t) {
        return 1.0 / (1.0 + std::exp(1.2 - kick * std::exp(-t / 7.0))) / 25.0;
    };
    double sum = 0.0;
    const double h = 1e-3;
    for (double t = 0.0;; t += h) {
        const double piece = h / 6 * (rate(t) + 4 * rate(t + h / 2) + rate(t + h));
        if (sum + piece >= 1.0) return t + (1.0 - sum) / rate(t);
        sum += piece;
    }
}

TEST(Integrator, SpikeTimeConvergesWithTheTolerance) {
    for (const double kick : {-4.0, 3.0, 8.0}) {
        const double expected = exact(kick);
        double coarsest = 0.0;
        for (const double tolerance : {1e-3, 1e-5, 1e-7, 1e-9, 1e-11}) {
            const double error = std::abs(first_event(tolerance, kick, 500.0) - expected);
            // The phase grows by sigma(-1.2)/R = 0.009 per ms or more at its end.
            EXPECT_LT(error, tolerance / 0.009 + 1e-6) << "kick " << kick << ", tolerance " << tolerance;
            coarsest = std::max(coarsest, error);
        }
        EXPECT_LT(std::abs(first_event(1e-11, kick, 500.0) - expected), 1e-6);
    }
}

TEST(Integrator, ErrorPerCallIsBelowTheTolerance) {
    for (const double step : {0.1, 1.0, 10.0}) {
        const double expected = exact(5.0);
        const double calls = expected / step;
        EXPECT_LT(std::abs(first_event(1e-6, 5.0, step) - expected), calls * 1e-6 / 0.009 + 1e-6) << step;
    }
}

/// Spike times in 400 ms with a constant current on `port`, every 40 ms an input on each of the first ports.
template <class Model>
std::vector<double> spike_times(Model model, double tolerance, std::size_t port, double current) {
    model.tolerance = tolerance;
    auto state = model.initial();
    const StreamKey key(1, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    const auto next = [&](double dt) {
        if constexpr (StochasticModel<Model>) {
            return model.advance(state, dt, draw);
        } else {
            return model.advance(state, dt);
        }
    };
    model.receive(state, port, current);
    std::vector<double> times;
    double now = 0.0;
    for (double input = 40.0; input <= 400.0; input += 40.0) {
        while (const auto spike = next(input - now)) times.push_back(now += spike->offset);
        now = input;
        model.receive(state, 0, 0.5);
        model.receive(state, 1, 0.3);
    }
    return times;
}

/// The largest error of a spike time falls in proportion to the tolerance, or faster.
template <class Model>
void expect_convergence(const Model& model, std::size_t port, double current, double ms_per_mV) {
    const std::vector<double> exact = spike_times(model, 1e-12, port, current);
    ASSERT_GT(exact.size(), 5U) << "a test of silence";
    for (const double tolerance : {1e-4, 1e-5, 1e-6, 1e-7}) {
        const std::vector<double> times = spike_times(model, tolerance, port, current);
        ASSERT_EQ(times.size(), exact.size()) << tolerance;
        double error = 0.0;
        for (std::size_t i = 0; i < exact.size(); ++i) error = std::max(error, std::abs(times[i] - exact[i]));
        EXPECT_LT(error, ms_per_mV * tolerance + 1e-8) << "tolerance " << tolerance;
    }
}

TEST(ErrorControl, SpikeTimesConvergeWithTheTolerance) {
    expect_convergence(BurstPyramidal::payeur2021(), 6, 700.0, 3.0);
    expect_convergence(BurstPyramidal::greedy2026(), 6, 700.0, 25.0);
    expect_convergence(BurstPoisson{}, 6, 700.0, 8.0);
    // The interneurons linger near the saddle, the upstroke takes many steps.
    expect_convergence(AdEx::pv(), 2, 250.0, 80.0);
    expect_convergence(AdEx::sst(), 2, 100.0, 30.0);
}

}  // namespace
}  // namespace apical
