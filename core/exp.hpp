#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "core/time.hpp"

namespace apical {

/// The exponential and the logarithm of all dynamics: at most 1 ulp off, no fused multiply-add, no table, no
/// branch, the same operations scalar and vectorised. The C library's differ between processors and from
/// their own vector versions; these give the same bits in every loop, instruction set and machine.

/// e^x for x between -708 and 709; beyond, that of the end: 3e-308 and 8e307.
[[gnu::always_inline]] inline double exp(double x) {
    constexpr double log2_e = 0x1.71547652b82fep+0;
    constexpr double ln2_high = 0x1.62e42fee00000p-1;  // 32 bits: k * ln2_high is exact
    constexpr double ln2_low = 0x1.a39ef35793c76p-33;
    constexpr double shift = 0x1.8p52;  // adding it rounds to an integer, left in the low bits
    const double clipped = x < -708.0 ? -708.0 : (x > 709.0 ? 709.0 : x);
    const double shifted = clipped * log2_e + shift;
    const double k = shifted - shift;
    const double r = (clipped - k * ln2_high) - k * ln2_low;  // |r| <= ln2 / 2
    // Taylor to r^13 (remainder 4e-18), Estrin: short dependency chains.
    const double r2 = r * r;
    const double r4 = r2 * r2;
    const double low = (1.0 / 2.0 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    const double middle = (1.0 / 720.0 + r * (1.0 / 5040.0)) + r2 * (1.0 / 40320.0 + r * (1.0 / 362880.0));
    const double high =
        (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + r2 * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0));
    const double tail = low + r4 * (middle + r4 * high);
    const double mantissa = 1.0 + (r + r2 * tail);
    const auto scale = std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023U) << 52U);
    return mantissa * scale;
}

/// ln x for normal positive x.
[[gnu::always_inline]] inline double log(double x) {
    constexpr double ln2_high = 0x1.62e42fee00000p-1;
    constexpr double ln2_low = 0x1.a39ef35793c76p-33;
    constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdU;
    constexpr double shift = 0x1.8p52;
    const auto bits = std::bit_cast<std::uint64_t>(x);
    // x = 2^k m with m in [sqrt(1/2), sqrt(2)); k is converted through the mantissa, since packed integers
    // have no conversion to double before AVX-512.
    const std::uint64_t offset = bits - sqrt_half;
    const std::uint64_t biased = (offset >> 52U) + ((offset >> 63U) != 0U ? 0xfffffffffffff000U : 0U);
    const auto k = std::bit_cast<double>(std::bit_cast<std::uint64_t>(shift) + biased) - shift;
    const auto m = std::bit_cast<double>((offset & 0x000fffffffffffffU) + sqrt_half);
    const double f = m - 1.0;
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double w = z * z;
    // Coefficients of fdlibm's e_log.c (Sun Microsystems, 1993): |error| < 2^-58.45.
    const double even = w * (0x1.999999997fa04p-2 + w * (0x1.c71c51d8e78afp-3 + w * 0x1.39a09d078c69fp-3));
    const double odd =
        z * (0x1.5555555555593p-1 +
             w * (0x1.2492494229359p-2 + w * (0x1.7466496cb03dep-3 + w * 0x1.2f112df3e5244p-3)));
    const double half_square = 0.5 * f * f;
    return k * ln2_high - ((half_square - (s * (half_square + even + odd) + k * ln2_low)) - f);
}

/// y[i] = exp(rate [1/ms] * (times[i] - origin)) for times in order, with the widest vectors the processor
/// has: one exponential and a short polynomial where they lie close together.
void exp(double rate, Time origin, std::span<const Time> times, std::span<double> y);

/// The logistic function 1 / (1 + e^-x).
inline double logistic(double x) { return 1.0 / (1.0 + exp(-x)); }

}  // namespace apical
