#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "networks/build.hpp"
#include "recorders/archive.hpp"
#include "tasks/images_config.hpp"

namespace apical {

/// How far what a network learns is from backprop: the angle, for each layer, between the change of its
/// incoming weights over some examples and the gradient, summed over the same examples at the weights of
/// each, of the rate network
///
///     e_l = sigma(bias_l + W_l e_{l-1}),   e_0 = pixels in [0, 1]
///
/// The error at its output is what the rule's mean update is there, G_k e_k (t_k - e_k) with G where the
/// target is above e and 1 elsewhere; backprop takes it on from there: delta_l = e_l (1 - e_l) W^T
/// delta_{l+1}. Biases are left out. Every layer's weights have a spread: none is frozen at zero.
class GradientAngle {
public:
    GradientAngle(const ImagesConfig& config, Network& network);

    /// The names of the layers, from below.
    const std::vector<std::string>& layers() const { return layers_; }
    /// An example that is about to be learnt.
    void add(std::span<const float> pixels, std::uint8_t label);
    /// [degrees] for each layer since the last call; 90 where nothing has changed.
    std::vector<double> take();
    void persist(Archive& archive);

private:
    void restart();
    Eigen::MatrixXf weights(const std::string& source, const std::string& target);

    const ImagesConfig& c_;
    Network& network_;
    std::vector<std::string> layers_;
    std::vector<Eigen::MatrixXf> start_;      ///< (target, source)
    std::vector<Eigen::MatrixXf> gradients_;  ///< likewise
};

}  // namespace apical
