#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace apical {

/// A fact of a run: monostate stands for "not measured" (JSON null, an empty field of CSV).
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// Named facts in the order in which they are written.
using Facts = std::vector<std::pair<std::string, Value>>;

inline Value value_of(std::optional<double> number) { return number ? Value(*number) : Value(); }

/// Adds some facts to others.
inline void append(Facts& facts, const Facts& more) { facts.insert(facts.end(), more.begin(), more.end()); }

}  // namespace apical
