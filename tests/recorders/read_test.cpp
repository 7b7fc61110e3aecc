#include "recorders/read.hpp"

#include <cmath>
#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "recorders/spikes.hpp"
#include "recorders/traces.hpp"
#include "recorders/weights.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

using test::Folder;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Window window{Time{}, Time{std::chrono::milliseconds{100}}};
const std::vector<RecordedPopulation> two{{"pyr", 4}, {"pv", 2}};

Spike spike(double time_ms, Index population, Index neuron, SpikeKind kind = SpikeKind::event) {
    return {Time{} + ticks(time_ms), population, neuron, kind};
}

template <class Recorder>
void record(Recorder& recorder) {
    recorder.observe(window, std::vector<Spike>{spike(1.0, 0, 3), spike(9.0, 0, 3, SpikeKind::burst),
                                                spike(9.0, 1, 0), spike(50.0, 0, 1)});
    recorder.finish(window.end);
}

TEST(SpikeFile, ReadsWhatTheRecorderWrote) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), two, "run");
    record(recorder);
    const SpikeFile file(folder / "spikes.h5");
    EXPECT_THAT(file.populations(), ElementsAre("pv", "pyr"));
    EXPECT_EQ(file.start(), 0.0);
    EXPECT_EQ(file.stop(), 100.0);
    EXPECT_EQ(file.count(), 4U);
    const SpikeTrains pyr = file.read("pyr");
    EXPECT_EQ(pyr.size, 4U);
    EXPECT_THAT(pyr.times, ElementsAre(1.0, 9.0, 50.0));
    EXPECT_THAT(pyr.node_ids, ElementsAre(3, 3, 1));
}

TEST(SpikeFile, AWindowHoldsItsBeginAndNotItsEnd) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), two, "run");
    record(recorder);
    const SpikeFile file(folder / "spikes.h5");
    EXPECT_THAT(file.read("pyr", 1.0, 50.0).times, ElementsAre(1.0, 9.0));
    EXPECT_THAT(file.read("pyr", 9.5, 50.0).times, IsEmpty());
    EXPECT_THAT(file.read("pyr", 9.0, 1e9).node_ids, ElementsAre(3, 1));
    EXPECT_EQ(file.read("pyr", 9.5, 10.0).size, 4U);
    EXPECT_THAT(file.read("pyr", 50.0, 1.0).times, IsEmpty());
}

/// A file of somebody else, without anything that SONATA does not ask for.
void write_foreign(const Folder& folder, const std::vector<double>& times,
                   const std::vector<std::uint64_t>& ids) {
    Hdf5File file = Hdf5File::create(folder / "foreign.h5", "spikes", "other");
    file.create_group("/spikes/cells");
    file.write("/spikes/cells/timestamps", {times.size()}, times);
    file.write("/spikes/cells/node_ids", {ids.size()}, ids);
    file.finish();
}

TEST(SpikeFile, SortsTheFilesOfOthers) {
    const Folder folder;
    write_foreign(folder, {5.0, 30.0, 1.0, 5.0}, {2, 2, 7, 0});
    const SpikeFile file(folder / "foreign.h5");
    EXPECT_EQ(file.start(), 0.0);
    const SpikeTrains all = file.read("cells");
    EXPECT_EQ(all.size, 8U);
    EXPECT_THAT(all.times, ElementsAre(1.0, 5.0, 5.0, 30.0));
    EXPECT_THAT(all.node_ids, ElementsAre(7, 0, 2, 2));
    EXPECT_THAT(file.read("cells", 2.0, 30.0).node_ids, ElementsAre(0, 2));
}

TEST(SpikeFile, ConvertsTimesAsDecimals) {
    const Folder folder;
    const auto read = [&](const std::string& units, double time) {
        Hdf5File file = Hdf5File::create(folder / "a.h5", "spikes", "run");
        file.create_group("/spikes/cells");
        file.write("/spikes/cells/timestamps", {1}, std::vector<double>{time});
        file.write("/spikes/cells/node_ids", {1}, std::vector<std::uint64_t>{0});
        file.set("/spikes/cells/timestamps", "units", units);  // of variable length, as most write it
        file.finish();
        return SpikeFile(folder / "a.h5").read("cells").times.front();
    };
    EXPECT_EQ(read("ms", 1.1), 1.1);
    EXPECT_EQ(read("s", 0.0011), 1.1);
    EXPECT_EQ(read("us", 1100.0), 1.1);
    EXPECT_EQ(read("us", 300.0), 0.3);
    EXPECT_EQ(read("ns", 7.0), 7e-6);
    EXPECT_EQ(read("s", 0.0), 0.0);
    EXPECT_EQ(read("s", -0.25), -250.0);
    EXPECT_THROW(read("min", 1.0), DataError);
    EXPECT_THROW(read("s", 1e300), DataError);
}

