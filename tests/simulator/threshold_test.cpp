#include <gtest/gtest.h>

#include "simulator/jump_population.hpp"
#include "simulator/linear_population.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

/// When V_m has reached V_th, and when refractoriness and bursts are over, in every loop: the same whatever
/// else the network has, and as the numbers are written.

using Times = std::vector<double>;

struct Loops {
    std::string label;
    std::string model;
    Loop loop;
    std::string membrane = "membrane";  ///< the port whose inputs are jumps of V_m,
    double per_mV = 1.0;                ///< and the weight of 1 mV
};

std::ostream& operator<<(std::ostream& out, const Loops& c) { return out << c.label; }

/// The soma alone, with a threshold that does not move.
const Parameters bare_soma{{"G_soma", 0.0}, {"G_dend", 0.0},  {"b_soma", 0.0},    {"a_dend", 0.0},
                           {"I_box", 0.0},  {"jump_th", 0.0}, {"C_m_soma", 370.0}};

const auto every_loop = testing::Values(
    Loops{"jump", "lif", Loop::automatic}, Loops{"linear", "adaptive_lif", Loop::automatic},
    Loops{"visiting", "lif", Loop::visiting}, Loops{"visiting_currents", "adaptive_lif", Loop::visiting},
    Loops{"stepped", "payeur2021_pyramidal", Loop::automatic, "charge_soma", 0.37},
    Loops{"visited_pyramidal", "payeur2021_pyramidal", Loop::visiting, "charge_soma", 0.37});
const auto label = [](const auto& tested) { return tested.param.label; };

/// Something that ought to make no difference.
enum class Unrelated { nothing, step_of_zero, silent_input, silent_noise };

class Threshold : public testing::TestWithParam<Loops> {
protected:
    bool pyramidal() const { return GetParam().model == "payeur2021_pyramidal"; }

    /// 20 mV from rest to threshold; resets to rest, at once.
    PopulationDescription cell(Parameters more = {}) const {
        PopulationDescription p =
            neurons("cell", GetParam().model, 1, pyramidal() ? bare_soma : Parameters{});
        p.parameters["V_reset"] = -70.0;
        if (!pyramidal()) p.parameters["t_ref"] = 0.0;
        for (const auto& [name, value] : more) p.parameters[name] = value;
        return p;
    }

    /// Inputs of some mV each, all at once, at several times.
    NetworkDescription volleys(const std::vector<double>& jumps, const Times& times,
                               Unrelated unrelated = Unrelated::nothing) const {
        NetworkDescription d;
        d.populations = {cell()};
        for (std::size_t i = 0; i < jumps.size(); ++i) {
            const std::string name = "input_" + std::to_string(i);
            d.populations.push_back(trains(name, {times}));
            d.projections.push_back(
                projection(name, "cell", GetParam().membrane, jumps[i] * GetParam().per_mV, 1.0));
        }
        const std::string current = pyramidal() ? "current_soma" : "current";
        if (unrelated == Unrelated::step_of_zero) {
            d.steps.resize(1);
            d.steps[0] = {
                .name = "nothing", .target = "cell", .port = current, .times = {0.0}, .values = {0.0}};
        } else if (unrelated == Unrelated::silent_input) {
            d.populations.push_back(neurons("silent", "poisson", 20, {{"rate", 200.0}}));
            d.projections.push_back(projection("silent", "cell", GetParam().membrane, 0.0, 0.7));
        } else if (unrelated == Unrelated::silent_noise) {
            d.populations[0].background = {{GetParam().membrane, 3000.0, 0.0}};
        }
        return d;
    }

    BuildOptions options() const {
        BuildOptions options;
        options.loop = GetParam().loop;
        return options;
    }
    std::size_t fired(const NetworkDescription& d, double duration) const {
        return run(d, duration, options()).train(0).size();
    }
};

Times every(double interval, std::size_t count) {
    Times times;
    for (std::size_t i = 1; i <= count; ++i) times.push_back(std::round(1e4 * interval * double(i)) / 1e4);
    return times;
}

