#include "networks/config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <tuple>
#include <type_traits>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/error.hpp"
#include "core/time.hpp"
#include "networks/suggest.hpp"
#include "networks/units.hpp"

namespace apical {

namespace detail {

/// A text that values come from: the file, or one option of the command line.
struct SourceText {
    std::string name;
    std::string text;
    bool option;
};

/// A stretch of one line of a source.
struct Place {
    std::size_t source = 0;
    std::size_t line = 1;
    std::size_t column = 1;
    std::size_t length = 1;
};

struct TableState;

struct Complaint {
    Place place;
    std::string code;
    std::string message;
    std::string hint;   ///< beside the caret
    std::string topic;  ///< for `apical explain`
    Severity severity = Severity::error;
    const TableState* idle_in = nullptr;  ///< table of a key without effect, if that is what is said
};

struct TableState {
    std::string path;
    std::string leaf;
    std::string topic;
    std::string meaning;
    bool element = false;    ///< of an array of tables
    bool misshapen = false;  ///< there is something else than a table in its place
    bool group = false;      ///< of tables with names of the user's own
    bool undecided = false;  ///< a word, a switch or a name was refused, on which others depend
    const TableState* parent = nullptr;
    const toml::table* node = nullptr;  ///< nothing if absent
    Place place;
    std::vector<KeyFacts> entries;
    std::vector<std::string> known;  ///< further names that are no mistake
    std::vector<std::unique_ptr<TableState>> children;
};

struct ConfigState {
    std::vector<SourceText> sources;
    toml::table root;
    TableState top;
    std::vector<Complaint> complaints;
};

}  // namespace detail

namespace {

using detail::Complaint;
using detail::ConfigState;
using detail::Place;
using detail::SourceText;
using detail::TableState;

// --- places
// ---------------------------------------------------------------------------------------------------------

/// Sources are told apart by their number, which toml++ carries along as the path of each node.
Place place_of(const toml::source_region& region) {
    Place place;
    if (region.path) place.source = static_cast<std::size_t>(std::stoul(*region.path));
    place.line = std::max<std::size_t>(region.begin.line, 1);
    place.column = std::max<std::size_t>(region.begin.column, 1);
    place.length = region.end.line == region.begin.line && region.end.column > region.begin.column
                       ? region.end.column - region.begin.column
                       : 1;
    return place;
}

std::string_view line_of(const std::string& text, std::size_t number) {
    std::string_view rest = text;
    for (; number > 1; --number) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) return {};
        rest.remove_prefix(end + 1);
    }
    rest = rest.substr(0, rest.find('\n'));
    if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
    return rest;
}

/// What a terminal may be shown of foreign text: '?' for control characters, and for bytes that are not
/// UTF-8.
std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const std::size_t length = byte < 0x80U   ? 1
                                   : byte < 0xC0U ? 0
                                   : byte < 0xE0U ? 2
                                   : byte < 0xF0U ? 3
                                                  : 4;
        const std::string_view rest = text.substr(i, length).substr(length > 0 ? 1 : 0);
        const bool whole =
            length > 0 && rest.size() + 1 == length && std::all_of(rest.begin(), rest.end(), [](char c) {
                return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
            });
        const bool control = (byte < 0x20U && byte != '\t') || byte == 0x7FU;
        out += whole && !control ? std::string(text.substr(i, length)) : "?";
        i += whole ? length : 1;
    }
    return out;
}

/// Blanks (and tabs where the line has them) up to a column counted in characters.
std::string indent_to(std::string_view line, std::size_t column) {
    std::string indent;
    for (const char c : line) {
        if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;  // not the first byte of a character
        if (indent.size() + 1 >= column) break;
        indent += c == '\t' ? '\t' : ' ';
    }
    return indent;
}

std::string where(const ConfigState& state, const Place& place) {
    const SourceText& source = state.sources[place.source];
    return source.option ? source.name : fmt::format("{}:{}:{}", source.name, place.line, place.column);
}

std::string message_of(const ConfigState& state, const Complaint& complaint) {
    std::string out =
        fmt::format("{}[{}]: {}\n  --> {}\n", complaint.severity == Severity::error ? "error" : "warning",
                    complaint.code, printable(complaint.message), where(state, complaint.place));
    const std::string line =
        printable(line_of(state.sources[complaint.place.source].text, complaint.place.line));
    if (!line.empty()) {
        out += fmt::format("   |  {}\n   |  {}{}", line, indent_to(line, complaint.place.column),
                           std::string(complaint.place.length, '^'));
        if (!complaint.hint.empty()) out += " " + complaint.hint;
        out += "\n";
    } else if (!complaint.hint.empty()) {
        out += fmt::format("   |  {}\n", complaint.hint);
    }
    if (!complaint.topic.empty()) out += fmt::format("help: apical explain {}\n", complaint.topic);
    return out;
}

