#include "recorders/hdf5_file.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/time.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

using test::Folder;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

template <class Exception, class Function>
std::string message_of(Function function) {
    try {
        function();
    } catch (const Exception& error) {
        return error.what();
    }
    return "nothing was thrown";
}

/// Numbers that deflate cannot shorten by much.
std::vector<double> noise(std::size_t count) {
    std::vector<double> values(count);
    std::uint64_t word = 1;
    for (double& value : values) {
        word = word * 6364136223846793005U + 1442695040888963407U;
        value = static_cast<double>(word);
    }
    return values;
}

Hdf5File new_file(const std::filesystem::path& path) {
    Hdf5File file = Hdf5File::create(path, "test", "run-1");
    file.create_growing("/values", Hdf5Type::float64);
    file.flush();
    return file;
}

TEST(Hdf5File, TellsItsKindRunAndTick) {
    const Folder folder;
    new_file(folder / "a.h5").finish();
    const auto file = Hdf5File::open(folder / "a.h5");
    EXPECT_EQ(file.text("/", "kind"), "test");
    EXPECT_EQ(file.text("/", "run_id"), "run-1");
    EXPECT_EQ(file.number("/", "tick_ms"), ms_per_tick);
}

TEST(Hdf5File, HasItsNameOnlyWhenFinished) {
    const Folder folder;
    auto file = new_file(folder / "a.h5");
    EXPECT_TRUE(std::filesystem::exists(folder / "a.h5.partial"));
    EXPECT_FALSE(std::filesystem::exists(folder / "a.h5"));
    file.finish();
    EXPECT_FALSE(std::filesystem::exists(folder / "a.h5.partial"));
    EXPECT_TRUE(std::filesystem::exists(folder / "a.h5"));
}

TEST(Hdf5File, StaysPartialWhenNotFinished) {
    const Folder folder;
    { const auto file = new_file(folder / "a.h5"); }
    EXPECT_TRUE(std::filesystem::exists(folder / "a.h5.partial"));
    EXPECT_FALSE(std::filesystem::exists(folder / "a.h5"));
}

TEST(Hdf5File, AppendsAcrossChunks) {
    const Folder folder;
    std::vector<double> values(150000);
    std::iota(values.begin(), values.end(), 0.5);
    auto file = new_file(folder / "a.h5");
    const std::span<const double> all(values);
    file.append("/values", all.first(65530));
    file.append("/values", all.subspan(65530, 10));
    file.append("/values", all.subspan(65540));
    file.append("/values", std::vector<double>{});
    file.finish();
    const auto again = Hdf5File::open(folder / "a.h5");
    EXPECT_THAT(again.shape("/values"), ElementsAre(150000));
    EXPECT_EQ(again.read<double>("/values"), values);
    EXPECT_THAT(again.read<double>("/values", 65535, 2), ElementsAre(65535.5, 65536.5));
}

TEST(Hdf5File, AppendsRows) {
    const Folder folder;
    auto file = new_file(folder / "a.h5");
    file.create_growing("/rows", Hdf5Type::float32, {3});
    file.append("/rows", std::vector<float>{1, 2, 3, 4, 5, 6});
    file.append("/rows", std::vector<float>{7, 8, 9});
    EXPECT_THAT(file.shape("/rows"), ElementsAre(3, 3));
}

TEST(Hdf5File, AttributesAreOverwritten) {
    const Folder folder;
    auto file = new_file(folder / "a.h5");
    file.set_read_back("/values", "units", "ms");
    file.set_read_back("/values", "units", "a longer text: \xC2\xB5V");
    file.set("/values", "n", std::uint64_t{1});
    file.set("/values", "n", std::uint64_t{2});
    EXPECT_EQ(file.text("/values", "units"), "a longer text: \xC2\xB5V");
    EXPECT_EQ(file.number("/values", "n"), 2.0);
}

TEST(Hdf5File, AttributesOfAnotherSortAreNoValue) {
    const Folder folder;
    auto file = new_file(folder / "a.h5");
    file.set("/values", "units", "ms");
    file.set("/values", "pair", std::vector<double>{1, 2});
    EXPECT_EQ(file.number("/values", "none"), std::nullopt);
    EXPECT_EQ(file.number("/values", "units"), std::nullopt);
    EXPECT_EQ(file.number("/values", "pair"), std::nullopt);
    EXPECT_EQ(file.text("/values", "pair"), std::nullopt);
}

TEST(Hdf5File, GroupsHaveChildren) {
    const Folder folder;
    auto file = new_file(folder / "a.h5");
    file.create_group("/b/c");
    file.create_group("/b/a");
    EXPECT_THAT(file.children("/b"), ElementsAre("a", "c"));
    EXPECT_TRUE(file.has("/b/c"));
    EXPECT_FALSE(file.has("/c/c"));
}

TEST(Hdf5File, RefusesAShapeThatIsNotThatOfTheNumbers) {
    const Folder folder;
    auto file = new_file(folder / "a.h5");
    EXPECT_THROW(file.write("/matrix", {2, 2}, std::vector<double>{1, 2, 3}), IoError);
}

