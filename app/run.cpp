#include <fmt/format.h>

#include "app/load.hpp"
#include "app/options.hpp"
#include "app/session.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"

namespace apical {

namespace po = boost::program_options;

namespace {

constexpr const char* run_usage = "apical run CONFIG [options]";
constexpr const char* resume_usage = "apical resume RUN [options]";

void add(VerbOptions& options, Conduct& conduct) {
    options.add()  //
        ("threads", po::value(&conduct.threads)->value_name("N"),
         "threads; results do not depend on it (default: all cores)")  //
        ("checkpoint-every", po::value(&conduct.checkpoint_every)->value_name("MINUTES"),
         "how often to write a checkpoint; 0: only if interrupted (default: 10)")  //
        ("quiet", po::bool_switch(&conduct.quiet), "print errors only")            //
        ("json", po::bool_switch(&conduct.json), "print the summary as JSON")      //
        ("no-progress", po::bool_switch(&conduct.no_progress), "no line of progress");
}

ConfigError wrong_command(const char* usage, const std::string& what) {
    return ConfigError(fmt::format("error[E0301]: {}\nusage: {}\nhelp: apical explain E0301\n", what, usage));
}

void check(const Conduct& conduct, const char* usage) {
    if (conduct.threads < 1 || conduct.threads > 1024)
        throw wrong_command(usage, fmt::format("--threads is {}: expected 1 to 1024", conduct.threads));
    if (!(conduct.checkpoint_every >= 0.0)) {
        throw wrong_command(usage, fmt::format("--checkpoint-every is {}: expected 0 or more minutes",
                                               conduct.checkpoint_every));
    }
}

/// The one argument without a dash.
std::string argument(const po::variables_map& values, const char* name, const char* usage) {
    const auto list =
        values.count(name) != 0 ? values[name].as<std::vector<std::string>>() : std::vector<std::string>{};
    if (list.size() == 1) return list.front();
    throw wrong_command(usage, fmt::format("expected one {}, found {}", name, list.size()));
}

/// The command line as one could type it again.
std::string command_line(const Arguments& arguments) {
    std::string line = "apical run";
    for (const std::string& argument : arguments) {
        const bool plain =
            !argument.empty() && argument.find_first_of(" '\"\\$`*?<>|&;()[]{}#~\n\t") == std::string::npos;
        std::string quoted = "'";
        for (const char c : argument) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
        line += " " + (plain ? argument : quoted + "'");
    }
    return line;
}

}  // namespace

int run_verb(const Arguments& arguments) {
    std::vector<std::string> set;
    std::string seed;
    std::string data;
    std::string out;
    bool overwrite = false;
    Conduct conduct;
    VerbOptions options(
        run_usage, "Runs what a configuration describes and keeps the results in a folder.",
        "apical run xor.toml\napical run xor.toml --set feedback=gated --seed 2 --out runs/gated");
    options.positional("config");
    options.add()  //
        ("set", po::value(&set)->composing()->value_name("KEY=VALUE"),
         "change a key of the file (repeatable)")  //
        ("seed", po::value(&seed)->value_name("N|random"),
         "seed of all random numbers (default: the file's)")  //
        ("data", po::value(&data)->value_name("DIR"),
         "folder of the data set, for a task that has one: the key `data`")  //
        ("out", po::value(&out)->value_name("DIR"),
         "folder of the results (default: runs/TIME_TASK_ID)")  //
        ("overwrite", po::bool_switch(&overwrite), "replace the run in that folder");
    add(options, conduct);
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const std::string config = argument(*values, "config", run_usage);
    check(conduct, run_usage);
    std::vector<Override> changes = overrides(set, seed);
    if (!data.empty()) changes.push_back(data_override(data));
    return begin_run(conduct, load(config, changes), command_line(arguments), out, overwrite);
}

int resume_verb(const Arguments& arguments) {
    bool previous = false;
    Conduct conduct;
    VerbOptions options(
        resume_usage,
        "Goes on with a run that was interrupted or killed, from its last checkpoint: the results "
        "are those of a\nrun that was never interrupted.",
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
