#include "neurons/spectrum.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <utility>

#include "core/error.hpp"

namespace apical {
namespace {

/// 34 digits.
#ifdef __SIZEOF_FLOAT128__
__extension__ using Wide = __float128;
#else
using Wide = long double;
#endif
static_assert(sizeof(Wide) == 16);

/// Two eigenvalues are close if they differ by no more than this part of the larger. Coefficients of separate
/// exponentials grow like the inverse of the distance.
constexpr double closeness = 0.25;
/// Or if both are as good as zero, relative to the largest.
constexpr double both_zero = 1e-15;
/// Less than this, relative to the terms it is the sum of, is zero but for rounding.
constexpr double zero = 1e-26;

Wide magnitude(Wide x) { return x < 0 ? -x : x; }

Wide root(Wide x) {
    if (x <= 0) return 0;
    Wide y = std::sqrt(static_cast<double>(x));
    for (int i = 0; i < 3; ++i) y = (y + x / y) / 2;
    return y;
}

class WideMatrix {
public:
    WideMatrix(std::size_t rows, std::size_t columns) : columns_(columns), x_(rows * columns) {}
    explicit WideMatrix(const Eigen::MatrixXd& A)
        : WideMatrix(static_cast<std::size_t>(A.rows()), static_cast<std::size_t>(A.cols())) {
        for (std::size_t i = 0; i < rows(); ++i) {
            for (std::size_t j = 0; j < columns_; ++j)
                (*this)(i, j) = A(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
        }
    }
    std::size_t rows() const { return x_.size() / columns_; }
    std::size_t columns() const { return columns_; }
    Wide& operator()(std::size_t i, std::size_t j) { return x_[i * columns_ + j]; }
    Wide operator()(std::size_t i, std::size_t j) const { return x_[i * columns_ + j]; }

private:
    std::size_t columns_;
    std::vector<Wide> x_;
};

WideMatrix operator*(const WideMatrix& a, const WideMatrix& b) {
    WideMatrix product(a.rows(), b.columns());
    for (std::size_t i = 0; i < a.rows(); ++i) {
        for (std::size_t k = 0; k < a.columns(); ++k) {
            for (std::size_t j = 0; j < b.columns(); ++j) product(i, j) += a(i, k) * b(k, j);
        }
    }
    return product;
}

WideMatrix absolute(WideMatrix M) {
    for (std::size_t i = 0; i < M.rows(); ++i) {
        for (std::size_t j = 0; j < M.columns(); ++j) M(i, j) = magnitude(M(i, j));
    }
    return M;
}

/// A matrix, and how large the terms are that its entries are the sums of: what rounding is relative to.
struct Sum {
    WideMatrix value;
    WideMatrix terms;

