#include "simulator/linear_gain.hpp"

#include <algorithm>
#include <cmath>

namespace apical {

std::vector<bool> reached_from(const Eigen::MatrixXd& A, std::vector<bool> marked) {
    for (bool grown = true; grown;) {
        grown = false;
        for (std::size_t i = 0; i < marked.size(); ++i) {
            for (std::size_t j = 0; j < marked.size(); ++j) {
                if (!marked[i] && marked[j] && A(idx(i), idx(j)) != 0.0) marked[i] = grown = true;
            }
        }
    }
    return marked;
}

LinearGain::LinearGain(const LinearDynamics& dynamics, const Propagator& propagator, std::size_t port,
                       double slice, std::size_t stride)
    : stride_(stride),
      variables_(static_cast<std::size_t>(dynamics.A.rows())),
      at_once_(dynamics.lift(port)) {
    const std::size_t n = variables_;
    Eigen::VectorXd g = Eigen::VectorXd::Zero(idx(n + 1));
    g.head(idx(n)) = dynamics.gains.col(idx(port));
    std::vector<bool> touched(n + 1, false);
    for (std::size_t k = 0; k < n; ++k) touched[k] = g[idx(k)] != 0.0;
    touched = reached_from(dynamics.affine(), touched);
    const auto append_cell = [&](std::vector<double>& cells, const Eigen::VectorXd& values) {
        for (std::size_t k = 0; k < stride; ++k) cells.push_back(k < n && touched[k] ? values[idx(k)] : 0.0);
    };
    const Eigen::VectorXd readout = dynamics.affine_readout();
    std::vector<double> response;  // of V_m, by function
    for (std::size_t j = 0; j < propagator.functions(); ++j) {
        Eigen::VectorXd term = propagator.matrix(j) * g;
        response.push_back(readout.dot(term));
        if (term.isZero(0.0)) continue;
        functions_.push_back(j);
        append_cell(weights_, term);
        // exp(M (middle + x)) = exp(M x) exp(M middle), and exp(M x) is a power series of x.
        term.conservativeResize(idx(n));
        for (std::size_t degree = 0; degree <= series_degree; ++degree) {
            append_cell(series_, term);
            term = (dynamics.A * term / static_cast<double>(degree + 1)).eval();
        }
    }
    // V_m after a unit arrival is a sum of functions, which cancel at first: it is bounded by chords, and by
    // how far it may leave them.
    std::vector<double> curvature(response);
    for (int i = 0; i < 2; ++i) {
        const std::vector<double> k(curvature);
        propagator.differentiate(k, curvature);
    }
    constexpr int parts = 64;
    const double width = slice / parts;
    Functions begin{};
    propagator.evaluate(0.0, begin);
    for (int part = 0; part < parts; ++part) {
        Functions end{};
        propagator.evaluate(width * (part + 1), end);
        Functions low = begin;
        Functions high = end;
        propagator.bounds_between(width * part, width * (part + 1), low, high);
        double from = 0.0;
        double to = 0.0;
        double bend = 0.0;
        for (std::size_t j = 0; j < response.size(); ++j) {
            from += response[j] * begin[j];
            to += response[j] * end[j];
            bend += std::max(std::abs(curvature[j] * low[j]), std::abs(curvature[j] * high[j]));
        }
        const double pad = width * width / 8 * bend;
        rise_ = std::max(rise_, std::max(from, to) + pad);
        fall_ = std::max(fall_, pad - std::min(from, to));
        begin = end;
    }
}

void LinearGain::at(const Functions& phi, double* cell) const {
    for (std::size_t k = 0; k < stride_; ++k) {
        double sum = 0.0;
        for (std::size_t j = 0; j < functions_.size(); ++j)
            sum += weights_[j * stride_ + k] * phi[functions_[j]];
        cell[k] = sum;
    }
}

void LinearGain::series(const Propagator& propagator, double weight, double middle, double* cells) const {
    Functions phi{};
    propagator.evaluate(middle, phi);
    const std::size_t length = (series_degree + 1) * stride_;
    std::fill_n(cells, length, 0.0);
    for (std::size_t j = 0; j < functions_.size(); ++j) {
        const double factor = weight * phi[functions_[j]];
        const double* const terms = series_.data() + length * j;
        for (std::size_t i = 0; i < length; ++i) cells[i] += factor * terms[i];
    }
    cells[variables_] = lift(weight);
}

}  // namespace apical
