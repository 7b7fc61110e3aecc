#include "tasks/idx.hpp"

#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "core/error.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// What a call throws, as text; empty if nothing.
template <class Kind>
std::string complaint(const std::function<void()>& call) {
    try {
        call();
    } catch (const Kind& error) {
        return error.what();
    }
    return {};
}

class IdxTest : public testing::Test {
protected:
    fs::path write(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
        std::ofstream file(folder_ / name, std::ios::binary);
        for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
        return folder_ / name;
    }

    fs::path compress(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
        gzFile file = gzopen((folder_ / name).c_str(), "wb");
        gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
        gzclose(file);
        return folder_ / name;
    }

    /// Two 2 x 3 images and their labels, by hand from the definition of the format.
    static std::vector<std::uint8_t> images() {
        return {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};
    }
    static std::vector<std::uint8_t> labels(std::uint8_t second = 9) {
        return {0, 0, 8, 1, 0, 0, 0, 2, 0, second};
    }

    void write_set(const fs::path& place) const {
        fs::create_directories(folder_ / place);
        for (const std::string half : {"train", "t10k"}) {
            write(place / (half + "-images-idx3-ubyte"), images());
            write(place / (half + "-labels-idx1-ubyte"), labels());
        }
    }

    test::Folder temporary_;
    fs::path folder_ = temporary_.path();
};

TEST_F(IdxTest, ReadsPlainAndCompressedFiles) {
    for (const fs::path& path : {write("plain", images()), compress("packed.gz", images())}) {
        const IdxArray array = read_idx(path, 3);
        EXPECT_THAT(array.dimensions, testing::ElementsAre(2, 2, 3));
        EXPECT_THAT(array.values, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255));
    }
}

TEST_F(IdxTest, ReadsAllMembersOfACompressedFile) {
    std::vector<std::uint8_t> packed;
    const auto whole = images();
    for (const auto& [from, to] : {std::pair{0, 5}, std::pair{5, 5}, std::pair{5, 20}, std::pair{20, 28}}) {
        std::ifstream member(compress("member.gz", {whole.begin() + from, whole.begin() + to}),
                             std::ios::binary);
        packed.insert(packed.end(), std::istreambuf_iterator<char>(member), {});
    }
    EXPECT_EQ(read_idx(write("members.gz", packed), 3).values.size(), 12U);
    packed.resize(packed.size() + 512);  // as tapes are filled up
    EXPECT_EQ(read_idx(write("members.gz", packed), 3).values.back(), 255);
    packed.insert(packed.end(), 18, 7);
    EXPECT_THAT(complaint<DataError>([&] { read_idx(write("members.gz", packed), 3); }),
                HasSubstr("damaged"));
}

