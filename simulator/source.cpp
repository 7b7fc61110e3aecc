#include "simulator/source.hpp"

#include <algorithm>
#include <tuple>

#include "core/error.hpp"

namespace apical {

void LatencyPopulation::emit(const Window& window, std::vector<Spike>& spikes) {
    if (volley_.empty()) return;
    while (begin_ + volley_[next_].after < window.end) {
        spikes.push_back(
            {begin_ + volley_[next_].after, index(), volley_[next_].neuron, SpikeKind::event, no_mark});
        if (++next_ < volley_.size()) continue;
        next_ = 0;
        begin_ += ticks(latency_.period);
    }
}

void LatencyPopulation::set_rates(std::span<const double> rates, Time now) {
    volley_.clear();
    for (Index i = 0; i < size(); ++i) {
        const double part =
            std::min((rates.size() == 1 ? rates.front() : rates[i]) / latency_.full_rate, 1.0);
        if (part > Latency::dark) volley_.push_back({ticks((1.0 - part) * latency_.spread), i});
    }
    std::sort(volley_.begin(), volley_.end(), [](const Turn& a, const Turn& b) {
        return std::tie(a.after, a.neuron) < std::tie(b.after, b.neuron);
    });
    begin_ = now;
    next_ = 0;
}

void LatencyPopulation::persist(Archive& archive) {
    archive.columns("volley", volley_, "after", &Turn::after, "neuron", &Turn::neuron);
    archive("begin", begin_);
    archive("next", next_);
}

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
