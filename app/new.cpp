#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/load.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/verbs.hpp"
#include "app/web.hpp"
#include "core/error.hpp"
#include "networks/suggest.hpp"

namespace apical {

namespace po = boost::program_options;

namespace {

constexpr std::string_view new_usage = "apical new TASK [--circuit NAME] [--out FILE]";

/// Every key with its default.
std::string template_of(const TaskKind& task, const CircuitKind& circuit) {
    const std::string file = std::string(task.name) + ".toml";
    Config config = Config::parse(file_of(task, circuit), file);
    std::string name;
    read_experiment(config.root(), name);
    return config.commented(fmt::format(
        "{}: apical run {}\n"
        "\n"
        "Every key with its default; a line that is left out has it too. Times are in ms, rates in Hz; a "
        "value may be text\n"
        "with a unit, \"0.2 s\". More about a key: apical explain KEY",
        task.heading, file));
}

/// The text of a file for a task, learnt by a circuit, if one is named.
std::string template_of(const TaskKind& task, const std::string& circuit) {
    std::vector<std::string> fit;
    for (const CircuitKind& kind : circuit_kinds()) {
        if (!go_together(kind, task)) continue;
        if (kind.name == (circuit.empty() ? task.circuit : circuit)) return template_of(task, kind);
        fit.emplace_back(kind.name);
    }
    throw misuse(new_usage, fmt::format("no circuit '{}' learns {}", circuit, task.name),
                 fmt::format("there are: {}", fmt::join(fit, ", ")));
}

}  // namespace

int new_verb(const Arguments& arguments) {
    OutputOptions output;
    std::string circuit;
    VerbOptions options(
        new_usage,
        "Writes a configuration with every key, its default and what it means, or, as `network`, a "
        "microcircuit to begin one's own from.",
        "apical new network\napical new xor\napical new xor --circuit burst_ensembles --out "
        "experiments/first.toml");
    options.positional("task");
    options.add()  //
        ("circuit", po::value(&circuit)->value_name("NAME"),
         "the network that learns: apical explain circuit (default: that of the task)");
    output.declare(options, "name of the file (default: TASK.toml)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    std::vector<std::string> known{"network"};
    for (const TaskKind& kind : task_kinds()) known.emplace_back(kind.name);
    const auto tasks =
        values->count("task") != 0 ? (*values)["task"].as<std::vector<std::string>>() : Arguments{};
    const auto write = [&](const std::string& name, const std::string& text) {
        const auto file = output.open(name + ".toml");
        file->write(text);
        file->finish();
        const std::string path = file->path().string();
        fmt::print(stderr, "wrote {}: edit it, then: apical run {}\n", path, path);
        return 0;
    };
    if (tasks.size() == 1) {
        if (tasks.front() == "network") {
            if (!circuit.empty())
                throw misuse(new_usage, "--circuit is for a task, which a network has none of");
            return write("network", std::string(embedded_file("network.toml")));  // as it is in examples/
        }
        for (const TaskKind& kind : task_kinds()) {
            if (tasks.front() == kind.name) return write(tasks.front(), template_of(kind, circuit));
        }
    }
    const std::string given = tasks.size() == 1 ? tasks.front() : std::string();
    const auto meant = probably_meant(given, known);
    throw misuse(
        new_usage,
        tasks.empty()      ? "new what? The task is missing"
        : tasks.size() > 1 ? "one task at a time"
                           : fmt::format("unknown task '{}'", given),
        fmt::format("{}known: {}", meant ? fmt::format("did you mean '{}'? ", *meant) : std::string(),
                    fmt::join(known, ", ")));
}

}  // namespace apical
