#include "neurons/linear.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include "core/error.hpp"

namespace apical {
namespace {

/// Closer than this, relative to the larger, two real eigenvalues are treated as a pair: the coefficients of
/// two separate exponentials grow like the inverse of the distance.
constexpr long double nearly_equal = 1e-3L;

/// sin and cos by Taylor series after halving the angle below 1/8 and doubling back: our own, for the same
/// bits everywhere.
std::pair<double, double> sine_cosine(double x) {
    int doublings = 0;
    while (std::abs(x) > 0.125) {
        x *= 0.5;
        ++doublings;
    }
    const double z = x * x;
    double s = x * (1 - z / 6 * (1 - z / 20 * (1 - z / 42 * (1 - z / 72 * (1 - z / 110)))));
    double v = z / 2 * (1 - z / 12 * (1 - z / 30 * (1 - z / 56 * (1 - z / 90))));  // 1 - cos, no cancellation
    for (; doublings > 0; --doublings) {
        const double c = 1 - v;
        v = 2 * s * s;
        s = 2 * s * c;
    }
    return {s, 1 - v};
}

struct Pair {
    double c;  ///< cosh(q t), or cos(|q| t)
    double s;  ///< sinh(q t) / q, or sin(|q| t) / |q|, or t
};

Pair pair_functions(double q_square, double t) {
    if (q_square == 0.0) return {1.0, t};
    const double z = q_square * t * t;
    if (std::abs(z) < 0.25) {  // both series to z^7, remainder below 1e-17
        const double s =
            1 +
            z / 6 *
                (1 + z / 20 * (1 + z / 42 * (1 + z / 72 * (1 + z / 110 * (1 + z / 156 * (1 + z / 210))))));
        const double c =
            1 +
            z / 2 * (1 + z / 12 * (1 + z / 30 * (1 + z / 56 * (1 + z / 90 * (1 + z / 132 * (1 + z / 182))))));
        return {c, t * s};
    }
    const double q = std::sqrt(std::abs(q_square));
    if (q_square < 0.0) {
        const auto [s, c] = sine_cosine(q * t);
        return {c, s / q};
    }
    const double up = exp(q * t);
    return {0.5 * (up + 1 / up), 0.5 * (up - 1 / up) / q};
}

/// exp(A t) by Taylor series with scaling and squaring: slow, and independent of the spectrum; checks the
/// closed form.
Eigen::MatrixXd by_squaring(const Eigen::MatrixXd& A, double t) {
    int squarings = 0;
    Eigen::MatrixXd X = A * t;
    while (X.rowwise().lpNorm<1>().maxCoeff() > 0.25) {
        X *= 0.5;
        ++squarings;
    }
    Eigen::MatrixXd sum = Eigen::MatrixXd::Identity(A.rows(), A.cols());
    for (int k = 16; k > 0; --k) sum = Eigen::MatrixXd::Identity(A.rows(), A.cols()) + X * sum / k;
    for (; squarings > 0; --squarings) sum = (sum * sum).eval();
    return sum;
}

}  // namespace

void Propagator::add_matrix(const Eigen::MatrixXd& A, const WideMatrix& Z) {
    matrices_.push_back(Z.cast<double>());
    // What does not read a variable, directly or not, is not moved by it: rounding must not say otherwise.
    Eigen::MatrixXd reads = Eigen::MatrixXd::Identity(A.rows(), A.cols());
    const Eigen::MatrixXd step = reads + (A.array() != 0.0).cast<double>().matrix();
    for (Eigen::Index i = 0; i < A.rows(); ++i) reads = (reads * step).cwiseMin(1.0).eval();
    matrices_.back() = matrices_.back().cwiseProduct(reads);
}

Propagator::Propagator(const Eigen::MatrixXd& A) {
    if (A.rows() > static_cast<Eigen::Index>(most_functions))
        throw ModelError("a linear neuron has at most 11 variables");
    // The matrices are products of differences of large and small rates: their set-up is worth more digits
    // than a double has.
    const WideMatrix wide = A.cast<Wide>();
    std::vector<Wide> real;
    struct WideCluster {
        Wide m;
        Wide q_square;
        bool pair;
    };
    std::vector<WideCluster> clusters;
    const auto spectrum = wide.eigenvalues().eval();
    for (const std::complex<Wide>& l : spectrum) {
        fastest_ = std::max(fastest_, static_cast<double>(std::abs(l)));
        if (l.imag() == 0.0L) real.push_back(l.real());
        if (l.imag() > 0.0L) clusters.push_back({l.real(), -l.imag() * l.imag(), true});
    }
    std::sort(real.begin(), real.end());
    for (std::size_t first = 0; first < real.size();) {
        std::size_t last = first;
        const auto close = [&](Wide a, Wide b) {  // or both zero, to rounding
            return b - a <= std::max(nearly_equal * std::max(std::abs(a), std::abs(b)), 1e-12L * fastest_);
        };
        while (last + 1 < real.size() && close(real[last], real[last + 1])) ++last;
        const Wide half = 0.5L * (real[last] - real[first]);
        clusters.push_back({0.5L * (real[last] + real[first]), half * half, last > first});
        first = last + 1;
    }

    const auto n = A.rows();
    const WideMatrix I = WideMatrix::Identity(n, n);
    for (const WideCluster& own : clusters) {
        // L, the polynomial that vanishes on all other clusters: as a matrix, and at m + q as P + R q. Each
        // of its factors is scaled to about 1 at m.
        WideMatrix L = I;
        Wide P = 1.0L;
        Wide R = 0.0L;
        for (const WideCluster& other : clusters) {
            if (&other == &own) continue;
            const Wide distance = own.m - other.m;
            Wide a = distance;
            Wide b = 1.0L;
            WideMatrix factor = wide - other.m * I;
            if (other.pair) {
                a = distance * distance + own.q_square - other.q_square;
                b = 2.0L * distance;
                factor = (factor * factor - other.q_square * I).eval();
            }
            const Wide next = P + R * (b / a) * own.q_square;
            R = P * (b / a) + R;
            P = next;
            L = (L * (factor / a)).eval();
        }
        if (!own.pair) {
            add_matrix(A, L / P);
        } else {
            const Wide norm = P * P - R * R * own.q_square;
            const WideMatrix shifted = wide - own.m * I;
            const WideMatrix projection = L * (P / norm * I - R / norm * shifted);
            add_matrix(A, projection);
            add_matrix(A, projection * shifted);
        }
        clusters_.push_back({static_cast<double>(own.m), static_cast<double>(own.q_square), own.pair});
    }

    const double scale = fastest_ > 0.0 ? 1.0 / fastest_ : 1.0;
    for (const double t : {0.1 * scale, scale, 4.0 * scale}) {
        const Eigen::MatrixXd expected = by_squaring(A, t);
        if (!((exponential(t) - expected).lpNorm<Eigen::Infinity>() <=
              1e-9 * (1.0 + expected.lpNorm<Eigen::Infinity>()))) {
            throw ModelError(
                "three or more time constants are nearly equal: set one of them apart by more than 0.1 %");
        }
    }
}

void Propagator::evaluate(double t, std::span<double> phi) const {
    std::size_t j = 0;
    for (const Cluster& cluster : clusters_) {
        const double decay = cluster.m == 0.0 ? 1.0 : exp(cluster.m * t);
        if (!cluster.pair) {
            phi[j++] = decay;
            continue;
        }
        if (cluster.m * t < -700.0) {  // nothing is left of it, though its parts may be infinite
            phi[j++] = 0.0;
            phi[j++] = 0.0;
            continue;
        }
        const Pair pair = pair_functions(cluster.q_square, t);
        phi[j++] = decay * pair.c;
        phi[j++] = decay * pair.s;
    }
}

Propagator::Matrix Propagator::exponential(double t) const {
    std::array<double, most_functions> phi{};
    evaluate(t, phi);
    Matrix sum = Matrix::Zero(matrices_.front().rows(), matrices_.front().cols());
    for (std::size_t j = 0; j < functions(); ++j) sum += phi[j] * matrices_[j];
    return sum;
}

void Propagator::bounds_between(double from, double to, std::span<double> low, std::span<double> high) const {
    for (std::size_t j = 0; j < functions(); ++j) {
        if (low[j] > high[j]) std::swap(low[j], high[j]);
    }
    const double width = to - from;
    std::size_t j = 0;
    for (const Cluster& cluster : clusters_) {
        if (!cluster.pair) {
            ++j;
            continue;
        }
        // Between its ends a function leaves its chord by at most width^2/8 times its largest second
        // derivative, and C'' = (m^2 + q^2) C + 2 m q^2 S, S'' = 2 m C + (m^2 + q^2) S with |C| <= g, |S| <=
        // t g.
        const double m = std::abs(cluster.m);
        const double q = std::sqrt(std::abs(cluster.q_square));
        const double growth =
            exp((std::max(cluster.q_square > 0.0 ? q : 0.0, 0.0) + std::max(cluster.m, 0.0)) * to);
        const double c = ((m * m + q * q) + 2 * m * q * q * to) * growth;
        const double s = (2 * m + (m * m + q * q) * to) * growth;
        const double pad = width * width / 8;
        for (const double curvature : {c, s}) {
            low[j] -= pad * curvature;
            high[j] += pad * curvature;
            ++j;
        }
    }
}

void Propagator::bounds_from(double from, std::span<double> low, std::span<double> high) const {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    std::size_t j = 0;
    for (const Cluster& cluster : clusters_) {
        if (!cluster.pair) {
            low[j] = cluster.m == 0.0 ? 1.0 : 0.0;
            high[j] = cluster.m > 0.0 ? infinite : exp(cluster.m * from);
            ++j;
            continue;
        }
        // |C| <= exp(rate t), |S| <= t exp(rate t), which is largest at -1 / rate.
        const double rate = cluster.m + std::sqrt(std::max(cluster.q_square, 0.0));
        const double peak = std::max(from, -1.0 / rate);
        high[j] = rate < 0.0 ? exp(rate * from) : infinite;
        high[j + 1] = rate < 0.0 ? peak * exp(rate * peak) : infinite;
        for (int function = 0; function < 2; ++function, ++j)
            low[j] = cluster.q_square < 0.0 ? -high[j] : 0.0;
    }
}

void Propagator::differentiate(std::span<const double> k, std::span<double> derivative) const {
    std::size_t j = 0;
    for (const Cluster& cluster : clusters_) {
        if (!cluster.pair) {
            derivative[j] = cluster.m * k[j];
            ++j;
            continue;
        }
        // C' = m C + q^2 S and S' = C + m S.
        derivative[j] = cluster.m * k[j] + k[j + 1];
        derivative[j + 1] = cluster.q_square * k[j] + cluster.m * k[j + 1];
        j += 2;
    }
}

namespace {

using Functions = std::array<double, Propagator::most_functions>;

struct Search {
    const Propagator& propagator;
    std::span<const double> k;
    Functions derivative{};

