#pragma once

#include <cstddef>

namespace apical {

/// Delivers a row of a dense table: s[i] += w[i] step. Says whether any s[i] then exceeds ceiling[i] E. With
/// the widest vectors the processor has; the bits are those of the plain loop.
bool add_row(const float* w, double* s, const double* ceiling, std::size_t n, double step, double E);

}  // namespace apical
