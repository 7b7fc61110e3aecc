#include "simulator/linear_cells.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "core/simd.hpp"

namespace apical {
namespace {

using Lanes [[gnu::vector_size(cell_lanes * sizeof(double))]] = double;

[[gnu::always_inline]] inline void add_vectors(std::size_t vectors, double* cell, const double* jump) {
    for (std::size_t q = 0; q < vectors; ++q) {
        Lanes sum;
        Lanes more;
        std::memcpy(&sum, cell + cell_lanes * q, sizeof(sum));
        std::memcpy(&more, jump + cell_lanes * q, sizeof(more));
        sum += more;
        std::memcpy(cell + cell_lanes * q, &sum, sizeof(sum));
    }
}

[[gnu::always_inline]] inline void add_scaled(std::size_t vectors, double* cell, double w,
                                              const double* gain) {
    for (std::size_t q = 0; q < vectors; ++q) {
        Lanes sum;
        Lanes more;
        std::memcpy(&sum, cell + cell_lanes * q, sizeof(sum));
        std::memcpy(&more, gain + cell_lanes * q, sizeof(more));
        sum += w * more;
        std::memcpy(cell + cell_lanes * q, &sum, sizeof(sum));
    }
}

template <std::size_t vectors>
[[gnu::always_inline]] inline void add_points_of_loop(const Table::Local* targets, std::size_t count,
                                                      const double* jumps, double* cells) {
    for (std::size_t i = 0; i < count; ++i)
        add_vectors(vectors, cells + cell_lanes * vectors * targets[i], jumps + cell_lanes * vectors * i);
}
APICAL_WIDEST(template <std::size_t vectors>, void, add_points_of,
              (const Table::Local* targets, std::size_t count, const double* jumps, double* cells),
              <vectors>(targets, count, jumps, cells))

template <std::size_t vectors>
[[gnu::always_inline]] inline void add_uniform_of_loop(const Table::Local* targets, std::size_t count,
                                                       const double* jump, double* cells) {
    for (std::size_t i = 0; i < count; ++i)
        add_vectors(vectors, cells + cell_lanes * vectors * targets[i], jump);
}
APICAL_WIDEST(template <std::size_t vectors>, void, add_uniform_of,
              (const Table::Local* targets, std::size_t count, const double* jump, double* cells),
              <vectors>(targets, count, jump, cells))

template <std::size_t vectors>
[[gnu::always_inline]] inline void add_weighted_of_loop(const Table::Local* targets, std::size_t count,
                                                        const float* weights, double release,
                                                        const double* positive, const double* negative,
                                                        double* cells) {
    for (std::size_t i = 0; i < count; ++i) {
        const double w = double{weights[i]} * release;
        add_scaled(vectors, cells + cell_lanes * vectors * targets[i], w, w > 0.0 ? positive : negative);
    }
}
APICAL_WIDEST(template <std::size_t vectors>, void, add_weighted_of,
              (const Table::Local* targets, std::size_t count, const float* weights, double release,
               const double* positive, const double* negative, double* cells),
              <vectors>(targets, count, weights, release, positive, negative, cells))

template <std::size_t vectors>
[[gnu::always_inline]] inline void make_jumps_of_loop(std::size_t count, const double* phi,
                                                      const double* gains, std::size_t functions,
                                                      double weight, double* jumps) {
    for (std::size_t i = 0; i < count; ++i) {
        Lanes sum[vectors]{};
        for (std::size_t j = 0; j < functions; ++j) {
            for (std::size_t q = 0; q < vectors; ++q) {
                Lanes term;
                std::memcpy(&term, gains + cell_lanes * (vectors * j + q), sizeof(term));
                sum[q] += term * phi[j * count + i];
            }
        }
        for (std::size_t q = 0; q < vectors; ++q) {
            sum[q] *= weight;
            std::memcpy(jumps + cell_lanes * (vectors * i + q), &sum[q], sizeof(sum[q]));
        }
    }
}
APICAL_WIDEST(template <std::size_t vectors>, void, make_jumps_of,
              (std::size_t count, const double* phi, const double* gains, std::size_t functions,
               double weight, double* jumps),
              <vectors>(count, phi, gains, functions, weight, jumps))

template <std::size_t vectors>
[[gnu::always_inline]] inline void sum_series_of_loop(std::span<const double> arguments, const double* series,
                                                      double* sums) {
    constexpr std::size_t stride = cell_lanes * vectors;
    Lanes coefficients[(series_degree + 1) * vectors];
    std::memcpy(coefficients, series, sizeof(coefficients));
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const double x = arguments[i];
        for (std::size_t q = 0; q < vectors; ++q) {
            Lanes sum = coefficients[series_degree * vectors + q];
            for (std::size_t k = series_degree; k-- > 0;) sum = sum * x + coefficients[k * vectors + q];
            std::memcpy(sums + stride * i + cell_lanes * q, &sum, sizeof(sum));
        }
    }
}
APICAL_WIDEST(template <std::size_t vectors>, void, sum_series_of,
              (std::span<const double> arguments, const double* series, double* sums),
              <vectors>(arguments, series, sums))

template <std::size_t vectors>
[[gnu::always_inline]] inline void map_cells_of_loop(std::size_t count, std::size_t n, const double* columns,
                                                     const double* from, double* to) {
    constexpr std::size_t stride = cell_lanes * vectors;
    Lanes column[(longest_cell + 1) * vectors];
    std::memcpy(column, columns, (n + 1) * vectors * sizeof(Lanes));
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t q = 0; q < vectors; ++q) {
            Lanes sum = column[n * vectors + q];
            for (std::size_t j = 0; j < n; ++j) sum += from[stride * i + j] * column[j * vectors + q];
            std::memcpy(to + stride * i + cell_lanes * q, &sum, sizeof(sum));
        }
    }
}
APICAL_WIDEST(template <std::size_t vectors>, void, map_cells_of,
              (std::size_t count, std::size_t n, const double* columns, const double* from, double* to),
              <vectors>(count, n, columns, from, to))

