#include "core/exp.hpp"

#include <cmath>
#include <cstddef>

#include "core/simd.hpp"

namespace apical {
namespace {

[[gnu::always_inline]] inline void exp_near_loop(double rate, double first, Time origin,
                                                 const Time* __restrict times, double* __restrict y,
                                                 std::size_t n) {
    // Taylor to x^6, for |x| below 2^-6: remainder 4e-17.
    for (std::size_t i = 0; i < n; ++i) {
        const double x = rate * ms(times[i] - origin);
        const double x2 = x * x;
        y[i] = first * (1.0 + (x + x2 * ((0.5 + x * (1.0 / 6.0)) +
                                         x2 * ((1.0 / 24.0 + x * (1.0 / 120.0)) + x2 * (1.0 / 720.0)))));
    }
}
APICAL_WIDEST(, void, exp_near,
              (double rate, double first, Time origin, const Time* times, double* y, std::size_t n),
              (rate, first, origin, times, y, n))

[[gnu::always_inline]] inline void exp_far_loop(double rate, Time origin, const Time* __restrict times,
                                                double* __restrict y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = exp(rate * ms(times[i] - origin));
}
APICAL_WIDEST(, void, exp_far, (double rate, Time origin, const Time* times, double* y, std::size_t n),
              (rate, origin, times, y, n))

}  // namespace

void exp(double rate, Time origin, std::span<const Time> times, std::span<double> y) {
    if (times.empty()) return;
    if (std::abs(rate) * ms(times.back() - times.front()) < 0x1p-6) {
        exp_near(rate, exp(rate * ms(times.front() - origin)), times.front(), times.data(), y.data(),
                 times.size());
    } else {
        exp_far(rate, origin, times.data(), y.data(), times.size());
    }
}

}  // namespace apical
