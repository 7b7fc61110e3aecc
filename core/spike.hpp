#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <span>
#include <tuple>

#include "core/time.hpp"

namespace apical {

using Index = std::uint32_t;  ///< of a neuron in its population, of a population, of a projection

/// What a spike is in the burst code, set once, where it is collected: gating, short-term plasticity,
/// learning, recorders and signals read it, none compares intervals again.
enum class SpikeKind : std::uint8_t {
    event,    ///< an isolated spike, or the first of a burst
    burst,    ///< the second spike of a burst: what makes it one
    further,  ///< the third and later ones
};

/// What makes a spike an event, a burst, or a further spike of one.
enum class Classifier {
    isi,    ///< within b_th of the neuron's previous spike: the running burst (equality belongs to it)
    model,  ///< the cell says
    every,  ///< each spike is an event
    /// A trace of the neuron's spikes, +1 at each, decaying with b_th, is above 1/e: the running burst. For a
    /// pair the same as isi; after a burst it takes longer to forget. Payeur et al. (2021), reference code.
    trace,
};

/// A burst probability that a model has not stated.
inline constexpr double no_mark = std::numeric_limits<double>::quiet_NaN();

struct Spike {
    Time time;
    Index population;
    Index neuron;
    SpikeKind kind = SpikeKind::event;
    double mark = no_mark;  ///< burst probability at the event, where the model has one
};

/// The total order of spikes. Two spikes of one neuron at one tick keep the order in which they were emitted.
inline bool before(const Spike& a, const Spike& b) {
    return std::tie(a.time, a.population, a.neuron) < std::tie(b.time, b.population, b.neuron);
}

/// Puts spikes in the total order. Most windows hold few: std::stable_sort would allocate memory for each.
inline void sort(std::span<Spike> spikes) {
    constexpr std::size_t few = 32;
    const auto in_order = [](const Spike& a, const Spike& b) { return before(a, b); };
    if (spikes.size() > few) return std::stable_sort(spikes.begin(), spikes.end(), in_order);
    for (auto next = spikes.begin(); next != spikes.end(); ++next)
        std::rotate(std::upper_bound(spikes.begin(), next, *next, in_order), next, next + 1);
}

/// One spike on its way down one projection: what the queue holds. Fan-out happens at delivery.
struct Arrival {
    Time time;
    Index source_population;
    Index source;  ///< neuron of the source population
    Index projection;
    SpikeKind kind = SpikeKind::event;
    double release = 1.0;  ///< multiplies every weight of the row: short-term plasticity, gates
};

/// The total order of arrivals.
inline bool before(const Arrival& a, const Arrival& b) {
    return std::tie(a.time, a.source_population, a.source, a.projection) <
           std::tie(b.time, b.source_population, b.source, b.projection);
}

}  // namespace apical