/// Of one severity, in order of the file.
std::vector<std::string> messages(const ConfigState& state, Severity severity) {
    std::vector<const Complaint*> chosen;
    for (const Complaint& complaint : state.complaints) {
        bool known = true;
        for (const TableState* table = complaint.idle_in; table != nullptr; table = table->parent)
            known = known && !table->undecided;
        if (known && complaint.severity == severity) chosen.push_back(&complaint);
    }
    std::stable_sort(chosen.begin(), chosen.end(), [](const Complaint* a, const Complaint* b) {
        return std::tie(a->place.source, a->place.line, a->place.column) <
               std::tie(b->place.source, b->place.line, b->place.column);
    });
    std::vector<std::string> texts;
    for (const Complaint* complaint : chosen) texts.push_back(message_of(state, *complaint));
    return texts;
}

[[noreturn]] void throw_at_once(const ConfigState& state, const Complaint& complaint) {
    throw ConfigError(message_of(state, complaint));
}

// --- values as text
// -------------------------------------------------------------------------------------------------

/// The shortest text that reads back bit-equal.
std::string text_of(double x) {
    if (std::isnan(x)) return {};
    if (x == 0.0) return std::signbit(x) ? "-0.0" : "0";
    return fmt::format("{}", x);
}
std::string text_of(bool x) { return x ? "true" : "false"; }
std::string text_of(std::uint64_t x) { return fmt::format("{}", x); }

std::string text_of(const std::string& text) { return toml_text(text); }

template <class T>
std::string text_of(const std::vector<T>& list) {
    std::string out = "[";
    for (const T& item : list) out += (out.size() > 1 ? ", " : "") + text_of(item);
    return out + "]";
}

/// The value of a node, as it may be quoted in a message.
std::string quoted(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return text_of(*text);
    if (const auto whole = node.value_exact<std::int64_t>()) return fmt::format("{}", *whole);
    if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
    if (const auto flag = node.value_exact<bool>()) return text_of(*flag);
    if (node.is_table()) return "a table";
    if (node.is_array()) return "a list";
    return "a date or time";
}

/// " [ms]" or nothing.
std::string in_unit(std::string_view unit) {
    return unit.empty() || unit == "1" ? std::string() : fmt::format(" {}", unit);
}

std::string words_of(const std::vector<Word>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + text_of(words[i].name);
    }
    return out;
}

std::vector<std::string> names_of(const std::vector<Word>& words) {
    std::vector<std::string> names;
    for (const Word& word : words) names.push_back(word.name);
    return names;
}

std::string listing(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

bool is_name(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto further = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
    return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), further);
}

// --- loading
// --------------------------------------------------------------------------------------------------------

toml::table parse_source(const ConfigState& state, std::size_t source) {
    try {
        return toml::table(toml::parse(std::string_view(state.sources[source].text), std::to_string(source)));
    } catch (const toml::parse_error& error) {
        throw_at_once(state, {place_of(error.source()),
                              "E0102",
                              fmt::format("not TOML: {}", error.description()),
                              {},
                              "E0102"});
    }
}

bool is_toml(const std::string& text) {
    try {
        static_cast<void>(toml::parse(std::string_view(text)));
        return true;
    } catch (const toml::parse_error&) {
        return false;
    }
}

/// "feedback=gated" is what one types; the quotes that TOML wants are added where the value makes no sense
/// without them.
std::string as_toml(const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || is_toml(assignment)) return assignment;
    std::string quoted_value = assignment.substr(0, equals + 1) + text_of(assignment.substr(equals + 1));
    return is_toml(quoted_value) ? quoted_value : assignment;
}

/// The element of a list that a key such as "0" names.
toml::node* element(toml::node& list, std::string_view key) {
    toml::array* array = list.as_array();
    const bool digits =
        !key.empty() && key.size() < 10 && key.find_first_not_of("0123456789") == std::string_view::npos;
    return array != nullptr && digits ? array->get(std::stoul(std::string(key))) : nullptr;
}

/// Puts what an option says in the place of what the file says; tables and lists that the file has are
/// entered, not replaced.
void merge(const ConfigState& state, toml::node& into, toml::table& changes) {
    for (auto&& [key, change] : changes) {
        toml::table* table = into.as_table();
        toml::node* present = table != nullptr ? table->get(key.str()) : element(into, key.str());
        const bool path = change.is_table() && !change.as_table()->is_inline();
        if (present != nullptr && path && (present->is_table() || present->is_array())) {
            merge(state, *present, *change.as_table());
        } else if (table != nullptr) {
            // Moved, not copied: a copy would forget where it comes from.
            change.visit([&, &name = key](auto& value) { table->insert_or_assign(name, std::move(value)); });
        } else if (present != nullptr) {
            toml::array& list = *into.as_array();
            const auto at = list.cbegin() + std::stol(std::string(key.str()));
            change.visit([&](auto& value) { list.insert(list.erase(at), std::move(value)); });
        } else {
            throw_at_once(
                state, {place_of(key.source()), "E0203",
                        fmt::format("'{}' is no element of a list of {}", key.str(), into.as_array()->size()),
                        "the first element is '0'", "E0203"});
        }
    }
}

