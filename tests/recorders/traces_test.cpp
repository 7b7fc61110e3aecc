#include "recorders/traces.hpp"

#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

using test::Folder;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::IsNan;

const std::vector<RecordedPopulation> one{{"pyr", 4}};

Time at(double time_ms) { return Time{} + ticks(time_ms); }

std::map<std::string, std::vector<double>> traces(const std::filesystem::path& path,
                                                  const std::string& population) {
    const auto file = Hdf5File::open(path);
    std::map<std::string, std::vector<double>> result;
    for (const std::string& name : file.children("/traces/" + population)) {
        result[name] = file.read<double>("/traces/" + population + "/" + name);
    }
    return result;
}

/// Bins of 10 ms, 4 neurons: a spike is 25 Hz.
const std::vector<Spike> spikes{
    {at(1), 0, 0, SpikeKind::event},
    {at(2), 0, 1, SpikeKind::event},
    {at(5), 0, 0, SpikeKind::burst},
    {at(6), 0, 0, SpikeKind::further},
    {at(10), 0, 1, SpikeKind::burst},  // on an edge: of the bin that
                                       // begins there
    {at(32), 0, 3, SpikeKind::event},
};

void expect_traces(std::map<std::string, std::vector<double>> written) {
    EXPECT_THAT(written["spike_rate"], ElementsAre(100.0, 25.0, 0.0, 25.0));
    EXPECT_THAT(written["event_rate"], ElementsAre(50.0, 0.0, 0.0, 25.0));
    EXPECT_THAT(written["burst_rate"], ElementsAre(25.0, 25.0, 0.0, 0.0));
    EXPECT_THAT(written["burst_probability"], ElementsAre(0.5, IsNan(), IsNan(), 0.0));
}

TEST(TraceRecorder, CountsInBins) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), one, "run", 10.0);
    recorder.observe({at(0), at(40)}, spikes);
    recorder.finish(at(40));
    expect_traces(traces(folder / "traces.h5", "pyr"));
}

TEST(TraceRecorder, DoesNotCareHowTheRunIsCut) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), one, "run", 10.0);
    for (int i = 0; i < 16; ++i) {
        const Window window{at(i * 2.5), at((i + 1) * 2.5)};
        std::vector<Spike> part;
        for (const Spike& spike : spikes) {
            if (spike.time >= window.begin && spike.time < window.end) part.push_back(spike);
        }
        recorder.observe(window, part);
        if (i % 3 == 0) recorder.flush();
    }
    recorder.finish(at(40));
    expect_traces(traces(folder / "traces.h5", "pyr"));
}

TEST(TraceRecorder, GoesOnInABin) {
    const Folder folder;
    {
        TraceRecorder recorder(folder.path(), one, "run", 10.0);
        recorder.observe({at(0), at(3)}, std::vector<Spike>{{at(1), 0, 0, SpikeKind::event},
                                                            {at(1.5), 0, 0, SpikeKind::burst},
                                                            {at(2), 0, 0, SpikeKind::further},
                                                            {at(2.5), 0, 0, SpikeKind::further}});
        Hdf5File file = Hdf5File::create(folder / "state.h5", "checkpoint", "run");
        Archive(file, Archive::Direction::keep)("recorder", recorder);
        file.finish();
    }
    TraceRecorder recorder(folder.path(), one, "run", 10.0);
    Hdf5File file = Hdf5File::open(folder / "state.h5");
    Archive(file, Archive::Direction::give_back)("recorder", recorder);
    recorder.observe({at(3), at(10)}, std::vector<Spike>{{at(4), 0, 1, SpikeKind::event}});
    recorder.finish(at(10));
    auto recorded = traces(folder / "traces.h5", "pyr");
    const double one_spike = 100.0 / static_cast<double>(one[0].size);
    EXPECT_THAT(recorded["spike_rate"], ElementsAre(5.0 * one_spike));
    EXPECT_THAT(recorded["event_rate"], ElementsAre(2.0 * one_spike));
    EXPECT_THAT(recorded["burst_rate"], ElementsAre(one_spike));
    EXPECT_THAT(recorded["burst_probability"], ElementsAre(0.5));
}

TEST(TraceRecorder, WritesABinWhenItHasPassed) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), one, "run", 10.0);
    const std::span<const Spike> all(spikes);
    recorder.observe({at(0), at(19)}, all.first(5));
    recorder.flush();
    EXPECT_THAT(traces(folder / "traces.h5.partial", "pyr")["spike_rate"], ElementsAre(100.0));
    recorder.observe({at(19), at(45)}, all.subspan(5));
    recorder.flush();
    EXPECT_THAT(traces(folder / "traces.h5.partial", "pyr")["spike_rate"],
                ElementsAre(100.0, 25.0, 0.0, 25.0));
}

