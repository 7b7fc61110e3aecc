#include "app/sweep.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/build_info.hpp"
#include "app/estimate.hpp"
#include "app/interruption.hpp"
#include "app/load.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/run_folder.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "app/web.hpp"
#include "core/error.hpp"
#include "core/random.hpp"

namespace apical {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view sweep_usage = "apical sweep plan|run|status|collect CONFIG [options]";

constexpr std::size_t most_points = 1'000'000;
constexpr std::size_t mark_of_table = std::string_view("index,seed").size();

// --- the points

/// A key of the configuration and its value at a point.
struct Setting {
    std::string key;
    std::string value;  ///< as TOML
    std::string place;  ///< where the file says so, "net.toml:7:12"
};

/// What differs at a point.
using Values = std::vector<Setting>;

struct Point {
    std::size_t index;
    std::uint64_t seed;
    Values values;
};

struct Sweep {
    std::vector<std::string> keys;
    std::vector<Point> points;
};

/// The combinations of these and of those, the latter running faster.
std::vector<Values> times(const std::vector<Values>& slow, const std::vector<Values>& fast) {
    std::vector<Values> all;
    if (slow.size() * fast.size() > most_points)
        throw misuse(sweep_usage, "a sweep has at most a million points");
    for (const Values& a : slow) {
        for (const Values& b : fast) {
            all.push_back(a);
            all.back().insert(all.back().end(), b.begin(), b.end());
        }
    }
    return all;
}

std::vector<Values> grid(const std::vector<ListedValues>& lists) {
    std::vector<Values> all{{}};
    for (const ListedValues& list : lists) {
        std::vector<Values> each;
        for (std::size_t i = 0; i < list.values.size(); ++i)
            each.push_back({{list.key, list.values[i], list.places[i]}});
        all = times(all, each);
    }
    return all;
}

std::vector<Values> zip(const std::vector<ListedValues>& lists, const ConfigTable& sweep) {
    if (lists.empty()) return {{}};
    std::vector<Values> all(lists.front().values.size());
    for (const ListedValues& list : lists) {
        if (list.values.size() != all.size()) {
            ConfigTable(sweep).complain("zip", "E0209",
                                        fmt::format("zip: {} has {} values, {} has {}", lists.front().key,
                                                    all.size(), list.key, list.values.size()));
            return {{}};
        }
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i].push_back({list.key, list.values[i], list.places[i]});
    }
    return all;
}

/// No key may be in two of the parts whose combinations are taken.
void expect_each_key_once(ConfigTable& sweep, const std::array<std::vector<Values>, 3>& parts) {
    std::set<std::string> seen;
    for (const std::vector<Values>& part : parts) {
        std::set<std::string> here;
        for (const Values& values : part) {
            for (const Setting& setting : values) here.insert(setting.key);
        }
        for (const std::string& key : here) {
            if (!seen.insert(key).second)
                sweep.complain("", "E0209", fmt::format("{} is in two of list, zip and grid", key));
        }
    }
}

bool sets_seed(const std::vector<Values>& part) {
    return std::any_of(part.begin(), part.end(), [](const Values& values) {
        return std::any_of(values.begin(), values.end(), [](const Setting& s) { return s.key == "seed"; });
    });
}

/// What the table [sweep] says.
struct SweepTable {
    std::vector<Values> list, zipped, crossed;
    std::uint64_t seeds = 1;
};

SweepTable read_sweep_table(ConfigTable root) {
    SweepTable said;
    ConfigTable table = root.table("sweep", "Runs with other values of some keys: apical sweep.");
    table.read({.name = "seeds",
                .unit = "1",
                .meaning = "runs of each point, with seeds of their own",
                .range = {.low = 1.0}},
               said.seeds);
    for (ConfigTable& item : table.array("list", "Points, one by one.")) {
        Values values;
        for (const ListedValues& one : item.listed()) {
            if (!one.values.empty()) values.push_back({one.key, one.values.front(), one.places.front()});
        }
        said.list.push_back(std::move(values));
    }
    if (said.list.empty()) said.list.emplace_back();
    said.zipped = zip(table.table("zip", "Lists of equal length, taken together.").listed(), table);
    said.crossed = grid(table.table("grid", "Lists, of which every combination is taken.").listed());
    expect_each_key_once(table, {said.list, said.zipped, said.crossed});
    if (sets_seed(said.list) || sets_seed(said.zipped) || sets_seed(said.crossed))
        table.idle("seeds", "the points have seeds of their own, and each would be run several times alike");
    return said;
}

