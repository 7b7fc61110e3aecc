#include "neurons/linear.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "core/error.hpp"

namespace apical {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

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

/// sinh(x) / x and, of a pair, sin(x) / x, where z = x^2 or -x^2: the series to z^7, remainder below 1e-17.
double over_angle(double z) {
    return 1 +
           z / 6 * (1 + z / 20 * (1 + z / 42 * (1 + z / 72 * (1 + z / 110 * (1 + z / 156 * (1 + z / 210))))));
}
constexpr double end_of_series = 0.25;  // of z

/// t^j / j! exp(rate t), which bounds |phi_j(t)| if no eigenvalue has a larger real part.
double envelope(std::size_t j, double rate, double t) {
    double value = exp(rate * t);
    for (std::size_t i = 1; i <= j; ++i) value *= t / static_cast<double>(i);
    return value;
}

/// The largest on [from, to], where `to` may be infinite.
double highest_envelope(std::size_t j, double rate, double from, double to) {
    if (rate < 0.0) return envelope(j, rate, std::clamp(-static_cast<double>(j) / rate, from, to));
    return to < infinite ? envelope(j, rate, to) : infinite;
}

}  // namespace

Propagator::Propagator(const Eigen::MatrixXd& A) {
    if (A.rows() > static_cast<Eigen::Index>(most_functions))
        throw ModelError("a linear neuron has at most 11 variables");
    for (SpectralCluster& cluster : spectral_clusters(A)) {
        append(cluster.values);
        std::move(cluster.parts.begin(), cluster.parts.end(), std::back_inserter(matrices_));
    }
}

void Propagator::append(const std::vector<Eigenvalue>& values) {
    Cluster cluster{functions(), functions(), true, infinite, -infinite, 0.0};
    double widest = 0.0;
    for (const Eigenvalue& value : values) {
        rate_[cluster.end] = value.m;
        const double q = std::sqrt(std::max(-value.q_square, 0.0));
        if (q > 0.0) {
            cluster.real = false;
            coupling_[cluster.end++] = value.q_square;
            rate_[cluster.end] = value.m;
        }
        ++cluster.end;
        widest = std::max(widest, q);
        cluster.lowest = std::min(cluster.lowest, value.m);
        cluster.highest = std::max(cluster.highest, value.m);
        fastest_ = std::max(fastest_, std::sqrt(value.m * value.m + q * q));
    }
    cluster.width = cluster.highest - cluster.lowest + widest;
    clusters_.push_back(cluster);
}

void Propagator::evaluate(double t, std::span<double> phi) const {
    for (const Cluster& cluster : clusters_) {
        const std::size_t j = cluster.begin;
        if (cluster.size() == 1) {
            phi[j] = rate_[j] == 0.0 ? 1.0 : exp(rate_[j] * t);
        } else if (cluster.size() == 2) {
            evaluate_two(cluster, t, phi);
        } else {
            evaluate_many(cluster, t, phi);
        }
    }
}

void Propagator::evaluate_two(const Cluster& cluster, double t, std::span<double> phi) const {
    const double m = 0.5 * (cluster.lowest + cluster.highest);
    double& first = phi[cluster.begin];
    double& second = phi[cluster.begin + 1];
    if (!cluster.real) {
        const double decay = exp(m * t);
        const double q = std::sqrt(-coupling_[cluster.begin]);
        const double x = q * t;
        const auto [sine, cosine] = sine_cosine(x);
        first = decay * cosine;
        second = decay * (x * x < end_of_series ? t * over_angle(-x * x) : sine / q);
        return;
    }
    first = exp(cluster.lowest * t);
    if (cluster.width == 0.0) {
        second = t * first;
        return;
    }
    const double x = 0.5 * cluster.width * t;
    second = x * x < end_of_series ? exp(m * t) * t * over_angle(x * x)
                                   : (exp(cluster.highest * t) - first) / cluster.width;
}

