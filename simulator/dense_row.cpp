#include "simulator/dense_row.hpp"

#include <bit>
#include <cstdint>

#include "core/simd.hpp"

namespace apical {
namespace {

[[gnu::always_inline]] inline bool add_loop(const float* __restrict w, double* __restrict s,
                                            const double* __restrict ceiling, std::size_t n, double step,
                                            double E) {
    std::int64_t signs = 0;  // of what is left to the ceilings
    for (std::size_t i = 0; i < n; ++i) {
        s[i] += static_cast<double>(w[i]) * step;
        signs |= std::bit_cast<std::int64_t>(ceiling[i] * E - s[i]);
    }
    return signs < 0;
}
APICAL_WIDEST(bool, add,
              (const float* w, double* s, const double* ceiling, std::size_t n, double step, double E),
              (w, s, ceiling, n, step, E))

[[gnu::always_inline]] inline bool before_loop(const Time* times, std::size_t n, Time end) {
    bool any = false;
    for (std::size_t i = 0; i < n; ++i) any |= times[i] < end;
    return any;
}
APICAL_WIDEST(bool, before, (const Time* times, std::size_t n, Time end), (times, n, end))

}  // namespace

bool any_before(const Time* times, std::size_t n, Time end) { return before(times, n, end); }

bool add_row(const float* w, double* s, const double* ceiling, std::size_t n, double step, double E) {
    return add(w, s, ceiling, n, step, E);
}

}  // namespace apical
