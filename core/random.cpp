#include "core/random.hpp"

#include <array>
#include <bit>
#include <cstddef>

#include <Random123/philox.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/simd.hpp"

namespace apical {

StreamKey::StreamKey(std::uint64_t seed_, std::string_view purpose, std::string_view of,
                     std::uint32_t entity_, std::uint32_t index_)
    : seed(seed_), name(hash32(of, hash32("/", hash32(purpose)))), entity(entity_), index(index_) {}

RandomWords random_words(const StreamKey& key, std::uint32_t block) {
    const r123::Philox4x32::ctr_type counter{{key.name, key.entity, key.index, block}};
    const r123::Philox4x32::key_type philox_key{
        {static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32U)}};
    const auto r = r123::Philox4x32{}(counter, philox_key);
    return {(std::uint64_t{r[1]} << 32U) | r[0], (std::uint64_t{r[3]} << 32U) | r[2]};
}

namespace {

constexpr std::size_t most_words = 256;

/// -ln((2m + 1) / 2^24), m the upper 23 bits of the word, to 3 units in the last place.
[[gnu::always_inline]] inline float exponential_of(std::uint32_t word) {
    constexpr std::uint32_t sqrt_half = 0x3f3504f3U;
    const auto numerator = static_cast<std::int32_t>((word >> 9U) * 2U + 1U);
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(numerator) * 0x1p-24F);
    // 2^k y with y in [sqrt(1/2), sqrt(2)), and ln y = 2 artanh((y - 1) / (y + 1)): Taylor, remainder 1e-9.
    const std::uint32_t offset = bits - sqrt_half;
    const auto k = static_cast<float>(static_cast<std::int32_t>(offset) >> 23);
    const auto y = std::bit_cast<float>((offset & 0x007fffffU) + sqrt_half);
    const float f = y - 1.0F;
    const float s = f / (2.0F + f);
    const float z = s * s;
    const float tail = z * (1.0F / 3.0F + z * (1.0F / 5.0F + z * (1.0F / 7.0F + z * (1.0F / 9.0F))));
    return -(k * 0.6931471805599453F + 2.0F * (s + s * tail));
}

constexpr std::uint32_t rounds = 10;
constexpr std::uint32_t multiplier_0 = 0xD2511F53U;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57U;

/// What a round adds to the counter: the key, which moves on by a constant.
std::uint32_t round_key_0(const StreamKey& key, std::uint32_t round) {
    return static_cast<std::uint32_t>(key.seed) + round * 0x9E3779B9U;
}
std::uint32_t round_key_1(const StreamKey& key, std::uint32_t round) {
    return static_cast<std::uint32_t>(key.seed >> 32U) + round * 0xBB67AE85U;
}

/// Philox4x32-10 (Salmon et al. 2011) on counters that differ in their last word only, in 32-bit operations
/// that vectors have: word w of Philox block `first_block` + i to words[w blocks + i]. Tested word for word
/// against Random123.
[[gnu::always_inline]] inline void plain_philox_loop(const StreamKey& key, std::uint32_t first_block,
                                                     std::size_t blocks, std::uint32_t* __restrict words) {
    std::array<std::uint32_t, rounds> k0{};
    std::array<std::uint32_t, rounds> k1{};
    for (std::uint32_t round = 0; round < rounds; ++round) {
        k0[round] = round_key_0(key, round);
        k1[round] = round_key_1(key, round);
    }
    const std::uint32_t name = key.name;
    const std::uint32_t entity = key.entity;
    const std::uint32_t index = key.index;
    for (std::size_t i = 0; i < blocks; ++i) {
        std::uint32_t c0 = name;
        std::uint32_t c1 = entity;
        std::uint32_t c2 = index;
        std::uint32_t c3 = first_block + static_cast<std::uint32_t>(i);
#pragma GCC unroll 10
        for (std::size_t round = 0; round < rounds; ++round) {
            const auto high_0 = static_cast<std::uint32_t>((std::uint64_t{c0} * multiplier_0) >> 32U);
            const auto high_1 = static_cast<std::uint32_t>((std::uint64_t{c2} * multiplier_1) >> 32U);
            const std::uint32_t low_0 = c0 * multiplier_0;
            const std::uint32_t low_1 = c2 * multiplier_1;
            c0 = high_1 ^ c1 ^ k0[round];
            c1 = low_1;
            c2 = high_0 ^ c3 ^ k1[round];
            c3 = low_0;
        }
        words[i] = c0;
        words[blocks + i] = c1;
        words[2 * blocks + i] = c2;
        words[3 * blocks + i] = c3;
    }
}
APICAL_WIDEST(, void, plain_philox,
              (const StreamKey& key, std::uint32_t first_block, std::size_t blocks, std::uint32_t* words),
              (key, first_block, blocks, words))