/// Shifted so that no eigenvalue adds to growth, and by a Taylor series of a part of t that is doubled as
/// often as needed. All entries of the exponential of a real cluster have the sign of t^(i-j): nothing
/// cancels.
void Propagator::evaluate_many(const Cluster& cluster, double t, std::span<double> phi) const {
    const double shift = t < 0.0 ? cluster.lowest : cluster.highest;
    const double decay = exp(shift * t);
    const std::size_t n = cluster.size();
    double h = t;
    int doublings = 0;
    for (; cluster.width * std::abs(h) > 0.5; ++doublings) h *= 0.5;
    Functions x = column(cluster, shift, h, 0);
    if (doublings > 0) {
        std::array<Functions, most_functions> E{x};
        for (std::size_t j = 1; j < n; ++j) E[j] = column(cluster, shift, h, j);
        const auto apply = [&](const Functions& v) {
            Functions sum{};
            for (std::size_t j = 0; j < n; ++j) {
                for (std::size_t i = 0; i < n; ++i) sum[i] += E[j][i] * v[j];
            }
            return sum;
        };
        for (; doublings > 1; --doublings) {
            std::array<Functions, most_functions> square{};
            for (std::size_t j = 0; j < n; ++j) square[j] = apply(E[j]);
            E = square;
        }
        x = apply(E[0]);
    }
    for (std::size_t j = 0; j < n; ++j) phi[cluster.begin + j] = decay * x[j];
}

Propagator::Functions Propagator::column(const Cluster& cluster, double shift, double h,
                                         std::size_t which) const {
    // The first n - 1 powers fill the column; in those that follow each entry shrinks by 0.5 / power at
    // least.
    constexpr std::size_t series = 15;
    const std::size_t n = cluster.size();
    Functions sum{};
    Functions term{};
    sum[which] = term[which] = 1.0;
    for (std::size_t power = 1; power < n + series; ++power) {
        const double step = h / static_cast<double>(power);
        double before = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t j = cluster.begin + i;
            double next = (rate_[j] - shift) * term[i] + before;
            if (i + 1 < n) next += coupling_[j] * term[i + 1];
            before = term[i];
            term[i] = step * next;
            sum[i] += term[i];
        }
    }
    return sum;
}

Propagator::Matrix Propagator::exponential(double t) const {
    Functions phi{};
    evaluate(t, phi);
    Matrix sum = Matrix::Zero(matrices_.front().rows(), matrices_.front().cols());
    for (std::size_t j = 0; j < functions(); ++j) sum += phi[j] * matrices_[j];
    return sum;
}

void Propagator::bounds_between(double from, double to, std::span<double> low, std::span<double> high) const {
    for (const Cluster& cluster : clusters_) {
        if (cluster.real) {
            bound_real(cluster, from, to, low, high);
        } else {
            bound_complex(cluster, from, to, low, high);
        }
    }
}

/// Whether phi_j of a cluster of real eigenvalues falls from here on: these functions are convolutions of
/// exponentials, hence log-concave, with one peak.
bool Propagator::falls(const Cluster& cluster, std::size_t j, std::span<const double> phi) const {
    return phi[j] > 0.0 && rate_[j] * phi[j] + (j > cluster.begin ? phi[j - 1] : 0.0) <= 0.0;
}

void Propagator::bound_real(const Cluster& cluster, double from, double to, std::span<double> low,
                            std::span<double> high) const {
    constexpr double tiny = 1e-150;  // and too small to be compared
    for (std::size_t j = cluster.end; j-- > cluster.begin;) {
        const double begin = low[j];
        const double end = high[j];
        const bool is_peak_inside =
            j > cluster.begin && !falls(cluster, j, low) && (falls(cluster, j, high) || end < tiny);
        if (begin > end) std::swap(low[j], high[j]);
        if (!is_peak_inside) continue;
        high[j] = highest_envelope(j - cluster.begin, cluster.highest, from, to);
        if (begin < tiny || end < tiny) continue;
        // The function lies below the tangents of its logarithm: at most where they meet.
        const double rise = rate_[j] + low[j - 1] / begin;
        const double fall = -(rate_[j] + high[j - 1] / end);
        const double before_end = (log(begin / end) + rise * (to - from)) / (rise + fall);
        high[j] = std::min(high[j], end * exp(fall * before_end) * (1.0 + 1e-14));
    }
}