std::string read_text(const std::filesystem::path& path) {
    constexpr std::size_t largest = std::size_t{16} << 20U;
    const auto fail = [&](std::string_view what) -> ConfigError {
        return ConfigError(
            fmt::format("error[E0101]: {}: {}\nhelp: apical explain E0101\n", path.string(), what));
    };
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw fail("is a folder, not a configuration file");
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw fail(std::filesystem::exists(path, ignored) ? "cannot be read" : "there is no such file");
    std::string text;
    std::array<char, 65536> buffer{};
    while (file && text.size() <= largest) {
        file.read(buffer.data(), buffer.size());
        text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad()) throw fail("cannot be read");
    if (text.size() > largest) throw fail("is larger than 16 MiB: not a configuration file");
    return text;
}

// --- reading
// --------------------------------------------------------------------------------------------------------

const toml::node* find(const TableState& table, std::string_view key) {
    return table.node != nullptr ? table.node->get(key) : nullptr;
}

KeyFacts* entry_of(TableState& table, std::string_view key) {
    for (KeyFacts& entry : table.entries) {
        if (entry.name == key) return &entry;
    }
    return nullptr;
}

/// Where a key stands, or its value, or, if it is absent, its table.
Place key_place(const TableState& table, std::string_view key) {
    if (table.node != nullptr) {
        for (auto&& [name, value] : *table.node) {
            if (name.str() == key) return place_of(name.source());
        }
    }
    return table.place;
}
Place value_place(const TableState& table, std::string_view key) {
    const toml::node* node = find(table, key);
    return node != nullptr ? place_of(node->source()) : table.place;
}

std::string origin_of(const ConfigState& state, const Place& place) {
    const SourceText& source = state.sources[place.source];
    return source.option ? source.name : fmt::format("{}:{}", source.name, place.line);
}

constexpr double longest_ms = ms(Duration::max()) / 2.0;  // so that the sum of two times is a time, too

/// What a value is read with: where to complain, about which key.
struct Reading {
    ConfigState& state;
    const Key& key;

    std::nullopt_t fail(const toml::node& node, std::string_view code, std::string message,
                        std::string hint = {}) const {
        state.complaints.push_back({place_of(node.source()), std::string(code),
                                    fmt::format("{} is {}", key.name, std::move(message)), std::move(hint),
                                    std::string(key.name)});
        return std::nullopt;
    }

    std::string expected() const {
        const std::string_view dim = dimension(key.unit);
        if (key.unit.empty() || key.unit == "1") return "a number";
        return dim.empty() ? fmt::format("a number in {}", key.unit) : fmt::format("{} in {}", dim, key.unit);
    }

    std::optional<double> number(const toml::node& node) const {
        double x = 0.0;
        if (const auto text = node.value_exact<std::string>()) {
            const auto quantity = parse_quantity(*text);
            if (!quantity)
                return fail(node, "E0202", fmt::format("{}: expected {}", text_of(*text), expected()));
            const std::string_view unit = key.unit.empty() ? std::string_view("1") : key.unit;
            if (quantity->unit != unit) {
                const std::string_view given = dimension(quantity->unit);
                const std::string units = accepted_units(unit);
                return fail(node, "E0205",
                            given.empty()
                                ? fmt::format("{}, which has an unknown unit: expected {}", text_of(*text),
                                              expected())
                                : fmt::format("{}, {}: expected {}", text_of(*text), given, expected()),
                            units.empty() ? "without a unit" : "units: " + units);
            }
            x = quantity->value;
        } else if (node.is_number()) {
            x = node.value<double>().value_or(0.0);
        } else {
            return fail(node, "E0202", fmt::format("{}: expected {}", quoted(node), expected()));
        }
        if (!key.range.contains(x)) {
            return fail(node, "E0204",
                        fmt::format("{}{}: expected {}", text_of_any(x), in_unit(key.unit),
                                    describe(key.range, key.unit)),
                        std::string(key.why));
        }
        if (key.unit == "ms" && x != 0.0 && !(std::abs(x) >= ms_per_tick && std::abs(x) <= longest_ms)) {
            return fail(node, "E0204",
                        fmt::format("{} ms: expected from {:.2g} to {} ms, what the clock can tell", x,
                                    ms_per_tick, longest_ms));
        }
        return x;
    }

    std::optional<std::uint64_t> whole(const toml::node& node, std::uint64_t largest) const {
        const auto x = node.value_exact<std::int64_t>();
        if (!x) return fail(node, "E0202", fmt::format("{}: expected a whole number", quoted(node)));
        Range range = key.range;
        range.low = std::max(range.low, 0.0);
        const bool fits = *x >= 0 && static_cast<std::uint64_t>(*x) <= largest;
        if (!fits || !range.contains(static_cast<double>(*x))) {
            if (range.high > static_cast<double>(largest)) range.high = static_cast<double>(largest);
            return fail(node, "E0204",
                        fmt::format("{}{}: expected {}", *x, in_unit(key.unit), describe(range, key.unit)),
                        std::string(key.why));
        }
        return static_cast<std::uint64_t>(*x);
    }

    std::optional<bool> flag(const toml::node& node) const {
        if (const auto x = node.value_exact<bool>()) return *x;
        return fail(node, "E0202", fmt::format("{}: expected true or false", quoted(node)));
    }

