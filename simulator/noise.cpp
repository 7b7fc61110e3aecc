#include "simulator/noise.hpp"

#include <array>
#include <cstddef>

#include "core/simd.hpp"

namespace apical {
namespace {

[[gnu::always_inline]] inline void aim_loop(const std::uint16_t* __restrict slots, std::uint16_t base,
                                            std::uint16_t* __restrict targets, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) targets[i] = static_cast<std::uint16_t>(slots[i] + base);
}
APICAL_WIDEST(, void, aim,
              (const std::uint16_t* slots, std::uint16_t base, std::uint16_t* targets, std::size_t n),
              (slots, base, targets, n))

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
        place(gaps, slots);
        if (base_ >= 0 && base_ + slots_ <= size_) {
            aim(slots.data(), static_cast<std::uint16_t>(base_), targets_.data(), chunk);
            count_ = chunk;
            return;
        }
        for (std::size_t i = 0; i < chunk; ++i) {
            const std::int64_t target = base_ + slots[i];
            times_[count_] = times_[i];
            targets_[count_] = static_cast<std::uint16_t>(target);
            count_ += target >= 0 && target < size_ ? 1U : 0U;  // no branch: most blocks are kept whole
        }
    }
}

void NoiseBlock::place(std::span<const std::int64_t> gaps, std::span<std::uint16_t> slots) {
    if (!on_grid()) {
        Time last = last_;  // a member would be stored at every point
        for (std::size_t i = 0; i < gaps.size(); ++i) times_[i] = last += Duration{gaps[i]};
        last_ = last;
        const auto mask = static_cast<std::uint16_t>(slots_ - 1);
        for (std::uint16_t& slot : slots) slot &= mask;
        return;
    }
    // The rounded-down quotient of an exponential is a geometric number: the draws until one succeeds.
    for (std::size_t i = 0; i < gaps.size(); ++i) {
        trial_ += 1 + gaps[i] / static_cast<std::int64_t>(draw_unit);
        const std::int64_t step = trial_ / slots_ + noise_.lag;
        times_[i] = Time{ticks(static_cast<double>(step) * noise_.grid)};
        slots[i] = static_cast<std::uint16_t>(trial_ % slots_);
    }
}

void NoiseBlock::persist(Archive& archive) {
    archive("stream", key_.index);
    archive("chunks", chunks_);
    archive("trial", trial_);
    archive("last", last_);
    archive("times", std::span(times_));
    archive("targets", std::span(targets_));
    archive("count", count_);
    archive("next", next_);
}

std::vector<NoiseGroup> noise_groups(std::uint64_t seed, const std::string& population,
                                     std::span<const Noise> noise, Index size, Index first, Index last) {
    std::vector<NoiseGroup> groups;
    const Index neurons = NoiseBlock::neurons(size);
    for (Index block = first / neurons; block * neurons < last; ++block) {
        NoiseGroup group;
        for (const Noise& train : noise) {
            if (train.rate == 0.0) continue;
            group.trains.emplace_back(StreamKey(seed, "noise", population, block, train.stream), train, block,
                                      size, first, last);
        }
        if (!group.trains.empty()) groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace apical
