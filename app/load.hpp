#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "networks/config.hpp"
#include "networks/description.hpp"
#include "training/experiment.hpp"

namespace apical {

/// A configuration read and found right.
struct Loaded {
    Config config;
    std::string task;  ///< "xor", "xor_ensembles", "mnist", "digits", "network"
    std::unique_ptr<Experiment> experiment;
    std::vector<std::string> warnings;  ///< of what is legal and probably not meant, each with its place
};

/// Throws ConfigError with every complaint. The key `task` says what the file is for; without it, a network.
Loaded load(const std::filesystem::path& path, const std::vector<Override>& overrides);

/// What the configurations of a task may hold, for `explain`.
struct TaskFacts {
    std::string task;
    std::vector<KeyFacts> keys;
    std::vector<TableFacts> tables;
};
std::vector<TaskFacts> facts_of_tasks();

/// The changes of `--set` and `--seed`; "random" draws a seed.
std::vector<Override> overrides(const std::vector<std::string>& set, const std::string& seed);

/// That of `--data`: the folder's full path, so that the resolved configuration can be run from anywhere.
Override data_override(const std::filesystem::path& folder);

/// That of `replay`: a population of a network plays the spikes of `as` in a file, in place of what it was;
/// `rest` is TOML of further keys.
Override replay_override(const std::string& population, Index size, const std::filesystem::path& file,
                         const std::string& as, const std::string& rest);

}  // namespace apical