    std::optional<std::string> text(const toml::node& node) const {
        if (auto x = node.value_exact<std::string>()) return x;
        return fail(node, "E0202", fmt::format("{}: expected text in quotes", quoted(node)));
    }

    /// Every element read with `read_one`, or nothing if one is wrong.
    template <class T, class ReadOne>
    std::optional<std::vector<T>> list(const toml::node& node, ReadOne read_one) const {
        const toml::array* array = node.as_array();
        if (array == nullptr) return fail(node, "E0202", fmt::format("{}: expected a list", quoted(node)));
        std::vector<T> result;
        for (const toml::node& item : *array) {
            auto value = read_one(item);
            if (!value) return std::nullopt;  // the others are wrong in the same way, mostly
            result.push_back(std::move(*value));
        }
        return result;
    }

    std::optional<std::vector<double>> numbers(const toml::node& node) const {
        return list<double>(node, [&](const toml::node& item) { return number(item); });
    }

private:
    static std::string text_of_any(double x) { return std::isnan(x) ? "nan" : fmt::format("{}", x); }
};

/// Notes a key with its default; reads the value if there is one.
template <class T, class ReadOne>
void read_entry(ConfigState& state, TableState& table, const Key& key, T& value,
                const std::string& default_text, ReadOne read_one) {
    KeyFacts facts{table.path,
                   std::string(key.name),
                   std::string(key.unit),
                   std::string(key.meaning),
                   key.range,
                   {},
                   default_text,
                   default_text,
                   "default",
                   true};
    const toml::node* node = find(table, key.name);
    if (node != nullptr) {
        auto read = read_one(Reading{state, key}, *node);
        constexpr bool decides = std::is_same_v<T, bool> || std::is_same_v<T, std::string> ||
                                 std::is_same_v<T, std::vector<std::string>>;
        table.undecided = table.undecided || (decides && !read);
        if (read) value = std::move(*read);
        facts.value = text_of(value);
        facts.origin = origin_of(state, place_of(node->source()));
        facts.is_default = facts.value == default_text;
    } else if (key.required && !table.misshapen) {
        state.complaints.push_back(
            {table.place, "E0201",
             fmt::format("'{}' is missing{}", key.name,
                         table.path.empty() ? "" : fmt::format(" in [{}]", table.path)),
             fmt::format("{}: {}", key.name, key.meaning), std::string(key.name)});
    }
    if (key.required) facts.default_value.clear();
    table.entries.push_back(std::move(facts));
}

TableState& add_child(TableState& parent, std::string_view key, std::string_view meaning,
                      const toml::node* node) {
    auto child = std::make_unique<TableState>();
    child->path = parent.path.empty() ? std::string(key) : fmt::format("{}.{}", parent.path, key);
    child->leaf = key;
    child->topic = key;
    child->meaning = meaning;
    child->node = node != nullptr ? node->as_table() : nullptr;
    child->misshapen = parent.misshapen || (node != nullptr && !node->is_table());
    child->place = node != nullptr ? place_of(node->source()) : parent.place;
    child->parent = &parent;
    parent.children.push_back(std::move(child));
    return *parent.children.back();
}

void complain_of_type(ConfigState& state, const toml::node& node, std::string_view what,
                      std::string_view expected, std::string_view topic) {
    state.complaints.push_back({place_of(node.source()),
                                "E0202",
                                fmt::format("{} is {}: expected {}", what, quoted(node), expected),
                                {},
                                std::string(topic)});
}

// --- after reading
// --------------------------------------------------------------------------------------------------

void complain_of_unknown_keys(ConfigState& state, const TableState& table) {
    if (table.node != nullptr) {
        std::vector<std::string> names;
        for (const KeyFacts& entry : table.entries) names.push_back(entry.name);
        std::vector<std::string> known = names;
        known.insert(known.end(), table.known.begin(), table.known.end());
        for (auto&& [name, value] : *table.node) {
            const std::string key(name.str());
            if (std::find(known.begin(), known.end(), key) != known.end()) continue;
            std::string hint;
            if (const auto absent = no_such_thing(key); absent && !value.is_table()) {
                hint = *absent;
            } else if (const ForeignName* foreign = foreign_name(key, known)) {
                hint = fmt::format("{} is {}'s name; here it is {}", key, foreign->tool, foreign->ours);
            } else if (const auto meant = probably_meant(key, known)) {
                hint = fmt::format("did you mean '{}'?", *meant);
            } else if (!known.empty()) {
                hint = "known here: " + listing(known);
            }
            state.complaints.push_back(
                {place_of(name.source()), "E0203",
                 fmt::format("unknown key '{}'{}", key,
                             table.path.empty() ? "" : fmt::format(" in [{}]", table.path)),
                 std::move(hint), table.topic});
        }
    }
    for (const auto& child : table.children) complain_of_unknown_keys(state, *child);
}

void collect_keys(const TableState& table, std::vector<KeyFacts>& keys) {
    keys.insert(keys.end(), table.entries.begin(), table.entries.end());
    for (const auto& child : table.children) collect_keys(*child, keys);
}

