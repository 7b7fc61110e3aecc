#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "circuits/circuit.hpp"
#include "core/shape.hpp"
#include "networks/config.hpp"
#include "networks/description.hpp"
#include "tasks/task.hpp"
#include "training/record.hpp"
#include "training/run.hpp"

namespace apical {

/// What a configuration asks for, read and found right: it can be measured, and run.
class Experiment {
public:
    Experiment() = default;
    Experiment(const Experiment&) = delete;
    Experiment& operator=(const Experiment&) = delete;
    virtual ~Experiment() = default;

    virtual std::uint64_t seed() const = 0;
    /// The network that a run simulates: what `check` measures and draws.
    virtual NetworkDescription network() const = 0;
    /// One line: "2-4-1 populations of 50".
    virtual std::string size_text() const = 0;
    /// How many copies of the network are in memory at a time.
    virtual double copies() const { return 1.0; }
    /// Whether a run begins with a simulation of relay cells and refuses those that do not tell bursts from
    /// events.
    virtual bool judges_relays() const { return false; }
    /// The files that it reads. Throws DataError if a data set is not there, is wrong or has too few
    /// examples.
    virtual std::vector<std::filesystem::path> inputs() const { return {}; }

    virtual RunResult run(const RunContext& context) const = 0;

    /// [ms] after which a test example is answered, if it may be at any time.
    virtual std::optional<double> readout() const { return std::nullopt; }
    /// Tests the weights of a run's weights.h5 at 10 to 300 ms and at readout(), which there is.
    virtual std::vector<ReadOut> evaluate(const std::filesystem::path& /*weights*/,
                                          const RunContext& /*context*/) const {
        return {};
    }
};

/// What can learn. One line in the list for each.
struct CircuitKind {
    std::string_view name;
    std::string_view meaning;
    /// Why it cannot have these numbers of inputs and outputs; empty: it can.
    std::string_view (*unfit)(const Shape& shape);
    std::unique_ptr<Circuit> (*read)(ConfigTable root, const Shape& shape);
    RecordConfig record;  ///< defaults
    bool in_turn;         ///< whether examples of a small set come in turn, as published, not at random
};
std::span<const CircuitKind> circuit_kinds();

/// What can be learnt. Likewise.
struct TaskKind {
    std::string_view name;
    std::string_view meaning;
    std::string_view heading;  ///< of a new file, before "apical run NAME.toml"
    std::string_view circuit;  ///< that learns it unless the file says another
    bool in_table;             ///< the file says [task] name = NAME, not task = NAME
    std::unique_ptr<Task> (*read)(ConfigTable root, const CircuitKind& circuit);
};
std::span<const TaskKind> task_kinds();

/// Can this one learn that?
bool go_together(const CircuitKind& circuit, const TaskKind& task);
/// A file that asks for them, and leaves all else as it is by default.
std::string file_of(const TaskKind& task, const CircuitKind& circuit);

/// Reads what the file says it is for, and all keys of that; `task` is its name, "network" if it says none.
/// Complains, and returns nothing, if there is no such task or circuit, or if the two do not go together.
std::unique_ptr<Experiment> read_experiment(ConfigTable root, std::string& task);

/// The network of a file without a task.
std::unique_ptr<Experiment> network_experiment(ConfigTable root);

}  // namespace apical
