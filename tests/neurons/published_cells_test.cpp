#include "tests/neurons/published_cells.hpp"

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "neurons/adex.hpp"
#include "neurons/burst_poisson.hpp"
#include "neurons/burst_pyramidal.hpp"

namespace apical {
namespace test {

void PrintTo(const PublishedCell& cell, std::ostream* out) {
    *out << cell.model << ", " << cell.I_soma << " and " << cell.I_dend << " pA, g = " << cell.g_ex_soma
         << ' ' << cell.g_in_soma << ' ' << cell.g_ex_dend << ' ' << cell.g_in_dend;
}

}  // namespace test

namespace {

using test::PublishedCell;

template <class Model>
std::vector<double> spike_times(const Model& model, typename Model::State state) {
    const StreamKey key(1, "model", "cell");
    std::uint32_t draws = 0;
    Draw draw(key, draws);
    std::vector<double> times;
    double now = 0.0;
    const auto next = [&]() {
        if constexpr (StochasticModel<Model>) {
            return model.advance(state, 400.0 - now, draw);
        } else {
            return model.advance(state, 400.0 - now);
        }
    };
    while (const auto spike = next()) {
        now += spike->offset;
        times.push_back(now);
    }
    return times;
}

template <class Model>
std::vector<double> two_compartments(const Model& model, const PublishedCell& cell) {
    auto state = model.initial();
    state.w_dend = 1.3;
    const std::array weights{cell.g_ex_soma, cell.g_in_soma, cell.g_ex_dend, cell.g_in_dend, 0.0, 0.0,
                             cell.I_soma,    cell.I_dend};
    for (std::size_t port = 0; port < weights.size(); ++port) model.receive(state, port, weights[port]);
    return spike_times(model, state);
}

std::vector<double> interneuron(const AdEx& model, const PublishedCell& cell) {
    auto state = model.initial();
    model.receive(state, 2, cell.I_soma);
    return spike_times(model, state);
}

std::vector<double> simulated(const PublishedCell& cell) {
    const std::string model = cell.model;
    if (model == "full") return two_compartments(BurstPyramidal::payeur2021(), cell);
    if (model == "full, drive_dend = 1") return two_compartments(BurstPyramidal{.drive_dend = 1.0}, cell);
    if (model == "simplified") return two_compartments(BurstPoisson{}, cell);
    return interneuron(model == "pv" ? AdEx::pv() : AdEx::sst(), cell);
}

class PublishedCells : public testing::TestWithParam<PublishedCell> {};

TEST_P(PublishedCells, SpikeAtThePublishedTimes) {
    const std::vector<double> times = simulated(GetParam());
    ASSERT_EQ(times.size(), GetParam().spikes);
    ASSERT_GT(GetParam().times.size(), 0U);
    for (std::size_t i = 0; i < GetParam().times.size(); ++i)
        EXPECT_NEAR(times[i], GetParam().times[i], 1e-3) << "spike " << i;
}

INSTANTIATE_TEST_SUITE_P(Payeur2021, PublishedCells, testing::ValuesIn(test::published_cells));

}  // namespace
}  // namespace apical
