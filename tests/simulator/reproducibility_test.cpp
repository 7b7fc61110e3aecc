#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "networks/models.hpp"
#include "neurons/burst_poisson.hpp"
#include "simulator/jump_population.hpp"
#include "simulator/linear_population.hpp"
#include "simulator/stepped_population.hpp"
#include "simulator/traced_population.hpp"
#include "simulator/visited_population.hpp"
#include "tests/recorders/folder.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

constexpr double duration = 240.0;  // [ms]

ReleaseTerm depressing() {
    ReleaseTerm term;
    term.variant = "tm";
    term.parameters = {{"U", 0.4}, {"tau_rec", 100.0}, {"tau_fac", 20.0}};
    return term;
}

PlasticityDescription rule(const std::string& name, const Parameters& parameters) {
    PlasticityDescription p;
    p.rule = name;
    p.parameters = parameters;
    return p;
}

/// Everything the engine has, in one network: the five inner loops, private noise in two trains, sources, one
/// of which bursts, short-term plasticity, all rules, tied weights, a signal that drives two populations,
/// steps, a sine.
NetworkDescription everything() {
    NetworkDescription d;
    d.seed = 11;
    d.populations = {neurons("input", "poisson", 150, {{"rate", 60.0}}),
                     neurons("clock", "regular", 10, {{"rate", 40.0}}),
                     neurons("exc", "lif", 600),
                     neurons("sst", "sst", 70),
                     neurons("pv", "pv", 60),
                     neurons("hid", "stochastic_pyramidal", 80, {{"bias", 0.5}}),
                     neurons("out", "integrator_pyramidal", 30, {{"tolerance", 1e-6}}),
                     neurons("dend", "urbanczik_senn", 40, {{"tolerance", 1e-2}})};
    d.populations[0].classifier = Classifier::isi;
    d.populations[2].background = {{"membrane", 1500.0, 0.5},
                                   {"membrane", 500.0, -0.4},
                                   {"membrane", 5000.0, 0.02, Background::Kind::counts, 0.1}};
    d.populations[2].initial["V_m"] = uniform_between(-70.0, -50.0);
    d.populations[3].background = {{"excitatory", 900.0, 18.0},
                                   {"excitatory", 5000.0, 0.5, Background::Kind::counts, 0.1}};
    d.populations[3].classifier = Classifier::isi;
    d.populations[4].background = {{"excitatory", 500.0, 30.0}, {"inhibitory", 300.0, -15.0}};
    d.populations[5].background = {{"dendrite", 200.0, 0.05}, {"soma", 300.0, 0.05}};
    d.populations[7].background = {{"excitatory_soma", 700.0, 12.0}};

    const auto add = [&](ProjectionDescription p) { d.projections.push_back(std::move(p)); };
    add(projection("input", "exc", "membrane", 0.8, 0.7, indegree(30)));
    add(projection("clock", "sst", "excitatory", 15.0, 0.0, indegree(3)));
    auto by_bursts = projection("input", "hid", "soma", 0.1, 1.0, indegree(20));
    by_bursts.release.emplace_back().variant = "burst";
    add(by_bursts);
    auto recurrent = projection("exc", "exc", "membrane", 0.3, 1.5, indegree(100));
    recurrent.release = {depressing()};
    add(recurrent);
    auto to_sst = projection("exc", "sst", "excitatory", 0.0, 1.0, indegree(60));
    to_sst.weight = uniform_between(2.0, 6.0);
    to_sst.plasticity = rule("pair_stdp", {{"A_plus", 1.0}, {"A_minus", 1.1}, {"w_max", 15.0}});
    add(to_sst);
    add(projection("sst", "exc", "membrane", -0.5, 1.0, indegree(30)));
    add(projection("exc", "pv", "excitatory", 4.0, 1.0, indegree(60)));
    add(projection("pv", "exc", "membrane", -0.6, 1.0, indegree(20)));
    add(projection("exc", "hid", "soma", 0.02, 1.0, indegree(20)));
    auto feedforward = projection("hid", "out", "soma", 0.0, 1.0);
    feedforward.weight = {Distribution::Kind::normal, 0.05, 0.02};
    feedforward.plasticity = rule("burst_dependent", {{"eta", 0.01}});
    feedforward.plasticity->baseline = "moving_average";
    ReleaseTerm events;
    events.variant = "event";
    feedforward.release = {events};
    add(feedforward);
    auto feedback = projection("out", "hid", "dendrite", 0.0, 1.2);
    feedback.tie = TieDescription{.to = "hid_to_out"};
    add(feedback);
    auto predicting = projection("exc", "dend", "synaptic_dend", 0.0, 1.3, indegree(50));
    predicting.weight = uniform_between(5.0, 15.0);
    predicting.plasticity = rule("dendritic_prediction", {{"eta", 5.0}});
    add(predicting);

    d.signals.resize(1);
    d.signals[0].name = "activity";
    d.signals[0].population = "exc";
    d.signals[0].kind = SignalDescription::Kind::burst_rate;
    d.drives.resize(2);
    d.drives[0] = {.name = "on_sst",
                   .signal = "activity",
                   .target = "sst",
                   .port = "current",
                   .offset = 20.0,
                   .gain = 1.0};
    d.drives[1] = {
        .name = "on_out", .signal = "activity", .target = "out", .port = "bias", .offset = 0.1, .gain = 0.02};
    d.steps.resize(1);
    d.steps[0] = {
        .name = "pulse", .target = "pv", .port = "current", .times = {30.0, 77.7}, .values = {150.0, 0.0}};
    d.sines.resize(1);
    d.sines[0] = {.name = "wave",
                  .target = "sst",
                  .port = "current",
                  .amplitude = 40.0,
                  .period = 60.0,
                  .step = 0.3,
                  .from = 10.0,
                  .until = 190.0};
    return d;
}

