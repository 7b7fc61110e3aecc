#include "simulator/spike_learning.hpp"

#include <functional>
#include <vector>

#include <boost/random/uniform_int_distribution.hpp>
#include <gtest/gtest.h>

#include "core/random.hpp"
#include "plasticity/burst_dependent.hpp"
#include "plasticity/inhibitory_stdp.hpp"
#include "plasticity/pair_stdp.hpp"
#include "plasticity/triplet_stdp.hpp"
#include "tests/simulator/eager_learning.hpp"

namespace apical {
namespace {

using namespace std::chrono_literals;
using test::EagerLearning;

constexpr Index sources = 40;
constexpr Index targets = 30;
constexpr Index indegree = 25;

int draw(Stream& stream, int below) {
    return boost::random::uniform_int_distribution<int>(0, below - 1)(stream);
}

/// Each target has `indegree` sources, some of them twice; or, as a matrix, all.
Table table(bool dense) {
    Stream stream(StreamKey(1, "test", "table"));
    TableBuilder builder(sources, targets);
    for (Index t = 0; t < targets; ++t) {
        std::vector<Index> from;
        std::vector<float> weights;
        for (Index k = 0; k < (dense ? sources : indegree); ++k) {
            from.push_back(dense ? k : static_cast<Index>(draw(stream, sources)));
            weights.push_back(1.0F + static_cast<float>(k % indegree));
        }
        builder.add_target(from, weights);
    }
    return dense ? builder.build_dense() : builder.build(0.0);
}

using Meddle = std::function<void(Learning&, int window)>;

/// Windows of 1 ms with spikes on a grid of 0.25 ms, so that many are seen at one tick.
template <class L, class Rule>
std::vector<float> weights_after(int windows, bool dense, const Rule& rule, const Meddle& meddle) {
    Table synapses = table(dense);
    L learning(rule, synapses, targets, 2ms);
    Stream stream(StreamKey(1, "test", "spikes"));
    const Duration step = ticks(0.25);
    const auto any_kind = [&] {
        return std::array{SpikeKind::event, SpikeKind::event, SpikeKind::burst,
                          SpikeKind::further}[static_cast<std::size_t>(draw(stream, 4))];
    };
    for (int w = 0; w < windows; ++w) {
        if (meddle) meddle(learning, w);
        const Time begin = Time{} + w * 1ms;
        std::vector<Spike> spikes;
        for (int i = 0; i < 4; ++i) {
            const Time time = begin + i * step;
            for (Index s = 0; s < sources; ++s) {
                if (draw(stream, 100) == 0) learning.arrive(s, time, any_kind());
            }
            for (Index t = 0; t < targets; ++t) {
                if (draw(stream, 100) == 0)
                    spikes.push_back({time, 0, 100 + t, any_kind(), 0.1 * draw(stream, 10)});
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
    for (std::size_t i = 0; i < a.size(); ++i)
        EXPECT_NEAR(a[i], b[i], 2e-5F * std::max(1.0F, std::abs(b[i])));
}

// --- what every rule keeps to

template <class Rule>
Rule some_rule();
template <>
PairStdp some_rule() {
    PairStdp rule;
    rule.A_plus = 0.2;
    rule.A_minus = 0.3;
    rule.tau_minus = 10.0;
    rule.w_max = 30.0;
    return rule;
}
/// Rules of one struct that are different loops: powers of the weight.
struct PowerLaw : PairStdp {};
template <>
PowerLaw some_rule() {
    PowerLaw rule;
    rule.A_plus = 0.1;
    rule.A_minus = 0.006;
    rule.tau_plus = 15.0;
    rule.tau_minus = 30.0;
    rule.mu_plus = 0.4;
    rule.mu_minus = 1.0;
    return rule;
}
template <>
TripletStdp some_rule() {
    TripletStdp rule;
    rule.A2_plus = 0.05;
    rule.A3_plus = 0.1;
    rule.A2_minus = 0.1;
    rule.A3_minus = 0.05;
    rule.w_max = 30.0;
    return rule;
}
template <>
InhibitoryStdp some_rule() {
    InhibitoryStdp rule;
    rule.eta = 0.1;
    rule.rate = 40.0;
    return rule;
}
template <>
BurstCcnRule some_rule() {
    return {.eta = 0.4, .p0 = 0.4, .w_min = -5.0, .w_max = 30.0};
}
template <>
BurstpropRule some_rule() {
    return {.eta = 0.3, .tau_average = 300.0, .prior = 5.0, .r_max = 20.0};
}
template <>
VarianceReducedBurstCcnRule some_rule() {
    return {.eta = 0.5, .p0 = 0.4};
}
/// Which grows at low rates, so that it learns at arrivals.
struct Growing : BurstCcnRule {};
template <>
Growing some_rule() {
    Growing rule;
    rule.eta = 0.01;
    rule.p0 = 0.4;
    rule.r_min = 12.0;
    rule.tau_average = 200.0;
    rule.low_rate = LowRate::events;
    return rule;
}

template <class Rule>
class SpikeRules : public testing::Test {
protected:
    static void expect_same(int windows, const Meddle& meddle = {}) {
        const Rule rule = some_rule<Rule>();
        for (const bool dense : {false, true}) {
            const auto lazy = weights_after<SpikeLearning<Rule>>(windows, dense, rule, meddle);
            const auto start = table(dense);
            double moved = 0.0;
            for (std::size_t i = 0; i < lazy.size(); ++i)
                moved = std::max(moved, std::abs(double{lazy[i]} - start.weights()[i]));
            EXPECT_GT(moved, 0.5) << "weights that stay show nothing";
            expect_equal(lazy, weights_after<EagerLearning<Rule>>(windows, dense, rule, meddle));
        }
    }
};
using Rules = testing::Types<PairStdp, PowerLaw, TripletStdp, InhibitoryStdp, BurstCcnRule, BurstpropRule,
                             VarianceReducedBurstCcnRule, Growing>;
TYPED_TEST_SUITE(SpikeRules, Rules);

TYPED_TEST(SpikeRules, LearnAsTheirDefinitionReads) { this->expect_same(400); }

TYPED_TEST(SpikeRules, LearnOnWhereTheOriginOfTracesMovesAndTheLogIsFull) {
    // 256 of the shorter time constant, and 16 spikes of each target, are passed several times.
    this->expect_same(9000);
}

TYPED_TEST(SpikeRules, LearnNothingWhileOff) {
    this->expect_same(600, [](Learning& learning, int w) {
        if (w % 100 == 30) learning.enable(false);
        if (w % 100 == 70) learning.enable(true);
    });
}

TYPED_TEST(SpikeRules, MayBeReadAtAnyTime) {
    this->expect_same(400, [](Learning& learning, int w) {
        if (w % 7 == 0) learning.settle();
    });
}

TYPED_TEST(SpikeRules, StartAnewWhenTheStateIsReset) {
    this->expect_same(600, [](Learning& learning, int w) {
        if (w == 150 || w == 400) learning.reset_traces();
    });
}

TYPED_TEST(SpikeRules, TakeEachParameterInTheRun) {
    for (const auto& field : TypeParam::fields) {
        if (field.name == "prior") continue;  // says how a run starts
        TypeParam rule = some_rule<TypeParam>();
        if (field.name == "r_min" && !rule.learns_at_arrival()) continue;  // from the start, or not at all
        if (field.name == "r_max") continue;                               // likewise
        const double value = rule.*field.member;
        const double other = field.name == "w_max" || field.name == "w_min" ? 7.0
                             : value != 0.0                                 ? 0.6 * value
                                                                            : 0.3;
        this->expect_same(500, [&](Learning& learning, int w) {
            if (w == 250) learning.set_parameter(field.name, other, "test", Time{} + w * 1ms);
        });
    }
}

TYPED_TEST(SpikeRules, PairNoSpikesOfOneTickInWhateverOrderTheyAreShown) {
    const auto learnt = [](auto& learning, Table& synapses) {
        learning.arrive(0, Time{} + 1ms, SpikeKind::event);
        learning.arrive(0, Time{} + 10ms, SpikeKind::event);
        learning.arrive(0, Time{} + 10ms, SpikeKind::event);  // of a cell without refractoriness
        learning.show(0, {Time{} + 11ms, 0, 100, SpikeKind::event, 0.9});
        for (Table::Local t = 1; t < targets; ++t)
            learning.show(t, {Time{} + 10ms, 0, Index{t} + 100, SpikeKind::event, 0.9});
        // The time that traces refer to has moved on when this is shown.
        learning.arrive(0, Time{} + 63ms, SpikeKind::event);
        learning.show(5, {Time{} + 63ms, 0, 105, SpikeKind::event, 0.9});
        learning.show(5, {Time{} + 9700ms, 0, 105, SpikeKind::further, 0.9});
        learning.catch_up(Time{} + 9701ms);
        learning.settle();
        return std::vector<float>(synapses.weights().begin(), synapses.weights().end());
    };
    for (const bool dense : {false, true}) {
        Table a = table(dense);
        Table b = table(dense);
        const TypeParam rule = some_rule<TypeParam>();
        SpikeLearning<TypeParam> lazy(rule, a, targets, Duration::zero());
        EagerLearning<TypeParam> eager(rule, b, targets, Duration::zero());
        expect_equal(learnt(lazy, a), learnt(eager, b));
    }
}

TEST(SpikeLearning, TakesAMuchShorterTimeConstantLongAfterItsOrigin) {
    const PairStdp rule = some_rule<PairStdp>();
    const Meddle meddle = [](Learning& learning, int w) {
        for (const char* name : {"tau_plus", "tau_minus"}) {
            if (w == 2040) learning.set_parameter(name, 1.0, "test", Time{} + w * 1ms);
        }
    };
    expect_equal(weights_after<SpikeLearning<PairStdp>>(2100, false, rule, meddle),
                 weights_after<EagerLearning<PairStdp>>(2100, false, rule, meddle));
}

}  // namespace
}  // namespace apical
