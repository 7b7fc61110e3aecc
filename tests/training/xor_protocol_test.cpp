#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/training/observer.hpp"
#include "tests/training/runs.hpp"

// The protocol of XOR as examples/xor/README.md has it: 800 examples of 200 ms; every 20 examples the four
// patterns are shown for 200 ms each with teaching and plasticity off; decision: mean e of the output over
// the 200 ms, from event counts, above 0.5.

namespace apical {
namespace {

using test::Observer;
using test::PopulationsOnXor;
using test::run_xor;
using test::Told;
using test::watched;

constexpr Index hidden = 2;

/// Short, with rates at which one look at the spikes says what was shown.
PopulationsOnXor small(Index examples = 24) {
    PopulationsOnXor c;
    c.neurons = 30;
    c.hidden = hidden;
    c.presentation = 20.0;
    c.examples = examples;
    c.test_every = 8;
    c.input = {.high_rate = 900.0, .low_rate = 50.0};
    c.neuron.t_ref = 16.0;
    c.neuron.tau_soma = 22.0;
    c.neuron.tau_dend = 25.0;
    c.feedback = Transmission::gated;
    c.record = {.spikes = false, .traces = false, .weights = false};
    return c;
}

struct Presentation {
    double from;
    double to;
    bool is_test;
    int a;  ///< what the inputs were, by their spikes
    int b;
    int bits() const { return 2 * a + b; }
    double target() const { return a != b ? 1.0 : 0.0; }
};

std::vector<Presentation> presentations(const PopulationsOnXor& c, const Observer& seen) {
    std::vector<Presentation> list;
    const Index round = c.test_every + 4;
    for (Index i = 0; (i + 1) * c.presentation < seen.end() + 1e-6; ++i) {
        Presentation p{i * c.presentation, (i + 1) * c.presentation, i % round >= c.test_every, 0, 0};
        const double middle =
            0.5 * (c.input.high_rate + c.input.low_rate) * c.neurons * c.presentation / 1000.0;
        p.a = seen.count("input_a", p.from, p.to) > middle ? 1 : 0;
        p.b = seen.count("input_b", p.from, p.to) > middle ? 1 : 0;
        list.push_back(p);
    }
    return list;
}

std::vector<std::string> targets() { return {"output.target", "hidden_1.target", "hidden_2.target"}; }

void expect_inputs_of_each_block(const std::vector<Presentation>& shown) {
    std::vector<int> examples;
    std::vector<int> tests;
    for (const Presentation& p : shown) (p.is_test ? tests : examples).push_back(p.bits());
    for (std::size_t i = 0; i < examples.size(); i += 4)
        EXPECT_THAT(std::vector(&examples[i], &examples[i] + 4), testing::UnorderedElementsAre(0, 1, 2, 3));
    // (0,0), (1,0), (0,1), (1,1): the order of the metrics.
    for (std::size_t i = 0; i < tests.size(); i += 4)
        EXPECT_THAT(std::vector(&tests[i], &tests[i] + 4), testing::ElementsAre(0, 2, 1, 3));
}

/// The output has the exclusive or of its inputs as target in all examples, and none in tests; others never.
void expect_targets(const std::vector<Presentation>& shown, const Observer& seen) {
    for (const Presentation& p : shown) {
        for (const Observer::Moment* moment : seen.between(p.from, p.to)) {
            for (const double target : moment->states.at("output.target")) {
                if (p.is_test) {
                    ASSERT_TRUE(std::isnan(target)) << moment->end;
                } else {
                    ASSERT_EQ(target, p.target()) << "inputs " << p.a << p.b << " at " << moment->end;
                }
            }
            for (const char* name : {"hidden_1.target", "hidden_2.target"})
                ASSERT_THAT(moment->states.at(name), testing::Each(testing::IsNan()));
        }
    }
}

/// Weights are bit for bit the same from the end of the last example through all tests, and those that learn
/// change in every example, from its first to its last milliseconds.
void expect_learning_in_examples_only(const PopulationsOnXor& c, const std::vector<Presentation>& shown,
                                      const Observer& seen) {
    std::set<std::string> change_early;
    std::set<std::string> change_late;
    const std::set<std::string> learn = seen.learning();
    for (const Presentation& p : shown) {
        const auto moments = seen.between(p.from, p.to);
        ASSERT_GE(moments.size(), 10U);
        if (p.is_test) {
            for (const Observer::Moment* moment : moments)
                ASSERT_EQ(moment->weights, moments.front()->weights) << "a test has changed weights";
            for (const std::string& name : learn)
                ASSERT_EQ(moments.front()->weights.at(name), seen.at(p.from).weights.at(name))
                    << name << " has changed at the beginning of a test";
            continue;
        }
        for (const std::string& name : learn) {
            const auto differ = [&](double from, double to) {
                return seen.at(from).weights.at(name) != seen.at(to).weights.at(name);
            };
            if (differ(p.from + 1.0, p.from + 4.0)) change_early.insert(name);
            if (differ(p.to - 3.0, p.to)) change_late.insert(name);
        }
    }
    EXPECT_EQ(change_early, learn) << "weights learn from the onset";
    EXPECT_EQ(change_late, learn) << "weights learn to the end";
    const bool frozen = c.control == PopulationsConfig::Control::frozen_hidden;
    std::set<std::string> expected;
    for (Index h = 1; h <= hidden; ++h) {
        const std::string layer = "hidden_" + std::to_string(h);
        expected.insert(layer + "_to_output");
        if (frozen) continue;
        for (const char* from : {"input_a_to_", "input_b_to_", "tonic_to_"}) expected.insert(from + layer);
    }
    expected.insert("tonic_to_output");
    EXPECT_EQ(learn, expected);
}

/// Feedback is the transpose of the forward weights, as they were at the onset of each presentation, or their
/// mean over the senders where a relay pools them.
void expect_feedback_of_the_onset(const std::vector<Presentation>& shown, const Observer& seen,
                                  const PopulationsOnXor& c) {
    const bool pooled =
        c.feedback == Transmission::tsodyks_markram && c.inhibition != PopulationsConfig::Inhibition::direct;
    for (Index h = 1; h <= hidden; ++h) {
        const std::string layer = "hidden_" + std::to_string(h);
        const std::string name = "output_to_" + layer + (pooled ? "_Y" : "_YQ");
        double scale = 0.0;
        for (const Presentation& p : shown) {
            // visit_synapses goes by source, then target: (i, k) of hidden to output is entry k + n i.
            const std::vector<float>& onset =
                seen.at(p.from > 0.0 ? p.from : p.from + 1.0).weights.at(layer + "_to_output");
            if (p.from == 0.0) continue;  // what has been learnt in the first millisecond is not known
            for (const Observer::Moment* moment : seen.between(p.from, p.to)) {
                const std::vector<float>& feedback = moment->weights.at(name);
                ASSERT_EQ(feedback.size(), onset.size());
                const Index n = c.neurons;
                for (Index i = 0; i < n; i += 7) {
                    double mean = 0.0;
                    for (Index k = 0; k < n; ++k) mean += double{onset[k + n * i]} / n;
                    for (Index k = 0; k < n; k += 5) {
                        // Of output neuron k to hidden neuron i.
                        const double y = double{feedback[i + n * k]};
                        const double w = pooled ? mean : double{onset[k + n * i]};
                        const bool positive_only =
                            c.inhibition == PopulationsConfig::Inhibition::dale && pooled;
                        const double part = positive_only ? std::max(w, 0.0) : w;
                        if (!pooled) {
                            ASSERT_EQ(y, part) << moment->end;
                        } else if (part == 0.0) {
                            ASSERT_EQ(y, 0.0) << moment->end;
                        } else {
                            if (scale == 0.0) scale = y / part;
                            ASSERT_NEAR(y, scale * part, 2e-5 * std::abs(scale) * (std::abs(part) + 0.01));
                        }
                    }
                }
            }
        }
    }
}

/// What is told of each test is what an own count of the output's events says.
void expect_answers(const PopulationsOnXor& c, const std::vector<Presentation>& shown, const Observer& seen,
                    const Told& told) {
    const std::array names = {"00", "01", "10", "11"};  // by 2 a + b
    std::size_t row = 0;
    const double cells_s = c.neurons * c.presentation / 1000.0;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        if (!shown[i].is_test) continue;
        double right = 0.0;
        double square = 0.0;
        for (std::size_t k = i; k < i + 4; ++k) {
            const Presentation& p = shown[k];
            const double events = seen.count("output", p.from, p.to, SpikeKind::event);
            const double bursts = seen.count("output", p.from, p.to, SpikeKind::burst);
            const double e = events / cells_s * c.neuron.t_ref / 1000.0;
            right += (e > 0.5) == (p.a != p.b) ? 1.0 : 0.0;
            square += std::pow(e - p.target(), 2.0) / 4.0;
            const std::string name = names.at(static_cast<std::size_t>(p.bits()));
            EXPECT_NEAR(told.metric(row, "event_rate_" + name + "_hz"), events / cells_s, 1e-9);
            if (events > 0.0) {
                EXPECT_NEAR(told.metric(row, "burst_probability_" + name), bursts / events, 1e-12);
            }
        }
        EXPECT_EQ(told.metric(row, "test_error_percent"), 100.0 * (1.0 - right / 4.0));
        EXPECT_NEAR(told.metric(row, "loss"), square, 1e-12);
        EXPECT_EQ(told.metric(row, "sample"), static_cast<double>((row + 1) * c.test_every));
        if (i + 4 == shown.size()) {
            EXPECT_EQ(told.fact("patterns_right"), right);
            EXPECT_NEAR(told.fact("mean_squared_error"), square, 1e-12);
        }
        ++row;
        i += 3;
    }
    EXPECT_EQ(told.metrics.size(), row);
    EXPECT_EQ(told.fact("examples"), c.examples);
}

void expect_protocol(const PopulationsOnXor& c) {
    Observer seen(targets());
    const Told told = watched(run_xor, c, {&seen});
    const std::vector<Presentation> shown = presentations(c, seen);
    ASSERT_EQ(shown.size(), c.examples + 4 * (c.examples / c.test_every));
    EXPECT_NEAR(seen.end(), static_cast<double>(shown.size()) * c.presentation, 1e-6);
    expect_inputs_of_each_block(shown);
    expect_targets(shown, seen);
    expect_learning_in_examples_only(c, shown, seen);
    expect_answers(c, shown, seen, told);
    const bool has_tied =
        c.control != PopulationsConfig::Control::no_q && c.control != PopulationsConfig::Control::burstprop;
    if (has_tied) expect_feedback_of_the_onset(shown, seen, c);
}

TEST(XorProtocol, OfIdealFeedback) { expect_protocol(small()); }

TEST(XorProtocol, OfDirectInhibition) {
    PopulationsOnXor c = small();
    c.feedback = Transmission::tsodyks_markram;
    c.inhibition = PopulationsConfig::Inhibition::direct;
    expect_protocol(c);
}

TEST(XorProtocol, OfInterneurons) {
    PopulationsOnXor c = small();
    c.feedback = Transmission::tsodyks_markram;
    c.control =
        PopulationsConfig::Control::frozen_hidden;  // is not refused if 30 cells do not tell bursts enough
    expect_protocol(c);
}

TEST(XorProtocol, OfDale) {
    PopulationsOnXor c = small();
    c.feedback = Transmission::tsodyks_markram;
    c.inhibition = PopulationsConfig::Inhibition::dale;
    c.control = PopulationsConfig::Control::frozen_hidden;
    expect_protocol(c);
}

TEST(XorProtocol, OfControlsBaselinesAndRules) {
    for (const PopulationsConfig::Control control :
         {PopulationsConfig::Control::no_q, PopulationsConfig::Control::burstprop,
          PopulationsConfig::Control::frozen_hidden}) {
        PopulationsOnXor c = small(8);
        c.control = control;
        expect_protocol(c);
    }
    PopulationsOnXor c = small();
    c.baseline = Baseline::moving_average;
    expect_protocol(c);
    c = small();
    c.rule = Teaching::variance_reduced;
    expect_protocol(c);
}

TEST(XorProtocol, ABitIsARate) {
    const PopulationsOnXor c = small(64);
    Observer seen;
    watched(run_xor, c, {&seen});
    std::array<std::array<double, 2>, 2> spikes{};
    std::array<std::array<double, 2>, 2> expected{};
    for (const Presentation& p : presentations(c, seen)) {
        for (std::size_t input = 0; input < 2; ++input) {
            const auto bit = static_cast<std::size_t>(input == 0 ? p.a : p.b);
            spikes.at(input).at(bit) += seen.count(input == 0 ? "input_a" : "input_b", p.from, p.to);
            expected.at(input).at(bit) +=
                (bit == 1 ? c.input.high_rate : c.input.low_rate) * c.neurons * c.presentation / 1000.0;
        }
    }
    for (std::size_t input = 0; input < 2; ++input) {
        for (std::size_t bit = 0; bit < 2; ++bit) {
            const double mean = expected.at(input).at(bit);
            EXPECT_NEAR(spikes.at(input).at(bit), mean, 5.0 * std::sqrt(mean)) << input << bit;
        }
    }
}

/// All orders of a block of four are equally likely, whatever the last one was, and of each seed its own.
TEST(XorProtocol, ExamplesComeInRandomOrder) {
    const auto order = [](std::uint64_t seed) {
        PopulationsOnXor c = small(800);
        c.seed = seed;
        c.hidden = 1;
        c.neurons = 10;
        c.presentation = 10.0;
        c.input = {.high_rate = 2000.0, .low_rate = 100.0};
        c.test_every = 800;
        Observer seen;
        watched(run_xor, c, {&seen});
        std::vector<int> list;
        for (const Presentation& p : presentations(c, seen)) list.push_back(p.bits());
        list.resize(800);
        return list;
    };
    const std::vector<int> first = order(1);
    EXPECT_NE(first, order(2));
    std::set<std::vector<int>> orders;
    double stays = 0.0;
    std::array<std::array<int, 4>, 4> places{};
    for (std::size_t block = 0; block < 200; ++block) {
        orders.insert({&first[4 * block], &first[4 * block] + 4});
        for (std::size_t k = 0; k < 4; ++k) {
            ++places.at(k).at(static_cast<std::size_t>(first[4 * block + k]));
            if (block > 0 && first[4 * block + k] == first[4 * (block - 1) + k]) stays += 1.0;
        }
    }
    EXPECT_GT(orders.size(), 21U) << "of 24, in 200 blocks";
    // 796 places; the number of fixed points of a permutation has mean 1 and variance 1.
    EXPECT_NEAR(stays, 199.0, 5.0 * std::sqrt(199.0));
    for (const auto& row : places) {
        for (const int count : row) EXPECT_NEAR(count, 50, 5.0 * std::sqrt(200 * 0.25 * 0.75));
    }
}

/// A network never sees what the observer does: with and without it, runs are the same.
TEST(XorProtocol, WatchingChangesNothing) {
    const PopulationsOnXor c = small();
    Observer seen(targets());
    std::vector<std::string> hashes;
    for (const bool watch : {false, true}) {
        RunContext context;
        if (watch) context.built = [&](Network& network, std::size_t) { seen.watch(network); };
        hashes.push_back(run_xor(c, context).result_hash);
    }
    EXPECT_EQ(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace apical
