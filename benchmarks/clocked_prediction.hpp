#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace apical {

/// Network B5 of README.md, clock-driven: dendrites that learn to predict their somas (Urbanczik & Senn
/// 2014). Euler steps, every synapse's low-pass and weight in every step, single precision.
template <class Random>
class ClockedPrediction {
public:
    static constexpr std::size_t cells = 200;
    static constexpr std::size_t sources = 200;

    ClockedPrediction(std::uint64_t seed, double dt, bool learns)
        : random_(seed),
          dt_(static_cast<float>(dt)),
          learns_(learns),
          delay_(static_cast<std::size_t>(std::llround(1.0 / dt))),
          dead_(static_cast<int>(std::llround(3.0 / dt))),
          soma_(cells, -70.0F),
          dendrite_(cells, -70.0F),
          current_(cells, 0.0F),
          g_ex_(cells, 0.0F),
          g_in_(cells, 0.0F),
          refractory_(cells, 0),
          arriving_(delay_ + 1),
          errors_((delay_ + 1) * cells, 0.0F),
          slow_(sources, 0.0F),
          fast_(sources, 0.0F),
          weights_(sources * cells, 90.0F),
          changes_(sources * cells, 0.0F) {}

    /// One step; returns who fired.
    const std::vector<std::size_t>& step() {
        ++step_;
        // What arrives now, with the weights as they are.
        std::vector<std::size_t>& arriving = arriving_[step_ % arriving_.size()];
        for (const std::size_t source : arriving) {
            const float* const row = weights_.data() + source * cells;
            for (std::size_t j = 0; j < cells; ++j) current_[j] += std::clamp(row[j], 0.0F, largest_weight);
        }
        events_ += arriving.size() * cells;
        for (std::size_t j = 0; j < cells; ++j) {
            g_ex_[j] += 4.8F * static_cast<float>(count(1000.0));
            g_in_[j] += 18.0F * static_cast<float>(count(1000.0));
        }
        float* const error = errors_.data() + step_ % (delay_ + 1) * cells;
        fired_.clear();
        const float syn = std::exp(-dt_ / 3.0F);
        for (std::size_t j = 0; j < cells; ++j) {
            const float V = soma_[j];
            const float predicted = (30.0F * -70.0F + 600.0F * dendrite_[j]) / 630.0F;
            const float h = 5.0F / (1.0F + 2.0F * std::exp((predicted + 55.0F) / 3.0F));
            error[j] = -hazard(predicted) * h * dt_;
            if (refractory_[j] > 0) {
                --refractory_[j];
            } else if (random_.uniform() < 1.0 - std::exp(-hazard(V) * dt_)) {
                fired_.push_back(j);
                refractory_[j] = dead_;
                error[j] += h;
            }
            soma_[j] +=
                dt_ / 300.0F *
                (-30.0F * (V + 70.0F) - g_ex_[j] * V - g_in_[j] * (V + 75.0F) + 600.0F * (dendrite_[j] - V));
            dendrite_[j] += dt_ / 300.0F * (-30.0F * (dendrite_[j] + 70.0F) + current_[j]);
            current_[j] *= syn;
            g_ex_[j] *= syn;
            g_in_[j] *= syn;
        }
        if (learns_) learn(arriving);
        arriving.clear();
        std::vector<std::size_t>& later = arriving_[(step_ + delay_) % arriving_.size()];
        for (std::size_t source = 0; source < sources; ++source)
            later.insert(later.end(), count(10.0), source);
        return fired_;
    }

    std::uint64_t events() const { return events_; }
    const std::vector<float>& weights() const { return weights_; }

private:
    static constexpr float largest_weight = 1350.0F;

    static float hazard(float V) { return 0.15F / (1.0F + 0.5F * std::exp((-55.0F - V) / 3.0F)); }

    /// Poisson, for a rate [Hz] that makes two in a step rare.
    std::size_t count(double rate) {
        const double mean = rate * 1e-3 * static_cast<double>(dt_);
        double p = std::exp(-mean);
        double u = random_.uniform() - p;
        std::size_t n = 0;
        while (u >= 0.0 && n < 20) u -= p *= mean / static_cast<double>(++n);
        return n;
    }

    /// By the errors of a delay ago.
    void learn(const std::vector<std::size_t>& arriving) {
        constexpr float eta = 0.17F * 15.0F * 300.0F * 3.0F / (30.0F * 7.0F);
        const float* const error = errors_.data() + (step_ + 1) % (delay_ + 1) * cells;
        for (std::size_t i = 0; i < sources; ++i) {
            slow_[i] *= std::exp(-dt_ / 10.0F);
            fast_[i] *= std::exp(-dt_ / 3.0F);
        }
        for (std::size_t i = 0; i < sources; ++i) {
            const float psp = (slow_[i] - fast_[i]) * 0.01F;
            float* const change = changes_.data() + i * cells;
            float* const weight = weights_.data() + i * cells;
            for (std::size_t j = 0; j < cells; ++j) {
                change[j] += psp * error[j] - 0.01F * dt_ * change[j];
                weight[j] += eta * dt_ * change[j];
            }
        }
        for (const std::size_t source : arriving) {
            slow_[source] += 1.0F;
            fast_[source] += 1.0F;
            float* const weight = weights_.data() + source * cells;
            for (std::size_t j = 0; j < cells; ++j) weight[j] = std::clamp(weight[j], 0.0F, largest_weight);
        }
    }

    Random random_;
    float dt_;
    bool learns_;
    std::size_t delay_;  ///< [steps]
    int dead_;           ///< [steps]
    std::vector<float> soma_;
    std::vector<float> dendrite_;
    std::vector<float> current_;
    std::vector<float> g_ex_;
    std::vector<float> g_in_;
    std::vector<int> refractory_;
    std::vector<std::vector<std::size_t>> arriving_;  ///< sources, by step
    std::vector<float> errors_;                       ///< by step and cell
    std::vector<float> slow_;
    std::vector<float> fast_;
    std::vector<float> weights_;  ///< [source][cell]
    std::vector<float> changes_;
    std::vector<std::size_t> fired_;
    std::size_t step_ = 0;
    std::uint64_t events_ = 0;
};

}  // namespace apical