/// Text broken into comment lines.
std::string commented_lines(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out += end == 0 ? "#\n" : fmt::format("# {}\n", text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string header_of(const TableState& table) {
    if (table.element) return fmt::format("[[{}]]", table.path);
    return fmt::format("[{}{}]", table.path, table.group ? ".NAME" : "");
}

void collect_tables(const TableState& table, std::vector<TableFacts>& tables) {
    if (!table.meaning.empty()) tables.push_back({header_of(table), table.meaning});
    for (const auto& child : table.children) collect_tables(*child, tables);
}

/// "key = value", padded; an absent key as a comment.
std::string assignment(const KeyFacts& entry, std::size_t width) {
    const std::string text = entry.value.empty() ? fmt::format("# {} =", entry.name)
                                                 : fmt::format("{} = {}", entry.name, entry.value);
    return fmt::format("{:<{}}", text, width);
}

std::size_t assignment_width(const TableState& table) {
    constexpr std::size_t widest = 40;
    std::size_t width = 0;
    for (const KeyFacts& entry : table.entries) {
        const std::size_t size = assignment(entry, 0).size();
        if (size <= widest) width = std::max(width, size);
    }
    return width;
}

void write_resolved(const TableState& table, std::string& out) {
    if (!table.entries.empty()) {
        if (!table.path.empty()) out += "\n" + header_of(table);
        out += "\n";
        const std::size_t width = assignment_width(table);
        for (const KeyFacts& entry : table.entries) {
            if (!entry.idle.empty() && !entry.value.empty()) {
                // As a comment: where its default is another, it would be refused as a choice.
                out += fmt::format("# {}  # no effect: {}\n", assignment(entry, width - 2), entry.idle);
                continue;
            }
            out += fmt::format("{}  # {}{}\n", assignment(entry, width),
                               entry.unit.empty() ? "" : fmt::format("[{}] ", entry.unit),
                               entry.value.empty() ? entry.default_value : entry.origin);
        }
    }
    for (const auto& child : table.children) write_resolved(*child, out);
}

void write_commented(const TableState& table, std::string& out) {
    if (!table.entries.empty()) {
        out += "\n";
        if (!table.meaning.empty()) out += commented_lines(table.meaning);
        if (!table.path.empty()) out += header_of(table) + "\n";
        const std::size_t width = assignment_width(table);
        for (const KeyFacts& entry : table.entries) {
            if (!entry.words.empty()) {
                out += fmt::format("# {}:\n", entry.meaning);
                std::size_t longest = 0;
                for (const Word& word : entry.words) longest = std::max(longest, word.name.size() + 2);
                for (const Word& word : entry.words) {
                    out += fmt::format("#   {:<{}}  {}\n", text_of(word.name), longest, word.meaning);
                }
                out += assignment(entry, 0) + "\n";
                continue;
            }
            const bool limited = entry.range.low > any.low || entry.range.high < any.high;
            out +=
                fmt::format("{}  # {}{}{}\n", assignment(entry, width),
                            entry.unit.empty() || entry.unit == "1" ? "" : fmt::format("[{}] ", entry.unit),
                            entry.meaning, limited ? "; " + describe(entry.range, "") : "");
        }
    }
    for (const auto& child : table.children) write_commented(*child, out);
}

}  // namespace

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string describe(const Range& range, std::string_view unit) {
    const std::string u = in_unit(unit);
    const bool low = range.low > any.low;
    const bool high = range.high < any.high;
    if (low && high && !range.low_open && !range.high_open)
        return fmt::format("{} to {}{}", range.low, range.high, u);
    std::string out;
    if (low) out += fmt::format("{} {}{}", range.low_open ? "more than" : "at least", range.low, u);
    if (low && high) out += " and ";
    if (high) out += fmt::format("{} {}{}", range.high_open ? "less than" : "at most", range.high, u);
    return out.empty() ? "a finite number" : out;
}

namespace {

void list_values(ConfigState& state, const std::string& name, const toml::node& node, std::string_view topic,
                 std::vector<ListedValues>& out) {
    if (const toml::table* inner = node.as_table()) {
        for (auto&& [key, value] : *inner)
            list_values(state, name + "." + std::string(key.str()), value, topic, out);
        return;
    }
    ListedValues listed{name, {}, {}};
    const auto add = [&](const toml::node& value) {
        listed.values.push_back(quoted(value));
        listed.places.push_back(where(state, place_of(value.source())));
    };
    const toml::array* array = node.as_array();
    if (array == nullptr) add(node);
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
        const toml::node& item = *array->get(i);
        if (item.is_table() || item.is_array())
            complain_of_type(state, item, "an element of " + name, "a number, a word or a switch", topic);
        add(item);
    }
    if (listed.values.empty())
        state.complaints.push_back({place_of(node.source()), "E0202", name + " is empty", {}, "E0202"});
    out.push_back(std::move(listed));
}

}  // namespace

// --- ConfigTable
// ----------------------------------------------------------------------------------------------------