/// Between its ends a function leaves its chord by at most width^2/8 times its largest second derivative, and
/// phi'' = K^2 phi.
void Propagator::bound_complex(const Cluster& cluster, double from, double to, std::span<double> low,
                               std::span<double> high) const {
    const double decay = highest_envelope(0, cluster.highest, from, to);
    Functions most{};  // of |phi|, then of |K| |phi|, then of |K|^2 |phi|
    for (std::size_t j = cluster.begin; j < cluster.end; ++j)
        most[j] = envelope(j - cluster.begin, 0.0, to) * decay;
    for (int i = 0; i < 2; ++i) {
        double before = 0.0;
        for (std::size_t j = cluster.begin; j < cluster.end; ++j) {
            double next = std::abs(rate_[j]) * most[j] + before;
            if (j + 1 < cluster.end) next += std::abs(coupling_[j]) * most[j + 1];
            before = most[j];
            most[j] = next;
        }
    }
    const double pad = (to - from) * (to - from) / 8;
    for (std::size_t j = cluster.begin; j < cluster.end; ++j) {
        if (low[j] > high[j]) std::swap(low[j], high[j]);
        low[j] -= pad * most[j];
        high[j] += pad * most[j];
    }
}

void Propagator::bounds_from(double from, std::span<double> low, std::span<double> high) const {
    Functions at_from{};
    evaluate(from, at_from);
    for (const Cluster& cluster : clusters_) {
        for (std::size_t j = cluster.begin; j < cluster.end; ++j) {
            if (cluster.real && falls(cluster, j, at_from)) {
                low[j] = rate_[j] == 0.0 ? at_from[j] : 0.0;  // does not even fall
                high[j] = at_from[j];
            } else {
                high[j] = highest_envelope(j - cluster.begin, cluster.highest, from, infinite);
                low[j] = cluster.real ? 0.0 : -high[j];
            }
        }
    }
}

void Propagator::differentiate(std::span<const double> k, std::span<double> derivative) const {
    for (const Cluster& cluster : clusters_) {
        for (std::size_t j = cluster.begin; j < cluster.end; ++j) {
            derivative[j] = rate_[j] * k[j];
            if (j + 1 < cluster.end) derivative[j] += k[j + 1];
            if (j > cluster.begin) derivative[j] += coupling_[j - 1] * k[j - 1];
        }
    }
}

namespace {

using Functions = Propagator::Functions;

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
        if (!(top >= 0.0 && steepest > 0.0)) return std::nullopt;  // also if one is not a number
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

double back_to_threshold(const Propagator& propagator, std::span<const double> k, double beyond, double from,
                         double t) {
    Search search{propagator, k};
    propagator.differentiate(k, search.derivative);
    Functions phi{};
    double low = from;
    double high = t;
    // Newton, kept inside the bracket by bisection; as a rule one step of a fraction of a tick.
    while (high - low > 0.25 * ms_per_tick) {
        propagator.evaluate(t, phi);
        const double f = beyond + search.sum(k, phi);
        (f < 0.0 ? low : high) = t;
        const double step = f / search.sum(search.derivative, phi);
        if (std::abs(step) < 0.25 * ms_per_tick) return std::clamp(t - step, from, high);
        const double next = t - step;
        t = next > low && next < high ? next : 0.5 * (low + high);
    }
    return high;
}

ThresholdMargins LinearDynamics::margins() const {
    const double rate = std::max(-A(membrane, membrane), 0.0);
    const double asymptote = rate > 0.0 ? u[membrane] / rate : 0.0;
    return threshold_margins({threshold, V_reset, asymptote}, rate);
}

void LinearDynamics::settle(std::span<double> x) const {
    const ThresholdMargins m = margins();
    double height = -threshold;
    for (Eigen::Index i = 0; i < readout.size(); ++i) height += readout[i] * x[static_cast<std::size_t>(i)];
    const double beyond = 2.0 * m.drift;
    if (height >= -m.arrival && height < beyond)
        x[static_cast<std::size_t>(membrane)] += (beyond - height) / readout[membrane];
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
    r << readout, -(threshold + margins().drift);
    return r;
}

}  // namespace apical
