// How the cost of a synaptic event grows with the number of synapses and falls with the rate, what building
// costs, and how fast silence passes. README.md says what came out.

#include <algorithm>
#include <cstdio>
#include <string>

#include "benchmarks/cpu_time.hpp"
#include "networks/build.hpp"

namespace {

using namespace apical;

PopulationDescription population(const std::string& name, const std::string& model, Index size) {
    PopulationDescription p;
    p.name = name;
    p.model = model;
    p.size = size;
    return p;
}

/// `size` Poisson sources onto as many neurons, which they do not make fire: rows lie in memory in no order
/// of their use, as in a recurrent network.
NetworkDescription sources_onto_neurons(Index size, Index k, double rate, bool own_weights) {
    NetworkDescription d;
    d.populations = {population("sources", "poisson", size), population("neurons", "lif", size)};
    d.populations[0].parameters = {{"rate", rate}};
    ProjectionDescription p;
    p.name = "synapses";
    p.source = "sources";
    p.target = "neurons";
    p.port = "membrane";
    p.connect = {FixedIndegree{.k = k}};
    p.weight = {own_weights ? Distribution::Kind::uniform : Distribution::Kind::constant, 1e-9, 2e-9};
    p.delay = 1.5;
    d.projections = {p};
    return d;
}

/// One row of a table.
void measure(Index size, Index k, double rate, bool own_weights) {
    const double start = cpu_seconds();
    const Network network = build(sources_onto_neurons(size, k, rate, own_weights), {});
    const double construction = cpu_seconds() - start;
    Simulation& simulation = *network.simulation;
    const auto synapses = static_cast<double>(simulation.synapses());
    constexpr double enough_events = 1e8;
    const double length = std::min(1000.0 * enough_events / (synapses * rate), 2e5);  // [ms]
    simulation.run_until(Time{} + ticks(0.1 * length));
    const auto events_before = simulation.synaptic_events();
    const double before = cpu_seconds();
    simulation.run_until(Time{} + ticks(1.1 * length));
    const double cpu = cpu_seconds() - before;
    const auto events = static_cast<double>(simulation.synaptic_events() - events_before);
    std::printf("| %.0e | %u | %g | %s | %.2f | %.1f |\n", synapses, size, rate, own_weights ? "own" : "one",
                1e9 * cpu / events, 1e9 * construction / synapses);
    std::fflush(stdout);
}

/// One row: neurons that nothing reaches, at potentials below threshold; one in a hundred seconds is `woken`.
void measure_silence(const std::string& model, bool woken) {
    NetworkDescription d;
    d.populations = {population("neurons", model, 100'000), population("source", "regular", 1)};
    d.populations[0].initial["V_m"] = {Distribution::Kind::uniform, -80.0, -60.0};
    d.populations[1].parameters = {{"rate", woken ? 0.01 : 0.0}};
    ProjectionDescription p;
    p.name = "synapses";
    p.source = "source";
    p.target = "neurons";
    p.port = model == "lif" ? "membrane" : "excitatory";
    p.connect = {Bernoulli{0.01}};
    p.weight.a = 1.0;
    p.delay = 1.5;
    d.projections = {p};
    const Network network = build(d, {});
    Simulation& simulation = *network.simulation;
    constexpr double length = 1e6;  // [ms]
    const double before = cpu_seconds();
    simulation.run_until(Time{} + ticks(length));
    const double cpu = cpu_seconds() - before;
    std::printf("| %s | %s | %.2g | %.1g |\n", model.c_str(), woken ? "a volley in 100 s" : "nothing",
                1e3 * cpu, 1e-3 * length / cpu);
    std::fflush(stdout);
}

}  // namespace

int main() {
    std::printf(
        "| synapses | neurons | rate, Hz | weights | ns an event | ns a synapse to build |\n"
        "|---|---|---|---|---|---|\n");
    for (const bool own_weights : {false, true}) {
        measure(100, 100, 10.0, own_weights);
        for (const Index size : {1000U, 10'000U, 100'000U}) {
            if (size == 1000) measure(size, 100, 10.0, own_weights);
            measure(size, 1000, 10.0, own_weights);
        }
    }
    for (const double rate : {0.1, 1.0, 100.0}) measure(10'000, 1000, rate, false);
    std::printf(
        "\n| 100,000 neurons | what comes | CPU ms for 1000 s | times real time |\n|---|---|---|---|\n");
    for (const char* model : {"lif", "adaptive_lif", "alpha_lif"}) {
        for (const bool woken : {false, true}) measure_silence(model, woken);
    }
}
