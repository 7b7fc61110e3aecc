#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/load.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/verbs.hpp"
#include "app/web.hpp"
#include "core/error.hpp"
#include "networks/suggest.hpp"

namespace apical {

namespace po = boost::program_options;

namespace {

std::string xor_file() {
    Config config = Config::parse("", "xor.toml");
    read_xor(config.root());
    return config.commented(
        "The exclusive or, learnt by a spiking network in a single phase: apical run xor.toml\n"
        "\n"
        "Every key with its default; a line that is left out has it too. Times are in ms, rates in Hz; a "
        "value may be text\n"
        "with a unit, \"0.2 s\". More about a key: apical explain KEY");
}

std::string xor_ensembles_file() {
    Config config = Config::parse("", "xor_ensembles.toml");
    read_xor_ensembles(config.root());
    return config.commented(
        "The exclusive or, learnt by five ensembles of conductance-based cells: apical run "
        "xor_ensembles.toml\n"
        "\n"
        "Every key with its default; a line that is left out has it too. Times are in ms, rates in Hz; a "
        "value may be text\n"
        "with a unit, \"0.2 s\". More about a key: apical explain KEY");
}

std::string images_file(ImagesConfig defaults, const char* heading) {
    Config config = Config::parse("", "images.toml");
    read_images(config.root(), std::move(defaults));
    return config.commented(fmt::format(
        "{}\n"
        "\n"
        "Every key with its default; a line that is left out has it too. Times are in ms, rates in Hz; a "
        "value may be text\n"
        "with a unit, \"0.2 s\". More about a key: apical explain KEY",
        heading));
}

std::string mnist_file() {
    return images_file({},
                       "Images of a data set, learnt by a layered spiking network online and in a single "
                       "phase:\napical run mnist.toml --data DIR");
}

std::string digits_file() {
    return images_file(digits_config(),
                       "Digits drawn at random, learnt by a layered spiking network online and in a single "
                       "phase:\napical run digits.toml");
}

/// The file of examples/, as it stands.
std::string network_file() { return std::string(embedded_file("network.toml")); }

struct Template {
    const char* task;
    std::string (*text)();
};
constexpr Template templates[] = {{"network", network_file},
                                  {"xor", xor_file},
                                  {"xor_ensembles", xor_ensembles_file},
                                  {"mnist", mnist_file},
                                  {"digits", digits_file}};

}  // namespace

int new_verb(const Arguments& arguments) {
    OutputOptions output;
    VerbOptions options(
        "apical new TASK [--out FILE]",
        "Writes a configuration with every key, its default and what it means, or, as `network`, a "
        "microcircuit to begin one's own from.",
        "apical new network\napical new xor\napical new xor --out experiments/first.toml");
    options.positional("task");
    output.declare(options, "name of the file (default: TASK.toml)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    std::vector<std::string> known;
    for (const Template& t : templates) known.emplace_back(t.task);
    const auto tasks =
        values->count("task") != 0 ? (*values)["task"].as<std::vector<std::string>>() : Arguments{};
    for (const Template& t : templates) {
        if (tasks.size() != 1 || tasks.front() != t.task) continue;
        const auto file = output.open(std::string(t.task) + ".toml");
        file->write(t.text());
        file->finish();
        const std::string name = file->path().string();
        fmt::print(stderr, "wrote {}: edit it, then: apical run {}\n", name, name);
        return 0;
    }
    const std::string given = tasks.size() == 1 ? tasks.front() : std::string();
    const auto meant = probably_meant(given, known);
    throw ConfigError(fmt::format("error[E0301]: {}\n   |  {}known: {}\nhelp: apical explain E0301\n",
                                  tasks.empty()      ? "new what? The task is missing"
                                  : tasks.size() > 1 ? "one task at a time"
                                                     : fmt::format("unknown task '{}'", given),
                                  meant ? fmt::format("did you mean '{}'? ", *meant) : std::string(),
                                  fmt::join(known, ", ")));
}

}  // namespace apical