    void subtract(std::size_t i, std::size_t j, Wide x) {
        value(i, j) -= x;
        terms(i, j) += magnitude(x);
    }
    bool is_zero(std::size_t i, std::size_t j) const { return magnitude(value(i, j)) <= zero * terms(i, j); }
};

Sum operator*(const Sum& a, const Sum& b) { return {a.value * b.value, a.terms * b.terms}; }

/// Eliminates the column of a pivot from all other rows.
void eliminate(WideMatrix& M, std::size_t row, std::size_t column) {
    for (std::size_t i = 0; i < M.rows(); ++i) {
        const Wide factor = M(i, column) / M(row, column);
        if (i == row || factor == 0) continue;
        for (std::size_t j = 0; j < M.columns(); ++j) M(i, j) -= factor * M(row, j);
    }
}

struct WideValue {
    Wide m;
    Wide q_square;
    bool is_pair() const { return q_square < 0; }
    bool operator<(const WideValue& other) const {
        return std::pair(is_pair(), m) < std::pair(other.is_pair(), other.m);
    }
};
using Values = std::vector<WideValue>;
using Marks = Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>;

/// Whether variable i reads j, directly or not, or is j.
Marks readers(const Eigen::MatrixXd& A) {
    Marks reads = A.array() != 0.0;
    reads.diagonal().setConstant(true);
    for (Eigen::Index via = 0; via < A.rows(); ++via) {
        for (Eigen::Index i = 0; i < A.rows(); ++i) {
            for (Eigen::Index j = 0; j < A.rows(); ++j)
                reads(i, j) = reads(i, j) || (reads(i, via) && reads(via, j));
        }
    }
    return reads;
}

/// Eigenvalues of variables that all read one another.
void append_values(const Eigen::MatrixXd& B, Values& values) {
    if (B.rows() == 1) {
        values.push_back({B(0, 0), 0});
    } else if (B.rows() == 2) {
        const Wide m = (Wide{B(0, 0)} + B(1, 1)) / 2;
        const Wide half = (Wide{B(0, 0)} - B(1, 1)) / 2;
        const Wide q_square = half * half + Wide{B(0, 1)} * B(1, 0);
        if (q_square < 0) return values.push_back({m, q_square});
        values.push_back({m - root(q_square), 0});
        values.push_back({m + root(q_square), 0});
    } else {
        const Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic> precise = B.cast<long double>();
        const Eigen::EigenSolver<Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>> solver(precise,
                                                                                                    false);
        if (solver.info() != Eigen::Success)
            throw ModelError("the eigenvalues of a linear neuron's matrix did not converge");
        for (const std::complex<long double>& l : solver.eigenvalues()) {
            if (l.imag() >= 0.0L) values.push_back({l.real(), -Wide{l.imag()} * l.imag()});
        }
    }
}

/// Variables that read one another have eigenvalues together, all others by themselves: those are exact.
Values eigenvalues(const Eigen::MatrixXd& A, const Marks& reads) {
    Values values;
    std::vector<bool> done(static_cast<std::size_t>(A.rows()));
    for (std::size_t i = 0; i < done.size(); ++i) {
        std::vector<Eigen::Index> block;
        for (std::size_t j = i; j < done.size(); ++j) {
            if (done[j] || !reads(idx(i), idx(j)) || !reads(idx(j), idx(i))) continue;
            done[j] = true;
            block.push_back(idx(j));
        }
        if (!block.empty()) append_values(A(block, block), values);
    }
    std::sort(values.begin(), values.end());
    return values;
}

Wide modulus(Wide m, Wide q) { return root(m * m + q * q); }
Wide modulus(const WideValue& v) { return modulus(v.m, root(-v.q_square)); }

bool are_close(const WideValue& a, const WideValue& b, Wide fastest) {
    const Wide distance = modulus(a.m - b.m, root(-a.q_square) - root(-b.q_square));
    return distance <= std::max(closeness * std::max(modulus(a), modulus(b)), both_zero * fastest);
}

/// Each value goes with all that are close to one of its cluster.
std::vector<Values> clusters_of(const Values& values) {
    Wide fastest = 0;
    for (const WideValue& v : values) fastest = std::max(fastest, modulus(v));
    std::vector<Values> clusters;
    std::vector<bool> done(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (done[i]) continue;
        done[i] = true;
        Values cluster{values[i]};
        for (std::size_t k = 0; k < cluster.size(); ++k) {
            for (std::size_t j = i + 1; j < values.size(); ++j) {
                if (done[j] || !are_close(cluster[k], values[j], fastest)) continue;
                done[j] = true;
                cluster.push_back(values[j]);
            }
        }
        std::sort(cluster.begin(), cluster.end());
        clusters.push_back(std::move(cluster));
    }
    return clusters;
}

/// A minus a multiple of the identity.
Sum minus(const WideMatrix& A, Wide shift) {
    Sum sum{A, absolute(A)};
    for (std::size_t i = 0; i < A.rows(); ++i) sum.subtract(i, i, shift);
    return sum;
}

/// The matrix that vanishes on a value's eigenvectors.
Sum factor(const WideMatrix& A, const WideValue& v) {
    Sum shifted = minus(A, v.m);
    if (!v.is_pair()) return shifted;
    Sum square = shifted * shifted;
    for (std::size_t i = 0; i < A.rows(); ++i) square.subtract(i, i, v.q_square);
    return square;
}

Sum product(Sum first, const WideMatrix& A, const Values& values) {
    for (const WideValue& v : values) first = first * factor(A, v);
    return first;
}

/// M^-1 B, by Gauss and Jordan.
WideMatrix solve(const WideMatrix& M, const WideMatrix& B) {
    const std::size_t n = M.rows();
    WideMatrix both(n, n + B.columns());
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) both(i, j) = M(i, j);
        for (std::size_t j = 0; j < B.columns(); ++j) both(i, n + j) = B(i, j);
    }
    std::vector<std::size_t> pivots;
    std::vector<bool> used(n);
    for (std::size_t column = 0; column < n; ++column) {
        std::size_t pivot = n;
        for (std::size_t i = 0; i < n; ++i) {
            if (!used[i] && (pivot == n || magnitude(both(i, column)) > magnitude(both(pivot, column))))
                pivot = i;
        }
        used[pivot] = true;
        pivots.push_back(pivot);
        eliminate(both, pivot, column);
    }
    WideMatrix X(n, B.columns());
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < B.columns(); ++j) X(i, j) = both(pivots[i], n + j) / both(pivots[i], i);
    }
    return X;
}

