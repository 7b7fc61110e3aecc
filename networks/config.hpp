#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/field.hpp"
#include "networks/problems.hpp"

namespace apical {

/// A key of a configuration, as its reader declares it: the one source of parsing, checks, the commented file
/// that `apical new` writes, the resolved file of a run, and `apical explain`.
struct Key {
    std::string_view name;
    std::string_view unit = {};  ///< "ms", "mV", ... or "1"; empty for text, switches and names
    std::string_view meaning = {};
    Range range = any;
    bool required = false;
    std::string_view why = {};  ///< reason of the range, told to whoever leaves it
};

/// A value that is one of a few words.
template <class Enum>
struct Choice {
    std::string_view name;
    Enum value;
    std::string_view meaning;
};

/// The word for a value.
template <class Enum, std::size_t n>
std::string_view name_of(const std::array<Choice<Enum>, n>& choices, Enum value) {
    for (const auto& choice : choices) {
        if (choice.value == value) return choice.name;
    }
    return {};
}

/// An alternative of a key whose value is a word.
struct Word {
    std::string name;
    std::string meaning;
};

/// A key with the value in force: what resolved files, templates and explanations are made of.
struct KeyFacts {
    std::string table;  ///< path of its table, "projection.out_to_hid"; empty: top level
    std::string name;
    std::string unit;
    std::string meaning;
    Range range;
    std::vector<Word> words;    ///< alternatives, if any
    std::string value;          ///< TOML text; empty: absent, which means `default_value`
    std::string default_value;  ///< TOML text, or words; empty: required
    std::string origin;         ///< "default", "net.toml:7" or "--set"
    bool is_default = true;
    std::string idle = {};  ///< why it has no effect; empty: it has one
};

/// A table of a configuration and what it is for.
struct TableFacts {
    std::string header;  ///< "[population.NAME.initial]", or "[[sweep.list]]" of an element of a list
    std::string meaning;
};

/// `key.path=value` from the command line, merged over the file before anything is read.
struct Override {
    std::string option;  ///< "--set" or "--seed": named in messages
    std::string text;
};

/// A key and the values listed for it, as TOML text; the path of a key in nested tables is joined by dots.
struct ListedValues {
    std::string key;
    std::vector<std::string> values;
    std::vector<std::string> places;  ///< of each, "net.toml:7:12"
};

namespace detail {
struct ConfigState;
struct TableState;
}  // namespace detail

/// A table of a configuration through which a reader declares keys and reads their values. What is wrong is
/// collected, not thrown; the variable then keeps its value, which is the default. A handle: copies name the
/// same table.
class ConfigTable {
public:
    ConfigTable(detail::ConfigState& state, detail::TableState& table) : state_(&state), table_(&table) {}

    std::string name() const;                      ///< last part of the path: X of [population.X]
    bool has(std::string_view key) const;          ///< is it in the file or set on the command line
    std::string peek(std::string_view key) const;  ///< text under a key, without declaring it; else empty
    bool holds_table(std::string_view key) const;
    std::vector<std::string> keys() const;  ///< those of the file, in its order

    void read(const Key& key, double& value);
    void read(const Key& key, bool& value);
    void read(const Key& key, std::string& value);
    void read(const Key& key, std::vector<double>& value);
    void read(const Key& key, std::vector<std::vector<double>>& value);
    void read(const Key& key, std::vector<std::string>& value);

    template <std::unsigned_integral Whole>
    void read(const Key& key, Whole& value) {
        value = static_cast<Whole>(read_whole(key, value, std::uint64_t{std::numeric_limits<Whole>::max()}));
    }

    /// Absent is a value of its own; `absent` says what it means.
    void read(const Key& key, std::optional<double>& value, std::string_view absent);

    template <class Enum, std::size_t n>
    void read(const Key& key, const std::array<Choice<Enum>, n>& choices, Enum& value) {
        if (const auto i = read_choice(key, words(choices), index_of(choices, value)))
            value = choices[*i].value;
    }

    template <class Enum, std::size_t n>
    void read(const Key& key, const std::array<Choice<Enum>, n>& choices, std::optional<Enum>& value,
              std::string_view absent) {
        if (const auto i = read_choice(key, words(choices), std::nullopt, absent)) value = choices[*i].value;
    }

    /// One of these words; `value` is the default, unless the key is required.
    void read_word(const Key& key, const std::vector<Word>& words, std::string& value);

    /// The name of something defined elsewhere in the file: `what` is "population". False if there is none.
    bool read_reference(const Key& key, std::string_view what, const std::vector<std::string>& defined,
                        std::string& value);
    bool read_references(const Key& key, std::string_view what, const std::vector<std::string>& defined,
                         std::vector<std::string>& value);

