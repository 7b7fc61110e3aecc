#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/options.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "recorders/inspect.hpp"

namespace apical {

namespace fs = std::filesystem;

namespace {

/// A value for a person: text without quotes.
std::string plain(const nlohmann::ordered_json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.is_null() ? "-" : value.dump();
}

void print_pairs(const nlohmann::ordered_json& object) {
    for (const auto& [key, value] : object.items()) {
        if (!value.is_structured()) fmt::print("  {:<22}{}\n", key, plain(value));
    }
}

void show_run(const fs::path& folder) {
    const nlohmann::ordered_json manifest = read_json(folder / "manifest.json");
    fmt::print("run {}\n", folder.string());
    print_pairs(manifest);
    if (fs::exists(folder / "summary.json")) {
        fmt::print("\nsummary\n");
        print_pairs(read_json(folder / "summary.json"));
    }
    fmt::print("\nfiles\n");
    const nlohmann::ordered_json files = manifest.value("files", nlohmann::ordered_json::array());
    for (const auto& file : files) {
        fmt::print("  {:<22}{}\n", file.value("name", "?"), bytes_text(file.value("bytes", 0.0)));
    }
}

}  // namespace

int info_verb(const Arguments& arguments) {
    VerbOptions options(
        "apical info FILE|RUN...", "Says what a run folder or one of its files contains.",
        "apical info runs/20260101T120000Z_xor_7f3a\napical info runs/20260101T120000Z_xor_7f3a/spikes.h5");
    options.positional("path");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    if (values->count("path") == 0) {
        throw misuse("apical info FILE|RUN...", "info about what? A file or run folder is missing");
    }
    for (const std::string& name : (*values)["path"].as<std::vector<std::string>>()) {
        const fs::path path = name;
        if (!fs::exists(path)) throw IoError(name, "there is no such file or folder");
        if (fs::is_directory(path)) {
            if (!fs::exists(path / "manifest.json"))
                throw DataError(name + ": is not a run folder, it has no manifest.json");
            show_run(path);
        } else if (path.extension() == ".json") {
            print_pairs(read_json(path));
        } else {
            fmt::print("{}", describe(path));
        }
    }
    return 0;
}

}  // namespace apical
