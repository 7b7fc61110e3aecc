#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/algorithm/string/split.hpp>
#include <fmt/format.h>
#include <malloc.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include "app/options.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "networks/benchmarks.hpp"
#include "networks/build.hpp"
#include "recorders/hash.hpp"
#include "recorders/statistics.hpp"

namespace apical {

namespace po = boost::program_options;

namespace {

struct Settings {
    std::vector<std::size_t> threads;
    std::size_t runs = 1;
    std::uint64_t seed = 1;
    double length = 0.0;    ///< [ms] 0: that of the benchmark
    std::string yardstick;  ///< a program to run beside, or none
    std::string drive;      ///< "exact" or "counts"
};

/// Hashes all spikes and keeps those of the measured part, which are hashed when the clock has stopped.
class SpikeLog final : public Recorder {
public:
    explicit SpikeLog(Time from) : from_(from) {}

    void observe(const Window& window, std::span<const Spike> spikes) override {
        if (window.end <= from_) {
            hash_.observe(window, spikes);
        } else {
            spikes_.insert(spikes_.end(), spikes.begin(), spikes.end());
        }
    }
    void finish(Time end) override { hash_.observe({from_, end}, spikes_); }

    std::span<const Spike> spikes() const { return spikes_; }
    ResultHash& hash() { return hash_; }

private:
    Time from_;
    ResultHash hash_;
    std::vector<Spike> spikes_;
};

/// User time [s] of this process, all threads.
double user_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Memory that this process holds, without what it has only not yet given back.
double resident_bytes() {
    malloc_trim(0);
    std::ifstream statm("/proc/self/statm");
    double pages = 0.0;
    double resident = 0.0;
    statm >> pages >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// One run of a network. Times are of the measured part, for a biological second.
struct Run {
    double cpu = 0.0;           ///< [s]
    double wall = 0.0;          ///< [s]
    double events = 0.0;        ///< synaptic events
    double construction = 0.0;  ///< [s] CPU time, all
    double synapses = 0.0;
    double bytes_per_synapse = 0.0;
    std::map<std::string, double> statistics;
    std::string hash;
    double synapses_cpu = 0.0;                                    ///< [s] of cpu, what the events cost
    double yardstick = std::numeric_limits<double>::quiet_NaN();  ///< [s] CPU time of the yardstick
};

std::map<std::string, double> statistics_of(const Benchmark& b, Network& network, const SpikeLog& log,
                                            Time from, Time to) {
    const auto of = [&](const std::vector<std::vector<std::string>>& groups) {
        std::vector<Index> sizes(network.simulation->populations().size(), 0);
        for (const auto& group : groups) {
            for (const std::string& name : group) {
                const Index index = network.populations.at(name);
                sizes[index] = network.simulation->populations()[index].size;
            }
        }
        return statistics(log.spikes(), sizes, from, to);
    };
    const SpikeStatistics all = of({b.excitatory, b.inhibitory});
    std::map<std::string, double> s{{"rate_hz", all.rate}, {"cv", all.cv}, {"f1", all.f1}, {"f5", all.f5}};
    if (!b.inhibitory.empty()) {
        s["rate_e_hz"] = of({b.excitatory}).rate;
        s["rate_i_hz"] = of({b.inhibitory}).rate;
    }
    if (!b.learning.empty()) {
        double n = 0.0;
        double sum = 0.0;
        double square = 0.0;
        network.simulation->visit_synapses(network.projections.at(b.learning), [&](Index, Index, double w) {
            n += 1.0;
            sum += w;
            square += w * w;
        });
        s["weight_mean"] = sum / n;
        s["weight_sd"] = std::sqrt(std::max(0.0, square / n - sum / n * (sum / n)));
    }
    return s;
}

Run simulate(const Benchmark& b, const NetworkDescription& description, double length, std::size_t threads) {
    Run run;
    const Time from = Time{} + ticks(b.warm_up);
    const Time to = from + ticks(length);
    const double before = resident_bytes();
    const double start = user_seconds();
    Network network = build(description, {.threads = threads});
    run.construction = user_seconds() - start;
    Simulation& simulation = *network.simulation;
    SpikeLog log(from);
    simulation.add(log);
    simulation.cut(from);
    simulation.cut(to);
    simulation.run_until(from);
    run.synapses = static_cast<double>(simulation.synapses());
    run.bytes_per_synapse = (resident_bytes() - before) / run.synapses;

    const auto events = static_cast<double>(simulation.synaptic_events());
    const double cpu = user_seconds();
    const double wall = wall_seconds();
    simulation.run_until(to);
    run.cpu = (user_seconds() - cpu) * 1e3 / length;
    run.wall = (wall_seconds() - wall) * 1e3 / length;
    run.events = (static_cast<double>(simulation.synaptic_events()) - events) * 1e3 / length;
    run.synapses_cpu = run.cpu;

    log.finish(to);
    run.statistics = statistics_of(b, network, log, from, to);
    for (Index p = 0; p < simulation.projections(); ++p) {
        if (!simulation.projection(p).changes) continue;
        for (const Table& table : simulation.weights(p)) log.hash().add_weights(table.weights());
    }
    run.hash = log.hash().hex();
    return run;
}

/// [s] of CPU time for a biological second, as the other program says in JSON.
double run_yardstick(const Settings& settings, const Benchmark& b, double length) {
    const std::string command = fmt::format("'{}' {} --seed {} --warm-up {} --length {}", settings.yardstick,
                                            b.name, settings.seed, b.warm_up, length);
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string text;
    std::array<char, 256> part{};
    while (pipe && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) text += part.data();
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("cpu_s_per_bio_s"))
        throw DataError(fmt::format("{}: no line of JSON with cpu_s_per_bio_s came from it", command));
    return json["cpu_s_per_bio_s"].get<double>();
}

/// Of several runs that with the median CPU time, or ratio to that of the yardstick run after it.
Run measure(const Benchmark& b, const Settings& settings, double length, std::size_t threads) {
    std::vector<Run> runs;
    for (std::size_t i = 0; i < settings.runs; ++i) {
        runs.push_back(simulate(b, b.network, length, threads));
        if (b.synapses_alone) {
            NetworkDescription without = b.network;
            without.projections.clear();
            runs.back().synapses_cpu -= simulate(b, without, length, threads).cpu;
        }
        if (!settings.yardstick.empty()) runs.back().yardstick = run_yardstick(settings, b, length);
    }
    const auto middle = runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2);
    const auto cost = [&](const Run& run) {
        return settings.yardstick.empty() ? run.cpu : run.cpu / run.yardstick;
    };
    std::nth_element(runs.begin(), middle, runs.end(),
                     [&](const Run& x, const Run& y) { return cost(x) < cost(y); });
    return *middle;
}

/// The statistics out of tolerance, as "cv 0.61, not 0.73 +- 0.02".
std::vector<std::string> misses(const Benchmark& b, const Run& run) {
    std::vector<std::string> list;
    for (const Expectation& e : b.expected) {
        const double value = run.statistics.at(e.statistic);
        if (!(std::abs(value - e.value) <= e.tolerance))
            list.push_back(fmt::format("{} {:.4g}, not {} +- {}", e.statistic, value, e.value, e.tolerance));
    }
    return list;
}

/// `in_tolerance` is unknown for other lengths than the expectations are for.
Facts facts(const Benchmark& b, const Settings& settings, const Run& run, std::size_t threads,
            std::optional<bool> in_tolerance) {
    Facts list{{"network", b.name},
               {"threads", static_cast<std::int64_t>(threads)},
               {"cpu_s_per_bio_s", run.cpu},
               {"wall_s_per_bio_s", run.wall},
               {"ns_per_event", run.synapses_cpu / run.events * 1e9},
               {"bytes_per_synapse", run.bytes_per_synapse},
               {"rate_hz", run.statistics.at("rate_hz")},
               {"cv", run.statistics.at("cv")},
               {"in_tolerance", in_tolerance ? Value(*in_tolerance) : Value()},
               {"result_hash", run.hash},
               {"drive", settings.drive},
               {"yardstick_cpu_s_per_bio_s", run.yardstick},
               {"yardstick_ratio", run.cpu / run.yardstick},
               {"events_per_bio_s", run.events},
               {"synapses", run.synapses},
               {"construction_cpu_s", run.construction}};
    for (const char* name : {"f1", "f5", "rate_e_hz", "rate_i_hz", "weight_mean", "weight_sd"}) {
        const auto found = run.statistics.find(name);
        list.emplace_back(name, found != run.statistics.end() ? Value(found->second) : Value());
    }
    return list;
}

enum class Format { table, csv, json };

void print_header(Format format, const Facts& row) {
    if (format == Format::table) {
        fmt::print("{:<10} {:>7}  {:<6} {:>9} {:>9} {:>9} {:>8} {:>8} {:>6} {:>9}  {}\n", "network",
                   "threads", "drive", "CPU s/s", "wall s/s", "ns/event", "B/syn", "rate Hz", "CV",
                   "yardstick", "in tolerance");
    } else if (format == Format::csv) {
        fmt::print("{}\n", csv_names(row));
    }
}

void print_row(Format format, const Facts& row, const std::vector<std::string>& missed) {
    if (format == Format::json) {
        fmt::print("{}\n", to_json(row).dump());
    } else if (format == Format::csv) {
        fmt::print("{}\n", csv_values(row));
    } else {
        const nlohmann::ordered_json j = to_json(row);
        const auto number = [&](const char* name, int digits) {
            return j[name].is_null() ? std::string("-")
                                     : fmt::format("{:.{}g}", j[name].get<double>(), digits);
        };
        const std::string judged = j["in_tolerance"].is_null() ? "not judged at this length"
                                   : missed.empty()            ? "yes"
                                                    : fmt::format("NO: {}", fmt::join(missed, "; "));
        fmt::print("{:<10} {:>7}  {:<6} {:>9} {:>9} {:>9} {:>8} {:>8} {:>6} {:>9}  {}\n",
                   j["network"].get<std::string>(), j["threads"].get<int>(), j["drive"].get<std::string>(),
                   number("cpu_s_per_bio_s", 4), number("wall_s_per_bio_s", 4), number("ns_per_event", 3),
                   number("bytes_per_synapse", 3), number("rate_hz", 4), number("cv", 3),
                   number("yardstick_ratio", 3), judged);
    }
    std::fflush(stdout);
}

[[noreturn]] void refuse(const std::string& what) { throw misuse("apical bench [NAME...] [options]", what); }

std::vector<std::size_t> thread_counts(const std::string& list) {
    std::vector<std::string> parts;
    boost::algorithm::split(parts, list, [](char c) { return c == ','; });
    std::vector<std::size_t> counts;
    for (const std::string& part : parts) {
        std::size_t used = 0;
        int count = 0;
        try {
            count = std::stoi(part, &used);
        } catch (const std::exception&) {
            used = 0;
        }
        if (used == 0 || used != part.size() || count < 1 || count > 1024)
            refuse(fmt::format("--threads is '{}': expected numbers from 1 to 1024, as in 1,2", list));
        counts.push_back(static_cast<std::size_t>(count));
    }
    return counts;
}

/// Prints a row for each; whether all are right.
bool measure_all(const std::vector<Benchmark>& chosen, const Settings& settings, Format format) {
    bool right = true;
    bool first = true;
    for (const Benchmark& b : chosen) {
        const double length = settings.length > 0.0 ? settings.length : b.length;
        for (const std::size_t count : settings.threads) {
            const Run run = measure(b, settings, length, count);
            const bool judged = length == b.length;
            const auto missed = judged ? misses(b, run) : std::vector<std::string>{};
            const Facts row =
                facts(b, settings, run, count, judged ? std::optional(missed.empty()) : std::nullopt);
            if (first) print_header(format, row);
            first = false;
            print_row(format, row, missed);
            right = right && missed.empty();
        }
    }
    return right;
}

}  // namespace

