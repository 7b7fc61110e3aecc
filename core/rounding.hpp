#pragma once

#include "core/time.hpp"

namespace apical {

/// Times and lengths are rounded to ticks apart, once each: of a time that is a sum of some delays, and of an
/// interval between two such times, equal decimals may lie a few ticks apart. By up to this much they are
/// equal. One rule for all that compares an interval with a length.
inline constexpr Duration rounding{4};

/// Whether an interval is no longer than a length, equality included.
constexpr bool within(Duration interval, Duration length) { return interval <= length + rounding; }

/// Whether a time has come, equality included.
constexpr bool has_come(Time time, Time now) { return time - rounding <= now; }

/// Whether a time is before another and does not equal it.
constexpr bool comes_before(Time time, Time other) { return !has_come(other, time); }

}  // namespace apical
