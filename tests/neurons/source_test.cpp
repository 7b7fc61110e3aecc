#include "simulator/source.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/neurons/statistics.hpp"

namespace apical {
namespace {

using namespace test;

// Fixed seeds; bounds are four standard errors, or the Kolmogorov-Smirnov distance that chance exceeds once
// in ten thousand.

Time at(double t) { return Time{} + ticks(t); }

/// Spike times [ms] of each neuron from `from` to `to`, in windows of `length`.
template <class Source>
std::vector<std::vector<double>> emit(Source& source, double from, double to, double length) {
    std::vector<std::vector<double>> trains(source.size());
    for (double t = from; t < to; t += length) {
        std::vector<Spike> spikes;
        const Window window{at(t), at(std::min(t + length, to))};
        source.emit(window, spikes);
        for (const Spike& s : spikes) {
            EXPECT_GE(s.time, window.begin);
            EXPECT_LT(s.time, window.end);
            trains[s.neuron].push_back(ms(s.time));
        }
    }
    return trains;
}

TEST(PoissonSource, IntervalsAreExponential) {
    SourcePopulationOf source("s", 0, 50, 3, Poisson{20.0});
    std::vector<double> intervals;
    double count = 0.0;
    for (const auto& train : emit(source, 0.0, 20000.0, 100.0)) {
        count += static_cast<double>(train.size());
        // From zero on: the first interval is one like the others.
        for (std::size_t i = 0; i < train.size(); ++i)
            intervals.push_back(train[i] - (i == 0 ? 0.0 : train[i - 1]));
    }
    EXPECT_NEAR(count, 20000.0, 4 * std::sqrt(20000.0));
    EXPECT_LT(kolmogorov_smirnov(intervals, [](double t) { return 1.0 - std::exp(-t / 50.0); }),
              ks_bound(intervals.size()));
}

TEST(PoissonSource, ChangesItsRateInMidInterval) {
    SourcePopulationOf source("s", 0, 400, 3, Poisson{10.0});
    const auto before = emit(source, 0.0, 1000.0, 1000.0);
    source.set_rates(std::vector{80.0}, at(1000.0));
    const auto after = emit(source, 1000.0, 2000.0, 1000.0);
    std::vector<double> waits;
    double counts = 0.0;
    for (const auto& train : after) {
        if (!train.empty()) waits.push_back(train.front() - 1000.0);
        counts += static_cast<double>(train.size());
    }
    EXPECT_NEAR(counts, 400 * 80.0, 4 * std::sqrt(400 * 80.0));
    ASSERT_EQ(waits.size(), 400U);
    // No memory: the wait from the change on is that of the new rate.
    EXPECT_LT(kolmogorov_smirnov(waits, [](double t) { return 1.0 - std::exp(-t / 12.5); }),
              ks_bound(waits.size()));
}

TEST(Sources, TheSameRateAgainChangesNothing) {
    SourcePopulationOf one("s", 0, 20, 3, Poisson{30.0});
    SourcePopulationOf two("s", 0, 20, 3, Poisson{30.0});
    two.set_rates(std::vector{30.0}, at(0.0));
    const auto expected = emit(one, 0.0, 1000.0, 10.0);
    auto seen = emit(two, 0.0, 500.0, 10.0);
    two.set_rates(std::vector{30.0}, at(500.0));
    const auto rest = emit(two, 500.0, 1000.0, 10.0);
    for (Index i = 0; i < 20; ++i) {
        seen[i].insert(seen[i].end(), rest[i].begin(), rest[i].end());
        ASSERT_EQ(seen[i].size(), expected[i].size());
        // One interval is rounded to a tick from another start.
        for (std::size_t k = 0; k < seen[i].size(); ++k)
            EXPECT_NEAR(seen[i][k], expected[i][k], 2 * ms_per_tick);
    }
}

TEST(Sources, TrainsDoNotDependOnWindows) {
    SourcePopulationOf whole("s", 0, 30, 5, Poisson{60.0});
    SourcePopulationOf pieces("s", 0, 30, 5, Poisson{60.0});
    EXPECT_EQ(emit(whole, 0.0, 1000.0, 1000.0), emit(pieces, 0.0, 1000.0, 0.3));
}

TEST(Sources, TrainsBelongToSeedNameAndNeuron) {
    const auto trains = [](const std::string& name, Index index, Index size, std::uint64_t seed) {
        SourcePopulationOf source(name, index, size, seed, Poisson{50.0});
        return emit(source, 0.0, 500.0, 500.0);
    };
    const auto reference = trains("a", 0, 10, 1);
    const auto larger = trains("a", 3, 20, 1);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(larger[i], reference[i]);
    EXPECT_NE(trains("b", 0, 10, 1)[0], reference[0]);
    EXPECT_NE(trains("a", 0, 10, 2)[0], reference[0]);
    EXPECT_NE(reference[0], reference[1]);
}

TEST(RegularSource, HasAUniformPhaseAndEqualIntervals) {
    SourcePopulationOf source("s", 0, 2000, 3, Regular{40.0});
    std::vector<double> phases;
    for (const auto& train : emit(source, 0.0, 1000.0, 1.5)) {
        ASSERT_GE(train.size(), 39U);
        phases.push_back(train.front());
        // Each is rounded up to a tick.
        for (std::size_t i = 1; i < train.size(); ++i)
            EXPECT_NEAR(train[i] - train[i - 1], 25.0, 1.01 * ms_per_tick);
    }
    EXPECT_LT(kolmogorov_smirnov(phases, [](double t) { return std::clamp(t / 25.0, 0.0, 1.0); }),
              ks_bound(phases.size()));
}

TEST(RegularSource, KeepsItsPhaseThroughAChangeOfRateAndAPause) {
    SourcePopulationOf source("s", 0, 1, 3, Regular{10.0});
    const double first = emit(source, 0.0, 150.0, 150.0)[0].front();
    ASSERT_LT(first, 50.0);  // by the seed: the second spike comes within 150 ms
    SourcePopulationOf again("s", 0, 1, 3, Regular{10.0});
    EXPECT_EQ(emit(again, 0.0, first + 25.0, 10.0)[0].size(), 1U);
    again.set_rates(std::vector{0.0}, at(first + 25.0));
    EXPECT_TRUE(emit(again, first + 25.0, 1000.0, 10.0)[0].empty());
    again.set_rates(std::vector{20.0}, at(1000.0));
    const auto later = emit(again, 1000.0, 1100.0, 10.0)[0];
    ASSERT_FALSE(later.empty());
    // A quarter of the interval had passed; the rest goes twice as fast.
    EXPECT_NEAR(later.front(), 1000.0 + 0.75 * 50.0, 1e-6);
}

TEST(LatencySource, FiresTheBrighterTheEarlierOnceInEachVolley) {
    LatencyPopulation source("s", 0, 4, {.full_rate = 200.0, .period = 50.0, .spread = 20.0});
    EXPECT_EQ(emit(source, 0.0, 100.0, 1.5), std::vector<std::vector<double>>(4));
    source.set_rates(std::vector{200.0, 100.0, 5.0, 4.0}, at(100.0));
    // (1 - x) 20 ms after the beginning of a volley; 2 % is dark.
    const std::vector<std::vector<double>> expected = {
        {100.0, 150.0, 200.0}, {110.0, 160.0, 210.0}, {119.5, 169.5}, {}};
    EXPECT_EQ(emit(source, 100.0, 211.0, 1.5), expected);
    source.set_rates(std::vector{50.0, 300.0, 0.0, 0.0}, at(211.0));
    EXPECT_EQ(emit(source, 211.0, 260.0, 1.5), (std::vector<std::vector<double>>{{226.0}, {211.0}, {}, {}}));
}

TEST(LatencySource, RoundsNoPeriodTwice) {
    LatencyPopulation source("s", 0, 1, {.rate = 200.0, .full_rate = 200.0, .period = 0.7, .spread = 0.1});
    const std::vector<double> times = emit(source, 0.0, 700.0, 1.5)[0];
    ASSERT_EQ(times.size(), 1000U);
    for (std::size_t k = 0; k < times.size(); ++k)
        ASSERT_NEAR(times[k], 0.7 * static_cast<double>(k), ms_per_tick) << k;
}

TEST(Sources, RatesThatTheClockCannotFollowAreRefused) {
    SourcePopulationOf poisson("s", 0, 2, 3, Poisson{20.0});
    SourcePopulationOf regular("s", 0, 2, 3, Regular{20.0});
    EXPECT_NO_THROW(poisson.set_rates(std::vector{1e8}, at(0.0)));
    EXPECT_THROW(poisson.set_rates(std::vector{20.0, 1.1e8}, at(0.0)), ModelError);
    EXPECT_THROW(regular.set_rates(std::vector{1e10}, at(0.0)), ModelError);
    // Volleys of 1e8 Hz are 1e-5 ms apart.
    EXPECT_EQ((Latency{.period = 1.1e-5, .spread = 1e-6}.check()), std::nullopt);
    EXPECT_NE((Latency{.period = 0.9e-5, .spread = 1e-6}.check()), std::nullopt);
}

TEST(Sources, RatesOfZeroAreSilent) {
    SourcePopulationOf source("s", 0, 3, 3, Poisson{0.0});
    for (const auto& train : emit(source, 0.0, 1e6, 1e5)) EXPECT_TRUE(train.empty());
}

/// The kinds of the spikes from 0 to `to`, in windows of `length`.
template <class Source>
std::vector<SpikeKind> kinds(Source& source, double to, double length) {
    std::vector<SpikeKind> found;
    for (double t = 0.0; t < to; t += length) {
        std::vector<Spike> spikes;
        source.emit({at(t), at(std::min(t + length, to))}, spikes);
        for (const Spike& s : spikes) found.push_back(s.kind);
    }
    return found;
}

constexpr auto event = SpikeKind::event;
constexpr auto burst = SpikeKind::burst;
constexpr auto further = SpikeKind::further;

TEST(Sources, ClassifyTheirSpikes) {
    const std::vector<std::vector<double>> times{{10.0, 15.0, 20.0, 100.0, 105.0, 200.0}};
    const auto kinds_by = [&](Classification by, double window,
                              const std::vector<std::vector<SpikeKind>>& says = {}) {
        SpikeTrainPopulation source("s", 0, times, says, std::move(by));
        return kinds(source, 300.0, window);
    };
    for (const double window : {300.0, 1.5}) {
        EXPECT_EQ(kinds_by({}, window), std::vector<SpikeKind>(6, event));
        EXPECT_EQ(kinds_by({Classifier::isi, ticks(16.0), 1}, window),
                  (std::vector{event, burst, further, event, burst, event}));
        EXPECT_EQ(kinds_by({Classifier::isi, ticks(4.0), 1}, window), std::vector<SpikeKind>(6, event));
        EXPECT_EQ(kinds_by({Classifier::isi, ticks(90.0), 1}, window),
                  (std::vector{event, burst, further, further, further, event}));
        // At 100 and 200 ms, traces of 2.77 and 2.59 have come down to 0.73 and 0.53: above 1/e still.
        EXPECT_EQ(kinds_by({Classifier::trace, ticks(60.0), 1}, window),
                  (std::vector{event, burst, further, further, further, further}));
        const std::vector<std::vector<SpikeKind>> said{{event, event, burst, event, further, event}};
        EXPECT_EQ(kinds_by({Classifier::model, ticks(16.0), 1}, window, said), said.front());
    }
}

TEST(Sources, ClassifyWhateverMakesTheSpikes) {
    SourcePopulationOf source("s", 0, 50, 3, Poisson{40.0}, {Classifier::isi, ticks(10.0), 50});
    std::vector<Spike> spikes;
    for (int window = 0; window < 2000; ++window) source.emit({at(window), at(window + 1)}, spikes);
    std::vector<Time> last(50, never);
    std::vector<bool> bursting(50, false);
    std::size_t bursts = 0;
    for (const Spike& s : spikes) {
        const bool near = ms(s.time - last[s.neuron]) <= 10.0;
        const SpikeKind expected = !near ? event : bursting[s.neuron] ? further : burst;
        EXPECT_EQ(s.kind, expected);
        bursts += expected == burst ? 1U : 0U;
        bursting[s.neuron] = near;
        last[s.neuron] = s.time;
    }
    EXPECT_GT(bursts, 500U);
    LatencyPopulation volleys("v", 0, 1, {.rate = 100.0, .period = 10.0, .spread = 5.0},
                              {Classifier::isi, ticks(10.0), 1});
    EXPECT_EQ(kinds(volleys, 40.0, 1.0), (std::vector{event, burst, further, further}));
}

}  // namespace
}  // namespace apical
