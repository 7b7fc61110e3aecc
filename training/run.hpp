#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/facts.hpp"
#include "core/time.hpp"
#include "networks/description.hpp"
#include "networks/severity.hpp"
#include "recorders/archive.hpp"

namespace apical {

struct Network;
/// Neurons and the sources that drive them are never counted together.
struct NetworkSize {
    std::uint64_t neurons = 0;
    std::uint64_t sources = 0;
};
NetworkSize size_of(const NetworkDescription& network);
/// Whether this population is one of sources.
bool is_source(const PopulationDescription& population);
/// "500 neurons and 200 sources"
std::string text_of(const NetworkSize& size);

/// How far a run has come. Counts are totals since its start.
struct Progress {
    double time = 0.0;         ///< [ms] simulated
    double end = 0.0;          ///< [ms] where it will end
    std::uint64_t spikes = 0;  ///< of neurons
    std::string step_name;     ///< what is counted besides time, "sample"; empty: nothing
    std::uint64_t step = 0;
    std::uint64_t steps = 0;
    std::optional<double> event_rate;         ///< [Hz] per neuron, of late
    std::optional<double> burst_probability;  ///< of late
    std::optional<double> accuracy;           ///< of the last test
};

/// Names to an archive all that a task must remember from one window to the next.
using Persist = std::function<void(Archive&)>;

/// What a run is given by whoever starts it. No callback is ever empty; all come from the thread that called.
struct RunContext {
    std::size_t threads = 1;
    std::filesystem::path folder;  ///< exists; results go here
    std::string run_id;            ///< UUID, a root attribute of every HDF5 file
    std::vector<std::pair<std::string, std::string>>
        provenance;  ///< further root attributes: config, version, ...

    std::function<void(const Progress&)> progress = [](const Progress&) {
    };  ///< cheap: call it in every window
    /// A network that runs next, and which of several copies it is: recorders may be added to it.
    std::function<void(Network&, std::size_t copy)> built = [](Network&, std::size_t) {};
    /// Before the first window. If the run goes on from a checkpoint: gives the state back, and says so.
    std::function<bool(const Persist&)> resume = [](const Persist&) { return false; };
    /// Between windows. Keeps the state if it is time to; if the run is interrupted keeps it and says so:
    /// close the files and return.
    std::function<bool(const Persist&)> pause = [](const Persist&) { return false; };
    std::function<void(Severity, std::string_view)> log = [](Severity, std::string_view) {};
    std::function<void(const Facts&)> metrics = [](const Facts&) {
    };  ///< a row of metrics.csv; always the same names
};

struct RunResult {
    Facts summary;            ///< summary.json; the program adds threads, wall_s, cpu_s and result_hash
    std::string verdict;      ///< a sentence for people: "4/4 patterns right from sample 160"
    std::string result_hash;  ///< over spikes and final weights
    bool interrupted = false;
};

/// Said where a run keeps neither spikes nor traces nor weights.
inline constexpr std::string_view nothing_recorded =
    "nothing is recorded but the number of spikes and their hash: add [record] with spikes, traces or "
    "weights = "
    "[\"NAME\", ...]";
/// "spikes of in, pyr; weights of in_to_pyr", or "nothing".
std::string what_is_recorded(const RecordDescription& record);

/// Runs a network as described, for its duration.
RunResult run_network(const NetworkDescription& description, const RunContext& context);

/// The share of test examples that a trained network gets wrong, by how long it is read out.
struct ReadOut {
    double time;  ///< [ms] since the onset of the example
    double error_percent;
    std::uint64_t examples;  ///< that were shown
};

}  // namespace apical
