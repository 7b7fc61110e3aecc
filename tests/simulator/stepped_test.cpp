#include <gtest/gtest.h>

#include "networks/models.hpp"
#include "neurons/adex.hpp"
#include "neurons/burst_poisson.hpp"
#include "neurons/burst_pyramidal.hpp"
#include "simulator/stepped_population.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

struct Case {
    std::string label;
    std::string model;
    std::string excitation;  ///< ports
    std::string inhibition;
    std::string other;
    double current;    ///< pA
    double ms_per_mV;  ///< of a spike time, per tolerance
    double excitatory = 0.35;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.label; }

/// Neurons with private noise, Poisson inputs on three ports and steps of current, an arrival each 0.2 ms.
NetworkDescription feedforward(const Case& c, double tolerance) {
    NetworkDescription d;
    d.seed = 5;
    d.populations = {neurons("input", "poisson", 80, {{"rate", 20.0}}),
                     neurons("cells", c.model, 43, {{"tolerance", tolerance}})};
    d.populations[1].background = {{c.excitation, 400.0, c.excitatory},
                                   {c.inhibition, 400.0, 0.3},
                                   {c.inhibition, 4000.0, 0.005, Background::Kind::counts, 0.5}};
    d.projections = {projection("input", "cells", c.excitation, 0.0, 1.1, indegree(30)),
                     projection("input", "cells", c.inhibition, 0.0, 0.9, indegree(30)),
                     projection("input", "cells", c.other, 0.0, 1.3, indegree(20))};
    for (std::size_t i = 0; i < 3; ++i) d.projections[i].name = "p" + std::to_string(i);
    d.projections[0].weight = uniform_between(0.0, 0.3);
    d.projections[1].weight = uniform_between(0.0, 0.3);
    d.projections[2].weight =
        c.other.starts_with("charge") ? uniform_between(-0.5, 0.7) : uniform_between(0.0, 0.1);
    d.steps = {{.name = "current",
                .target = "cells",
                .port = c.model.starts_with("adex") ? "current" : "current_soma",
                .times = {0.0, 150.0, 151.3},
                .values = {c.current, 0.5 * c.current, 1.2 * c.current}}};
    return d;
}

class Stepped : public testing::TestWithParam<Case> {};

Outcome visited(const NetworkDescription& d, double duration) {
    BuildOptions options;
    options.loop = Loop::visiting;
    return run(d, duration, options);
}

/// The largest difference of spike times, if all neurons fire equally often.
double largest_error(const Outcome& a, const Outcome& b) {
    double largest = 0.0;
    for (double bound = 1e-7; bound < 100.0; bound *= 1.25) {
        largest = bound;
        if (close_trains(a.spikes, b.spikes, bound)) break;
    }
    return largest;
}

TEST_P(Stepped, SpikesConvergeToThoseOfNeuronsVisitedAtEveryArrival) {
    const double duration = 300.0;
    const Outcome exact = visited(feedforward(GetParam(), 1e-10), duration);
    const auto cells = std::count_if(exact.spikes.begin(), exact.spikes.end(),
                                     [](const Spike& s) { return s.population == 1; });
    ASSERT_GT(cells, 43 * 2) << "a test of silence";
    for (const double tolerance : {1e-3, 1e-4, 1e-5, 1e-6}) {
        const double error = largest_error(run(feedforward(GetParam(), tolerance), duration), exact);
        EXPECT_LT(error, GetParam().ms_per_mV * tolerance) << "tolerance " << tolerance;
        RecordProperty("error", std::to_string(error));
    }
}

TEST_P(Stepped, ResultsDoNotDependOnShards) {
    const NetworkDescription d = feedforward(GetParam(), 1e-4);
    const Outcome whole = run(d, 150.0);
    for (const Index size : {1U, 8U, 13U}) {
        BuildOptions options;
        options.shard_size = size;
        options.threads = 2;
        EXPECT_TRUE(same_outcome(run(d, 150.0, options), whole)) << size;
    }
}

TEST_P(Stepped, NegativeConductancesAreRefusedByTheLeapNotByTheCell) {
    NetworkDescription d = feedforward(GetParam(), 1e-7);
    d.projections[0].weight = uniform_between(-0.3, 0.5);
    d.projections[1].weight = uniform_between(-0.4, 0.4);
    EXPECT_TRUE(close_trains(run(d, 100.0).spikes, visited(d, 100.0).spikes, 0.01));
}

TEST_P(Stepped, SamplesAndSetsStates) {
    const NetworkDescription d = feedforward(GetParam(), 1e-7);
    BuildOptions visiting;
    visiting.loop = Loop::visiting;
    Network stepped = build(d);
    Network reference = build(d, visiting);
    const std::string potential = GetParam().model.starts_with("adex") ? "V_m" : "V_m_soma";
    for (Network* network : {&stepped, &reference}) {
        network->simulation->run_until(at(20.7));
        network->simulation->population(1).set(3, network->variable("cells", potential), -58.5,
                                               network->simulation->now());
        network->simulation->population(1).set_parameter("E_L", -69.0, network->simulation->now());
        EXPECT_EQ(sample(*network, "cells", potential, 3), -58.5);
        network->simulation->run_until(at(25.3));
    }
    for (Index i = 0; i < 43; ++i) {
        EXPECT_NEAR(sample(stepped, "cells", potential, i), sample(reference, "cells", potential, i), 1e-4)
            << i;
    }
}