    double sum(std::span<const double> coefficients, const Functions& phi) const {
        double sum = 0.0;
        for (std::size_t j = 0; j < k.size(); ++j) sum += coefficients[j] * phi[j];
        return sum;
    }

    std::optional<double> in(double a, const Functions& at_a, double b, const Functions& at_b) {
        Functions low = at_a;
        Functions high = at_b;
        propagator.bounds_between(a, b, low, high);
        double top = 0.0;
        double steepest = 0.0;
        double flattest = 0.0;
        for (std::size_t j = 0; j < k.size(); ++j) {
            top += std::max(k[j] * low[j], k[j] * high[j]);
            const double d = derivative[j];
            steepest += std::max(d * low[j], d * high[j]);
            flattest += std::min(d * low[j], d * high[j]);
        }
        if (top < 0.0 || steepest <= 0.0) return std::nullopt;
        const bool smallest = b - a < 0.5 * ms_per_tick;
        if (flattest > 0.0 || smallest) {
            if (sum(k, at_b) < 0.0) return std::nullopt;
            return smallest ? b : root(a, b, at_b);
        }
        const double middle = 0.5 * (a + b);
        Functions at_middle{};
        propagator.evaluate(middle, at_middle);
        if (const auto left = in(a, at_a, middle, at_middle)) return left;
        if (sum(k, at_middle) >= 0.0) return middle;
        return in(middle, at_middle, b, at_b);
    }