    /// The table under a key, the same each time; an absent one is empty.
    ConfigTable table(std::string_view key, std::string_view meaning);
    /// The tables [key.X] in the order of the file; X is checked to be a name.
    std::vector<ConfigTable> tables(std::string_view key, std::string_view meaning);
    /// The elements of an array of tables.
    std::vector<ConfigTable> array(std::string_view key, std::string_view meaning);

    /// Everything in this table, for a reader to whom the keys are names of something else: the elements of a
    /// list one by one, anything else as a list of one. Empty lists and lists of lists are complained of.
    std::vector<ListedValues> listed();

    /// The name of a file or folder, made absolute, so that the resolved file means the same from any folder.
    void read_path(const Key& key, std::string& value);

    /// Says that `key` cannot matter here, and why: an error if it was given another value than its default,
    /// or a warning. Not if a word, a switch or a name was refused here or in a table around this one: what
    /// it would have decided is not known.
    void idle(std::string_view key, std::string_view reason, Severity severity = Severity::error);

    /// Says that `key` cannot be judged, because something else is wrong that was complained of.
    void skip(std::string_view key);

    /// What `apical explain` is asked about this table's keys; by default the last part of its path.
    void topic(std::string_view name);

    /// A complaint of the reader's own about a key (or, if empty, the table): `code` as in error_codes.hpp.
    void complain(std::string_view key, std::string_view code, std::string message, std::string hint = {},
                  Severity severity = Severity::error);
    /// The same of what is legal and probably not meant.
    void warn(std::string_view key, std::string_view code, std::string message, std::string hint = {});

    /// Whether an error was found so far, anywhere in the configuration.
    bool has_errors() const;

    /// Whether something was refused, so that what was read is not what was meant. A key without effect is an
    /// error, and all the same read.
    bool misread() const;

    /// What a judge found, at the one of its places of which most is there, and if there is nothing of any,
    /// at this table.
    void complain_of(const Problem& problem);

    /// Where the value of a key comes from: "net.toml:7", "--set" or "default".
    std::string origin(std::string_view key) const;

private:
    std::uint64_t read_whole(const Key& key, std::uint64_t value, std::uint64_t largest);
    std::optional<std::size_t> read_choice(const Key& key, const std::vector<Word>& words,
                                           std::optional<std::size_t> initial, std::string_view absent = {});

    template <class Enum, std::size_t n>
    static std::vector<Word> words(const std::array<Choice<Enum>, n>& choices) {
        std::vector<Word> result;
        for (const auto& choice : choices)
            result.push_back({std::string(choice.name), std::string(choice.meaning)});
        return result;
    }
    template <class Enum, std::size_t n>
    static std::optional<std::size_t> index_of(const std::array<Choice<Enum>, n>& choices, Enum value) {
        for (std::size_t i = 0; i < n; ++i) {
            if (choices[i].value == value) return i;
        }
        return std::nullopt;
    }

    detail::ConfigState* state_;
    detail::TableState* table_;
};

/// A configuration file with the command line's changes. Readers take root(); then finish() throws whatever
/// is wrong, all of it at once.
class Config {
public:
    /// Throws ConfigError if the file is missing, a folder, not UTF-8 or not TOML.
    static Config open(const std::filesystem::path& path, const std::vector<Override>& overrides = {});
    /// The same from text; `name` stands for the file in messages.
    static Config parse(std::string text, std::string name, const std::vector<Override>& overrides = {});

    Config(const Config&) = delete;
    Config& operator=(const Config&) = delete;
    Config(Config&&) noexcept;
    Config& operator=(Config&&) noexcept;
    ~Config();

    ConfigTable root();

    /// To be called when all keys are declared: adds what nobody declared and throws ConfigError with every
    /// complaint, in order of the file.
    void finish();
    /// What readers warned of, in order of the file: each as complaints are shown, without the end of its
    /// last line.
    std::vector<std::string> warnings() const;

    const std::string& text() const;  ///< of the file, byte for byte

    std::vector<KeyFacts> keys() const;      ///< every key read, in the order of declaration
    std::vector<TableFacts> tables() const;  ///< every table whose meaning was told

    /// Every key with value, unit, meaning and origin, those without effect as comments; reading this alone
    /// gives the same configuration, in a version with other defaults too.
    std::string resolved(std::string_view heading) const;
    /// The same with meanings and alternatives instead of origins: a file for a person to edit.
    std::string commented(std::string_view heading) const;

private:
    Config();
    std::unique_ptr<detail::ConfigState> state_;
};

/// A text as TOML writes it, in quotation marks.
std::string toml_text(std::string_view text);

/// "more than 0 ms", "from 0 to 1".
std::string describe(const Range& range, std::string_view unit);

}  // namespace apical
