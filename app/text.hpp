#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

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

/// A line of CSV without its end: a field is empty where nothing was measured.
std::string csv_line(const std::vector<Value>& fields);
std::string csv_names(const Facts& row);
std::string csv_values(const Facts& row);

/// A word as a shell reads it back, quoted if it must be.
std::string shell_word(const std::string& word);

/// All that a file holds; empty if it cannot be read.
std::string read_text(const std::filesystem::path& path);
/// The JSON of a file. Throws IoError where it cannot be read, DataError where it is no JSON.
nlohmann::ordered_json read_json(const std::filesystem::path& path);

}  // namespace apical
