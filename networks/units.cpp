#include "networks/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace apical {

namespace {

struct Unit {
    std::string_view symbol;
    std::string_view ours;
    int exponent;         ///< of ten
    double factor = 1.0;  ///< what is not a power of ten
};

constexpr auto units = std::to_array<Unit>({
    {"ms", "ms", 0},       {"s", "ms", 3},       {"us", "ms", -3},      {"\u00b5s", "ms", -3},
    {"\u03bcs", "ms", -3}, {"ns", "ms", -6},     {"min", "ms", 4, 6.0}, {"h", "ms", 5, 36.0},
    {"mV", "mV", 0},       {"V", "mV", 3},       {"uV", "mV", -3},      {"\u00b5V", "mV", -3},
    {"pA", "pA", 0},       {"nA", "pA", 3},      {"uA", "pA", 6},       {"\u00b5A", "pA", 6},
    {"mA", "pA", 9},       {"A", "pA", 12},      {"nS", "nS", 0},       {"pS", "nS", -3},
    {"uS", "nS", 3},       {"\u00b5S", "nS", 3}, {"mS", "nS", 6},       {"S", "nS", 9},
    {"pF", "pF", 0},       {"nF", "pF", 3},      {"uF", "pF", 6},       {"\u00b5F", "pF", 6},
    {"F", "pF", 12},       {"Hz", "Hz", 0},      {"kHz", "Hz", 3},      {"1/s", "Hz", 0},
    {"1/ms", "Hz", 3},     {"pC", "pC", 0},      {"fC", "pC", -3},      {"nC", "pC", 3},
});

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of "[+-]digits[.digits]" at the start of the text; 0 if there is no digit.
std::size_t mantissa_length(std::string_view text) {
    std::size_t i = 0;
    bool digits = false;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    for (; i < text.size() && is_digit(text[i]); ++i) digits = true;
    if (i < text.size() && text[i] == '.') {
        for (++i; i < text.size() && is_digit(text[i]); ++i) digits = true;
    }
    return digits ? i : 0;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

}  // namespace

std::optional<Quantity> parse_quantity(std::string_view text) {
    text = trimmed(text);
    const std::size_t length = mantissa_length(text);
    if (length == 0) return std::nullopt;
    std::string_view mantissa = text.substr(0, length);
    if (mantissa.front() == '+') mantissa.remove_prefix(1);
    text.remove_prefix(length);
    std::int16_t exponent = 0;  // holds more than doubles have
    if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
        const std::size_t sign = text.size() > 1 && text[1] == '+' ? 2 : 1;
        const auto [end, error] = std::from_chars(text.data() + sign, text.data() + text.size(), exponent);
        if (error == std::errc::result_out_of_range) return std::nullopt;
        if (error == std::errc{}) text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    const std::string_view symbol = trimmed(text);

    Unit unit{symbol, symbol.empty() ? std::string_view("1") : symbol, 0};
    const auto* const known =
        std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.symbol == symbol; });
    if (known != units.end()) unit = *known;

    // The power of ten joins the decimal exponent: "0.07 s" is 70 ms, not 70.00000000000001.
    const std::string decimal = std::string(mantissa) + "e" + std::to_string(exponent + unit.exponent);
    Quantity quantity{0.0, std::string(unit.ours)};
    const auto [end, error] =
        std::from_chars(decimal.data(), decimal.data() + decimal.size(), quantity.value);
    if (error != std::errc{} || end != decimal.data() + decimal.size()) return std::nullopt;
    quantity.value *= unit.factor;
    return quantity;
}

std::string_view dimension(std::string_view unit) {
    struct Dimension {
        std::string_view unit;
        std::string_view name;
    };
    constexpr auto dimensions = std::to_array<Dimension>({{"ms", "a time"},
                                                          {"mV", "a voltage"},
                                                          {"pA", "a current"},
                                                          {"nS", "a conductance"},
                                                          {"pF", "a capacitance"},
                                                          {"Hz", "a rate"},
                                                          {"pC", "a charge"},
                                                          {"1", "a plain number"}});
    for (const Dimension& d : dimensions) {
        if (d.unit == unit) return d.name;
    }
    return {};
}

std::string accepted_units(std::string_view unit) {
    std::string list;
    for (const Unit& u : units) {
        const bool ascii = static_cast<unsigned char>(u.symbol.front()) < 0x80U;  // once is enough
        if (u.ours == unit && ascii) list += (list.empty() ? "" : ", ") + std::string(u.symbol);
    }
    return list;
}

}  // namespace apical
