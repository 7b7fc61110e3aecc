#include "recorders/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace apical {
namespace {

/// Running sums over the intervals of one neuron.
struct Intervals {
    double spikes = 0.0;
    double last = 0.0;  ///< [ms]
    double sum = 0.0;
    double square = 0.0;

    void add(double time) {
        if (spikes > 0.0) {
            const double interval = time - last;
            sum += interval;
            square += interval * interval;
        }
        last = time;
        spikes += 1.0;
    }
    double cv() const {
        const double n = spikes - 1.0;
        const double mean = sum / n;
        return std::sqrt(std::max(0.0, square / n - mean * mean)) / mean;
    }
};

double mean_cv(std::span<const Intervals> trains) {
    double sum = 0.0;
    double counted = 0.0;
    for (const Intervals& train : trains) {
        if (train.spikes < 6.0) continue;
        sum += train.cv();
        counted += 1.0;
    }
    return counted > 0.0 ? sum / counted : std::numeric_limits<double>::quiet_NaN();
}

/// Variance over mean of sums of `width` bins; what is left over at the end does not count.
double fano(std::span<const double> counts, std::size_t width) {
    const std::size_t bins = counts.size() / width;
    double sum = 0.0;
    double square = 0.0;
    for (std::size_t b = 0; b < bins; ++b) {
        double count = 0.0;
        for (std::size_t i = b * width; i < (b + 1) * width; ++i) count += counts[i];
        sum += count;
        square += count * count;
    }
    const double mean = sum / static_cast<double>(bins);
    return (square / static_cast<double>(bins) - mean * mean) / mean;
}

}  // namespace

SpikeStatistics statistics(std::span<const Spike> spikes, std::span<const Index> sizes, Time begin,
                           Time end) {
    std::vector<std::size_t> first;
    std::size_t neurons = 0;
    for (const Index size : sizes) {
        first.push_back(neurons);
        neurons += size;
    }
    std::vector<Intervals> trains(neurons);
    std::vector<double> counts(static_cast<std::size_t>(ms(end - begin)));
    double counted = 0.0;
    for (const Spike& spike : spikes) {
        if (sizes[spike.population] == 0 || spike.time < begin || spike.time >= end) continue;
        const double time = ms(spike.time - begin);
        trains[first[spike.population] + spike.neuron].add(time);
        if (const auto bin = static_cast<std::size_t>(time); bin < counts.size()) counts[bin] += 1.0;
        counted += 1.0;
    }
    return {1000.0 * counted / static_cast<double>(neurons) / ms(end - begin), mean_cv(trains),
            fano(counts, 1), fano(counts, 5)};
}

}  // namespace apical
