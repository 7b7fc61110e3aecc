#include "networks/network_config.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/networks/test_catalogue.hpp"

namespace apical {
namespace {

using testing::HasSubstr;

const std::string populations = R"(
[population.in]
model = "poisson"
size = 10
[population.pyr]
model = "lif"
size = 20
)";

/// A projection that is right, with further lines.
std::string projection(const std::string& further = "",
                       const std::string& connect = "{ rule = \"all_to_all\" }") {
    return populations + R"(
[projection.p]
source = "in"
target = "pyr"
port = "membrane"
weight = 0.5
delay = 1.5
connect = )" +
           connect + "\n" + further + "\n";
}

NetworkDescription read(const std::string& text) {
    const Catalogue catalogue = test_catalogue();
    Config config = Config::parse(text, "net.toml");
    NetworkDescription network = read_network(config.root(), catalogue);
    config.finish();
    return network;
}

std::string complaint(const std::string& text) {
    try {
        read(text);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "no error";
}

/// What is said of a text that is right.
std::string warnings(const std::string& text) {
    const Catalogue catalogue = test_catalogue();
    Config config = Config::parse(text, "net.toml");
    read_network(config.root(), catalogue);
    config.finish();
    std::string all;
    for (const std::string& warning : config.warnings()) all += warning + "\n";
    return all;
}

TEST(NetworkConfig, ReadsAWholeNetwork) {
    const NetworkDescription n = read(R"(
seed = 3
duration = "2 s"
[population.in]
model = "poisson"
size = 10
parameters = { rate = 5 }
[population.pyr]
model = "lif"
size = 20
parameters = { tau_m = "0.016 s" }
classifier = "isi"
b_th = 12
background = [{ port = "membrane", rate = 100, weight = "100 uV" },
              { port = "membrane", rate = 150, weight = 2, kind = "bernoulli_grid", step = 0.5 }]
initial = { V_m = { distribution = "uniform", low = -70, high = -50 }, refractory = 0 }
[projection.in_to_pyr]
source = "in"
target = "pyr"
port = "membrane"
connect = { rule = "fixed_indegree", k = 5, multapses = false }
weight = { distribution = "lognormal", mean = 0.2, cv = 0.5 }
delay = 1.5
short_term = { variant = "tm", U = 0.02, tau_rec = 50.0 }
gain_steps = { times = [500, 700], values = [1.5, 1] }
[projection.in_to_pyr.plasticity]
rule = "burst_dependent"
teaching = "sampled"
baseline = "moving_average"
eta = 1e-2
back_delay = 3
from = 100
until = "1 s"
[projection.back]
source = "pyr"
target = "pyr"
port = "membrane"
tie = { to = "rec", mean = "senders", blocks = 5, part = "negative", scale = -2 }
delay = 2
release = [{ variant = "burst", gain = 2 }, { gain = -1 }]
[projection.rec]
source = "pyr"
target = "pyr"
port = "membrane"
weight = 1
delay = 2
[signal.activity]
population = "pyr"
kind = "burst_rate"
[drive.feedback]
signal = "activity"
target = "pyr"
port = "current"
gain = 3
delay = 5
[steps.pulse]
target = "pyr"
port = "current"
times = [100, 200]
values = ["0.1 nA", 0]
[sine.wave]
target = "pyr"
port = "current"
amplitude = "0.2 nA"
period = 500
from = 300
[record]
spikes = ["pyr"]
traces = ["pyr", "in"]
weights = ["in_to_pyr"]
)");
    EXPECT_EQ(n.seed, 3U);
    EXPECT_EQ(n.duration, 2000.0);
    ASSERT_EQ(n.populations.size(), 2U);
    EXPECT_EQ(n.populations[1].parameters, (Parameters{{"tau_m", 16.0}}));
    EXPECT_EQ(n.populations[1].classifier, Classifier::isi);
    EXPECT_EQ(n.populations[1].b_th, 12.0);
    ASSERT_EQ(n.populations[1].background.size(), 2U);
    EXPECT_EQ(n.populations[1].background[0].weight, 0.1);
    EXPECT_EQ(n.populations[1].background[0].kind, Background::Kind::poisson);
    EXPECT_EQ(n.populations[1].background[1].kind, Background::Kind::bernoulli_grid);
    EXPECT_EQ(n.populations[1].background[1].step, 0.5);
    EXPECT_EQ(n.populations[1].initial.at("V_m").kind, Distribution::Kind::uniform);
    ASSERT_EQ(n.projections.size(), 3U);
    const ProjectionDescription& p = n.projections[0];
    EXPECT_EQ(std::get<FixedIndegree>(p.connect.kind).k, 5U);
    EXPECT_FALSE(std::get<FixedIndegree>(p.connect.kind).multapses);
    EXPECT_EQ(p.weight.kind, Distribution::Kind::lognormal);
    EXPECT_EQ(p.weight.b, 0.5);
    ASSERT_EQ(p.release.size(), 1U);
    EXPECT_EQ(p.release[0].variant, "tm");
    EXPECT_EQ(p.release[0].parameters.at("U"), 0.02);
    EXPECT_EQ(p.release[0].parameters.count("tau_fac"), 0U);
    ASSERT_TRUE(p.plasticity);
    EXPECT_EQ(p.plasticity->teaching, "sampled");
    EXPECT_EQ(p.plasticity->baseline, "moving_average");
    EXPECT_EQ(p.plasticity->back_delay, 3.0);
    EXPECT_EQ(p.plasticity->from, 100.0);
    EXPECT_EQ(p.plasticity->until, 1000.0);
    EXPECT_EQ(p.gain_steps.times, (std::vector<double>{500.0, 700.0}));
    EXPECT_EQ(p.gain_steps.values, (std::vector<double>{1.5, 1.0}));
    const ProjectionDescription& back = n.projections[1];
    ASSERT_TRUE(back.tie);
    EXPECT_EQ(back.tie->mean, TieDescription::Mean::senders);
    EXPECT_EQ(back.tie->part, TieDescription::Part::minus);
    EXPECT_EQ(back.tie->blocks, 5U);
    ASSERT_EQ(back.release.size(), 2U);
    EXPECT_EQ(back.release[0].variant, "burst");
    EXPECT_EQ(back.release[1].variant, "all");
    EXPECT_EQ(back.release[1].gain, -1.0);
    EXPECT_EQ(n.drives[0].delay, 5.0);
    EXPECT_EQ(n.steps[0].values, (std::vector<double>{100.0, 0.0}));
    ASSERT_EQ(n.sines.size(), 1U);
    EXPECT_EQ(n.sines[0].amplitude, 200.0);
    EXPECT_EQ(n.sines[0].period, 500.0);
    EXPECT_EQ(n.sines[0].from, 300.0);
    EXPECT_EQ(n.sines[0].step, 1.0);
    EXPECT_EQ(n.record.traces, (std::vector<std::string>{"pyr", "in"}));
}

TEST(NetworkConfig, TheResolvedFileReproducesTheNetwork) {
    const Catalogue catalogue = test_catalogue();
    const std::string text = projection("short_term = { U = 0.1 }", "{ rule = \"bernoulli\", p = 0.3 }");
    Config first = Config::parse(text, "net.toml", {{"--seed", "seed=9"}});
    read_network(first.root(), catalogue);
    first.finish();
    const std::string resolved = first.resolved("");
    Config second = Config::parse(resolved, "net.toml");
    const NetworkDescription again = read_network(second.root(), catalogue);
    second.finish();
    EXPECT_EQ(again.seed, 9U);
    EXPECT_EQ(std::get<Bernoulli>(again.projections[0].connect.kind).p, 0.3);
    EXPECT_EQ(again.projections[0].release[0].parameters.at("U"), 0.1);
    // Resolving what is resolved changes nothing but the origins.
    const auto without_comments = [](const std::string& all) {
        std::string out;
        std::size_t begin = 0;
        while (begin < all.size()) {
            const std::size_t end = all.find('\n', begin);
            out += all.substr(begin, std::min(end, all.find('#', begin)) - begin) + "\n";
            begin = end + 1;
        }
        return out;
    };
    EXPECT_EQ(without_comments(second.resolved("")), without_comments(resolved));
}

TEST(NetworkConfig, ZeroDelayIsAnErrorThatSaysWhy) {
    std::string text = projection();
    text.replace(text.find("delay = 1.5"), 11, "delay = 0");
    EXPECT_THAT(complaint(text), HasSubstr(R"(error[E0204]: delay is 0 ms: expected more than 0 ms
  --> net.toml:14:9
   |  delay = 0
   |          ^ an effect cannot precede its cause; the smallest delay is the engine's window
help: apical explain delay
)"));
}

TEST(NetworkConfig, ReferencesMustExist) {
    std::string text = projection();
    text.replace(text.find("\"in\""), 4, "\"inn\"");
    EXPECT_THAT(complaint(text), HasSubstr("error[E0208]: source is \"inn\": there is no such population"));
    text = projection();
    text.replace(text.find("\"membrane\""), 10, "\"soma\"");
    EXPECT_THAT(complaint(text), HasSubstr("error[E0208]: port is \"soma\": there is no such port of lif"));
    EXPECT_THAT(complaint(text), HasSubstr("defined: membrane, current"));
    EXPECT_THAT(complaint(projection("[record]\nspikes = [\"pyr\", \"x\"]")),
                HasSubstr("error[E0208]: spikes is \"x\": there is no such population"));
    EXPECT_THAT(
        complaint(projection("[drive.d]\nsignal = \"s\"\ntarget = \"pyr\"\nport = \"current\"\ndelay = 1")),
        HasSubstr("error[E0208]: signal is \"s\": there is no such signal"));
}

TEST(NetworkConfig, ModelsAndParametersAreChecked) {
    EXPECT_THAT(complaint("[population.x]\nmodel = \"liff\""), HasSubstr("did you mean 'lif'?"));
    EXPECT_THAT(complaint("[population.x]\nmodel = \"lif\"\nparameters = { tau_refrac = 2 }"),
                HasSubstr("tau_refrac is PyNN's name; here it is t_ref"));
    EXPECT_THAT(complaint("[population.x]\nmodel = \"lif\"\nparameters = { tau_m = -1 }"),
                HasSubstr("error[E0204]: tau_m is -1 ms: expected more than 0 ms"));
    EXPECT_THAT(complaint("[population.x]\nmodel = \"lif\"\nparameters = { V_reset = -40 }"),
                HasSubstr("error[E0209]: lif: V_reset must lie below V_th"));
    EXPECT_THAT(complaint("[population.x]\nsize = 3"),
                HasSubstr("error[E0201]: 'model' is missing in [population.x]"));
    EXPECT_THAT(complaint(""), HasSubstr("error[E0201]: there is no population"));
}

TEST(NetworkConfig, WhatWouldDoNothingIsAnError) {
    EXPECT_THAT(complaint(projection("", "{ rule = \"all_to_all\", k = 3 }")),
                HasSubstr("error[E0210]: k has no effect: rule is \"all_to_all\""));
    EXPECT_THAT(complaint("[population.x]\nmodel = \"lif\"\nspike_times = [[1]]"),
                HasSubstr("error[E0210]: spike_times has no effect: model is \"lif\""));
    EXPECT_THAT(complaint("[population.x]\nmodel = \"poisson\"\nbackground = [{}]"),
                HasSubstr("error[E0210]: background has no effect: poisson has no ports"));
    EXPECT_THAT(complaint("[population.x]\nmodel = \"lif\"\nclassifier = \"every\"\nb_th = 10"),
                HasSubstr("error[E0210]: b_th has no effect: classifier is \"every\""));
    const std::string noisy =
        "[population.x]\nmodel = \"lif\"\nbackground = [{ port = \"membrane\", rate = 2000, "
        "weight = 1, step = 2";
    EXPECT_THAT(complaint(noisy + " }]"), HasSubstr("step has no effect: kind is \"poisson\""));
    EXPECT_THAT(complaint(noisy + ", kind = \"variance_matched\" }]"),
                HasSubstr("rate x step is a probability: it must be below 1"));
    EXPECT_THAT(complaint(noisy + "e-4, kind = \"variance_matched\" }]"), Not(HasSubstr("background")));
    EXPECT_THAT(complaint("[population.x]\nmodel = \"lif\"\nbackground = [{ port = \"membrane\", rate = "
                          "999.99999, weight = "
                          "1, step = 1, kind = \"variance_matched\" }]"),
                HasSubstr("more than 1e8 arrivals a second"));
    EXPECT_THAT(complaint(noisy + "e-7, kind = \"counts\" }]"), HasSubstr("between 0.001 and 100"));
    EXPECT_THAT(complaint(noisy + "0, kind = \"counts\" }]"), Not(HasSubstr("background")));
    EXPECT_THAT(complaint(noisy + "00, kind = \"counts\" }]"),
                HasSubstr("rate x step is the mean of a count: it must be between 0.001 and 100"));
    EXPECT_THAT(complaint(projection("[signal.s]\npopulation = \"pyr\"")),
                HasSubstr("error[E0210]: signal 's' has no effect: no drive uses it"));
    EXPECT_THAT(complaint(projection("[record]\ntrace_bin = 10")),
                HasSubstr("error[E0210]: trace_bin has no effect: no traces are recorded"));
    std::string onto_source = projection();
    onto_source.replace(onto_source.find("target = \"pyr\""), 14, "target = \"in\"");
    EXPECT_THAT(complaint(onto_source), HasSubstr("'in' is a poisson, which receives nothing"));
}

TEST(NetworkConfig, WhatComesAfterTheEndIsAWarning) {
    EXPECT_EQ(warnings(projection()), "");
    const std::string steps = "[steps.s]\ntarget=\"pyr\"\nport=\"current\"\nvalues=[1]\n";
    EXPECT_EQ(warnings(projection(steps + "times = [1000]")),
              "warning[E0210]: a step at 1000 ms has no effect: the run ends at 1000 ms\n"
              "  --> net.toml:20:9\n"
              "   |  times = [1000]\n"
              "   |          ^^^^^^\n"
              "help: apical explain times\n");
    EXPECT_EQ(warnings(projection(steps + "times = [999.9]")), "");
    EXPECT_THAT(warnings(projection("gain_steps = { times = [1000], values = [2] }")),
                HasSubstr("a step at 1000 ms has no effect"));
    EXPECT_THAT(warnings(projection("[sine.s]\ntarget=\"pyr\"\nport=\"current\"\namplitude=1\nperiod=10\n"
                                    "from=1200")),
                HasSubstr("there is no sine: from is 1200 ms, and the run ends at 1000 ms"));
    EXPECT_THAT(warnings(projection("[signal.s]\npopulation=\"pyr\"\n[drive.d]\nsignal=\"s\"\n"
                                    "target=\"pyr\"\nport=\"current\"\ndelay=1\nfrom=1000")),
                HasSubstr("there is no drive: from is 1000 ms"));
    EXPECT_THAT(warnings(projection("plasticity = { rule = \"burst_dependent\", from = 1000 }")),
                HasSubstr("the weights do not learn: from is 1000 ms"));
    EXPECT_THAT(warnings("[population.x]\nmodel=\"spike_train\"\nspike_times=[[1, 1000, 2500]]"),
                HasSubstr("2 spikes of 'x', up to 2500 ms, will not be played: the run ends at 1000 ms"));
    EXPECT_EQ(warnings("[population.x]\nmodel=\"spike_train\"\nspike_times=[[1, 999.9]]"), "");
}

TEST(NetworkConfig, ContradictionsAreErrors) {
    EXPECT_THAT(complaint(projection("", "{ rule = \"blocks\", blocks = 4 }")),
                HasSubstr("error[E0209]: 4 blocks do not divide both 10 sources and 20 targets"));
    EXPECT_THAT(complaint(projection("", "{ rule = \"one_to_one\" }")),
                HasSubstr("error[E0209]: one_to_one: there are 10 sources and 20 targets"));
    EXPECT_THAT(complaint(projection("", "{ rule = \"fixed_indegree\", k = 11, multapses = false }")),
                HasSubstr("error[E0209]: each target has only 10 possible sources"));
    EXPECT_THAT(complaint(projection("short_term = {}\nrelease = []")),
                HasSubstr("error[E0209]: short_term and release exclude each other"));
    EXPECT_THAT(complaint(projection("[steps.s]\ntarget=\"pyr\"\nport=\"membrane\"\ntimes=[10]\nvalues=[1]")),
                HasSubstr("error[E0209]: port 'membrane' of lif decays"));
    EXPECT_THAT(complaint(projection("[sine.s]\ntarget=\"pyr\"\nport=\"membrane\"\namplitude=1\nperiod=10")),
                HasSubstr("error[E0209]: port 'membrane' of lif decays"));
    EXPECT_THAT(complaint(projection("gain_steps = { times = [10, 20], values = [2] }")),
                HasSubstr("error[E0209]: values has 1 elements, times has 2"));
    EXPECT_THAT(complaint(projection("plasticity = { rule = \"burst_dependent\", from = 20, until = 10 }")),
                HasSubstr("error[E0209]: until is not after from"));
    EXPECT_THAT(complaint("[population.x]\nmodel=\"spike_train\"\nsize=2\nspike_times=[[1, 2]]"),
                HasSubstr("error[E0209]: spike_times has 1 lists for 2 neurons"));
    EXPECT_THAT(complaint("[population.x]\nmodel=\"spike_train\"\nspike_times=[[2, 2]]"),
                HasSubstr("error[E0209]: spike_times are not in ascending order"));
    EXPECT_THAT(complaint(projection("tie = { to = \"p\" }")),
                HasSubstr("a projection cannot be tied to itself"));
}

TEST(NetworkConfig, DistributionsThatNoNumberHoldsAreRefused) {
    const auto of_weights = [](const std::string& distribution) {
        std::string text = projection();
        text.replace(text.find("0.5"), 3, "{ distribution = " + distribution + " }");
        return complaint(text);
    };
    EXPECT_THAT(of_weights(R"("lognormal", mean = 1, cv = 1e200)"),
                HasSubstr("has no variance that is a number"));
    EXPECT_THAT(of_weights(R"("lognormal", mean = 1, cv = 1e20)"),
                HasSubstr("values as small as 2.5e-55 would be drawn"));  // exp(-46.05 - 8.3 x 9.597)
    EXPECT_THAT(of_weights(R"("lognormal", mean = -1e38, cv = 1)"), HasSubstr("values as large as"));
    EXPECT_THAT(of_weights(R"("lognormal", mean = 1, cv = 1000)"), HasSubstr("no error"));
    EXPECT_THAT(of_weights(R"("normal", mean = 0, sd = 1e38)"), HasSubstr("values as large as 8.3e+38"));
    EXPECT_THAT(of_weights(R"("normal", mean = 0, sd = -1)"),
                HasSubstr("sd is -1 mV: expected at least 0 mV"));
    EXPECT_THAT(of_weights(R"("normal", mean = 0, sd = 1e-50)"), HasSubstr("values as small as 8.3e-50"));
    EXPECT_THAT(of_weights(R"("normal", mean = 0, sd = 0)"), HasSubstr("no error"));
    EXPECT_THAT(of_weights(R"("uniform", low = -1e308, high = 1e308)"), HasSubstr("values as large as inf"));
    EXPECT_THAT(of_weights(R"("uniform", low = 1, high = 0)"), HasSubstr("high is below low"));
    std::string states = projection();
    states.insert(states.find("[projection.p]"),
                  "initial = { V_m = { distribution = \"normal\", mean = 0, sd = 1e100 } }\n");
    EXPECT_THAT(complaint(states), HasSubstr("no error")) << "states are doubles";
    states.replace(states.find("1e100"), 5, "1e308");
    EXPECT_THAT(complaint(states), HasSubstr("values as large as inf"));
}

TEST(NetworkConfig, NamesThatShareAStreamAreRefused) {
    // Found by search: hash32 of "connect/nrdtngyn" and "connect/rnvxtfvr" are equal.
    std::string text = populations;
    for (const char* name : {"nrdtngyn", "rnvxtfvr"}) {
        text += std::string("[projection.") + name +
                "]\nsource = \"in\"\ntarget = \"pyr\"\nport = \"membrane\"\nweight = 1\ndelay = 1\n";
    }
    EXPECT_THAT(complaint(text),
                HasSubstr("error[E0211]: 'rnvxtfvr' and 'nrdtngyn' would share their random numbers"));
}

}  // namespace
}  // namespace apical