TEST(Hdf5File, SaysWhatIsMissing) {
    const Folder folder;
    const std::string path = folder / "none.h5";
    EXPECT_EQ(message_of<IoError>([&] { Hdf5File::open(path); }),
              path + ": cannot open: No such file or directory");
    const auto file = new_file(folder / "a.h5");
    EXPECT_THAT(message_of<IoError>([&] { file.shape("/other"); }), HasSubstr("cannot open /other"));
}

TEST(Hdf5File, SaysThatAFolderIsNone) {
    const Folder folder;
    EXPECT_THAT(message_of<IoError>([&] { Hdf5File::open(folder.path()); }),
                EndsWith("a folder, not a file"));
}

TEST(Hdf5File, SaysThatAFileIsForeign) {
    const Folder folder;
    test::write_bytes(folder / "a.h5", "time,neuron\n");
    EXPECT_THAT(message_of<DataError>([&] { Hdf5File::open(folder / "a.h5"); }),
                EndsWith("a.h5: not an HDF5 file"));
}

TEST(Hdf5File, SaysThatAFileIsCut) {
    const Folder folder;
    new_file(folder / "a.h5").finish();
    std::filesystem::resize_file(folder / "a.h5", std::filesystem::file_size(folder / "a.h5") - 1);
    EXPECT_THAT(message_of<IoError>([&] { Hdf5File::open(folder / "a.h5"); }),
                AllOf(HasSubstr("truncated"), HasSubstr("h5clear -s")));
}

TEST(Hdf5File, SaysThatAFileIsLocked) {
    const Folder folder;
    new_file(folder / "a.h5").finish();
    const int other = ::open((folder / "a.h5").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(other, LOCK_EX), 0);
    EXPECT_THAT(message_of<IoError>([&] { Hdf5File::open(folder / "a.h5"); }),
                AllOf(HasSubstr("network file system"), HasSubstr("HDF5_USE_FILE_LOCKING=FALSE")));
    ::close(other);
}

TEST(Hdf5File, SaysThatAFolderIsMissing) {
    const Folder folder;
    EXPECT_THAT(message_of<IoError>([&] { new_file(folder / "none/a.h5"); }),
                EndsWith("none/a.h5.partial: cannot create: No such file or directory"));
}

/// What follows ends a process of its own.
class Hdf5FileDeathTest : public testing::Test {
protected:
    [[noreturn]] static void exit_with_message(const std::exception& error) {
        std::fputs(error.what(), stderr);
        std::exit(4);
    }

    Folder folder_;
};

TEST_F(Hdf5FileDeathTest, SaysThatAFolderIsUnwritable) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0555});
    const auto write_as_nobody = [&] {
        if (::geteuid() == 0 && ::setuid(65534) != 0) std::exit(1);  // root may write everywhere
        try {
            new_file(folder_ / "a.h5");
        } catch (const IoError& error) {
            exit_with_message(error);
        }
    };
    EXPECT_EXIT(write_as_nobody(), testing::ExitedWithCode(4),
                "a.h5.partial: cannot create: Permission denied");
}

TEST_F(Hdf5FileDeathTest, IsReadableAsFlushedAfterAKill) {
    const auto write_and_die = [&] {
        auto file = new_file(folder_ / "a.h5");
        file.append("/values", std::vector<double>{1, 2, 3});
        file.flush();
        std::raise(SIGKILL);
    };
    EXPECT_EXIT(write_and_die(), testing::KilledBySignal(SIGKILL), "");
    EXPECT_THAT(Hdf5File::open(folder_ / "a.h5.partial").read<double>("/values"), ElementsAre(1, 2, 3));
}

/// The limit on the size of a file stands for a disk that is full in spite of require_space(): a quota,
/// another program.
TEST_F(Hdf5FileDeathTest, IsReadableAsFlushedAfterAFailedWrite) {
    const std::vector<double> one_chunk = noise(65536);
    const auto write_too_much = [&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1000000, 1000000};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::exit(1);
        try {
            auto file = new_file(folder_ / "a.h5");
            file.append("/values", one_chunk);
            file.flush();
            file.append("/values", noise(200000));
            file.flush();
        } catch (const IoError& error) {
            exit_with_message(error);
        }
    };
    EXPECT_EXIT(write_too_much(), testing::ExitedWithCode(4),
                "a.h5.partial: cannot write /values: File too large");
    EXPECT_EQ(Hdf5File::open(folder_ / "a.h5.partial").read<double>("/values"), one_chunk);
}

TEST(Hdf5File, NoticesAFullDiskBeforeItIsFull) {
    const Folder folder;
    if (::geteuid() != 0 || ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
        GTEST_SKIP() << "a small disk can be mounted by root only";
    }
    {
        auto file = new_file(folder / "a.h5");
        file.append("/values", std::vector<double>{1, 2, 3});
        file.flush();
        EXPECT_THAT(message_of<IoError>([&] { file.append("/values", noise(200000)); }),
                    HasSubstr("the disk is full"));
        file.append("/values", std::vector<double>{4});
        file.finish();
        EXPECT_THAT(Hdf5File::open(folder / "a.h5").read<double>("/values"), ElementsAre(1, 2, 3, 4));
        test::write_bytes(folder / "filler", std::string(1500000, 'x'));
        EXPECT_THAT(message_of<IoError>([&] { new_file(folder / "b.h5"); }), HasSubstr("the disk is full"));
    }
    EXPECT_EQ(::umount(folder.path().c_str()), 0);
}

}  // namespace
}  // namespace apical
