#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "neurons/model.hpp"
#include "neurons/spectrum.hpp"
#include "neurons/threshold.hpp"

namespace apical {

/// exp(A t) in closed form: a sum of a few scalar functions of t, each times a constant matrix,
///
///     exp(A t) = sum_j phi_j(t) Z_j .
///
/// A real eigenvalue l that lies apart from all others contributes exp(l t). Of k eigenvalues that are close,
/// equal or complex (spectrum.hpp) the functions are divided differences of exp(l t) at them, which have no
/// singular limit:
///
///     phi_0' = l_0 phi_0,   phi_j' = l_j phi_j + phi_(j-1),   phi(0) = (1, 0, 0...) .
///
/// A conjugate pair m +- q takes two, phi_j' = m phi_j + phi_(j-1) + q^2 phi_(j+1) and phi_(j+1)' = m
/// phi_(j+1) + phi_j; alone these are exp(m t) cos(|q| t) and exp(m t) sin(|q| t) / |q|.
class Propagator {
public:
    static constexpr std::size_t most_functions = 12;  ///< more than any neuron model here needs
    /// As large as `A`, and never on the heap.
    using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor,
                                 static_cast<int>(most_functions), static_cast<int>(most_functions)>;
    using Functions = std::array<double, most_functions>;

    /// `A` [1/ms], square. Throws ModelError if it has more than `most_functions` rows.
    explicit Propagator(const Eigen::MatrixXd& A);

    std::size_t size() const { return static_cast<std::size_t>(matrices_.front().rows()); }
    std::size_t functions() const { return matrices_.size(); }
    const Eigen::MatrixXd& matrix(std::size_t function) const { return matrices_[function]; }

    /// The largest modulus of an eigenvalue [1/ms].
    double fastest() const { return fastest_; }

    /// phi_j(t) for t [ms] of either sign.
    void evaluate(double t, std::span<double> phi) const;

    Matrix exponential(double t) const;

    /// Lower and upper bounds of each phi_j on [from, to], 0 <= from <= to, into `low` and `high`, which are
    /// phi_j(from) and phi_j(to) at first. Real eigenvalues have functions that rise to one peak and fall:
    /// the bounds are exact unless it lies inside. Those of complex ones are padded by their curvature.
    void bounds_between(double from, double to, std::span<double> low, std::span<double> high) const;

    /// The same on [from, infinity): infinite for functions that grow.
    void bounds_from(double from, std::span<double> low, std::span<double> high) const;

    /// The coefficients of d/dt sum_j k_j phi_j(t), which is a sum of the same functions.
    void differentiate(std::span<const double> k, std::span<double> derivative) const;

private:
    /// Functions [begin, end) of close eigenvalues.
    struct Cluster {
        std::size_t begin;
        std::size_t end;
        bool real;
        double lowest;   ///< [1/ms] real part of an eigenvalue
        double highest;  ///< [1/ms]
        double width;    ///< [1/ms] most by which an eigenvalue differs from either
        std::size_t size() const { return end - begin; }
    };
    void append(const std::vector<Eigenvalue>& values);
    void evaluate_two(const Cluster& cluster, double t, std::span<double> phi) const;
    void evaluate_many(const Cluster& cluster, double t, std::span<double> phi) const;
    /// A column of exp((K - shift) h), where phi' = K phi.
    Functions column(const Cluster& cluster, double shift, double h, std::size_t which) const;
    bool falls(const Cluster& cluster, std::size_t j, std::span<const double> phi) const;
    void bound_real(const Cluster& cluster, double from, double to, std::span<double> low,
                    std::span<double> high) const;
    void bound_complex(const Cluster& cluster, double from, double to, std::span<double> low,
                       std::span<double> high) const;

