#include "core/random.hpp"

#include <array>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

// Known answers of Philox4x32-10: Random123 (Salmon, Moraes, Dror & Shaw 2011), examples/kat_vectors.
struct KnownAnswer {
    std::array<std::uint32_t, 4> counter;
    std::array<std::uint32_t, 2> key;
    std::array<std::uint32_t, 4> result;
};

constexpr std::array<KnownAnswer, 3> known_answers{
    {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
     {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
      {0xffffffff, 0xffffffff},
      {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
     {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
      {0xa4093822, 0x299f31d0},
      {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}}};

StreamKey key_of(const KnownAnswer& k) {
    StreamKey key;
    key.seed = (std::uint64_t{k.key[1]} << 32U) | k.key[0];
    key.name = k.counter[0];
    key.entity = k.counter[1];
    key.index = k.counter[2];
    return key;
}

TEST(Philox, GivesThePublishedVectors) {
    for (const KnownAnswer& k : known_answers) {
        const RandomWords words = random_words(key_of(k), k.counter[3]);
        EXPECT_EQ(words.first, (std::uint64_t{k.result[1]} << 32U) | k.result[0]);
        EXPECT_EQ(words.second, (std::uint64_t{k.result[3]} << 32U) | k.result[2]);
    }
}

/// The definition, in double precision, from the generator that the published vectors prove.
void expect_gaps_from_words(const StreamKey& key, std::uint32_t first_block, std::size_t n) {
    constexpr double mean_gap = 1e12;
    std::vector<std::int64_t> gaps(n);
    std::vector<std::uint16_t> targets(n);
    exponential_gaps(key, first_block, mean_gap, gaps, targets);
    for (std::size_t i = 0; i < n / 4; ++i) {
        const RandomWords words = random_words(key, first_block + static_cast<std::uint32_t>(i));
        const std::array<std::uint64_t, 4> four{words.first & 0xffffffffU, words.first >> 32U,
                                                words.second & 0xffffffffU, words.second >> 32U};
        for (std::size_t w = 0; w < 4; ++w) {
            const double u = static_cast<double>(2 * (four[w] >> 9U) + 1) * 0x1p-24;
            const double expected = -std::log(u) * mean_gap;
            ASSERT_NEAR(static_cast<double>(gaps[w * n / 4 + i]), expected, 3e-7 * expected + 0.5)
                << "block " << i << " of " << n;
            ASSERT_EQ(targets[w * n / 4 + i], four[w] & 511U);
        }
    }
}

TEST(ExponentialGaps, AreMadeOfTheSameWords) {
    for (const KnownAnswer& k : known_answers) {
        for (const std::size_t n : {4U, 8U, 12U, 32U, 60U, 68U, 256U})
            expect_gaps_from_words(key_of(k), k.counter[3] / 2, n);
    }
    // The counter of blocks wraps like any 32-bit number.
    expect_gaps_from_words(StreamKey(1, "noise", "exc", 3, 1), 0xfffffff0U, 64);
}

TEST(ExponentialGaps, HaveTheirMomentsAndReachAllTargets) {
    std::array<int, 512> hits{};
    double sum = 0.0;
    double squares = 0.0;
    constexpr int chunks = 8000;
    constexpr double mean_gap = 1e9;
    for (std::uint32_t c = 0; c < chunks; ++c) {
        std::array<std::int64_t, 256> gaps;
        std::array<std::uint16_t, 256> targets;
        exponential_gaps(StreamKey(1, "noise", "exc"), 64 * c, mean_gap, gaps, targets);
        for (const std::int64_t gap : gaps) {
            ASSERT_GE(gap, 0);
            sum += static_cast<double>(gap) / mean_gap;
            squares += std::pow(static_cast<double>(gap) / mean_gap, 2);
        }
        for (const std::uint16_t target : targets) ++hits[target];
    }
    const double n = 256.0 * chunks;
    EXPECT_NEAR(sum / n, 1.0, 4 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 2.0, 4 * std::sqrt(20 / n)) << "the variance of a squared exponential is 24 - 4";
    double chi_square = 0.0;
    for (const int h : hits) chi_square += std::pow(h - n / 512, 2) / (n / 512);
    EXPECT_NEAR(chi_square, 511.0, 4 * std::sqrt(2 * 511.0));
}

TEST(Uniform, IsAboveZeroAndUpToOneWith53Bits) {
    EXPECT_EQ(uniform(0), 0x1p-53);
    EXPECT_EQ(uniform(~std::uint64_t{0}), 1.0);
    EXPECT_EQ(uniform(0x7ff), 0x1p-53) << "the low eleven bits are not used";
    EXPECT_EQ(uniform(0x800), 0x1p-52);
    EXPECT_EQ(uniform(0x8000000000000000U), 0.5 + 0x1p-53);
    // Equal steps all the way: the k-th of 2^53 values is (k + 1) 2^-53, exactly.
    Stream words(StreamKey(1, "test", "uniform"));
    for (int i = 0; i < 10000; ++i) {
        const std::uint64_t word = words();
        ASSERT_EQ(uniform(word), static_cast<double>((word >> 11U) + 1) * 0x1p-53);
    }
}

TEST(Streams, AreReproducibleAndApart) {
    const auto first_words = [](const StreamKey& key) {
        Stream s(key);
        return std::array{s(), s(), s(), s(), s()};
    };
    const StreamKey reference(7, "connect", "a_to_b", 3, 1);
    EXPECT_EQ(first_words(reference), first_words(StreamKey(7, "connect", "a_to_b", 3, 1)));
    std::set<std::uint64_t> seen;
    std::size_t drawn = 0;
    for (const StreamKey& key :
         {reference, StreamKey(8, "connect", "a_to_b", 3, 1),
          StreamKey(7 + (1ULL << 40U), "connect", "a_to_b", 3, 1), StreamKey(7, "weight", "a_to_b", 3, 1),
          StreamKey(7, "connect", "a_to_c", 3, 1), StreamKey(7, "connect", "a_to_b", 4, 1),
          StreamKey(7, "connect", "a_to_b", 3, 2)}) {
        for (const std::uint64_t word : first_words(key)) {
            seen.insert(word);
            ++drawn;
        }
    }
    EXPECT_EQ(seen.size(), drawn);
}

TEST(Streams, GiveBothWordsOfEachBlockInTurn) {
    const StreamKey key(7, "test", "order");
    Stream s(key);
    for (std::uint32_t block = 0; block < 5; ++block) {
        const RandomWords words = random_words(key, block);
        EXPECT_EQ(s(), words.first);
        EXPECT_EQ(s(), words.second);
    }
}

TEST(Hash32, IsFnv1a) {
    // Published test vectors of FNV-1a, 32 bits (Fowler, Noll & Vo).
    EXPECT_EQ(hash32(""), 0x811c9dc5U);
    EXPECT_EQ(hash32("a"), 0xe40c292cU);
    EXPECT_EQ(hash32("foobar"), 0xbf9cf968U);
    EXPECT_EQ(StreamKey(1, "foo", "bar").name, hash32("foo/bar"));
}

TEST(Draws, DependOnTheirCountOnly) {
    const StreamKey key(7, "model", "pyr", 12);
    std::uint32_t count = 0;
    Draw draw(key, count);
    std::vector<double> numbers;
    for (int i = 0; i < 10; ++i) numbers.push_back(draw.uniform());
    EXPECT_EQ(count, 10U);
    std::uint32_t again = 4;
    EXPECT_EQ(Draw(key, again).uniform(), numbers[4]);
    EXPECT_EQ(Draw(key, again).exponential(), -log(numbers[5]));
    EXPECT_EQ(again, 6U);
}

}  // namespace
}  // namespace apical
