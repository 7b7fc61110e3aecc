#include <gtest/gtest.h>

#include "core/error.hpp"
#include "neurons/urbanczik_senn.hpp"
#include "plasticity/dendritic_prediction.hpp"
#include "simulator/following_learning.hpp"
#include "simulator/stepped_population.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

constexpr double initial_weight = 120.0;
constexpr double delay = 1.0;
constexpr double eta = 40.0;
constexpr Index cells = 4;

/// Sources that fire often, seldom, and after a silence longer than what learning remembers. All times are
/// multiples of 2^-10 ms.
std::vector<std::vector<double>> source_trains() {
    std::vector<std::vector<double>> trains(4);
    for (int i = 0; i < 300; ++i) trains[0].push_back(2.5 + 2.375 * i + (i % 3) * 0.5);
    for (int i = 0; i < 12; ++i) trains[1].push_back(7.25 + 61.5 * i);
    trains[2] = {20.5, 22.0, 24.25, 660.125, 700.5};
    for (int i = 0; i < 90; ++i) trains[3].push_back(3.0 + 7.75 * i);
    return trains;
}

NetworkDescription learners(double tolerance, const Parameters& rule = {{"eta", eta}}) {
    NetworkDescription d;
    d.seed = 3;
    d.populations = {trains("sources", source_trains()),
                     neurons("cells", "urbanczik_senn", cells, {{"tolerance", tolerance}})};
    d.populations[1].background = {{"excitatory_soma", 800.0, 9.0}, {"inhibitory_soma", 400.0, 12.0}};
    d.projections = {projection("sources", "cells", "synaptic_dend", initial_weight, delay)};
    d.projections[0].plasticity.emplace();
    d.projections[0].plasticity->rule = "dendritic_prediction";
    d.projections[0].plasticity->parameters = rule;
    return d;
}

using Weights = std::vector<std::vector<double>>;  ///< [target][source]

/// The equations of the rule, step by step: what each synapse delivered last before `end`, given the spikes
/// of the targets.
Weights integrated(const Outcome& outcome, double end, const DendriticPrediction& rule, double from = 0.0,
                   double to = 1e9) {
    constexpr double h = 0x1p-9;
    const auto sources = source_trains();
    const auto steps = static_cast<std::size_t>(end / h);
    const auto lag = static_cast<std::size_t>(delay / h);
    Weights used(cells, std::vector<double>(sources.size(), initial_weight));
    std::vector<std::vector<bool>> arrives(sources.size(), std::vector<bool>(steps + 1, false));
    for (std::size_t i = 0; i < sources.size(); ++i) {
        for (const double t : sources[i]) {
            if (t + delay < end) arrives[i][static_cast<std::size_t>((t + delay) / h)] = true;
        }
    }
    for (Index j = 0; j < cells; ++j) {
        std::vector<double> spikes(steps + 1, 0.0);
        for (const double t : outcome.train(1, j)) {
            if (t < end) spikes[static_cast<std::size_t>(t / h)] += 1.0;
        }
        std::vector<double> error(steps + 1, 0.0);  // integrated over each step
        std::vector<double> w(sources.size(), initial_weight), change(sources.size(), 0.0);
        std::vector<double> slow(sources.size(), 0.0), fast(sources.size(), 0.0);
        double V = -70.0;
        double I = 0.0;
        for (std::size_t n = 0; n < steps; ++n) {
            for (std::size_t i = 0; i < sources.size(); ++i) {
                if (!arrives[i][n]) continue;
                used[j][i] = w[i];
                I += w[i];
                slow[i] += 1.0;
                fast[i] += 1.0;
            }
            // Half a step, where the hazard of the step is taken.
            const auto slope = [&](double v, double i) { return (30.0 * (-70.0 - v) + i) / 300.0; };
            const double I_half = I * std::exp(-0.5 * h / 3.0);
            const double V_half = V + 0.5 * h * slope(V, I);
            const double x = -70.0 + 600.0 / 630.0 * (V_half + 70.0);
            const double phi = 0.15 / (1.0 + 0.5 * std::exp((-55.0 - x) / 3.0));
            const double gain = 5.0 / (1.0 + 2.0 * std::exp((x + 55.0) / 3.0));
            error[n] = gain * (spikes[n] - phi * h);
            V += h * slope(V_half, I_half);
            I *= std::exp(-h / 3.0);
            const double e = n >= lag ? error[n - lag] : 0.0;
            const double now = static_cast<double>(n) * h;
            for (std::size_t i = 0; i < sources.size(); ++i) {
                const double psp = slow[i] * std::exp(-0.5 * h / 10.0) - fast[i] * std::exp(-0.5 * h / 3.0);
                const double before = change[i];
                change[i] += (psp * e - h * before) / 100.0;
                if (now >= from && now < to) w[i] += rule.eta * h * 0.5 * (before + change[i]);
                slow[i] *= std::exp(-h / 10.0);
                fast[i] *= std::exp(-h / 3.0);
            }
        }
    }
    return used;
}

