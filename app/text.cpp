#include "app/text.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <type_traits>
#include <variant>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/error.hpp"

namespace apical {

std::string clock_text(double seconds) {
    const auto whole = static_cast<long long>(std::llround(seconds));
    if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string utc_text(std::chrono::system_clock::time_point time, bool compact) {
    const std::tm utc = fmt::gmtime(std::chrono::system_clock::to_time_t(time));
    return compact ? fmt::format("{:%Y%m%dT%H%M%SZ}", utc) : fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", utc);
}

std::string bytes_text(double bytes) {
    constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    for (; bytes >= 1000.0 && unit + 1 < units.size(); ++unit) bytes /= 1000.0;
    return fmt::format("{:.3g} {}", bytes, units[unit]);
}

nlohmann::ordered_json to_json(const Value& value) {
    return std::visit(
        [](const auto& x) -> nlohmann::ordered_json {
            using X = std::decay_t<decltype(x)>;
            if constexpr (std::is_same_v<X, std::monostate>) {
                return nullptr;
            } else if constexpr (std::is_same_v<X, double>) {
                if (!std::isfinite(x)) return nullptr;  // JSON has no word for it
                return x;
            } else {
                return x;
            }
        },
        value);
}

nlohmann::ordered_json to_json(const Facts& facts) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, value] : facts) object[name] = to_json(value);
    return object;
}

namespace {

std::string csv_field(const Value& value) {
    return std::visit(
        [](const auto& x) -> std::string {
            using X = std::decay_t<decltype(x)>;
            if constexpr (std::is_same_v<X, std::monostate>) {
                return {};
            } else if constexpr (std::is_same_v<X, double>) {
                return std::isfinite(x) ? fmt::format("{}", x) : std::string();
            } else if constexpr (std::is_same_v<X, std::string>) {
                if (x.find_first_of(",\"\n") == std::string::npos) return x;
                std::string quoted = "\"";
                for (const char c : x) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
                return quoted + "\"";
            } else {
                return fmt::format("{}", x);
            }
        },
        value);
}

}  // namespace

std::string csv_line(const std::vector<Value>& fields) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) line += (i == 0 ? "" : ",") + csv_field(fields[i]);
    return line;
}

std::string csv_names(const Facts& row) {
    std::vector<Value> names;
    for (const auto& [name, value] : row) names.emplace_back(name);
    return csv_line(names);
}

std::string csv_values(const Facts& row) {
    std::vector<Value> values;
    for (const auto& [name, value] : row) values.push_back(value);
    return csv_line(values);
}

std::string shell_word(const std::string& word) {
    if (!word.empty() &&
        word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=-+:,") ==
            std::string::npos)
        return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

std::string read_text(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

nlohmann::ordered_json read_json(const std::filesystem::path& path) {
    std::ifstream stream(path);
    if (!stream) throw IoError(path.string(), "cannot be read");
    try {
        return nlohmann::ordered_json::parse(stream);
    } catch (const nlohmann::json::exception&) {
        throw DataError(path.string() + ": is not JSON, or cut");
    }
}

}  // namespace apical