std::string ConfigTable::name() const { return table_->leaf; }

void ConfigTable::read_path(const Key& key, std::string& value) {
    read(key, value);
    if (value.empty()) return;
    value = std::filesystem::absolute(value).lexically_normal().string();
    if (KeyFacts* entry = entry_of(*table_, key.name)) entry->value = text_of(value);
}

bool ConfigTable::has(std::string_view key) const { return find(*table_, key) != nullptr; }

std::string ConfigTable::peek(std::string_view key) const {
    const toml::node* node = find(*table_, key);
    return node != nullptr ? node->value_exact<std::string>().value_or("") : std::string();
}

bool ConfigTable::holds_table(std::string_view key) const {
    const toml::node* node = find(*table_, key);
    return node != nullptr && node->is_table();
}

std::vector<std::string> ConfigTable::keys() const {
    std::vector<std::pair<Place, std::string>> found;
    if (table_->node != nullptr) {
        for (auto&& [key, value] : *table_->node) found.emplace_back(place_of(key.source()), key.str());
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::tie(a.first.source, a.first.line, a.first.column) <
               std::tie(b.first.source, b.first.line, b.first.column);
    });
    std::vector<std::string> names;
    for (auto& [place, name] : found) names.push_back(std::move(name));
    return names;
}

void ConfigTable::read(const Key& key, double& value) {
    read_entry(*state_, *table_, key, value, text_of(value),
               [](const Reading& reading, const toml::node& node) { return reading.number(node); });
}

void ConfigTable::read(const Key& key, bool& value) {
    read_entry(*state_, *table_, key, value, text_of(value),
               [](const Reading& reading, const toml::node& node) { return reading.flag(node); });
}

void ConfigTable::read(const Key& key, std::string& value) {
    read_entry(*state_, *table_, key, value, text_of(value),
               [](const Reading& reading, const toml::node& node) { return reading.text(node); });
}

void ConfigTable::read(const Key& key, std::vector<double>& value) {
    read_entry(*state_, *table_, key, value, text_of(value),
               [](const Reading& reading, const toml::node& node) { return reading.numbers(node); });
}

void ConfigTable::read(const Key& key, std::vector<std::vector<double>>& value) {
    read_entry(*state_, *table_, key, value, text_of(value),
               [](const Reading& reading, const toml::node& node) {
                   return reading.list<std::vector<double>>(
                       node, [&](const toml::node& item) { return reading.numbers(item); });
               });
}

void ConfigTable::read(const Key& key, std::vector<std::string>& value) {
    read_entry(*state_, *table_, key, value, text_of(value),
               [](const Reading& reading, const toml::node& node) {
                   return reading.list<std::string>(
                       node, [&](const toml::node& item) { return reading.text(item); });
               });
}

void ConfigTable::read(const Key& key, std::optional<double>& value, std::string_view absent) {
    double number = value.value_or(std::nan(""));
    const bool given = has(key.name);
    read_entry(*state_, *table_, key, number, text_of(number),
               [](const Reading& reading, const toml::node& node) { return reading.number(node); });
    if (given && !std::isnan(number)) value = number;
    if (!value) table_->entries.back().default_value = absent;
}

std::uint64_t ConfigTable::read_whole(const Key& key, std::uint64_t value, std::uint64_t largest) {
    // TOML's whole numbers are signed.
    largest = std::min(largest, std::uint64_t{std::numeric_limits<std::int64_t>::max()});
    read_entry(
        *state_, *table_, key, value, text_of(value),
        [largest](const Reading& reading, const toml::node& node) { return reading.whole(node, largest); });
    return value;
}

std::optional<std::size_t> ConfigTable::read_choice(const Key& key, const std::vector<Word>& words,
                                                    std::optional<std::size_t> initial,
                                                    std::string_view absent) {
    std::string word = initial ? words[*initial].name : std::string();
    read_word(key, words, word);
    if (word.empty()) {
        table_->entries.back().default_value = absent;
        return std::nullopt;
    }
    const auto found =
        std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.name == word; });
    return static_cast<std::size_t>(found - words.begin());
}

void ConfigTable::read_word(const Key& key, const std::vector<Word>& words, std::string& value) {
    const std::string default_text = value.empty() ? std::string() : text_of(value);
    read_entry(*state_, *table_, key, value, default_text,
               [&](const Reading& reading, const toml::node& node) -> std::optional<std::string> {
                   const auto word = reading.text(node);
                   if (!word) return std::nullopt;
                   const std::vector<std::string> names = names_of(words);
                   if (std::find(names.begin(), names.end(), *word) != names.end()) return *word;
                   const auto meant = probably_meant(*word, names);
                   return reading.fail(node, "E0206",
                                       fmt::format("{}: expected {}", text_of(*word), words_of(words)),
                                       meant ? fmt::format("did you mean '{}'?", *meant) : std::string());
               });
    KeyFacts& entry = table_->entries.back();
    entry.words = words;
    if (value.empty()) entry.value.clear();
}

