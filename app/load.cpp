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
#include "tasks/idx.hpp"
#include "tasks/run.hpp"

namespace apical {

namespace {

/// The full path of a file as TOML, so that the resolved configuration can be run from anywhere.
std::string full_path(const std::filesystem::path& file) {
    std::string quoted;
    for (const char c : std::filesystem::absolute(file).lexically_normal().string()) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return '"' + quoted + '"';
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

std::uint64_t Loaded::seed() const {
    return std::visit([](const auto& config_) { return config_.seed; }, what);
}

NetworkDescription Loaded::network() const {
    if (const auto* xor_config = std::get_if<XorConfig>(&what)) return describe_xor(*xor_config);
    if (const auto* ensembles = std::get_if<XorEnsemblesConfig>(&what))
        return describe_xor_ensembles(*ensembles);
    if (const auto* images = std::get_if<ImagesConfig>(&what)) return describe_images(*images);
    return std::get<NetworkDescription>(what);
}

double Loaded::copies() const {
    const auto* images = std::get_if<ImagesConfig>(&what);
    return images != nullptr ? images->training.batch : 1.0;
}

bool Loaded::judges_relays() const {
    if (const auto* xor_config = std::get_if<XorConfig>(&what)) return apical::judges_relays(*xor_config);
    const auto* images = std::get_if<ImagesConfig>(&what);
    return images != nullptr && apical::judges_relays(*images);
}

std::string Loaded::size_text() const {
    if (const auto* xor_config = std::get_if<XorConfig>(&what)) {
        return fmt::format("2-{}-1 populations of {}", xor_config->hidden, xor_config->neurons);
    }
    if (const auto* ensembles = std::get_if<XorEnsemblesConfig>(&what)) {
        return fmt::format("5 ensembles of {}", ensembles->neurons);
    }
    if (const auto* images = std::get_if<ImagesConfig>(&what)) {
        return fmt::format("{} hidden and {} x {} output neurons", fmt::join(images->hidden.sizes, "-"),
                           label_count, images->output.per_class);
    }
    const auto& network = std::get<NetworkDescription>(what);
    return fmt::format("{} in {} population{}", text_of(size_of(network)), network.populations.size(),
                       network.populations.size() == 1 ? "" : "s");
}

std::vector<std::filesystem::path> Loaded::inputs() const {
    std::vector<std::filesystem::path> files;
    if (const auto* images = std::get_if<ImagesConfig>(&what)) {
        expect_images(*images);
        if (!images->data.empty()) files = find_data_set(images->data);
    } else if (const auto* network_ = std::get_if<NetworkDescription>(&what)) {
        for (const PopulationDescription& population : network_->populations) {
            for (const std::string& file : population.spike_files)
                files.push_back(std::filesystem::absolute(file).lexically_normal());
        }
    }
    return files;
}

Loaded load(const std::filesystem::path& path, const std::vector<Override>& overrides) {
    Loaded loaded{Config::open(path, overrides), {}, {}, {}};
    ConfigTable root = loaded.config.root();
    const bool table = root.holds_table("task");
    loaded.task = table              ? root.table("task", {}).peek("name")
                  : root.has("task") ? root.peek("task")
                                     : "network";
    if (loaded.task == "network") {
        loaded.what = read_network(root, catalogue());
    } else if (loaded.task == "xor") {
        loaded.what = read_xor(root);
    } else if (loaded.task == "xor_ensembles") {
        loaded.what = read_xor_ensembles(root);
    } else if (loaded.task == "mnist" && table) {
        loaded.what = read_images(root);
    } else if (loaded.task == "digits" && table) {
        loaded.what = read_images(root, digits_config());
    } else {
        for (const std::string& key : root.keys()) root.skip(key);
        std::string task;
        if (table) {
            read_images_task(root, task);
        } else if (loaded.task == "mnist" || loaded.task == "digits") {
            root.complain("task", "E0202", fmt::format("task is \"{}\": expected a table", loaded.task),
                          fmt::format("[task], and in it name = \"{}\"", loaded.task));
        } else {
            root.read_word({.name = "task", .meaning = "what the file is for", .required = true},
                           {{"network", "simulate a network"},
                            {"xor", "learn the exclusive or"},
                            {"xor_ensembles", "ensembles of conductance-based cells learn the exclusive or"},
                            {"mnist", "learn the images of a data set"},
                            {"digits", "learn digits drawn at random"}},
                           task);
        }
    }
    root.skip("sweep");  // what `apical sweep` reads
    // What the construction would refuse is refused here, at its place in the file, by whichever verb.
    if (!root.has_errors()) {
        for (const Refusal& refusal : refusals(loaded.network()))
            root.complain_of(refusal.places, refusal.code, refusal.message);
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
    Config xor_file = Config::parse("", "xor.toml");
    read_xor(xor_file.root());
    add("xor", xor_file);
    Config ensembles_file = Config::parse("", "xor_ensembles.toml");
    read_xor_ensembles(ensembles_file.root());
    add("xor_ensembles", ensembles_file);
    Config images_file = Config::parse("", "mnist.toml");
    read_images(images_file.root());
    add("mnist", images_file);
    Config digits_file = Config::parse("", "digits.toml");
    read_images(digits_file.root(), digits_config());
    add("digits", digits_file);

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
