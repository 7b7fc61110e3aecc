#include "training/copies.hpp"

#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "circuits/backprop_angle.hpp"
#include "circuits/burstccn.hpp"
#include "circuits/burstccn_network.hpp"
#include "tests/training/runs.hpp"

namespace apical {
namespace {

constexpr Index pixels = 9;
const Shape shape = test::shape_of_images(pixels);
constexpr Index label_count = 10;

/// One network with its learner.
struct Single {
    explicit Single(const BurstCcnConfig& c, const std::optional<RelayDecoder>& relay = {})
        : circuit(burstccn(c)),
          description(describe_burstccn(c, shape, 1, relay)),
          copies(*circuit, description, shape, 1, 1) {}

    Network& network() { return copies.network(0); }
    Simulation& simulation() { return *network().simulation; }
    Learner& learner() { return copies.learner(0); }
    /// Shows an image without teaching.
    void show(const std::vector<double>& levels, double length) {
        const Time end = simulation().now() + ticks(length);
        learner().show(levels, {});
        simulation().cut(end);
        simulation().run_until(end);
    }

    std::unique_ptr<Circuit> circuit;
    NetworkDescription description;
    Copies copies;
};

BurstCcnConfig small() {
    BurstCcnConfig c;
    c.hidden.sizes = {70.0, 64.0};
    c.output.per_class = 7;
    return c;
}

/// All weights of a projection: change(target, source, weight).
template <class Change>
void change(Network& network, const std::string& name, Change change) {
    Table& table = network.simulation->weights(network.projections.at(name)).front();
    for (Index source = 0; source < table.sources(); ++source) {
        const Table::Row row = table.row(source);
        for (std::size_t i = 0; i < row.targets.size(); ++i) change(row.targets[i], source, row.weights[i]);
    }
}

/// What delta_k = G_k e_k (t_k - e_k) at the output descends: C = -G e_k where t_k = 1, log(1 + exp(u_k)) -
/// e_k where t_k = 0.
double cost(const BurstCcnConfig& c, Network& network, const std::vector<float>& image, Index label) {
    std::vector<double> e(image.begin(), image.end());
    double sum = 0.0;
    std::string below = "input";
    for (const std::string layer : {"hidden_1", "hidden_2", "output"}) {
        const bool output = layer == "output";
        const Index size = output ? label_count * c.output.per_class
                                  : static_cast<Index>(c.hidden.sizes[layer == "hidden_1" ? 0 : 1]);
        std::vector<double> u(size, output ? c.output.bias : c.hidden.bias);
        change(network, below + "_to_" + layer,
               [&](Index target, Index source, float w) { u[target] += double{w} * e[source]; });
        change(network, "tonic_to_" + layer, [&](Index target, Index, float w) { u[target] += double{w}; });
        e.assign(size, 0.0);
        for (Index i = 0; i < size; ++i) {
            e[i] = 1.0 / (1.0 + std::exp(-u[i]));
            if (!output) continue;
            sum += i / c.output.per_class == label ? -c.output.G * e[i] : std::log1p(std::exp(u[i])) - e[i];
        }
        below = layer;
    }
    return sum;
}

TEST(BackpropAngle, IsZeroDownTheNumericalGradientAndStraightUpIt) {
    const BurstCcnConfig c = small();
    Single single(c);
    Network& network = single.network();
    const std::vector<float> image = {0.0F, 0.2F, 1.0F, 0.7F, 0.0F, 0.4F, 0.9F, 0.1F, 0.5F};
    std::vector<double> levels;
    for (const float value : image) levels.push_back(double{value} * shape.full);
    constexpr Index label = 3;
    std::vector<double> targets(label_count);
    targets[label] = 1.0;
    change(network, "tonic_to_hidden_2",
           [](Index target, Index, float& w) { w = 0.01F * static_cast<float>(target); });

    const std::vector<std::string> projections = {"input_to_hidden_1", "hidden_1_to_hidden_2",
                                                  "hidden_2_to_output"};
    std::vector<std::vector<double>> slopes;
    for (const std::string& name : projections) {
        auto& slope = slopes.emplace_back();
        change(network, name, [&](Index, Index, float& w) {
            constexpr float h = 0.01F;
            const float here = w;
            w = here + h;
            const double above = cost(c, network, image, label);
            w = here - h;
            slope.push_back((above - cost(c, network, image, label)) / (2.0 * h));
            w = here;
        });
    }
    const auto move = [&](double step) {
        for (std::size_t l = 0; l < projections.size(); ++l) {
            std::size_t i = 0;
            change(network, projections[l],
                   [&](Index, Index, float& w) { w -= static_cast<float>(step * slopes[l][i++]); });
        }
    };
    const auto walk = [&](double step) {
        BurstCcnAngle angle(c, network, shape);
        angle.add(levels, targets);
        move(step);
        const std::vector<double> angles = angle.take();
        move(-step);
        return angles;
    };
    for (const double degrees : walk(1.0)) EXPECT_NEAR(degrees, 0.0, 1.0);
    for (const double degrees : walk(-1.0)) EXPECT_NEAR(degrees, 180.0, 1.0);
    for (const double degrees : walk(0.0)) EXPECT_EQ(degrees, 90.0);
}

TEST(Copies, AddUpWhatEachHasLearnt) {
    const BurstCcnConfig c = small();
    const auto circuit = burstccn(c);
    const NetworkDescription description = describe_burstccn(c, shape, 1);
    Copies learners(*circuit, description, shape, 3, 2);
    ASSERT_EQ(learners.size(), 3U);
    const auto weights = [&](std::size_t i) {
        std::vector<float> list;
        for (const ProjectionDescription& p : description.projections) {
            if (!p.plasticity) continue;
            change(learners.network(i), p.name, [&](Index, Index, float w) { list.push_back(w); });
        }
        return list;
    };
    const std::vector<float> start = weights(0);
    std::vector<float> expected = start;
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(weights(i), start) << "copies start alike";
        std::size_t n = 0;
        for (const ProjectionDescription& p : description.projections) {
            if (!p.plasticity) continue;
            change(learners.network(i), p.name, [&](Index target, Index source, float& w) {
                const float step = (target + source) % (i + 3) == 0 ? static_cast<float>(i) + 0.5F : 0.0F;
                w += step;
                expected[n++] += step;
            });
        }
    }
    learners.merge();
    const std::vector<float> merged = weights(0);
    ASSERT_EQ(merged.size(), expected.size());
    for (std::size_t n = 0; n < merged.size(); ++n) ASSERT_NEAR(merged[n], expected[n], 1e-6);
    EXPECT_EQ(weights(1), merged);
    EXPECT_EQ(weights(2), merged);
    learners.merge();
    EXPECT_EQ(weights(1), merged) << "nothing has been learnt since";
}

TEST(Copies, DifferInTheirSpikesOnly) {
    BurstCcnConfig c = small();
    c.feedback = BurstCcnConfig::Feedback::fixed;
    const auto circuit = burstccn(c);
    const NetworkDescription description = describe_burstccn(c, shape, 1);
    Copies learners(*circuit, description, shape, 2, 1);
    std::vector<double> targets(label_count);
    targets[4] = 1.0;
    for (std::size_t i = 0; i < 2; ++i) {
        learners.learner(i).show(std::vector<double>(pixels, 0.9 * shape.full), targets);
        learners.network(i).simulation->run_until(Time{} + ticks(c.presentation.duration));
    }
    EXPECT_NE(learners.network(0).simulation->spikes(), learners.network(1).simulation->spikes());
    std::array<std::vector<float>, 2> feedback;
    for (std::size_t i = 0; i < 2; ++i) {
        change(learners.network(i), "output_to_hidden_2_YQ",
               [&](Index, Index, float w) { feedback.at(i).push_back(w); });
    }
    EXPECT_EQ(feedback[0], feedback[1]) << "weights that do not learn are the same as well";
}

/// What a stage changes must leave the network's working point where it was: traces keep their means.
TEST(BurstCcnLearner, KeepsTheMeansOfTracesThroughAChangeOfTimeConstants) {
    BurstCcnConfig c = small();
    c.late = {.from = 1, .duration = 320.0, .settling = 170.0, .tau_soma = 60.0, .tau_dend = 40.0};
    const auto rate = [&](Index epoch) {
        Single single(c);
        single.learner().enter(epoch);
        const std::vector<double> levels(pixels, 0.6 * shape.full);
        for (int i = 0; i < 20; ++i) single.show(levels, 400.0);
        const std::uint64_t transient = single.simulation().spikes();
        single.show(levels, 4400.0);
        return static_cast<double>(single.simulation().spikes() - transient);
    };
    // 144 cells of about 5 Hz: the standard error is 2 %.
    EXPECT_NEAR(rate(1) / rate(0), 1.0, 0.1);
}

/// Events and bursts of one population.
struct Bursting final : Recorder {
    explicit Bursting(Index counted) : population_(counted) {}
    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) {
            if (spike.population != population_) continue;
            events += spike.kind == SpikeKind::event ? 1.0 : 0.0;
            bursts += spike.kind == SpikeKind::burst ? 1.0 : 0.0;
        }
    }
    void finish(Time) override {}
    double events = 0.0;
    double bursts = 0.0;

