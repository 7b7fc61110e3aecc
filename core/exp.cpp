#include "core/exp.hpp"

#include <cstddef>

namespace apical {

// The compiler vectorises the loop once for each target; the loader picks the widest one that the processor has. No copy
// enables fused multiply-adds by itself, so all give the bits of the scalar function.
__attribute__((target_clones("arch=skylake-avx512", "avx2", "default"))) static void exp_loop(
    double rate, const double* x, double* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = exp(rate * x[i]);
}

void exp(double rate, std::span<const double> x, std::span<double> y) { exp_loop(rate, x.data(), y.data(), x.size()); }

}  // namespace apical
