#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <boost/align/aligned_allocator.hpp>

#include "synapses/table.hpp"

namespace apical {

/// What arrivals add to a linear neuron lies together in its cell: a few vectors of four doubles, so that a
/// synapse costs one addition of vectors and touches one line of the cache. `stride` is the length of a
/// cell: 4, 8 or 12. All loops are compiled for the widest vectors the processor has, with the same bits.
constexpr std::size_t cell_lanes = 4;
constexpr std::size_t longest_cell = 12;
using Cells = std::vector<double, boost::alignment::aligned_allocator<double, cell_lanes * sizeof(double)>>;

/// A readout of cells at both ends of a time, and by how much it may leave its chord: a coefficient for each
/// lane, and at `stride` that of the constant.
struct CellBound {
    std::array<double, longest_cell + 1> begin{};
    std::array<double, longest_cell + 1> end{};
    std::array<double, longest_cell + 1> pad{};
};

/// What an arrival adds at each time, in pieces of 2^shift ticks from `begin` on: a polynomial in the time
/// [ms] from the arrival to the middle of its piece, of degree `series_degree`. A cell for each coefficient.
constexpr std::size_t series_degree = 5;
struct PieceSeries {
    Time begin{};
    int shift = 0;
    const double* cells = nullptr;
};

/// Points of noise: each adds what the series says to its target's cell, times its count if there are counts.
void add_series(std::size_t stride, const PieceSeries& series, std::span<const Time> times,
                std::span<const Table::Local> targets, const double* counts, double* cells);

/// A row whose synapses have one weight: all add the same jump.
void add_uniform(std::size_t stride, std::span<const Table::Local> targets, const double* jump,
                 double* cells);

/// A row of weights, times `release`, times the gain of a positive or of a negative one.
void add_weighted(std::size_t stride, std::span<const Table::Local> targets, const float* weights,
                  double release, const double* positive, const double* negative, double* cells);

/// A linear map of cells: columns[0] s_0 + ... + columns[n-1] s_(n-1) + columns[n], whose columns are cells.
void map_cells(std::size_t stride, std::size_t count, std::size_t n, const double* columns,
               const double* from, double* to);

/// Bounds the readout of each cell over a time in which nothing arrives, and marks those that may reach zero.
/// The lane `lift` has what arrivals have lifted bounds by so far: it is taken off, for it will be added with
/// what comes.
void find_tops(std::size_t stride, std::size_t count, const double* cells, std::size_t lift,
               const CellBound& bound, double* top, std::uint8_t* may_fire);

/// Calls a function for the place of each target that has a mark.
template <class Function>
void for_each_marked(std::span<const Table::Local> targets, std::span<const std::uint8_t> marks,
                     const Function& function) {
    // No branch on a mark: one in a few dozen has one, and which is chance.
    constexpr std::size_t together = 256;
    std::array<std::uint32_t, together> found;
    for (std::size_t begin = 0; begin < targets.size(); begin += together) {
        const std::size_t end = std::min(targets.size(), begin + together);
        std::size_t count = 0;
        for (std::size_t i = begin; i < end; ++i) {
            found[count] = static_cast<std::uint32_t>(i);
            count += marks[targets[i]] != 0 ? 1U : 0U;
        }
        for (std::size_t i = 0; i < count; ++i) function(std::size_t{found[i]});
    }
}

/// Marks the cells whose bound, lifted, reaches zero; `lifts` are `stride` apart.
void mark_lifted(std::size_t stride, std::size_t count, const double* top, const double* lifts,
                 std::uint8_t* may_fire);

}  // namespace apical
