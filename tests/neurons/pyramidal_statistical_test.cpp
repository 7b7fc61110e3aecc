#include <cmath>

#include <gtest/gtest.h>

#include "neurons/stochastic_pyramidal.hpp"
#include "tests/neurons/statistics.hpp"
#include "tests/neurons/visited.hpp"

namespace apical {
namespace {

using namespace test;

// Fixed seeds: a test passes always or never. Bounds are four standard errors (6e-5 by chance), or the
// Kolmogorov-Smirnov distance that chance exceeds once in ten thousand.

double sigma(double u) { return 1.0 / (1.0 + std::exp(-u)); }
double logit(double p) { return std::log(p / (1.0 - p)); }

struct Event {
    double time;
    double mark;
    std::vector<double> rest{};  ///< intervals to the further spikes
};

template <class Model>
struct Recording {
    decltype(visited(std::declval<Model>())) model;
    typename decltype(model)::State state = model.initial();
    StreamKey key;
    std::uint32_t draws = 0;
    double now = 0.0;
    std::vector<Event> events{};

    explicit Recording(const Model& m, std::uint64_t seed = 1)
        : model(visited(m)), key(seed, "model", "cell") {}

    void advance(double dt) {
        Draw draw(key, draws);
        double left = dt;
        while (const auto spike = model.advance(state, left, draw)) {
            left -= spike->offset;
            now += spike->offset;
            if (spike->kind == SpikeKind::event) {
                events.push_back({now, spike->mark});
            } else {
                EXPECT_EQ(spike->kind, events.back().rest.empty() ? SpikeKind::burst : SpikeKind::further);
                events.back().rest.push_back(now - events.back().time);
            }
        }
        now += left;
    }
    void receive(std::size_t port, double weight) { model.receive(state, port, weight); }
    double burst_fraction() const {
        double bursts = 0.0;
        for (const Event& e : events) bursts += e.rest.empty() ? 0.0 : 1.0;
        return bursts / static_cast<double>(events.size());
    }
    std::vector<double> intervals() const {
        std::vector<double> list;
        for (std::size_t i = 1; i < events.size(); ++i) list.push_back(events[i].time - events[i - 1].time);
        return list;
    }
};

class Potentials : public testing::TestWithParam<double> {};

TEST_P(Potentials, RateOfEscapeEventsIsSigmaOverR) {
    const StochasticPyramidal model{.bias = GetParam()};
    Recording r(model);
    const double mean_interval = model.R / sigma(GetParam());
    for (int i = 0; i < 1000; ++i) r.advance(20 * mean_interval);
    const auto intervals = r.intervals();
    // R + exponential of mean R e^-u: so is its standard deviation.
    EXPECT_NEAR(mean(intervals), mean_interval,
                4 * model.R * std::exp(-GetParam()) / std::sqrt(static_cast<double>(intervals.size())));
    const auto cdf = [&](double t) {
        return t < model.R ? 0.0 : 1.0 - std::exp(-(t - model.R) * std::exp(GetParam()) / model.R);
    };
    EXPECT_LT(kolmogorov_smirnov(intervals, cdf), ks_bound(intervals.size()));
}

TEST_P(Potentials, RateOfTheIntegratorIsSigmaOverR) {
    const IntegratorPyramidal model{.bias = GetParam()};
    Recording r(model);
    for (int i = 0; i < 100; ++i) r.advance(100.0);
    ASSERT_FALSE(r.events.empty());
    // Not random: each interval to the tolerance of the phase, in each of the calls that an interval is cut
    // into.
    for (const double interval : r.intervals())
        EXPECT_NEAR(interval, model.R / sigma(GetParam()), 1e-5 * model.R / sigma(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Constant, Potentials, testing::Values(-3.0, -1.0, 0.0, 1.0, 3.0));

/// Time-rescaling theorem: the hazard integrated from the end of refractoriness to the event is a unit
/// exponential. Inputs come and go, excitatory and inhibitory, so bounds are kept, loosened and exceeded.
TEST(Escape, IntegratedHazardIsAUnitExponential) {
    for (const double kick : {0.3, 2.0}) {
        const StochasticPyramidal model{.tau_soma = 12.0, .bias = -1.0};
        Recording r(model, 3);
        Stream random(StreamKey(5, "inputs", "cell"));
        double x = 0.0;
        double integral = 0.0;
        std::vector<double> rescaled;
        double free_from = 0.0;
        for (int i = 0; i < 60000; ++i) {
            const double dt = -4.0 * log(uniform(random()));
            const double start = r.now;
            const std::size_t known = r.events.size();
            r.advance(dt);
            // Simpson's rule on pieces of at most 0.05 ms, from the end of refractoriness on: error below
            // 1e-8.
            const auto hazard = [&](double t) {
                return std::exp(model.bias + x * std::exp(-(t - start) / model.tau_soma)) / model.R;
            };
            const auto integrate = [&](double from, double to) {
                if (to <= from) return 0.0;
                const int n = static_cast<int>(std::ceil((to - from) / 0.05));
                const double h = (to - from) / n;
                double sum = 0.0;
                for (int k = 0; k < n; ++k) {
                    const double a = from + k * h;
                    sum += h / 6 * (hazard(a) + 4 * hazard(a + h / 2) + hazard(a + h));
                }
                return sum;
            };
            double from = start;
            for (std::size_t e = known; e < r.events.size(); ++e) {
                integral += integrate(std::max(from, free_from), r.events[e].time);
                rescaled.push_back(integral);
                integral = 0.0;
                from = r.events[e].time;
                free_from = from + model.R;
            }
            integral += integrate(std::max(from, free_from), r.now);
            x *= std::exp(-dt / model.tau_soma);
            const double w = uniform(random()) < 0.35 ? -kick : kick;
            x += w;
            r.receive(0, w);
        }
        EXPECT_GT(rescaled.size(), 3000U);
        EXPECT_LT(kolmogorov_smirnov(rescaled, [](double t) { return 1.0 - std::exp(-t); }),
                  ks_bound(rescaled.size()))
            << kick;
        // Successive ones are independent.
        std::vector<double> first(rescaled.begin(), rescaled.end() - 1);
        std::vector<double> second(rescaled.begin() + 1, rescaled.end());
        EXPECT_LT(std::abs(correlation(first, second)), 4 / std::sqrt(static_cast<double>(first.size())))
            << kick;
    }
}

/// Both cells: a dendrite that does not forget sets the burst probability of each event.
template <class Model>
class BurstLottery : public testing::Test {};
using Cells = testing::Types<StochasticPyramidal, IntegratorPyramidal>;
TYPED_TEST_SUITE(BurstLottery, Cells);

TYPED_TEST(BurstLottery, FollowsTheDendrite) {
    for (const double d : {-1.5, -0.3, 0.0, 0.4, 2.0}) {
        for (const double u : {-1.0, 1.0}) {
            const TypeParam model{.tau_dend = 1e12, .bias = u, .p0 = 0.3, .g = 2.5};
            Recording<TypeParam> r(model, 9);
            r.receive(1, d);
            r.advance(3e5);
            const double p = sigma(logit(0.3) + 2.5 * (1.0 - sigma(u)) * d);
            const auto n = static_cast<double>(r.events.size());
            ASSERT_GT(n, 2000.0);
            EXPECT_NEAR(r.burst_fraction(), p, 4 * std::sqrt(p * (1 - p) / n));
            for (const Event& e : r.events) EXPECT_NEAR(e.mark, p, 1e-6);
        }
    }
}

TYPED_TEST(BurstLottery, FollowsTheTarget) {
    for (const double target : {0.05, 0.6, 0.9}) {
        for (const double G : {1.0, 2.0}) {
            const TypeParam model{.bias = 0.0, .p0 = 0.4, .G = G};
            Recording<TypeParam> r(model, 13);
            r.state.target = target;
            r.receive(1, 100.0);  // the dendrite has no say
            r.advance(3e5);
            const double error = target - 0.5;
            const double p = std::clamp(0.4 * (1.0 + (error > 0.0 ? G * error : error)), 0.0, 1.0);
            const auto n = static_cast<double>(r.events.size());
            EXPECT_NEAR(r.burst_fraction(), p, 4 * std::sqrt(p * (1 - p) / n));
            EXPECT_NEAR(r.events.back().mark, p, 1e-12);
        }
    }
}

TYPED_TEST(BurstLottery, IsClipped) {
    for (const double target : {-5.0, 20.0}) {
        Recording<TypeParam> r(TypeParam{.p0 = 0.5});
        r.state.target = target;
        r.advance(4990.0);  // the integrator's next event would be at 5000
        EXPECT_EQ(r.burst_fraction(), target < 0.0 ? 0.0 : 1.0);
        EXPECT_EQ(r.events.front().mark, target < 0.0 ? 0.0 : 1.0);
    }
}

TYPED_TEST(BurstLottery, SpikesOfABurstKeepTheirDistance) {
    const TypeParam model{.R = 40.0, .bias = 1.0, .p0 = 0.5, .burst_spikes = 4.0, .burst_interval = 8.0};
    Recording<TypeParam> r(model);
    // In steps that do not divide the interval.
    for (int i = 0; i < 5000; ++i) r.advance(3.7);
    std::size_t bursts = 0;
    for (const Event& e : r.events) {
        if (e.rest.empty() || &e == &r.events.back()) continue;
        ++bursts;
        ASSERT_EQ(e.rest.size(), 3U);
        for (std::size_t k = 0; k < 3; ++k)
            EXPECT_NEAR(e.rest[k], 8.0 * static_cast<double>(k + 1), 1e-9);  // sums up to 2e4
    }
    EXPECT_GT(bursts, 100U);
    for (const double interval : r.intervals()) EXPECT_GE(interval, model.R - 1e-6) << "no event within R";
}

TYPED_TEST(BurstLottery, TracesDecayWithTheirTimeConstants) {
    Recording<TypeParam> r(TypeParam{.tau_soma = 10.0, .tau_dend = 30.0, .bias = -50.0});
    r.receive(0, 2.0);
    r.advance(4.0);
    r.receive(1, -3.0);
    r.advance(6.0);
    EXPECT_NEAR(r.state.x, 2.0 * std::exp(-1.0), 1e-14);
    EXPECT_NEAR(r.state.d, -3.0 * std::exp(-0.2), 1e-14);
    r.receive(2, 0.7);
    EXPECT_DOUBLE_EQ(r.state.bias, -49.3);
}

}  // namespace
}  // namespace apical