    /// f rises from below zero at a to zero or more at b, where the functions are `phi`: Newton, kept inside
    /// the bracket by bisection.
    double root(double a, double b, Functions phi) const {
        double t = b;
        for (int i = 0; i < 100; ++i) {
            const double f = sum(k, phi);
            (f < 0.0 ? a : b) = t;
            const double step = f / sum(derivative, phi);
            const double next = t - step;
            if (std::abs(step) < 0.25 * ms_per_tick) return std::clamp(next, a, b);
            t = next > a && next < b ? next : 0.5 * (a + b);
            if (b - a < 0.25 * ms_per_tick) return b;
            propagator.evaluate(t, phi);
        }
        return b;
    }
};

}  // namespace

std::optional<double> first_crossing(const Propagator& propagator, std::span<const double> k, double from,
                                     double to) {
    Functions at_from{};
    Functions at_to{};
    propagator.evaluate(from, at_from);
    propagator.evaluate(to, at_to);
    return first_crossing(propagator, k, from, at_from, to, at_to);
}

std::optional<double> first_crossing(const Propagator& propagator, std::span<const double> k, double from,
                                     std::span<const double> at_from, double to,
                                     std::span<const double> at_to) {
    Search search{propagator, k};
    propagator.differentiate(k, search.derivative);
    Functions begin{};
    Functions end{};
    std::copy_n(at_from.begin(), k.size(), begin.begin());
    std::copy_n(at_to.begin(), k.size(), end.begin());
    return search.in(from, begin, to, end);
}

Eigen::MatrixXd LinearDynamics::affine() const {
    const auto n = A.rows();
    Eigen::MatrixXd M = Eigen::MatrixXd::Zero(n + 1, n + 1);
    M.topLeftCorner(n, n) = A;
    M.topRightCorner(n, 1) = u;
    return M;
}

Eigen::MatrixXd LinearDynamics::affine_held() const {
    Eigen::MatrixXd M = affine();
    M.row(membrane).setZero();
    return M;
}

Eigen::VectorXd LinearDynamics::affine_readout() const {
    Eigen::VectorXd r(A.rows() + 1);
    r << readout, -threshold;
    return r;
}

}  // namespace apical
