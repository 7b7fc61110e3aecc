#include "circuits/rate_error.hpp"

#include <cmath>
#include <numeric>

namespace apical {

void EventAverages::observe(const Window&, std::span<const Spike> spikes) {
    for (const Spike& spike : spikes) {
        if (spike.population != population_ || spike.kind != SpikeKind::event) continue;
        averages_[spike.neuron] = faded(spike.neuron, spike.time) + 1000.0 / tau_;
        updated_[spike.neuron] = spike.time;
    }
}

std::vector<double> EventAverages::rates(Time now) const {
    std::vector<double> result(averages_.size());
    for (Index i = 0; i < result.size(); ++i) result[i] = faded(i, now);
    return result;
}

double EventAverages::mean_rate(Time now) const {
    const std::vector<double> all = rates(now);
    return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
}

double EventAverages::faded(Index neuron, Time now) const {
    return averages_[neuron] * std::exp(-ms(now - updated_[neuron]) / tau_);
}

}  // namespace apical
