#include <memory>

#include <gtest/gtest.h>

#include "circuits/burstccn.hpp"
#include "networks/config.hpp"
#include "tasks/xor.hpp"
#include "training/trainer.hpp"

namespace apical {
namespace {

/// Patterns right at the end, after 800 examples.
std::int64_t patterns_right(std::uint64_t seed, double learning) {
    Config defaults = Config::parse("", "xor.toml");
    const auto task = xor_task({});
    BurstCcnConfig c = read_burstccn(defaults.root(), task->shape());
    c.hidden.eta *= learning;
    c.output.eta *= learning;
    const auto circuit = burstccn(c);
    const RecordConfig nothing{.spikes = false, .images = 0, .traces = false, .weights = false};
    const RunResult result = train({"xor", "burstccn", *circuit, *task, nothing, seed}, {.threads = 1});
    for (const auto& [name, value] : result.summary) {
        if (name == "patterns_right") return std::get<std::int64_t>(value);
    }
    return -1;
}

/// A circuit that was made for images learns another task as it is: 4/4 with each of seeds 1 to 8, and
/// otherwise by chance (0 to 4, mean 2).
TEST(LayeredXor, IsLearntAndNotByChance) {
    std::int64_t without = 0;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        EXPECT_EQ(patterns_right(seed, 1.0), 4) << seed;
        without += patterns_right(seed, 0.0);
    }
    EXPECT_LT(without, 9);
}

}  // namespace
}  // namespace apical
