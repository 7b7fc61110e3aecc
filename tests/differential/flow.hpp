#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace apical::naive {

using Real = long double;
using Instant = std::int64_t;  ///< in units of a simulator's clock

inline constexpr std::size_t most_variables = 7;  ///< of a neuron, and the constant 1
using Vector = std::array<Real, most_variables>;
using Matrix = std::array<Vector, most_variables>;

inline Real dot(const Vector& a, const Vector& b) {
    Real sum = 0.0L;
    for (std::size_t k = 0; k < most_variables; ++k) sum += a[k] * b[k];
    return sum;
}

inline Vector times(const Matrix& m, const Vector& x) {
    Vector y{};
    for (std::size_t i = 0; i < most_variables; ++i) y[i] = dot(m[i], x);
    return y;
}

inline Matrix times(const Matrix& a, const Matrix& b) {
    Matrix c{};
    for (std::size_t i = 0; i < most_variables; ++i) {
        for (std::size_t k = 0; k < most_variables; ++k) {
            for (std::size_t j = 0; j < most_variables; ++j) c[i][j] += a[i][k] * b[k][j];
        }
    }
    return c;
}

/// exp(M): a Taylor series of M / 2^s, squared s times.
inline Matrix exponential(Matrix m) {
    Real norm = 0.0L;
    for (const Vector& row : m) {
        for (const Real x : row) norm = std::max(norm, std::abs(x));
    }
    const int halvings = std::max(0, std::ilogb(norm * most_variables) + 2);
    for (Vector& row : m) {
        for (Real& x : row) x = std::ldexp(x, -halvings);
    }
    Matrix sum{};
    for (std::size_t i = 0; i < most_variables; ++i) sum[i][i] = 1.0L;
    Matrix term = sum;
    constexpr int terms = 22;
    for (int n = 1; n <= terms; ++n) {
        term = times(term, m);
        for (std::size_t i = 0; i < most_variables; ++i) {
            for (std::size_t k = 0; k < most_variables; ++k) {
                term[i][k] /= n;
                sum[i][k] += term[i][k];
            }
        }
    }
    for (int s = 0; s < halvings; ++s) sum = times(sum, sum);
    return sum;
}

/// dx/dt = M x over whole numbers of units of time: a matrix for each power of two.
class Flow {
public:
    static constexpr int powers = 40;

    Flow(const Matrix& m, Real units_per_ms) {
        for (int k = 0; k < powers; ++k) {
            Matrix scaled = m;
            for (Vector& row : scaled) {
                for (Real& x : row) x *= std::ldexp(1.0L, k) / units_per_ms;
            }
            steps_.push_back(exponential(scaled));
        }
    }

    Vector step(const Vector& x, int power) const {
        return times(steps_[static_cast<std::size_t>(power)], x);
    }

    Vector after(Vector x, Instant length) const {
        for (auto left = static_cast<std::uint64_t>(length); left != 0; left &= left - 1)
            x = step(x, std::countr_zero(left));
        return x;
    }

private:
    std::vector<Matrix> steps_;
};

}  // namespace apical::naive