int bench_verb(const Arguments& arguments) {
    Settings settings;
    std::string threads;
    bool json = false;
    bool csv = false;
    VerbOptions options(
        "apical bench [NAME...] [options]",
        fmt::format(
            "Runs benchmark networks, all of them or those named: CPU time for a biological second and a "
            "synaptic event, memory, and whether the statistics are right.\nThere are {}.",
            fmt::join(benchmark_names(), ", ")),
        "apical bench b2 b3\napical bench b1-ai --threads 1,2 --json\napical bench b1-low --drive counts");
    options.positional("names");
    options.add()  //
        ("threads", po::value(&threads)->default_value("1")->value_name("LIST"),
         "numbers of threads, as in 1,2")  //
        ("runs", po::value(&settings.runs)->default_value(1)->value_name("N"),
         "runs of each, of which the one with the median CPU time is reported")  //
        ("seed", po::value(&settings.seed)->default_value(1)->value_name("N"),
         "seed of all random numbers")  //
        ("length", po::value(&settings.length)->value_name("MS"),
         "biological time measured; at another length than the network's own its statistics are not "
         "judged")  //
        ("drive", po::value(&settings.drive)->default_value("exact")->value_name("KIND"),
         "external drives: exact, with drawn times, or counts, one Poisson count for each neuron and 0.1 "
         "ms")  //
        ("yardstick", po::value(&settings.yardstick)->value_name("PROGRAM"),
         "run this program beside each run, for the ratio of CPU times")  //
        ("json", po::bool_switch(&json), "one JSON object a line")        //
        ("csv", po::bool_switch(&csv), "comma-separated values");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    if (json && csv) refuse("--json or --csv, not both");
    if (settings.runs == 0) refuse("--runs is 0: expected 1 or more");
    if (values->count("length") != 0 && !(settings.length >= 10.0 && settings.length <= 1e6))
        refuse("--length: expected 10 to 1000000 ms");
    settings.threads = thread_counts(threads);
    if (settings.drive != "exact" && settings.drive != "counts")
        refuse(fmt::format("--drive is '{}': expected exact or counts", settings.drive));
    const auto drive = settings.drive == "counts" ? Background::Kind::counts : Background::Kind::poisson;
    std::vector<Benchmark> chosen;
    if (values->count("names") != 0) {
        for (const std::string& name : (*values)["names"].as<std::vector<std::string>>())
            chosen.push_back(benchmark(name, settings.seed, drive));
    } else {
        for (const std::string_view name : benchmark_names())
            chosen.push_back(benchmark(name, settings.seed, drive));
    }
    return measure_all(chosen, settings, json ? Format::json : csv ? Format::csv : Format::table) ? 0 : 1;
}

}  // namespace apical