    std::vector<Cluster> clusters_;
    Functions rate_{};      ///< by function j: the part of phi_j in phi_j',
    Functions coupling_{};  ///< and that of phi_(j+1), which is zero but in the first of a pair
    std::vector<Eigen::MatrixXd> matrices_;
    double fastest_ = 0.0;
};

/// The first time t in (from, to] at which f(t) = sum_j k_j phi_j(t) reaches zero from below, given f(from) <
/// 0: branch and bound, then Newton inside a bracket. No crossing is missed: an interval is dropped only if a
/// bound excludes one.
std::optional<double> first_crossing(const Propagator& propagator, std::span<const double> k, double from,
                                     double to);
/// The same, where phi_j at both ends are known.
std::optional<double> first_crossing(const Propagator& propagator, std::span<const double> k, double from,
                                     std::span<const double> at_from, double to,
                                     std::span<const double> at_to);

/// The time in [from, t] of the crossing itself, given that f = sum_j k_j phi_j, whose zero lies `beyond`
/// above it, crosses zero at t.
double back_to_threshold(const Propagator& propagator, std::span<const double> k, double beyond, double from,
                         double t);

/// What a linear neuron is between and at its spikes, for a state x of n variables:
///
///     dx/dt = A x + u;   an arrival of weight w on port p:  x += w gains[:, p]
///     spike when readout . x >= threshold:   x[membrane] = V_reset, held there for t_ref;   x += jump
///
/// When a threshold is reached, neurons/threshold.hpp says.
///
/// The engine delivers to it without a visit for each synapse (simulator/linear_population.hpp), or visits it
/// through LinearNeuron; both give the same spikes.
struct LinearDynamics {
    Eigen::MatrixXd A;        ///< n x n [1/ms]
    Eigen::VectorXd u;        ///< n, per ms
    Eigen::MatrixXd gains;    ///< n x ports
    Eigen::VectorXd readout;  ///< n
    double threshold = 0.0;   ///< [mV]
    Eigen::Index membrane = 0;
    double V_reset = 0.0;  ///< [mV]
    Eigen::VectorXd jump;  ///< n, the membrane's is zero
    double t_ref = 0.0;    ///< [ms]

    ThresholdMargins margins() const;
    /// [mV] By how much inputs on a port move what is compared with the threshold, at once and for a weight
    /// of one.
    double lift(std::size_t port) const { return readout.dot(gains.col(static_cast<Eigen::Index>(port))); }
    /// Moves the membrane across the threshold if it is there to rounding, as an input has left it or a value
    /// has set it: it fires now.
    void settle(std::span<double> x) const;

    /// The same with one more variable, the constant 1, which absorbs u and the threshold: dy/dt = M y, and a
    /// drift has crossed when r . y >= 0.
    Eigen::MatrixXd affine() const;
    /// affine() with the membrane held.
    Eigen::MatrixXd affine_held() const;
    Eigen::VectorXd affine_readout() const;
};

/// A model that only says what it is. State has its n variables first and then `refractory`.
template <class M>
concept LinearModel = Declared<M> && requires(const M model) {
    { model.linear() } -> std::same_as<LinearDynamics>;
};

/// The state of a linear model of N variables.
template <std::size_t N>
struct LinearState {
    std::array<double, N> x;
    double refractory;  ///< [ms] left of the refractory period
};

/// Any linear model as one with `advance` and `receive`: the visiting loop's door.
template <LinearModel M>
class LinearNeuron {
public:
    using State = typename M::State;
    static constexpr std::string_view name = M::name;
    static constexpr auto fields = M::fields;
    static constexpr auto ports = M::ports;
    static constexpr auto variables = M::variables;

    explicit LinearNeuron(const M& model)
        : initial_(model.initial()),
          dynamics_(model.linear()),
          free_(dynamics_.affine()),
          held_(dynamics_.affine_held()),
          membrane_(static_cast<std::size_t>(dynamics_.membrane)),
          margins_(dynamics_.margins()) {
        dynamics_.t_ref = ms(ticks(dynamics_.t_ref));  // as the other loops have it
        const Eigen::VectorXd readout = dynamics_.affine_readout();
        for (std::size_t j = 0; j < free_.functions(); ++j)
            readouts_.emplace_back(free_.matrix(j).transpose() * readout);
        for (std::size_t p = 0; p < ports.size(); ++p) lifts_[p] = dynamics_.lift(p);
    }

    State initial() const { return initial_; }
    double fastest() const { return free_.fastest(); }  ///< [1/ms] of its rates

