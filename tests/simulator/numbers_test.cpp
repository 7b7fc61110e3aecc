#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "simulator/linear_population.hpp"
#include "simulator/spike_learning.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

/// A state or a weight that is no number ends a run, with its name, and extremes end it soon.

struct Cell {
    std::string label;
    std::string model;
    Loop loop;
    std::string variable;
};

std::ostream& operator<<(std::ostream& out, const Cell& c) { return out << c.label; }

class Numbers : public testing::TestWithParam<Cell> {
protected:
    Network network() const {
        NetworkDescription d;
        d.populations = {neurons("cells", GetParam().model, 10), neurons("input", "poisson")};
        BuildOptions options;
        options.loop = GetParam().loop;
        return build(d, options);
    }
};

/// What a run dies of.
template <class Run>
std::string complaint(const Run& run) {
    try {
        run();
    } catch (const NumericsError& error) {
        return error.what();
    }
    return "";
}

TEST_P(Numbers, AreLookedAtWhenAsked) {
    for (const double value : {std::numeric_limits<double>::quiet_NaN(), 1.0}) {
        Network n = network();
        n.simulation->run_until(at(5.0));
        EXPECT_NO_THROW(n.simulation->check_numbers());
        std::vector<double> values(10, 0.5);
        values[7] = value;
        n.simulation->act_now(
            action::SetVariable{0, n.variable("cells", GetParam().variable), std::move(values)});
        const std::string said = complaint([&] { n.simulation->check_numbers(); });
        if (value == 1.0) {
            EXPECT_EQ(said, "");
        } else {
            EXPECT_THAT(said, AllOf(HasSubstr("cells[7]"), HasSubstr(GetParam().variable), HasSubstr("10.0"),
                                    HasSubstr("not a finite number")));
        }
    }
}

TEST_P(Numbers, EndARunByThemselves) {
    Network n = network();
    n.simulation->run_until(at(5.0));
    n.simulation->act_now(action::SetVariable{
        0, n.variable("cells", GetParam().variable), {std::numeric_limits<double>::quiet_NaN()}});
    EXPECT_NE(complaint([&] { n.simulation->run_until(at(60000.0)); }), "");
}

INSTANTIATE_TEST_SUITE_P(Loops, Numbers,
                         testing::Values(Cell{"jump", "lif", Loop::automatic, "V_m"},
                                         Cell{"visiting", "lif", Loop::visiting, "V_m"},
                                         Cell{"linear", "sst", Loop::automatic, "V_m"},
                                         Cell{"traced", "stochastic_pyramidal", Loop::automatic, "d"},
                                         Cell{"integrated", "integrator_pyramidal", Loop::automatic, "d"},
                                         Cell{"stepped", "adex_pv", Loop::automatic, "w"},
                                         Cell{"visited", "adex_pv", Loop::visiting, "w"}),
                         [](const auto& tested) { return tested.param.label; });

TEST(NumbersOfWeights, AreLookedAt) {
    for (const char* rule : {"pair_stdp", "burst_dependent"}) {
        NetworkDescription d;
        d.populations = {neurons("input", "poisson", 5, {{"rate", 20.0}}), neurons("cells", "lif", 4)};
        d.projections = {projection("input", "cells", "membrane", 0.5, 1.0)};
        d.projections[0].name = "plastic";
        d.projections[0].plasticity.emplace();
        d.projections[0].plasticity->rule = rule;
        Network n = build(d);
        n.simulation->run_until(at(20.0));
        EXPECT_NO_THROW(n.simulation->check_numbers());
        n.simulation->weights(0)[0].row(3).weights[2] = std::numeric_limits<float>::infinity();
        EXPECT_THAT(complaint([&] { n.simulation->check_numbers(); }),
                    AllOf(HasSubstr("plastic[2]"), HasSubstr("weight from neuron 3"), HasSubstr("inf")));
    }
}

TEST(NumbersOfWeights, AreLookedAtWhereTheyAreCopied) {
    NetworkDescription d;
    d.populations = {neurons("a", "lif", 3), neurons("b", "lif", 3)};
    d.projections = {projection("a", "b", "membrane", 0.5, 1.0), projection("b", "a", "membrane", 0.5, 1.0)};
    d.projections[1].tie.emplace().to = d.projections[0].name;
    Network n = build(d);
    n.simulation->run_until(at(5.0));
    EXPECT_NO_THROW(n.simulation->check_numbers());
    n.simulation->weights(1)[0].row(2).weights[1] = std::numeric_limits<float>::infinity();
    EXPECT_THAT(complaint([&] { n.simulation->check_numbers(); }),
                AllOf(HasSubstr("b_to_a[1]"), HasSubstr("weight from neuron 2"), HasSubstr("inf")));
}

