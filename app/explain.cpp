#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/load.hpp"
#include "app/options.hpp"
#include "app/sweep.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "networks/catalogue.hpp"
#include "networks/error_codes.hpp"
#include "networks/network_config.hpp"
#include "networks/suggest.hpp"

namespace apical {

namespace {

std::string unit_text(const std::string& unit) {
    return unit.empty() || unit == "1" ? "" : fmt::format(" [{}]", unit);
}

std::string default_text(double value) {
    if (std::isnan(value)) return "follows from the others";
    return std::abs(value) == any.high ? "unbounded" : fmt::format("{}", value);
}

bool explain_error(const std::string& name) {
    const auto* const found = std::find_if(error_codes.begin(), error_codes.end(),
                                           [&](const ErrorCode& error) { return error.code == name; });
    if (found == error_codes.end()) return false;
    fmt::print("{}: {}\n\n{}\n", found->code, found->title, found->text);
    return true;
}

/// What a weight's sign means on a port.
std::string sign_text(const PortInfo& port) {
    if (port.conducts) {
        return port.inhibits ? "a conductance that inhibits: weights are not negative"
                             : "a conductance that excites: weights are not negative";
    }
    const std::string current = "a positive weight excites, a negative one inhibits";
    return port.sign == 0
               ? current
               : fmt::format("{}: meant for {} ones", current, port.sign < 0 ? "negative" : "positive");
}

/// What holds for all rules.
constexpr const char* laws_of_rules =
    "a rule sees every spike of source and target, whatever the spike releases: a gate that is shut, a "
    "release of 0 "
    "or a gain\nof 0 hides nothing from it; the source's spikes are seen `delay` after they are fired, those "
    "of the "
    "target `back_delay` after,\nand two spikes that are seen at one time do not pair\n"
    "weights are kept in single precision, and rounded at each change: one below 3e-8 of the weight is "
    "lost\n";

bool explain_model(const std::string& name) {
    bool found = false;
    for (const ModelInfo& model : catalogue().models) {
        if (model.name != name) continue;
        found = true;
        const std::map<ModelInfo::Kind, const char*> kinds{
            {ModelInfo::Kind::neuron, "model of a neuron"},
            {ModelInfo::Kind::source, "source of spikes"},
            {ModelInfo::Kind::rule, "rule of plasticity"},
            {ModelInfo::Kind::short_term, "short-term plasticity"}};
        fmt::print("{}: {}, {}\n", model.name, kinds.at(model.kind), model.summary);
        if (!model.equations.empty()) fmt::print("\n{}\n", model.equations);
        if (model.kind == ModelInfo::Kind::rule) fmt::print("\n{}", laws_of_rules);
        if (!model.fields.empty()) fmt::print("\nparameters\n");
        for (const FieldInfo& field : model.fields) {
            fmt::print("  {:<14} {}{}; {}; default {}\n", field.name, field.meaning, unit_text(field.unit),
                       describe(field.range, ""), default_text(field.default_value));
        }
        for (const OptionInfo& option : model.options) {
            fmt::print("  {:<14} {}\n", option.name, option.meaning);
            for (const auto& [word, meaning] : option.choices)
                fmt::print("    {:<18} {}\n", fmt::format("\"{}\"", word), meaning);
        }
        if (!model.ports.empty()) fmt::print("\nports\n");
        for (const PortInfo& port : model.ports) {
            fmt::print("  {:<14} weights in {}{}; {}\n", port.name, port.unit,
                       port.level ? "; what arrives stays" : "", sign_text(port));
        }
        if (!model.variables.empty()) fmt::print("\nstate: {}\n", fmt::join(model.variables, ", "));
        if (model.kind == ModelInfo::Kind::neuron)
            fmt::print("\nclassifier of spikes, unless the population has another: {}\n",
                       name_of(model.classifier));
    }
    return found;
}

/// "in [record] (task network)"; keys of [sweep] are of any task.
std::string place_text(const std::string& task, const std::string& table) {
    return fmt::format("{}{}", table.empty() ? "" : fmt::format(" in [{}]", table),
                       task.empty() ? "" : fmt::format(" (task {})", task));
}

void print_key(const std::string& task, const KeyFacts& key) {
    fmt::print("{}{}\n  {}{}\n", key.name, place_text(task, key.table), key.meaning, unit_text(key.unit));
    for (const Word& word : key.words)
        fmt::print("    {:<20} {}\n", fmt::format("\"{}\"", word.name), word.meaning);
    if (!key.unit.empty()) fmt::print("  range: {}\n", describe(key.range, key.unit));
    fmt::print("  default: {}\n", key.default_value.empty() ? "none, it must be given" : key.default_value);
}

/// Parameters and start values: the model's page tells them.
bool is_told_by_model(const KeyFacts& key) {
    return key.table.ends_with(".parameters") || key.table.ends_with(".initial");
}

/// "sweep.list" of "[[sweep.list]]", and of itself.
std::string without_brackets(const std::string& header) {
    const std::size_t begin = std::min(header.find_first_not_of('['), header.size());
    return header.substr(begin, header.find(']', begin) - begin);
}
std::string path_of(const TableFacts& table) { return without_brackets(table.header); }

/// Is it the table of that name, or as `--set` has it, or one inside?
bool is_in(const std::string& path, const std::string& name) {
    return ("." + path + ".").find("." + name + ".") != std::string::npos;
}

/// A key, by its name or as `--set` has it, or a table and its keys: of every place where there is one of
/// that name.
bool explain_key(const std::string& name, const std::vector<TaskFacts>& facts) {
    bool found = false;
    // The same of two tables of one kind is told once.
    std::set<std::string> told;
    const auto is_new = [&](const std::string& table, const std::string& what) {
        if (!told.insert(table.substr(0, table.find('.')) + "\n" + what).second) return false;
        if (found) fmt::print("\n");
        return found = true;
    };
    for (const TaskFacts& of : facts) {
        for (const TableFacts& table : of.tables) {
            const std::string path = path_of(table);
            const bool named = ("." + path).ends_with("." + name) || path == name + ".NAME";
            if (named && is_new(path, table.meaning))
                fmt::print("{}{}\n  {}\n", table.header, place_text(of.task, {}), table.meaning);
        }
        for (const KeyFacts& key : of.keys) {
            const bool whole_task = of.task == name && key.table.empty();
            const bool as_in_set = key.table + "." + key.name == name;
            if (key.name != name && !as_in_set && !is_in(key.table, name) && !whole_task) continue;
            if (is_told_by_model(key)) continue;
            if (is_new(key.table, key.name + key.meaning + key.unit + key.default_value))
                print_key(of.task, key);
        }
    }
    return found;
}

/// Words in lines that a terminal shows whole.
void print_words(const std::set<std::string>& words) {
    constexpr std::size_t width = 78;
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty() && line.size() + word.size() + 4 > width) {
            fmt::print("  {}\n", line);
            line.clear();
        }
        line += (line.empty() ? "" : "  ") + word;
    }
    if (!line.empty()) fmt::print("  {}\n", line);
}

