#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <gtest/gtest.h>

#include "core/random.hpp"
#include "plasticity/burst_dependent.hpp"
#include "simulator/dense_row.hpp"
#include "simulator/spike_learning.hpp"
#include "simulator/tie.hpp"
#include "tests/simulator/eager_learning.hpp"
#include "tests/simulator/network.hpp"

// Dense projections are stored, delivered and taught in ways of their own; what comes of it is the same.

namespace apical::test {
namespace {

constexpr Index sources = 70;
constexpr Index targets = 90;
constexpr Duration back_delay = std::chrono::milliseconds{1};

/// One projection in both forms, with the same weights.
struct Both {
    TableBuilder builder{sources, targets};
    Table matrix;
    Table lists;

    Both() {
        Stream stream(StreamKey(1, "test", "weights"));
        boost::random::uniform_real_distribution<> weight(-0.5, 0.5);
        std::vector<Index> all(sources);
        for (Index i = 0; i < sources; ++i) all[i] = i;
        std::vector<float> weights(sources);
        for (Index t = 0; t < targets; ++t) {
            for (float& w : weights) w = static_cast<float>(weight(stream));
            builder.add_target(all, weights);
        }
        matrix = builder.build_dense();
        lists = builder.build(0.0);
    }

    void expect_equal(double tolerance) {
        for (Index source = 0; source < sources; ++source) {
            const Table::Row a = matrix.row(source);
            const Table::Row b = lists.row(source);
            ASSERT_TRUE(std::equal(a.targets.begin(), a.targets.end(), b.targets.begin(), b.targets.end()));
            for (Index t = 0; t < targets; ++t)
                ASSERT_NEAR(a.weights[t], b.weights[t], tolerance) << source << " to " << t;
        }
    }
};

TEST(DenseTable, HoldsTheRowsOfAListOfSynapses) {
    Both both;
    EXPECT_TRUE(both.matrix.dense());
    EXPECT_EQ(both.matrix.size(), std::size_t{sources} * targets);
    EXPECT_EQ(both.matrix.sources(), both.lists.sources());
    both.expect_equal(0.0);
}

TEST(DenseRows, AddUpAsInAPlainLoop) {
    constexpr std::size_t row_length = 3 * lanes + 7;
    std::vector<float> w(5 * row_length);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::sin(static_cast<float>(i));
    std::vector<DenseRow> rows;
    for (std::size_t r = 0; r < 5; ++r)
        rows.push_back({Time{}, 0, w.data() + r * row_length, 0.3 + 0.1 * static_cast<double>(r), 1.0});
    const std::vector<double> ceiling(row_length, 100.0);
    std::vector<double> s(row_length, 0.1);
    std::vector<double> expected(s);
    for (const DenseRow& row : rows) {
        for (std::size_t i = 0; i < row_length; ++i) expected[i] += double{row.weights[i]} * row.step;
    }
    for (std::size_t first = 0; first < row_length; first += lanes) {
        std::array<std::int64_t, lanes> above{};
        add_rows(rows, first, std::min(lanes, row_length - first), s.data(), ceiling.data(), above);
        EXPECT_GE(*std::min_element(above.begin(), above.end()), 0);
    }
    EXPECT_EQ(s, expected);
}

TEST(DenseRows, NoticeATraceAboveItsCeilingOnTheWay) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{7}, lanes}) {
        const std::vector<float> up(n, 0.5F);
        const std::vector<float> down(n, -0.5F);
        const std::array<DenseRow, 2> rows{DenseRow{Time{}, 0, up.data(), 1.0, 1.0},
                                           DenseRow{Time{}, 0, down.data(), 1.0, 1.0}};
        std::vector<double> ceiling(n, 10.0);
        std::vector<double> s(n, 1.0);
        std::array<std::int64_t, lanes> above{};
        ceiling.back() = 1.5;
        add_rows(rows, 0, n, s.data(), ceiling.data(), above);
        EXPECT_GE(above[n - 1], 0) << "equality is not above";
        ceiling.back() = 1.49;
        add_rows(rows, 0, n, s.data(), ceiling.data(), above);
        EXPECT_LT(above[n - 1], 0);
        for (std::size_t i = 0; i + 1 < n; ++i) EXPECT_GE(above[i], 0);
        EXPECT_EQ(s, std::vector<double>(n, 1.0));
    }
}

