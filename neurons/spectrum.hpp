#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

namespace apical {

/// Eigen counts with signed numbers.
inline Eigen::Index idx(std::size_t i) { return static_cast<Eigen::Index>(i); }

/// A real eigenvalue m, or the conjugate pair m +- i sqrt(-q_square) where q_square is negative.
struct Eigenvalue {
    double m;         ///< [1/ms]
    double q_square;  ///< [1/ms^2]
};

/// Eigenvalues of A that lie close to one another, and as many matrices as they are: with P the projector on
/// their invariant subspace, the Newton polynomials
///
///     Z_0 = P,   Z_(j+1) = Z_j (A - l_j)   after a real eigenvalue l_j,
///     Z_(j+1) = Z_j (A - m),   Z_(j+2) = Z_j ((A - m)^2 - q_square)   after a pair.
///
/// A function f of A is the sum over all clusters of f[l_0, ..., l_j] Z_j, with divided differences of f at
/// the cluster's eigenvalues alone (Higham 2008, Functions of Matrices, section 1.2): nothing is divided by
/// the distance of two that are close.
struct SpectralCluster {
    std::vector<Eigenvalue> values;      ///< real ones first, in order
    std::vector<Eigen::MatrixXd> parts;  ///< Z_j
};

/// The spectrum of `A`, square and small, without eigenvalues that its minimal polynomial does not need. It
/// is worked out with 34 digits, so that the matrices are right to rounding however close or far apart
/// eigenvalues are.
std::vector<SpectralCluster> spectral_clusters(const Eigen::MatrixXd& A);

}  // namespace apical
