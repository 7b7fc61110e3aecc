#include "simulator/source.hpp"

#include "core/error.hpp"

namespace apical {

SpikeTrainPopulation::SpikeTrainPopulation(std::string name, Index index,
                                           const std::vector<std::vector<double>>& times)
    : SourcePopulation(std::move(name), index, static_cast<Index>(times.size())) {
    for (Index i = 0; i < size(); ++i) {
        for (const double time : times[i]) {
            if (!(time >= 0.0)) throw ModelError(this->name() + ": spike times must not be negative");
            spikes_.push_back({Time{} + ticks(time), index, i, SpikeKind::event, no_mark});
        }
    }
    sort(spikes_);
}

void SpikeTrainPopulation::emit(const Window& window, std::vector<Spike>& spikes) {
    for (; next_ < spikes_.size() && spikes_[next_].time < window.end; ++next_)
        spikes.push_back(spikes_[next_]);
}

void SpikeTrainPopulation::set_rates(std::span<const double>, Time) {
    throw ModelError(name() + ": given spike times have no rate to set");
}

}  // namespace apical
