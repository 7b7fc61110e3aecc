#pragma once

#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace apical {

/// The values a parameter may take: an interval, its ends in or out. NaN and infinity are in none.
struct Range {
    double low = -std::numeric_limits<double>::max();
    double high = std::numeric_limits<double>::max();
    bool low_open = false;
    bool high_open = false;

    constexpr bool contains(double x) const {
        return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
    }
};

inline constexpr Range any{};
inline constexpr Range positive{.low = 0.0, .low_open = true};
inline constexpr Range not_negative{.low = 0.0};
inline constexpr Range fraction{.low = 0.0, .high = 1.0};
inline constexpr Range open_fraction{.low = 0.0, .high = 1.0, .low_open = true, .high_open = true};
inline constexpr Range positive_fraction{.low = 0.0, .high = 1.0, .low_open = true};

/// A named parameter of a plain struct: the single source of its name, unit, meaning and range. Parsing,
/// checks, help and file attributes all read it.
template <class Struct>
struct Field {
    std::string_view name;
    double Struct::*member;
    std::string_view unit;  ///< "ms", "mV", "pA", "nS", "pF", "Hz" or "1"
    std::string_view meaning;
    Range range = any;
};

/// Sets a parameter. Throws, with a message that begins with `owner`, ConfigError if there is none of this
/// name, ModelError if the value is out of its range.
template <class Struct>
void assign(Struct& s, std::string_view name, double value, const std::string& owner) {
    for (const auto& field : Struct::fields) {
        if (field.name != name) continue;
        if (!field.range.contains(value)) {
            std::array<char, 32> digits{};
            std::to_chars(digits.data(), digits.data() + digits.size(), value);
            throw ModelError(owner + ": " + std::string(name) + " = " + digits.data() + " is out of range");
        }
        s.*(field.member) = value;
        return;
    }
    throw ConfigError(owner + ": there is no parameter '" + std::string(name) + "'");
}

/// Throws ModelError if parameters contradict each other.
template <class Struct>
void expect_consistent(const Struct& s, const std::string& owner) {
    if constexpr (requires { s.check(); }) {
        if (const auto complaint = s.check()) throw ModelError(owner + ": " + *complaint);
    }
}

/// A copy with the parameters of a map of names changed; throws as assign() and expect_consistent() do.
template <class Struct, class Parameters>
Struct with_parameters(Struct s, const Parameters& parameters, const std::string& owner) {
    for (const auto& [name, value] : parameters) assign(s, name, value, owner);
    expect_consistent(s, owner);
    return s;
}

/// A copy with one parameter changed; throws as assign() and expect_consistent() do.
template <class Struct>
Struct with_parameter(Struct s, std::string_view name, double value, const std::string& owner) {
    assign(s, name, value, owner);
    expect_consistent(s, owner);
    return s;
}

}  // namespace apical