    void receive(State& s, std::size_t port, double weight) const {
        const bool held = s.refractory > 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            if (i == membrane_ && held) continue;
            s.x[i] += weight * dynamics_.gains(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(port));
        }
        if (!held && weight * lifts_[port] > 0.0) dynamics_.settle(s.x);
    }

    /// Sets a variable to a value.
    void set(State& s, std::size_t variable, double value) const {
        if (variable == n) {
            s.refractory = value;
            return;
        }
        s.x[variable] = value;
        if (variable == membrane_ && s.refractory == 0.0) dynamics_.settle(s.x);
    }

    std::optional<Emission> advance(State& s, double dt) const {
        double blocked = 0.0;
        if (s.refractory > 0.0) {
            s.x[membrane_] = dynamics_.V_reset;  // it stays there, whatever it was set to
            if (s.refractory > dt + ms(rounding)) {
                propagate(held_, s, dt);
                s.refractory -= dt;
                return std::nullopt;
            }
            // What is due within the rounding of times is due now, and on the same path: it passes V_reset as
            // refractoriness ends.
            propagate(held_, s, s.refractory);
            if (s.refractory > dt) propagate(free_, s, dt - s.refractory);
            blocked = s.refractory < dt ? s.refractory : dt;
            s.refractory = 0.0;
        }
        std::array<double, most_functions> k{};
        double now = 0.0;
        double size = 0.0;
        for (std::size_t j = 0; j < free_.functions(); ++j) k[j] = dot(readouts_[j], s);
        std::array<double, most_functions> phi{};
        free_.evaluate(0.0, phi);
        for (std::size_t j = 0; j < free_.functions(); ++j) {
            now += k[j] * phi[j];
            size += std::abs(k[j] * phi[j]);
        }
        if (!(size < largest_potential)) {
            constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
            return Emission{std::isnan(size) ? not_a_number : lost_in_rounding};
        }
        if (now >= 0.0) {
            spike(s);
            return Emission{blocked};
        }
        const double left = dt - blocked;
        const std::span<const double> drift(k.data(), free_.functions());
        if (const auto passed = first_crossing(free_, drift, 0.0, left)) {
            const double crossing = back_to_threshold(free_, drift, margins_.drift, 0.0, *passed);
            // Up to the tick at which the spike is recorded: the currents go on through the rounding.
            const double at = std::min(ms(ticks_up(blocked + crossing)), dt);
            propagate(free_, s, at - blocked);
            spike(s);
            return Emission{at};
        }
        propagate(free_, s, left);
        return std::nullopt;
    }

private:
    static constexpr std::size_t n = std::tuple_size_v<decltype(State::x)>;
    static constexpr std::size_t most_functions = n + 1;

    static double dot(const Eigen::VectorXd& row, const State& s) {
        double sum = row[static_cast<Eigen::Index>(n)];
        for (std::size_t i = 0; i < n; ++i) sum += row[static_cast<Eigen::Index>(i)] * s.x[i];
        return sum;
    }

    static void propagate(const Propagator& propagator, State& s, double dt) {
        std::array<double, most_functions> phi{};
        propagator.evaluate(dt, phi);
        State next = s;
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0.0;
            for (std::size_t j = 0; j < propagator.functions(); ++j) {
                const Eigen::MatrixXd& Z = propagator.matrix(j);
                const auto row = static_cast<Eigen::Index>(i);
                double term = Z(row, static_cast<Eigen::Index>(n));
                for (std::size_t k = 0; k < n; ++k) term += Z(row, static_cast<Eigen::Index>(k)) * s.x[k];
                sum += phi[j] * term;
            }
            next.x[i] = sum;
        }
        s = next;
    }

    void spike(State& s) const {
        for (std::size_t i = 0; i < n; ++i) s.x[i] += dynamics_.jump[static_cast<Eigen::Index>(i)];
        s.x[membrane_] = dynamics_.V_reset;
        s.refractory = dynamics_.t_ref;
    }

    State initial_;
    LinearDynamics dynamics_;
    Propagator free_;
    Propagator held_;
    std::size_t membrane_;
    ThresholdMargins margins_;
    std::vector<Eigen::VectorXd> readouts_;     ///< one for each function: readout' Z_j
    std::array<double, ports.size()> lifts_{};  ///< by port
};

}  // namespace apical