/// Actions at times on and off the grid of windows.
void schedule(Network& network) {
    Simulation& s = *network.simulation;
    const auto population = [&](const std::string& name) { return network.populations.at(name); };
    s.schedule(at(40.3), action::SetRates{population("input"), {90.0}});
    s.schedule(at(60.0), action::SetVariable{population("out"), network.variable("out", "target"), {0.9}});
    s.schedule(at(71.1), action::SetVariable{population("sst"), network.variable("sst", "V_m"), {-60.0}});
    s.schedule(at(80.0), action::CopyTiedWeights{});
    s.schedule(at(90.0), action::SetParameter{population("hid"), "tau_soma", 13.0});
    s.schedule(at(100.0), action::GatePlasticity{false});
    s.schedule(at(130.0), action::GatePlasticity{true});
    s.schedule(at(150.0), action::CopyTiedWeights{});
    s.schedule(at(170.5), action::ResetState{});
}

const Outcome& reference() {
    static const Outcome outcome = run(everything(), duration, {}, schedule);
    return outcome;
}

TEST(Everything, IsActiveAndRunsInAllLoops) {
    Network network = build(everything());
    schedule(network);
    EXPECT_TRUE(runs_in<JumpPopulation>(network, "exc"));
    EXPECT_TRUE(runs_in<LinearPopulation>(network, "sst"));
    EXPECT_TRUE(runs_in<LinearPopulation>(network, "pv"));
    EXPECT_TRUE(runs_in<TracedPopulation<StochasticPyramidal>>(network, "hid"));
    EXPECT_TRUE(runs_in<VisitedPopulation<IntegratorPyramidal>>(network, "out"));
    EXPECT_TRUE(runs_in<SteppedPopulation<UrbanczikSenn>>(network, "dend"));
    network.simulation->run_until(at(duration));
    // Windows with fewer than a thousand synaptic events are not shared among threads: most here have more.
    EXPECT_GT(static_cast<double>(network.simulation->synaptic_events()), 1000.0 * duration);

    for (Index p = 0; p < everything().populations.size(); ++p) {
        std::vector<std::size_t> count(3);
        for (const Spike& s : reference().spikes) {
            if (s.population == p) ++count[static_cast<std::size_t>(s.kind)];
        }
        EXPECT_GT(count[0], 20U) << "events of population " << p;
        const bool bursts = p == 0 || p == 2 || p == 3 || p == 5 || p == 6;
        EXPECT_EQ(count[1] > 0, bursts) << "bursts of population " << p;
    }
    const auto before = synapses(build(everything()));
    std::vector<std::size_t> changed(everything().projections.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i].weight != reference().synapses[i].weight) ++changed[before[i].projection];
    }
    for (std::size_t p = 0; p < changed.size(); ++p) {
        EXPECT_EQ(changed[p] > 100, p == 4 || p == 9 || p == 10 || p == 11)
            << "weights of projection " << p << ": " << changed[p];
    }
}

