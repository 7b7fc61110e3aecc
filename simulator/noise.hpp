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
    /// [ms] 0: a Poisson train; else a draw for each neuron and grid step, as clocked programs have.
    double grid = 0.0;
    /// Draws of the grid are the Poisson count of its step, which arrives at once, at a phase of the neuron's
    /// own; not 0 or 1 at the multiples of the grid.
    bool counted = false;
    std::int64_t lag = 0;  ///< steps of the grid: the end of a pulse has the draws of its beginning
};

/// The trains of one band of neurons, drawn as one process: exponential gaps and uniform targets, or on a
/// grid geometric gaps between its draws, or counts of one neuron after the other; in order of time without a
/// sort. The stream belongs to population
/// and band, never to a shard: one that cuts a band draws all of it and keeps its own part.
class NoiseBand {
public:
    /// Neurons of a band: large bands are drawn faster, but none should be cut by the border of a shard, of
    /// which a population of 1024 or more has four at least.
    static Index neurons(Index population_size) {
        constexpr Index largest = 512;
        return population_size < 1024 ? largest : std::min(std::bit_floor(population_size / 4), largest);
    }
    static constexpr std::uint32_t streams_apart = 256;  ///< noises a population may have

    /// Band `band` of a population of `size`. Points on the neurons [first, last) are kept, as offsets from
    /// `first`.
    NoiseBand(const StreamKey& key, const Noise& noise, Index band, Index size, Index first, Index last);

    const Noise& noise() const { return noise_; }
    Index band() const { return key_.entity; }

    /// The points not yet taken: a chunk at a time, never empty.
    std::span<const Time> times() {
        if (next_ == count_) draw();
        return {times_.data() + next_, count_ - next_};
    }
    std::span<const std::uint16_t> targets() const { return {targets_.data() + next_, count_ - next_}; }
    Time next_time() { return times().front(); }
    /// How many points the point `i` of times() stands for: more than one where they are counted.
    double points(std::size_t i) const { return noise_.counted ? counts_[next_ + i] : 1.0; }
    double weight(std::size_t i) const { return noise_.weight * points(i); }
    void take(std::size_t count) { next_ += count; }
    /// Tells one chunk from the next, for columns that go with the points.
    std::uint32_t chunks_drawn() const { return chunks_; }
    void persist(Archive& archive);

private:
    static constexpr std::size_t chunk = 256;
    static constexpr std::uint32_t philox_blocks = chunk / 4;
    static constexpr double draw_unit = 0x1p16;  ///< gaps between draws of a grid are drawn in fractions

    /// The time of a point that no run reaches: a later one would leave the range of Time. `last_trial` is
    /// the same on a grid.
    static constexpr Time at_the_end{Duration{std::int64_t{1} << 62}};
    static constexpr std::int64_t last_trial = std::int64_t{1} << 61;
    /// A gap is up to 17 times the mean: those of a chunk, added up, would leave the range of Time.
    bool rare() const { return mean_gap_ > 0x1p61 / (17.0 * chunk); }
    static constexpr double rare_unit = 0x1p40;

    bool on_grid() const { return noise_.grid > 0.0; }
    void draw();
    void draw_points();
    void draw_counts();
    /// When the first neuron's count of a step arrives.
    Time begin_of(std::int64_t step) const;
    /// Turns gaps into times_, and slots into neurons.
    void place(std::span<const std::int64_t> gaps, std::span<std::uint16_t> slots);

    StreamKey key_;
    Noise noise_;
    Index slots_;  ///< targets drawn; off the grid a power of two, those beyond the population are dropped
    double mean_gap_ = 0.0;    ///< [ticks], or [1] between draws of a grid
    std::int64_t trial_ = -1;  ///< the last draw of a grid, but for counts of a point: step * slots + target
    std::int64_t base_;        ///< of the band, from the first neuron kept
    std::int64_t size_;        ///< neurons kept
    Time last_{};
    std::vector<Time> times_;
    std::vector<std::uint16_t> targets_;
    std::vector<double> counts_;             ///< of each point, if they are counted
    std::vector<std::uint32_t> thresholds_;  ///< a count is the number of these that its word reaches
    std::size_t count_ = 0;                  ///< points of the chunk
    std::size_t next_ = 0;
    std::uint32_t chunks_ = 0;
};

/// All noise of one band of neurons within a shard. Different neurons do not see one another within a
/// window, so bands may be drained one by one; the trains of one band must be merged.
struct NoiseGroup {
    std::vector<NoiseBand> trains;

    /// The train with the earliest point; there is at least one.
    NoiseBand& earliest() {
        std::size_t best = 0;
        for (std::size_t i = 1; i < trains.size(); ++i) {
            if (trains[i].next_time() < trains[best].next_time()) best = i;
        }
        return trains[best];
    }
    void persist(Archive& archive) { archive.each("trains", trains); }
};

/// The noise of the neurons [first, last) of a population of `size`: a group for each band of neurons, in
/// order.
std::vector<NoiseGroup> noise_groups(std::uint64_t seed, const std::string& population,
                                     std::span<const Noise> noise, Index size, Index first, Index last);

}  // namespace apical