/// The points of a configuration, in an order that does not change: list, zip, grid (its last key fastest),
/// and then the seeds, each drawn from (seed of the file, index).
Sweep read_sweep(const fs::path& path, const std::vector<Override>& changes = {}) {
    Config config = Config::open(path, changes);
    ConfigTable root = config.root();
    std::uint64_t seed = 1;
    root.read({.name = "seed", .unit = "1", .meaning = "seed of all random numbers"}, seed);
    for (const std::string& key : root.keys()) root.skip(key);
    const auto [list, zipped, crossed, seeds] = read_sweep_table(root);
    config.finish();

    const std::vector<Values> combinations = times(times(list, zipped), crossed);
    if (seeds > most_points / std::max<std::size_t>(combinations.size(), 1))
        throw misuse(sweep_usage, "a sweep has at most a million points");
    Sweep sweep;
    for (const Values& values : combinations) {
        for (const auto& [key, value, place] : values) {
            // A table of points has a column of seeds anyway.
            if (key != "seed" && std::find(sweep.keys.begin(), sweep.keys.end(), key) == sweep.keys.end())
                sweep.keys.push_back(key);
        }
        const auto own_seed =
            std::find_if(values.begin(), values.end(), [](const auto& v) { return v.key == "seed"; });
        for (std::uint64_t i = 0; i < seeds; ++i) {
            const std::size_t index = sweep.points.size();
            const StreamKey stream(seed, "sweep", "", static_cast<std::uint32_t>(index));
            const std::uint64_t drawn = random_words(stream, 0).first >> 33U;
            sweep.points.push_back(
                {index,
                 own_seed == values.end() ? drawn : std::strtoull(own_seed->value.c_str(), nullptr, 10),
                 values});
        }
    }
    if (sweep.points.size() == 1 && sweep.keys.empty())
        throw misuse(sweep_usage, path.string() + " has no table [sweep] with a grid, zip, list or seeds");
    return sweep;
}

/// Throws ConfigError with everything that is wrong with a key or a value of the points, before one of them
/// runs, or MemoryError if one of them needs too much. Points that differ in their seeds only are read once;
/// of very many, those that bring a new value.
void expect_right(const std::string& config, const std::vector<Point>& points, bool beyond_memory,
                  const std::vector<Override>& changes_of_all = {}) {
    constexpr std::size_t many = 1000;
    std::map<std::string, std::size_t> first_point;  // that has a setting
    std::set<std::string> read;
    std::set<std::string> told;
    std::string message;
    std::string too_large;  // the first such point
    for (const Point& point : points) {
        bool brings_new = false;
        std::string all;
        std::vector<Override> changes = changes_of_all;
        for (const Setting& s : point.values) {
            const std::string text = s.key + "=" + s.value;
            const auto [first, fresh] = first_point.try_emplace(s.place + text, point.index);
            brings_new = brings_new || fresh;
            all += text + "\n";
            changes.push_back({fmt::format("{} (point {} of the sweep)", s.place, first->second), text});
        }
        if (!read.insert(all).second || (read.size() > many && !brings_new)) continue;
        try {
            const Loaded loaded = load(config, changes);
            if (!beyond_memory && too_large.empty())
                expect_memory(loaded.experiment->network(), loaded.experiment->copies());
        } catch (const ConfigError& error) {
            if (told.insert(error.what()).second)
                message += (message.empty() ? "" : "\n") + std::string(error.what());
        } catch (const MemoryError& error) {
            too_large = fmt::format("point {} of the sweep: {}", point.index, error.what());
        }
    }
    if (!message.empty()) throw ConfigError(message);
    if (!too_large.empty()) throw MemoryError(too_large);
}

// --- one point