TEST(SpikeFile, KindsAreThoseOfTheFilesBesideIt) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), two, "run");
    // The last two at one tick.
    recorder.observe(window, std::vector<Spike>{spike(1.0, 0, 3), spike(9.0, 0, 3, SpikeKind::burst),
                                                spike(9.0, 1, 0), spike(11.0, 0, 3, SpikeKind::further),
                                                spike(50.0, 0, 1), spike(50.0, 0, 1, SpikeKind::burst)});
    recorder.finish(window.end);
    const SpikeFile file(folder / "spikes.h5");
    const SpikeKinds kinds = file.kinds("pyr", 4);
    constexpr auto event = SpikeKind::event;
    constexpr auto burst = SpikeKind::burst;
    EXPECT_THAT(kinds.by_neuron[3], ElementsAre(event, burst, SpikeKind::further));
    EXPECT_THAT(kinds.by_neuron[1], ElementsAre(event, burst));
    EXPECT_EQ(kinds.files.size(), 2U);
    const PlayedTrains played = file.trains("pyr", 4);
    EXPECT_THAT(played.times[1], ElementsAre(50.0, 50.0));
    EXPECT_EQ(played.remarks.size(), 1U);
    std::filesystem::remove(folder / "bursts.h5");
    EXPECT_TRUE(file.kinds("pyr", 4).by_neuron.empty());
}

TEST(Hdf5Text, OfVariableLengthIsReadWhereTheHeapsAreSound) {
    const Folder folder;
    {
        Hdf5File file = Hdf5File::create(folder / "a.h5", "other", "run");
        file.set("/", "units", "mV");
        file.finish();
    }
    EXPECT_EQ(Hdf5File::open(folder / "a.h5").any_text("/", "units"), "mV");
    EXPECT_EQ(Hdf5File::open(folder / "a.h5").any_text("/", "none"), std::nullopt);
    EXPECT_EQ(Hdf5File::open(folder / "a.h5").any_text("/", "tick_ms"), std::nullopt);
    std::fstream bytes(folder / "a.h5", std::ios::in | std::ios::out | std::ios::binary);
    const std::string whole(std::istreambuf_iterator<char>(bytes), {});
    const std::size_t heap = whole.find("GCOL");
    ASSERT_NE(heap, std::string::npos);
    bytes.seekp(static_cast<std::streamoff>(heap) + 16 + 8);  // the size of its first object
    bytes.write("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    bytes.close();
    EXPECT_EQ(Hdf5File::open(folder / "a.h5").any_text("/", "units"), std::nullopt);
}

TEST(SpikeFile, RefusesWhatBreaksTheLayout) {
    const Folder folder;
    write_foreign(folder, {5.0, 30.0}, {2});
    EXPECT_THROW(SpikeFile(folder / "foreign.h5"), DataError);
    write_foreign(folder, {std::nan("")}, {2});
    EXPECT_THROW(SpikeFile(folder / "foreign.h5").read("cells"), DataError);
    Hdf5File::create(folder / "empty.h5", "spikes", "run").finish();
    EXPECT_THROW(SpikeFile(folder / "empty.h5"), DataError);
    EXPECT_THROW(SpikeFile(folder / "missing.h5"), IoError);
}

TEST(SpikeFile, RefusesNumbersThatNoRunHas) {
    const Folder folder;
    const auto write = [&](const std::function<void(Hdf5File&)>& spoil, std::uint64_t id) {
        Hdf5File file = Hdf5File::create(folder / "a.h5", "spikes", "run");
        file.create_group("/spikes/cells");
        file.write("/spikes/cells/timestamps", {1}, std::vector<double>{5.0});
        file.write("/spikes/cells/node_ids", {1}, std::vector<std::uint64_t>{id});
        spoil(file);
        file.finish();
        return SpikeFile(folder / "a.h5").read("cells");
    };
    EXPECT_EQ(write([](Hdf5File&) {}, 7).size, 8U);
    EXPECT_THROW(write([](Hdf5File&) {}, 1ULL << 40U), DataError);
    for (const double size : {-1.0, 1e300, std::nan("")}) {
        EXPECT_THROW(write([&](Hdf5File& file) { file.set("/spikes/cells", "size", size); }, 7), DataError);
    }
    for (const double stop : {-1.0, 1e300, std::nan("")}) {
        EXPECT_THROW(write([&](Hdf5File& file) { file.set("/", "t_stop_ms", stop); }, 7), DataError);
    }
}

TEST(Traces, ReadsWhatTheRecorderWrote) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), two, "run", 20.0);
    record(recorder);
    const auto all = read_traces(folder / "traces.h5");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].population, "pyr");
    EXPECT_EQ(all[1].dt_ms, 20.0);
    // Four neurons for 20 ms: a spike in a bin is 12.5 Hz.
    EXPECT_THAT(all[1].event_rate, ElementsAre(12.5, 0.0, 12.5, 0.0, 0.0));
    EXPECT_THAT(all[1].burst_rate, ElementsAre(12.5, 0.0, 0.0, 0.0, 0.0));
    EXPECT_THAT(all[1].spike_rate, ElementsAre(25.0, 0.0, 12.5, 0.0, 0.0));
}