void print_models(const char* heading, ModelInfo::Kind kind) {
    fmt::print("\n{}\n", heading);
    for (const ModelInfo& model : catalogue().models) {
        if (model.kind == kind) fmt::print("  {:<22}{}\n", model.name, model.summary);
    }
}

/// Everything that can be asked about.
/// A line of what it is and what it learns.
void print_circuit(const CircuitKind& circuit) {
    std::vector<std::string_view> learns;
    for (const TaskKind& task : task_kinds()) {
        if (go_together(circuit, task)) learns.push_back(task.name);
    }
    fmt::print("  {:<22}{}: {}\n", circuit.name, circuit.meaning, fmt::join(learns, ", "));
}

/// Of a circuit by its name, or of all that there are.
bool explain_circuits(const std::string& name) {
    const bool all = name == "circuit" || name == "circuits";
    bool found = false;
    for (const CircuitKind& circuit : circuit_kinds()) {
        if (!all && circuit.name != name) continue;
        print_circuit(circuit);
        found = true;
    }
    if (found && !all)
        fmt::print("  every key: apical new TASK --circuit {}; in a file that has others: circuit = \"{}\"\n",
                   name, name);
    return found;
}

void print_contents(const std::vector<TaskFacts>& facts) {
    std::set<std::string> tasks, tables, keys;
    const auto add_tables = [&](const std::string& path) {
        std::istringstream parts(path);
        for (std::string part; std::getline(parts, part, '.');) {
            // Capitals stand for a name of the user's own.
            if (std::islower(static_cast<unsigned char>(part.front())) != 0) tables.insert(part);
        }
    };
    for (const TaskFacts& of : facts) {
        if (!of.task.empty()) tasks.insert(of.task);
        for (const TableFacts& table : of.tables) add_tables(path_of(table));
        for (const KeyFacts& key : of.keys) {
            if (is_told_by_model(key)) continue;
            keys.insert(key.name);
            add_tables(key.table);
        }
    }
    fmt::print("apical explain NAME, where NAME is one of these, or a parameter of a model\n");
    print_models("models of neurons", ModelInfo::Kind::neuron);
    print_models("sources of spikes", ModelInfo::Kind::source);
    print_models("rules of plasticity", ModelInfo::Kind::rule);
    print_models("short-term plasticity", ModelInfo::Kind::short_term);
    fmt::print("\ntasks\n");
    print_words(tasks);
    fmt::print("\ncircuits\n");
    for (const CircuitKind& circuit : circuit_kinds()) print_circuit(circuit);
    fmt::print("\ntables\n");
    print_words(tables);
    fmt::print("\nkeys\n");
    print_words(keys);
    fmt::print("\nerror codes\n");
    for (const ErrorCode& error : error_codes) fmt::print("  {:<22}{}\n", error.code, error.title);
}