class Folder {
public:
    Folder(std::string config, fs::path out, bool beyond_memory)
        : config_(std::move(config)), root_(std::move(out)), beyond_memory_(beyond_memory) {}

    const fs::path& root() const { return root_; }
    fs::path of(const Point& point) const { return root_ / "points" / fmt::format("{:04}", point.index); }
    fs::path complaints(const Point& point) const { return of(point).string() + ".err"; }

    /// The command line of the program for it: one that was broken off goes on from its checkpoint.
    std::vector<std::string> command(const Point& point) const {
        std::vector<std::string> words{"--quiet", "--threads", "1"};
        if (beyond_memory_) words.emplace_back("--beyond-memory");
        if (fs::exists(of(point) / "checkpoint.h5") && current(point)) {
            words.insert(words.begin(), {"resume", of(point).string()});
            return words;
        }
        words.insert(words.begin(), {"run", config_, "--out", of(point).string(), "--overwrite"});
        for (const std::string& text : settings(point)) words.insert(words.end(), {"--set", text});
        if (seeded(point)) words.insert(words.end(), {"--seed", std::to_string(point.seed)});
        return words;
    }

    /// Has it run to its end, with the configuration that it would have now?
    bool finished(const Point& point) const {
        const Json manifest = read_facts(of(point) / "manifest.json");
        return manifest.value("exit_state", "") == "ok" && current(point);
    }

    /// Interrupted is also what was killed: the same command goes on with it.
    enum class State { done, failed, interrupted, running, missing };
    State state(const Point& point) const {
        if (finished(point)) return State::done;
        if (FolderLock::taken(of(point))) return State::running;
        const std::string end = read_facts(of(point) / "manifest.json").value("exit_state", "");
        if (end == "failed") return State::failed;
        if (end == "interrupted" || end == "running") return State::interrupted;
        if (end == "ok") return State::missing;  // of another configuration
        return read_text(complaints(point)).empty() ? State::missing : State::failed;
    }

    /// What the sweep makes of its points and makes anew each time: a file whose first `mark` bytes are the
    /// same. What somebody else made is not replaced.
    void write(const char* name, const std::string& content, std::size_t mark, bool overwrite) const {
        const fs::path path = root_ / name;
        std::ifstream there(path, std::ios::binary);
        std::string beginning(std::min(content.size(), mark), '\0');
        there.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
        const bool ours = content.starts_with(beginning);
        Output output(path, ours || overwrite ? Output::Present::replaced : Output::Present::refused);
        output.write(content);
        output.finish();
    }

private:
    /// A sweep may set the seed itself.
    static bool seeded(const Point& point) {
        return std::none_of(point.values.begin(), point.values.end(),
                            [](const auto& v) { return v.key == "seed"; });
    }
    static std::vector<std::string> settings(const Point& point) {
        std::vector<std::string> all;
        for (const Setting& s : point.values) all.push_back(s.key + "=" + s.value);
        return all;
    }
    /// Was its folder made with the configuration that it would have now?
    bool current(const Point& point) const {
        const fs::path then = of(point) / "config.resolved.toml";
        if (!fs::exists(then)) return false;
        try {
            const auto changes = overrides(settings(point), seeded(point) ? std::to_string(point.seed) : "");
            return values(load(config_, changes)) == values(load(then, {}));
        } catch (const ConfigError&) {
            return false;
        }
    }
    /// Of all keys that have an effect: wherever they come from.
    static std::vector<std::array<std::string, 3>> values(const Loaded& loaded) {
        std::vector<std::array<std::string, 3>> all;
        for (const KeyFacts& key : loaded.config.keys()) {
            if (key.idle.empty()) all.push_back({key.table, key.name, key.value});
        }
        return all;
    }

    std::string config_;
    fs::path root_;
    bool beyond_memory_;
};

std::string last_line(const std::string& text) {
    std::istringstream stream(text);
    std::string found;
    for (std::string line; std::getline(stream, line);) {
        if (line.rfind("error", 0) == 0) return line;
        if (!line.empty()) found = line;
    }
    return found;
}

// --- running them

