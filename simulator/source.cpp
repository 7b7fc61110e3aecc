#include "simulator/source.hpp"

#include <algorithm>
#include <tuple>

#include "core/error.hpp"

namespace apical {

void LatencyPopulation::emit(const Window& window, std::vector<Spike>& spikes) {
    if (volley_.empty()) return;
    for (Time time = next_time(); time < window.end; time = next_time()) {
        spikes.push_back(spike(time, volley_[next_].neuron));
        if (++next_ < volley_.size()) continue;
        next_ = 0;
        ++volleys_;
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
    volleys_ = 0;
    next_ = 0;
}

void LatencyPopulation::persist_trains(Archive& archive) {
    archive.columns("volley", volley_, "after", &Turn::after, "neuron", &Turn::neuron);
    archive("begin", begin_);
    archive("volleys", volleys_);
    archive("next", next_);
}

SpikeTrainPopulation::SpikeTrainPopulation(std::string name, Index index,
                                           const std::vector<std::vector<double>>& times,
                                           const std::vector<std::vector<SpikeKind>>& says,
                                           Classification kinds)
    : SourcePopulation(std::move(name), index, static_cast<Index>(times.size()), std::move(kinds)) {
    for (Index i = 0; i < size(); ++i) {
        for (std::size_t k = 0; k < times[i].size(); ++k) {
            const double time = times[i][k];
            if (!(time >= 0.0)) throw ModelError(this->name() + ": spike times must not be negative");
            spikes_.push_back({Time{} + ticks(time), index, i, says.empty() ? SpikeKind::event : says[i][k]});
        }
    }
    sort(spikes_);
}

void SpikeTrainPopulation::emit(const Window& window, std::vector<Spike>& spikes) {
    for (; next_ < spikes_.size() && spikes_[next_].time < window.end; ++next_) {
        const Spike& given = spikes_[next_];
        spikes.push_back(spike(given.time, given.neuron, given.kind));
    }
}

void SpikeTrainPopulation::set_rates(std::span<const double>, Time) {
    throw ModelError(name() + ": given spike times have no rate to set");
}

}  // namespace apical