/// The largest difference, over the largest change.
double relative_error(const Network& network, const Weights& expected) {
    double error = 0.0;
    double change = 0.0;
    for (Index j = 0; j < cells; ++j) {
        for (Index i = 0; i < expected[j].size(); ++i) {
            error = std::max(error, std::abs(weight(network, "sources_to_cells", i, j) - expected[j][i]));
            change = std::max(change, std::abs(expected[j][i] - initial_weight));
        }
    }
    EXPECT_GT(change, 20.0) << "a test of weights that stay";
    return error / change;
}

struct Finished {
    Network network;
    Outcome outcome;
};

Finished run_for(const NetworkDescription& d, double duration, const Prepare& prepare = {},
                 const BuildOptions& options = {}) {
    Finished f{build(d, options), {}};
    SpikeList recorder;
    f.network.simulation->add(recorder);
    if (prepare) prepare(f.network);
    f.network.simulation->run_until(at(duration));
    f.outcome.spikes = std::move(recorder.list);
    return f;
}

TEST(Following, WeightsConvergeToThoseOfTheEquations) {
    DendriticPrediction rule;
    rule.eta = eta;
    for (const auto& [tolerance, bound] : {std::pair{1e-1, 1e-2}, {1e-3, 2e-3}, {1e-6, 2e-4}}) {
        const Finished f = run_for(learners(tolerance), 720.0);
        EXPECT_TRUE(runs_in<SteppedPopulation<UrbanczikSenn>>(f.network, "cells"));
        EXPECT_GT(f.outcome.train(1, 0).size(), 10U);
        const double error = relative_error(f.network, integrated(f.outcome, 720.0, rule));
        EXPECT_LT(error, bound) << "tolerance " << tolerance;
        RecordProperty("error", std::to_string(error));
    }
}

/// The potential is shown once in a window of a millisecond.
TEST(Following, WeightsOfVisitedCellsAreCloseToThoseOfTheEquations) {
    DendriticPrediction rule;
    rule.eta = eta;
    BuildOptions visiting;
    visiting.loop = Loop::visiting;
    const Finished f = run_for(learners(1e-6), 720.0, {}, visiting);
    EXPECT_LT(relative_error(f.network, integrated(f.outcome, 720.0, rule)), 3e-2);
}

/// The integral of Delta, which is what a weight gains, does not depend on tau_Delta in the end.
TEST(Following, ALongMemoryOutlivesASilenceOfTheSource) {
    const auto gained = [](double tau_Delta) {
        TableBuilder builder(1, 1);
        const Index source = 0;
        const float start = 0.0F;
        builder.add_target({&source, 1}, {&start, 1});
        Table synapse = builder.build(0.0);
        FollowingLearning<DendriticPrediction> learning({.eta = 1.0, .tau_Delta = tau_Delta}, synapse, 1,
                                                        ticks(1.0));
        const auto V_m = [](Index) { return -60.0; };
        learning.follow(at(0.0), V_m);
        for (int i = 0; i < 80000; ++i) {
            if (i == 10) learning.arrive(0, at(i), SpikeKind::event);
            learning.follow(at(i + 1.0), V_m);
            learning.catch_up(at(i + 1.0));
            if (i % 10000 == 0) learning.settle();
        }
        learning.enable(false);  // brings weights up to date
        return double{synapse.weights()[0]};
    };
    const double fast = gained(100.0);
    EXPECT_LT(fast, -0.5);
    EXPECT_NEAR(gained(10000.0) / fast, 1.0 - std::exp(-8.0), 1e-3);
}

