#pragma once

#include <optional>
#include <string>

namespace apical {

/// What is wrong with the rate [Hz] of a train of spikes, if anything: intervals are whole ticks of the
/// clock, of which the mean one at this limit has some ten thousand. Far above, a train would be the slower
/// for it.
inline std::optional<std::string> rate_problem(double rate) {
    constexpr double most = 1e8;
    if (rate > most)
        return "the rate is above 1e8 Hz: intervals come near the tick of the clock, 2^-30 ms, and the train "
               "would "
               "fall short of its rate";
    return std::nullopt;
}

}  // namespace apical
