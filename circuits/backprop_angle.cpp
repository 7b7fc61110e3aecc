#include "circuits/backprop_angle.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "circuits/burstccn_network.hpp"

namespace apical {

BurstCcnAngle::BurstCcnAngle(const BurstCcnConfig& config, Network& network, const Shape& shape)
    : c_(config), network_(network), full_(shape.full) {
    for (std::size_t l = 0; l < config.hidden.sizes.size(); ++l) layers_.push_back(hidden_name(l));
    layers_.emplace_back("output");
    restart();
}

Eigen::MatrixXf BurstCcnAngle::weights(const std::string& source, const std::string& target) {
    Simulation& simulation = *network_.simulation;
    const Index index = network_.projections.at(source + "_to_" + target);
    const Population& neurons = simulation.population(network_.populations.at(target));
    Eigen::MatrixXf all(neurons.size(), simulation.weights(index).front().sources());
    simulation.visit_synapses(
        index, [&](Index to, Index from, double weight) { all(to, from) = static_cast<float>(weight); });
    return all;
}

void BurstCcnAngle::restart() {
    start_.clear();
    gradients_.clear();
    std::string below = "input";
    for (const std::string& layer : layers_) {
        start_.push_back(weights(below, layer));
        gradients_.emplace_back(Eigen::MatrixXf::Zero(start_.back().rows(), start_.back().cols()));
        below = layer;
    }
}

void BurstCcnAngle::add(std::span<const double> levels, std::span<const double> targets) {
    const auto logistic = [](float u) { return 1.0F / (1.0F + std::exp(-u)); };
    std::vector<Eigen::MatrixXf> w;
    std::vector<Eigen::VectorXf> e{
        (Eigen::Map<const Eigen::VectorXd>(levels.data(), static_cast<Eigen::Index>(levels.size())) / full_)
            .cast<float>()};
    std::string below = "input";
    for (const std::string& layer : layers_) {
        w.push_back(weights(below, layer));
        const double bias = layer == "output" ? c_.output.bias : c_.hidden.bias;
        const Eigen::VectorXf u = w.back() * e.back() + weights("tonic", layer).col(0);
        e.emplace_back((u.array() + static_cast<float>(bias)).unaryExpr(logistic));
        below = layer;
    }
    Eigen::VectorXf delta(e.back().size());
    for (Eigen::Index k = 0; k < delta.size(); ++k) {
        const auto target = static_cast<float>(targets[static_cast<std::size_t>(k) / c_.output.per_class]);
        const float error = target - e.back()(k);
        delta(k) = (error > 0.0F ? static_cast<float>(c_.output.G) : 1.0F) * e.back()(k) * error;
    }
    for (std::size_t l = layers_.size(); l-- > 0;) {
        gradients_[l].noalias() += delta * e[l].transpose();
        if (l == 0) break;
        delta = ((w[l].transpose() * delta).array() * e[l].array() * (1.0F - e[l].array())).matrix();
    }
}

std::vector<double> BurstCcnAngle::take() {
    std::vector<double> angles;
    std::string below = "input";
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Eigen::MatrixXf change = weights(below, layers_[l]) - start_[l];
        const double size = double{change.norm()} * double{gradients_[l].norm()};
        const double along = change.cwiseProduct(gradients_[l]).sum();
        angles.push_back(
            size > 0.0 ? std::acos(std::clamp(along / size, -1.0, 1.0)) * 180.0 / std::numbers::pi : 90.0);
        below = layers_[l];
    }
    restart();
    return angles;
}

void BurstCcnAngle::persist(Archive& archive) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const auto numbers = [](Eigen::MatrixXf& m) {
            return std::span(m.data(), static_cast<std::size_t>(m.size()));
        };
        archive("start_" + layers_[l], numbers(start_[l]));
        archive("gradient_" + layers_[l], numbers(gradients_[l]));
    }
}

}  // namespace apical