/// In pieces whose bounds are kept apart from the marks: bytes might lie anywhere, and a loop that stores
/// them is not vectorised.
template <std::size_t vectors>
[[gnu::always_inline]] inline void find_tops_of_loop(std::size_t count, const double* cells, std::size_t lift,
                                                     const double* begin, const double* end,
                                                     const double* pad, double* top, std::uint8_t* may_fire) {
    constexpr std::size_t stride = cell_lanes * vectors;
    constexpr std::size_t piece = 256;
    std::array<double, stride + 1> a, z, p;
    std::copy_n(begin, stride + 1, a.begin());
    std::copy_n(end, stride + 1, z.begin());
    std::copy_n(pad, stride + 1, p.begin());
    std::array<double, piece> bounds;
    for (std::size_t first = 0; first < count; first += piece) {
        const std::size_t n = std::min(piece, count - first);
        const double* const s = cells + stride * first;
        double* const tops = top + first;
        APICAL_INDEPENDENT
        for (std::size_t i = 0; i < n; ++i) {
            double at_begin = a[stride];
            double at_end = z[stride];
            double sum = p[stride];
#pragma GCC unroll 12
            for (std::size_t v = 0; v < stride; ++v) {
                at_begin += a[v] * s[stride * i + v];
                at_end += z[v] * s[stride * i + v];
                sum += p[v] * std::abs(s[stride * i + v]);
            }
            bounds[i] = sum + (at_begin < at_end ? at_end : at_begin);
            tops[i] = bounds[i] - (1.0 - 1e-12) * s[stride * i + lift];
        }
        for (std::size_t i = 0; i < n; ++i) may_fire[first + i] = bounds[i] >= 0.0;
    }
}
APICAL_WIDEST(template <std::size_t vectors>, void, find_tops_of,
              (std::size_t count, const double* cells, std::size_t lift, const double* begin,
               const double* end, const double* pad, double* top, std::uint8_t* may_fire),
              <vectors>(count, cells, lift, begin, end, pad, top, may_fire))

template <std::size_t vectors>
[[gnu::always_inline]] inline void mark_lifted_of_loop(std::size_t count, const double* __restrict top,
                                                       const double* __restrict lifts,
                                                       std::uint8_t* __restrict may_fire) {
    for (std::size_t i = 0; i < count; ++i) may_fire[i] |= top[i] + lifts[cell_lanes * vectors * i] >= 0.0;
}
APICAL_WIDEST(template <std::size_t vectors>, void, mark_lifted_of,
              (std::size_t count, const double* top, const double* lifts, std::uint8_t* may_fire),
              <vectors>(count, top, lifts, may_fire))

/// Calls a function for cells of one, two or three vectors.
template <class Function>
void with_vectors(std::size_t stride, const Function& function) {
    switch (stride) {
        case 4:
            return function(std::integral_constant<std::size_t, 1>{});
        case 8:
            return function(std::integral_constant<std::size_t, 2>{});
        default:
            return function(std::integral_constant<std::size_t, 3>{});
    }
}

}  // namespace

void add_points(std::size_t stride, std::span<const Table::Local> targets, const double* jumps,
                double* cells) {
    with_vectors(stride, [&](auto vectors) {
        add_points_of<vectors()>(targets.data(), targets.size(), jumps, cells);
    });
}

void add_uniform(std::size_t stride, std::span<const Table::Local> targets, const double* jump,
                 double* cells) {
    with_vectors(stride, [&](auto vectors) {
        add_uniform_of<vectors()>(targets.data(), targets.size(), jump, cells);
    });
}

void add_weighted(std::size_t stride, std::span<const Table::Local> targets, const float* weights,
                  double release, const double* positive, const double* negative, double* cells) {
    with_vectors(stride, [&](auto vectors) {
        add_weighted_of<vectors()>(targets.data(), targets.size(), weights, release, positive, negative,
                                   cells);
    });
}

void make_jumps(std::size_t stride, std::size_t count, const double* phi, const double* gains,
                std::size_t functions, double weight, double* jumps) {
    with_vectors(
        stride, [&](auto vectors) { make_jumps_of<vectors()>(count, phi, gains, functions, weight, jumps); });
}

void sum_series(std::size_t stride, std::span<const double> arguments, const double* series, double* sums) {
    with_vectors(stride, [&](auto vectors) { sum_series_of<vectors()>(arguments, series, sums); });
}

void map_cells(std::size_t stride, std::size_t count, std::size_t n, const double* columns,
               const double* from, double* to) {
    with_vectors(stride, [&](auto vectors) { map_cells_of<vectors()>(count, n, columns, from, to); });
}

void find_tops(std::size_t stride, std::size_t count, const double* cells, std::size_t lift,
               const CellBound& bound, double* top, std::uint8_t* may_fire) {
    with_vectors(stride, [&](auto vectors) {
        find_tops_of<vectors()>(count, cells, lift, bound.begin.data(), bound.end.data(), bound.pad.data(),
                                top, may_fire);
    });
}

void mark_lifted(std::size_t stride, std::size_t count, const double* top, const double* lifts,
                 std::uint8_t* may_fire) {
    with_vectors(stride, [&](auto vectors) { mark_lifted_of<vectors()>(count, top, lifts, may_fire); });
}

}  // namespace apical
