#include "recorders/spikes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recorders/inspect.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

using test::Folder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Window first_ms{Time{}, Time{std::chrono::milliseconds{1}}};
constexpr Window second_ms{first_ms.end, Time{std::chrono::milliseconds{2}}};

const std::vector<RecordedPopulation> two{{"pyr", 4}, {"pv", 2}};

Time at(double time_ms) { return Time{} + ticks(time_ms); }

std::vector<double> times(const Folder& folder, const std::string& file,
                          const std::string& population = "pyr") {
    return Hdf5File::open(folder / file).read<double>("/spikes/" + population + "/timestamps");
}

std::vector<std::uint64_t> ids(const Folder& folder, const std::string& file,
                               const std::string& population = "pyr") {
    return Hdf5File::open(folder / file).read<std::uint64_t>("/spikes/" + population + "/node_ids");
}

TEST(SpikeRecorder, SortsByKind) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), two, "run");
    recorder.observe(first_ms, std::vector<Spike>{{at(0.25), 0, 3, SpikeKind::event},
                                                  {at(0.5), 0, 1, SpikeKind::event},
                                                  {at(0.5), 1, 0, SpikeKind::event}});
    recorder.observe(second_ms, std::vector<Spike>{{at(1.25), 0, 3, SpikeKind::burst},
                                                   {at(1.5), 0, 3, SpikeKind::further}});
    recorder.finish(second_ms.end);
    EXPECT_THAT(times(folder, "spikes.h5"), ElementsAre(0.25, 0.5, 1.25, 1.5));
    EXPECT_THAT(ids(folder, "spikes.h5"), ElementsAre(3, 1, 3, 3));
    EXPECT_THAT(times(folder, "events.h5"), ElementsAre(0.25, 0.5));
    EXPECT_THAT(ids(folder, "events.h5"), ElementsAre(3, 1));
    EXPECT_THAT(times(folder, "bursts.h5"), ElementsAre(1.25));
    EXPECT_THAT(ids(folder, "bursts.h5"), ElementsAre(3));
    EXPECT_THAT(times(folder, "spikes.h5", "pv"), ElementsAre(0.5));
    EXPECT_THAT(times(folder, "bursts.h5", "pv"), IsEmpty());
}

TEST(SpikeRecorder, WritesFilesWithoutSpikes) {
    const Folder folder;
    SpikeRecorder(folder.path(), two, "run").finish(second_ms.end);
    for (const char* name : {"spikes.h5", "events.h5", "bursts.h5"}) {
        const auto file = Hdf5File::open(folder / name);
        EXPECT_THAT(file.children("/spikes"), ElementsAre("pv", "pyr"));
        EXPECT_THAT(file.shape("/spikes/pyr/timestamps"), ElementsAre(0));
        EXPECT_THAT(file.shape("/spikes/pv/node_ids"), ElementsAre(0));
        EXPECT_EQ(file.number("/", "t_start_ms"), 0.0);
        EXPECT_EQ(file.number("/", "t_stop_ms"), 2.0);
    }
}

TEST(SpikeRecorder, LeavesOutWhatIsNotRecorded) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), std::vector<RecordedPopulation>{{"pyr", 4, false}, {"pv", 2}},
                           "run");
    recorder.observe(first_ms, std::vector<Spike>{{at(0.25), 0, 3}, {at(0.5), 1, 1}});
    recorder.finish(first_ms.end);
    EXPECT_THAT(Hdf5File::open(folder / "spikes.h5").children("/spikes"), ElementsAre("pv"));
    EXPECT_THAT(times(folder, "spikes.h5", "pv"), ElementsAre(0.5));
}

TEST(SpikeRecorder, TimesAreExactToTheTick) {
    const Folder folder;
    const Time late{Duration{(1LL << 53) - 1}};  // 2.3 h
    SpikeRecorder recorder(folder.path(), two, "run");
    recorder.observe({Time{}, late + Duration{1}},
                     std::vector<Spike>{{Time{Duration{1}}, 0, 0}, {late, 0, 0}});
    recorder.finish(late + Duration{1});
    const auto written = times(folder, "spikes.h5");
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[0] * ticks_per_ms, 1.0);
    EXPECT_EQ(written[1] * ticks_per_ms, 0x1p53 - 1.0);
}

