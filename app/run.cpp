#include "tasks/run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/build_info.hpp"
#include "app/load.hpp"
#include "app/options.hpp"
#include "app/progress_line.hpp"
#include "app/report.hpp"
#include "app/run_folder.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"

namespace apical {

namespace po = boost::program_options;

namespace {

// --- interruption
// ---------------------------------------------------------------------------------------------------

std::atomic<int> signals_received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

/// The first signal asks the run to end; the second ends the process.
extern "C" void on_signal(int /*signal*/) {
    if (signals_received.fetch_add(1) > 0) _exit(interrupted_exit_code);
}

void catch_signals() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

// --- the facts of a run
// ---------------------------------------------------------------------------------------------

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string cpu_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(": ");
        if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "unknown";
}

struct RunOptions {
    std::string config;
    std::vector<std::string> set;
    std::string seed;
    std::string data;
    std::size_t threads = 1;
    std::filesystem::path out;
    bool overwrite = false;
    bool quiet = false;
    bool json = false;
    bool no_progress = false;
};

std::optional<RunOptions> read_options(const Arguments& arguments) {
    RunOptions o;
    o.threads = std::max(1U, std::thread::hardware_concurrency());
    VerbOptions options(
        "apical run CONFIG [options]",
        "Runs what a configuration describes and keeps the results in a folder.",
        "apical run xor.toml\napical run xor.toml --set feedback=gated --seed 2 --out runs/gated");
    options.positional("config");
    options.add()  //
        ("set", po::value(&o.set)->composing()->value_name("KEY=VALUE"),
         "change a key of the file (repeatable)")  //
        ("seed", po::value(&o.seed)->value_name("N|random"),
         "seed of all random numbers (default: the file's)")  //
        ("data", po::value(&o.data)->value_name("DIR"),
         "folder of the data set, for a task that has one: the key `data`")  //
        ("threads", po::value(&o.threads)->value_name("N"),
         "threads; results do not depend on it (default: all cores)")  //
        ("out", po::value<std::string>()->value_name("DIR"),
         "folder of the results (default: runs/TIME_TASK_ID)")                          //
        ("overwrite", po::bool_switch(&o.overwrite), "replace the run in that folder")  //
        ("quiet", po::bool_switch(&o.quiet), "print errors only")                       //
        ("json", po::bool_switch(&o.json), "print the summary as JSON")                 //
        ("no-progress", po::bool_switch(&o.no_progress), "no line of progress");
    const auto values = options.parse(arguments);
    if (!values) return std::nullopt;
    const auto fail = [](const std::string& what) {
        return ConfigError(fmt::format(
            "error[E0301]: {}\nusage: apical run CONFIG [options]\nhelp: apical explain E0301\n", what));
    };
    const auto configs =
        values->count("config") != 0 ? (*values)["config"].as<std::vector<std::string>>() : Arguments{};
    if (configs.size() != 1)
        throw fail(configs.empty() ? "run what? The configuration is missing"
                                   : "one configuration at a time");
    if (o.threads < 1 || o.threads > 1024)
        throw fail(fmt::format("--threads is {}: expected 1 to 1024", o.threads));
    o.config = configs.front();
    if (values->count("out") != 0) o.out = (*values)["out"].as<std::string>();
    return o;
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

// --- one run
// --------------------------------------------------------------------------------------------------------

/// Everything around a run: its folder, its messages, its record.
class Session {
public:
    Session(RunOptions options, Loaded loaded, const Arguments& arguments)
        : options_(std::move(options)),
          loaded_(std::move(loaded)),
          run_id_(new_run_id()),
          folder_(options_.out.empty() ? default_run_folder(loaded_.task, run_id_) : options_.out),
          progress_(Terminal::of_stderr(), [](std::string_view text) { say(text); }) {
        prepare_run_folder(folder_, options_.overwrite);
        log_ = std::make_unique<LineFile>(folder_ / "log.txt");
        resolved_ =
            loaded_.config.resolved(fmt::format("Every parameter of run {}, with where its value comes "
                                                "from.\nRepeat it: apical run config.resolved.toml",
                                                run_id_));
        write_file(folder_ / "config.toml", loaded_.config.text());
        write_file(folder_ / "config.resolved.toml", resolved_);
        manifest_ = {{"schema", "apical.manifest/1"},
                     {"run_id", run_id_},
                     {"task", loaded_.task},
                     {"version", build_info::version},
                     {"commit", build_info::commit},
                     {"dirty", build_info::dirty},
                     {"compiler", build_info::compiler},
                     {"flags", build_info::flags},
                     {"cpu", cpu_name()},
                     {"threads", options_.threads},
                     {"seed", loaded_.seed()},
                     {"command_line", command_line(arguments)},
                     {"start", utc_text(std::chrono::system_clock::now())},
                     {"end", nullptr},
                     {"wall_s", nullptr},
                     {"exit_state", "running"},
                     {"result_hash", nullptr},
                     {"files", nlohmann::ordered_json::array()}};
        write_manifest();
    }

    int run() {
        const std::string greeting =
            fmt::format("{} · {} · seed {} · {} thread{} · writing {}", loaded_.task, loaded_.size_text(),
                        loaded_.seed(), options_.threads, options_.threads == 1 ? "" : "s", folder_.string());
        tell(greeting);
        RunResult result;
        try {
            result = simulate();
        } catch (const std::exception& error) {
            progress_.clear();
            log(std::string("error: ") + error.what());
            close("failed", {});
            throw;
        }
        progress_.clear();
        return report(result);
    }

private:
    static void say(std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
    }

    void log(std::string_view text) {
        log_->write(fmt::format("{} {}", utc_text(std::chrono::system_clock::now()), text));
    }

    /// Talk: to the log, and to people who have not asked for silence.
    void tell(const std::string& text) {
        log(text);
        progress_.clear();
        if (!options_.quiet) say(text + "\n");
    }

    RunResult simulate() {
        RunContext context;
        context.threads = options_.threads;
        context.folder = folder_;
        context.run_id = run_id_;
        context.provenance = {{"config", resolved_},
                              {"seed", std::to_string(loaded_.seed())},
                              {"program", fmt::format("apical {}", build_info::version)},
                              {"commit", build_info::commit},
                              {"compiler", build_info::compiler}};
        context.interrupted = [] { return signals_received.load(std::memory_order_relaxed) > 0; };
        context.log = [this](Severity severity, std::string_view text) {
            tell(fmt::format("{}{}", severity == Severity::warning ? "warning: " : "", text));
        };
        if (!options_.quiet && !options_.no_progress) {
            context.progress = [this](const Progress& progress) { progress_.update(progress); };
        }
        context.metrics = [this](const Facts& row) { write_metrics(row); };
        catch_signals();
        if (const auto* xor_config = std::get_if<XorConfig>(&loaded_.what))
            return run_xor(*xor_config, context);
        if (const auto* ensembles = std::get_if<XorEnsemblesConfig>(&loaded_.what))
            return run_xor_ensembles(*ensembles, context);
        if (const auto* images = std::get_if<ImagesConfig>(&loaded_.what))
            return run_images(*images, context);
        return run_network(std::get<NetworkDescription>(loaded_.what), context);
    }

    void write_metrics(const Facts& row) {
        std::string names;
        std::string values;
        for (const auto& [name, value] : row) {
            names += (names.empty() ? "" : ",") + name;
            values += (&value == &row.front().second ? "" : ",") + csv_field(value);
        }
        if (!metrics_) {
            metrics_ = std::make_unique<LineFile>(folder_ / "metrics.csv");
            metrics_->write(names);
        }
        metrics_->write(values);
    }

    double wall_seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

    int report(RunResult& result) {
        const double wall = wall_seconds();
        const auto add = [&](const char* name, Value value) {
            const bool present = std::any_of(result.summary.begin(), result.summary.end(),
                                             [&](const auto& fact) { return fact.first == name; });
            if (!present) result.summary.emplace_back(name, std::move(value));
        };
        add("task", loaded_.task);
        add("seed", static_cast<std::int64_t>(loaded_.seed()));
        add("threads", static_cast<std::int64_t>(options_.threads));
        add("wall_s", wall);
        add("cpu_s", cpu_seconds() - cpu_start_);
        add("result_hash", result.result_hash);
        add("verdict", result.verdict);
        const std::string summary = to_json(result.summary).dump(2) + "\n";
        write_file(folder_ / "summary.json", summary);

        const std::string verdict = result.verdict.empty() ? std::string() : result.verdict + " · ";
        const std::string last =
            fmt::format("{} {} {:.1f} s · {}result hash {}", result.interrupted ? "interrupted" : "done",
                        result.interrupted ? "after" : "in", wall, verdict, result.result_hash);
        log(last);
        close(result.interrupted ? "interrupted" : "ok", result.result_hash);
        const bool shown = write_report();
        if (options_.json) {
            fmt::print("{}", summary);
        } else if (!options_.quiet) {
            fmt::print("{}\n", last);
            if (shown)
                fmt::print("report: {}\n", (folder_ / "report.html").string());
            else
                fmt::print("results: {}\n", folder_.string());
        }
        std::fflush(stdout);
        return result.interrupted ? interrupted_exit_code : 0;
    }

    /// The run is over and kept: that its report cannot be made is no reason to fail.
    bool write_report() {
        try {
            write_file(folder_ / "report.html", report_page({folder_}));
            return true;
        } catch (const std::exception& error) {
            if (!options_.quiet) say(fmt::format("warning: there is no report: {}\n", error.what()));
            return false;
        }
    }

    void close(const char* state, const std::string& hash) {
        log_->finish();
        if (metrics_) metrics_->finish();
        manifest_["end"] = utc_text(std::chrono::system_clock::now());
        manifest_["wall_s"] = wall_seconds();
        manifest_["exit_state"] = state;
        if (!hash.empty()) manifest_["result_hash"] = hash;
        manifest_["files"] = list_files(folder_);
        write_manifest();
    }

    void write_manifest() const { write_file(folder_ / "manifest.json", manifest_.dump(2) + "\n"); }

    RunOptions options_;
    Loaded loaded_;
    std::string run_id_;
    std::filesystem::path folder_;
    std::string resolved_;
    nlohmann::ordered_json manifest_;
    std::unique_ptr<LineFile> log_;
    std::unique_ptr<LineFile> metrics_;
    ProgressLine progress_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    double cpu_start_ = cpu_seconds();
};

}  // namespace

int run_verb(const Arguments& arguments) {
    const auto options = read_options(arguments);
    if (!options) return 0;
    std::vector<Override> changes = overrides(options->set, options->seed);
    if (!options->data.empty()) changes.push_back(data_override(options->data));
    Loaded loaded = load(options->config, changes);
    return Session(*options, std::move(loaded), arguments).run();
}

}  // namespace apical