TEST_P(Threshold, IsReachedByInputsThatComeToIt) {
    const Times times = every(7.3, 40);
    for (const Unrelated unrelated :
         {Unrelated::nothing, Unrelated::step_of_zero, Unrelated::silent_input, Unrelated::silent_noise}) {
        for (const auto& jumps : std::vector<std::vector<double>>{
                 {20.0}, std::vector(20, 1.0), std::vector(200, 0.1), {-3.7, 23.7}, {6.6, 6.7, 6.7}})
            EXPECT_EQ(fired(volleys(jumps, times, unrelated), 400.0), times.size())
                << jumps.size() << " jumps, " << static_cast<int>(unrelated);
        EXPECT_EQ(fired(volleys({20.0 - 1e-6}, {7.3}, unrelated), 20.0), 0U);
    }
}

TEST_P(Threshold, IsNotReachedByWhatLowersOrHolds) {
    // Left a hair below threshold, where the order at one time decides: nothing raises V_m after that.
    EXPECT_EQ(fired(volleys({-10.0, 29.0, 0.0}, {5.0}), 50.0), 0U);
    EXPECT_EQ(fired(volleys({25.0, -25.0}, {5.0}), 50.0), 1U);
    EXPECT_EQ(fired(volleys({-25.0, 25.0}, {5.0}), 50.0), 0U);
}

TEST_P(Threshold, IsReachedByInputsThatAreTogetherAsDecimals) {
    // 0.1 + 0.9 and 0.3 + 0.7 ms are 1 ms, but not in ticks.
    NetworkDescription d;
    d.populations = {cell(), trains("one", {{0.9, 40.1}}), trains("two", {{0.7, 39.9}})};
    d.projections = {projection("one", "cell", GetParam().membrane, 12.0 * GetParam().per_mV, 0.1),
                     projection("two", "cell", GetParam().membrane, 8.0 * GetParam().per_mV, 0.3)};
    EXPECT_EQ(fired(d, 60.0), 2U);
}

TEST_P(Threshold, IsReachedByAValueThatIsSet) {
    for (const double V : {-50.0, -49.0, -50.1}) {
        NetworkDescription d;
        d.populations = {cell()};
        const std::string V_m = pyramidal() ? "V_m_soma" : "V_m";
        Network set = build(d, options());
        set.simulation->schedule(at(3.3), action::SetVariable{0, set.variable("cell", V_m), {V}});
        set.simulation->run_until(at(10.0));
        EXPECT_EQ(set.simulation->spikes(), V < -50.0 ? 0U : 1U) << V;
        d.populations[0].initial[V_m].a = V;
        EXPECT_EQ(fired(d, 10.0), V < -50.0 ? 0U : 1U) << V;
    }
}

TEST_P(Threshold, IsReachedFromResetAsRefractorinessEnds) {
    if (pyramidal()) GTEST_SKIP() << "has no refractoriness";
    for (const double t_ref : {0.9, 2.0, 3.3, 10.1}) {
        for (const double V_reset : {-75.0, -65.0, -50.1}) {
            NetworkDescription d;
            Times times;
            for (int i = 0; i < 30; ++i) {
                const double first = 30.7 * i;
                times.push_back(std::round(1e4 * first) / 1e4);
                times.push_back(std::round(1e4 * (first + t_ref)) / 1e4);
            }
            d.populations = {cell({{"t_ref", t_ref}, {"V_reset", V_reset}}), trains("first", {{}}),
                             trains("second", {{}})};
            for (std::size_t i = 0; i < times.size(); ++i)
                d.populations[1 + i % 2].spike_times[0].push_back(times[i]);
            // The first makes it fire wherever it is, the second only if V_m is at V_reset.
            d.projections = {projection("first", "cell", "membrane", 1000.0, 1.0),
                             projection("second", "cell", "membrane", -50.0 - V_reset, 1.0)};
            EXPECT_EQ(fired(d, 950.0), times.size()) << t_ref << " ms, " << V_reset << " mV";
        }
    }
}

