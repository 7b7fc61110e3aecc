#include "networks/problems.hpp"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "networks/catalogue.hpp"

namespace apical {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Kind = Distribution::Kind;

/// A Poisson source `a`, one neuron `b` and the projection `p` in between, for 100 ms.
NetworkDescription network(const std::string& model = "lif", const std::string& port = "membrane") {
    NetworkDescription d;
    d.duration = 100.0;
    d.populations.resize(2);
    d.populations[0].name = "a";
    d.populations[0].model = "poisson";
    d.populations[1].name = "b";
    d.populations[1].model = model;
    ProjectionDescription p;
    p.name = "p";
    p.source = "a";
    p.target = "b";
    p.port = port;
    p.weight.a = 1.0;
    d.projections = {p};
    return d;
}
PopulationDescription& source(NetworkDescription& d) { return d.populations.front(); }
PopulationDescription& target(NetworkDescription& d) { return d.populations.back(); }
ProjectionDescription& p(NetworkDescription& d) { return d.projections.front(); }

NetworkDescription learning(const std::string& rule, const Parameters& parameters = {},
                            const std::string& model = "lif", const std::string& port = "membrane") {
    NetworkDescription d = network(model, port);
    PlasticityDescription plasticity;
    plasticity.rule = rule;
    plasticity.parameters = parameters;
    p(d).plasticity = plasticity;
    return d;
}

/// Each finding as a line: "warning projection.p.weight: words".
std::vector<std::string> said(const NetworkDescription& d) {
    std::vector<std::string> lines;
    for (const Problem& f : problems(d))
        lines.push_back((f.severity == Severity::error ? "error " : "warning ") + f.places.front() + ": " +
                        f.message);
    return lines;
}

TEST(Checks, AreContentWithWhatFits) {
    EXPECT_THAT(said(network()), IsEmpty());
    EXPECT_THAT(said(learning("pair_stdp")), IsEmpty());
    EXPECT_THAT(said(learning("burst_dependent")), IsEmpty());
}

/// What is said of weights between 0 and 1, drawn like this.
std::vector<std::string> said_of(Distribution weight, double w_min = 0.0, double w_max = 1.0) {
    NetworkDescription d = learning("burst_dependent", {{"w_min", w_min}, {"w_max", w_max}});
    p(d).weight = weight;
    return said(d);
}

TEST(Checks, CountTheWeightsOutsideBothBounds) {
    const auto are = [](const std::string& share) {
        return ElementsAre(HasSubstr("warning projection.p.weight: " + share + " of the weights drawn are"));
    };
    EXPECT_THAT(said_of({Kind::uniform, -1.0, 3.0}), are("75 %"));
    EXPECT_THAT(said_of({Kind::uniform, -1.0, 3.0}, -5.0), are("50 %"));
    EXPECT_THAT(said_of({Kind::uniform, -1.0, 3.0}, 0.0, 5.0), are("25 %"));
    EXPECT_THAT(said_of({Kind::uniform, 2.0, 2.0}), are("all"));
    EXPECT_THAT(said_of({Kind::uniform, -2.0, -2.0}), are("all"));
    EXPECT_THAT(said_of({Kind::uniform, 0.0, 1.0}), IsEmpty());
    // Beyond one standard deviation lie 15.87 % on each side.
    EXPECT_THAT(said_of({Kind::normal, 0.0, 1.0}, -1.0, 1.0), are("32 %"));
    EXPECT_THAT(said_of({Kind::normal, 0.0, 1.0}, -5.0, 1.0), are("16 %"));
    // The logarithm has the variance ln 2 and the mean -ln 2 / 2: above a mean of 1 lies what is above
    // sqrt(ln 2)/2 = 0.4163 standard deviations, 33.86 %.
    EXPECT_THAT(said_of({Kind::lognormal, 1.0, 1.0}), are("34 %"));
    EXPECT_THAT(said_of({Kind::lognormal, -1.0, 1.0}, -1.0, 0.0), are("34 %"));
    EXPECT_THAT(said_of({Kind::lognormal, -1.0, 1.0}, 0.0, 1.0), are("all"));
}

TEST(Checks, TheNextEventMayFollowABurstAfterMoreThanB_th) {
    NetworkDescription d = network("stochastic_pyramidal", "soma");
    target(d).classifier = Classifier::isi;
    const auto with = [&](double R, double spikes, double interval, double b_th) {
        target(d).parameters = {{"R", R}, {"burst_spikes", spikes}, {"burst_interval", interval}};
        target(d).b_th = b_th;
        return said(d);
    };
    const auto runs_on =
        ElementsAre(HasSubstr("warning population.b.b_th: population b: the next event can"));
    EXPECT_THAT(with(20.1, 2.0, 5.0, 15.1), runs_on) << "equality, though 20.1 - 5 is more than 15.1";
    EXPECT_THAT(with(20.1, 2.0, 5.0, 15.09), IsEmpty());
    EXPECT_THAT(with(20.0, 3.0, 5.0, 10.0), runs_on);
    EXPECT_THAT(with(20.0, 3.0, 5.0, 9.0), IsEmpty());
    target(d).classifier = Classifier::model;
    EXPECT_THAT(with(20.0, 3.0, 5.0, 10.0), IsEmpty());
}

TEST(Checks, ATargetBurstsIfItsSpikesCanBeCloseEnough) {
    NetworkDescription d = learning("burst_dependent");
    const auto with = [&](Classifier classifier, double t_ref) {
        target(d).classifier = classifier;
        target(d).parameters = {{"t_ref", t_ref}};
        return said(d);
    };
    const auto never = ElementsAre(HasSubstr("warning projection.p.plasticity.rule: 'b' never bursts"));
    EXPECT_THAT(with(Classifier::isi, 16.0), IsEmpty());
    EXPECT_THAT(with(Classifier::isi, 16.1), never);
    // Before each of many spikes a time T apart, their trace is 1/(exp(T/b_th) - 1): 1/e for T = 21.01 ms.
    EXPECT_THAT(with(Classifier::trace, 21.0), IsEmpty());
    EXPECT_THAT(with(Classifier::trace, 21.1), never);
    EXPECT_THAT(with(Classifier::every, 1.0), never);
}

TEST(Checks, WithoutBurstsARuleMayStillKeepRates) {
    const auto never = [](const Parameters& parameters) {
        NetworkDescription d = learning("burst_dependent", parameters);
        target(d).classifier = Classifier::every;
        return said(d);
    };
    EXPECT_THAT(never({{"p0", 0.0}}),
                ElementsAre(HasSubstr("error projection.p.plasticity.p0: the weights never")));
    EXPECT_THAT(never({{"p0", 0.0}, {"r_min", 0.0}}), ElementsAre(HasSubstr("error")));
    for (const char* bound : {"r_min", "r_max"})
        EXPECT_THAT(never({{"p0", 0.0}, {bound, 5.0}}), ElementsAre(HasSubstr("warning"))) << bound;
    EXPECT_THAT(never({{"p0", 0.1}}), ElementsAre(HasSubstr("warning")));
}

TEST(Checks, AGateForBurstsNeedsBursts) {
    NetworkDescription d = network();
    p(d).release = {{.variant = "burst", .parameters = {}}};
    const auto nothing =
        ElementsAre(HasSubstr("warning projection.p.source: nothing passes: 'a' never bursts"));
    EXPECT_THAT(said(d), nothing);
    p(d).release.front().parameters = {{"lag", 0.0}};
    EXPECT_THAT(said(d), nothing);
    p(d).release.front().parameters = {{"lag", 1.0}};
    EXPECT_THAT(said(d), IsEmpty()) << "it has a detector of its own";
    p(d).release = {{.variant = "burst", .parameters = {}}, {.variant = "event", .parameters = {}}};
    EXPECT_THAT(said(d), IsEmpty());
    p(d).release.pop_back();
    source(d).model = "spike_train";
    source(d).spike_times = {{1.0, 5.0}};
    EXPECT_THAT(said(d), nothing);
    source(d).spike_kinds = {{SpikeKind::event, SpikeKind::burst}};
    EXPECT_THAT(said(d), IsEmpty()) << "its file says what bursts";
}

TEST(Checks, WhatTakesAsLongAsTheRunIsNotSeen) {
    NetworkDescription d = learning("pair_stdp");
    const auto late = HasSubstr("warning projection.p.delay: nothing arrives");
    const auto unseen =
        HasSubstr("warning projection.p.plasticity.back_delay: no spike of the target is seen");
    p(d).delay = 100.0;
    EXPECT_THAT(said(d), ElementsAre(late, unseen)) << "back_delay is the delay";
    p(d).plasticity->back_delay = 1.0;
    EXPECT_THAT(said(d), ElementsAre(late));
    p(d).delay = 99.9;
    EXPECT_THAT(said(d), IsEmpty());
    p(d).plasticity->back_delay = 100.0;
    EXPECT_THAT(said(d), ElementsAre(unseen));
}

TEST(Checks, SignsOnConductancesAreJudgedAtAllTimes) {
    NetworkDescription d = network("adex_pv", "excitatory");
    p(d).weight.a = -0.1;
    const auto negative = HasSubstr("all of the weights on 'excitatory' are negative");
    EXPECT_THAT(said(d), ElementsAre(negative));
    p(d).gain_steps = {{50.0}, {2.0}};
    EXPECT_THAT(said(d), ElementsAre(negative));
    p(d).gain_steps = {{50.0}, {-1.0}};
    EXPECT_THAT(said(d), ElementsAre(negative)) << "until then";
    p(d).gain_steps = {{0.0}, {-1.0}};
    EXPECT_THAT(said(d), IsEmpty());
    p(d).weight.a = 0.1;
    p(d).gain_steps = {{50.0}, {-1.0}};
    EXPECT_THAT(said(d), ElementsAre(HasSubstr("error projection.p.gain_steps.values: with these factors")));
    p(d).gain_steps = {{100.0}, {-1.0}};
    EXPECT_THAT(
        said(d),
        ElementsAre(HasSubstr("warning projection.p.gain_steps.times: a step at 100 ms has no effect")));
}

TEST(Checks, SignsOfCurrentsThatChangeInTheRunAreNotJudged) {
    NetworkDescription d = network("adaptive_lif", "inhibitory");
    EXPECT_THAT(said(d), ElementsAre(HasSubstr("a positive weight on 'inhibitory' excites")));
    p(d).gain_steps = {{50.0}, {-1.0}};
    EXPECT_THAT(said(d), IsEmpty());
}

TEST(Checks, ASignIsWrongIfNearlyAllWeightsHaveIt) {
    NetworkDescription d = network("adaptive_lif", "inhibitory");
    p(d).weight = {Kind::normal, 1.0, 0.5};  // 2.3 % are negative
    EXPECT_THAT(said(d), IsEmpty());
    p(d).weight = {Kind::normal, 1.0, 0.25};  // 0.003 %
    EXPECT_THAT(said(d), ElementsAre(HasSubstr("a positive weight on 'inhibitory' excites")));
    p(d).port = "excitatory";
    EXPECT_THAT(said(d), IsEmpty());
    p(d).weight = {Kind::normal, -1.0, 0.25};
    EXPECT_THAT(said(d), ElementsAre(HasSubstr("a negative weight on 'excitatory' inhibits")));
}

TEST(Checks, ConductancesStayPositiveByWhatIsReleased) {
    NetworkDescription d = learning("burst_dependent", {}, "adex_pv", "excitatory");
    target(d).classifier = Classifier::isi;
    const auto negative =
        HasSubstr("warning projection.p.plasticity.w_min: weights on 'excitatory' are conductances");
    EXPECT_THAT(said(d), ElementsAre(negative));
    p(d).weight.a = -1.0;
    p(d).release = {{.variant = "all", .gain = -1.0, .parameters = {}}};
    EXPECT_THAT(said(d), IsEmpty());
}

TEST(Checks, ARuleMayKnowItsTargetToAThousandth) {
    const auto with = [](double E_L) {
        return said(learning("dendritic_prediction", {{"E_L", E_L}}, "urbanczik_senn", "synaptic_dend"));
    };
    EXPECT_THAT(with(-70.05), IsEmpty());
    EXPECT_THAT(with(-70.2),
                ElementsAre(HasSubstr(
                    "warning projection.p.plasticity.E_L: the rule has E_L = -70.2, 'b' has E_L = -70")));
}

TEST(Checks, PotentiationInProportionStartsFromSomething) {
    const auto with = [](const Parameters& parameters) {
        NetworkDescription d = learning("pair_stdp", parameters);
        p(d).weight.a = 0.0;
        return said(d);
    };
    const auto never =
        ElementsAre(HasSubstr("error projection.p.weight: the weights never change: they are 0"));
    EXPECT_THAT(with({{"mu_plus", 0.4}}), never);
    EXPECT_THAT(with({{"mu_plus", 0.4}, {"A_minus", 0.0}}), never);
    EXPECT_THAT(with({{"mu_plus", 0.4}, {"A_minus", -0.1}}), IsEmpty());
    EXPECT_THAT(with({}), IsEmpty());
}

TEST(Checks, ChangesBelowHalfAStepOfAFloatAreLost) {
    // Next to 1 is 1 + 2^-23: a change is rounded away if it is less than 2^-24 = 5.96e-8.
    EXPECT_THAT(said(learning("burst_dependent", {{"eta", 6.1e-8}})), IsEmpty());
    EXPECT_THAT(said(learning("burst_dependent", {{"eta", -5.8e-8}})),
                ElementsAre(HasSubstr("warning projection.p.plasticity.eta: changes of 5.8e-08 are lost")));
    const auto pairs = [](double A_plus, double A_minus) {
        return said(learning("pair_stdp", {{"A_plus", A_plus}, {"A_minus", A_minus}}));
    };
    EXPECT_THAT(pairs(0.0, 0.1), IsEmpty());
    EXPECT_THAT(pairs(0.1, 0.0), IsEmpty());
    EXPECT_THAT(pairs(1e-9, 2e-9),
                ElementsAre(HasSubstr("warning projection.p.plasticity.A_minus: changes of 2e-09 are lost")));
    EXPECT_THAT(pairs(0.0, 0.0),
                ElementsAre(HasSubstr("warning projection.p.plasticity.A_plus: the weights never")));
}

}  // namespace
}  // namespace apical
