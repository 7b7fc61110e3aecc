#include <cmath>

#include <gtest/gtest.h>

#include "neurons/stochastic_pyramidal.hpp"

namespace apical {
namespace {

/// Time of the first event of an integrator whose soma was kicked.
double first_event(double tolerance, double kick, double step) {
    const IntegratorPyramidal model{.tau_soma = 7.0, .bias = -1.2, .tolerance = tolerance};
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

}  // namespace
}  // namespace apical
