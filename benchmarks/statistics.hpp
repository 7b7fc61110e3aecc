#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "recorders/recorder.hpp"

namespace apical::bench {

/// The statistics by which the benchmark networks are judged, of the populations given: mean rate,
/// coefficient of variation of the intervals (mean over neurons with at least 6 spikes), variance/mean of the
/// population's spike count in bins.
class Statistics final : public Recorder {
public:
    /// Populations with index in [first, last) together; `neurons` in all.
    Statistics(Index first, Index last, std::span<const Index> sizes) : first_(first), last_(last) {
        for (const Index size : sizes) {
            offsets_.push_back(neurons_);
            neurons_ += size;
        }
        trains_.resize(neurons_);
    }

    void start(Time now) { begin_ = now; }

    void observe(const Window& window, std::span<const Spike> spikes) override {
        end_ = window.end;
        for (const Spike& spike : spikes) {
            if (spike.population < first_ || spike.population >= last_ || spike.time < begin_) continue;
            const double time = ms(spike.time - begin_);
            trains_[offsets_[spike.population - first_] + spike.neuron].push_back(time);
            const auto bin = static_cast<std::size_t>(time);
            if (counts_.size() <= bin) counts_.resize(bin + 1);
            counts_[bin] += 1.0;
            ++spikes_;
        }
    }
    void finish(Time) override {}

    double rate() const {
        return 1000.0 * static_cast<double>(spikes_) / static_cast<double>(neurons_) / ms(end_ - begin_);
    }

    double cv() const {
        double sum = 0.0;
        double counted = 0.0;
        for (const auto& train : trains_) {
            if (train.size() < 6) continue;
            const auto n = static_cast<double>(train.size() - 1);
            const double mean = (train.back() - train.front()) / n;
            double square = 0.0;
            for (std::size_t i = 1; i < train.size(); ++i)
                square += (train[i] - train[i - 1]) * (train[i] - train[i - 1]);
            sum += std::sqrt(std::max(0.0, square / n - mean * mean)) / mean;
            counted += 1.0;
        }
        return sum / counted;
    }

    /// Variance over mean of the spike count in bins of `width` ms.
    double fano(std::size_t width) const {
        const std::size_t bins = static_cast<std::size_t>(ms(end_ - begin_)) / width;
        double sum = 0.0;
        double square = 0.0;
        for (std::size_t b = 0; b < bins; ++b) {
            double count = 0.0;
            for (std::size_t i = b * width; i < (b + 1) * width && i < counts_.size(); ++i)
                count += counts_[i];
            sum += count;
            square += count * count;
        }
        const double mean = sum / static_cast<double>(bins);
        return (square / static_cast<double>(bins) - mean * mean) / mean;
    }

private:
    Index first_;
    Index last_;
    std::vector<std::size_t> offsets_;
    std::size_t neurons_ = 0;
    Time begin_{};
    Time end_{};
    std::vector<std::vector<double>> trains_;
    std::vector<double> counts_;  ///< of each ms
    std::uint64_t spikes_ = 0;
};

}  // namespace apical::bench