TEST_P(Threshold, RefractorinessEndsBeforeAnInputOfTheSameDecimal) {
    if (pyramidal()) GTEST_SKIP() << "has no refractoriness";
    for (const double t_ref : {0.1, 0.3, 0.7, 0.9, 1.1, 2.0, 3.3}) {
        NetworkDescription d;
        d.populations = {cell({{"t_ref", t_ref}}), trains("input", {every(t_ref, 300)})};
        d.projections = {projection("input", "cell", "membrane", 100.0, 1.0)};
        EXPECT_EQ(fired(d, 300 * t_ref + 2.0), 300U) << t_ref;
        d.populations[1].spike_times = {every(t_ref - 0.0001, 300)};
        EXPECT_EQ(fired(d, 300 * t_ref + 2.0), 150U) << t_ref;
    }
}

TEST_P(Threshold, IsNotReachedByADriftThatTendsToIt) {
    // Decimals whose asymptote is the threshold up to rounding, above or below it.
    struct Membrane {
        double tau_m, C_m, E_L, V_th;
    };
    for (const Membrane& m : {Membrane{20.0, 200.0, -70.0, -50.0}, Membrane{9.7, 130.0, -70.0, -50.0},
                              Membrane{13.3, 170.1, -64.9, -51.7}, Membrane{2.3, 71.3, -70.6, -49.1},
                              Membrane{31.7, 333.3, 0.0, 17.9}, Membrane{0.3, 71.3, -70.6, -49.1}}) {
        // So fast a membrane is followed in steps as long as they may be, and only to the tolerance.
        if (pyramidal() && m.tau_m < 1.0) continue;
        const double rheobase = (m.V_th - m.E_L) * m.C_m / m.tau_m;
        const std::string soma = pyramidal() ? "_soma" : "";
        NetworkDescription d;
        d.populations = {cell({{"tau_m" + soma, m.tau_m},
                               {"C_m" + soma, m.C_m},
                               {"E_L", m.E_L},
                               {"V_th", m.V_th},
                               {"V_reset", m.E_L}})};
        if (pyramidal()) d.populations[0].parameters["tau_th"] = 5.0;
        NetworkDescription constant = d;
        constant.populations[0].parameters["I_e" + soma] = rheobase;
        NetworkDescription stepped = d;
        stepped.steps.resize(1);
        stepped.steps[0] = {.name = "rheobase",
                            .target = "cell",
                            .port = "current" + soma,
                            .times = {1.3, 4.1, 7.7},
                            .values = {0.3 * rheobase, 0.7 * rheobase, rheobase}};
        for (const NetworkDescription& driven : {constant, stepped}) {
            EXPECT_EQ(fired(driven, 200 * m.tau_m + 20.0), 0U) << m.tau_m;
            NetworkDescription busy = driven;
            busy.populations[0].background = {{GetParam().membrane, 5000.0, 0.0}};
            EXPECT_EQ(fired(busy, 100 * m.tau_m + 20.0), 0U) << m.tau_m << ", with noise";
        }
        // A hair more than rheobase fires, at the textbook time.
        constant.populations[0].parameters["I_e" + soma] = rheobase * (1.0 + 1e-5);
        const Times fires = run(constant, 20.0 * m.tau_m, options()).train(0);
        ASSERT_FALSE(fires.empty()) << m.tau_m;
        EXPECT_NEAR(fires.front(), m.tau_m * std::log((1.0 + 1e-5) / 1e-5),
                    pyramidal() ? 0.05 * m.tau_m : 1e-6);
    }
}

TEST_P(Threshold, FiresAtOnceIfADriftHasLeftItThere) {
    // At rheobase for 60 time constants, then pushed by the least that counts.
    const bool soma = pyramidal();
    NetworkDescription d;
    d.populations = {cell({{soma ? "I_e_soma" : "I_e", soma                        ? 462.5
                                                       : GetParam().model == "lif" ? 200.0
                                                                                   : 100.0}}),
                     trains("push", {{1300.0}})};
    d.projections = {projection("push", "cell", GetParam().membrane, 1e-3 * GetParam().per_mV, 1.0)};
    EXPECT_EQ(run(d, 1310.0, options()).train(0), Times{1301.0});
}

INSTANTIATE_TEST_SUITE_P(Loops, Threshold, every_loop, label);

