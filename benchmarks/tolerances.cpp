// CPU time against error: a network of integrated cells at a series of tolerances, its rates of events and
// bursts against those of a run at a far smaller tolerance with the same seeds, hence with the same noise and
// the same graph. README.md says what came out.

#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "benchmarks/cpu_time.hpp"
#include "core/error.hpp"
#include "networks/build.hpp"
#include "networks/network_config.hpp"

namespace {

using namespace apical;

/// By population.
struct Counts {
    std::vector<double> events;
    std::vector<double> bursts;
};

class Counter final : public Recorder {
public:
    explicit Counter(Counts& counts) : counts_(&counts) {}
    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) {
            if (spike.kind == SpikeKind::event) ++counts_->events[spike.population];
            if (spike.kind == SpikeKind::burst) ++counts_->bursts[spike.population];
        }
    }
    void finish(Time) override {}

private:
    Counts* counts_;
};

struct Measured {
    Counts counts;
    double cpu = 0.0;
    std::uint64_t synaptic_events = 0;
};

struct Measurement {
    double warm_up;
    double length;
    std::size_t threads;
};

/// `tolerance` 0: as configured.
Measured measure(NetworkDescription d, std::uint64_t seed, double tolerance, const Measurement& m) {
    d.seed = seed;
    for (PopulationDescription& p : d.populations) {
        const ModelInfo* model = catalogue().find(ModelInfo::Kind::neuron, p.model);
        if (model == nullptr || tolerance == 0.0) continue;
        for (const FieldInfo& field : model->fields) {
            if (field.name == "tolerance") p.parameters["tolerance"] = tolerance;
        }
    }
    Network network = build(d, {.threads = m.threads});
    Simulation& simulation = *network.simulation;
    Measured measured{{std::vector<double>(d.populations.size()), std::vector<double>(d.populations.size())}};
    simulation.run_until(Time{} + ticks(m.warm_up));
    Counter counter(measured.counts);
    simulation.add(counter);
    const std::uint64_t before = simulation.synaptic_events();
    const double start = cpu_seconds();
    simulation.run_until(Time{} + ticks(m.warm_up + m.length));
    measured.cpu = cpu_seconds() - start;
    measured.synaptic_events = simulation.synaptic_events() - before;
    return measured;
}

}  // namespace

int main(int argc, char** argv) {
    namespace po = boost::program_options;
    po::options_description options(
        "CPU time against the tolerance of the integration\n\ntolerances CONFIG [options]");
    std::string config;
    std::vector<double> tolerances;
    double reference = 0;
    int seeds = 0;
    Measurement m{};
    options.add_options()("help,h", "this text")                                                        //
        ("config", po::value(&config)->required(), "a configuration of a network")                      //
        ("tolerances", po::value(&tolerances)->multitoken(), "mV; 1e-1 to 1e-5 if not given")           //
        ("reference", po::value(&reference)->default_value(1e-7), "mV: the tolerance to compare with")  //
        ("seeds", po::value(&seeds)->default_value(1), "seeds 1 to N, whose counts are summed")         //
        ("threads", po::value(&m.threads)->default_value(1), "threads")                                 //
        ("warm-up", po::value(&m.warm_up)->default_value(500), "ms before anything is measured")        //
        ("length", po::value(&m.length)->default_value(2000), "ms measured");
    po::positional_options_description positions;
    positions.add("config", 1);
    po::variables_map values;
    try {
        po::store(po::command_line_parser(argc, argv).options(options).positional(positions).run(), values);
        if (values.count("help") != 0) {
            std::cout << options;
            return 0;
        }
        po::notify(values);
        if (tolerances.empty()) tolerances = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5};
        Config file = Config::open(config);
        const NetworkDescription network = read_network(file.root(), catalogue());
        file.finish();

        tolerances.insert(tolerances.begin(), reference);
        std::vector<Counts> exact;
        std::printf("%-10s %12s %10s %12s   error of event rates and burst probabilities, by population\n",
                    "tolerance", "CPU s/bio s", "ns/arrival", "rates [Hz]");
        for (const double tolerance : tolerances) {
            Counts sum{std::vector<double>(network.populations.size()),
                       std::vector<double>(network.populations.size())};
            double cpu = 0.0;
            double arrivals = 0.0;
            for (int seed = 1; seed <= seeds; ++seed) {
                const Measured one = measure(network, static_cast<std::uint64_t>(seed), tolerance, m);
                cpu += one.cpu;
                arrivals += static_cast<double>(one.synaptic_events);
                for (std::size_t p = 0; p < sum.events.size(); ++p) {
                    sum.events[p] += one.counts.events[p];
                    sum.bursts[p] += one.counts.bursts[p];
                }
            }
            if (exact.empty()) exact.push_back(sum);
            const double seconds = m.length * seeds / 1000.0;
            std::printf("%-10.0e %12.4f %10.1f  ", tolerance, cpu / seconds, 1e9 * cpu / arrivals);
            for (std::size_t p = 0; p < sum.events.size(); ++p) {
                const double events = exact.front().events[p];
                if (catalogue().find(ModelInfo::Kind::neuron, network.populations[p].model) == nullptr)
                    continue;
                std::printf(" %s %.3f (%+.3f %%, %+.4f)", network.populations[p].name.c_str(),
                            sum.events[p] / seconds / network.populations[p].size,
                            100.0 * (sum.events[p] - events) / std::max(events, 1.0),
                            sum.bursts[p] / std::max(sum.events[p], 1.0) -
                                exact.front().bursts[p] / std::max(events, 1.0));
            }
            std::printf("\n");
            std::fflush(stdout);
        }
    } catch (const po::error& error) {
        std::cerr << error.what() << '\n';
        return 2;
    } catch (const Error& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
    return 0;
}