namespace {

/// A defined name, or a complaint.
std::optional<std::string> reference(const Reading& reading, const toml::node& node, std::string_view what,
                                     const std::vector<std::string>& defined) {
    const auto name = reading.text(node);
    if (!name) return std::nullopt;
    if (std::find(defined.begin(), defined.end(), *name) != defined.end()) return *name;
    const auto meant = probably_meant(*name, defined);
    return reading.fail(node, "E0208", fmt::format("{}: there is no such {}", text_of(*name), what),
                        meant             ? fmt::format("did you mean '{}'?", *meant)
                        : defined.empty() ? fmt::format("none is defined")
                                          : "defined: " + listing(defined));
}

}  // namespace

bool ConfigTable::read_reference(const Key& key, std::string_view what,
                                 const std::vector<std::string>& defined, std::string& value) {
    bool good = false;
    read_entry(*state_, *table_, key, value, value.empty() ? std::string() : text_of(value),
               [&](const Reading& reading, const toml::node& node) {
                   auto name = reference(reading, node, what, defined);
                   good = name.has_value();
                   return name;
               });
    return good || (!has(key.name) && !key.required);
}

bool ConfigTable::read_references(const Key& key, std::string_view what,
                                  const std::vector<std::string>& defined, std::vector<std::string>& value) {
    bool good = true;
    read_entry(*state_, *table_, key, value, text_of(value),
               [&](const Reading& reading, const toml::node& node) {
                   auto names = reading.list<std::string>(
                       node, [&](const toml::node& item) { return reference(reading, item, what, defined); });
                   good = names.has_value();
                   return names;
               });
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (std::count(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(i), value[i]) == 0)
            continue;
        complain(key.name, "E0209", fmt::format("{} names '{}' twice", key.name, value[i]));
        good = false;
    }
    return good;
}

ConfigTable ConfigTable::table(std::string_view key, std::string_view meaning) {
    for (const auto& child : table_->children) {
        if (child->leaf == key && !child->element) return {*state_, *child};
    }
    table_->known.emplace_back(key);
    const toml::node* node = find(*table_, key);
    if (node != nullptr && !node->is_table()) complain_of_type(*state_, *node, key, "a table", key);
    return {*state_, add_child(*table_, key, meaning, node)};
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key, std::string_view meaning) {
    ConfigTable group = table(key, meaning);
    std::vector<ConfigTable> result;
    group.table_->group = true;
    for (const std::string& name : group.keys()) {
        if (const toml::node* node = find(*group.table_, name); !node->is_table()) {
            group.skip(name);
            complain_of_type(*state_, *node, name, "a table", key);
            continue;
        }
        ConfigTable item = group.table(name, {});
        item.topic(key);
        if (!is_name(name)) {
            state_->complaints.push_back({key_place(*group.table_, name), "E0207",
                                          fmt::format("'{}' is not a valid name of a {}", name, key),
                                          "a letter, then letters, digits and '_'", "E0207"});
        }
        result.push_back(item);
    }
    return result;
}

std::vector<ConfigTable> ConfigTable::array(std::string_view key, std::string_view meaning) {
    table_->known.emplace_back(key);
    std::vector<ConfigTable> result;
    const toml::node* node = find(*table_, key);
    if (node == nullptr) return result;
    const toml::array* items = node->as_array();
    if (items == nullptr) {
        complain_of_type(*state_, *node, key, "a list of tables", key);
        return result;
    }
    for (const toml::node& item : *items) {
        if (!item.is_table()) {
            complain_of_type(*state_, item, fmt::format("an element of {}", key), "a table", key);
            continue;
        }
        TableState& child = add_child(*table_, key, meaning, &item);
        child.element = true;
        result.emplace_back(*state_, child);
    }
    return result;
}

std::vector<ListedValues> ConfigTable::listed() {
    std::vector<ListedValues> all;
    for (const std::string& key : keys()) {
        skip(key);
        list_values(*state_, key, *find(*table_, key), table_->topic, all);
    }
    return all;
}

namespace {

/// How far a path leads.
struct Found {
    Place place;
    std::string topic;
    std::size_t depth;
};

Found follow(const TableState& table, std::string_view path) {
    Found found{table.place, table.topic, 0};
    const toml::node* node = table.node;
    const TableState* state = &table;  // where it was read as a table
    while (node != nullptr && !path.empty()) {
        const std::string key(path.substr(0, path.find('.')));
        path.remove_prefix(std::min(key.size() + 1, path.size()));
        if (const toml::table* inner = node->as_table()) {
            node = inner->get(key);
        } else if (const toml::array* list = node->as_array()) {
            node = list->get(std::strtoul(key.c_str(), nullptr, 10));
        } else {
            break;
        }
        if (node == nullptr) {  // a key that has its default
            if (path.empty() && found.depth > 1 && key.find_first_of("0123456789") != 0) found.topic = key;
            break;
        }
        // A table that is only the beginning of others' names, [projection] of [projection.p], has no place.
        if (node->source().begin) found.place = place_of(node->source());
        // Names of the user's own, numbers of a list's elements and a model's parameters are no topics.
        const bool users = found.depth == 1 && node->is_table();
        const bool topic = !users && key != "parameters" && key.find_first_of("0123456789") != 0;
        if (topic) found.topic = key;
        if (state != nullptr) {
            const auto child = std::find_if(state->children.begin(), state->children.end(),
                                            [&](const auto& c) { return c->leaf == key && !c->element; });
            state = child != state->children.end() ? child->get() : nullptr;
            if (state != nullptr && state->topic != key) found.topic = state->topic;
        }
        ++found.depth;
    }
    return found;
}

}  // namespace

