#include "simulator/noise.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <numeric>

#include "core/exp.hpp"
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

/// times[i] = last + gaps[0] + ... + gaps[i]. Sums over each vector first: one after the other, additions
/// would wait for one another.
[[gnu::always_inline]] inline void accumulate_loop(const std::int64_t* __restrict gaps, std::int64_t last,
                                                   Time* __restrict times, std::size_t n) {
    constexpr std::size_t lanes = 8;
    using Lanes [[gnu::vector_size(lanes * sizeof(std::int64_t))]] = std::int64_t;
    const Lanes zero{};
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        Lanes sum;
        std::memcpy(&sum, gaps + i, sizeof(sum));
        sum += __builtin_shufflevector(zero, sum, 7, 8, 9, 10, 11, 12, 13, 14);
        sum += __builtin_shufflevector(zero, sum, 6, 7, 8, 9, 10, 11, 12, 13);
        sum += __builtin_shufflevector(zero, sum, 4, 5, 6, 7, 8, 9, 10, 11);
        sum += last;
        last = sum[lanes - 1];
        std::memcpy(static_cast<void*>(times + i), &sum, sizeof(sum));  // a Time is its count
    }
    for (; i < n; ++i) times[i] = Time{Duration{last += gaps[i]}};
}
APICAL_WIDEST(, void, accumulate, (const std::int64_t* gaps, std::int64_t last, Time* times, std::size_t n),
              (gaps, last, times, n))

[[gnu::always_inline]] inline void count_loop(const std::uint32_t* __restrict words,
                                              std::span<const std::uint32_t> thresholds,
                                              double* __restrict counts, std::size_t n) {
    constexpr std::size_t together = 64;
    for (std::size_t begin = 0; begin < n; begin += together) {
        std::array<std::int32_t, together> reached{};
        for (const std::uint32_t threshold : thresholds) {
            for (std::size_t i = 0; i < together; ++i) reached[i] += words[begin + i] >= threshold ? 1 : 0;
        }
        for (std::size_t i = 0; i < together; ++i) counts[begin + i] = reached[i];
    }
}
APICAL_WIDEST(, void, count,
              (const std::uint32_t* words, std::span<const std::uint32_t> thresholds, double* counts,
               std::size_t n),
              (words, thresholds, counts, n))

/// When slots come that follow one another at equal distances [ticks].
[[gnu::always_inline]] inline void spread_loop(std::int64_t begin, double spacing, std::int64_t first_slot,
                                               std::int64_t* __restrict times, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto slot = static_cast<double>(first_slot + static_cast<std::int64_t>(i));
        times[i] = begin + static_cast<std::int64_t>(slot * spacing);
    }
}
APICAL_WIDEST(, void, spread,
              (std::int64_t begin, double spacing, std::int64_t first_slot, std::int64_t* times,
               std::size_t n),
              (begin, spacing, first_slot, times, n))

/// 2^32 times the probability of at most 0, 1, ... points of a Poisson process, as far as it is not 1.
std::vector<std::uint32_t> poisson_thresholds(double mean) {
    std::vector<std::uint32_t> thresholds;
    double term = exp(-mean);
    double sum = term;
    for (int k = 1; sum * 0x1p32 + 0.5 < 0x1p32 && (k <= mean || term > 0x1p-40); ++k) {
        // NOLINTNEXTLINE(bugprone-incorrect-roundings): none is negative
        thresholds.push_back(static_cast<std::uint32_t>(sum * 0x1p32 + 0.5));
        term *= mean / k;
        sum += term;
    }
    return thresholds;
}

}  // namespace

NoiseBand::NoiseBand(const StreamKey& key, const Noise& noise, Index band, Index size, Index first,
                     Index last)
    : key_(key),
      noise_(noise),
      slots_(std::min(neurons(size), size - band * neurons(size))),
      base_(static_cast<std::int64_t>(band) * neurons(size) - first),
      size_(last - first),
      times_(chunk),
      targets_(chunk) {
    key_.entity = band;
    if (noise_.counted) {
        counts_.resize(chunk);
        thresholds_ = poisson_thresholds(noise.rate * noise.grid / 1000.0);
    } else if (on_grid()) {
        mean_gap_ = draw_unit / -std::log1p(-noise.rate * noise.grid / 1000.0);
    } else {
        slots_ = std::bit_ceil(slots_);
        mean_gap_ = 1000.0 * ticks_per_ms / (noise.rate * slots_);
    }
}

void NoiseBand::draw() {
    next_ = 0;
    count_ = 0;
    while (count_ == 0) {
        noise_.counted ? draw_counts() : draw_points();
        // The counter of Philox blocks is about to wrap: go on with the next of the streams set aside for it.
        if (chunks_ % (0x80000000U / philox_blocks) == 0) key_.index += streams_apart;
    }
}

