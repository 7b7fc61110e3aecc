#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "circuits/circuit.hpp"
#include "tasks/task.hpp"
#include "training/record.hpp"
#include "training/run.hpp"

namespace apical {

/// A circuit is to learn a task.
struct Training {
    std::string task;     ///< name
    std::string circuit;  ///< name
    const Circuit& learns;
    const Task& learnt;
    RecordConfig record;
    std::uint64_t seed;
};

/// [ms] of simulated time of the first copy, with all tests.
double length_of(const Circuit& circuit, const TrainingPlan& plan);

/// Trains and tests it. Throws DataError if the task's data are missing or wrong.
RunResult train(const Training& training, const RunContext& context);

/// Tests it with the weights of a run's weights.h5, without teaching or plasticity: the errors at `times`
/// [ms, ascending] since the onset. The same examples in the same order as the run's own test; but what is
/// random, the phases of the input trains and the noise of the cells, is drawn from the beginning of their
/// streams, while in the run it depends on all that was shown before. So the two errors are two draws. Stops
/// early if interrupted, with the examples seen so far; nothing is written.
std::vector<ReadOut> test_weights(const Training& training, const std::filesystem::path& weights,
                                  std::span<const double> times, const RunContext& context);

}  // namespace apical