void ConfigTable::idle(std::string_view key, std::string_view reason, Severity severity) {
    KeyFacts* entry = entry_of(*table_, key);
    if (entry != nullptr) entry->idle = reason;
    if (entry == nullptr) table_->known.emplace_back(key);
    if (!has(key) || (entry != nullptr && entry->is_default)) return;
    complain(key, "E0210", fmt::format("{} has no effect: {}", key, reason), {}, severity);
    state_->complaints.back().idle_in = table_;
}

void ConfigTable::skip(std::string_view key) { table_->known.emplace_back(key); }

void ConfigTable::topic(std::string_view name) { table_->topic = name; }

void ConfigTable::complain(std::string_view key, std::string_view code, std::string message, std::string hint,
                           Severity severity) {
    state_->complaints.push_back({key.empty() ? table_->place : value_place(*table_, key), std::string(code),
                                  std::move(message), std::move(hint),
                                  key.empty() ? table_->topic : std::string(key), severity});
}

void ConfigTable::warn(std::string_view key, std::string_view code, std::string message, std::string hint) {
    complain(key, code, std::move(message), std::move(hint), Severity::warning);
}

bool ConfigTable::has_errors() const {
    return std::any_of(state_->complaints.begin(), state_->complaints.end(),
                       [](const Complaint& complaint) { return complaint.severity == Severity::error; });
}

bool ConfigTable::misread() const {
    return std::any_of(state_->complaints.begin(), state_->complaints.end(), [](const Complaint& complaint) {
        return complaint.severity == Severity::error && complaint.idle_in == nullptr;
    });
}

void ConfigTable::complain_of(const Problem& problem) {
    Found best{table_->place, table_->topic, 0};
    for (const std::string& path : problem.places) {
        Found found = follow(*table_, path);
        if (found.depth > best.depth) best = std::move(found);
    }
    state_->complaints.push_back(
        {best.place, problem.code, problem.message, problem.help, best.topic, problem.severity});
}

std::string ConfigTable::origin(std::string_view key) const {
    const toml::node* node = find(*table_, key);
    return node != nullptr ? origin_of(*state_, place_of(node->source())) : "default";
}

// --- Config
// ---------------------------------------------------------------------------------------------------------

Config::Config() : state_(std::make_unique<ConfigState>()) {}
Config::Config(Config&&) noexcept = default;
Config& Config::operator=(Config&&) noexcept = default;
Config::~Config() = default;

Config Config::open(const std::filesystem::path& path, const std::vector<Override>& overrides) {
    return parse(read_text(path), path.string(), overrides);
}

Config Config::parse(std::string text, std::string name, const std::vector<Override>& overrides) {
    Config config;
    ConfigState& state = *config.state_;
    state.sources.push_back({std::move(name), std::move(text), false});
    state.root = parse_source(state, 0);
    for (const Override& change : overrides) {
        const std::size_t source = state.sources.size();
        state.sources.push_back({change.option, as_toml(change.text), true});
        if (change.text.find('=') == std::string::npos) {
            throw_at_once(state, {{source, 1, 1, std::max<std::size_t>(change.text.size(), 1)},
                                  "E0301",
                                  fmt::format("'{}' is not of the form key=value", change.text),
                                  {},
                                  "E0301"});
        }
        toml::table changes = parse_source(state, source);
        merge(state, state.root, changes);
    }
    state.top.node = &state.root;
    return config;
}

ConfigTable Config::root() { return {*state_, state_->top}; }

void Config::finish() {
    complain_of_unknown_keys(*state_, state_->top);
    const std::vector<std::string> errors = messages(*state_, Severity::error);
    if (!errors.empty()) throw ConfigError(fmt::format("{}", fmt::join(errors, "\n")));
}

std::vector<std::string> Config::warnings() const {
    std::vector<std::string> texts = messages(*state_, Severity::warning);
    for (std::string& text : texts) text.pop_back();  // the end of its last line
    return texts;
}

const std::string& Config::text() const { return state_->sources.front().text; }

std::vector<KeyFacts> Config::keys() const {
    std::vector<KeyFacts> keys;
    collect_keys(state_->top, keys);
    return keys;
}

std::vector<TableFacts> Config::tables() const {
    std::vector<TableFacts> tables;
    collect_tables(state_->top, tables);
    return tables;
}

std::string Config::resolved(std::string_view heading) const {
    std::string out = commented_lines(heading);
    write_resolved(state_->top, out);
    return out;
}

std::string Config::commented(std::string_view heading) const {
    std::string out = commented_lines(heading);
    write_commented(state_->top, out);
    return out;
}

}  // namespace apical
