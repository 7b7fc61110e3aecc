#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/time.hpp"

namespace apical {

/// Neurons whose traces are kept in registers while row after row is added to them.
constexpr std::size_t lanes = 32;

/// A row of a dense table on its way to all neurons of a shard: s[i] += weights[i] step, and an s[i] that
/// then exceeds ceiling[i] E is noticed.
struct DenseRow {
    Time time;
    std::size_t port;
    const float* weights;
    double step;
    double E;
};

/// Adds the rows one after another to the traces s[first..first + n), n <= lanes; above[i] becomes negative
/// if s[first + i] exceeds its ceiling on the way, else it stays. With the widest vectors the processor has;
/// the bits are those of the plain loop.
void add_rows(std::span<const DenseRow> rows, std::size_t first, std::size_t n, double* s,
              const double* ceiling, std::span<std::int64_t, lanes> above);

/// The earliest of n > 0 times.
Time earliest(const Time* times, std::size_t n);

}  // namespace apical
