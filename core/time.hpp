#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <ratio>

namespace apical {

/// Simulated time: integer ticks of 2^-30 ms (0.93 ps). Sums are exact and ties well defined; every tick
/// below 2^53 is exact as a double; the range is 99 days.
struct Clock {
    using rep = std::int64_t;
    using period = std::ratio<1, 1000LL << 30>;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<Clock>;
    static constexpr bool is_steady = true;
};

using Time = Clock::time_point;  ///< a point: Time + Time does not compile
using Duration =
    Clock::duration;  ///< a length: 16ms is a literal, 100us does not compile (no whole number of ticks)

inline constexpr double ticks_per_ms = 0x1p30;
inline constexpr double ms_per_tick = 0x1p-30;

/// The length in ms.
constexpr double ms(Duration length) { return static_cast<double>(length.count()) * ms_per_tick; }

/// The time in ms since the start of the simulation.
constexpr double ms(Time time) { return ms(time.time_since_epoch()); }

/// The nearest whole number of ticks: decimal input such as 0.1 ms is rounded once, here.
inline Duration ticks(double length_ms) { return Duration{std::llround(length_ms * ticks_per_ms)}; }

/// The smallest whole number of ticks that is not below: at a spike the threshold has been reached.
inline Duration ticks_up(double length_ms) {
    return Duration{static_cast<Clock::rep>(std::ceil(length_ms * ticks_per_ms))};
}

/// The time of something that has not happened yet: the distant past, one hour before the start. Were it time
/// zero, a first spike at 10 ms would count as the second of a burst.
inline constexpr Time never = Time{} - std::chrono::hours{1};

/// A half-open interval [begin, end): no spike of a window arrives in it.
struct Window {
    Time begin;
    Time end;
};

}  // namespace apical