TEST(TraceRecorder, TheLastBinIsAsLongAsTheRunLeavesIt) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), one, "run", 10.0);
    recorder.observe({at(0), at(34)}, spikes);
    recorder.finish(at(34));
    // A spike of four neurons in 4 ms: 62.5 Hz.
    EXPECT_THAT(traces(folder / "traces.h5", "pyr")["spike_rate"],
                ElementsAre(100.0, 25.0, 0.0, DoubleEq(62.5)));
    const Hdf5File file = Hdf5File::open(folder / "traces.h5");
    EXPECT_EQ(file.number("/traces/pyr/spike_rate", "last_bin_ms"), 4.0);
    EXPECT_EQ(file.number("/traces/pyr/spike_rate", "dt_ms"), 10.0);
}

TEST(TraceRecorder, ABinLongerThanTheRunHoldsAllOfIt) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), one, "run", 1000.0);
    recorder.observe({at(0), at(40)}, spikes);
    recorder.finish(at(40));
    EXPECT_THAT(traces(folder / "traces.h5", "pyr")["spike_rate"], ElementsAre(DoubleEq(6 / 4.0 / 0.04)));
    EXPECT_THAT(traces(folder / "traces.h5", "pyr")["burst_probability"], ElementsAre(DoubleEq(2.0 / 3.0)));
    EXPECT_EQ(Hdf5File::open(folder / "traces.h5").number("/traces/pyr/event_rate", "last_bin_ms"), 40.0);
}

TEST(TraceRecorder, NoBinIsMadeOfATick) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), one, "run", 10.0);
    recorder.finish(at(10) + Duration{1});
    EXPECT_THAT(traces(folder / "traces.h5", "pyr")["event_rate"], ElementsAre(0.0));
    EXPECT_EQ(Hdf5File::open(folder / "traces.h5").number("/traces/pyr/event_rate", "last_bin_ms"), 10.0);
}

TEST(TraceRecorder, EdgesDoNotDrift) {
    const Folder folder;
    // 0.1 ms is no whole number of ticks. A spike at the tick of 1000 bins belongs to the bin that begins
    // there, and so does one that rounding has put a few ticks before.
    TraceRecorder recorder(folder.path(), one, "run", 0.1);
    recorder.observe({at(0), at(101)}, std::vector<Spike>{{at(100.0) - Duration{5}, 0, 0},
                                                          {at(100.0) - Duration{4}, 0, 0},
                                                          {at(100.0), 0, 0}});
    recorder.finish(at(101));
    const auto rate = traces(folder / "traces.h5", "pyr")["spike_rate"];
    ASSERT_EQ(rate.size(), 1010U);
    EXPECT_GT(rate[999], 0.0);
    EXPECT_EQ(rate[1000], 2 * rate[999]);
    EXPECT_EQ(rate[998] + rate[1001], 0.0);
}

TEST(TraceRecorder, BeginsWithAWholeBin) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), one, "run", 10.0, at(15));
    recorder.observe({at(15), at(30)}, std::vector<Spike>{{at(16), 0, 0}, {at(20), 0, 0}});
    recorder.finish(at(30));
    EXPECT_THAT(traces(folder / "traces.h5", "pyr")["spike_rate"], ElementsAre(25.0));
    EXPECT_EQ(Hdf5File::open(folder / "traces.h5").number("/traces/pyr/spike_rate", "t_start_ms"), 20.0);
}

TEST(TraceRecorder, LeavesOutWhatIsNotRecorded) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), std::vector<RecordedPopulation>{{"pyr", 4, false}, {"pv", 2}},
                           "run", 10.0);
    recorder.observe({at(0), at(10)}, std::vector<Spike>{{at(1), 0, 0}, {at(2), 1, 0}});
    recorder.finish(at(10));
    EXPECT_THAT(Hdf5File::open(folder / "traces.h5").children("/traces"), ElementsAre("pv"));
    EXPECT_THAT(traces(folder / "traces.h5", "pv")["spike_rate"], ElementsAre(DoubleEq(50.0)));
}

TEST(TraceRecorder, RefusesABinThatIsNone) {
    const Folder folder;
    for (const double bin_ms : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 1e-12}) {
        EXPECT_THROW(TraceRecorder(folder.path(), one, "run", bin_ms), ModelError) << bin_ms;
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace apical