/// Currents only.
TEST(ThresholdOfCurrents, IsNotReachedByADriftThatTendsToIt) {
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        for (const char* model : {"alpha_lif", "adaptive_lif", "sst"}) {
            NetworkDescription d;
            const bool adapting = std::string(model) == "sst";
            d.populations = {
                neurons("cell", model, 1, {{"tau_m", 9.7}, {"C_m", 130.0}, {"E_L", -70.0}, {"V_th", -50.0}}),
                neurons("silent", "poisson", 50, {{"rate", 100.0}})};
            // With adaptation the asymptote is I_e / (g_L + a).
            d.populations[0].parameters["I_e"] = 20.0 * (130.0 / 9.7 + (adapting ? 0.5 : 0.0));
            d.projections = {projection("silent", "cell", "excitatory", 0.0, 0.7)};
            BuildOptions options;
            options.loop = loop;
            const double settled = adapting ? 20000.0 : 1000.0;
            const auto fires = run(d, settled, options).train(0);
            // The adaptation lags behind: V_m first overshoots its asymptote.
            if (adapting) {
                EXPECT_LT(fires.empty() ? 0.0 : fires.back(), 0.8 * settled) << model;
            } else {
                EXPECT_TRUE(fires.empty()) << model;
            }
            // An input that raises the current, however weak, makes it fire once it has lifted V_m.
            d.populations.push_back(trains("push", {{settled - 100.0}}));
            d.projections.push_back(projection("push", "cell", "excitatory", 0.01, 1.0));
            EXPECT_GT(run(d, settled, options).train(0).size(), fires.size()) << model;
        }
    }
}

TEST(ThresholdOfCurrents, ReplayOfAllChangesNoBit) {
    NetworkDescription d;
    d.populations = {neurons("cells", "adaptive_lif", 40, {{"I_e", 100.0}}),
                     neurons("input", "poisson", 30, {{"rate", 60.0}}),
                     neurons("silent", "poisson", 30, {{"rate", 60.0}})};
    d.populations[0].initial["V_m"] = uniform_between(-70.0, -50.0);
    d.projections = {projection("input", "cells", "membrane", 2.5, 1.0, indegree(5)),
                     projection("silent", "cells", "membrane", 0.0, 0.3)};
    const auto replay_all = [](Network& network) {
        dynamic_cast<LinearPopulation&>(network.simulation->population(0)).replay_all();
    };
    const Outcome bounded = run(d, 1000.0);
    EXPECT_GT(bounded.spikes.size(), 100U);
    EXPECT_TRUE(same_outcome(bounded, run(d, 1000.0, {}, replay_all)));
}

TEST(Bursts, EndAfterB_th) {
    for (const double b_th : {0.7, 3.3, 10.1, 16.0}) {
        for (const Classifier classifier : {Classifier::isi, Classifier::trace}) {
            for (const double longer : {0.0, 1e-4}) {
                NetworkDescription d;
                Times times;
                for (int i = 0; i < 40; ++i) {
                    times.push_back(std::round(1e4 * (1.0 + 600.1 * i)) / 1e4);
                    times.push_back(std::round(1e4 * (1.0 + 600.1 * i + b_th + longer)) / 1e4);
                }
                d.populations = {neurons("cell", "lif", 1, {{"t_ref", 0.0}}), trains("input", {times})};
                d.populations[0].classifier = classifier;
                d.populations[0].b_th = b_th;
                d.projections = {projection("input", "cell", "membrane", 1000.0, 1.0)};
                const auto kinds = run(d, 25000.0).kinds(0);
                ASSERT_EQ(kinds.size(), 80U);
                EXPECT_EQ(std::count(kinds.begin(), kinds.end(), SpikeKind::burst), longer > 0.0 ? 0 : 40)
                    << b_th << " ms";
            }
        }
    }
}

TEST(ThresholdOfJumps, LoopIsChosenForAsymptotesBelowOnly) {
    for (const double current : {199.0, 199.9999999999, 200.0, 200.1}) {
        NetworkDescription d;
        d.populations = {neurons("cell", "lif", 1, {{"I_e", current}})};
        EXPECT_EQ(runs_in<JumpPopulation>(build(d), "cell"), current == 199.0) << current;
    }
}

}  // namespace
}  // namespace apical
