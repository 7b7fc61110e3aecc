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
[[gnu::always_inline]] inline void add_series_of_loop(PieceSeries series, const Time* times,
                                                      const Table::Local* targets, std::size_t count,
                                                      const double* counts, double* cells) {
    constexpr std::size_t length = (series_degree + 1) * vectors * cell_lanes;
    const std::int64_t piece = std::int64_t{1} << series.shift;
    const std::int64_t middle = piece / 2;
    for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t since = (times[i] - series.begin).count();
        const double x = static_cast<double>(middle - (since & (piece - 1))) * ms_per_tick;
        const double* const coefficients =
            series.cells + length * static_cast<std::size_t>(since >> series.shift);
        double* const cell = cells + cell_lanes * vectors * targets[i];
        for (std::size_t q = 0; q < vectors; ++q) {
            Lanes sum;
            std::memcpy(&sum, coefficients + cell_lanes * (series_degree * vectors + q), sizeof(sum));
            for (std::size_t k = series_degree; k-- > 0;) {
                Lanes coefficient;
                std::memcpy(&coefficient, coefficients + cell_lanes * (k * vectors + q), sizeof(coefficient));
                sum = sum * x + coefficient;
            }
            if (counts != nullptr) sum *= counts[i];
            Lanes state;
            std::memcpy(&state, cell + cell_lanes * q, sizeof(state));
            state += sum;
            std::memcpy(cell + cell_lanes * q, &state, sizeof(state));
        }
    }
}
APICAL_WIDEST(template <std::size_t vectors>, void, add_series_of,
              (PieceSeries series, const Time* times, const Table::Local* targets, std::size_t count,
               const double* counts, double* cells),
              <vectors>(series, times, targets, count, counts, cells))

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
[[gnu::always_inline]] inline void map_cells_of_loop(std::size_t count, std::size_t n, const double* columns,
                                                     const double* from, double* to) {
    constexpr std::size_t stride = cell_lanes * vectors;
    // NOLINTNEXTLINE(*-avoid-c-arrays): std::array<Lanes> loses its alignment
    Lanes column[(longest_cell + 1) * vectors];
    std::memcpy(&column[0], columns, (n + 1) * vectors * sizeof(Lanes));
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

void add_series(std::size_t stride, const PieceSeries& series, std::span<const Time> times,
                std::span<const Table::Local> targets, const double* counts, double* cells) {
    with_vectors(stride, [&](auto vectors) {
        add_series_of<vectors()>(series, times.data(), targets.data(), times.size(), counts, cells);
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