/// From population 1, of 2 neurons, to population 0, of 4: what a description cannot say is added to it.
Projection from_other_to_cells() {
    TableBuilder builder(2, 4);
    for (Index i = 0; i < 4; ++i) builder.add_target(std::vector<Index>{0, 1}, std::vector<float>(2, 0.5F));
    Projection p{.name = "other_to_cells",
                 .source = 1,
                 .target = 0,
                 .delay = Duration{ticks(1.0)},
                 .release = Release({}, 2),
                 .tables = {},
                 .learning = {},
                 .synaptic_release = {}};
    p.tables.push_back(builder.build(0.0));
    return p;
}

/// A rule whose weights stay as they are, while what it remembers of a target does not.
struct Growing : AllSpikes {
    static constexpr std::string_view name = "growing";
    static constexpr std::array<Field<Growing>, 0> fields{};
    struct Target {
        double trace = 0.0;
    };
    Target start() const { return {}; }
    double source_decay() const { return 20.0; }
    double target_decay() const { return 20.0; }
    double fire(Target& target, double, SpikeKind, double) const {
        target.trace = target.trace * 1e200 + 1.0;  // 1, 1e200, infinite
        return 0.0;
    }
    template <class Loop>
    void changes_at_arrival(const Loop& loop) const {
        loop([](double w, double, double) { return w; });
    }
    template <class Loop>
    void changes_at_fire(const Loop& loop) const {
        loop([](double w, double, double) { return w; });
    }
};

TEST(NumbersOfTraces, EndARunByThemselves) {
    NetworkDescription d;
    d.populations = {neurons("cells", "lif", 4), neurons("other", "lif", 2)};
    Network n = build(d);
    Projection p = from_other_to_cells();
    p.learning.push_back(
        std::make_unique<SpikeLearning<Growing>>(Growing{}, p.tables[0], 4, Duration{ticks(1.0)}));
    Learning& learning = *p.learning[0];
    n.simulation->add(std::move(p));
    const auto spike = [&](double time) {
        const std::vector<Spike> spikes{{at(time), 0, 2, SpikeKind::event, 0.0}};
        learning.enqueue(spikes, 0);
        learning.catch_up(at(time + 2.0));
    };
    spike(1.0);
    spike(2.0);
    EXPECT_NO_THROW(n.simulation->check_numbers());
    spike(3.0);
    EXPECT_THAT(complaint([&] { n.simulation->run_until(at(60000.0)); }),
                AllOf(HasSubstr("other_to_cells[2]"),
                      HasSubstr("learning/0/targets/own is not a finite number (inf)")));
}

TEST(NumbersOfSynapses, AreLookedAt) {
    NetworkDescription d;
    d.populations = {neurons("cells", "lif", 4), neurons("other", "lif", 2)};
    Network n = build(d);
    Projection p = from_other_to_cells();
    p.release = Release({{1.0, TsodyksMarkram{.U = std::numeric_limits<double>::quiet_NaN()}}}, 2);
    n.simulation->add(std::move(p));
    EXPECT_THAT(complaint([&] { n.simulation->check_numbers(); }),
                AllOf(HasSubstr("other_to_cells["), HasSubstr("release/"), HasSubstr("nan")));
}

/// What must come of an extreme: a potential that double precision holds and the solver can follow is
/// computed, however far away; one that it cannot hold, or that moves faster than can be followed, is an
/// error.
enum class End { followed, lost };

struct Extreme {
    std::string label;
    std::string model;
    std::string port;
    double weight;
    bool inhibits;
    End end;
    Loop loop = Loop::automatic;
};

std::ostream& operator<<(std::ostream& out, const Extreme& e) { return out << e.label; }

class Extremes : public testing::TestWithParam<Extreme> {};