pid_t start(const Folder& folder, const Point& point) {
    std::error_code failed;
    fs::create_directories(folder.root() / "points", failed);
    if (failed) throw IoError(folder.root().string(), failed.message());
    std::vector<std::string> words{"apical"};
    for (const std::string& word : folder.command(point)) words.push_back(word);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, folder.complaints(point).c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t child = -1;
    const int error = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw IoError("apical", std::string("cannot be started: ") + std::strerror(error));
    return child;
}

constexpr std::string_view goes_on = "interrupted; the same command goes on\n";

/// Runs the points that are not done, `jobs` at a time; returns the exit code. Interrupted, it begins none,
/// and waits for those that run: Ctrl-C reaches them as well, and they keep what they have.
int run_points(const Folder& folder, const std::vector<Point>& points, std::size_t jobs) {
    const AtInterruption last([] { fmt::print(stderr, "{}", goes_on); });
    std::optional<Polling> polling;  // once there are runs to wait for
    std::map<pid_t, const Point*> running;
    std::size_t ended = 0, failures = 0;
    const auto tell = [&](const Point& point, const std::string& what) {
        fmt::print(stderr, "{} of {}: point {} {}\n", ++ended, points.size(), point.index, what);
    };
    const auto wait_for_one = [&] {
        int status = 0;
        const pid_t child = ::wait(&status);
        const auto found = running.find(child);
        if (found == running.end()) return;
        const Point& point = *found->second;
        running.erase(found);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            std::error_code ignored;
            if (read_text(folder.complaints(point)).empty()) fs::remove(folder.complaints(point), ignored);
            tell(point, "done: " + read_facts(folder.of(point) / "summary.json").value("verdict", ""));
        } else {
            const bool stopped = WIFEXITED(status) && WEXITSTATUS(status) == interrupted_exit_code;
            if (!stopped) ++failures;
            const std::string why = WIFSIGNALED(status)
                                        ? std::string("ended by the signal ") + ::strsignal(WTERMSIG(status))
                                        : last_line(read_text(folder.complaints(point)));
            tell(point, stopped ? "interrupted" : "failed: " + why);
        }
    };
    for (const Point& point : points) {
        if (folder.finished(point)) {
            tell(point, "was done before");
            continue;
        }
        while (running.size() >= jobs) wait_for_one();
        if (interrupted()) break;
        if (!polling) polling.emplace();
        running[start(folder, point)] = &point;
    }
    while (!running.empty()) wait_for_one();
    if (!interrupted()) return failures > 0 ? 1 : 0;
    fmt::print(stderr, "{}", goes_on);
    return interrupted_exit_code;
}

/// Which point this process is to run in an array of jobs of Slurm, PBS or Grid Engine, which counts from 1.
std::optional<std::string> array_index() {
    for (const char* name : {"SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX"}) {
        if (const char* value = std::getenv(name)) return value;
    }
    const char* value = std::getenv("SGE_TASK_ID");  // "undefined" outside an array
    const std::uint64_t number = value != nullptr ? std::strtoull(value, nullptr, 10) : 0;
    return number > 0 ? std::optional(std::to_string(number - 1)) : std::nullopt;
}

// --- telling about them

/// A TOML value as a field: text without its quotes.
Value plain(const std::string& toml) {
    const Json value =
        Json::parse(toml, nullptr, false);  // numbers, flags and basic strings are JSON as well
    if (value.is_number()) return value.get<double>();
    return value.is_string() ? value.get<std::string>() : toml;
}

Value value_at(const Point& point, const std::string& key) {
    for (const Setting& setting : point.values) {
        if (setting.key == key) return plain(setting.value);
    }
    return {};
}

std::string plan_csv(const Sweep& sweep) {
    std::vector<Value> names{std::string("index"), std::string("seed")};
    for (const std::string& key : sweep.keys) names.emplace_back(key);
    std::string text = csv_line(names) + "\n";
    for (const Point& point : sweep.points) {
        std::vector<Value> row{static_cast<std::int64_t>(point.index), static_cast<std::int64_t>(point.seed)};
        for (const std::string& key : sweep.keys) row.push_back(value_at(point, key));
        text += csv_line(row) + "\n";
    }
    return text;
}

