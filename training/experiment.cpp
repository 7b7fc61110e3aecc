#include "training/experiment.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "circuits/burst_ensembles.hpp"
#include "circuits/burstccn.hpp"
#include "circuits/burstccn_populations.hpp"
#include "tasks/images.hpp"
#include "tasks/xor.hpp"
#include "training/trainer.hpp"

namespace apical {
namespace {

std::string_view any_shape(const Shape&) { return ""; }
std::string_view one_output(const Shape& shape) {
    if (shape.outputs != 1) return "it has one output";
    return shape.inputs > 26 ? "it has up to 26 inputs" : "";
}

constexpr std::array circuits{
    CircuitKind{"burstccn",
                "a layered spiking BurstCCN",
                any_shape,
                [](ConfigTable root, const Shape& shape) { return burstccn(read_burstccn(root, shape)); },
                {.spikes = false, .images = 10, .traces = true, .weights = true, .trace_bin = 0.0},
                false},
    CircuitKind{"burstccn_populations",
                "a spiking BurstCCN of a population for each unit, with relay cells",
                one_output,
                [](ConfigTable root, const Shape&) { return burstccn_populations(read_populations(root)); },
                {.spikes = true, .images = 0, .traces = true, .weights = true, .trace_bin = 20.0},
                false},
    CircuitKind{"burst_ensembles",
                "ensembles of conductance-based cells: Burstprop, or a BurstCCN",
                one_output,
                [](ConfigTable root, const Shape&) { return burst_ensembles(read_ensembles(root)); },
                {.spikes = false, .images = 0, .traces = true, .weights = true, .trace_bin = 400.0},
                true},
};

std::unique_ptr<Task> read_xor_task(ConfigTable root, const CircuitKind& circuit) {
    XorConfig defaults;
    if (circuit.in_turn) defaults.order = XorConfig::Order::in_turn;
    return xor_task(read_xor(root, defaults));
}

constexpr std::array tasks{
    TaskKind{"xor", "learn the exclusive or",
             "The exclusive or, learnt by a spiking network in a single phase", "burstccn_populations", false,
             read_xor_task},
    TaskKind{"xor_ensembles", "ensembles of conductance-based cells learn the exclusive or",
             "The exclusive or, learnt by five ensembles of conductance-based cells", "burst_ensembles",
             false, read_xor_task},
    TaskKind{"mnist", "learn the images of a data set",
             "Images of a data set, learnt by a layered spiking network online and in a single phase",
             "burstccn", true,
             [](ConfigTable root, const CircuitKind&) { return images_task(read_images(root, {})); }},
    TaskKind{
        "digits", "learn digits drawn at random",
        "Digits drawn at random, learnt by a layered spiking network online and in a single phase",
        "burstccn", true,
        [](ConfigTable root, const CircuitKind&) { return images_task(read_images(root, digits_config())); }},
};

template <class Kinds>
auto find(const Kinds& kinds, std::string_view name) {
    return std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.name == name; });
}

std::vector<Word> words_of_tasks(bool in_table) {
    std::vector<Word> list;
    if (!in_table) list.push_back({"network", "simulate a network"});
    for (const TaskKind& kind : tasks) {
        if (!in_table || kind.in_table) list.push_back({std::string(kind.name), std::string(kind.meaning)});
    }
    return list;
}

void read_task_name(ConfigTable& root, bool in_table, std::string& task) {
    if (in_table) {
        root.table("task", "What is learnt, and for how long.")
            .read_word({.name = "name", .meaning = "what the file is for"}, words_of_tasks(true), task);
    } else {
        root.read_word({.name = "task", .meaning = "what the file is for"}, words_of_tasks(false), task);
    }
}

/// Says what is wrong with what the file says it is for, and nothing else.
void complain_of_task(ConfigTable& root, const std::string& task, bool in_table) {
    for (const std::string& key : root.keys()) root.skip(key);
    std::string read = task;
    if (!in_table && find(tasks, task) != tasks.end()) {
        root.complain("task", "E0202", fmt::format("task is \"{}\": expected a table", task),
                      fmt::format("[task], and in it name = \"{}\"", task));
    } else {
        read_task_name(root, in_table, read);
    }
}

