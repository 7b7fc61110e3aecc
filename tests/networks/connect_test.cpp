#include "networks/connect.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace apical {
namespace {

// Seeds are fixed: a test passes always or never. A statistic may leave its distribution's range by chance
// with probability 1e-3, which is where every threshold below comes from.
constexpr double significance = 1e-3;

ConnectionRule fixed_indegree(Index k, bool multapses = true) { return {FixedIndegree{k, multapses}}; }
ConnectionRule bernoulli(double p) { return {Bernoulli{p}}; }

std::vector<Index> sources_of(const ConnectionRule& rule, Index target, Index n, bool same = false) {
    std::vector<Index> out;
    draw_sources(rule, StreamKey(1, "connect", "test", target), target, {n, n, same}, out);
    return out;
}

ProjectionDescription projection(const ConnectionRule& rule) {
    ProjectionDescription p;
    p.name = "a_to_b";
    p.source = "a";
    p.target = "b";
    p.connect = rule;
    p.weight = {Distribution::Kind::normal, 1.0, 0.3};
    return p;
}

bool strictly_ascending(const std::vector<Index>& list) {
    return std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end();
}

/// Pearson's statistic of counts against one expectation.
void expect_uniform(const std::vector<double>& counts, double expected) {
    double statistic = 0.0;
    for (const double count : counts) statistic += (count - expected) * (count - expected) / expected;
    const boost::math::chi_squared distribution(static_cast<double>(counts.size() - 1));
    EXPECT_LT(statistic, boost::math::quantile(boost::math::complement(distribution, significance)));
    EXPECT_GT(statistic, boost::math::quantile(distribution, significance)) << "more even than chance";
}

TEST(Connect, AllToAllLeavesOutTheNeuronItself) {
    EXPECT_EQ(sources_of({}, 2, 4), (std::vector<Index>{0, 1, 2, 3}));
    EXPECT_EQ(sources_of({}, 2, 4, true), (std::vector<Index>{0, 1, 3}));
    EXPECT_TRUE(connection_problem({}, {1, 1, true}));
    EXPECT_FALSE(connection_problem({}, {1, 1}));
}

TEST(Connect, Blocks) {
    const ConnectionRule rule{Blocks{3}};
    std::vector<Index> out;
    const auto sources = [&](Index target, const Ends& ends) {
        draw_sources(rule, StreamKey(1, "connect", "test", target), target, ends, out);
        return out;
    };
    // Six sources, nine targets: two sources for every three targets.
    EXPECT_EQ(sources(0, {6, 9}), (std::vector<Index>{0, 1}));
    EXPECT_EQ(sources(2, {6, 9}), (std::vector<Index>{0, 1}));
    EXPECT_EQ(sources(3, {6, 9}), (std::vector<Index>{2, 3}));
    EXPECT_EQ(sources(8, {6, 9}), (std::vector<Index>{4, 5}));
    EXPECT_EQ(sources(3, {6, 6, true}), (std::vector<Index>{2}));
    EXPECT_EQ(sources(3, {6, 6}), (std::vector<Index>{2, 3}));
    EXPECT_FALSE(connection_problem(rule, {6, 9}));
    EXPECT_TRUE(connection_problem(rule, {7, 9}));
    EXPECT_TRUE(connection_problem(rule, {6, 10}));
    EXPECT_TRUE(connection_problem(rule, {3, 3, true})) << "each block is one neuron";
    EXPECT_TRUE(connection_problem({Blocks{0}}, {6, 9}));
}

TEST(Connect, OneToOne) {
    const ConnectionRule rule{OneToOne{}};
    EXPECT_EQ(sources_of(rule, 3, 5), (std::vector<Index>{3}));
    EXPECT_FALSE(connection_problem(rule, {5, 5}));
    EXPECT_TRUE(connection_problem(rule, {5, 6}));
    EXPECT_TRUE(connection_problem(rule, {5, 5, true}));
}

/// All rules in the list, as they are by default, among as many neurons as they like.
TEST(Connect, EachRuleDrawsAsManySourcesAsItExpects) {
    for_each_connection_rule([](const auto& kind) {
        for (const bool autapses : {true, false}) {
            SCOPED_TRACE(fmt::format("{} {}", kind.name, autapses));
            const ConnectionRule rule{kind, autapses};
            const Ends ends{20, 20, !autapses};
            if (connection_problem(rule, ends)) continue;
            ProjectionDescription p = projection(rule);
            p.target = p.source;
            double synapses = 0.0;
            for (Index target = 0; target < 20; ++target) {
                std::vector<Index> sources;
                draw_sources(rule, StreamKey(1, "connect", "test", target), target, ends, sources);
                EXPECT_TRUE(std::is_sorted(sources.begin(), sources.end()));
                EXPECT_TRUE(sources.empty() || sources.back() < 20);
                EXPECT_TRUE(autapses || std::count(sources.begin(), sources.end(), target) == 0);
                synapses += static_cast<double>(sources.size());
            }
            const double expected = expected_synapses(p, 20, 20);
            EXPECT_NEAR(synapses, expected, 4.0 * std::sqrt(expected));
        }
    });
}

TEST(Connect, FixedIndegreeIsExact) {
    for (const bool multapses : {true, false}) {
        for (const Index n : {2U, 30U, 257U, 1000U, 70000U}) {
            for (const Index k : {1U, 2U, 23U, 24U, 200U, 999U}) {
                if (!multapses && k > n - 1) continue;
                const auto sources = sources_of(fixed_indegree(k, multapses), 1, n, true);
                ASSERT_EQ(sources.size(), k);
                EXPECT_TRUE(std::is_sorted(sources.begin(), sources.end()));
                EXPECT_LT(sources.back(), n);
                EXPECT_EQ(std::count(sources.begin(), sources.end(), 1U), 0) << "an autapse";
                if (!multapses) {
                    EXPECT_TRUE(strictly_ascending(sources));
                }
            }
        }
    }
}

TEST(Connect, AllPossibleSourcesWithoutRepetitionIsEveryOne) {
    std::vector<Index> others(49);
    std::iota(others.begin(), others.end(), Index{1});
    EXPECT_EQ(sources_of(fixed_indegree(49, false), 0, 50, true), others);
}

TEST(Connect, MoreThanThereAreIsAnError) {
    EXPECT_TRUE(connection_problem(fixed_indegree(50, false), {50, 50, true}));
    EXPECT_TRUE(connection_problem(fixed_indegree(1), {1, 1, true}));
}

TEST(Connect, FixedIndegreeDrawsEverySourceAlike) {
    constexpr Index n = 500;
    for (const bool multapses : {true, false}) {
        for (const Index k : {50U, 400U}) {
            if (!multapses && k == 400) continue;  // below
            std::vector<double> counts(n, 0.0);
            constexpr Index targets = 400;
            for (Index target = 0; target < targets; ++target) {
                for (const Index source : sources_of(fixed_indegree(k, multapses), target, n))
                    counts[source] += 1.0;
            }
            // Without repetition a target's draws are negatively correlated: the variance is smaller by 1 -
            // (k - 1)/(n - 1).
            if (!multapses) {
                const double mean = k * targets / static_cast<double>(n);
                const double shrink = 1.0 - (k - 1.0) / (n - 1.0);
                for (double& count : counts) count = mean + (count - mean) / std::sqrt(shrink);
            }
            expect_uniform(counts, k * targets / static_cast<double>(n));
        }
    }
}

TEST(Connect, TheComplementIsDrawnAlikeToo) {
    constexpr Index n = 100;
    constexpr Index k = 80;
    constexpr Index targets = 2000;
    std::vector<double> counts(n, 0.0);
    for (Index target = 0; target < targets; ++target) {
        for (const Index source : sources_of(fixed_indegree(k, false), target, n)) counts[source] += 1.0;
    }
    const double mean = 1.0 * k * targets / n;
    const double shrink = 1.0 - (k - 1.0) / (n - 1.0);
    for (double& count : counts) count = mean + (count - mean) / std::sqrt(shrink);
    expect_uniform(counts, mean);
}

TEST(Connect, BernoulliHasTheRightNumberAndPlaces) {
    constexpr Index n = 1000;
    constexpr Index targets = 300;
    for (const double p : {0.001, 0.1, 0.9}) {
        std::vector<double> counts(n, 0.0);
        double total = 0.0;
        for (Index target = 0; target < targets; ++target) {
            const auto sources = sources_of(bernoulli(p), target, n);
            ASSERT_TRUE(strictly_ascending(sources));
            total += static_cast<double>(sources.size());
            for (const Index source : sources) counts[source] += 1.0;
        }
        const double pairs = 1.0 * n * targets;
        const double z = (total - p * pairs) / std::sqrt(pairs * p * (1.0 - p));
        EXPECT_LT(std::abs(z), boost::math::quantile(boost::math::normal(), 1.0 - significance / 2.0)) << p;
        if (p < 0.01) continue;  // too few for Pearson's statistic
        const double expected = p * targets;
        for (double& count : counts) count = expected + (count - expected) / std::sqrt(1.0 - p);
        expect_uniform(counts, total / n);
    }
}

TEST(Connect, BernoulliAtItsEnds) {
    EXPECT_TRUE(sources_of(bernoulli(0.0), 0, 100).empty());
    EXPECT_EQ(sources_of(bernoulli(1.0), 0, 100).size(), 100U);
    EXPECT_EQ(sources_of(bernoulli(1.0), 0, 100, true).size(), 99U);
    EXPECT_LE(sources_of(bernoulli(1e-300), 0, 100).size(), 1U);
}

TEST(Connect, WhatATargetGetsDoesNotDependOnTheRange) {
    for (const ConnectionRule& rule : {fixed_indegree(30), fixed_indegree(30, false), bernoulli(0.2)}) {
        const Wiring whole = connect(projection(rule), 7, {100, 50}, 0, 50);
        const Wiring part = connect(projection(rule), 7, {100, 50}, 20, 31);
        const std::size_t begin = whole.offsets[20];
        ASSERT_EQ(whole.offsets[31] - begin, part.sources.size());
        for (std::size_t i = 0; i < part.sources.size(); ++i) {
            EXPECT_EQ(part.sources[i], whole.sources[begin + i]);
            EXPECT_EQ(part.weights[i], whole.weights[begin + i]);
        }
    }
}

TEST(Connect, SeedsAndNamesGiveOtherSynapses) {
    ProjectionDescription p = projection(fixed_indegree(30));
    const Wiring first = connect(p, 7, {1000, 5}, 0, 5);
    EXPECT_NE(connect(p, 8, {1000, 5}, 0, 5).sources, first.sources);
    p.name = "other";
    EXPECT_NE(connect(p, 7, {1000, 5}, 0, 5).sources, first.sources);
}

TEST(Connect, TheFirstSynapsesStayWhatTheyAre) {
    // Changing these changes every network ever built from a seed.
    EXPECT_EQ(sources_of(fixed_indegree(5), 0, 1000), (std::vector<Index>{291, 688, 740, 839, 960}));
    EXPECT_EQ(sources_of(bernoulli(0.005), 1, 1000), (std::vector<Index>{142, 204, 689, 706, 832, 865}));
}

/// The Kolmogorov-Smirnov distance of a sample from a distribution, times the root of its size.
template <class Cdf>
double distance(std::vector<float> sample, Cdf cdf) {
    std::sort(sample.begin(), sample.end());
    const auto n = static_cast<double>(sample.size());
    double largest = 0.0;
    for (std::size_t i = 0; i < sample.size(); ++i) {
        const double expected = cdf(static_cast<double>(sample[i]));
        largest = std::max({largest, std::abs(expected - static_cast<double>(i) / n),
                            std::abs(expected - static_cast<double>(i + 1) / n)});
    }
    return largest * std::sqrt(n);
}

TEST(Connect, WeightsFollowTheirDistribution) {
    constexpr double threshold = 1.9495;  // of Kolmogorov's distribution at 1e-3
    constexpr std::size_t n = 20000;
    const auto draw = [](const Distribution& d) {
        std::vector<float> weights(n);
        draw_weights(d, StreamKey(3, "weight", "test"), weights);
        return weights;
    };
    EXPECT_EQ(draw({Distribution::Kind::constant, 0.25, 0.0}), std::vector<float>(n, 0.25F));
    EXPECT_LT(
        distance(draw({Distribution::Kind::uniform, -1.0, 3.0}), [](double x) { return (x + 1.0) / 4.0; }),
        threshold);
    EXPECT_LT(distance(draw({Distribution::Kind::normal, 2.0, 0.5}),
                       [](double x) { return boost::math::cdf(boost::math::normal(2.0, 0.5), x); }),
              threshold);
    // Mean 0.2 and coefficient of variation 0.5.
    const double variance = std::log(1.25);
    const boost::math::lognormal lognormal(std::log(0.2) - variance / 2.0, std::sqrt(variance));
    EXPECT_NEAR(boost::math::mean(lognormal), 0.2, 1e-12);
    EXPECT_LT(distance(draw({Distribution::Kind::lognormal, 0.2, 0.5}),
                       [&](double x) { return boost::math::cdf(lognormal, x); }),
              threshold);
    const auto inhibitory = draw({Distribution::Kind::lognormal, -0.2, 0.5});
    EXPECT_LT(*std::max_element(inhibitory.begin(), inhibitory.end()), 0.0F);
}

TEST(Connect, ExpectedSynapses) {
    ProjectionDescription p = projection(fixed_indegree(30));
    EXPECT_EQ(expected_synapses(p, 100, 50), 1500.0);
    p.connect = bernoulli(0.1);
    EXPECT_EQ(expected_synapses(p, 100, 50), 500.0);
    p.connect = {Blocks{10}};
    EXPECT_EQ(expected_synapses(p, 100, 50), 500.0);
    p.connect = {};
    p.target = "a";
    EXPECT_EQ(expected_synapses(p, 100, 100), 9900.0);
}

}  // namespace
}  // namespace apical