int status(const Folder& folder, const Sweep& sweep) {
    std::array<std::size_t, 5> count{};
    for (const Point& point : sweep.points) {
        const Folder::State state = folder.state(point);
        ++count[static_cast<std::size_t>(state)];
        if (state == Folder::State::failed) {
            std::string why = last_line(read_text(folder.complaints(point)));
            if (why.empty()) why = last_line(read_text(folder.of(point) / "log.txt"));
            fmt::print("point {} failed: {}\n", point.index, why);
        }
    }
    std::string line = fmt::format("{} points: {} done, {} failed, {} missing", sweep.points.size(), count[0],
                                   count[1], count[4]);
    if (count[2] > 0) line += fmt::format(", {} interrupted", count[2]);
    if (count[3] > 0) line += fmt::format(", {} running", count[3]);
    fmt::print("{}\n", line);
    return count[1] > 0 ? 1 : 0;
}

/// Names of what the points found, keys of the sweep aside, in the order in which they are met.
std::vector<std::string> facts_of(const Sweep& sweep,
                                  const std::vector<std::pair<const Point*, Json>>& found) {
    std::vector<std::string> facts;
    for (const auto& [point, summary] : found) {
        for (const auto& [name, value] : summary.items()) {
            const bool taken = name == "seed" || std::find(facts.begin(), facts.end(), name) != facts.end() ||
                               std::find(sweep.keys.begin(), sweep.keys.end(), name) != sweep.keys.end();
            if (!taken && !value.is_structured()) facts.push_back(name);
        }
    }
    return facts;
}

Value value_of(const Json& json) {
    return json.is_number_integer() ? Value(json.get<std::int64_t>())
           : json.is_number()       ? Value(json.get<double>())
           : json.is_boolean()      ? Value(json.get<bool>())
           : json.is_string()       ? Value(json.get<std::string>())
                                    : Value();
}

/// One table of everything: a row for each point that is done.
int collect(const Folder& folder, const Sweep& sweep, bool overwrite) {
    if (!fs::is_directory(folder.root()))
        throw misuse(sweep_usage,
                     fmt::format("nothing was run yet: there is no folder {}", folder.root().string()));
    std::vector<std::pair<const Point*, Json>> rows;
    for (const Point& point : sweep.points) {
        if (folder.finished(point)) rows.emplace_back(&point, read_facts(folder.of(point) / "summary.json"));
    }
    const std::vector<std::string> facts = facts_of(sweep, rows);
    std::vector<Value> names{std::string("index"), std::string("seed")};
    for (const std::string& key : sweep.keys) names.emplace_back(key);
    for (const std::string& fact : facts) names.emplace_back(fact);
    std::string text = csv_line(names) + "\n";
    Json table = Json::array();
    for (const auto& [point, summary] : rows) {
        std::vector<Value> row{static_cast<std::int64_t>(point->index),
                               summary.value("seed", std::int64_t{0})};
        for (const std::string& key : sweep.keys) row.push_back(value_at(*point, key));
        for (const std::string& fact : facts) row.push_back(value_of(summary.value(fact, Json())));
        text += csv_line(row) + "\n";
        Json line = Json::array();
        for (const Value& value : row) line.push_back(to_json(value));
        table.push_back(std::move(line));
    }
    Json columns = Json::array();
    for (const Value& name : names) columns.push_back(to_json(name));
    folder.write("results.csv", text, mark_of_table, overwrite);
    folder.write("sweep.html",
                 web_page("sweep.html", {{"program", fmt::format("apical {}", build_info::version)},
                                         {"name", fs::weakly_canonical(folder.root()).filename().string()},
                                         {"points", sweep.points.size()},
                                         {"keys", sweep.keys},
                                         {"columns", std::move(columns)},
                                         {"rows", std::move(table)}}),
                 400, overwrite);
    fmt::print("{} of {} points\nresults: {}\nreport: {}\n", rows.size(), sweep.points.size(),
               (folder.root() / "results.csv").string(), (folder.root() / "sweep.html").string());
    return status(folder, sweep);
}

}  // namespace

