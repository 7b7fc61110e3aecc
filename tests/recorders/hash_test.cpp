#include "recorders/hash.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/recorders/folder.hpp"

namespace apical {
namespace {

const Window window{Time{}, Time{std::chrono::hours{1}}};
const Spike spike{Time{Duration{3 * (1LL << 30) + 1}}, 2, 7, SpikeKind::burst};

std::string hash_of(const std::vector<Spike>& spikes) {
    ResultHash hash;
    hash.observe(window, spikes);
    return hash.hex();
}

std::vector<Spike> many_spikes() {
    std::vector<Spike> spikes;
    for (Index i = 0; i < 10000; ++i) {
        spikes.push_back({Time{std::chrono::milliseconds{i}}, i % 3, i % 100, static_cast<SpikeKind>(i % 3)});
    }
    return spikes;
}

// The expected values are those of Python's hashlib.sha256 and struct.pack("<qIIB", ...).

TEST(ResultHash, OfNothingIsThatOfNoBytes) {
    EXPECT_EQ(ResultHash{}.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(ResultHash, IsTheSha256OfTheSpikes) {
    EXPECT_EQ(hash_of({spike}), "bf379a1ad292184c58d83a038da06a1fce27eb042bb85e8957ac7084abbabd1e");
}

TEST(ResultHash, GoesOnWithTheWeights) {
    ResultHash hash;
    hash.observe(window, std::vector<Spike>{spike});
    hash.add_weights(std::vector<float>{0.5F, -1.0F});
    EXPECT_EQ(hash.hex(), "526c74b185254ed85f5cc9431af01b07762f833c363aa6382f69f7cbd3b5bbd9");
}

TEST(ResultHash, FoldsEvery64KiB) {
    EXPECT_EQ(hash_of(many_spikes()), "4fc8c78eb7e14fc717e18b8253ff92c4428f0b958d6d017280bc9c195e603c80");
}

TEST(ResultHash, SeesEveryBitButTheMark) {
    const std::string hash = hash_of({spike});
    Spike other = spike;
    other.mark = 0.25;
    EXPECT_EQ(hash_of({other}), hash);
    other = spike;
    other.time += Duration{1};
    EXPECT_NE(hash_of({other}), hash);
    other = spike;
    other.population = 3;
    EXPECT_NE(hash_of({other}), hash);
    other = spike;
    other.neuron = 8;
    EXPECT_NE(hash_of({other}), hash);
    other = spike;
    other.kind = SpikeKind::further;
    EXPECT_NE(hash_of({other}), hash);
}

TEST(ResultHash, SeesTheSignAndPrecisionOfWeights) {
    const auto with = [](auto... weights) {
        ResultHash hash;
        (hash.add_weights(weights), ...);
        return hash.hex();
    };
    EXPECT_NE(with(std::vector<float>{0.0F}), with(std::vector<float>{-0.0F}));
    EXPECT_NE(with(std::vector<float>{1.0F}), with(std::vector<double>{1.0}));
    EXPECT_NE(with(std::vector<double>{1.0, 2.0}), with(std::vector<double>{2.0, 1.0}));
}

TEST(ResultHash, GoesOnFromItsState) {
    const std::vector<Spike> spikes = many_spikes();
    ResultHash first;
    first.observe(window, std::span(spikes).first(7777));
    const test::Folder folder;
    Hdf5File file = Hdf5File::create(folder / "state.h5", "checkpoint", "run");
    Archive(file, Archive::Direction::keep)("hash", first);
    ResultHash second;
    Archive(file, Archive::Direction::give_back)("hash", second);
    second.observe(window, std::span(spikes).subspan(7777));
    EXPECT_EQ(second.hex(), hash_of(spikes));
}

TEST(Sha256File, IsThatOfItsBytes) {
    const test::Folder folder;
    test::write_bytes(folder / "abc", "abc");
    test::write_bytes(folder / "empty", "");
    test::write_bytes(folder / "long", std::string(1000000, 'a'));
    // FIPS 180-2, appendix B.
    EXPECT_EQ(sha256_file(folder / "abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_file(folder / "long"),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(sha256_file(folder / "empty"), ResultHash{}.hex());
}

TEST(Sha256File, OfWhatIsNoFileIsAnIoError) {
    const test::Folder folder;
    EXPECT_THROW(sha256_file(folder / "none"), IoError);
    EXPECT_THROW(sha256_file(folder.path()), IoError);
}

}  // namespace
}  // namespace apical