TEST(WeightFile, ReadsWhatTheRecorderWrote) {
    const Folder folder;
    WeightRecorder recorder(folder.path(), "run");
    const std::vector<double> dense{1, 2, 3, 4, 5, 6};
    recorder.snapshot({"a_to_b", "mV", Time{} + ticks(12.5), 3, 700}, DenseWeights<double>{2, 3, dense});
    const std::vector<std::uint64_t> indptr{0, 2, 3};
    const std::vector<std::uint32_t> indices{0, 4, 1};
    const std::vector<float> data{0.5F, 1.5F, -2.5F};
    recorder.snapshot({"b_to_c", "nS", Time{}, 0, 0}, SparseWeights<float>{2, 5, indptr, indices, data});
    recorder.finish();
    const WeightFile file(folder / "weights.h5");
    EXPECT_THAT(file.projections(), ElementsAre("a_to_b", "b_to_c"));
    EXPECT_THAT(file.snapshots("a_to_b"), ElementsAre("000000"));
    EXPECT_EQ(file.units("b_to_c"), "nS");
    const WeightSnapshot a = file.read("a_to_b", "000000");
    EXPECT_EQ(a.time_ms, 12.5);
    EXPECT_EQ(a.sample, 700.0);
    EXPECT_EQ(a.targets, 2U);
    EXPECT_EQ(a.sources, 3U);
    EXPECT_THAT(a.values, ElementsAre(1, 2, 3, 4, 5, 6));
    const WeightSnapshot b = file.read("b_to_c", "000000");
    EXPECT_THAT(b.indptr, ElementsAre(0, 2, 3));
    EXPECT_THAT(b.indices, ElementsAre(0, 4, 1));
    EXPECT_THAT(b.values, ElementsAre(0.5F, 1.5F, -2.5F));
}

TEST(WeightFile, RefusesRowsThatDoNotFitTogether) {
    const Folder folder;
    Hdf5File file = Hdf5File::create(folder / "weights.h5", "weights", "run");
    file.create_group("/weights/p/000000");
    file.write("/weights/p/000000/indptr", {2}, std::vector<std::uint64_t>{0, 9});
    file.write("/weights/p/000000/indices", {1}, std::vector<std::uint32_t>{0});
    file.write("/weights/p/000000/data", {1}, std::vector<float>{1.0F});
    file.finish();
    EXPECT_THROW(WeightFile(folder / "weights.h5").read("p", "000000"), DataError);
}

TEST(Hdf5Numbers, OfAPartNeedOneDimensionAndBounds) {
    const Folder folder;
    Hdf5File file = Hdf5File::create(folder / "a.h5", "other", "run");
    file.write("/matrix", {2, 2}, std::vector<double>{1.0, 2.0, 3.0, 4.0});
    file.write("/list", {3}, std::vector<double>{1.0, 2.0, 3.0});
    file.finish();
    file = Hdf5File::open(folder / "a.h5");
    EXPECT_THAT(file.read<double>("/matrix"), ElementsAre(1.0, 2.0, 3.0, 4.0));
    EXPECT_THROW(file.read<double>("/matrix", 0, 1), DataError);
    EXPECT_THAT(file.read<double>("/list", 1, 2), ElementsAre(2.0, 3.0));
    EXPECT_THROW(file.read<double>("/list", 2, 2), DataError);
    EXPECT_THROW(file.read<double>("/list", 1, ~std::uint64_t{0}), DataError);
}

TEST(Hdf5Text, IsKeptAsDatasetAndAttribute) {
    const Folder folder;
    Hdf5File file = Hdf5File::create(folder / "text.h5", "other", "run");
    file.write("/one", std::string("µ"));
    file.write("/several", std::vector<std::string>{"a", "", "b c"});
    file.write("/none", std::vector<std::string>{});
    file.set("/one", "names", std::vector<std::string>{"x", "y"});
    file.set_reference("/one", "target", "/several");
    file.finish();
    const Hdf5File read = Hdf5File::open(folder / "text.h5");
    EXPECT_THAT(read.shape("/one"), IsEmpty());
    EXPECT_THAT(read.shape("/several"), ElementsAre(3));
    EXPECT_THAT(read.shape("/none"), ElementsAre(0));
}

TEST(Hdf5Text, IsReadBackWhereItHasFixedLength) {
    const Folder folder;
    Hdf5File file = Hdf5File::create(folder / "text.h5", "other", "run");
    file.set("/", "variable", "mV");
    file.set_read_back("/", "units", "µV");
    file.finish();
    const Hdf5File read = Hdf5File::open(folder / "text.h5");
    EXPECT_EQ(read.text("/", "kind"), "other");
    EXPECT_EQ(read.text("/", "units"), "µV");
    EXPECT_EQ(read.text("/", "variable"), std::nullopt);
    EXPECT_EQ(read.text("/", "tick_ms"), std::nullopt);
    EXPECT_EQ(read.text("/", "none"), std::nullopt);
}

}  // namespace
}  // namespace apical
