#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "core/spike.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// Private noise of a population: every neuron has its own train onto a port.
struct Noise {
    std::size_t port = 0;
    double rate = 0.0;         ///< [Hz] of each neuron
    double weight = 0.0;       ///< unit of the port
    std::uint32_t stream = 0;  ///< of random numbers, among those of the population
    double grid =
        0.0;  ///< [ms] 0: a Poisson train; else a draw at each multiple of it, as clocked programs have
    std::int64_t lag = 0;  ///< steps of the grid: the end of a pulse has the draws of its beginning
};

/// The trains of one block of neurons, drawn as one process: exponential gaps and uniform targets, or on a
/// grid geometric gaps between its draws, in order of time without a sort. The stream belongs to population
/// and block, never to a shard: one that cuts a block draws all of it and keeps its own part.
class NoiseBlock {
public:
    /// Neurons of a block: large blocks are drawn faster, but none should be cut by the border of a shard, of
    /// which a population of 1024 or more has four at least.
    static Index neurons(Index population_size) {
        constexpr Index largest = 512;
        return population_size < 1024 ? largest : std::min(std::bit_floor(population_size / 4), largest);
    }
    static constexpr std::uint32_t streams_apart = 256;  ///< noises a population may have

    /// Block `block` of a population of `size`. Points on the neurons [first, last) are kept, as offsets from
    /// `first`.
    NoiseBlock(const StreamKey& key, const Noise& noise, Index block, Index size, Index first, Index last)
        : key_(key),
          noise_(noise),
          slots_(std::min(neurons(size), size - block * neurons(size))),
          base_(static_cast<std::int64_t>(block) * neurons(size) - first),
          size_(last - first),
          times_(chunk),
          targets_(chunk) {
        key_.entity = block;
        if (on_grid()) {
            mean_gap_ = draw_unit / -std::log1p(-noise.rate * noise.grid / 1000.0);
        } else {
            slots_ = std::bit_ceil(slots_);
            mean_gap_ = 1000.0 * ticks_per_ms / (noise.rate * slots_);
        }
    }

    const Noise& noise() const { return noise_; }
    Index block() const { return key_.entity; }

    /// The points not yet taken: a chunk at a time, never empty.
    std::span<const Time> times() {
        if (next_ == count_) draw();
        return {times_.data() + next_, count_ - next_};
    }
    std::span<const std::uint16_t> targets() const { return {targets_.data() + next_, count_ - next_}; }
    Time next_time() { return times().front(); }
    void take(std::size_t count) { next_ += count; }
    /// Tells one chunk from the next, for columns that go with the points.
    std::uint32_t chunks_drawn() const { return chunks_; }
    void persist(Archive& archive);

private:
    static constexpr std::size_t chunk = 256;
    static constexpr double draw_unit = 0x1p16;  ///< gaps between draws of a grid are drawn in fractions

    bool on_grid() const { return noise_.grid > 0.0; }
    void draw();
    /// Turns gaps into times_, and slots into neurons.
    void place(std::span<const std::int64_t> gaps, std::span<std::uint16_t> slots);

    StreamKey key_;
    Noise noise_;
    Index slots_;  ///< targets drawn; off the grid a power of two, those beyond the population are dropped
    double mean_gap_ = 0.0;    ///< [ticks], or [1] between draws of a grid
    std::int64_t trial_ = -1;  ///< the last draw of a grid that was a point: step * slots + target
    std::int64_t base_;        ///< of the block, from the first neuron kept
    std::int64_t size_;        ///< neurons kept
    Time last_{};
    std::vector<Time> times_;
    std::vector<std::uint16_t> targets_;
    std::size_t count_ = 0;  ///< points of the chunk
    std::size_t next_ = 0;
    std::uint32_t chunks_ = 0;
};

/// All noise of one block of neurons within a shard. Different neurons do not see one another within a
/// window, so blocks may be drained one by one; the trains of one block must be merged.
struct NoiseGroup {
    std::vector<NoiseBlock> trains;

    /// The train with the earliest point; there is at least one.
    NoiseBlock& earliest() {
        std::size_t best = 0;
        for (std::size_t i = 1; i < trains.size(); ++i) {
            if (trains[i].next_time() < trains[best].next_time()) best = i;
        }
        return trains[best];
    }
    void persist(Archive& archive) { archive.each("trains", trains); }
};

/// The noise of the neurons [first, last) of a population of `size`: a group for each block of neurons, in
/// order.
std::vector<NoiseGroup> noise_groups(std::uint64_t seed, const std::string& population,
                                     std::span<const Noise> noise, Index size, Index first, Index last);

}  // namespace apical