class LearningExperiment final : public Experiment {
public:
    LearningExperiment(std::string task, std::string circuit, std::unique_ptr<Task> learnt,
                       std::unique_ptr<Circuit> learns, const RecordConfig& record, std::uint64_t seed)
        : learnt_(std::move(learnt)),
          learns_(std::move(learns)),
          training_{std::move(task), std::move(circuit), *learns_, *learnt_, record, seed} {}

    std::uint64_t seed() const override { return training_.seed; }
    NetworkDescription network() const override {
        NetworkDescription description = learns_->describe(learnt_->shape(), training_.seed);
        description.duration = length_of(*learns_, learnt_->plan()) * copies();
        record(description, training_.record, *learns_, description.duration);
        return description;
    }
    std::string size_text() const override { return learns_->size_text(learnt_->shape()); }
    double copies() const override { return learnt_->plan().batch; }
    bool judges_relays() const override { return learns_->judges_relays(); }
    std::vector<std::filesystem::path> inputs() const override { return learnt_->inputs(); }
    RunResult run(const RunContext& context) const override { return train(training_, context); }

    std::optional<double> readout() const override { return learns_->readout(); }
    std::vector<ReadOut> evaluate(const std::filesystem::path& weights,
                                  const RunContext& context) const override {
        std::vector<double> times{10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0};  // [ms]
        const auto at = std::lower_bound(times.begin(), times.end(), *readout());
        if (at == times.end() || *at != *readout()) times.insert(at, *readout());
        return test_weights(training_, weights, times, context);
    }

private:
    std::unique_ptr<Task> learnt_;
    std::unique_ptr<Circuit> learns_;
    Training training_;
};

}  // namespace

std::span<const CircuitKind> circuit_kinds() { return circuits; }
std::span<const TaskKind> task_kinds() { return tasks; }

bool go_together(const CircuitKind& circuit, const TaskKind& task) {
    Config defaults = Config::parse("", std::string(task.name) + ".toml");
    return circuit.unfit(task.read(defaults.root(), circuit)->shape()).empty();
}

std::string file_of(const TaskKind& task, const CircuitKind& circuit) {
    return fmt::format("{}circuit = \"{}\"\n{}",
                       task.in_table ? "" : fmt::format("task = \"{}\"\n", task.name), circuit.name,
                       task.in_table ? fmt::format("[task]\nname = \"{}\"\n", task.name) : "");
}

std::unique_ptr<Experiment> read_experiment(ConfigTable root, std::string& task) {
    const bool in_table = root.holds_table("task");
    task = in_table ? root.table("task", {}).peek("name") : root.has("task") ? root.peek("task") : "network";
    if (task == "network" && !in_table) return network_experiment(root);
    const auto* const kind = find(tasks, task);
    if (kind == tasks.end() || (kind->in_table && !in_table)) {
        complain_of_task(root, task, in_table);
        return nullptr;
    }
    root.topic(task);
    read_task_name(root, kind->in_table, task);
    std::uint64_t seed = 1;
    root.read({"seed", "1", "of all random numbers; the same seed gives the same run"}, seed);
    std::vector<Word> words;
    for (const CircuitKind& circuit : circuits)
        words.push_back({std::string(circuit.name), std::string(circuit.meaning)});
    std::string name(kind->circuit);
    root.read_word({.name = "circuit", .meaning = "the network that learns"}, words, name);
    const auto* const circuit = find(circuits, name);
    if (circuit == circuits.end()) {  // which has been said
        for (const std::string& key : root.keys()) root.skip(key);
        return nullptr;
    }
    std::unique_ptr<Task> learnt = kind->read(root, *circuit);
    const Shape shape = learnt->shape();
    if (const std::string_view why = circuit->unfit(shape); !why.empty()) {
        root.complain("circuit", "E0209",
                      fmt::format("{} cannot learn {}, with {} inputs and {} outputs: {}", name, task,
                                  shape.inputs, shape.outputs, why));
        for (const std::string& key : root.keys()) root.skip(key);
        return nullptr;
    }
    std::unique_ptr<Circuit> learns = circuit->read(root, shape);
    const RecordConfig record = read_record(
        root.table("record", "What goes to the HDF5 files of the run folder. Recording never changes a run."),
        circuit->record);
    return std::make_unique<LearningExperiment>(task, name, std::move(learnt), std::move(learns), record,
                                                seed);
}

}  // namespace apical