/// Between two times at which the potential is shown, its part that synapses have seen is over: that and a
/// spike in it are not counted again.
TEST(Following, GoesOnWithinAStepAsIfNothingHadBeenAskedOfIt) {
    const auto learnt = [](bool spikes, bool interrupted) {
        TableBuilder builder(1, 1);
        const Index source = 0;
        const float start = 0.0F;
        builder.add_target({&source, 1}, {&start, 1});
        Table synapse = builder.build(0.0);
        FollowingLearning<DendriticPrediction> learning({.eta = 1.0}, synapse, 1, ticks(1.0));
        const auto show = [&](int time) {
            learning.follow(at(time), [&](Index) { return time % 2 == 0 ? -60.0 : -56.0; });
        };
        show(0);
        for (int window = 0; window < 9; ++window) {
            show(window + 1);
            if (window == 1) learning.arrive(0, at(1.5), SpikeKind::event);
            const std::array fired{Spike{at(window + 0.25), 0, 0}};
            if (spikes && (window == 4 || window == 6)) learning.enqueue(fired, 0);
            if (interrupted && window == 5) {
                learning.catch_up(at(5.5));  // synapses see what was until 4.5 ms
                learning.enable(false);
                learning.enable(true);
            }
            learning.catch_up(at(window + 1.0));
        }
        learning.enable(false);
        return double{synapse.weights()[0]};
    };
    for (const bool spikes : {false, true}) {
        EXPECT_GT(std::abs(learnt(spikes, false)), 1e-3);
        EXPECT_NEAR(learnt(spikes, true) / learnt(spikes, false), 1.0, 5e-4);
    }
}

/// Where windows end, and within the steps of the cells: the error is then known as far as synapses see it.
class FollowingFrom : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Times, FollowingFrom, testing::Values(200.0, 200.375, 233.8125));

TEST_P(FollowingFrom, WeightsStayWhileLearningIsOff) {
    DendriticPrediction rule;
    rule.eta = eta;
    const auto gate = [](Network& network) {
        network.simulation->schedule(at(0.0), action::GatePlasticity{false});
        network.simulation->schedule(at(GetParam()), action::GatePlasticity{true});
        network.simulation->schedule(at(GetParam() + 300.0), action::GatePlasticity{false});
    };
    const Finished f = run_for(learners(1e-5), 720.0, gate);
    EXPECT_LT(relative_error(f.network, integrated(f.outcome, 720.0, rule, GetParam(), GetParam() + 300.0)),
              1e-3);
}

TEST_P(FollowingFrom, ALearningRateMayChange) {
    DendriticPrediction rule;
    rule.eta = 2.0 * eta;
    const auto change = [](Network& network) {
        network.simulation->schedule(at(GetParam()), action::SetRuleParameter{0, "eta", 2.0 * eta});
    };
    const Finished f = run_for(learners(1e-5, {{"eta", 0.0}}), 720.0, change);
    EXPECT_LT(relative_error(f.network, integrated(f.outcome, 720.0, rule, GetParam())), 1e-3);
}

TEST(Following, WeightsKeepTheirBounds) {
    const Finished f =
        run_for(learners(1e-3, {{"eta", 20.0 * eta}, {"w_min", 110.0}, {"w_max", 125.0}}), 720.0);
    bool bounded = false;
    for (const Synapse& synapse : synapses(f.network)) {
        EXPECT_GE(synapse.weight, 110.0);
        EXPECT_LE(synapse.weight, 125.0);
        bounded |= synapse.weight == 110.0 || synapse.weight == 125.0;
    }
    EXPECT_TRUE(bounded);
}

TEST(Following, NeedsATargetThatShowsItsVariable) {
    NetworkDescription at_once = learners(1e-3);
    at_once.projections[0].plasticity->back_delay = 0.0;
    EXPECT_THROW(build(at_once), ConfigError);
    NetworkDescription other = learners(1e-3);
    other.populations[1] = neurons("cells", "lif", cells);
    other.projections[0].port = "membrane";
    EXPECT_THROW(build(other), ConfigError);
}

}  // namespace
}  // namespace apical
