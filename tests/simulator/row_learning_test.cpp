#include "simulator/row_learning.hpp"

#include <functional>
#include <vector>

#include <boost/random/uniform_int_distribution.hpp>
#include <gtest/gtest.h>

#include "core/random.hpp"
#include "plasticity/pair_stdp.hpp"

namespace apical {
namespace {

using namespace std::chrono_literals;

constexpr Index sources = 40;
constexpr Index targets = 30;
constexpr Index indegree = 25;

int draw(Stream& stream, int below) {
    return boost::random::uniform_int_distribution<int>(0, below - 1)(stream);
}

/// Each target has `indegree` sources, some of them twice.
Table table() {
    Stream stream(StreamKey(1, "test", "table"));
    TableBuilder builder(sources, targets);
    for (Index t = 0; t < targets; ++t) {
        std::vector<Index> from;
        std::vector<float> weights;
        for (Index k = 0; k < indegree; ++k) {
            from.push_back(static_cast<Index>(draw(stream, sources)));
            weights.push_back(1.0F + static_cast<float>(k));
        }
        builder.add_target(from, weights);
    }
    return builder.build(0.0, true);
}

using Meddle = std::function<void(Learning&, int window)>;

/// Windows of 1 ms with spikes on a grid of 0.25 ms, so that many are seen at one tick.
template <class L>
std::vector<float> weights_after(int windows, const PairStdp& rule, const Meddle& meddle = {}) {
    Table synapses = table();
    L learning(rule, synapses, targets, 2ms);
    Stream stream(StreamKey(1, "test", "spikes"));
    const Duration step = ticks(0.25);
    for (int w = 0; w < windows; ++w) {
        if (meddle) meddle(learning, w);
        const Time begin = Time{} + w * 1ms;
        std::vector<Spike> spikes;
        for (int i = 0; i < 4; ++i) {
            const Time time = begin + i * step;
            for (Index s = 0; s < sources; ++s) {
                if (draw(stream, 100) == 0) learning.arrive(s, time, SpikeKind::event);
            }
            for (Index t = 0; t < targets; ++t) {
                if (draw(stream, 100) == 0) spikes.push_back({time, 0, 100 + t});
            }
        }
        learning.catch_up(begin + 1ms);
        learning.enqueue(spikes, 100);
    }
    learning.settle();
    return {synapses.weights().begin(), synapses.weights().end()};
}

/// The two hold their traces differently: a weight, a float, may be rounded the other way at each change.
void expect_equal(const std::vector<float>& a, const std::vector<float>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-5F * std::abs(b[i]));
}

const PairStdp power_law{
    .A_plus = 0.1, .A_minus = 0.006, .tau_plus = 15.0, .tau_minus = 30.0, .mu_plus = 0.4, .mu_minus = 1.0};
const PairStdp additive{.A_plus = 0.2, .A_minus = 0.3, .tau_plus = 20.0, .tau_minus = 10.0, .w_max = 30.0};

/// The weights learnt by rows are those learnt spike by spike.
class RowLearningTest : public testing::TestWithParam<PairStdp> {
protected:
    void expect_same(int windows, const Meddle& meddle = {}) const {
        const auto rows = weights_after<RowLearning<PairStdp>>(windows, GetParam(), meddle);
        const auto start = table();
        double moved = 0.0;
        for (std::size_t i = 0; i < rows.size(); ++i)
            moved = std::max(moved, std::abs(double{rows[i]} - start.weights()[i]));
        EXPECT_GT(moved, 1.0);
        expect_equal(rows, weights_after<LearningOf<PairStdp>>(windows, GetParam(), meddle));
    }
};

TEST_P(RowLearningTest, GivesTheWeightsOfColumns) { expect_same(400); }

TEST_P(RowLearningTest, MovesItsOriginAndEmptiesItsLog) {
    // 256 of the shorter time constant, and 16 spikes of each target, are passed several times.
    expect_same(9000);
}

TEST_P(RowLearningTest, LearnsNothingWhileOff) {
    expect_same(600, [](Learning& learning, int w) {
        if (w % 100 == 30) learning.enable(false);
        if (w % 100 == 70) learning.enable(true);
    });
}

TEST_P(RowLearningTest, CanBeReadAtAnyTime) {
    expect_same(400, [](Learning& learning, int w) {
        if (w % 7 == 0) learning.settle();
    });
}

TEST_P(RowLearningTest, ForgetsItsTraces) {
    expect_same(600, [](Learning& learning, int w) {
        if (w == 150 || w == 400) learning.reset_traces();
    });
}

TEST_P(RowLearningTest, TakesNewParameters) {
    expect_same(600, [](Learning& learning, int w) {
        if (w == 150) learning.set_parameter("tau_plus", 7.0, "test", Time{} + w * 1ms);
        if (w == 300) learning.set_parameter("tau_minus", 50.0, "test", Time{} + w * 1ms);
        if (w == 450) learning.set_parameter("A_plus", 0.5, "test", Time{} + w * 1ms);
    });
}

TEST_P(RowLearningTest, TakesAMuchShorterTimeConstantLongAfterItsOrigin) {
    expect_same(2100, [](Learning& learning, int w) {
        for (const char* name : {"tau_plus", "tau_minus"}) {
            if (w == 2040) learning.set_parameter(name, 1.0, "test", Time{} + w * 1ms);
        }
    });
}

TEST_P(RowLearningTest, PairsNoSpikesOfOneTickInWhateverOrderTheyAreShown) {
    const auto learnt = [](auto& learning, Table& synapses) {
        learning.arrive(0, Time{} + 1ms, SpikeKind::event);
        learning.arrive(0, Time{} + 10ms, SpikeKind::event);
        learning.arrive(0, Time{} + 10ms, SpikeKind::event);  // of a cell without refractoriness
        learning.show(0, {Time{} + 11ms, 0, 100});
        for (Table::Local t = 1; t < targets; ++t) learning.show(t, {Time{} + 10ms, 0, Index{t} + 100});
        learning.catch_up(Time{} + 12ms);
        learning.settle();
        return std::vector<float>(synapses.weights().begin(), synapses.weights().end());
    };
    Table by_rows = table();
    Table by_columns = table();
    RowLearning<PairStdp> rows(GetParam(), by_rows, targets, Duration::zero());
    LearningOf<PairStdp> columns(GetParam(), by_columns, targets, Duration::zero());
    expect_equal(learnt(rows, by_rows), learnt(columns, by_columns));
}

INSTANTIATE_TEST_SUITE_P(Rules, RowLearningTest, testing::Values(power_law, additive),
                         [](const auto& tested) { return tested.index == 0 ? "PowerLaw" : "Additive"; });

}  // namespace
}  // namespace apical
