#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/training/observer.hpp"
#include "tests/training/runs.hpp"

// The protocol of Payeur et al. (2021), figure 4, as examples/xor-burstprop/README.md has it: a burn-in; a
// test of the patterns (0,0), (1,0), (0,1), (1,1); epochs of the four in this order; a test again. A pattern
// is a current of -350 or 150 pA into the somata of an input. In the last part of a training pattern each
// output cell has an error current on top of its constant one, computed from its own recent event rate, and
// weights learn.

namespace apical {
namespace {

using test::EnsemblesOnXor;
using test::Observer;
using test::run_ensembles;
using test::Told;
using test::watched;
using Algorithm = EnsemblesConfig::Algorithm;

constexpr std::array<std::array<int, 2>, 4> patterns{{{0, 0}, {1, 0}, {0, 1}, {1, 1}}};

EnsemblesOnXor small(Algorithm algorithm) {
    EnsemblesOnXor c;
    c.algorithm = algorithm;
    c.epochs = 2;
    c.presentation = 60.0;
    c.teaching = 0.25;
    c.burn_in = 60.0;
    c.neurons = 30;
    c.indegree = 20.0;
    c.tau_average = 50.0;
    c.current.output = 300.0;
    c.weight_ex = 0.9;
    c.weight_in = 0.05;
    c.record = {.spikes = false, .traces = false, .weights = false};
    return c;
}

struct Presentation {
    double from;
    double taught;  ///< from when; to: never
    double to;
    std::size_t pattern;
    std::size_t round;
    bool train;
    bool one() const { return patterns[pattern][0] != patterns[pattern][1]; }
};

std::vector<Presentation> planned(const EnsemblesOnXor& c) {
    std::vector<Presentation> list;
    const std::size_t rounds = c.epochs + std::size_t{2};
    for (std::size_t i = 0; i < 4 * rounds; ++i) {
        const double from = c.burn_in + c.presentation * static_cast<double>(i);
        const double to = from + c.presentation;
        const bool train = i >= 4 && i < 4 * (rounds - 1);
        list.push_back({from, train ? to - c.teaching * c.presentation : to, to, i % 4, i / 4, train});
    }
    return list;
}

/// Each output cell's event rate [Hz] at `time`: +1/tau at each of its events, decaying with tau.
std::vector<double> rates_at(const EnsemblesOnXor& c, const Observer& seen, double time) {
    std::vector<double> rates(c.neurons);
    for (const Spike& s : seen.spikes_of("output", 0.0, time, SpikeKind::event))
        rates[s.neuron] += 1000.0 / c.tau_average * std::exp(-(time - ms(s.time)) / c.tau_average);
    return rates;
}

/// [pA] The derivative of the cross-entropy between 2 and 10 Hz, with a tolerance of 1 Hz at either end.
double error_current(double rate, bool one) {
    if (one) return rate >= 9.0 ? 0.0 : std::min(1000.0, 1000.0 / std::max(rate - 2.0, 1.0));
    return rate <= 3.0 ? 0.0 : -std::min(1000.0, 1000.0 / std::max(10.0 - rate, 1.0));
}

void expect_currents(const EnsemblesOnXor& c, const std::vector<Presentation>& list, const Observer& seen) {
    for (const Presentation& p : list) {
        std::vector<double> errors;
        double sent = -1.0;
        for (const Observer::Moment* moment : seen.between(p.from, p.to)) {
            for (std::size_t input = 0; input < 2; ++input) {
                const double current = patterns[p.pattern][input] == 1 ? 150.0 : -350.0;
                ASSERT_THAT(moment->states.at("input_" + std::to_string(input + 1) + ".I_soma"),
                            testing::Each(current))
                    << moment->end;
            }
            ASSERT_THAT(moment->states.at("hidden_1.I_dend"), testing::Each(c.current.hidden_1));
            ASSERT_THAT(moment->states.at("hidden_2.I_dend"), testing::Each(c.current.hidden_2));
            const std::vector<double>& currents = moment->states.at("output.I_dend");
            if (moment->end < p.taught + 1e-6) {
                ASSERT_THAT(currents, testing::Each(c.current.output)) << moment->end;
                continue;
            }
            const double every = c.teach_every > 0.0 ? c.teach_every : c.presentation;
            const double middle = 0.5 * (moment->begin + moment->end);
            const double due = p.taught + every * std::floor((middle - p.taught) / every);
            if (due != sent) {
                errors = rates_at(c, seen, due);
                for (double& value : errors) value = c.current.output + error_current(value, p.one());
                sent = due;
            }
            for (Index i = 0; i < c.neurons; ++i)
                ASSERT_NEAR(currents[i], errors[i], 1e-6 * std::abs(errors[i]) + 1e-6)
                    << "cell " << i << " at " << moment->end;
        }
    }
}

/// Weights are bit for bit the same whenever nothing is taught, and all that learn change while it is.
void expect_learning_while_taught_only(const EnsemblesOnXor& c, const std::vector<Presentation>& list,
                                       const Observer& seen) {
    std::set<std::string> expected{"hidden_1_to_output", "hidden_2_to_output"};
    for (const char* input : {"input_1", "input_2"}) {
        for (const char* hidden : {"hidden_1", "hidden_2"})
            expected.insert(std::string(input) + "_to_" + hidden);
    }
    EXPECT_EQ(seen.learning(), expected);
    std::set<std::string> early;
    std::set<std::string> late;
    const auto moments = seen.between(0.0, seen.end());
    auto p = list.begin();
    const double edge = 0.25 * c.teaching * c.presentation;
    for (std::size_t i = 1; i < moments.size(); ++i) {
        while (p != list.end() && p->to < moments[i]->end - 1e-6) ++p;
        ASSERT_NE(p, list.end());
        const bool taught = moments[i]->end > p->taught + 1e-6;
        for (const std::string& name : expected) {
            if (moments[i]->weights.at(name) == moments[i - 1]->weights.at(name)) continue;
            ASSERT_TRUE(taught) << name << " changed at " << moments[i]->end;
            if (moments[i]->end < p->taught + edge) early.insert(name);
            if (moments[i]->end > p->to - edge) late.insert(name);
        }
    }
    EXPECT_EQ(early, expected);
    EXPECT_EQ(late, expected);
}

/// The answer is the output's mean event rate before it is taught; taught from the beginning, at the end.
void expect_answers(const EnsemblesOnXor& c, const std::vector<Presentation>& list, const Observer& seen,
                    const Told& told) {
    const std::array names{"00", "10", "01", "11"};
    const std::size_t rounds = c.epochs + std::size_t{2};
    ASSERT_EQ(told.metrics.size(), rounds);
    for (std::size_t round = 0; round < rounds; ++round) {
        double cost = 0.0;
        double right = 0.0;
        for (std::size_t k = 0; k < 4; ++k) {
            const Presentation& p = list[4 * round + k];
            const std::vector<double> rates =
                rates_at(c, seen, p.train && p.taught > p.from ? p.taught : p.to);
            double mean = 0.0;
            for (const double rate : rates) mean += rate / c.neurons;
            const double m = std::clamp((mean - 2.0) / 8.0, 0.01, 0.99);
            cost -= std::log(p.one() ? m : 1.0 - m);
            right += (mean > 6.0) == p.one() ? 1.0 : 0.0;
            const std::string name = names.at(k);
            EXPECT_NEAR(told.metric(round, "event_rate_" + name + "_hz"), mean, 1e-9) << round;
            if (round == 0) {
                EXPECT_NEAR(told.fact("before_" + name + "_hz"), mean, 1e-9);
            }
            if (round + 1 == rounds) {
                EXPECT_NEAR(told.fact("after_" + name + "_hz"), mean, 1e-9);
            }
        }
        EXPECT_NEAR(told.metric(round, "cost"), cost, 1e-9) << round;
        const bool train = round > 0 && round + 1 < rounds;
        EXPECT_EQ(std::get<std::string>(told.metrics[round].at("phase")), train ? "training" : "test");
        if (round + 1 == rounds) {
            EXPECT_EQ(told.fact("patterns_right"), right);
        }
        if (round + 2 == rounds) {
            EXPECT_NEAR(told.fact("cost_of_last_epoch"), cost, 1e-9);
        }
    }
    EXPECT_EQ(told.fact("epochs"), c.epochs);
}

void expect_protocol(const EnsemblesOnXor& c) {
    Observer seen(
        {"input_1.I_soma", "input_2.I_soma", "hidden_1.I_dend", "hidden_2.I_dend", "output.I_dend"});
    const Told told = watched(run_ensembles, c, {&seen});
    const std::vector<Presentation> list = planned(c);
    ASSERT_NEAR(seen.end(), list.back().to, 1e-6);
    ASSERT_GT(seen.count("output", 0.0, seen.end(), SpikeKind::event), 20.0) << "there is something to count";
    expect_currents(c, list, seen);
    expect_learning_while_taught_only(c, list, seen);
    expect_answers(c, list, seen, told);
}

TEST(XorEnsemblesProtocol, OfBurstprop) { expect_protocol(small(Algorithm::burstprop)); }

TEST(XorEnsemblesProtocol, OfBurstpropWithErrorsThatFollow) {
    EnsemblesOnXor c = small(Algorithm::burstprop);
    c.teach_every = 4.0;
    expect_protocol(c);
}

/// In a single phase: taught from the beginning, the error computed again and again.
TEST(XorEnsemblesProtocol, OfBurstCcn) {
    EnsemblesOnXor c = small(Algorithm::burstccn);
    c.teaching = 1.0;
    c.teach_every = 10.0;
    expect_protocol(c);
}

/// The table of the network: each projection with its weight, the ports that bursts reach, and who learns.
TEST(XorEnsemblesNetwork, IsThatOfThePublication) {
    EnsemblesOnXor c;
    struct Expected {
        std::string port;
        double weight;
        std::string gates;
        double eta;
    };
    std::map<std::string, Expected> expected{
        {"output_to_hidden_1_excitatory_dend", {"excitatory_dend", 0.26, "burst", 0.0}},
        {"output_to_hidden_1_inhibitory_dend", {"inhibitory_dend", 0.06, "burst", 0.0}},
        {"output_to_hidden_2_excitatory_dend", {"excitatory_dend", 0.026, "burst", 0.0}},
        {"output_to_hidden_2_inhibitory_dend", {"inhibitory_dend", 0.27, "burst", 0.0}}};
    for (const std::string hidden : {"hidden_1", "hidden_2"}) {
        for (const std::string input : {"input_1", "input_2"}) {
            expected[input + "_to_" + hidden] = {"excitatory_soma", 0.234, "event", 8e-3};
            expected[input + "_to_" + hidden + "_inhibition"] = {"inhibitory_soma", 0.25, "event", 0.0};
        }
        expected[hidden + "_to_output"] = {"excitatory_soma", 0.234, "event", 4e-3};
        expected[hidden + "_to_output_inhibition"] = {"inhibitory_soma", 0.25, "event", 0.0};
    }
    const NetworkDescription d = burst_ensembles(c)->describe(test::shape_of_patterns, 1);
    const auto task =
        xor_task({.order = XorConfig::Order::in_turn, .examples = 1, .test_every = 1, .epochs = c.epochs});
    EXPECT_EQ(length_of(*burst_ensembles(c), task->plan()), 6000.0 + 502 * 4 * 8000.0) << "16,070 s";
    ASSERT_EQ(d.projections.size(), expected.size());
    for (const ProjectionDescription& p : d.projections) {
        ASSERT_EQ(expected.count(p.name), 1U) << p.name;
        const Expected& e = expected[p.name];
        EXPECT_EQ(p.port, e.port) << p.name;
        EXPECT_EQ(p.weight.a, e.weight) << p.name;
        EXPECT_EQ(std::get<Bernoulli>(p.connect.kind).p, 0.2) << "100 inputs of 500";
        EXPECT_EQ(p.delay, 0.8);
        ASSERT_EQ(p.release.size(), 1U);
        EXPECT_EQ(p.release[0].variant, e.gates) << p.name;
        EXPECT_EQ(p.release[0].parameters.at("lag"), 0.8);
        EXPECT_EQ(p.name.rfind(p.source + "_to_" + p.target, 0), 0U) << p.name;
        ASSERT_EQ(p.plasticity.has_value(), e.eta > 0.0) << p.name;
        if (!p.plasticity) continue;
        EXPECT_EQ(p.plasticity->parameters.at("eta"), e.eta) << p.name;
        EXPECT_EQ(p.plasticity->parameters.at("tau_pre"), 100.0);
        EXPECT_EQ(p.plasticity->parameters.at("tau_average"), 2000.0);
        EXPECT_EQ(p.plasticity->parameters.at("r_min"), 2.0);
        EXPECT_EQ(p.plasticity->parameters.at("r_max"), 10.0);
        EXPECT_EQ(p.plasticity->parameters.at("w_min"), 0.0);
        EXPECT_EQ(p.plasticity->parameters.at("w_max"), 1.0);
        EXPECT_EQ(p.plasticity->baseline, "moving_average");
        EXPECT_EQ(p.plasticity->low_rate, "spikes");
    }
    const std::map<std::string, std::array<double, 5>> noise{
        // current of the dendrite, rate and weight of excitation, of inhibition of the soma
        {"input_1", {0.0, 500.0, 0.35, 500.0, 0.35}},   {"input_2", {0.0, 500.0, 0.35, 500.0, 0.35}},
        {"hidden_1", {0.0, 150.0, 0.385, 150.0, 0.49}}, {"hidden_2", {500.0, 150.0, 0.385, 150.0, 0.49}},
        {"output", {400.0, 150.0, 0.35, 150.0, 0.35}},
    };
    ASSERT_EQ(d.populations.size(), noise.size());
    for (const PopulationDescription& p : d.populations) {
        EXPECT_EQ(p.model, "burst_poisson");
        EXPECT_EQ(p.classifier, Classifier::trace);
        const auto& [current, ex_rate, ex, in_rate, in] = noise.at(p.name);
        EXPECT_EQ(p.parameters.at("I_e_dend"), current) << p.name;
        std::map<std::string, std::pair<double, double>> trains;
        for (const Background& b : p.background) trains[b.port] = {b.rate, b.weight};
        const std::map<std::string, std::pair<double, double>> own{{"excitatory_soma", {ex_rate, ex}},
                                                                   {"inhibitory_soma", {in_rate, in}},
                                                                   {"excitatory_dend", {500.0, 0.05}},
                                                                   {"inhibitory_dend", {500.0, 0.05}}};
        EXPECT_EQ(trains, own) << p.name;
    }
}

/// As a BurstCCN an output that bursts with p0 leaves the hidden dendrites alone, and weights too.
TEST(XorEnsemblesNetwork, AsABurstCcnBalancesEventsAndBursts) {
    EnsemblesOnXor c;
    c.algorithm = Algorithm::burstccn;
    const NetworkDescription d = burst_ensembles(c)->describe(test::shape_of_patterns, 1);
    std::map<std::string, double> charges;
    for (const ProjectionDescription& p : d.projections) {
        if (p.plasticity) {
            EXPECT_EQ(p.plasticity->baseline, "fixed");
            EXPECT_EQ(p.plasticity->parameters.at("p0"), c.p0);
        }
        if (p.source != "output") continue;
        EXPECT_EQ(p.port, "charge_dend");
        charges[p.target] = p.weight.a;
        double events = 0.0;
        double bursts = 0.0;
        for (const ReleaseTerm& term : p.release) (term.variant == "event" ? events : bursts) += term.gain;
        EXPECT_EQ(p.release.size(), 2U);
        EXPECT_EQ(bursts, 1.0);
        EXPECT_EQ(events, -c.p0);
    }
    EXPECT_EQ(charges, (std::map<std::string, double>{{"hidden_1", 1.51}, {"hidden_2", -1.26}}));
}

}  // namespace
}  // namespace apical
