#include "recorders/segmented_file.hpp"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recorders/read.hpp"
#include "recorders/spikes.hpp"
#include "recorders/traces.hpp"
#include "recorders/weights.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

using testing::ElementsAre;

Time at(double t) { return Time{} + ticks(t); }

/// All that a run records, and its checkpoints.
class Recorders {
public:
    explicit Recorders(const test::Folder& folder)
        : folder_(folder),
          spikes_(folder.path(), populations_, "run"),
          traces_(folder.path(), populations_, "run", 1.0),
          weights_(folder.path(), "run") {}

    /// A spike of neuron i in the i-th window of half a millisecond, and a snapshot.
    void window(int i) {
        const Window window{at(0.5 * i), at(0.5 * i + 0.5)};
        const std::vector<Spike> spikes{{at(0.5 * i + 0.2), 0, static_cast<Index>(i)}};
        spikes_.observe(window, spikes);
        traces_.observe(window, spikes);
        const std::vector<float> values{static_cast<float>(i)};
        weights_.snapshot({"a_to_b", "mV", window.end, 0, i}, DenseWeights<float>{1, 1, values});
    }
    void checkpoint(const std::string& name) {
        Hdf5File file = Hdf5File::create(folder_ / name, "checkpoint", "run");
        Archive archive(file, Archive::Direction::keep);
        persist(archive);
        file.finish();
    }
    void resume(const std::string& name) {
        Hdf5File file = Hdf5File::open(folder_ / name);
        Archive archive(file, Archive::Direction::give_back);
        persist(archive);
    }
    void finish(double end) {
        spikes_.finish(at(end));
        traces_.finish(at(end));
        weights_.finish();
    }

private:
    void persist(Archive& archive) {
        archive("spikes", spikes_);
        archive("traces", traces_);
        archive("weights", weights_);
    }

    const test::Folder& folder_;
    std::vector<RecordedPopulation> populations_{{"pyr", 10}};
    SpikeRecorder spikes_;
    TraceRecorder traces_;
    WeightRecorder weights_;
};

void expect_eight_windows(const test::Folder& folder) {
    const SpikeFile spikes(folder / "spikes.h5");
    EXPECT_THAT(spikes.read("pyr").node_ids, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
    EXPECT_EQ(spikes.stop(), 4.0);
    EXPECT_EQ(SpikeFile(folder / "events.h5").count(), 8U);
    const auto traces = read_traces(folder / "traces.h5");
    ASSERT_EQ(traces.size(), 1U);
    EXPECT_THAT(traces[0].spike_rate, ElementsAre(200, 200, 200, 200)) << "two spikes of ten neurons a bin";
    EXPECT_EQ(traces[0].t_start_ms, 0.0);
    const WeightFile weights(folder / "weights.h5");
    ASSERT_EQ(weights.snapshots("a_to_b").size(), 8U);
    EXPECT_EQ(weights.read("a_to_b", weights.snapshots("a_to_b").back()).values, std::vector<float>{7.0F});
}

TEST(SegmentedFile, IsOneFileInTheEnd) {
    const test::Folder folder;
    Recorders recorders(folder);
    for (int i = 0; i < 8; ++i) {
        recorders.window(i);
        if (i % 3 == 2) recorders.checkpoint("checkpoint.h5");
    }
    recorders.finish(4.0);
    expect_eight_windows(folder);
}

TEST(SegmentedFile, OutlivesItsWriters) {
    const test::Folder folder;
    {
        Recorders killed(folder);
        for (int i = 0; i < 3; ++i) killed.window(i);
        killed.checkpoint("first.h5");
        for (int i = 3; i < 6; ++i) killed.window(i);
        killed.checkpoint("second.h5");
        killed.window(6);
    }
    {
        Recorders interrupted(folder);
        interrupted.resume("first.h5");
        interrupted.window(3);
        interrupted.window(4);
        interrupted.checkpoint("third.h5");
        interrupted.window(5);
        interrupted.finish(3.0);
    }
    Recorders last(folder);
    last.resume("third.h5");
    for (int i = 5; i < 8; ++i) last.window(i);
    last.finish(4.0);
    expect_eight_windows(folder);
}

}  // namespace
}  // namespace apical