/// The keys and options that have the name among their values.
std::set<std::string> keys_with_value(const std::string& name, const std::vector<TaskFacts>& facts) {
    std::set<std::string> found;
    for (const TaskFacts& of : facts) {
        for (const KeyFacts& key : of.keys) {
            const bool has = std::any_of(key.words.begin(), key.words.end(),
                                         [&](const Word& word) { return word.name == name; });
            if (has) found.insert(key.name);
        }
    }
    for (const ModelInfo& model : catalogue().models) {
        for (const OptionInfo& option : model.options) {
            const bool has = std::any_of(option.choices.begin(), option.choices.end(),
                                         [&](const auto& choice) { return choice.first == name; });
            if (has) found.insert(model.name);
        }
    }
    return found;
}

/// The parameters, options and variables of a model that have this name. `found`: whether anything was
/// printed.
void explain_parts(const std::string& name, const ModelInfo& info, bool& found) {
    const auto heading = [&] {
        fmt::print("{}{} of {}\n", found ? "\n" : "", name, info.name);
        found = true;
    };
    for (const FieldInfo& field : info.fields) {
        if (field.name != name) continue;
        heading();
        fmt::print("  {}{}\n  range: {}\n  default: {}\n", field.meaning, unit_text(field.unit),
                   describe(field.range, field.unit), default_text(field.default_value));
    }
    for (const OptionInfo& option : info.options) {
        if (option.name != name) continue;
        heading();
        fmt::print("  {}\n", option.meaning);
        for (const auto& [word, meaning] : option.choices)
            fmt::print("    {:<20} {}\n", fmt::format("\"{}\"", word), meaning);
    }
    if (std::find(info.variables.begin(), info.variables.end(), name) == info.variables.end()) return;
    heading();
    fmt::print("  state of a neuron; its value at the start: [population.NAME.initial]\n");
}

/// What else somebody may have meant by a name that nothing has.
std::string hint(const std::string& name, const std::vector<TaskFacts>& facts) {
    std::vector<std::string> known;
    for (const TaskFacts& of : facts) {
        for (const KeyFacts& key : of.keys) known.push_back(key.name);
        for (const TableFacts& table : of.tables) {
            const std::string path = path_of(table);
            known.push_back(path.substr(path.rfind('.') + 1));
        }
    }
    for (const ModelInfo& info : catalogue().models) {
        known.push_back(info.name);
        for (const FieldInfo& field : info.fields) known.push_back(field.name);
        for (const OptionInfo& option : info.options) known.push_back(option.name);
        for (const std::string& variable : info.variables) known.push_back(variable);
    }
    if (const auto absent = no_such_thing(name)) return *absent;
    if (const ForeignName* foreign = foreign_name(name, known))
        return fmt::format("{} is {}'s name; here it is {}", name, foreign->tool, foreign->ours);
    if (const auto having = keys_with_value(name, facts); !having.empty()) {
        return fmt::format("it is a value, which is explained with its key: apical explain {}",
                           fmt::join(having, ", or "));
    }
    if (const auto meant = probably_meant(name, known)) return fmt::format("did you mean '{}'?", *meant);
    return "`apical explain` alone lists what there is";
}

}  // namespace

int explain_verb(const Arguments& arguments) {
    VerbOptions options(
        "apical explain [NAME]",
        "Explains a key, a table, a task, a model or an error code; without a name, lists them.",
        "apical explain\napical explain tau_rec\napical explain presentation.duration\napical explain E0203");
    options.positional("name");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const auto names =
        values->count("name") != 0 ? (*values)["name"].as<std::vector<std::string>>() : Arguments{};
    std::vector<TaskFacts> facts = facts_of_tasks();
    const Config sweep = sweep_config();
    facts.push_back({{}, sweep.keys(), sweep.tables()});
    if (names.empty()) {
        print_contents(facts);
        return 0;
    }
    if (names.size() != 1) throw misuse("apical explain [NAME]", "explain what? One name, please");
    const std::string name = without_brackets(names.front());

    if (explain_error(name) || explain_circuits(name)) return 0;
    const bool model = explain_model(name);
    bool found = explain_key(name, facts);
    for (const ModelInfo& info : catalogue().models) explain_parts(name, info, found);
    if (model || found) return 0;
    throw misuse("apical explain [NAME]", fmt::format("there is nothing named '{}'", name),
                 hint(name, facts));
}

}  // namespace apical
