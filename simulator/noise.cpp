#include "simulator/noise.hpp"

#include <array>
#include <cstddef>

#include "core/simd.hpp"

namespace apical {
namespace {

[[gnu::always_inline]] inline void aim_loop(const std::uint16_t* __restrict slots, std::uint16_t mask,
                                            std::uint16_t base, std::uint16_t* __restrict targets,
                                            std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) targets[i] = static_cast<std::uint16_t>((slots[i] & mask) + base);
}
APICAL_WIDEST(void, aim,
              (const std::uint16_t* slots, std::uint16_t mask, std::uint16_t base, std::uint16_t* targets,
               std::size_t n),
              (slots, mask, base, targets, n))

}  // namespace

void NoiseBlock::draw() {
    next_ = 0;
    count_ = 0;
    while (count_ == 0) {
        constexpr std::uint32_t philox_blocks = chunk / 4;
        std::array<std::int64_t, chunk> gaps;
        std::array<std::uint16_t, chunk> slots;
        exponential_gaps(key_, chunks_++ * philox_blocks, mean_gap_, gaps, slots);
        // The counter of Philox blocks is about to wrap: go on with the next of the streams set aside for it.
        if (chunks_ % (0x80000000U / philox_blocks) == 0) key_.index += streams_apart;
        for (std::int64_t& gap : gaps) gap = (last_ += Duration{gap}).time_since_epoch().count();
        const auto mask = static_cast<std::uint16_t>(slots_ - 1);
        if (base_ >= 0 && base_ + slots_ <= size_) {
            for (std::size_t i = 0; i < chunk; ++i) times_[i] = Time{Duration{gaps[i]}};
            aim(slots.data(), mask, static_cast<std::uint16_t>(base_), targets_.data(), chunk);
            count_ = chunk;
            return;
        }
        for (std::size_t i = 0; i < chunk; ++i) {
            const std::int64_t target = base_ + (slots[i] & mask);
            times_[count_] = Time{Duration{gaps[i]}};
            targets_[count_] = static_cast<std::uint16_t>(target);
            count_ += target >= 0 && target < size_ ? 1U : 0U;  // no branch: most blocks are kept whole
        }
    }
}

std::vector<NoiseGroup> noise_groups(std::uint64_t seed, const std::string& population,
                                     std::span<const Noise> noise, Index size, Index first, Index last) {
    std::vector<NoiseGroup> groups;
    for (Index block = first / NoiseBlock::neurons; block * NoiseBlock::neurons < last; ++block) {
        NoiseGroup group;
        for (std::uint32_t k = 0; k < noise.size(); ++k) {
            if (noise[k].rate == 0.0) continue;
            group.trains.emplace_back(StreamKey(seed, "noise", population, block, k), noise[k], block, size,
                                      first, last);
        }
        if (!group.trains.empty()) groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace apical
