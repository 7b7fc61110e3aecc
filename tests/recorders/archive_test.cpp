#include "recorders/archive.hpp"

#include <array>
#include <bit>
#include <limits>
#include <memory>

#include <gtest/gtest.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "core/error.hpp"
#include "core/spike.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

struct State {
    double u;
    double x;
    bool operator==(const State&) const = default;
};

struct Queued {
    Time time;
    SpikeKind kind;
    std::uint16_t target;
    State state;
    bool operator==(const Queued&) const = default;
};

/// One of everything that an archive keeps.
struct Everything {
    double number = 0.1 + 0.2;
    double lost = -std::numeric_limits<double>::infinity();
    std::int64_t far = std::numeric_limits<std::int64_t>::min() + 1;
    Time time = Time::max();
    bool on = true;
    SpikeKind kind = SpikeKind::burst;
    std::string text = "an \"é\"";
    std::optional<double> known = 3.0;
    std::optional<Index> unknown;
    std::vector<float> floats{0.1F, -0.0F};
    std::vector<int> none;
    std::vector<bool> truths{true, false, true};
    std::array<std::uint64_t, 2> fixed{1, std::numeric_limits<std::uint64_t>::max()};
    std::vector<State> states{{1.0, 2.0}, {3.0, -0.0}};
    std::vector<Queued> queue{{Time{}, SpikeKind::event, 1, {}},
                              {never, SpikeKind::burst, 65535, {4.0, 5.0}},
                              {Time{Duration{7}}, SpikeKind::further, 3, {6.0, 7.0}}};
    std::size_t next = 1;
    std::map<std::string, unsigned> by_name{{"a", 3}, {"b", 4}};

    bool operator==(const Everything&) const = default;
    void persist(Archive& archive) {
        archive("number", number);
        archive("lost", lost);
        archive("far", far);
        archive("time", time);
        archive("on", on);
        archive("kind", kind);
        archive("text", text);
        archive("known", known);
        archive("unknown", unknown);
        archive("floats", floats);
        archive("none", none);
        archive("truths", truths);
        archive("fixed", std::span(fixed));
        archive("states", std::span(states));
        archive.queue("queue", queue, next, "time", &Queued::time, "kind", &Queued::kind, "target",
                      &Queued::target, "state", &Queued::state);
        archive("by_name", by_name);
    }
};

class ArchiveTest : public testing::Test {
protected:
    template <class T>
    void keep(T& value) {
        Hdf5File file = Hdf5File::create(path_, "checkpoint", "run", Hdf5File::Made::with_sums);
        Archive(file, Archive::Direction::keep)("value", value);
        file.finish();
    }
    template <class T>
    void give_back(T& value) {
        Hdf5File file = Hdf5File::open(path_);
        Archive(file, Archive::Direction::give_back)("value", value);
    }

    test::Folder folder_;
    std::filesystem::path path_ = folder_ / "state.h5";
};

TEST(ArchiveWithoutAFile, FindsTheFirstNumberThatIsNotFinite) {
    Everything looked_at;
    looked_at.lost = 0.0;
    const auto found = [&] {
        Archive archive;
        archive("value", looked_at);
        return archive.not_finite();
    };
    EXPECT_FALSE(found());
    looked_at.states[1].x = std::numeric_limits<double>::quiet_NaN();
    ASSERT_TRUE(found());
    EXPECT_EQ(found()->name, "/value/states");
    EXPECT_EQ(found()->index, 3U) << "two numbers a struct";
    looked_at.floats[1] = -std::numeric_limits<float>::infinity();
    EXPECT_EQ(found()->name, "/value/floats");
    EXPECT_EQ(found()->value, -std::numeric_limits<double>::infinity());
    looked_at.known = std::numeric_limits<double>::infinity();
    EXPECT_EQ(found()->name, "/value/known");
}

