#include "tasks/interneuron.hpp"

#include <cmath>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "networks/build.hpp"

namespace apical {
namespace {

class SpikeTimes final : public Recorder {
public:
    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) times.push_back(ms(spike.time));
    }
    void finish(Time) override {}

    std::vector<double> times;
};

/// Cells without noise that hear the same keep their distances for ever, so they must not all start alike:
/// as a function of V_m at the start, uniform below the threshold, drive + (V_m - drive) exp(-t/tau_m) is
/// known.
TEST(Interneurons, CellsWithoutNoiseStartAtAnyPhase) {
    const Interneuron cell{.size = 400, .tau_m = 1000.0, .drive = 5.0, .noise = 0.0, .t_ref = 0.0};
    NetworkDescription description;
    description.populations = {interneurons(cell, "pv")};
    Network network = build(description, {.threads = 1});
    SpikeTimes spikes;
    network.simulation->add(spikes);

    const double half = 112.0;  // [ms]
    network.simulation->run_until(Time{} + ticks(half));
    const double fired = 1.0 - (cell.drive - (cell.drive - 1.0) * std::exp(half / cell.tau_m));
    const double sd = std::sqrt(cell.size * fired * (1.0 - fired));
    EXPECT_NEAR(static_cast<double>(spikes.times.size()), cell.size * fired, 3.5 * sd);

    const double period = cell.tau_m * std::log(cell.drive / (cell.drive - 1.0));
    network.simulation->run_until(Time{} + ticks(period));
    EXPECT_NEAR(static_cast<double>(spikes.times.size()), cell.size, 1.0)
        << "each cell fires once in a period";
}

}  // namespace
}  // namespace apical
