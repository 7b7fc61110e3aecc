#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "neurons/linear.hpp"
#include "simulator/linear_cells.hpp"

namespace apical {

/// What an arrival on one port adds to a cell of linear neurons, whose state is kept scaled to a time T0: per
/// unit of weight, at the time tau after T0, G_k = sum_j weight_jk phi_j(-tau) for the variable k.
class LinearGain {
public:
    using Functions = Propagator::Functions;  ///< phi_j at some time

    /// Port `port` of `dynamics`, whose variables and the constant `propagator` moves; `slice` [ms] is the
    /// time for which a lift must hold, `stride` the length of a cell.
    LinearGain(const LinearDynamics& dynamics, const Propagator& propagator, std::size_t port, double slice,
               std::size_t stride);

    /// Most that an arrival can lift V_m within a slice [mV].
    double lift(double weight) const { return weight > 0.0 ? weight * rise_ : -weight * fall_; }

    /// Whether an arrival moves V_m up at once.
    bool raises(double weight) const { return weight * at_once_ > 0.0; }

    /// Writes the gain to a cell, given phi_j(-tau).
    void at(const Functions& phi, double* cell) const;

    /// Writes what an arrival at -tau = `middle` + x adds, its lift included, as a power series in x: a cell
    /// for each coefficient. It is exact to rounding over `length_of_series` of the fastest time constant.
    void series(const Propagator& propagator, double weight, double middle, double* cells) const;
    static constexpr double length_of_series = 0.016;  // 0.008^6 / 6! is 4e-16

private:
    std::size_t stride_;
    std::size_t variables_;
    std::vector<std::size_t> functions_;  ///< needed
    std::vector<double> weights_;         ///< by function, a cell of each
    std::vector<double> series_;          ///< by function and degree, cells
    double at_once_;                      ///< what a unit arrival adds to V_m at once [mV]
    double rise_ = 0.0;                   ///< most that a unit arrival can lift V_m within a slice [mV]
    double fall_ = 0.0;                   ///< most that it can lower it
};

/// Whether variable i is reached from the marked ones: by what reads them, and so on. `A` is square, `marked`
/// has its size.
std::vector<bool> reached_from(const Eigen::MatrixXd& A, std::vector<bool> marked);

}  // namespace apical
