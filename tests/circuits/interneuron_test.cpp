#include "circuits/interneuron.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "networks/build.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

/// Cells without noise that hear the same keep their distances for ever, so they must not all start alike. In
/// units of the threshold V_m(t) = drive + (V_m(0) - drive) exp(-t/tau_m), with V_m(0) uniform from 0 to 1.
TEST(Interneurons, CellsWithoutNoiseStartAtAnyPhase) {
    const Interneuron cell{.size = 400, .tau_m = 1000.0, .drive = 5.0, .noise = 0.0, .t_ref = 0.0};
    NetworkDescription description;
    description.populations = {interneurons(cell, "pv")};
    Network network = build(description, {.threads = 1});
    test::SpikeList spikes;
    network.simulation->add(spikes);

    const double period = cell.tau_m * std::log(cell.drive / (cell.drive - 1.0));
    network.simulation->run_until(test::at(period));
    const auto spikes_before = [&](double time) {
        return static_cast<double>(std::count_if(spikes.list.begin(), spikes.list.end(),
                                                 [&](const Spike& s) { return s.time < test::at(time); }));
    };
    const double half = 0.5 * period;
    const double fired = 1.0 - (cell.drive - (cell.drive - 1.0) * std::exp(half / cell.tau_m));
    EXPECT_NEAR(spikes_before(half), cell.size * fired, 3.5 * std::sqrt(cell.size * fired * (1.0 - fired)));
    EXPECT_NEAR(spikes_before(period), cell.size, 1.0) << "each cell fires once in a period";
}

}  // namespace
}  // namespace apical
