#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/estimate.hpp"
#include "app/load.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/sweep.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "networks/catalogue.hpp"
#include "networks/graph.hpp"

namespace apical {

namespace po = boost::program_options;

namespace {

Facts measure(const Loaded& loaded, const NetworkDescription& network) {
    const Estimate e = estimate(network, loaded.experiment->copies());
    const NetworkSize size = size_of(network);
    const auto delay = smallest_delay(network, catalogue());
    return {{"task", loaded.task},
            {"seed", static_cast<std::int64_t>(loaded.experiment->seed())},
            {"populations", static_cast<std::int64_t>(network.populations.size())},
            {"projections", static_cast<std::int64_t>(network.projections.size())},
            {"neurons", static_cast<std::int64_t>(size.neurons)},
            {"sources", static_cast<std::int64_t>(size.sources)},
            {"synapses", e.synapses},
            {"plastic_synapses", e.plastic},
            {"smallest_delay_ms", delay ? Value(*delay) : Value()},
            {"duration_ms", network.duration},
            {"memory_bytes", e.bytes},
            {"synaptic_events", e.events_per_second * network.duration / 1000.0},
            {"left_to_run", loaded.experiment->judges_relays() ? Value(std::string("relays")) : Value()}};
}

void print(const Loaded& loaded, const NetworkDescription& network, const Facts& facts) {
    const auto number = [&](const char* name) {
        for (const auto& [key, value] : facts) {
            if (key == name && std::holds_alternative<double>(value)) return std::get<double>(value);
        }
        return 0.0;
    };
    fmt::print("{} · {} · seed {}: the configuration is right\n", loaded.task, loaded.experiment->size_text(),
               loaded.experiment->seed());
    fmt::print("  {:<16}{} in {} population{}\n", "network", text_of(size_of(network)),
               network.populations.size(), network.populations.size() == 1 ? "" : "s");
    fmt::print("  {:<16}{:.0f} in {} projection{}, {:.0f} of them plastic\n", "synapses", number("synapses"),
               network.projections.size(), network.projections.size() == 1 ? "" : "s",
               number("plastic_synapses"));
    const auto delay = smallest_delay(network, catalogue());
    fmt::print("  {:<16}{}\n", "smallest delay",
               delay ? fmt::format("{} ms", *delay) : "none: nothing but sources project");
    for (const auto& loop : recurrent_loops(network))
        fmt::print("  {:<16}{}\n", "loop", fmt::join(loop, ", "));
    for (const auto& p : network.populations) {
        if (!p.origin.empty()) fmt::print("  {:<16}{}\n", "spikes", p.origin);
    }
    if (loaded.task == "network") fmt::print("  {:<16}{}\n", "recorded", what_is_recorded(network.record));
    fmt::print("  {:<16}{:.6g} s simulated\n", "duration", network.duration / 1000.0);
    fmt::print("  {:<16}about {}\n", "memory", bytes_text(number("memory_bytes")));
    fmt::print("  {:<16}about {:.2g} synaptic events, if neurons spike at {:g} Hz\n", "work",
               number("synaptic_events"), Estimate::assumed_rate);
    if (loaded.experiment->judges_relays())
        fmt::print(
            "  {:<16}only a run measures them, first of all, and refuses those that do not tell bursts "
            "from events\n",
            "relays");
}

}  // namespace

int check_verb(const Arguments& arguments) {
    std::vector<std::string> set;
    std::string seed;
    std::string data;
    std::string graph;
    bool json = false;
    bool overwrite = false;
    bool beyond_memory = false;
    VerbOptions options("apical check CONFIG [options]",
                        "Finds everything that is wrong with a configuration, tells the size of its network, "
                        "and runs nothing.",
                        "apical check xor.toml\napical check network.toml --graph network.dot");
    options.positional("config");
    options.add()  //
        ("data", po::value(&data)->value_name("DIR"),
         "folder of the data set, for a task that has one: the key `data`")  //
        ("set", po::value(&set)->composing()->value_name("KEY=VALUE"),
         "change a key of the file (repeatable)")                                         //
        ("seed", po::value(&seed)->value_name("N|random"), "seed of all random numbers")  //
        ("graph", po::value(&graph)->value_name("FILE"),
         "write the populations and projections for Graphviz")                     //
        ("overwrite", po::bool_switch(&overwrite), "replace the file of --graph")  //
        ("beyond-memory", po::bool_switch(&beyond_memory),
         "for a run on another machine: the memory that is estimated may be more than this one has")  //
        ("json", po::bool_switch(&json), "print the figures as JSON");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const auto configs =
        values->count("config") != 0 ? (*values)["config"].as<std::vector<std::string>>() : Arguments{};
    if (configs.size() != 1) {
        throw misuse("apical check CONFIG [options]", configs.empty()
                                                          ? "check what? The configuration is missing"
                                                          : "one configuration at a time");
    }
    std::vector<Override> changes = overrides(set, seed);
    if (!data.empty()) changes.push_back(data_override(data));
    Loaded loaded = load(configs.front(), changes);
    loaded.experiment->inputs();  // a run would refuse files that are not there, or wrong
    const NetworkDescription network = loaded.experiment->network();
    if (!beyond_memory) expect_memory(network, loaded.experiment->copies());  // as a run does
    check_sweep(configs.front(), changes, beyond_memory);
    const Facts facts = measure(loaded, network);
    if (json) {
        fmt::print("{}\n", to_json(facts).dump(2));
    } else {
        print(loaded, network, facts);
    }
    if (loaded.task == "network" && network.record.nothing())
        fmt::print(stderr, "warning: {}\n", nothing_recorded);
    for (const std::string& warning : loaded.warnings) fmt::print(stderr, "{}\n", warning);
    for (const std::string& name : unreachable_populations(network, catalogue())) {
        fmt::print(stderr,
                   "warning: no source, background, steps or drive reaches '{}': it is silent, unless its "
                   "parameters make it fire\n",
                   name);
    }
    if (!graph.empty()) {
        const auto output = OutputOptions{graph, overwrite}.open({});
        output->write(graphviz(network));
        output->finish();
    }
    return 0;
}

}  // namespace apical
