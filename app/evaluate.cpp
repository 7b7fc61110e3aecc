#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/load.hpp"
#include "app/options.hpp"
#include "app/progress_line.hpp"
#include "app/run_folder.hpp"
#include "app/terminal.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "training/run.hpp"

namespace apical {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

/// What the run itself found, if it got to a test.
struct OwnTest {
    double error_percent;
    double readout;  ///< [ms]
    std::uint64_t images;
    std::uint64_t seed;
    std::vector<std::string> data;  ///< SHA-256 of the files it read
};

std::vector<std::string> hashes(const nlohmann::ordered_json& fingerprints) {
    std::vector<std::string> list;
    for (const auto& file : fingerprints) list.push_back(file.value("sha256", ""));
    return list;
}

std::optional<OwnTest> own_test(const fs::path& folder) {
    const Loaded loaded = load(folder / "config.resolved.toml", {});
    const auto summary = read_facts(folder / "summary.json");
    const std::optional<double> readout = loaded.experiment->readout();
    if (!readout || !summary.contains("test_error_percent") || !summary["test_error_percent"].is_number())
        return std::nullopt;
    std::ifstream confusion(folder / "confusion.csv");
    std::uint64_t images = 0;
    std::string line;
    std::getline(confusion, line);
    while (std::getline(confusion, line)) {
        std::istringstream row(line.substr(std::min(line.find(','), line.size())));
        for (std::string field; std::getline(row, field, ',');)
            images += std::strtoull(field.c_str(), nullptr, 10);
    }
    const auto manifest = read_facts(folder / "manifest.json");
    return OwnTest{summary["test_error_percent"].get<double>(), *readout, images, loaded.experiment->seed(),
                   hashes(manifest.value("inputs", nlohmann::ordered_json::array()))};
}

/// What makes a test another one than the run's own; empty if only chance does.
std::string difference(const OwnTest& own, const Loaded& loaded, std::uint64_t images, bool changed) {
    if (own.images != images) return fmt::format("of {}: another set", own.images);
    // The seed draws digits, and weights that do not learn.
    if (own.seed != loaded.experiment->seed()) return "with another seed";
    if (own.data != hashes(fingerprints(loaded.experiment->inputs()))) return "of other images";
    return changed ? "with another configuration, which --set has changed" : "";
}

/// The standard deviation of the difference of two tests with the same weights, at most [%]. The probability
/// of an error is estimated by Laplace's rule, for none among the images seen does not make it 0.
double spread(const OwnTest& own) {
    const auto n = static_cast<double>(std::max<std::uint64_t>(own.images, 1));
    const double p = (own.error_percent / 100.0 * n + 1.0) / (n + 2.0);
    return 100.0 * std::sqrt(2.0 * p * (1.0 - p) / n);
}

}  // namespace

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
        throw misuse("apical evaluate RUN [options]", "expected one run folder");
    }
    const fs::path folder = runs.front();
    if (!fs::exists(folder / "config.resolved.toml"))
        throw DataError(folder.string() + ": is not a run folder, it has no config.resolved.toml");
    if (!fs::exists(folder / "weights.h5"))
        throw DataError(folder.string() + ": has no weights.h5; was record.weights false?");
    std::vector<Override> changes = overrides(set, {});
    if (!data.empty()) changes.push_back(data_override(data));
    const Loaded loaded = load(folder / "config.resolved.toml", changes);
    if (!loaded.experiment->readout()) {
        throw DataError(fmt::format("{}: a run of the task {}, which has no images to test", folder.string(),
                                    loaded.task));
    }
    const std::vector<ReadOut> curve = loaded.experiment->evaluate(folder / "weights.h5", {});
    const std::optional<OwnTest> own = own_test(folder);
    const std::string differs =
        own ? difference(*own, loaded, curve.front().examples, !set.empty()) : std::string();
    if (json) {
        nlohmann::ordered_json rows = nlohmann::ordered_json::array();
        for (const ReadOut& r : curve) {
            rows.push_back({{"time_ms", r.time}, {"error_percent", r.error_percent}, {"images", r.examples}});
            if (own && differs.empty() && own->readout == r.time) {
                rows.back()["run_error_percent"] = own->error_percent;
                rows.back()["run_images"] = own->images;
            }
        }
        fmt::print("{}\n", rows.dump(2));
        return 0;
    }
    fmt::print("read-out [ms]  error [%]\n");
    for (const ReadOut& r : curve) {
        const bool same = own && differs.empty() && own->readout == r.time;
        fmt::print(
            "{:>13g}  {:>9.2f}{}\n", r.time, r.error_percent,
            same ? fmt::format("   the run's own test: {:.2f} of {} images", own->error_percent, own->images)
                 : std::string());
    }
    fmt::print("{} images. ", curve.front().examples);
    if (!own) {
        fmt::print("The run got to no test of its own.\n");
    } else if (!differs.empty()) {
        fmt::print("The run's own test was {}, so that the two do not compare.\n", differs);
    } else {
        fmt::print(
            "The weights and the images are those of the run's own test; the phases of the input trains and "
            "the noise of the cells\nare drawn anew, and that alone makes two such tests differ: by up to "
            "{:.2f} "
            "% (standard deviation).\n",
            spread(*own));
    }
    return 0;
}

}  // namespace apical
