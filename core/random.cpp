#include "core/random.hpp"

#include <array>
#include <cstddef>

#include <Random123/philox.h>

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

constexpr std::size_t most_blocks = 256;

/// Philox4x32-10 (Salmon et al. 2011) on counters that differ in their last word only, in 32-bit operations
/// that vectors have. Tested word for word against Random123.
[[gnu::always_inline]] inline void gap_loop(const StreamKey& key, std::uint32_t first_block,
                                            std::size_t blocks, double* __restrict gaps,
                                            std::uint8_t* __restrict targets) {
    constexpr std::uint32_t multiplier_0 = 0xD2511F53U;
    constexpr std::uint32_t multiplier_1 = 0xCD9E8D57U;
    std::array<std::uint32_t, 10> k0{};
    std::array<std::uint32_t, 10> k1{};
    for (std::uint32_t round = 0; round < 10; ++round) {
        k0[round] = static_cast<std::uint32_t>(key.seed) + round * 0x9E3779B9U;
        k1[round] = static_cast<std::uint32_t>(key.seed >> 32U) + round * 0xBB67AE85U;
    }
    std::array<std::array<std::uint32_t, most_blocks>, 4> words;
    const std::uint32_t name = key.name;
    const std::uint32_t entity = key.entity;
    const std::uint32_t index = key.index;
    for (std::size_t i = 0; i < blocks; ++i) {
        std::uint32_t c0 = name;
        std::uint32_t c1 = entity;
        std::uint32_t c2 = index;
        std::uint32_t c3 = first_block + static_cast<std::uint32_t>(i);
#pragma GCC unroll 10
        for (std::size_t round = 0; round < 10; ++round) {
            const auto high_0 = static_cast<std::uint32_t>((std::uint64_t{c0} * multiplier_0) >> 32U);
            const auto high_1 = static_cast<std::uint32_t>((std::uint64_t{c2} * multiplier_1) >> 32U);
            const std::uint32_t low_0 = c0 * multiplier_0;
            const std::uint32_t low_1 = c2 * multiplier_1;
            c0 = high_1 ^ c1 ^ k0[round];
            c1 = low_1;
            c2 = high_0 ^ c3 ^ k1[round];
            c3 = low_0;
        }
        words[0][i] = c0;
        words[1][i] = c1;
        words[2][i] = c2;
        words[3][i] = c3;
    }
    for (std::size_t half = 0; half < 2; ++half) {
        const std::uint32_t* low = words[2 * half].data();
        const std::uint32_t* high = words[2 * half + 1].data();
        for (std::size_t i = 0; i < blocks; ++i) {
            gaps[half * blocks + i] = -log(uniform((std::uint64_t{high[i]} << 32U) | low[i]));
        }
        for (std::size_t i = 0; i < blocks; ++i)
            targets[half * blocks + i] = static_cast<std::uint8_t>(low[i]);
    }
}
APICAL_WIDEST(void, gap,
              (const StreamKey& key, std::uint32_t first_block, std::size_t blocks, double* gaps,
               std::uint8_t* targets),
              (key, first_block, blocks, gaps, targets))

}  // namespace

void exponential_gaps(const StreamKey& key, std::uint32_t first_block, std::span<double> gaps,
                      std::span<std::uint8_t> targets) {
    gap(key, first_block, gaps.size() / 2, gaps.data(), targets.data());
}

}  // namespace apical
