#include "core/exp.hpp"

#include <cstddef>

#include "core/simd.hpp"

namespace apical {
namespace {

[[gnu::always_inline]] inline void scaled_exp_loop(double rate, const double* __restrict x,
                                                   double* __restrict y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = exp(rate * x[i]);
}
APICAL_WIDEST(void, scaled_exp, (double rate, const double* x, double* y, std::size_t n), (rate, x, y, n))

}  // namespace

void exp(double rate, std::span<const double> x, std::span<double> y) {
    scaled_exp(rate, x.data(), y.data(), x.size());
}

}  // namespace apical