// The limit of time of these tests (CMakeLists.txt) is what fails where nothing ends.
TEST_P(Extremes, EndWithAnErrorOrWithoutASpike) {
    NetworkDescription d;
    d.populations = {neurons("cell", GetParam().model), trains("input", {{5.0, 7.5}})};
    d.projections = {projection("input", "cell", GetParam().port, GetParam().weight, 1.0)};
    BuildOptions options;
    options.loop = GetParam().loop;
    Network n = build(d, options);
    const std::string said = complaint([&] {
        n.simulation->run_until(at(100.0));
        n.simulation->check_numbers();
    });
    if (GetParam().end == End::lost) {
        EXPECT_THAT(said,
                    AllOf(HasSubstr("cell[0]"), AnyOf(HasSubstr("so large"), HasSubstr("not a number"))));
    } else {
        EXPECT_THAT(said, IsEmpty());
    }
    EXPECT_TRUE(!GetParam().inhibits || n.simulation->spikes() <= 2U) << "more than those of the input";
}

INSTANTIATE_TEST_SUITE_P(
    Weights, Extremes,
    testing::Values(
        Extreme{"adex", "adex_pv", "excitatory", 1e8, false, End::followed},
        Extreme{"adex_more", "adex_pv", "excitatory", 1e20, false, End::lost},
        Extreme{"adex_visited", "adex_pv", "excitatory", 1e8, false, End::followed, Loop::visiting},
        Extreme{"adex_inhibited", "adex_sst", "inhibitory", 1e8, true, End::lost},
        Extreme{"adex_inhibited_more", "adex_sst", "inhibitory", 1e20, true, End::lost, Loop::visiting},
        Extreme{"adex_current", "adex_sst", "current", -1e18, true, End::followed},
        Extreme{"pyramidal", "payeur2021_pyramidal", "excitatory_soma", 1e9, false, End::lost},
        Extreme{"pyramidal_current", "payeur2021_pyramidal", "current_soma", -1e18, true, End::followed},
        Extreme{"burst_poisson", "burst_poisson", "excitatory_dend", 1e9, false, End::followed},
        Extreme{"urbanczik_senn", "urbanczik_senn", "excitatory_soma", 1e9, false, End::lost},
        Extreme{"currents", "adaptive_lif", "inhibitory", -1e18, true, End::lost},
        Extreme{"currents_visited", "adaptive_lif", "inhibitory", -1e18, true, End::lost, Loop::visiting},
        Extreme{"adaptation", "sst", "inhibitory", -1e15, true, End::lost},
        Extreme{"alpha", "alpha_lif", "inhibitory", -1e18, true, End::lost},
        Extreme{"alpha_visited", "alpha_lif", "inhibitory", -1e18, true, End::lost, Loop::visiting},
        Extreme{"jump", "lif", "membrane", -1e18, true, End::followed},
        Extreme{"jump_more", "lif", "membrane", -1e38, true, End::followed}),
    [](const auto& tested) { return tested.param.label; });

/// Rates too fast for the shortest step, which gave garbage without end, and currents that make a cell fire
/// without end.
INSTANTIATE_TEST_SUITE_P(
    BeyondSteps, Extremes,
    testing::Values(
        Extreme{"pyramidal_inhibited", "payeur2021_pyramidal", "inhibitory_soma", 1e12, true, End::lost},
        Extreme{"regenerative_inhibited", "greedy2026_pyramidal", "inhibitory_soma", 1e12, true, End::lost},
        Extreme{"pyramidal_inhibited_visited", "payeur2021_pyramidal", "inhibitory_soma", 1e13, true,
                End::lost, Loop::visiting},
        Extreme{"burst_poisson_inhibited", "burst_poisson", "inhibitory_soma", 1e13, true, End::lost},
        Extreme{"urbanczik_senn_inhibited", "urbanczik_senn", "inhibitory_soma", 1e14, true, End::lost},
        Extreme{"pyramidal_driven", "payeur2021_pyramidal", "current_soma", 1e15, false, End::lost},
        Extreme{"pyramidal_driven_more", "payeur2021_pyramidal", "current_soma", 1e18, false, End::lost}),
    [](const auto& tested) { return tested.param.label; });

TEST(ExtremesOfTime, TimeConstantsThatTheClockCannotFollowAreRefused) {
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        for (const char* model : {"lif", "adaptive_lif", "stochastic_pyramidal"}) {
            if (loop == Loop::visiting && std::string(model) == "stochastic_pyramidal")
                continue;  // has one loop
            for (const double tau : {1e-9, 1e-300, 1e-7}) {
                NetworkDescription d;
                const std::string name = std::string(model) == "stochastic_pyramidal" ? "tau_soma" : "tau_m";
                d.populations = {neurons("cell", model, 1, {{name, tau}})};
                BuildOptions options;
                options.loop = loop;
                EXPECT_THROW(build(d, options), Error) << model << ", " << tau << " ms";
            }
        }
    }
}

}  // namespace
}  // namespace apical