TEST(SpikeRecorder, WritesLongNames) {
    const Folder folder;
    const std::string name(64, 'p');
    SpikeRecorder recorder(folder.path(), std::vector<RecordedPopulation>{{name, 1}}, "run");
    recorder.observe(first_ms, std::vector<Spike>{{at(0.5), 0, 0}});
    recorder.finish(first_ms.end);
    EXPECT_THAT(times(folder, "spikes.h5", name), ElementsAre(0.5));
}

TEST(SpikeRecorder, FlushedSpikesAreInThePartialFile) {
    const Folder folder;
    {
        SpikeRecorder recorder(folder.path(), two, "run");
        recorder.observe(first_ms, std::vector<Spike>{{at(0.5), 0, 0}});
        recorder.flush();
        recorder.observe(second_ms, std::vector<Spike>{{at(1.5), 0, 0}});
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "spikes.h5"));
    EXPECT_THAT(times(folder, "spikes.h5.partial"), ElementsAre(0.5));
    EXPECT_EQ(Hdf5File::open(folder / "spikes.h5.partial").number("/", "t_stop_ms"), 1.0);
}

TEST(SpikeRecorder, BoundsItsMemory) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), two, "run");
    const std::vector<Spike> spikes(600000, Spike{at(0.5), 0, 0, SpikeKind::event});  // each is in two files
    recorder.observe(first_ms, spikes);
    EXPECT_EQ(times(folder, "spikes.h5.partial").size(), 600000U);
    EXPECT_EQ(times(folder, "events.h5.partial").size(), 600000U);
}

TEST(SpikeRecorder, OfPartsLeavesOutWhatLiesBetweenAndGoesOnInOne) {
    const Folder folder;
    const auto observe = [](SpikeRecorder& recorder, int from, int to) {
        for (int i = from; i < to; ++i) {
            if (i == 1) recorder.begin_part(at(1), 3);
            if (i == 3) recorder.end_part(at(3));
            if (i == 4) recorder.begin_part(at(4), 7);
            if (i == 6) recorder.end_part(at(6));
            recorder.observe({at(i), at(i + 1)}, std::vector<Spike>{{at(i + 0.5), 0, 2}});
        }
    };
    {
        SpikeRecorder recorder(folder.path(), two, "run", Time{}, SpikeRecorder::Extent::parts);
        observe(recorder, 0, 5);
        Hdf5File file = Hdf5File::create(folder / "state.h5", "checkpoint", "run");
        Archive(file, Archive::Direction::keep)("recorder", recorder);
        file.finish();
        observe(recorder, 5, 6);  // and dies
    }
    SpikeRecorder recorder(folder.path(), two, "run", Time{}, SpikeRecorder::Extent::parts);
    Hdf5File state = Hdf5File::open(folder / "state.h5");
    Archive(state, Archive::Direction::give_back)("recorder", recorder);
    observe(recorder, 5, 8);
    recorder.finish(at(8));
    EXPECT_THAT(times(folder, "spikes.h5"), ElementsAre(1.5, 2.5, 4.5, 5.5));
    EXPECT_THAT(times(folder, "events.h5"), ElementsAre(1.5, 2.5, 4.5, 5.5));
    for (const char* name : {"spikes.h5", "events.h5", "bursts.h5"}) {
        const auto file = Hdf5File::open(folder / name);
        EXPECT_THAT(file.read<double>("/parts/begin_ms"), ElementsAre(1.0, 4.0));
        EXPECT_THAT(file.read<double>("/parts/end_ms"), ElementsAre(3.0, 6.0));
        EXPECT_THAT(file.read<std::int64_t>("/parts/epoch"), ElementsAre(3, 7));
        EXPECT_EQ(file.number("/", "t_stop_ms"), 8.0);
    }
    // Four spikes of four neurons in the 4 ms that were recorded.
    EXPECT_THAT(describe(folder / "spikes.h5"), HasSubstr("pyr: 4 spikes, 1.5 to 5.5 ms, 250 Hz"));
}

}  // namespace
}  // namespace apical
