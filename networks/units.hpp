#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace apical {

/// A quantity given as text, "0.2 nA".
struct Quantity {
    double value = 0.0;  ///< in `unit`
    std::string unit;    ///< ours: "ms", "mV", "pA", "nS", "pF", "Hz", "pC"; "1" without; else as written
};

/// Converts to our units, exactly where the factor is a power of ten. Nothing, if the text does not start
/// with a number.
std::optional<Quantity> parse_quantity(std::string_view text);

/// "a time", "a voltage"; empty for a unit that is none of ours.
std::string_view dimension(std::string_view unit);

/// The units that a quantity in ours may be given in: "ms, s, us, ns, min, h".
std::string accepted_units(std::string_view unit);

}  // namespace apical
