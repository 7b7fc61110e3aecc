#pragma once

#include <span>

#include "core/spike.hpp"

namespace apical {

/// Statistics of the spikes of some neurons in an interval.
struct SpikeStatistics {
    double rate;  ///< [Hz] spikes per neuron and second
    double cv;  ///< sd / mean of a neuron's intervals: mean over neurons with at least 6 spikes, NaN if none
    double f1;  ///< variance / mean of the number of all spikes in bins of 1 ms
    double f5;  ///< the same, in bins of 5 ms
};

/// Of the spikes in [begin, end). `sizes` has the neurons of each population, zero for those that do not
/// count; `spikes` are in the total order.
SpikeStatistics statistics(std::span<const Spike> spikes, std::span<const Index> sizes, Time begin, Time end);

}  // namespace apical
