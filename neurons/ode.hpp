#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <boost/math/tools/toms748_solve.hpp>

#include "core/exp.hpp"
#include "core/time.hpp"

/// Error-controlled integration of the small non-linear systems between a neuron's inputs, without
/// allocation: the embedded pair of order 5(4) of Dormand & Prince (1980), J. Comput. Appl. Math. 6:19, with
/// the continuous extension of order 4 of Hairer, Norsett & Wanner (1993), Solving Ordinary Differential
/// Equations I, section II.6.
namespace apical::ode {

template <std::size_t n>
using Vector = std::array<double, n>;

/// The times within a step, in steps, at which a right-hand side is asked for.
inline constexpr std::array<double, 6> nodes{0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0};

/// e^(-c h/tau) at the nodes c, for h/tau: from one exponential, since all nodes are ninetieths; to 1e-14.
[[gnu::always_inline]] inline std::array<double, nodes.size()> decay_at_nodes(double h_over_tau) {
    const double x1 = exp(h_over_tau * (-1.0 / 90));
    const double x2 = x1 * x1;
    const double x4 = x2 * x2;
    const double x8 = x4 * x4;
    const double x9 = x8 * x1;
    const double x18 = x9 * x9;
    const double x36 = x18 * x18;
    const double x72 = x36 * x36;
    return {1.0, x18, x18 * x9, x72, x72 * x8, x72 * x18};
}

/// x after a decay by `factor`; zero once it is beyond any effect, since subnormal numbers are slow.
inline double faded(double x, double factor) {
    const double rest = x * factor;
    return std::abs(rest) > 1e-100 ? rest : 0.0;
}

/// One step of h [ms].
template <std::size_t n>
struct Step {
    double h;
    Vector<n> begin;
    Vector<n> end;
    std::array<Vector<n>, 7> slope;  ///< at the stages; the first at the begin, the last at the end
    bool lost = false;               ///< even the shortest step misses the tolerance

    /// Variable i after x steps, 0 <= x <= 1.
    double at(std::size_t i, double x) const {
        const auto [rise, bend, skew, quartic] = shape(i);
        return begin[i] + x * (rise + (1 - x) * (bend + x * (skew + (1 - x) * quartic)));
    }

    /// What variable i, as `at` gives it, does not exceed.
    double bound(std::size_t i) const {
        const auto [rise, bend, skew, quartic] = shape(i);
        return std::max(begin[i], end[i]) + 0.25 * (std::abs(bend) + std::abs(skew)) +
               0.0625 * std::abs(quartic);
    }

    /// The estimated error of variable i.
    double error(std::size_t i) const {
        constexpr std::array e{71.0 / 57600,      0.0,        -71.0 / 16695, 71.0 / 1920,
                               -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
        return std::abs(h * weighted(e, i));
    }

private:
    double weighted(const std::array<double, 7>& weights, std::size_t i) const {
        double sum = weights[0] * slope[0][i];
#pragma GCC unroll 8
        for (std::size_t k = 2; k < 7; ++k) sum += weights[k] * slope[k][i];  // the second has no weight
        return sum;
    }

    std::array<double, 4> shape(std::size_t i) const {
        constexpr std::array d{-12715105075.0 / 11282082432,  0.0,
                               87487479700.0 / 32700410799,   -10690763975.0 / 1880347072,
                               701980252875.0 / 199316789632, -1453857185.0 / 822651844,
                               69997945.0 / 29380423};
        const double rise = end[i] - begin[i];
        const double bend = h * slope[0][i] - rise;
        return {rise, bend, rise - h * slope[6][i] - bend, h * weighted(d, i)};
    }
};

/// y + h times the weighted slopes of the first stages.
template <std::size_t n, std::size_t stages>
Vector<n> along(const Vector<n>& y, double h, const std::array<Vector<n>, 7>& slope,
                const std::array<double, stages>& weights) {
    Vector<n> result;
#pragma GCC unroll 8
    for (std::size_t i = 0; i < n; ++i) {
        result[i] = y[i];
#pragma GCC unroll 8
        for (std::size_t k = 0; k < stages; ++k) result[i] += (h * weights[k]) * slope[k][i];
    }
    return result;
}

/// A step of h from y. `flow.span(h)` prepares it for a step of h; then `flow(node, y)` is the time
/// derivative of y at a node of this step.
template <std::size_t n, class Flow>
Step<n> dormand_prince(Flow& flow, const Vector<n>& y, double h) {
    flow.span(h);
    Step<n> s{h, y, {}, {}, false};
    auto& k = s.slope;
    k[0] = flow(0, y);
    k[1] = flow(1, along(y, h, k, std::array{1.0 / 5}));
    k[2] = flow(2, along(y, h, k, std::array{3.0 / 40, 9.0 / 40}));
    k[3] = flow(3, along(y, h, k, std::array{44.0 / 45, -56.0 / 15, 32.0 / 9}));
    k[4] = flow(4, along(y, h, k, std::array{19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729}));
    k[5] = flow(
        5,
        along(y, h, k, std::array{9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656}));
    s.end = along(y, h, k, std::array{35.0 / 384, 0.0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84});
    k[6] = flow(5, s.end);
    return s;
}

/// What to try first.
inline constexpr double first_step = 0.5;  // [ms]
/// Steps are not made longer, even where little happens, lest an excursion above threshold be overlooked.
inline constexpr double longest_step = 5.0;  // [ms]
/// A quarter of a tick, what a crossing is known to. Steps are not made shorter to please the tolerance.
inline constexpr double shortest_step = 0.25 * ms_per_tick;

/// How many steps may be spent on a time [ms]: where a conductance or a current is so large that more are
/// needed, nothing would end.
class StepBudget {
public:
    explicit StepBudget(double time) : left_(most_in_a_ms * (1.0 + time)) {}
    static constexpr double most_in_a_ms = 20000.0;