private:
    Index population_;
};

/// Ten classes of neurons that fire at half their greatest rate, feedback weights of one sign.
double hidden_burst_probability(const BurstCcnConfig& c) {
    Single single(c, measure_relay(c, shape, 1, 1));
    change(single.network(), "hidden_1_to_output", [](Index, Index, float& w) { w = 0.2F; });
    Bursting hidden(single.network().populations.at("hidden_1"));
    single.simulation().schedule(Time{}, action::CopyTiedWeights{});
    const std::vector<double> black(pixels, 0.0);
    single.show(black, 500.0);
    single.simulation().add(hidden);
    single.show(black, 10000.0);
    EXPECT_GT(hidden.events, 5000.0);
    return hidden.bursts / hidden.events;
}

/// Inhibition by way of interneurons balances what bursts excite where there is no error: hidden cells burst
/// as if there were no feedback.
TEST(BurstCcnLearner, InterneuronsBalanceFeedbackWithoutAnError) {
    BurstCcnConfig c;
    c.hidden.sizes = {40.0};
    c.hidden.bias = -1.0;
    c.output.bias = -2.2;  // hidden cells of e = 0.27 and weights of 0.2 make up for it
    c.presentation.reset = BurstCcnConfig::Reset::none;
    c.inhibition = BurstCcnConfig::Inhibition::interneurons;
    const std::optional<RelayDecoder> relay = measure_relay(c, shape, 1, 1);
    ASSERT_TRUE(relay);
    EXPECT_NEAR(relay->C, 1.0, 0.02) << "gated: a burst releases 1, and interneurons hear of events only";
    EXPECT_GT(relay->R2, 0.99);
    EXPECT_NEAR(hidden_burst_probability(c), 0.5, 0.04);
    c.control = BurstCcnConfig::Control::no_q;
    EXPECT_GT(hidden_burst_probability(c), 0.8);
}

}  // namespace
}  // namespace apical
