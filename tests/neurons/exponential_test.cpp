#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>

#include "neurons/adaptive_lif.hpp"
#include "neurons/alpha_lif.hpp"
#include "neurons/lif.hpp"
#include "neurons/linear.hpp"

namespace apical {
namespace {

/// exp(A t) with fifty digits, by Taylor series of a small part of t and squaring: it knows nothing of
/// eigenvalues.
using Digits = boost::multiprecision::cpp_bin_float_50;

class Table {
public:
    explicit Table(const Eigen::MatrixXd& A)
        : n_(static_cast<std::size_t>(A.rows())), x_(A.data(), A.data() + A.size()) {}
    static Table identity(std::size_t n) {
        return Table(Eigen::MatrixXd::Identity(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n)));
    }
    std::size_t size() const { return n_; }
    Digits& operator()(std::size_t i, std::size_t j) { return x_[j * n_ + i]; }
    const Digits& operator()(std::size_t i, std::size_t j) const { return x_[j * n_ + i]; }
    Table operator*(const Table& other) const {
        Table product = *this;
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t j = 0; j < n_; ++j) {
                Digits sum = 0;
                for (std::size_t k = 0; k < n_; ++k) sum += (*this)(i, k) * other(k, j);
                product(i, j) = sum;
            }
        }
        return product;
    }
    Table scaled(const Digits& factor) const {
        Table result = *this;
        for (Digits& x : result.x_) x *= factor;
        return result;
    }
    void add(const Table& other) {
        for (std::size_t i = 0; i < x_.size(); ++i) x_[i] += other.x_[i];
    }
    Digits norm() const {
        Digits most = 0;
        for (const Digits& x : x_) most = std::max(most, Digits(abs(x)));
        return most * static_cast<double>(n_);
    }

private:
    std::size_t n_;
    std::vector<Digits> x_;
};

Table exponential(const Eigen::MatrixXd& A, double t) {
    Table X = Table(A).scaled(t);
    int squarings = 0;
    for (Digits norm = X.norm(); norm > 0.01; norm /= 2) ++squarings;
    X = X.scaled(ldexp(Digits(1), -squarings));
    Table sum = Table::identity(X.size());
    Table term = sum;
    for (int k = 1; k <= 20; ++k) {  // 0.01^21 / 21! is below 1e-61
        term = (term * X).scaled(Digits(1) / k);
        sum.add(term);
    }
    for (; squarings > 0; --squarings) sum = sum * sum;
    return sum;
}

/// From well below the fastest to well above the slowest time constant, and back over a few of the fastest,
/// as states are scaled.
std::vector<double> times(double fastest, double slowest) {
    std::vector<double> list{-4.0 * fastest, -0.3 * fastest, 0.0};
    for (double t = 0.01 * fastest; t < 30.0 * slowest; t *= 2.7) list.push_back(t);
    return list;
}

