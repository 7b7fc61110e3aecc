#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/exp.hpp"

/// Steps across many arrivals. What arrives within a step at a port is replaced by a straight line with the
/// same mean and the same first moment, so that an ordinary integration of high order takes the whole step;
/// what is left at the end of the step is exact. All is written without branches, for vectors of neurons.
namespace apical::leap {

/// All arrivals at one port in one step: sums of weight times powers of s, the share of the step that is
/// still to come when each arrives. Where arrivals do not decay the last power is not needed: `s3` then is
/// the sum of the weights' sizes.
struct Arrivals {
    double s0;
    double s1;
    double s2;
    double s3;
};

/// A straight line over a step.
struct Line {
    double middle;
    double half_rise;  ///< from the middle to the end
    double at(std::size_t half_steps) const {
        return half_steps == 0 ? middle - half_rise : (half_steps == 1 ? middle : middle + half_rise);
    }
};

/// What arrivals come to in a trace that decays by h/tau over the step. The moments of a decaying step are
/// expanded in h/tau; relative error below (h/tau)^4/3000.
class Decaying {
public:
    Decaying() = default;
    explicit Decaying(double h_over_tau) : half_decay(exp(-0.5 * h_over_tau)), decay(exp(-h_over_tau)) {
        const double x = h_over_tau;
        // s^4 is replaced by its best cubic on [0, 1], off by 1/128 at most.
        constexpr std::array economised{-1.0 / 128, 0.25, -1.25, 2.0};
        const auto with_fourth = [&](std::array<double, 4> c, double fourth) {
            for (std::size_t k = 0; k < c.size(); ++k) c[k] += fourth * economised[k];
            return c;
        };
        end_ = with_fourth({1.0, -x, x * x / 2, -x * x * x / 6}, x * x * x * x / 24);
        mean_ = with_fourth({0.0, 1.0, -x / 2, x * x / 6}, -x * x * x / 24);
        const std::array moment = with_fourth({0.0, 0.5, -0.5 - x / 4, x / 6 + x * x / 12}, -x * x / 24);
        for (std::size_t k = 0; k < moment.size(); ++k) slope_[k] = 6 * moment[k];
    }

    /// What is left of them at the end.
    [[gnu::always_inline]] double end(const Arrivals& a) const { return sum(end_, a); }
    [[gnu::always_inline]] Line line(const Arrivals& a) const { return {sum(mean_, a), sum(slope_, a)}; }

    double half_decay = 1.0;  ///< of the trace over half of the step
    double decay = 1.0;

private:
    [[gnu::always_inline]] static double sum(const std::array<double, 4>& c, const Arrivals& a) {
        return (c[0] * a.s0 + c[1] * a.s1) + (c[2] * a.s2 + c[3] * a.s3);
    }
    std::array<double, 4> end_{};
    std::array<double, 4> mean_{};
    std::array<double, 4> slope_{};
};

/// The same in a trace that does not decay.
[[gnu::always_inline]] inline Line lasting(const Arrivals& a) { return {a.s1, 3.0 * (a.s1 - a.s2)}; }

/// How far the integral of a line that replaces arrivals of total size `w` may run from the true one within
/// the step, in steps.
inline constexpr double largest_kink = 0.085;
/// The same for the second moment, over two: what the line leaves out of an integral with a kernel of that
/// curvature.
inline constexpr double largest_bend = 0.0081;
/// And for the mean square of what the line leaves out of a jump, in jumps squared.
inline constexpr double largest_variance = 1.0 / 12;

/// A step of the classical method of order 4, and what the slope at its end adds.
template <std::size_t n>
struct Step {
    std::array<double, n> end;
    std::array<double, n> first_slope;
    std::array<double, n> last_slope;
    std::array<double, n> error;  ///< signed: the distance to the embedded method of order 3
};

/// The half steps after which the slope is asked for, by stage; the last is for the slope at the end.
inline constexpr std::array<std::size_t, 5> half_steps{0, 1, 1, 2, 2};

namespace detail {

// Pack expansions, not loops: what is left of a loop in here would keep that over neurons from being
// vectorised.
template <std::size_t n, class Slope, std::size_t... i>
[[gnu::always_inline]] inline Step<n> step(Slope& slope, const std::array<double, n>& y, double h,
                                           std::index_sequence<i...>) {
    using State = std::array<double, n>;
    const State k1 = slope(0, y);
    const State k2 = slope(1, State{(y[i] + 0.5 * h * k1[i])...});
    const State k3 = slope(2, State{(y[i] + 0.5 * h * k2[i])...});
    const State k4 = slope(3, State{(y[i] + h * k3[i])...});
    const State end{(y[i] + (h / 6) * ((k1[i] + k4[i]) + 2 * (k2[i] + k3[i])))...};
    const State k5 = slope(4, end);
    return {{end[i]...}, {k1[i]...}, {k5[i]...}, {((h / 6) * (k4[i] - k5[i]))...}};
}

}  // namespace detail

/// `slope(stage, y)` is the time derivative at a stage.
template <std::size_t n, class Slope>
[[gnu::always_inline]] inline Step<n> step(Slope& slope, const std::array<double, n>& y, double h) {
    return detail::step<n>(slope, y, h, std::make_index_sequence<n>{});
}

/// A function of a variable at the stages: the second time at one time, its tangent does. The variable has
/// moved by what the method's order takes care of, and an exponential is half of the cost of a stage.
struct Tangent {
    double at = 0.0;
    double value = 0.0;
    double derivative = 0.0;

    [[gnu::always_inline]] double operator()(double x) const { return value + derivative * (x - at); }
};

/// What the cubic through both ends with these slopes does not exceed.
[[gnu::always_inline]] inline double bound(double begin, double first_slope, double end, double last_slope,
                                           double h) {
    const double rise = end - begin;
    const double bend = h * first_slope - rise;
    const double skew = rise - h * last_slope - bend;
    return std::max(begin, end) + 0.25 * (std::abs(bend) + std::abs(skew));
}

/// [ms] What a leap may last with a tolerance [mV] and synapses of `tau_syn` [ms]: longer ones would often
/// miss the tolerance, and then cost more than they save.
inline double longest(double tolerance, double tau_syn) {
    constexpr double most = 2.0;
    return std::min({0.8 * std::sqrt(std::sqrt(tolerance / 1e-2)), 0.2 * tau_syn, most});
}

/// x, or zero once it is beyond any effect, since subnormal numbers are slow.
[[gnu::always_inline]] inline double faded(double x) { return std::abs(x) > 1e-100 ? x : 0.0; }

}  // namespace apical::leap
