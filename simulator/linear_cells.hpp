#pragma once

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

/// Points of noise: each adds its jump to its target's cell.
void add_points(std::size_t stride, std::span<const Table::Local> targets, const double* jumps,
                double* cells);

/// A row whose synapses have one weight: all add the same jump.
void add_uniform(std::size_t stride, std::span<const Table::Local> targets, const double* jump,
                 double* cells);

/// A row of weights, times `release`, times the gain of a positive or of a negative one.
void add_weighted(std::size_t stride, std::span<const Table::Local> targets, const float* weights,
                  double release, const double* positive, const double* negative, double* cells);

/// What each point adds: `weight` times the gains that the functions at its time make. `phi` has `count`
/// values of each function, `gains` a cell of each.
void make_jumps(std::size_t stride, std::size_t count, const double* phi, const double* gains,
                std::size_t functions, double weight, double* jumps);

/// A cell for each argument: the polynomial whose coefficients are the cells of `series`, of the degree
/// `series_degree`.
constexpr std::size_t series_degree = 8;
void sum_series(std::size_t stride, std::span<const double> arguments, const double* series, double* sums);

/// A linear map of cells: columns[0] s_0 + ... + columns[n-1] s_(n-1) + columns[n], whose columns are cells.
void map_cells(std::size_t stride, std::size_t count, std::size_t n, const double* columns,
               const double* from, double* to);

/// Bounds the readout of each cell over a time in which nothing arrives, and marks those that may reach zero.
/// The lane `lift` has what arrivals have lifted bounds by so far: it is taken off, for it will be added with
/// what comes.
void find_tops(std::size_t stride, std::size_t count, const double* cells, std::size_t lift,
               const CellBound& bound, double* top, std::uint8_t* may_fire);

/// Marks the cells whose bound, lifted, reaches zero; `lifts` are `stride` apart.
void mark_lifted(std::size_t stride, std::size_t count, const double* top, const double* lifts,
                 std::uint8_t* may_fire);

}  // namespace apical
