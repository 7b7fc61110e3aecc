#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "simulator/linear_cells.hpp"
#include "simulator/linear_gain.hpp"
#include "simulator/noise.hpp"

namespace apical {

/// The noise of a shard of linear neurons. For most neurons only the sum at the end of a slice counts, so all
/// points of a slice are added at once, one train after the other and not in order of time. The few neurons
/// that may have fired within it are replayed from arrival to arrival: for them time and target of each point
/// are kept until the slice ends, and what it adds is computed again.
class LinearNoise {
public:
    LinearNoise() = default;
    /// The trains of a group stand in the same order in all of them. `piece` is the time over which one power
    /// series may hold.
    LinearNoise(std::vector<NoiseGroup> groups, Duration piece, std::size_t stride);

    Time next_time();

    /// Adds the points of the slice to their targets' cells, and forgets those of the last one.
    void deliver(const Propagator& propagator, std::span<const LinearGain> gains, Time T0,
                 const Window& slice, double* cells);

    /// Those of the points delivered in the slice.
    std::span<const Table::Local> targets() const { return targets_; }

    /// Points delivered to neurons with a mark, with what each adds: a cell, whose lane behind the variables
    /// is its lift. Trains stand one after the other, each in order of time.
    struct Hits {
        std::vector<Time> times;
        std::vector<Table::Local> targets;
        std::vector<double> counts;  ///< as below
        std::vector<bool> raises;    ///< V_m, at once
        Cells jumps;
    };
    /// `marks` is by neuron, 0 or not.
    const Hits& find(std::span<const std::uint8_t> marks);

    void persist(Archive& archive) { archive.each("groups", groups_); }

private:
    /// Points [begin, end) of a train of the kind.
    struct Delivered {
        std::size_t kind;
        std::size_t begin;
        std::size_t end;
        bool raises;  ///< V_m, at once
    };
    void make_series(const Propagator& propagator, const LinearGain& gain, const Noise& noise, Time T0,
                     const Window& slice, std::size_t kind);
    PieceSeries pieces(std::size_t kind) const { return {first_piece_, piece_shift_, series_[kind].data()}; }

    std::vector<NoiseGroup> groups_;
    int piece_shift_ = 0;  ///< a piece has 2^piece_shift_ ticks
    std::size_t stride_ = cell_lanes;

    bool counted_ = false;       ///< whether a point of any train may stand for several
    Time first_piece_{};         ///< when the first piece of the slice begins
    std::vector<Cells> series_;  ///< by kind: by piece and degree, cells; empty while no point needs them
    std::vector<Delivered> delivered_;
    std::vector<Time> times_;
    std::vector<Table::Local> targets_;
    std::vector<double> counts_;  ///< how many points each stands for, if any may stand for several
    Hits hits_;
    std::vector<Table::Local> order_;  ///< 0, 1, 2...: each hit has a cell of its own
};

}  // namespace apical
