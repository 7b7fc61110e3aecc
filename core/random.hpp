#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/exp.hpp"
#include "core/spike.hpp"

namespace apical {

/// 32-bit FNV-1a of a name: part of a stream's key. Two names with one hash in one network are a ConfigError.
constexpr std::uint32_t hash32(std::string_view name, std::uint32_t hash = 2166136261U) {
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

/// Which random numbers: Philox4x32-10 with the seed as key and, as counter, {name, entity, index, block}.
/// Streams are named
/// ("connect/hid_to_out"), so that adding a population shifts nobody's numbers.
struct StreamKey {
    std::uint64_t seed = 0;
    std::uint32_t name = 0;    ///< hash32 of "purpose/name of population or projection"
    std::uint32_t entity = 0;  ///< neuron, row, block...
    std::uint32_t index = 0;   ///< a further number, where a purpose needs one

    StreamKey() = default;
    StreamKey(std::uint64_t seed_, std::string_view purpose, std::string_view of, std::uint32_t entity_ = 0,
              std::uint32_t index_ = 0);
};

/// The two 64-bit words of block `block` of a stream.
struct RandomWords {
    std::uint64_t first;
    std::uint64_t second;
};
RandomWords random_words(const StreamKey& key, std::uint32_t block);

/// The same as 32-bit words, with the widest vectors the processor has: element w n/4 + i of n is word w of
/// Philox block `first_block` + i. n is a multiple of 4 and at most 256.
void random_words(const StreamKey& key, std::uint32_t first_block, std::span<std::uint32_t> words);

/// A uniform number with 53 bits on (0, 1]. The low 11 bits of the word are not used.
[[gnu::always_inline]] inline double uniform(std::uint64_t word) {
    // A double in [1, 2) made of the upper 52 bits; the 53rd is added exactly. Packed integers have no
    // conversion to double before AVX-512.
    const auto coarse = std::bit_cast<double>((word >> 12U) | 0x3ff0000000000000U) - 1.0;
    return coarse + ((word & 0x800U) != 0U ? 0x1p-52 : 0x1p-53);
}

/// A generator of 64-bit words on one stream, for the distributions of Boost.Random.
class Stream {
public:
    using result_type = std::uint64_t;

    explicit Stream(const StreamKey& key) : key_(key) {}

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

    result_type operator()() {
        if (odd_) {
            odd_ = false;
            return words_.second;
        }
        words_ = random_words(key_, block_++);
        odd_ = true;
        return words_.first;
    }

    template <class Archive>
    void persist(Archive& archive) {
        archive("seed", key_.seed);
        archive("name", key_.name);
        archive("entity", key_.entity);
        archive("index", key_.index);
        archive("block", block_);
        archive("odd", odd_);
        if (odd_) words_ = random_words(key_, block_ - 1);
    }

private:
    StreamKey key_;
    RandomWords words_{};
    std::uint32_t block_ = 0;
    bool odd_ = false;
};

/// What a stochastic model draws from: a view on its neuron's stream and on the counter of draws, a column
/// the engine keeps. The n-th draw of a neuron depends on nothing but the seed, the population's name, the
/// neuron and n.
class Draw {
public:
    Draw(const StreamKey& key, std::uint32_t& count) : key_(&key), count_(&count) {}

    /// Uniform on (0, 1]: `uniform() <= p` has probability p, for 0 and 1 too.
    double uniform() { return apical::uniform(random_words(*key_, (*count_)++).first); }

    /// Exponential with mean 1.
    double exponential() { return -log(uniform()); }

private:
    const StreamKey* key_;
    std::uint32_t* count_;
};

/// Gaps of a Poisson process [ticks] whose points fall on 512 equal targets, drawn with the widest vectors
/// the processor has. Element w n/4 + i of n comes from word w of Philox block `first_block` + i: an
/// exponential of mean `mean_gap` [ticks] with single precision from the upper 23 bits, a target from the
/// lower 9. The longest gap is 16.6 means, which is exceeded once in 2^24. The two spans are equally long, a
/// multiple of 4 and no longer than 256.
void exponential_gaps(const StreamKey& key, std::uint32_t first_block, double mean_gap,
                      std::span<std::int64_t> gaps, std::span<std::uint16_t> targets);

}  // namespace apical
