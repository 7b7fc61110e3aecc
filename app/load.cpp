#include "app/load.hpp"

#include <algorithm>
#include <cctype>
#include <random>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "networks/build.hpp"
#include "networks/catalogue.hpp"
#include "networks/network_config.hpp"
#include "training/experiment.hpp"

namespace apical {

namespace {

/// The full path of a file as TOML, so that the resolved configuration can be run from anywhere.
std::string full_path(const std::filesystem::path& file) {
    return toml_text(std::filesystem::absolute(file).lexically_normal().string());
}

/// The path or header of a table with NAME for whatever stands for a name of the user's own: a part with a
/// capital.
std::string with_names_alike(const std::string& path) {
    std::vector<std::string> parts;
    std::istringstream in(path);
    for (std::string part; std::getline(in, part, '.');) {
        const bool own = std::isupper(static_cast<unsigned char>(part.front())) != 0;
        parts.push_back(own ? "NAME" + part.substr(std::min(part.find(']'), part.size())) : part);
    }
    return fmt::format("{}", fmt::join(parts, "."));
}

}  // namespace

Loaded load(const std::filesystem::path& path, const std::vector<Override>& overrides) {
    Loaded loaded{.config = Config::open(path, overrides), .task = {}, .experiment = {}, .warnings = {}};
    ConfigTable root = loaded.config.root();
    loaded.experiment = read_experiment(root, loaded.task);
    root.skip("sweep");  // what `apical sweep` reads
    // A circuit's network is described by what the file says of other things: what is wrong with it is at
    // least said by whichever verb, at the file's beginning.
    if (loaded.task != "network" && !root.has_errors()) {
        for (const Problem& problem : problems(loaded.experiment->network())) {
            if (problem.severity == Severity::error) root.complain_of(problem);
        }
    }
    loaded.config.finish();
    loaded.warnings = loaded.config.warnings();
    return loaded;
}

std::vector<TaskFacts> facts_of_tasks() {
    std::vector<TaskFacts> facts;
    const auto add = [&](const std::string& task, const Config& config) {
        TaskFacts& added = facts.emplace_back(TaskFacts{task, config.keys(), config.tables()});
        for (KeyFacts& key : added.keys) {
            key.table = with_names_alike(key.table);
            if (key.table.ends_with(".weight") && key.unit != "1") key.unit = "of the port";
        }
        for (TableFacts& table : added.tables) table.header = with_names_alike(table.header);
    };
    for (const TaskKind& task : task_kinds()) {
        for (const CircuitKind& circuit : circuit_kinds()) {
            if (circuit.name != task.circuit) continue;
            Config file = Config::parse(file_of(task, circuit), std::string(task.name) + ".toml");
            std::string name;
            read_experiment(file.root(), name);
            add(name, file);
        }
    }

    // A network with one of each table; what it says is never judged, only which keys were asked for.
    // Parameters of models are the catalogue's.
    constexpr std::string_view every_table = R"(
[population.NAME]
model = "spike_train"
spike_file = "spikes.h5"
[projection.NAME]
source = "CELLS"
target = "CELLS"
port = "@"
weight = { distribution = "normal" }
connect = { rule = "fixed_indegree" }
release = [{}]
[projection.NAME.plasticity]
[projection.GAIN.gain_steps]
[projection.BERNOULLI]
target = "CELLS"
port = "@"
connect = { rule = "bernoulli" }
weight = { distribution = "lognormal" }
[projection.BLOCKS]
target = "CELLS"
port = "@"
connect = { rule = "blocks" }
weight = { distribution = "uniform" }
[projection.TIED.tie]
mean = "senders"
[signal.NAME]
[drive.NAME]
target = "CELLS"
[steps.NAME]
target = "CELLS"
[sine.NAME]
target = "CELLS"
)";
    std::string text(every_table);
    const auto& models = catalogue().models;
    const auto cell = std::find_if(models.begin(), models.end(), [](const ModelInfo& model) {
        return !model.ports.empty() && !model.variables.empty();
    });
    for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@'))
        text.replace(at, 1, cell->ports.front().name);
    text += fmt::format("[population.CELLS]\nmodel = \"{}\"\nbackground = [{{}}]\ninitial = {{ {} = 0 }}\n",
                        cell->name, cell->variables.front());
    for (const ModelInfo& model : models) {
        if (model.kind == ModelInfo::Kind::short_term)
            text += fmt::format("[projection.RELEASE_{0}.short_term]\nvariant = \"{0}\"\n", model.name);
    }
    Config network_file = Config::parse(text, "network.toml");
    read_network(network_file.root(), catalogue());
    add("network", network_file);
    return facts;
}

std::vector<Override> overrides(const std::vector<std::string>& set, const std::string& seed) {
    std::vector<Override> changes;
    for (const std::string& text : set) changes.push_back({"--set", text});
    if (seed == "random") {
        changes.push_back({"--seed", fmt::format("seed={}", std::random_device{}())});
    } else if (!seed.empty()) {
        changes.push_back({"--seed", fmt::format("seed={}", seed)});
    }
    return changes;
}

Override data_override(const std::filesystem::path& folder) {
    return {"--data", "data=" + full_path(folder)};
}

Override replay_override(const std::string& population, Index size, const std::filesystem::path& file,
                         const std::string& as, const std::string& rest) {
    return {"--population", fmt::format("population.{}={{model=\"spike_train\", size={}, spike_file={}, "
                                        "spike_population=\"{}\"{}}}",
                                        population, size, full_path(file), as, rest)};
}

}  // namespace apical