/// Each entry of the exponential, relative to the largest that it is: after time zero, as a potential to its
/// peak, or, where times are negative, at all.
void expect_exact(const Eigen::MatrixXd& A, double fastest, double slowest, const std::string& label) {
    const Propagator propagator(A);
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(A.rows(), A.cols());
    Eigen::MatrixXd peak[2] = {zero, zero};
    Eigen::MatrixXd error[2] = {zero, zero};
    for (const double t : times(fastest, slowest)) {
        const Table expected = exponential(A, t);
        const Propagator::Matrix found = propagator.exponential(t);
        const int sign = t < 0.0 ? 0 : 1;
        for (Eigen::Index i = 0; i < A.rows(); ++i) {
            for (Eigen::Index j = 0; j < A.cols(); ++j) {
                const Digits& e = expected(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
                double& most = peak[sign](i, j);
                most = std::max(most, std::abs(e.convert_to<double>()));
                double& worst = error[sign](i, j);
                worst = std::max(worst, std::abs((Digits(found(i, j)) - e).convert_to<double>()));
            }
        }
    }
    peak[0] = peak[0].cwiseMax(peak[1]);
    for (int sign = 0; sign < 2; ++sign) {
        for (Eigen::Index i = 0; i < A.rows(); ++i) {
            for (Eigen::Index j = 0; j < A.cols(); ++j) {
                EXPECT_LE(error[sign](i, j), 1e-12 * peak[sign](i, j))
                    << label << ": " << i << " of " << j << (sign == 0 ? " before zero" : "");
            }
        }
    }
}

const double closenesses[] = {0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-4, 2e-3, 0.01, 0.1, 0.24, 0.26, 0.34, 1.0};

std::string text(const char* model, double base, double closeness, double other) {
    std::ostringstream text;
    text << model << ", " << base << " ms, apart by " << closeness << ", " << other;
    return text.str();
}

TEST(Exponential, OfAdaptiveNeuronsWithCloseTimeConstants) {
    for (const double base : {0.2, 10.0, 800.0}) {
        for (const double c : closenesses) {
            for (const double a : {0.0, 1e-12, 1e-6, 0.01, 0.5, 20.0}) {
                const AdaptiveLif cell{.tau_m = base,
                                       .tau_syn_ex = base * (1 + c),
                                       .tau_syn_in = base * (1 + 2 * c),
                                       .a = a,
                                       .tau_w = base * (1 + 3 * c)};
                for (const auto& A : {cell.linear().affine(), cell.linear().affine_held()})
                    expect_exact(A, 0.5 * base, 4 * base, text("adaptive_lif", base, c, a));
            }
        }
    }
}

TEST(Exponential, OfAlphaNeuronsWithCloseTimeConstants) {
    for (const double base : {0.2, 10.0, 800.0}) {
        for (const double c : closenesses) {
            for (const double inhibition : {base * (1 + 2 * c), 0.5, 500.0}) {
                const AlphaLif cell{.tau_m = base, .tau_syn_ex = base * (1 + c), .tau_syn_in = inhibition};
                for (const auto& A : {cell.linear().affine(), cell.linear().affine_held()})
                    expect_exact(A, std::min(base, inhibition), std::max(base, inhibition),
                                 text("alpha_lif", base, c, inhibition));
            }
        }
    }
}

/// Time constants four orders of magnitude apart, in every role, and two of them close.
TEST(Exponential, OfWideSpectra) {
    const double taus[] = {0.1, 3.0, 1000.0};
    for (const double m : taus) {
        for (const double ex : taus) {
            for (const double in : taus) {
                for (const double c : {0.0, 1e-9, 1e-3, 0.1}) {
                    const AlphaLif alpha{.tau_m = m, .tau_syn_ex = ex * (1 + c), .tau_syn_in = in};
                    expect_exact(alpha.linear().affine(), 0.1, 1000.0, text("alpha_lif", m, c, ex));
                    const AdaptiveLif adaptive{
                        .tau_m = m, .tau_syn_ex = ex * (1 + c), .tau_syn_in = in, .a = 0.2, .tau_w = 300.0};
                    expect_exact(adaptive.linear().affine(), 0.1, 1000.0, text("adaptive_lif", m, c, ex));
                }
            }
        }
    }
    for (const double tau_m : {0.01, 20.0, 1e4}) {
        const Lif cell{.tau_m = tau_m};
        expect_exact(cell.linear().affine(), tau_m, tau_m, text("lif", tau_m, 0.0, 0.0));
    }
}

/// The membrane and the adaptation oscillate, slowly or fast, with a synapse close to them.
TEST(Exponential, OfComplexPairsNearRealEigenvalues) {
    for (const double a : {1e-9, 1e-4, 0.05, 0.3, 1.0, 4.0}) {
        for (const double c : closenesses) {
            const AdaptiveLif cell{.tau_m = 20.0,
                                   .tau_syn_ex = 20.0 * (1 + c),
                                   .tau_syn_in = 20.0 * (1 - 0.5 * c),
                                   .a = a,
                                   .tau_w = 20.0 * (1 + 0.1 * c)};
            expect_exact(cell.linear().affine(), 10.0, 40.0, text("adaptive_lif", 20.0, c, a));
        }
    }
}

/// Six in a chain, the worst that there is; and matrices without any zeros.
TEST(Exponential, OfAnyMatrix) {
    for (const double c : closenesses) {
        Eigen::MatrixXd chain = Eigen::MatrixXd::Zero(6, 6);
        for (Eigen::Index i = 0; i < 6; ++i) {
            chain(i, i) = -0.1 / (1.0 + c * static_cast<double>(i));
            if (i < 5) chain(i, i + 1) = 0.1;
        }
        expect_exact(chain, 5.0, 60.0, text("chain", 10.0, c, 0.0));
        // Two oscillations close to one another and to a real eigenvalue.
        Eigen::MatrixXd rings = chain.topLeftCorner(5, 5);
        rings(1, 0) = -1e-4;
        rings(3, 2) = -2e-4 * (1 + c);
        expect_exact(rings, 5.0, 60.0, text("rings", 10.0, c, 0.0));
        const Eigen::MatrixXd turn = Eigen::Matrix4d{
            {0.5, 0.5, 0.5, 0.5}, {0.5, -0.5, 0.5, -0.5}, {0.5, 0.5, -0.5, -0.5}, {0.5, -0.5, -0.5, 0.5}};
        expect_exact(turn * chain.topLeftCorner(4, 4) * turn, 5.0, 60.0, text("full", 10.0, c, 0.0));
    }
}

}  // namespace
}  // namespace apical