TEST(DenseRows, TheEarliestOfTheTimes) {
    std::vector<Time> times;
    for (int i = 0; i < 40; ++i) times.push_back(Time{} + Duration{(i * 37 + 11) % 40});
    for (std::size_t n = 1; n <= times.size(); ++n)
        EXPECT_EQ(earliest(times.data(), n),
                  *std::min_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(n)));
}

TEST(SpikeLearning, DefersWhatItLearnsUntilPlasticityIsOffOrTheStateIsReset) {
    Both both;
    const std::vector<float> start(both.matrix.weights().begin(), both.matrix.weights().end());
    const VarianceReducedBurstCcnRule rule{.eta = 0.01, .p0 = 0.4};
    test::EagerLearning<VarianceReducedBurstCcnRule> eager(rule, both.lists, targets, back_delay);
    SpikeLearning<VarianceReducedBurstCcnRule> lazy(rule, both.matrix, targets, back_delay, true);
    const std::array<Learning*, 2> learnings{&eager, &lazy};
    const auto live = [&](int from, int to) {  // longer than the scale of the traces lasts
        for (int window = from; window < to; ++window) {
            const Time begin = Time{} + std::chrono::milliseconds{window};
            const auto k = static_cast<Index>(window);
            const std::vector<Spike> spikes{
                {begin + ticks(0.5), 0, k * 7 % targets, SpikeKind::event, 0.1 * (k % 10)}};
            for (Learning* learning : learnings) {
                learning->arrive(k * 3 % sources, begin + ticks(0.25), SpikeKind::event);
                learning->arrive(k * k % sources, begin + ticks(0.5), SpikeKind::event);
                learning->catch_up(begin + std::chrono::milliseconds{1});
                learning->enqueue(spikes, 0);
            }
        }
    };
    live(0, 300);
    lazy.settle();
    EXPECT_TRUE(std::equal(start.begin(), start.end(), both.matrix.weights().begin()));
    for (Learning* learning : learnings) learning->enable(false);
    both.expect_equal(2e-6);
    EXPECT_FALSE(std::equal(start.begin(), start.end(), both.matrix.weights().begin()));
    for (Learning* learning : learnings) learning->enable(true);
    live(300, 500);
    for (Learning* learning : learnings) learning->reset_traces();
    both.expect_equal(2e-6);
}

TEST(DenseTies, CopyTheTranspose) {
    for (const Tie::Part part : {Tie::Part::whole, Tie::Part::plus, Tie::Part::minus}) {
        Both forward;
        TableBuilder builder(targets, sources);
        std::vector<Index> all(targets);
        for (Index i = 0; i < targets; ++i) all[i] = i;
        for (Index t = 0; t < sources; ++t) builder.add_target(all, std::vector<float>(targets, 0.0F));
        Table matrix = builder.build_dense();
        Table lists = builder.build(0.0);
        const auto tied = [](Table& table, Index size) { return TiedWeights{{&table, 1}, {0, size}}; };
        const Tie tie{.to = 0, .scale = -0.3, .mean = Tie::Mean::none, .part = part};
        for (Table* own : {&matrix, &lists})
            apply(tie, true, tied(*own, sources), tied(forward.matrix, targets), "other");
        for (Index source = 0; source < targets; ++source) {
            for (Index t = 0; t < sources; ++t) {
                const float w = forward.matrix.row(t).weights[source];
                const float kept = part == Tie::Part::whole  ? w
                                   : part == Tie::Part::plus ? std::max(w, 0.0F)
                                                             : std::max(-w, 0.0F);
                EXPECT_FLOAT_EQ(matrix.row(source).weights[t], -0.3F * kept);
                EXPECT_EQ(matrix.row(source).weights[t], lists.row(source).weights[t]);
            }
        }
    }
}

}  // namespace
}  // namespace apical::test