TEST_F(ArchiveTest, GivesBackWhatItKept) {
    Everything kept;
    keep(kept);
    Everything given{.number = 0.0,
                     .lost = 0.0,
                     .far = 0,
                     .time = {},
                     .on = false,
                     .kind = SpikeKind::event,
                     .text = "",
                     .known = {},
                     .unknown = 5U,
                     .floats = {1.0F, 2.0F, 3.0F},
                     .none = {1},
                     .truths = {false, false, false},
                     .fixed = {},
                     .states = std::vector<State>(2),
                     .queue = {},
                     .next = 0,
                     .by_name = {}};
    give_back(given);
    EXPECT_EQ(given, kept);
    EXPECT_EQ(given.queue.size(), 2U) << "what is over is not kept";
    EXPECT_TRUE(std::signbit(given.floats[1]) && std::signbit(given.states[1].x));
}

TEST_F(ArchiveTest, KeepsObjectsOneByOne) {
    std::vector<std::unique_ptr<Everything>> objects;
    for (int i = 0; i < 3; ++i) objects.push_back(std::make_unique<Everything>());
    objects[2]->number = 2.0;
    struct List {
        std::vector<std::unique_ptr<Everything>>& objects;
        void persist(Archive& archive) { archive.each("objects", objects); }
    } list{objects};
    keep(list);
    objects[2]->number = 0.0;
    give_back(list);
    EXPECT_EQ(objects[2]->number, 2.0);
    objects.pop_back();
    EXPECT_THROW(give_back(list), DataError);
}

TEST_F(ArchiveTest, RefusesWhatItHasNot) {
    Everything kept;
    keep(kept);
    kept.states.resize(3);
    EXPECT_THROW(give_back(kept), DataError) << "two were kept";
    struct Other {
        double other = 0.0;
        void persist(Archive& archive) { archive("other", other); }
    } other;
    EXPECT_THROW(give_back(other), DataError);
}

TEST_F(ArchiveTest, EveryDamagedByteOfTextShows) {
#if defined(__SANITIZE_ADDRESS__)
    // HDF5 1.10 loses a buffer at each damaged read, of a pool that it has filled before.
    const __lsan::ScopedDisabler of_the_library;
#endif
    struct Text {
        std::string words = "a text of some length that stands for itself";
        std::string none;
        void persist(Archive& archive) {
            archive("words", words);
            archive("none", none);
        }
    } text;
    keep(text);
    Text back{"", "something"};
    give_back(back);
    EXPECT_EQ(back.words, text.words);
    EXPECT_EQ(back.none, "");
    const std::string whole = test::read_bytes(path_);
    const std::size_t at = whole.find(text.words);
    ASSERT_NE(at, std::string::npos);
    for (const std::size_t place : {at, at + 20, at + text.words.size() - 1}) {
        std::string damaged = whole;
        damaged[place] = static_cast<char>(damaged[place] ^ 1);
        test::write_bytes(path_, damaged);
        EXPECT_THROW(give_back(back), Error) << place;
    }
}

TEST_F(ArchiveTest, EveryDamagedByteOfNumbersShows) {
    std::vector<double> values(1000, 0.25);
    keep(values);
    const std::string whole = test::read_bytes(path_);
    const std::size_t data = whole.find(std::string("\0\0\0\0\0\0\xd0\x3f", 8));
    ASSERT_NE(data, std::string::npos);
    Hdf5File::open(path_).verify();
    for (const std::size_t place : {data, data + 4000, data + 7999}) {
        std::string damaged = whole;
        damaged[place] = static_cast<char>(damaged[place] ^ 1);
        test::write_bytes(path_, damaged);
        EXPECT_THROW(Hdf5File::open(path_).verify(), IoError) << place;
    }
    test::write_bytes(path_, whole.substr(0, whole.size() - 1));
    EXPECT_THROW(Hdf5File::open(path_).verify(), IoError) << "truncated";
}

}  // namespace
}  // namespace apical
