#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "training/run.hpp"

namespace apical {

/// "1:02:03" or "0:14".
std::string clock_text(double seconds);

/// "2026-01-31T12:00:00Z"; with `compact` "20260131T120000Z", which a file name can hold.
std::string utc_text(std::chrono::system_clock::time_point time, bool compact = false);

/// "1.2 MB".
std::string bytes_text(double bytes);

nlohmann::ordered_json to_json(const Value& value);
nlohmann::ordered_json to_json(const Facts& facts);

/// A field of CSV: empty for what was not measured.
std::string csv_field(const Value& value);

}  // namespace apical
