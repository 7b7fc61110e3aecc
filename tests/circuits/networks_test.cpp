#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "circuits/burstccn_network.hpp"
#include "circuits/burstccn_populations.hpp"

// The networks of XOR and of images against their equations: what a spike leaves in a trace, what a dendrite
// gets from an output that fires e events and b bursts a second, and how fast weights learn.

namespace apical {
namespace {

constexpr double tonic_rate = 500.0;
constexpr Shape patterns{.inputs = 2, .full = 1.0, .outputs = 1};
constexpr Shape nine_pixels{.inputs = 9, .full = 255.0, .outputs = 10};

NetworkDescription describe_xor(const PopulationsConfig& c, std::uint64_t seed = 1) {
    return burstccn_populations(c)->describe(patterns, seed);
}
NetworkDescription describe_xor(const PopulationsConfig& c, const PopulationsFeedback& f) {
    return describe_populations(c, patterns, 1, f);
}
NetworkDescription describe_images(const BurstCcnConfig& c, const std::optional<RelayDecoder>& relay = {}) {
    return describe_burstccn(c, nine_pixels, 1, relay);
}
const Log silent = [](Severity, std::string_view) {};

const ProjectionDescription& named(const NetworkDescription& d, const std::string& name) {
    for (const ProjectionDescription& p : d.projections) {
        if (p.name == name) return p;
    }
    throw std::runtime_error("no projection " + name);
}

/// Decoders with planes of both pathways; the resting rates are those of the relays.
RelayDecoder decoder(double a_e, double a_b, double q_e, double q_b, double rest_y, double rest_q,
                     double p0) {
    RelayDecoder d{};
    d.r = (a_e + p0 * a_b) / (q_e + p0 * q_b);
    d.C = a_b - d.r * q_b;
    d.rest_y = rest_y;
    d.rest_q = rest_q;
    d.fit = {a_e, a_b, rest_q, q_e, q_b, d.r, d.C, 1.0};
    return d;
}

/// The mean drive of the dendrites of hidden_1, when all weights to the output are `w`: a sender's rate,
/// times what a spike releases, times the weight, over all senders.
double drive(const PopulationsConfig& c, const PopulationsFeedback& f, double w, double e, double b) {
    const NetworkDescription d = describe_xor(c, f);
    std::map<std::string, Index> sizes;
    for (const PopulationDescription& p : d.populations) sizes[p.name] = p.size;
    const bool relays =
        c.feedback == Transmission::tsodyks_markram && c.inhibition != PopulationsConfig::Inhibition::direct;
    const Separation& plus = relays ? f.positive.fit : f.direct;
    const Separation& minus = f.negative.fit;
    double sum = 0.0;
    for (const ProjectionDescription& p : d.projections) {
        if (p.port != "dendrite" || p.target != "hidden_1") continue;
        EXPECT_TRUE(p.tie);
        EXPECT_EQ(p.tie->to, "hidden_1_to_output");
        double weight = w;
        if (p.tie->part == TieDescription::Part::plus) weight = std::max(w, 0.0);
        if (p.tie->part == TieDescription::Part::minus) weight = std::max(-w, 0.0);
        double released = 0.0;  // a sender's, per second
        if (p.source == "tonic") {
            released = tonic_rate;
        } else if (p.source == "pv") {
            released = plus.q_0 + plus.q_e * e + plus.q_b * b;
        } else if (p.source == "sst") {
            released = f.negative.rest_y + minus.a_e * e + minus.a_b * b;
        } else {
            EXPECT_EQ(p.source, "output");
            for (const ReleaseTerm& term : p.release) {
                double efficacy = 0.0;
                if (term.variant == "event") efficacy = e;
                if (term.variant == "burst") efficacy = b;
                if (term.variant == "tm") {
                    const bool facilitates = term.parameters.at("U") == c.facilitation.U;
                    EXPECT_EQ(term.parameters.at("U"), facilitates ? c.facilitation.U : c.depression.U);
                    efficacy = facilitates ? plus.a_e * e + plus.a_b * b
                               : relays    ? minus.q_e * e + minus.q_b * b
                                           : plus.q_e * e + plus.q_b * b;
                }
                released += term.gain * efficacy;
            }
        }
        sum += sizes.at(p.source) * released * p.tie->scale * weight;
    }
    return sum;
}

/// A burst of the output drives a dendrite with Y R/tau_dend / p0, an event with -p0 times that: by ideal
/// gates, through synapses, or through relays, for weights of either sign.
TEST(XorNetwork, FeedsBackBurstsLessP0TimesEvents) {
    PopulationsConfig c;
    c.neurons = 40;
    c.neuron.p0 = 0.4;
    c.neuron.tau_dend = 30.0;
    c.pv.size = 25;
    c.sst.size = 20;
    const double s = c.neuron.t_ref / c.neuron.tau_dend / c.neuron.p0;
    PopulationsFeedback f{.scale = s, .positive = {}, .negative = {}, .direct = {}};
    f.positive = decoder(0.05, 0.13, 1.9, 1.7, 0.0, 17.3, c.neuron.p0);
    f.negative = decoder(0.7, 1.8, 0.8, 0.7, 23.5, 0.0, c.neuron.p0);
    f.direct = decoder(0.05, 0.14, 0.9, 0.8, 0.0, 0.0, c.neuron.p0).fit;
    struct Variant {
        Transmission feedback;
        PopulationsConfig::Inhibition inhibition;
    };
    for (const auto& [feedback, inhibition] :
         {Variant{Transmission::gated, PopulationsConfig::Inhibition::direct},
          Variant{Transmission::tsodyks_markram, PopulationsConfig::Inhibition::direct},
          Variant{Transmission::tsodyks_markram, PopulationsConfig::Inhibition::interneurons},
          Variant{Transmission::tsodyks_markram, PopulationsConfig::Inhibition::dale}}) {
        c.feedback = feedback;
        c.inhibition = inhibition;
        for (const double w : {0.3, -0.2}) {
            for (const double e : {1.0, 12.0, 40.0}) {
                for (const double p : {0.0, 0.4, 1.0}) {
                    const double expected = s * c.neurons * w * (p * e - c.neuron.p0 * e);
                    EXPECT_NEAR(drive(c, f, w, e, p * e), expected, 1e-6 * c.neurons)
                        << static_cast<int>(inhibition) << " w " << w << " e " << e << " p " << p;
                }
            }
        }
    }
}

/// The table of examples/xor/README.md: what synapses and relay cells of the default make of e events and b
/// bursts. Its random numbers are its own: 2 to 4 % from seed to seed.
TEST(XorNetwork, MeasuresWhatItsRelaysDo) {
    PopulationsConfig c;
    c.inhibition = PopulationsConfig::Inhibition::dale;
    const PopulationsFeedback f = measure_feedback(c, 1, silent);
    const auto expect = [](double measured, double published) {
        EXPECT_NEAR(measured, published, 0.06 * std::abs(published));
    };
    EXPECT_DOUBLE_EQ(f.scale, 20.0 / 20.0 / 0.5);
    expect(f.positive.fit.a_e, 0.0511);
    expect(f.positive.fit.a_b, 0.1338);
    expect(f.positive.fit.q_e, 1.9079);
    expect(f.positive.fit.q_b, 1.7421);
    expect(f.positive.rest_q, 17.3);
    EXPECT_EQ(f.positive.rest_y, 0.0);
    expect(f.positive.r, 0.0424);
    expect(f.positive.C, 0.0598);
    expect(f.negative.fit.a_e, 0.7125);
    expect(f.negative.fit.a_b, 1.8192);
    expect(f.negative.rest_y, 23.5);
    expect(f.negative.fit.q_e, 0.8207);
    expect(f.negative.fit.q_b, 0.7452);
    EXPECT_EQ(f.negative.rest_q, 0.0);
    expect(f.negative.r, 1.3594);
    expect(f.negative.C, 0.8062);

    c.inhibition = PopulationsConfig::Inhibition::direct;
    const Separation direct = measure_feedback(c, 1, silent).direct;
    expect(direct.r, 0.0947);
    expect(direct.C, 0.0618);
    c.control = PopulationsConfig::Control::swapped;
    const Separation swapped = measure_feedback(c, 1, silent).direct;
    EXPECT_GT(swapped.C, 0.0) << "the gain makes up for the size of the signal, not for its sign";
    expect(swapped.r, 1.0 / direct.r);
    expect(swapped.a_e, direct.q_e);
}

/// With Dale every synapse onto a dendrite keeps the sign of its cell.
TEST(XorNetwork, ObeysDale) {
    PopulationsConfig c;
    c.inhibition = PopulationsConfig::Inhibition::dale;
    PopulationsFeedback f{.scale = 1.0, .positive = {}, .negative = {}, .direct = {}};
    f.positive = decoder(0.05, 0.13, 1.9, 1.7, 0.0, 17.3, c.neuron.p0);
    f.negative = decoder(0.7, 1.8, 0.8, 0.7, 23.5, 0.0, c.neuron.p0);
    int inhibitory = 0;
    for (const ProjectionDescription& p : describe_xor(c, f).projections) {
        if (p.port != "dendrite") continue;
        EXPECT_NE(p.tie->part, TieDescription::Part::whole);
        const bool interneuron = p.source == "pv" || p.source == "sst";
        EXPECT_EQ(p.tie->scale < 0.0, interneuron) << p.name;
        inhibitory += interneuron ? 1 : 0;
    }
    EXPECT_EQ(inhibitory, 8) << "two relays onto four populations";
}

/// An input spike leaves 1/(r_max tau_soma) in the somatic trace (r_max = 100 Hz), an event R/tau_soma; the
/// tonic source stands for 1. dw = (eta/N) (R/T) s (X - p0) x with s = 1/p0 or 1/(g p0 (1 - p0)).
TEST(XorNetwork, LearnsAsFastAsItsEquationSays) {
    PopulationsConfig c;
    c.neurons = 25;
    c.eta = 3.0;
    c.presentation = 150.0;
    c.neuron.p0 = 0.4;
    c.neuron.g = 3.0;
    c.neuron.tau_soma = 30.0;
    for (const bool averaged : {false, true}) {
        c.baseline = averaged ? Baseline::moving_average : Baseline::fixed;
        c.rule = averaged ? Teaching::variance_reduced : Teaching::sampled;
        const NetworkDescription d = describe_xor(c);
        int plastic = 0;
        for (const ProjectionDescription& p : d.projections) {
            ASSERT_EQ(p.plasticity.has_value(), p.port == "soma") << p.name;
            if (!p.plasticity) continue;
            ++plastic;
            const double trace = p.source == "tonic"               ? 1000.0 / (tonic_rate * 30.0)
                                 : p.source.rfind("input", 0) == 0 ? 1000.0 / (100.0 * 30.0)
                                                                   : c.neuron.t_ref / 30.0;
            ASSERT_EQ(p.release.size(), 1U);
            EXPECT_EQ(p.release[0].gain, trace) << p.name;
            EXPECT_EQ(p.release[0].variant, p.source.rfind("hidden", 0) == 0 ? "event" : "all") << p.name;
            const double s = p.target == "output" ? 1.0 / 0.4 : 1.0 / (3.0 * 0.4 * 0.6);
            EXPECT_NEAR(p.plasticity->parameters.at("eta"), 3.0 / 25.0 * c.neuron.t_ref / 150.0 * s * trace,
                        1e-12)
                << p.name;
            EXPECT_EQ(p.plasticity->parameters.at("tau_pre"), 30.0);
            EXPECT_EQ(p.plasticity->parameters.at("p0"), 0.4);
            EXPECT_EQ(p.plasticity->baseline, averaged ? "moving_average" : "fixed");
            EXPECT_EQ(p.plasticity->teaching, averaged ? "variance_reduced" : "sampled");
            // One number for a pair of populations, shared among the senders, with a little jitter; biases.
            if (p.source == "tonic") {
                EXPECT_LE(std::abs(p.weight.a), 1.0);
                EXPECT_EQ(p.weight.b, 0.0);
            } else {
                EXPECT_LE(std::abs(p.weight.a), 2.0 / 25.0);
                EXPECT_DOUBLE_EQ(p.weight.b, 0.2 / 25.0);
            }
        }
        EXPECT_EQ(plastic, 4 * 4 + 1) << "two inputs, bias and output of each hidden population, and a bias";
    }
}

/// The numbers for pairs of populations are drawn from all of -2 to 2, biases from -1 to 1, and each its own.
TEST(XorNetwork, StartsFromWeightsOfEitherSign) {
    std::vector<double> weights;
    std::vector<double> biases;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        PopulationsConfig c;
        c.neurons = 1;
        for (const ProjectionDescription& p : describe_xor(c, seed).projections) {
            if (p.port == "soma") (p.source == "tonic" ? biases : weights).push_back(p.weight.a);
        }
    }
    for (const auto& [list, range] : {std::pair(&weights, 2.0), std::pair(&biases, 1.0)}) {
        double mean = 0.0;
        double square = 0.0;
        for (const double w : *list) {
            mean += w / static_cast<double>(list->size());
            square += w * w / static_cast<double>(list->size());
        }
        const double n = std::sqrt(static_cast<double>(list->size()));
        EXPECT_NEAR(mean, 0.0, 5.0 * range / std::sqrt(3.0) / n);
        EXPECT_NEAR(square, range * range / 3.0, 5.0 * range * range * 0.3 / n);
        std::sort(list->begin(), list->end());
        EXPECT_EQ(std::adjacent_find(list->begin(), list->end()), list->end());
    }
}

TEST(XorNetwork, ControlsTakeAwayWhatTheySay) {
    const auto sources = [](const NetworkDescription& d) {
        std::map<std::string, int> counts;
        for (const ProjectionDescription& p : d.projections) {
            if (p.port == "dendrite") ++counts[p.source];
        }
        return counts;
    };
    PopulationsConfig c;
    EXPECT_EQ(sources(describe_xor(c)), (std::map<std::string, int>{{"output", 4}, {"pv", 4}, {"tonic", 4}}));
    for (const auto control : {PopulationsConfig::Control::no_q, PopulationsConfig::Control::burstprop}) {
        c.control = control;
        const NetworkDescription d = describe_xor(c);
        EXPECT_EQ(sources(d), (std::map<std::string, int>{{"output", 4}}));
        EXPECT_EQ(named(d, "hidden_1_to_output").plasticity->baseline,
                  control == PopulationsConfig::Control::burstprop ? "moving_average" : "fixed");
    }
    c.control = PopulationsConfig::Control::frozen_hidden;
    for (const ProjectionDescription& p : describe_xor(c).projections)
        EXPECT_EQ(p.plasticity.has_value(), p.target == "output") << p.name;
    c.control = PopulationsConfig::Control::no_stp;
    for (const ProjectionDescription& p : describe_xor(c).projections) {
        for (const ReleaseTerm& term : p.release) EXPECT_NE(term.variant, "tm") << p.name;
    }
    c.control = PopulationsConfig::Control::swapped;
    const NetworkDescription d = describe_xor(c);
    EXPECT_EQ(named(d, "output_to_hidden_1_Y").release[0].parameters.at("U"), c.depression.U);
    EXPECT_EQ(named(d, "output_to_pv").release[0].parameters.at("U"), c.facilitation.U);
    c.control = PopulationsConfig::Control::none;
    EXPECT_EQ(named(describe_xor(c), "output_to_hidden_1_Y").release[0].parameters.at("U"), c.facilitation.U);
    EXPECT_EQ(named(describe_xor(c), "output_to_pv").release[0].parameters.at("U"), c.depression.U);
    c.lag = 4.0;
    EXPECT_EQ(named(describe_xor(c), "output_to_hidden_1_Y").delay, c.delay + 4.0);
    EXPECT_EQ(named(describe_xor(c), "pv_to_hidden_1_Q").delay, c.delay);
}

BurstCcnConfig images() {
    BurstCcnConfig c;
    c.hidden.sizes = {30.0, 16.0};
    c.hidden.p0 = 0.4;
    c.hidden.g = 3.0;
    c.output.p0 = 0.25;
    c.output.per_class = 5;
    c.neuron = {.t_ref = 10.0, .tau_soma = 25.0, .tau_dend = 15.0};
    c.input.rate = 80.0;
    c.presentation.duration = 100.0;
    c.presentation.settling = 40.0;
    return c;
}

/// dw = eta R/(T - T0) s (X - p0) x at an event, with s = 1/p0 at the output, 1/(g p0 (1 - p0)) below, and in
/// x what one spike leaves: 1/(r_max tau_soma) of a pixel, R/tau_soma of an event.
TEST(ImagesNetwork, LearnsAsFastAsItsEquationSays) {
    BurstCcnConfig c = images();
    for (const auto encoding : {BurstCcnConfig::Encoding::regular, BurstCcnConfig::Encoding::latency}) {
        c.input.encoding = encoding;
        c.input.period = 40.0;
        const NetworkDescription d = describe_images(c);
        int plastic = 0;
        for (const ProjectionDescription& p : d.projections) {
            ASSERT_EQ(p.plasticity.has_value(), p.port == "soma") << p.name;
            if (!p.plasticity) continue;
            ++plastic;
            double trace = 10.0 / 25.0;
            if (p.source == "tonic") trace = 1000.0 / (tonic_rate * 25.0);
            // A white pixel has a trace of 1: a spike each 1/rate, or each period.
            if (p.source == "input")
                trace = (encoding == BurstCcnConfig::Encoding::latency ? 40.0 : 1000.0 / 80.0) / 25.0;
            EXPECT_NEAR(p.release.at(0).gain, trace, 1e-12) << p.name;
            EXPECT_EQ(p.release[0].variant, "event");
            const bool output = p.target == "output";
            const double s = output ? 1.0 / 0.25 : 1.0 / (3.0 * 0.4 * 0.6);
            const double eta = output ? c.output.eta : c.hidden.eta;
            EXPECT_NEAR(p.plasticity->parameters.at("eta"), eta * 10.0 / 60.0 * s * trace, 1e-12) << p.name;
            EXPECT_EQ(p.plasticity->parameters.at("tau_pre"), 25.0);
            EXPECT_EQ(p.plasticity->parameters.at("p0"), output ? 0.25 : 0.4) << p.name;
            EXPECT_TRUE(p.plasticity->deferred);
            EXPECT_EQ(p.plasticity->teaching, "variance_reduced");
        }
        EXPECT_EQ(plastic, 6);
    }
}

/// A burst of the layer above drives a dendrite with Y R/tau_dend s, an event with -p0 times that, where p0
/// and s are the sender's and Y = W^T, over the neurons of a class.
TEST(ImagesNetwork, FeedsBackBurstsLessP0TimesEvents) {
    const BurstCcnConfig c = images();
    const NetworkDescription d = describe_images(c);
    struct Expected {
        std::string name;
        std::string forward;
        double p0;
        double s;
        double share;
    };
    for (const Expected& e :
         {Expected{"output_to_hidden_2_YQ", "hidden_2_to_output", 0.25, 1.0 / 0.25, 1.0 / 5.0},
          Expected{"hidden_2_to_hidden_1_YQ", "hidden_1_to_hidden_2", 0.4, 1.0 / (3.0 * 0.4 * 0.6), 1.0}}) {
        const ProjectionDescription& p = named(d, e.name);
        EXPECT_EQ(p.port, "dendrite");
        ASSERT_TRUE(p.tie);
        EXPECT_EQ(p.tie->to, e.forward);
        EXPECT_EQ(p.tie->scale, e.share);
        EXPECT_EQ(p.tie->mean, TieDescription::Mean::none);
        ASSERT_EQ(p.release.size(), 2U);
        double bursts = 0.0;
        double events = 0.0;
        for (const ReleaseTerm& term : p.release) (term.variant == "burst" ? bursts : events) += term.gain;
        EXPECT_NEAR(bursts, 10.0 / 15.0 * e.s, 1e-12);
        EXPECT_NEAR(events, -e.p0 * 10.0 / 15.0 * e.s, 1e-12);
    }
}

TEST(ImagesNetwork, ControlsTakeAwayWhatTheySay) {
    BurstCcnConfig c = images();
    const auto variants = [&] {
        std::vector<std::string> list;
        for (const ProjectionDescription& p : describe_images(c).projections) {
            if (p.port != "dendrite") continue;
            for (const ReleaseTerm& term : p.release)
                list.push_back(term.variant + (term.gain > 0.0 ? "+" : "-"));
        }
        std::sort(list.begin(), list.end());
        return list;
    };
    EXPECT_THAT(variants(), testing::ElementsAre("burst+", "burst+", "event-", "event-"));
    c.control = BurstCcnConfig::Control::no_q;
    EXPECT_THAT(variants(), testing::ElementsAre("burst+", "burst+"));
    c.control = BurstCcnConfig::Control::swapped;
    EXPECT_THAT(variants(), testing::ElementsAre("burst-", "burst-", "event+", "event+"));
    c.control = BurstCcnConfig::Control::no_feedback;
    EXPECT_TRUE(variants().empty());
    c.control = BurstCcnConfig::Control::frozen_hidden;
    for (const ProjectionDescription& p : describe_images(c).projections)
        EXPECT_EQ(p.plasticity.has_value(), p.target == "output") << p.name;
}

/// Learnt inhibition learns the potential of the dendrite from random weights, in the half of the time
/// before T0 that activity has built up in.
TEST(ImagesNetwork, InhibitionIsLearntFromRandomWeights) {
    BurstCcnConfig c = images();
    c.hidden.sizes = {30.0};
    c.inhibition = BurstCcnConfig::Inhibition::learned;
    const NetworkDescription d = describe_images(c);
    const ProjectionDescription& y = named(d, "output_to_hidden_1_Y");
    const ProjectionDescription& q = named(d, "output_to_hidden_1_Q");
    EXPECT_FALSE(y.plasticity);
    EXPECT_FALSE(learns_inhibition(y));
    ASSERT_TRUE(q.plasticity);
    EXPECT_TRUE(learns_inhibition(q));
    EXPECT_FALSE(learns_inhibition(named(d, "hidden_1_to_output")));
    EXPECT_FALSE(q.tie);
    EXPECT_EQ(q.plasticity->teaching, "potential");
    ASSERT_EQ(q.release.size(), 1U);
    ASSERT_EQ(y.release.size(), 1U);
    EXPECT_EQ(q.release[0].variant, "event");
    EXPECT_EQ(y.release[0].variant, "burst");
    EXPECT_NEAR(q.release[0].gain, -0.25 * y.release[0].gain, 1e-12) << "Q = Y would be the symmetry";
    EXPECT_GT(q.weight.b, 0.0);
    EXPECT_NEAR(q.plasticity->parameters.at("eta"),
                c.inhibition_eta * 10.0 / 20.0 / (3.0 * 0.4 * 0.6) * 10.0 / 15.0, 1e-12);
}

/// Through interneurons a class reaches a dendrite with its mean weight: Y (y - r (q - rest))/C,
/// R/tau_dend/p0.
TEST(ImagesNetwork, InterneuronsBalanceWhatBurstsExcite) {
    BurstCcnConfig c = images();
    c.hidden.sizes = {30.0};
    c.inhibition = BurstCcnConfig::Inhibition::interneurons;
    c.pv.size = 4;
    const double p0 = c.output.p0;
    const RelayDecoder relay = decoder(0.0, 1.0, 1.9, 0.1, 0.0, 12.0, p0);  // gated: a burst releases 1
    const NetworkDescription d = describe_images(c, relay);
    std::map<std::string, Index> sizes;
    for (const PopulationDescription& p : d.populations) sizes[p.name] = p.size;
    EXPECT_EQ(sizes.at("pv"), 40U) << "four of each class";
    constexpr double w = 0.3;  // of all, so that the mean over a class, or over all classes, is this
    for (const double e : {2.0, 30.0}) {
        for (const double b : {0.0, 0.25 * e, e}) {
            double sum = 0.0;
            for (const ProjectionDescription& p : d.projections) {
                if (p.port != "dendrite") continue;
                ASSERT_TRUE(p.tie);
                EXPECT_EQ(p.tie->mean, TieDescription::Mean::senders);
                EXPECT_EQ(p.tie->blocks, p.source == "tonic" ? 1U : 10U) << p.name;
                const double rate = p.source == "tonic" ? tonic_rate
                                    : p.source == "pv"  ? 12.0 + 1.9 * e + 0.1 * b
                                                        : b;
                sum += sizes.at(p.source) * rate * p.release.at(0).gain * p.tie->scale * w;
            }
            const double expected = 50.0 / 5.0 * w * 10.0 / 15.0 / p0 * (b - p0 * e);
            EXPECT_NEAR(sum, expected, 1e-9 * (1.0 + std::abs(expected))) << e << ' ' << b;
        }
    }
}

TEST(ImagesNetwork, StagesFollowOneAnother) {
    BurstCcnConfig c;
    c.late = {.from = 3, .duration = 300.0, .settling = 150.0, .tau_soma = 50.0, .tau_dend = 30.0};
    EXPECT_EQ(stage_of(c, 0).duration, c.presentation.duration);
    EXPECT_EQ(stage_of(c, 2).tau_dend, c.neuron.tau_dend);
    EXPECT_EQ(stage_of(c, 3).duration, 300.0);
    EXPECT_EQ(stage_of(c, 3).settling, 150.0);
    EXPECT_EQ(stage_of(c, 4).tau_soma, 50.0);
    EXPECT_EQ(stage_of(c, 4).tau_dend, 30.0);
    c.late.from = 0;
    EXPECT_EQ(stage_of(c, 9).duration, c.presentation.duration) << "never";
}

}  // namespace
}  // namespace apical