class Threads : public testing::TestWithParam<std::size_t> {};
TEST_P(Threads, DoNotChangeABit) {
    BuildOptions options;
    options.threads = GetParam();
    EXPECT_TRUE(same_outcome(run(everything(), duration, options, schedule), reference()));
}
INSTANTIATE_TEST_SUITE_P(Reproducibility, Threads, testing::Values(2, 3, 8));

class ShardSizes : public testing::TestWithParam<Index> {};
TEST_P(ShardSizes, DoNotChangeABit) {
    BuildOptions options;
    options.threads = 2;
    options.shard_size = GetParam();
    EXPECT_TRUE(same_outcome(run(everything(), duration, options, schedule), reference()));
}
INSTANTIATE_TEST_SUITE_P(Reproducibility, ShardSizes, testing::Values(1, 37, 300, 4096));

TEST(Pieces, DoNotChangeABit) {
    Network network = build(everything());
    SpikeList recorder;
    network.simulation->add(recorder);
    schedule(network);
    for (const double stop : {0.0, 0.4, 33.3, 33.4, 100.0, 170.5, 171.0, duration}) {
        network.simulation->run_until(at(stop));
        EXPECT_GE(network.simulation->now(), at(stop));
    }
    EXPECT_TRUE(same_outcome({recorder.list, synapses(network)}, reference()));
}

/// Looks at everything after each window, as recorders of states do.
class Watcher final : public Recorder {
public:
    explicit Watcher(Network& network) : network_(&network) {}
    void observe(const Window& window, std::span<const Spike>) override {
        Simulation& s = *network_->simulation;
        for (const auto& [name, index] : network_->populations) {
            if (name == "input" || name == "clock") continue;
            Population& population = s.population(index);
            for (std::size_t v = 0; v < population.variables().size(); ++v) {
                // The target of a cell without a teacher is not a number.
                const double x = population.sample(population.size() / 2, v, window.end + Duration{12345678});
                EXPECT_TRUE(population.variables()[v] == "target" || !std::isnan(x)) << name << " " << v;
            }
        }
    }
    void finish(Time) override {}

private:
    Network* network_;
};

TEST(Recorders, DoNotChangeABit) {
    const auto watch = [](Network& network, Watcher& watcher) {
        network.simulation->add(watcher);
        schedule(network);
    };
    Network watched = build(everything());
    Watcher watcher(watched);
    SpikeList recorder;
    watch(watched, watcher);
    watched.simulation->add(recorder);
    watched.simulation->run_until(at(duration));
    EXPECT_TRUE(same_outcome({recorder.list, synapses(watched)}, reference()));

    Network unseen = build(everything());
    schedule(unseen);
    unseen.simulation->run_until(at(duration));
    EXPECT_EQ(unseen.simulation->spikes(), reference().spikes.size());
    EXPECT_EQ(synapses(unseen), reference().synapses);
}

/// What the description's network does if its state is kept at each of `stops` and given back to a new one.
Outcome in_processes(const NetworkDescription& description, const std::vector<double>& stops,
                     const BuildOptions& options, const Prepare& prepare) {
    const Folder folder;
    SpikeList recorder;
    Network network;
    for (const double stop : stops) {
        const bool first = !network.simulation;
        network = build(description, options);
        network.simulation->add(recorder);
        if (prepare) prepare(network);
        if (!first) {
            Hdf5File file = Hdf5File::open(folder / "state.h5");
            Archive(file, Archive::Direction::give_back)("simulation", network.simulation);
        }
        network.simulation->run_until(at(stop));
        Hdf5File file = Hdf5File::create(folder / "state.h5", "checkpoint", "run", Hdf5File::Made::with_sums);
        Archive(file, Archive::Direction::keep)("simulation", network.simulation);
        file.finish();
    }
    EXPECT_EQ(recorder.list.size(), network.simulation->spikes());
    return {std::move(recorder.list), synapses(network)};
}

TEST(Processes, DoNotChangeABit) {
    const std::vector<double> stops{0.4, 33.3, 75.0, 80.0, 93.0, 131.7, 170.5, 171.0, duration};
    for (const Loop loop : {Loop::automatic, Loop::visiting}) {
        BuildOptions options;
        options.loop = loop;
        const Outcome whole = run(everything(), duration, options, schedule);
        EXPECT_TRUE(same_outcome(in_processes(everything(), stops, options, schedule), whole));
    }
}