    /// Takes one more; false if there is none.
    bool take() { return (left_ -= 1.0) >= 0.0; }

private:
    double left_;
};

/// A step of at most `longest` [ms] that keeps the sum of the estimated errors, each over its tolerance,
/// below one. `guess` is the length to try, and becomes that for the next step.
template <std::size_t n, class Flow>
Step<n> controlled_step(Flow& flow, const Vector<n>& y, const Vector<n>& tolerance, double longest,
                        double& guess) {
    double h = std::min(longest, guess);
    while (true) {
        Step<n> step = dormand_prince(flow, y, h);
        double error = 0.0;
        for (std::size_t i = 0; i < n; ++i) error += step.error(i) / tolerance[i];
        step.lost = error > 1.0;
        const bool accepted = error <= 1.0 || h <= shortest_step;
        // A step that was cut by the next input says little about the length to try.
        if (!accepted || h == guess) {
            const double wanted = error < 1e10 ? 0.9 * exp(-0.2 * log(error + 1e-10)) : 0.1;
            guess = std::clamp(h * std::clamp(wanted, 0.1, 5.0), shortest_step, longest_step);
        }
        if (accepted) return step;
        h = std::min(h, guess);
    }
}

/// The first x in (0, 1] with gap(x) >= 0, where gap(0) < 0, to within `resolution`; gap(x) >= 0 at the
/// result. Sees excursions above zero that last an eighth of the interval, and shorter ones if they surround
/// the maximum that the eighths show.
template <class Gap>
std::optional<double> first_crossing(const Gap& gap, double resolution) {
    constexpr int pieces = 8;
    double best = gap(1.0);
    double peak = 1.0;
    double high = 0.0;
    double last = gap(0.0);
    double rise = 0.0;
    double bend = 0.0;  // the largest second difference
    for (int i = 1; i <= pieces && high == 0.0; ++i) {
        const double x = static_cast<double>(i) / pieces;
        const double value = i < pieces ? gap(x) : best;
        if (value >= 0.0) high = x;
        if (value > best) {
            best = value;
            peak = x;
        }
        if (i > 1) bend = std::max(bend, std::abs(value - last - rise));
        rise = value - last;
        last = value;
    }
    // Between two samples a parabola rises above them by an eighth of that; with a fourfold margin.
    if (high == 0.0 && best + 0.5 * bend < 0.0) return std::nullopt;
    // The excursion's top, by ternary search around the highest sample.
    double left = peak - 1.0 / pieces;
    double right = std::min(peak + 1.0 / pieces, 1.0);
    for (int i = 0; i < 24 && high == 0.0; ++i) {
        const double third = (right - left) / 3;
        const double a = gap(left + third);
        const double b = gap(right - third);
        if (std::max(a, b) >= 0.0) high = a >= 0.0 ? left + third : right - third;
        (a < b ? left : right) = a < b ? left + third : right - third;
    }
    if (high == 0.0) return std::nullopt;
    double low = std::max(high - 1.0 / pieces, 0.0);
    double gap_low = gap(low);
    if (gap_low >= 0.0) {
        low = 0.0;
        gap_low = gap(low);
    }
    const double gap_high = gap(high);
    if (high - low <= resolution || gap_low >= 0.0 || gap_high <= 0.0) return high;
    std::uintmax_t evaluations = 100;
    return boost::math::tools::toms748_solve(
               gap, low, high, gap_low, gap_high,
               [resolution](double a, double b) { return b - a <= resolution; }, evaluations)
        .second;
}

/// Where a step comes to: its end, or the first crossing in it.
template <std::size_t n>
struct Landing {
    double time;  ///< [ms] from the step's begin
    Vector<n> y;
    bool crossed;
};

/// What has passed of the time asked for.
struct Passage {
    double time;   ///< [ms]
    bool crossed;  ///< the threshold has been reached, if that was looked for
    bool lost;     ///< and it cannot be followed: a rate is too fast even for the shortest step
};

/// A crossing on the continuous extension, of order 4, made as accurate as a step: the step again, but only
/// up to there, and one step of Newton. `gap(part)` is what crosses zero upwards near `time`, and its time
/// derivative, at the end of a step.
template <std::size_t n, class Flow, class Gap>
Landing<n> land(Flow& flow, const Step<n>& step, double time, const Gap& gap) {
    const Step<n> part = dormand_prince(flow, step.begin, time);
    const auto [height, slope] = gap(part);
    const double room = std::min(time, step.h - time);
    const double late = slope > 0.0 ? std::clamp(height / slope, -room, room) : 0.0;
    Landing<n> landing{time - late, part.end, true};
    for (std::size_t i = 0; i < n; ++i) landing.y[i] -= late * part.slope[6][i];
    return landing;
}

/// The end of a step, or the first crossing in it: `gap(x)` crosses zero upwards after x steps, `rise(part)`
/// is as for land(). Leaves `flow` prepared for the time up to there.
template <std::size_t n, class Flow, class Gap, class Rise>
Landing<n> end_or_crossing(Flow& flow, const Step<n>& step, const Gap& gap, const Rise& rise) {
    const auto x = first_crossing(gap, shortest_step / step.h);
    if (!x) return {step.h, step.end, false};
    const Landing<n> landing = land(flow, step, *x * step.h, rise);
    flow.span(landing.time);
    return landing;
}

}  // namespace apical::ode
