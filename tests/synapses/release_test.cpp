#include "synapses/release.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

Spike spike(double time, SpikeKind kind = SpikeKind::event) { return {Time{} + ticks(time), 0, 0, kind}; }

/// What a gate with a detector of its own says of the second of two spikes; the population says `further`.
SpikeKind second_of(double first, double second, double lag) {
    Release release({{1.0, Gate{.lag = lag}}}, 1);
    release(spike(first, SpikeKind::further));
    return release(spike(second, SpikeKind::further)).kind;
}

TEST(Gate, ComparesIntervalsAsDecimals) {
    // Known of from the lag on, and for 16 ms: times, and the lag, are rounded apart.
    for (int i = 0; i < 100; ++i) {
        const double lag = 0.3 + 0.1 * (i % 7);
        const double first = 0.1 * i;
        EXPECT_EQ(second_of(first, first + lag, lag), SpikeKind::burst) << first << " ms";
        EXPECT_EQ(second_of(first, first + lag - 1e-6, lag), SpikeKind::event) << first << " ms";
        EXPECT_EQ(second_of(first, first + lag + 16.0, lag), SpikeKind::burst) << first << " ms";
        EXPECT_EQ(second_of(first, first + lag + 16.0 + 1e-6, lag), SpikeKind::event) << first << " ms";
    }
}

TEST(Release, EachGateReadsWhatThePopulationOrItsDetectorSays) {
    // The detector takes the spike for an event; the other gates have none of their own. Plasticity goes by
    // the detector, in whatever order they are.
    std::vector<Release::Term> terms{{1.0, Gate{.passes = Gate::Passes::burst, .lag = 1.0}},
                                     {2.0, Gate{.passes = Gate::Passes::event}},
                                     {4.0, Gate{.passes = Gate::Passes::burst}}};
    for (std::size_t shift = 0; shift < terms.size(); ++shift) {
        const Release::Released released = Release(terms, 1)(spike(5.0, SpikeKind::burst));
        EXPECT_EQ(released.amount, 4.0) << shift;
        EXPECT_EQ(released.kind, SpikeKind::event) << shift;
        std::rotate(terms.begin(), terms.begin() + 1, terms.end());
    }
    const Release::Released without = Release({{1.0, Gate{}}}, 1)(spike(5.0, SpikeKind::burst));
    EXPECT_EQ(without.kind, SpikeKind::burst);
}

TEST(Release, AfterAResetUStartsAnew) {
    // u goes from u_0 to U with tau_fac, from the reset on.
    const TsodyksMarkram synapse{.U = 0.5, .tau_rec = 50.0, .tau_fac = 100.0, .u_0 = 0.1};
    Release release({{2.0, synapse}}, 1);
    const auto expected = [](double dt) { return 2.0 * (0.5 - 0.4 * std::exp(-dt / 100.0)); };
    EXPECT_NEAR(release(spike(30.0)).amount, expected(30.0), 1e-12);
    release(spike(35.0));
    release.reset(Time{} + ticks(1000.0));
    EXPECT_NEAR(release(spike(1010.0)).amount, expected(10.0), 1e-12);
}

}  // namespace
}  // namespace apical