#if defined(__x86_64__)
[[gnu::target(APICAL_AVX512)]] void store_lower_halves(const __m512i& lanes, std::uint32_t* to) {
    // NOLINTNEXTLINE(*-reinterpret-cast): what the intrinsic takes
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi64_epi32(lanes));
}

/// The same, eight blocks at a time in lanes of 64 bits of which the lower half counts: the multiplication of
/// lower halves is one operation, for which GCC 12 writes that of whole lanes, three times as long.
[[gnu::target(APICAL_AVX512)]] void wide_philox(const StreamKey& key, std::uint32_t first_block,
                                                std::size_t blocks, std::uint32_t* words) {
    const __m512i m0 = _mm512_set1_epi64(multiplier_0);
    const __m512i m1 = _mm512_set1_epi64(multiplier_1);
    const __m512i lanes = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    for (std::size_t i = 0; i < blocks; i += 8) {
        __m512i c0 = _mm512_set1_epi64(key.name);
        __m512i c1 = _mm512_set1_epi64(key.entity);
        __m512i c2 = _mm512_set1_epi64(key.index);
        __m512i c3 = _mm512_add_epi64(
            lanes, _mm512_set1_epi64(std::int64_t{first_block} + static_cast<std::int64_t>(i)));
#pragma GCC unroll 10
        for (std::uint32_t round = 0; round < rounds; ++round) {
            const __m512i product_0 = _mm512_mul_epu32(c0, m0);
            const __m512i product_1 = _mm512_mul_epu32(c2, m1);
            const __m512i k0 = _mm512_set1_epi64(round_key_0(key, round));
            const __m512i k1 = _mm512_set1_epi64(round_key_1(key, round));
            c0 = _mm512_xor_si512(_mm512_xor_si512(_mm512_srli_epi64(product_1, 32), c1), k0);
            c1 = product_1;
            c2 = _mm512_xor_si512(_mm512_xor_si512(_mm512_srli_epi64(product_0, 32), c3), k1);
            c3 = product_0;
        }
        store_lower_halves(c0, words + i);
        store_lower_halves(c1, words + blocks + i);
        store_lower_halves(c2, words + 2 * blocks + i);
        store_lower_halves(c3, words + 3 * blocks + i);
    }
}
#endif

void philox(const StreamKey& key, std::uint32_t first_block, std::size_t blocks, std::uint32_t* words) {
#if defined(__x86_64__)
    if (simd::width() == 512 && blocks % 8 == 0) return wide_philox(key, first_block, blocks, words);
#endif
    plain_philox(key, first_block, blocks, words);
}

[[gnu::always_inline]] inline void gap_loop(const std::uint32_t* __restrict words, double mean_gap,
                                            std::int64_t* __restrict gaps, std::uint16_t* __restrict targets,
                                            std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        // NOLINTNEXTLINE(bugprone-incorrect-roundings): gaps are not negative, and this is one instruction
        gaps[i] = static_cast<std::int64_t>(double{exponential_of(words[i])} * mean_gap + 0.5);
    for (std::size_t i = 0; i < n; ++i) targets[i] = static_cast<std::uint16_t>(words[i] & 511U);
}
APICAL_WIDEST(, void, gap,
              (const std::uint32_t* words, double mean_gap, std::int64_t* gaps, std::uint16_t* targets,
               std::size_t n),
              (words, mean_gap, gaps, targets, n))

}  // namespace

void random_words(const StreamKey& key, std::uint32_t first_block, std::span<std::uint32_t> words) {
    philox(key, first_block, words.size() / 4, words.data());
}

void exponential_gaps(const StreamKey& key, std::uint32_t first_block, double mean_gap,
                      std::span<std::int64_t> gaps, std::span<std::uint16_t> targets) {
    std::array<std::uint32_t, most_words> words;
    random_words(key, first_block, std::span(words).first(gaps.size()));
    gap(words.data(), mean_gap, gaps.data(), targets.data(), gaps.size());
}

}  // namespace apical
