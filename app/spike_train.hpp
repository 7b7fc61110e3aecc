#pragma once

#include <cstdint>
#include <vector>

namespace apical {

/// A spike train to show a synapse or a cell.
struct TrainRecipe {
    enum class Kind {
        regular,  ///< at intervals of 1/rate, the first after one interval
        poisson,  ///< Poisson at `rate`
        bursts    ///< events at `rate`, some of which become bursts of regular spikes
    };
    Kind kind = Kind::regular;
    double rate = 10.0;              ///< [Hz] of spikes; of events, for bursts
    double duration = 1000.0;        ///< [ms]
    double burst_probability = 0.5;  ///< of an event
    int burst_spikes = 3;            ///< in a burst
    double burst_interval = 6.0;     ///< [ms] between them
    std::uint64_t seed = 1;
};

/// Events closer than this would be spikes of one burst [ms].
inline constexpr double burst_threshold = 16.0;

/// The shortest interval of events [ms]: what follows a burst sooner would belong to it.
inline double shortest_event_interval(const TrainRecipe& recipe) {
    return (recipe.burst_spikes - 1) * recipe.burst_interval + burst_threshold;
}

/// The times [ms] in (0, duration], ascending. The rate must be positive and, for bursts, leave room for the
/// shortest interval of events: 1000 / rate exceeds it.
std::vector<double> make_train(const TrainRecipe& recipe);

}  // namespace apical