TEST_F(IdxTest, WritesWhatItReads) {
    write_idx(folder_ / "file", {{2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255}});
    std::ifstream file(folder_ / "file", std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const auto expected = images();
    EXPECT_EQ(bytes, std::string(expected.begin(), expected.end()));
}

TEST_F(IdxTest, NamesExpectedAndFoundBytesOfACutFile) {
    for (std::size_t length = 0; length < images().size(); ++length) {
        auto cut = images();
        cut.resize(length);
        EXPECT_NE(complaint<DataError>([&] { read_idx(write("cut", cut), 3); }), "") << length;
    }
    auto cut = images();
    cut.resize(cut.size() - 5);
    EXPECT_THAT(complaint<DataError>([&] { read_idx(write("cut", cut), 3); }),
                AllOf(HasSubstr("cut"), HasSubstr("expected 12 bytes"), HasSubstr("found 7")));
}

TEST_F(IdxTest, RefusesACutOrDamagedCompressedFile) {
    std::vector<std::uint8_t> large = {0, 0, 8, 1, 0, 1, 0, 0};
    for (std::uint32_t i = 0; i < 65536; ++i)
        large.push_back(static_cast<std::uint8_t>((i * 2654435761U) >> 24U));
    const fs::path path = compress("packed.gz", large);
    EXPECT_EQ(read_idx(path, 1).values.size(), 65536U);
    std::ifstream file(path, std::ios::binary);
    const std::string whole(std::istreambuf_iterator<char>(file), {});
    for (const std::size_t length : {whole.size() / 2, whole.size() - 1, whole.size() - 8, std::size_t{3}}) {
        const fs::path cut =
            write("cut.gz", {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
        EXPECT_THAT(complaint<DataError>([&] { read_idx(cut, 1); }), HasSubstr("cut")) << length;
    }
    std::vector<std::uint8_t> damaged(whole.begin(), whole.end());
    damaged[damaged.size() - 6] ^= 1U;  // the checksum
    EXPECT_THAT(complaint<DataError>([&] { read_idx(write("damaged.gz", damaged), 1); }),
                HasSubstr("damaged.gz"));
}

TEST_F(IdxTest, RefusesForeignFiles) {
    auto floats = images();
    floats[2] = 0x0d;
    EXPECT_THAT(complaint<DataError>([&] { read_idx(write("floats", floats), 3); }),
                AllOf(HasSubstr("00 00 08 03"), HasSubstr("00 00 0d 03")));
    EXPECT_THAT(complaint<DataError>([&] { read_idx(write("labels", labels()), 3); }),
                HasSubstr("00 00 08 01"));
    auto longer = images();
    longer.push_back(0);
    EXPECT_THAT(complaint<DataError>([&] { read_idx(write("longer", longer), 3); }), HasSubstr("too long"));
    const std::vector<std::uint8_t> huge = {0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 2};
    EXPECT_THAT(complaint<DataError>([&] { read_idx(write("huge", huge), 3); }), HasSubstr("claims"));
    EXPECT_NE(complaint<IoError>([&] { read_idx(folder_ / "absent", 3); }), "");
    EXPECT_NE(complaint<IoError>([&] { read_idx(folder_, 3); }), "");
}

TEST_F(IdxTest, FindsADataSetInItsUsualPlaces) {
    for (const fs::path place : {"MNIST/raw", "raw", "."}) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        write_set(place);
        const DataSet set = read_data_set(folder_);
        EXPECT_EQ(set.training.size(), 2U);
        EXPECT_THAT(set.test[1], testing::ElementsAre(7, 8, 9, 10, 11, 255));
        EXPECT_THAT(set.training.labels, testing::ElementsAre(0, 9));
    }
    fs::rename(folder_ / "train-images-idx3-ubyte", folder_ / "train-images.idx3-ubyte");
    fs::remove(folder_ / "t10k-labels-idx1-ubyte");
    compress("t10k-labels-idx1-ubyte.gz", labels(4));
    EXPECT_THAT(read_data_set(folder_).test.labels, testing::ElementsAre(0, 4));
}

TEST_F(IdxTest, SaysWhatIsMissingFromADataSet) {
    EXPECT_THAT(complaint<DataError>([&] { read_data_set(folder_ / "absent"); }),
                HasSubstr("no such folder"));
    EXPECT_THAT(complaint<DataError>([&] { read_data_set(folder_); }), HasSubstr("holds no data set"));
    write_set(".");
    fs::remove(folder_ / "t10k-images-idx3-ubyte");
    fs::remove(folder_ / "t10k-labels-idx1-ubyte");
    EXPECT_THAT(complaint<DataError>([&] { read_data_set(folder_); }),
                AllOf(HasSubstr("t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte"),
                      testing::Not(HasSubstr("train-"))));
}

TEST_F(IdxTest, RefusesHalvesThatDoNotFit) {
    write_set(".");
    write("train-labels-idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2});
    EXPECT_THAT(complaint<DataError>([&] { read_data_set(folder_); }),
                AllOf(HasSubstr("2 images"), HasSubstr("3 labels")));
    write("train-labels-idx1-ubyte", labels(10));
    EXPECT_THAT(complaint<DataError>([&] { read_data_set(folder_); }),
                AllOf(HasSubstr("label 10 of image 1"), HasSubstr("expected 0 to 9")));
    write("train-labels-idx1-ubyte", labels());
    write("t10k-images-idx3-ubyte", {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4});
    EXPECT_THAT(complaint<DataError>([&] { read_data_set(folder_); }),
                AllOf(HasSubstr("2 x 3"), HasSubstr("1 x 2")));
}

}  // namespace
}  // namespace apical
