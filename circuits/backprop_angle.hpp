#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "circuits/burstccn_config.hpp"
#include "circuits/circuit.hpp"
#include "networks/build.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// How far what a network learns is from backprop: the angle, for each layer, between the change of its
/// incoming weights over some examples and the gradient, summed over the same examples at the weights of
/// each, of the rate network
///
///     e_l = sigma(bias_l + W_l e_{l-1}),   e_0 = levels in [0, 1]
///
/// The error at its output is what the rule's mean update is there, G_k e_k (t_k - e_k) with G where the
/// target is above e and 1 elsewhere; backprop takes it on from there: delta_l = e_l (1 - e_l) W^T
/// delta_{l+1}. Biases are left out. Every layer's weights have a spread: none is frozen at zero.
class BurstCcnAngle final : public BackpropAngle {
public:
    BurstCcnAngle(const BurstCcnConfig& config, Network& network, const Shape& shape);

    const std::vector<std::string>& layers() const override { return layers_; }
    void add(std::span<const double> levels, std::span<const double> targets) override;
    std::vector<double> take() override;
    void persist(Archive& archive) override;

private:
    void restart();
    Eigen::MatrixXf weights(const std::string& source, const std::string& target);

    const BurstCcnConfig& c_;
    Network& network_;
    double full_;  ///< level
    std::vector<std::string> layers_;
    std::vector<Eigen::MatrixXf> start_;      ///< (target, source)
    std::vector<Eigen::MatrixXf> gradients_;  ///< likewise
};

}  // namespace apical