Config sweep_config() {
    Config config = Config::parse("[[sweep.list]]", "sweep.toml");
    read_sweep_table(config.root());
    return config;
}

void check_sweep(const std::string& config, const std::vector<Override>& changes, bool beyond_memory) {
    Config file = Config::open(config, changes);
    if (!file.root().has("sweep")) return;
    expect_right(config, read_sweep(config, changes).points, beyond_memory, changes);
}

int sweep_verb(const Arguments& arguments) {
    std::string out;
    std::string index;
    bool overwrite = false;
    bool beyond_memory = false;
    std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
    VerbOptions options(
        sweep_usage,
        "Runs a configuration many times, as its table [sweep] says; what is done is not done again.",
        "apical sweep plan xor.toml               # plan.csv, and a command line for each point\n"
        "apical sweep run xor.toml --jobs 4       # here\n"
        "sbatch --array=0-19 --wrap 'apical sweep run xor.toml'     # Slurm\n"
        "apical sweep plan xor.toml | parallel --joblog log         # GNU parallel\n"
        "apical sweep collect xor.toml            # results.csv, and plots");
    options.positional("action");
    options.add()  //
        ("out", po::value(&out)->value_name("DIR"),
         "folder of the sweep (default: the name of CONFIG without .toml, with .sweep)")  //
        ("overwrite", po::bool_switch(&overwrite),
         "replace a plan.csv, results.csv or sweep.html in it that is not a sweep's")  //
        ("jobs", po::value(&jobs)->value_name("N"),
         "runs at a time, of one thread each (default: all cores)")  //
        ("beyond-memory", po::bool_switch(&beyond_memory),
         "plan and run points though the memory that is estimated for them is more than there is")  //
        ("index", po::value(&index)->value_name("K"),
         "run this point only (default in an array of jobs of Slurm, Grid Engine or PBS: the job's number)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const auto words =
        values->count("action") != 0 ? (*values)["action"].as<std::vector<std::string>>() : Arguments{};
    if (words.size() != 2)
        throw misuse(sweep_usage, "expected what to do, plan, run, status or collect, and a configuration");
    const std::string& action = words[0];
    const std::string& config = words[1];
    if (action != "plan" && action != "run" && action != "status" && action != "collect")
        throw misuse(sweep_usage, fmt::format("'{}': expected plan, run, status or collect", action));
    if (jobs < 1) throw misuse(sweep_usage, "--jobs is 0: expected 1 or more");
    const Sweep sweep = read_sweep(config);
    const Folder folder(config, out.empty() ? fs::path(config).replace_extension(".sweep") : fs::path(out),
                        beyond_memory);

    if (action == "status") return status(folder, sweep);
    if (action == "collect") return collect(folder, sweep, overwrite);

    const auto make_folder = [&] {
        std::error_code failed;
        fs::create_directories(folder.root(), failed);
        if (failed) {
            throw IoError(folder.root().string(),
                          "cannot be made: " + dangling(folder.root()).value_or(failed.message()));
        }
    };
    const auto run = [&](const std::vector<Point>& points, std::size_t at_a_time) {
        expect_right(config, points, beyond_memory);
        make_folder();
        return run_points(folder, points, at_a_time);
    };
    if (action == "plan") {
        expect_right(config, sweep.points, beyond_memory);
        make_folder();
        folder.write("plan.csv", plan_csv(sweep), mark_of_table, overwrite);
        for (const Point& point : sweep.points) {
            fmt::print("apical sweep run {} --out {} --index {}{}\n", shell_word(config),
                       shell_word(folder.root().string()), point.index,
                       beyond_memory ? " --beyond-memory" : "");
        }
        return 0;
    }
    if (index.empty()) index = array_index().value_or("");
    if (index.empty()) return run(sweep.points, jobs);
    char* end = nullptr;
    const std::uint64_t k = std::strtoull(index.c_str(), &end, 10);
    if (*end != '\0' || k >= sweep.points.size())
        throw misuse(sweep_usage, fmt::format("--index is {}: expected a number from 0 to {}", index,
                                              sweep.points.size() - 1));
    return run({sweep.points[k]}, 1);
}

}  // namespace apical
