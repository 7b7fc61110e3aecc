#include "recorders/weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

using test::Folder;
using testing::ElementsAre;

TEST(WeightRecorder, NumbersTheSnapshotsOfEachProjection) {
    const Folder folder;
    WeightRecorder recorder(folder.path(), "run");
    const std::vector<double> values{1, 2, 3, 4, 5, 6};
    const DenseWeights<double> weights{2, 3, values};
    recorder.snapshot({"a_to_b", "mV", Time{}, 0, 0}, weights);
    recorder.snapshot({"b_to_c_W", "nS", Time{}, 0, 0}, weights);
    recorder.snapshot({"a_to_b", "mV", Time{} + ticks(12.5), 3, 700}, weights);
    recorder.finish();
    const auto file = Hdf5File::open(folder / "weights.h5");
    EXPECT_THAT(file.children("/weights"), ElementsAre("a_to_b", "b_to_c_W"));
    EXPECT_THAT(file.children("/weights/a_to_b"), ElementsAre("000000", "000001"));
    EXPECT_THAT(file.shape("/weights/a_to_b/000001"), ElementsAre(2, 3));
    EXPECT_EQ(file.text("/weights/a_to_b/000001", "units"), "mV");
    EXPECT_EQ(file.number("/weights/a_to_b/000001", "epoch"), 3.0);
    EXPECT_EQ(file.number("/weights/a_to_b/000001", "sample"), 700.0);
    EXPECT_EQ(file.number("/weights/a_to_b/000001", "time_ms"), 12.5);
}

TEST(WeightRecorder, WritesRowsOfTargets) {
    const Folder folder;
    WeightRecorder recorder(folder.path(), "run");
    const std::vector<std::uint64_t> indptr{0, 2, 3};
    const std::vector<std::uint32_t> indices{0, 4, 1};
    const std::vector<float> data{0.5F, 1.5F, -2.5F};
    recorder.snapshot({"a_to_b", "pA", Time{}}, SparseWeights<float>{2, 5, indptr, indices, data});
    recorder.finish();
    const auto file = Hdf5File::open(folder / "weights.h5");
    const std::string group = "/weights/a_to_b/000000";
    EXPECT_EQ(file.read<std::uint64_t>(group + "/indptr"), indptr);
    EXPECT_EQ(file.read<std::uint32_t>(group + "/indices"), indices);
    EXPECT_EQ(file.read<float>(group + "/data"), data);
    EXPECT_EQ(file.text(group, "units"), "pA");
}

TEST(WeightRecorder, WritesProjectionsWithoutSynapses) {
    const Folder folder;
    WeightRecorder recorder(folder.path(), "run");
    recorder.snapshot({"a_to_b", "pA", Time{}}, DenseWeights<double>{0, 5, {}});
    recorder.snapshot({"b_to_c", "pA", Time{}},
                      SparseWeights<double>{1, 5, std::vector<std::uint64_t>{0, 0}, {}, {}});
    recorder.finish();
    const auto file = Hdf5File::open(folder / "weights.h5");
    EXPECT_THAT(file.shape("/weights/a_to_b/000000"), ElementsAre(0, 5));
    EXPECT_THAT(file.shape("/weights/b_to_c/000000/data"), ElementsAre(0));
}

TEST(WeightRecorder, RefusesAWrongNumberOfWeights) {
    const Folder folder;
    WeightRecorder recorder(folder.path(), "run");
    const std::vector<float> five(5);
    EXPECT_THROW(recorder.snapshot({"a_to_b", "mV", Time{}}, DenseWeights<float>{2, 3, five}), IoError);
}

TEST(WeightRecorder, ASnapshotIsAtOnceInThePartialFile) {
    const Folder folder;
    {
        WeightRecorder recorder(folder.path(), "run");
        recorder.snapshot({"a_to_b", "mV", Time{}}, DenseWeights<float>{1, 1, std::vector<float>{0.5F}});
    }
    EXPECT_THAT(Hdf5File::open(folder / "weights.h5.partial").children("/weights/a_to_b"),
                ElementsAre("000000"));
}

}  // namespace
}  // namespace apical
