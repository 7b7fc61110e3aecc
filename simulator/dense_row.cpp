#include "simulator/dense_row.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "core/simd.hpp"

namespace apical {
namespace {

using Floats [[gnu::vector_size(32)]] = float;
using Doubles [[gnu::vector_size(64)]] = double;
using Integers [[gnu::vector_size(64)]] = std::int64_t;
constexpr std::size_t width = sizeof(Doubles) / sizeof(double);

template <class Vector>
[[gnu::always_inline]] inline void load(Vector& to, const void* from) {
    std::memcpy(&to, from, sizeof(to));
}

/// The sums stay in registers. What is negative has its sign bit set, so signs are collected with one
/// operation.
[[gnu::always_inline]] inline void add_full_loop(const DenseRow* rows, std::size_t count, std::size_t first,
                                                 double* s, const double* ceiling, std::int64_t* above) {
    constexpr std::size_t parts = lanes / width;
    // NOLINTBEGIN(*-avoid-c-arrays): as a template's argument a vector loses its alignment.
    Doubles sum[parts];
    Doubles top[parts];
    Integers signs[parts];
    // NOLINTEND(*-avoid-c-arrays)
#pragma GCC unroll 4
    for (std::size_t k = 0; k < parts; ++k) {
        load(sum[k], s + first + k * width);
        load(top[k], ceiling + first + k * width);
        load(signs[k], above + k * width);
    }
    for (const DenseRow* row = rows; row != rows + count; ++row) {
#pragma GCC unroll 4
        for (std::size_t k = 0; k < parts; ++k) {
            Floats w;
            load(w, row->weights + first + k * width);
            sum[k] += __builtin_convertvector(w, Doubles) * row->step;
            const Doubles left = top[k] * row->E - sum[k];
            Integers bits;
            load(bits, &left);
            signs[k] |= bits;
        }
    }
#pragma GCC unroll 4
    for (std::size_t k = 0; k < parts; ++k) {
        std::memcpy(s + first + k * width, &sum[k], sizeof(sum[k]));
        std::memcpy(above + k * width, &signs[k], sizeof(signs[k]));
    }
}
APICAL_WIDEST(, void, add_full,
              (const DenseRow* rows, std::size_t count, std::size_t first, double* s, const double* ceiling,
               std::int64_t* above),
              (rows, count, first, s, ceiling, above))

/// The last pack of a row, which is not full. The lanes' sums are the same.
[[gnu::always_inline]] inline void add_some_loop(const DenseRow* rows, std::size_t count, std::size_t first,
                                                 std::size_t n, double* __restrict s, const double* ceiling,
                                                 std::int64_t* __restrict above) {
    for (const DenseRow* row = rows; row != rows + count; ++row) {
        const float* const w = row->weights + first;
        for (std::size_t i = 0; i < n; ++i) {
            s[first + i] += static_cast<double>(w[i]) * row->step;
            above[i] |= std::bit_cast<std::int64_t>(ceiling[first + i] * row->E - s[first + i]);
        }
    }
}
APICAL_WIDEST(, void, add_some,
              (const DenseRow* rows, std::size_t count, std::size_t first, std::size_t n,
               double* __restrict s, const double* ceiling, std::int64_t* __restrict above),
              (rows, count, first, n, s, ceiling, above))

[[gnu::always_inline]] inline Clock::rep find_earliest_loop(const Time* times, std::size_t n) {
    Clock::rep least = std::numeric_limits<Clock::rep>::max();
    for (std::size_t i = 0; i < n; ++i) {
        const Clock::rep time = times[i].time_since_epoch().count();
        least = time < least ? time : least;
    }
    return least;
}
APICAL_WIDEST(, Clock::rep, find_earliest, (const Time* times, std::size_t n), (times, n))

}  // namespace

void add_rows(std::span<const DenseRow> rows, std::size_t first, std::size_t n, double* s,
              const double* ceiling, std::span<std::int64_t, lanes> above) {
    if (n == lanes) return add_full(rows.data(), rows.size(), first, s, ceiling, above.data());
    add_some(rows.data(), rows.size(), first, n, s, ceiling, above.data());
}

Time earliest(const Time* times, std::size_t n) { return Time{Duration{find_earliest(times, n)}}; }

}  // namespace apical
