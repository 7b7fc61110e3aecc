#include <gtest/gtest.h>

#include "core/error.hpp"
#include "synapses/tsodyks_markram.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

/// Short-term plasticity with a state in each synapse against the closed form from spike to spike.

const std::vector<double> times{5.0, 12.5, 13.0, 30.0, 90.0, 95.5, 300.0, 301.0, 302.0};
constexpr double delay = 1.5;
constexpr double single_precision = 1e-6;

ReleaseTerm term(const std::string& variant, ReleaseTerm::State state) {
    ReleaseTerm t{.variant = variant, .parameters = {{"U", 0.3}, {"tau_rec", 120.0}, {"tau_fac", 60.0}}};
    if (variant == "etm") t.parameters["f"] = 0.1;
    t.state = state;
    return t;
}

NetworkDescription one_to_all(const std::string& variant, ReleaseTerm::State state) {
    NetworkDescription d;
    d.populations = {trains("input", {times, {40.0}}), neurons("cells", "lif", 70)};
    d.projections = {projection("input", "cells", "membrane", 0.0, delay)};
    d.projections[0].weight = uniform_between(0.5, 1.5);
    d.projections[0].release = {term(variant, state)};
    return d;
}

class SynapticRelease : public testing::TestWithParam<const char*> {};

TEST_P(SynapticRelease, IsThatOfTheClosedForm) {
    const std::string variant = GetParam();
    const NetworkDescription d = one_to_all(variant, ReleaseTerm::State::synapse);
    NetworkDescription all = d;  // the weights: what a spike without short-term plasticity delivers
    all.projections[0].release.clear();
    const Network plain = build(all);
    const Network network = build(d);

    TsodyksMarkram closed;
    closed.U = 0.3;
    closed.tau_rec = 120.0;
    closed.tau_fac = 60.0;
    if (variant == "etm") closed.f = 0.1;
    const auto& names = TsodyksMarkram::variants;
    closed.variant =
        static_cast<TsodyksMarkram::Variant>(std::find(names.begin(), names.end(), variant) - names.begin());
    auto state = closed.initial();
    double last = 0.0;
    for (const double time : times) {
        const double released = closed.release(state, time - last);
        last = time;
        const Time after = at(time + delay) + Duration{1};
        network.simulation->cut(after);
        network.simulation->run_until(after);
        for (const Index target : {0U, 33U, 69U}) {
            const double w = weight(plain, "input_to_cells", 0, target);
            EXPECT_NEAR(weight(network, "input_to_cells", 0, target), w * released, single_precision * w)
                << variant << " at " << time;
        }
    }
}

TEST_P(SynapticRelease, MovesNeuronsAsThatOfASourceDoes) {
    const Network source = build(one_to_all(GetParam(), ReleaseTerm::State::source));
    const Network synapse = build(one_to_all(GetParam(), ReleaseTerm::State::synapse));
    for (const double time : {20.0, 41.0, 97.0, 305.0}) {
        for (const Network* network : {&source, &synapse}) {
            network->simulation->cut(at(time));
            network->simulation->run_until(at(time));
        }
        for (const Index neuron : {0U, 69U}) {
            const double V_m = sample(source, "cells", "V_m", neuron);
            EXPECT_GT(V_m, -70.0);
            EXPECT_NEAR(sample(synapse, "cells", "V_m", neuron), V_m, 10 * single_precision);
        }
    }
}

TEST_P(SynapticRelease, GoesOnWhereAGainOfZeroDeliversNothing) {
    NetworkDescription d = one_to_all(GetParam(), ReleaseTerm::State::synapse);
    const Network open = build(d);
    d.projections[0].gain_steps = {{0.0, 299.0}, {0.0, 1.0}};
    const Network closed = build(d);
    for (const Network* network : {&open, &closed}) {
        network->simulation->cut(
            at(302.1));  // after the arrival of the spike at 300, which is delivered in both
        network->simulation->run_until(at(302.1));
    }
    EXPECT_EQ(weight(closed, "input_to_cells", 0, 33), weight(open, "input_to_cells", 0, 33));
}

INSTANTIATE_TEST_SUITE_P(Variants, SynapticRelease, testing::Values("tm", "etm", "tm3", "mongillo"));

TEST(SynapticRelease, StartsFromRestAfterAReset) {
    Network network = build(one_to_all("tm", ReleaseTerm::State::synapse));
    Simulation& s = *network.simulation;
    s.schedule(at(300.5), action::ResetState{});  // the spike at 300 is on its way, and dropped
    s.cut(at(302.6));
    s.run_until(at(302.6));
    NetworkDescription all = one_to_all("tm", ReleaseTerm::State::synapse);
    all.projections[0].release.clear();
    const double w = weight(build(all), "input_to_cells", 0, 5);
    EXPECT_NEAR(weight(network, "input_to_cells", 0, 5), 0.3 * w, single_precision * w);
}

TEST(SynapticRelease, IsTheOnlyTermAndTheOnlyPlasticity) {
    NetworkDescription d = one_to_all("tm", ReleaseTerm::State::synapse);
    d.projections[0].release.push_back(d.projections[0].release.front());
    EXPECT_THROW(build(d), ConfigError);
    d = one_to_all("tm", ReleaseTerm::State::synapse);
    d.projections[0].plasticity = PlasticityDescription{};
    d.projections[0].plasticity->rule = "pair_stdp";
    EXPECT_THROW(build(d), ConfigError);
    d = one_to_all("event", ReleaseTerm::State::synapse);
    EXPECT_THROW(build(d), ConfigError);
}

}  // namespace
}  // namespace apical
