#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/load.hpp"
#include "app/options.hpp"
#include "app/session.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "networks/catalogue.hpp"
#include "networks/suggest.hpp"
#include "recorders/read.hpp"

namespace apical {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

constexpr const char* run_usage = "apical run CONFIG [options]";
constexpr const char* replay_usage = "apical replay SPIKES --into CONFIG --population NAME [options]";
constexpr const char* resume_usage = "apical resume RUN [options]";

void add(VerbOptions& options, Conduct& conduct) {
    options.add()  //
        ("threads", po::value(&conduct.threads)->value_name("N"),
         "threads; results do not depend on it (default: all cores)")  //
        ("checkpoint-every", po::value(&conduct.checkpoint_every)->value_name("MINUTES"),
         "how often to write a checkpoint, the first after one minute at most; 0: only if interrupted "
         "(default: 10)")  //
        ("beyond-memory", po::bool_switch(&conduct.beyond_memory),
         "go on though the memory that is estimated is more than there is")    //
        ("quiet", po::bool_switch(&conduct.quiet), "print errors only")        //
        ("json", po::bool_switch(&conduct.json), "print the summary as JSON")  //
        ("no-progress", po::bool_switch(&conduct.no_progress), "no line of progress");
}

void check(const Conduct& conduct, const char* usage) {
    if (conduct.threads < 1 || conduct.threads > 1024)
        throw misuse(usage, fmt::format("--threads is {}: expected 1 to 1024", conduct.threads));
    if (!(conduct.checkpoint_every >= 0.0)) {
        throw misuse(usage, fmt::format("--checkpoint-every is {}: expected 0 or more minutes",
                                        conduct.checkpoint_every));
    }
}

/// The one argument without a dash.
std::string argument(const po::variables_map& values, const char* name, const char* usage) {
    const auto list =
        values.count(name) != 0 ? values[name].as<std::vector<std::string>>() : std::vector<std::string>{};
    if (list.size() == 1) return list.front();
    throw misuse(usage, fmt::format("expected one {}, found {}", name, list.size()));
}

/// The command line as one could type it again.
std::string command_line(const char* verb, const Arguments& arguments) {
    std::string line = fmt::format("apical {}", verb);
    for (const std::string& argument : arguments) line += " " + shell_word(argument);
    return line;
}

/// What begins a run: the options that `run` and `replay` share.
struct Beginning {
    std::vector<std::string> set;
    std::string seed;
    std::string out;
    bool overwrite = false;
    Conduct conduct;

    void declare(VerbOptions& options) {
        options.add()  //
            ("set", po::value(&set)->composing()->value_name("KEY=VALUE"),
             "change a key of the file (repeatable)")  //
            ("seed", po::value(&seed)->value_name("N|random"),
             "seed of all random numbers (default: the file's)")  //
            ("out", po::value(&out)->value_name("DIR"),
             "folder of the results (default: runs/TIME_TASK_ID)")  //
            ("overwrite", po::bool_switch(&overwrite), "replace the run in that folder");
        add(options, conduct);
    }

    int run(const std::string& config, const std::vector<Override>& changes,
            const std::string& command) const {
        return begin_run(conduct, load(config, changes), command, out, overwrite);
    }
};

ConfigError no_place(const std::string& what) {
    return ConfigError(fmt::format("error[E0208]: {}\nhelp: apical replay --help\n", what));
}

/// The population of a network whose place the spikes of a file are to take.
struct Place {
    std::string population;
    Index neurons = 1;
    std::string classifier;  ///< as the file has it, if it does
    std::optional<double> b_th;
};

/// Looks it up without judging the rest: a spike_train that says no spike times yet will do.
Place find_place(const std::string& path, const std::vector<Override>& changes, const std::string& name) {
    Config config = Config::open(path, changes);
    ConfigTable root = config.root();
    if (!root.holds_table("population"))
        throw no_place(path + " describes no network: it has no [population.NAME]");
    ConfigTable populations = root.table("population", {});
    const std::vector<std::string> names = populations.keys();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        const auto meant = probably_meant(name, names);
        throw no_place(fmt::format("{} has no population '{}'; {}", path, name,
                                   meant ? fmt::format("did you mean '{}'?", *meant)
                                         : fmt::format("it has: {}", fmt::join(names, ", "))));
    }
    ConfigTable table = populations.table(name, {});
    const ModelInfo* model = catalogue().cell(table.peek("model"));
    if (model != nullptr && model->kind != ModelInfo::Kind::source) {
        std::vector<std::string> sources;
        for (const ModelInfo& other : catalogue().models) {
            if (other.kind == ModelInfo::Kind::source) sources.push_back(other.name);
        }
        throw no_place(
            fmt::format("population '{}' of {} is a {}: only a source ({}) can play the spikes of a file",
                        name, path, model->name, fmt::join(sources, ", ")));
    }
    Place place;
    place.population = name;
    table.read({"size", "1", "number of neurons", {.low = 1.0}}, place.neurons);
    place.classifier = table.peek("classifier");
    table.read({"b_th", "ms", "longest interval inside a burst", not_negative}, place.b_th, "16 ms");
    return place;
}

}  // namespace

