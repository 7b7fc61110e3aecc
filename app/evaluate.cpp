#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/load.hpp"
#include "app/options.hpp"
#include "app/progress_line.hpp"
#include "app/terminal.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "tasks/run.hpp"

namespace apical {

namespace fs = std::filesystem;
namespace po = boost::program_options;

int evaluate_verb(const Arguments& arguments) {
    std::string data;
    std::vector<std::string> set;
    bool json = false;
    VerbOptions options("apical evaluate RUN [options]",
                        "Tests a network that a run has trained on images; tells the error by the time after "
                        "onset at which\nthe output's events are counted.",
                        "apical evaluate runs/20260101T120000Z_mnist_7f3a --data mnist");
    options.positional("run");
    options.add()                                                                                     //
        ("data", po::value(&data)->value_name("DIR"), "folder of the data set (default: the run's)")  //
        ("set", po::value(&set)->composing()->value_name("KEY=VALUE"),
         "change a key of the run's configuration, such as task.test_limit (repeatable)")  //
        ("json", po::bool_switch(&json), "print JSON");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const auto runs =
        values->count("run") != 0 ? (*values)["run"].as<std::vector<std::string>>() : Arguments{};
    if (runs.size() != 1) {
        throw ConfigError(
            "error[E0301]: expected one run folder\nusage: apical evaluate RUN [options]\nhelp: apical "
            "explain E0301\n");
    }
    const fs::path folder = runs.front();
    if (!fs::exists(folder / "config.resolved.toml"))
        throw DataError(folder.string() + ": is not a run folder, it has no config.resolved.toml");
    if (!fs::exists(folder / "weights.h5"))
        throw DataError(folder.string() + ": has no weights.h5; was record.weights false?");
    std::vector<Override> changes = overrides(set, {});
    if (!data.empty()) changes.push_back(data_override(data));
    const Loaded loaded = load(folder / "config.resolved.toml", changes);
    const auto* const config = std::get_if<ImagesConfig>(&loaded.what);
    if (config == nullptr) {
        throw DataError(fmt::format("{}: a run of the task {}, which has no images to test", folder.string(),
                                    loaded.task));
    }
    const std::vector<ReadOut> curve = evaluate_images(*config, folder / "weights.h5", {});
    if (json) {
        nlohmann::ordered_json rows = nlohmann::ordered_json::array();
        for (const ReadOut& r : curve)
            rows.push_back({{"time_ms", r.time}, {"error_percent", r.error_percent}});
        fmt::print("{}\n", rows.dump(2));
        return 0;
    }
    fmt::print("read-out [ms]  error [%]\n");
    for (const ReadOut& r : curve) fmt::print("{:>13g}  {:>9.2f}\n", r.time, r.error_percent);
    return 0;
}

}  // namespace apical
