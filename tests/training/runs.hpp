#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "circuits/burst_ensembles.hpp"
#include "circuits/burstccn.hpp"
#include "circuits/burstccn_populations.hpp"
#include "tasks/images.hpp"
#include "tasks/xor.hpp"
#include "training/experiment.hpp"
#include "training/trainer.hpp"

// The pairs of circuits and tasks that tests look at, each with all of its parameters in one place.

namespace apical::test {

inline Shape shape_of_images(Index pixels) { return {.inputs = pixels, .full = 255.0, .outputs = 10}; }
inline constexpr Shape shape_of_patterns{.inputs = 2, .full = 1.0, .outputs = 1};

struct PopulationsOnXor : PopulationsConfig {
    std::uint64_t seed = 1;
    Index examples = 800;
    Index test_every = 20;
    RecordConfig record{};
};
inline RunResult run_xor(const PopulationsOnXor& c, const RunContext& context) {
    const auto circuit = burstccn_populations(c);
    const auto task = xor_task({.order = XorConfig::Order::balanced,
                                .examples = c.examples,
                                .test_every = c.test_every,
                                .epochs = 1});
    return train({"xor", "burstccn_populations", *circuit, *task, c.record, c.seed}, context);
}

struct EnsemblesOnXor : EnsemblesConfig {
    std::uint64_t seed = 1;
    Index epochs = 500;
    RecordConfig record{};
};
inline RunResult run_ensembles(const EnsemblesOnXor& c, const RunContext& context) {
    const auto circuit = burst_ensembles(c);
    const auto task =
        xor_task({.order = XorConfig::Order::in_turn, .examples = 1, .test_every = 1, .epochs = c.epochs});
    return train({"xor", "burst_ensembles", *circuit, *task, c.record, c.seed}, context);
}

struct BurstCcnOnImages : BurstCcnConfig, ImagesConfig {
    std::uint64_t seed = 1;
    RecordConfig record{.spikes = false, .images = 10, .traces = true, .weights = true, .trace_bin = 0.0};
};
template <class Use>
auto with_training(const BurstCcnOnImages& c, const Use& use) {
    const auto circuit = burstccn(c);
    const auto task = images_task(c);
    return use(Training{c.task, "burstccn", *circuit, *task, c.record, c.seed});
}
inline RunResult run_images(const BurstCcnOnImages& c, const RunContext& context) {
    return with_training(c, [&](const Training& training) { return train(training, context); });
}
/// At 10 to 300 ms, and when the run itself reads out.
inline std::vector<ReadOut> evaluate_images(const BurstCcnOnImages& c, const std::filesystem::path& weights,
                                            const RunContext& context) {
    std::vector<double> times{10.0, c.presentation.readout, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0,
                              300.0};
    std::sort(times.begin(), times.end());
    return with_training(
        c, [&](const Training& training) { return test_weights(training, weights, times, context); });
}

}  // namespace apical::test