/// Another value of a parameter: a little larger, or what switches on that which is off by default.
template <class Model>
std::optional<double> another_value(const Field<Model>& field, const Model& defaults) {
    const double own = defaults.*field.member;
    for (const double other : {own == 0.0 ? 1.0 : 1.1 * own, 0.9 * own, own + 1.0}) {
        try {
            const Model changed =
                with_parameters(defaults, Parameters{{std::string(field.name), other}}, "test");
            if (changed.*field.member != own) return other;
        } catch (const ModelError&) {
            continue;
        }
    }
    return std::nullopt;
}

/// The step of many cells has equations of its own: each parameter must be in both.
TEST_P(Stepped, EveryParameterCountsAsInNeuronsVisitedAtEveryArrival) {
    std::size_t compared = 0;
    for_each_neuron_model([&]<class Model>(std::string_view name, const Model& defaults) {
        if constexpr (LeapingModel<Model>) {
            if (name != GetParam().model) return;
            for (const Field<Model>& field : Model::fields) {
                const auto other = another_value(field, defaults);
                if (field.name == "tolerance" || !other) continue;
                const double duration = 80.0;
                const double tolerance = 1e-5;
                const auto with_other = [&](double error) {
                    NetworkDescription d = feedforward(GetParam(), error);
                    d.populations[1].parameters[std::string(field.name)] = *other;
                    return d;
                };
                const Outcome exact = visited(with_other(1e-9), duration);
                EXPECT_LT(largest_error(run(with_other(tolerance), duration), exact),
                          GetParam().ms_per_mV * tolerance)
                    << field.name << " = " << *other;
                ++compared;
            }
        }
    });
    EXPECT_GT(compared, 10U);
}

INSTANTIATE_TEST_SUITE_P(
    Cells, Stepped,
    testing::Values(Case{"payeur2021", "payeur2021_pyramidal", "excitatory_soma", "inhibitory_soma",
                         "excitatory_dend", 400.0, 100.0},
                    Case{"greedy2026", "greedy2026_pyramidal", "excitatory_soma", "inhibitory_dend",
                         "charge_soma", 500.0, 1000.0},
                    Case{"charges on the dendrite", "greedy2026_pyramidal", "excitatory_dend",
                         "inhibitory_soma", "charge_dend", 700.0, 1000.0},
                    Case{"burst_poisson", "burst_poisson", "excitatory_soma", "inhibitory_soma",
                         "excitatory_dend", 400.0, 100.0},
                    Case{"charges on a soma that does not regenerate", "burst_poisson", "excitatory_dend",
                         "inhibitory_dend", "charge_soma", 400.0, 100.0},
                    Case{"charges on a dendrite that does not regenerate", "burst_poisson", "excitatory_dend",
                         "inhibitory_dend", "charge_dend", 800.0, 100.0},
                    Case{"pv", "adex_pv", "excitatory", "inhibitory", "excitatory", 205.0, 1000.0, 0.75},
                    Case{"sst", "adex_sst", "excitatory", "inhibitory", "excitatory", 10.0, 1000.0, 0.4},
                    Case{"urbanczik_senn", "urbanczik_senn", "excitatory_soma", "inhibitory_soma",
                         "excitatory_soma", 2500.0, 1000.0, 40.0}),
    [](const testing::TestParamInfo<Case>& test) {
        std::string name = test.param.label;
        std::replace(name.begin(), name.end(), ' ', '_');
        return name;
    });

/// What arrivals come to in a decaying trace, by the sums of their powers and directly.
TEST(Leap, LinesHaveTheMomentsOfWhatArrives) {
    const double h = 0.8;
    for (const double tau : {4.0, 5.0, 10.0, 100.0}) {
        const leap::Decaying decaying(h / tau);
        const std::vector<std::pair<double, double>> arrivals{
            {0.05, 0.4}, {0.31, 1.0}, {0.5, 0.2}, {0.79, 0.7}};
        leap::Arrivals sums{};
        double end = 0.0;
        for (const auto& [time, weight] : arrivals) {
            const double s = (h - time) / h;
            sums.s0 += weight;
            sums.s1 += weight * s;
            sums.s2 += weight * s * s;
            sums.s3 += weight * s * s * s;
            end += weight * std::exp(-(h - time) / tau);
        }
        double mean = 0.0;
        double moment = 0.0;
        constexpr int pieces = 400000;
        for (int i = 0; i < pieces; ++i) {
            const double u = (i + 0.5) / pieces;
            double trace = 0.0;
            for (const auto& [time, weight] : arrivals)
                trace += u * h > time ? weight * std::exp(-(u * h - time) / tau) : 0.0;
            mean += trace / pieces;
            moment += trace * (u - 0.5) / pieces;
        }
        const leap::Line line = decaying.line(sums);
        const double x4 = std::pow(h / tau, 4);
        const double rounding = 1e-5;  // of the sum over pieces
        EXPECT_NEAR(decaying.end(sums), end, x4 * sums.s0 / 3000 + 1e-14);
        EXPECT_NEAR(line.middle, mean, x4 * sums.s0 / 1000 + rounding);
        EXPECT_NEAR(line.half_rise, 6 * moment, 6 * rounding + 0.1 * x4 * tau / h);
        EXPECT_DOUBLE_EQ(decaying.decay, std::exp(-h / tau));
    }
}

}  // namespace
}  // namespace apical
