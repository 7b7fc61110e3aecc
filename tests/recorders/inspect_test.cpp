#include "recorders/inspect.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "recorders/hdf5_file.hpp"
#include "recorders/spikes.hpp"
#include "recorders/traces.hpp"
#include "recorders/weights.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

using test::Folder;

const std::vector<RecordedPopulation> two{{"pyr", 4}, {"pv", 2}};

Time at(double time_ms) { return Time{} + ticks(time_ms); }

void record(Recorder& recorder) {
    recorder.observe({at(0), at(500)},
                     std::vector<Spike>{{at(0.25), 0, 3}, {at(6), 0, 3, SpikeKind::burst}, {at(450), 0, 1}});
    recorder.finish(at(500));
}

TEST(Inspect, DescribesSpikes) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), two, "run-1");
    record(recorder);
    EXPECT_EQ(describe(folder / "spikes.h5"), (folder / "spikes.h5").string() +
                                                  ": spikes of run run-1\n"
                                                  "  pv: 0 spikes, 0 Hz\n"
                                                  "  pyr: 3 spikes, 0.25 to 450 ms, 1.5 Hz\n");
    EXPECT_EQ(describe(folder / "bursts.h5"), (folder / "bursts.h5").string() +
                                                  ": bursts of run run-1\n"
                                                  "  pv: 0 bursts, 0 Hz\n"
                                                  "  pyr: 1 bursts, 6 to 6 ms, 0.5 Hz\n");
}

TEST(Inspect, DescribesTraces) {
    const Folder folder;
    TraceRecorder recorder(folder.path(), two, "run-1", 20.0);
    record(recorder);
    const std::string names = " (burst_probability, burst_rate, event_rate, spike_rate)";
    EXPECT_EQ(describe(folder / "traces.h5"), (folder / "traces.h5").string() +
                                                  ": traces of run run-1\n"
                                                  "  pv: 25 bins of 20 ms" +
                                                  names +
                                                  ", 0 to 500 ms\n"
                                                  "  pyr: 25 bins of 20 ms" +
                                                  names + ", 0 to 500 ms\n");
}

TEST(Inspect, DescribesWeights) {
    const Folder folder;
    WeightRecorder recorder(folder.path(), "run-1");
    const std::vector<float> values(6);
    recorder.snapshot({"a_to_b", "mV", at(0)}, DenseWeights<float>{2, 3, values});
    recorder.snapshot({"a_to_b", "mV", at(250)}, DenseWeights<float>{2, 3, values});
    recorder.snapshot({"b_to_a", "nS", at(250)},
                      SparseWeights<float>{1, 9, std::vector<std::uint64_t>{0, 1},
                                           std::vector<std::uint32_t>{8}, std::vector<float>{1}});
    recorder.finish();
    EXPECT_EQ(describe(folder / "weights.h5"),
              (folder / "weights.h5").string() +
                  ": weights of run run-1\n"
                  "  a_to_b: 2 snapshots of 2 x 3 weights [mV], 0 to 250 ms\n"
                  "  b_to_a: 1 snapshots of 1 synapses [nS], 250 to 250 ms\n");
}

TEST(Inspect, DescribesReports) {
    const Folder folder;
    auto file = Hdf5File::create(folder / "v.h5", "report", "run-1");
    file.create_group("/report/pyr/mapping");
    file.create_growing("/report/pyr/data", Hdf5Type::float32, {4});
    file.append("/report/pyr/data", std::vector<float>(40));
    file.set_read_back("/report/pyr/data", "units", "mV");
    file.set("/report/pyr/data", "variable", "V_m");  // of variable length: not read
    file.write("/report/pyr/mapping/time", {3}, std::vector<double>{0, 1, 0.1});
    file.finish();
    EXPECT_EQ(describe(folder / "v.h5"), (folder / "v.h5").string() +
                                             ": report of run run-1\n"
                                             "  pyr: 10 samples [mV], 0 to 1 ms\n");
}

TEST(Inspect, DescribesWhatItKnowsByKindOnly) {
    const Folder folder;
    Hdf5File::create(folder / "checkpoint.h5", "checkpoint", "run-1").finish();
    EXPECT_EQ(describe(folder / "checkpoint.h5"),
              (folder / "checkpoint.h5").string() + ": checkpoint of run run-1\n");
}

TEST(Inspect, SaysThatAFileIsMissingOrForeign) {
    const Folder folder;
    test::write_bytes(folder / "a.csv", "time,neuron\n");
    EXPECT_THROW(inspect(folder / "none.h5"), IoError);
    EXPECT_THROW(inspect(folder / "a.csv"), DataError);
}

TEST(Inspect, SaysThatAFileIsCut) {
    const Folder folder;
    SpikeRecorder recorder(folder.path(), two, "run-1");
    record(recorder);
    const std::string whole = test::read_bytes(folder / "spikes.h5");
    ASSERT_GT(whole.size(), 1000U);
    for (std::size_t size = 0; size < whole.size(); size += 97) {
        test::write_bytes(folder / "cut.h5", whole.substr(0, size));
        EXPECT_THROW(inspect(folder / "cut.h5"), Error) << size;
    }
}

}  // namespace
}  // namespace apical