/// The projector along the invariant subspaces of all others, given the dimension of its own: L, which
/// vanishes on them, has its range and its kernel. It follows from as many of L's columns and rows, those of
/// the largest pivots.
Sum projector(const WideMatrix& L, std::size_t dimension) {
    const std::size_t n = L.rows();
    WideMatrix rest = L;
    WideMatrix range(n, dimension);
    WideMatrix kernel(dimension, n);
    for (std::size_t d = 0; d < dimension; ++d) {
        std::size_t row = 0;
        std::size_t column = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                if (magnitude(rest(i, j)) > magnitude(rest(row, column))) {
                    row = i;
                    column = j;
                }
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            range(i, d) = L(i, column);
            kernel(d, i) = L(row, i);
        }
        eliminate(rest, row, column);
        for (std::size_t j = 0; j < n; ++j) rest(row, j) = 0;
    }
    const WideMatrix X = solve(kernel * range, kernel);
    return {range * X, absolute(range) * absolute(X)};
}

std::size_t degree(const Values& values) {
    std::size_t sum = 0;
    for (const WideValue& v : values) sum += v.is_pair() ? 2U : 1U;
    return sum;
}

bool is_zero(const Sum& sum) {
    for (std::size_t i = 0; i < sum.value.rows(); ++i) {
        for (std::size_t j = 0; j < sum.value.columns(); ++j) {
            if (!sum.is_zero(i, j)) return false;
        }
    }
    return true;
}

/// Leaves out what the minimal polynomial does not need, such as the second of two equal eigenvalues with
/// eigenvectors of their own.
void reduce(Values& values, const WideMatrix& A, const Sum& P) {
    for (std::size_t i = 0; i < values.size();) {
        Values others = values;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        if (is_zero(product(P, A, others))) {
            values = std::move(others);
        } else {
            ++i;
        }
    }
}

SpectralCluster newton(const Values& values, const WideMatrix& A, const Sum& P, const Marks& reads) {
    SpectralCluster cluster;
    const auto n = static_cast<Eigen::Index>(A.rows());
    const auto append = [&](const Sum& Z) {
        // What does not read a variable, directly or not, is not moved by it: rounding must not say
        // otherwise.
        Eigen::MatrixXd& part = cluster.parts.emplace_back(Eigen::MatrixXd::Zero(n, n));
        for (std::size_t i = 0; i < A.rows(); ++i) {
            for (std::size_t j = 0; j < A.rows(); ++j) {
                if (reads(idx(i), idx(j)) && !Z.is_zero(i, j))
                    part(idx(i), idx(j)) = static_cast<double>(Z.value(i, j));
            }
        }
    };
    Sum Z = P;
    for (const WideValue& v : values) {
        cluster.values.push_back({static_cast<double>(v.m), static_cast<double>(v.q_square)});
        append(Z);
        if (v.is_pair()) append(Z * minus(A, v.m));
        Z = Z * factor(A, v);
    }
    return cluster;
}

}  // namespace

std::vector<SpectralCluster> spectral_clusters(const Eigen::MatrixXd& A) {
    const WideMatrix wide(A);
    const Marks reads = readers(A);
    const std::vector<Values> clusters = clusters_of(eigenvalues(A, reads));
    std::vector<SpectralCluster> result;
    for (const Values& own : clusters) {
        const WideMatrix identity(Eigen::MatrixXd::Identity(A.rows(), A.cols()));
        Sum L{identity, identity};
        for (const Values& other : clusters) {
            if (&other != &own) L = product(L, wide, other);
        }
        const Sum P = projector(L.value, degree(own));
        Values values = own;
        reduce(values, wide, P);
        result.push_back(newton(values, wide, P, reads));
    }
    return result;
}

}  // namespace apical