int run_verb(const Arguments& arguments) {
    Beginning beginning;
    std::string data;
    VerbOptions options(
        run_usage, "Runs what a configuration describes and keeps the results in a folder.",
        "apical run xor.toml\napical run xor.toml --set feedback=gated --seed 2 --out runs/gated");
    options.positional("config");
    options.add()("data", po::value(&data)->value_name("DIR"),
                  "folder of the data set, for a task that has one: the key `data`");
    beginning.declare(options);
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const std::string config = argument(*values, "config", run_usage);
    check(beginning.conduct, run_usage);
    std::vector<Override> changes = overrides(beginning.set, beginning.seed);
    if (!data.empty()) changes.push_back(data_override(data));
    return beginning.run(config, changes, command_line("run", arguments));
}

int replay_verb(const Arguments& arguments) {
    Beginning beginning;
    std::string config;
    std::string population;
    std::string as;
    VerbOptions options(
        replay_usage,
        "Runs a network in which a source plays the spikes of a SONATA file, such as the spikes.h5 of an "
        "earlier "
        "run.\nThe source keeps its name, size and classifier; what it was, Poisson for instance, is set "
        "aside. Events and "
        "bursts are\nthose of events.h5 and bursts.h5 beside the file if they are of its spikes, and no "
        "classifier is given.",
        "apical replay runs/first/spikes.h5 --into network.toml --population input\n"
        "apical replay recorded.h5 --into network.toml --population input --spike_population V1 --out "
        "runs/again");
    options.positional("file");
    options.add()                                                                                          //
        ("into", po::value(&config)->value_name("CONFIG"), "configuration of the network")                 //
        ("population", po::value(&population)->value_name("NAME"), "which of its sources the file plays")  //
        ("spike_population", po::value(&as)->value_name("NAME"),
         "whose spikes of the file, if it is not called the same there");
    beginning.declare(options);
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const fs::path spikes = argument(*values, "file", replay_usage);
    check(beginning.conduct, replay_usage);
    if (config.empty()) throw misuse(replay_usage, "--into is missing: the network to replay into");
    if (population.empty())
        throw misuse(replay_usage, "--population is missing: the source that plays the spikes");
    if (as.empty()) as = population;
    std::error_code ignored;
    if (fs::equivalent(spikes.parent_path() / ".", beginning.out, ignored))
        throw misuse(replay_usage, "--out is the folder of the spikes: the run would replace them");

    std::vector<Override> changes = overrides(beginning.set, beginning.seed);
    const Place place = find_place(config, changes, population);
    SpikeFile(spikes).trains(as, place.neurons);  // can they be played there?
    std::string rest;
    if (!place.classifier.empty()) rest += fmt::format(", classifier=\"{}\"", place.classifier);
    if (place.b_th) rest += fmt::format(", b_th={}", *place.b_th);
    changes.push_back(replay_override(population, place.neurons, spikes, as, rest));
    return beginning.run(config, changes, command_line("replay", arguments));
}

int resume_verb(const Arguments& arguments) {
    bool previous = false;
    Conduct conduct;
    VerbOptions options(
        resume_usage,
        "Goes on with a run that was interrupted or killed, from its last checkpoint, or begins it again if "
        "it had none\nyet: the results are those of a run that was never interrupted.",
        "apical resume runs/20260101T120000Z_xor_7f3a");
    options.positional("run");
    options.add()("previous", po::bool_switch(&previous),
                  "from the checkpoint before the last, should that be damaged");
    add(options, conduct);
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const std::string folder = argument(*values, "run", resume_usage);
    check(conduct, resume_usage);
    return resume_run(conduct, folder, previous);
}

}  // namespace apical
