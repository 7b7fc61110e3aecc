#pragma once

#include <optional>
#include <string>

namespace apical {

/// [Hz] Of a train of spikes: intervals are whole ticks of the clock, of which the mean one at this limit has
/// some ten thousand. Far above, a train would be the slower for it.
inline constexpr double highest_rate = 1e8;

/// What is wrong with the rate [Hz] of a train of spikes, if anything.
inline std::optional<std::string> rate_problem(double rate) {
    if (rate > highest_rate)
        return "the rate is above 1e8 Hz: intervals come near the tick of the clock, 2^-30 ms, and the train "
               "would "
               "fall short of its rate";
    return std::nullopt;
}

}  // namespace apical