void NoiseBand::draw_points() {
    std::array<std::int64_t, chunk> gaps;
    std::array<std::uint16_t, chunk> slots;
    exponential_gaps(key_, chunks_++ * philox_blocks, rare() ? rare_unit : mean_gap_, gaps, slots);
    if (rare()) {
        // Drawn in a unit of its own: a gap may leave the range of whole numbers.
        const double scale = mean_gap_ / rare_unit;
        for (std::int64_t& gap : gaps)
            gap = static_cast<std::int64_t>(std::min(static_cast<double>(gap) * scale, 0x1p61));
    }
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
        count_ += target >= 0 && target < size_ ? 1U : 0U;  // no branch: most bands are kept whole
    }
}

Time NoiseBand::begin_of(std::int64_t step) const {
    // Neurons are spread over the step, and shifted by another fraction of their distance in each band and
    // step (a Weyl sequence). Otherwise spikes fall on few moments, a delay later they arrive in groups, each
    // tested against the threshold one by one, excitation first: b1-ai then ends in a synchronous state.
    const std::uint32_t fraction = static_cast<std::uint32_t>(step) * 0x9E3779B9U + band() * 0x85EBCA6BU;
    const double shift = fraction * 0x1p-32 / slots_;
    return Time{ticks((static_cast<double>(step) + shift) * noise_.grid)};
}

void NoiseBand::draw_counts() {
    std::array<std::uint32_t, chunk> words;
    std::array<double, chunk> counts;
    std::array<std::int64_t, chunk> times;
    std::array<std::uint16_t, chunk> slots;
    random_words(key_, chunks_++ * philox_blocks, words);
    count(words.data(), thresholds_, counts.data(), chunk);
    const std::int64_t size = slots_;
    const double spacing = static_cast<double>(ticks(noise_.grid).count()) / slots_;
    for (std::size_t i = 0; i < chunk;) {
        const std::int64_t step = (trial_ + 1) / size;
        const std::int64_t slot = (trial_ + 1) % size;
        const auto n = std::min(chunk - i, static_cast<std::size_t>(size - slot));
        spread(begin_of(step).time_since_epoch().count(), spacing, slot, &times[i], n);
        std::iota(&slots[i], &slots[i] + n, static_cast<std::uint16_t>(slot));
        trial_ += static_cast<std::int64_t>(n);
        i += n;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < chunk; ++i) {
        const std::int64_t target = base_ + slots[i];
        times_[kept] = Time{Duration{times[i]}};
        targets_[kept] = static_cast<std::uint16_t>(target);
        counts_[kept] = counts[i];
        kept += target >= 0 && target < size_ && counts[i] != 0.0 ? 1U : 0U;
    }
    count_ = kept;
}

void NoiseBand::place(std::span<const std::int64_t> gaps, std::span<std::uint16_t> slots) {
    if (!on_grid()) {
        if (rare()) {
            for (std::size_t i = 0; i < gaps.size(); ++i)
                times_[i] = last_ = std::min(last_ + Duration{gaps[i]}, at_the_end);
        } else {
            accumulate(gaps.data(), last_.time_since_epoch().count(), times_.data(), gaps.size());
            last_ = times_[gaps.size() - 1];
        }
        const auto mask = static_cast<std::uint16_t>(slots_ - 1);
        for (std::uint16_t& slot : slots) slot &= mask;
        return;
    }
    // The rounded-down quotient of an exponential is a geometric number: the draws until one succeeds.
    for (std::size_t i = 0; i < gaps.size(); ++i) {
        trial_ = std::min(trial_ + 1 + gaps[i] / static_cast<std::int64_t>(draw_unit), last_trial);
        const std::int64_t step = trial_ / slots_ + noise_.lag;
        const double end = ms(at_the_end - Time{});
        times_[i] = Time{ticks(std::min(static_cast<double>(step) * noise_.grid, end))};
        slots[i] = static_cast<std::uint16_t>(trial_ % slots_);
    }
}

void NoiseBand::persist(Archive& archive) {
    archive("stream", key_.index);
    archive("chunks", chunks_);
    archive("trial", trial_);
    archive("last", last_);
    archive("times", std::span(times_));
    archive("targets", std::span(targets_));
    if (noise_.counted) archive("counts", std::span(counts_));
    archive("count", count_);
    archive("next", next_);
}

std::vector<NoiseGroup> noise_groups(std::uint64_t seed, const std::string& population,
                                     std::span<const Noise> noise, Index size, Index first, Index last) {
    std::vector<NoiseGroup> groups;
    const Index neurons = NoiseBand::neurons(size);
    for (Index band = first / neurons; band * neurons < last; ++band) {
        NoiseGroup group;
        for (const Noise& train : noise) {
            if (train.rate == 0.0) continue;
            group.trains.emplace_back(StreamKey(seed, "noise", population, band, train.stream), train, band,
                                      size, first, last);
        }
        if (!group.trains.empty()) groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace apical
