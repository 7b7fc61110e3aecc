#include "app/estimate.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/text.hpp"
#include "core/spike.hpp"
#include "networks/connect.hpp"

namespace apical {

namespace fs = std::filesystem;

namespace {

constexpr double bytes_per_synapse = 8.0;
constexpr double bytes_per_plastic_synapse = 24.0;
constexpr double bytes_per_neuron = 300.0;
constexpr double bytes_per_bin = 32.0;  ///< of a population's traces, in the report
constexpr double bytes_per_given_spike = sizeof(double) + sizeof(Spike);  // as described, and as played

const PopulationDescription& population(const NetworkDescription& network, const std::string& name) {
    const auto found = std::find_if(network.populations.begin(), network.populations.end(),
                                    [&](const PopulationDescription& p) { return p.name == name; });
    if (found == network.populations.end()) throw ConfigError("there is no population '" + name + "'");
    return *found;
}

/// [Hz] of a neuron: a source's own rate, if it states one.
double rate_of(const PopulationDescription& p) {
    const auto rate = p.parameters.find("rate");
    return rate != p.parameters.end() ? rate->second : Estimate::assumed_rate;
}

constexpr double unlimited = std::numeric_limits<double>::infinity();

/// The number in a file of the kernel; unlimited if there is no such file, or "max" in it.
double number_in(const fs::path& path) {
    std::ifstream file(path);
    double number = 0.0;
    if (file >> number) return number;
    return unlimited;
}

/// [bytes] The machine's memory that is free or can be made so, and swap.
double of_the_machine() {
    std::ifstream file("/proc/meminfo");
    double found = 0.0;
    bool any = false;
    std::string name;
    for (double kilobytes = 0.0; file >> name >> kilobytes; file.ignore(64, '\n')) {
        if (name != "MemAvailable:" && name != "SwapFree:") continue;
        found += kilobytes * 1024.0;
        any = true;
    }
    if (!any) return unlimited;
    return found;
}

/// [bytes] The limit of the control group, version 2 or 1, and of those that it is in.
double of_the_group() {
    double least = std::min(number_in("/sys/fs/cgroup/memory.max"),
                            number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("0::/", 0) != 0) continue;
        for (fs::path group = line.substr(4); !group.empty(); group = group.parent_path())
            least = std::min(least, number_in("/sys/fs/cgroup" / group / "memory.max"));
    }
    return least;
}

/// [bytes] What ulimit -v leaves.
double of_the_process() {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return unlimited;
    const double used = number_in("/proc/self/statm") * static_cast<double>(sysconf(_SC_PAGESIZE));
    return std::max(0.0, static_cast<double>(limit.rlim_cur) - used);
}

}  // namespace

Estimate estimate(const NetworkDescription& network, double copies) {
    Estimate e;
    double given_spikes = 0.0;
    for (const PopulationDescription& p : network.populations) {
        e.neurons += p.size;
        for (const std::vector<double>& train : p.spike_times)
            given_spikes += static_cast<double>(train.size());
    }
    for (const ProjectionDescription& projection : network.projections) {
        const PopulationDescription& source = population(network, projection.source);
        const double count =
            expected_synapses(projection, source.size, population(network, projection.target).size);
        e.synapses += count;
        if (projection.plasticity) e.plastic += count;
        e.events_per_second += count * rate_of(source);
    }
    e.bytes = copies * (e.neurons * bytes_per_neuron + (e.synapses - e.plastic) * bytes_per_synapse +
                        e.plastic * bytes_per_plastic_synapse + given_spikes * bytes_per_given_spike);
    const RecordDescription& record = network.record;
    e.bytes +=
        static_cast<double>(record.traces.size()) * network.duration / record.trace_bin * bytes_per_bin;
    return e;
}

double available_memory() { return std::min({of_the_machine(), of_the_group(), of_the_process()}); }

void expect_memory(const NetworkDescription& network, double copies) {
    const double needed = estimate(network, copies).bytes;
    const double there = available_memory();
    if (needed <= there) return;
    throw MemoryError(
        fmt::format("the network needs about {} of memory, and {} are available: make it smaller, "
                    "or --beyond-memory to try all the same",
                    bytes_text(needed), bytes_text(there)));
}

}  // namespace apical