/// Integrated cells that take steps together, a detector of bursts at the synapse, weights that grow at low
/// rates, spikes given beforehand, noise on a grid.
NetworkDescription ensembles() {
    NetworkDescription d;
    d.seed = 3;
    d.populations = {neurons("lower", "burst_poisson", 60), neurons("upper", "burst_poisson", 40),
                     trains("given", {{3.0, 40.5, 71.0}, {12.0, 99.0}})};
    for (std::size_t i = 0; i < 2; ++i) {
        d.populations[i].classifier = Classifier::trace;
        d.populations[i].background = {{"excitatory_soma", 800.0, 0.6},
                                       {"inhibitory_soma", 500.0, 0.35},
                                       {"excitatory_dend", 500.0, 0.05},
                                       {"inhibitory_dend", 500.0, 0.05}};
    }
    d.projections = {projection("lower", "upper", "excitatory_soma", 0.05, 1.0, indegree(20)),
                     projection("upper", "lower", "excitatory_dend", 0.1, 1.0, indegree(20)),
                     projection("given", "lower", "excitatory_soma", 2.0, 1.0)};
    PlasticityDescription& learns = d.projections[0].plasticity.emplace(
        rule("burst_dependent", {{"eta", 0.01}, {"w_min", 0.0}, {"w_max", 1.0}, {"r_min", 5.0}}));
    learns.baseline = "moving_average";
    ReleaseTerm bursts;
    bursts.variant = "burst";
    bursts.parameters = {{"lag", 1.0}};
    d.projections[1].release = {bursts};
    return d;
}

TEST(Processes, DoNotChangeABitOfCellsThatTakeStepsTogether) {
    constexpr double length = 150.0;
    const Outcome whole = run(ensembles(), length);
    EXPECT_GT(whole.spikes.size(), 100U);
    EXPECT_TRUE(runs_in<SteppedPopulation<BurstPoisson>>(build(ensembles()), "upper"));
    EXPECT_TRUE(same_outcome(in_processes(ensembles(), {20.0, 41.0, 100.0, length}, {}, {}), whole));
}

TEST(Processes, RefuseTheStateOfAnotherNetwork) {
    const Folder folder;
    Network network = build(ensembles());
    Hdf5File file = Hdf5File::create(folder / "state.h5", "checkpoint", "run", Hdf5File::Made::with_sums);
    Archive(file, Archive::Direction::keep)("simulation", network.simulation);
    Archive archive(file, Archive::Direction::give_back);
    NetworkDescription larger = ensembles();
    larger.populations[0].size = 61;
    const Network other = build(larger);
    EXPECT_THROW(archive("simulation", other.simulation), DataError);
    const Network foreign = build(everything());
    EXPECT_THROW(archive("simulation", foreign.simulation), DataError);
}

TEST(Neighbours, AnUnconnectedPopulationChangesNobodysSpikes) {
    NetworkDescription d = everything();
    PopulationDescription stranger = neurons("stranger", "lif", 300);
    stranger.background = {{"membrane", 2000.0, 1.0}};
    d.populations.insert(d.populations.begin(), stranger);
    d.populations.push_back(neurons("other_source", "poisson", 20));
    ProjectionDescription among = projection("stranger", "stranger", "membrane", 0.1, 3.0, indegree(5));
    d.projections.insert(d.projections.begin(), among);
    Outcome outcome = run(d, duration, {}, schedule);

    const auto foreign = [&](const Spike& s) {
        return s.population == 0 || s.population == d.populations.size() - 1;
    };
    EXPECT_GT(std::count_if(outcome.spikes.begin(), outcome.spikes.end(), foreign), 100);
    outcome.spikes.erase(std::remove_if(outcome.spikes.begin(), outcome.spikes.end(), foreign),
                         outcome.spikes.end());
    for (Spike& spike : outcome.spikes) --spike.population;
    std::erase_if(outcome.synapses, [](const Synapse& s) { return s.projection == 0; });
    for (Synapse& synapse : outcome.synapses) --synapse.projection;
    EXPECT_TRUE(same_outcome(outcome, reference()));
}

TEST(Seeds, Matter) {
    NetworkDescription d = everything();
    d.seed = 12;
    EXPECT_FALSE(same_outcome(run(d, 50.0), run(everything(), 50.0)));
}

}  // namespace
}  // namespace apical
