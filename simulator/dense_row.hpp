#pragma once

#include <cstddef>

#include "core/time.hpp"

namespace apical {

/// Delivers a row of a dense table: s[i] += w[i] step. Says whether any s[i] then exceeds ceiling[i] E. With
/// the widest vectors the processor has; the bits are those of the plain loop.
bool add_row(const float* w, double* s, const double* ceiling, std::size_t n, double step, double E);

/// Is any of the times before `end`?
bool any_before(const Time* times, std::size_t n, Time end);

}  // namespace apical
