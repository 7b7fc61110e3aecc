// B1: Brunel's balanced random network of 12,500 leaky integrate-and-fire neurons with voltage-jump synapses
// (Brunel 2000, J. Comput. Neurosci. 8:183; figure 8C is B1-AI). The definition and the tolerances are in
// README.md.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include <boost/program_options.hpp>

#include "benchmarks/cpu_time.hpp"
#include "benchmarks/statistics.hpp"
#include "networks/build.hpp"

namespace {

using namespace apical;

struct Variant {
    const char* name;
    double g;
    double eta;
    double rate, rate_tolerance;  // [Hz]; all of an exact simulation: see README.md
    double cv, cv_tolerance;
    double fano1, fano1_tolerance;
    double fano5, fano5_tolerance;
    double statistics_ms;  // the length that the CV refers to
};

constexpr Variant variants[] = {
    {"b1-ai", 5, 2, 39.0, 0.6, 0.44, 0.015, 170, 30, 225, 45, 3000},
    {"b1-mid", 6, 2, 23.0, 0.5, 0.585, 0.01, 105, 15, 130, 22, 2000},
    {"b1-low", 8, 1, 2.45, 0.12, 0.745, 0.01, 17, 3, 54, 8, 4000},
};

NetworkDescription brunel(const Variant& variant, std::uint64_t seed) {
    constexpr double J = 0.1;
    NetworkDescription d;
    d.seed = seed;
    const Parameters lif = {{"tau_m", 20}, {"E_L", 0}, {"V_th", 20}, {"V_reset", 10}, {"t_ref", 2}};
    const Background drive{"membrane", variant.eta * 10'000, J};
    for (const auto& [name, size] : {std::pair{"E", Index{10'000}}, std::pair{"I", Index{2'500}}}) {
        d.populations.push_back({.name = name,
                                 .model = "lif",
                                 .size = size,
                                 .parameters = lif,
                                 .classifier = Classifier::every,
                                 .background = {drive},
                                 .initial = {{"V_m", {Distribution::Kind::uniform, 0, 20}}},
                                 .spike_times = {}});
    }
    for (const char* source : {"E", "I"}) {
        for (const char* target : {"E", "I"}) {
            const bool excitatory = *source == 'E';
            ProjectionDescription p;
            p.name = std::string(source) + "_to_" + target;
            p.source = source;
            p.target = target;
            p.port = "membrane";
            p.connect = {.kind = ConnectionRule::Kind::fixed_indegree, .k = excitatory ? 1000U : 250U};
            p.weight = {Distribution::Kind::constant, excitatory ? J : -variant.g * J, 0};
            p.delay = 1.5;
            d.projections.push_back(p);
        }
    }
    return d;
}

double resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    double pages = 0;
    double resident = 0;
    statm >> pages >> resident;
    return resident * 4096;
}

bool report(const char* what, double value, double expected, double tolerance) {
    const bool ok = std::abs(value - expected) <= tolerance;
    std::printf("  %-6s %9.3f   expected %g +- %g   %s\n", what, value, expected, tolerance,
                ok ? "ok" : "OUT OF TOLERANCE");
    return ok;
}

}  // namespace

int main(int argc, char** argv) {
    namespace po = boost::program_options;
    po::options_description options(
        "B1: CPU time and statistics of Brunel's network\n\nb1 [VARIANT] [options]");
    std::string name;
    std::size_t threads = 0;
    std::uint64_t seed = 0;
    double warm_up = 0;
    double length = 0;
    options.add_options()("help,h", "this text")                                                //
        ("variant", po::value(&name)->default_value("b1-ai"), "b1-ai, b1-mid or b1-low")        //
        ("threads", po::value(&threads)->default_value(1), "threads")                           //
        ("seed", po::value(&seed)->default_value(1), "seed")                                    //
        ("warm-up", po::value(&warm_up)->default_value(500), "ms before anything is measured")  //
        ("length", po::value(&length)->default_value(0), "ms measured; 0: what the CV's tolerance needs");
    po::positional_options_description positions;
    positions.add("variant", 1);
    po::variables_map values;
    try {
        po::store(po::command_line_parser(argc, argv).options(options).positional(positions).run(), values);
        po::notify(values);
    } catch (const po::error& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
    if (values.count("help") != 0) {
        std::cout << options;
        return 0;
    }
    for (const Variant& variant : variants) {
        if (name != variant.name) continue;
        const double measured = length > 0 ? length : variant.statistics_ms;
        const double before = resident_bytes();
        const auto start = std::chrono::steady_clock::now();
        Network network = build(brunel(variant, seed), {.threads = threads});
        Simulation& simulation = *network.simulation;
        const double construction =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        bench::Statistics statistics(0, 2, std::array<Index, 2>{10'000, 2'500});
        const Time from = Time{} + ticks(warm_up);
        const Time to = from + ticks(measured);
        simulation.add(statistics);
        simulation.cut(from);
        simulation.cut(to);
        statistics.start(from);
        simulation.run_until(from);
        const double bytes = (resident_bytes() - before) / static_cast<double>(simulation.synapses());
        const std::uint64_t events_before = simulation.synaptic_events();
        const double cpu = cpu_seconds();
        const auto wall = std::chrono::steady_clock::now();
        simulation.run_until(to);
        const double cpu_used = cpu_seconds() - cpu;
        const double wall_used =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
        const auto events = static_cast<double>(simulation.synaptic_events() - events_before);

        std::printf("%s  seed %llu  %zu threads  %g ms after %g ms\n", variant.name,
                    static_cast<unsigned long long>(seed), threads, measured, warm_up);
        std::printf(
            "  %.2f ns CPU per recurrent synaptic event (external drive included), %.3g events per "
            "biological second\n",
            cpu_used * 1e9 / events, events / measured * 1e3);
        std::printf("  %.3f CPU s and %.3f wall s per biological second\n", cpu_used / measured * 1e3,
                    wall_used / measured * 1e3);
        std::printf("  %.2f bytes per synapse, %llu synapses built in %.2f s\n", bytes,
                    static_cast<unsigned long long>(simulation.synapses()), construction);
        bool ok = report("rate", statistics.rate(), variant.rate, variant.rate_tolerance);
        ok &= report("CV", statistics.cv(), variant.cv, variant.cv_tolerance);
        ok &= report("F1", statistics.fano(1), variant.fano1, variant.fano1_tolerance);
        ok &= report("F5", statistics.fano(5), variant.fano5, variant.fano5_tolerance);
        return ok ? 0 : 1;
    }
    std::cerr << "there is no variant '" << name << "': b1-ai, b1-mid or b1-low\n";
    return 2;
}
