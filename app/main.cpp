#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/verbs.hpp"
#include "core/error.hpp"
#include "networks/suggest.hpp"

namespace {

using namespace apical;

struct Verb {
    std::string_view name;
    int (*run)(const Arguments&);
};
constexpr Verb verbs[] = {
    {"new", new_verb},       {"check", check_verb},     {"run", run_verb},
    {"replay", replay_verb}, {"resume", resume_verb},   {"sweep", sweep_verb},
    {"report", report_verb}, {"stp", stp_verb},         {"single", single_verb},
    {"export", export_verb}, {"data", data_verb},       {"evaluate", evaluate_verb},
    {"info", info_verb},     {"explain", explain_verb}, {"selftest", selftest_verb},
    {"bench", bench_verb},
};

constexpr std::string_view help = R"(apical: event-driven simulation of bursting cortical networks

  apical new xor && apical run xor.toml    a spiking network learns the exclusive or
  apical explain tau_rec                   what a parameter means
prepare
  new TASK          write a configuration with every key explained: xor, mnist, digits
  check CONFIG      find all mistakes; tell size, memory and time; run nothing
  data check DIR    is a folder of images complete and right
  explain NAME      a key, a table, a model, or an error code
run
  run CONFIG        simulate; results go to a folder under runs/
  replay SPIKES     simulate with a source that plays the spikes of a SONATA file
  resume RUN        go on with a run that was interrupted or killed
  evaluate RUN      test a trained network on images, by the time it is read out
  sweep run CONFIG  the runs that its [sweep] asks for; plan, status, collect
look
  report RUN...     a page with the plots of a run, or of several side by side
  single MODEL      one neuron: its spikes, its state over time, plots
  stp               what a synapse releases at each spike: table, CSV, or a page to explore
  export RUN        the spikes for other programs: CSV, gdf, NWB
  info FILE|RUN     what a run or one of its files contains
the program (--version, --help; `apical VERB --help` for a verb)
  selftest          does this installation compute the golden values
  bench [NAME...]   how fast is it on networks of the literature, and how right
)";

/// Which exit code and, unless its message has one, which error code an error has.
struct Outcome {
    int exit_code;
    std::string_view code;
};
Outcome outcome_of(const std::exception& error) {
    if (dynamic_cast<const ConfigError*>(&error) != nullptr) return {2, "E0209"};
    if (dynamic_cast<const ModelError*>(&error) != nullptr) return {2, "E0401"};
    if (dynamic_cast<const DataError*>(&error) != nullptr) return {3, "E0501"};
    if (dynamic_cast<const IoError*>(&error) != nullptr) return {4, "E0601"};
    if (dynamic_cast<const NumericsError*>(&error) != nullptr) return {1, "E0701"};
    return {1, "E0702"};
}

int report(const std::exception& error) {
    const Outcome outcome = outcome_of(error);
    const std::string_view message = error.what();
    if (message.substr(0, 6) == "error[") {  // the configuration's readers write theirs in full
        fmt::print(stderr, "{}{}", message, message.back() == '\n' ? "" : "\n");
    } else {
        fmt::print(stderr, "error[{}]: {}\nhelp: apical explain {}\n", outcome.code, message, outcome.code);
    }
    return outcome.exit_code;
}

int dispatch(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
        fmt::print("{}", help);
        return 0;
    }
    if (arguments[0] == "--version") {
        fmt::print("{}", version_text());
        return 0;
    }
    std::vector<std::string> known{"--help", "--version"};
    for (const Verb& verb : verbs) {
        if (verb.name == arguments[0]) return verb.run({arguments.begin() + 1, arguments.end()});
        known.emplace_back(verb.name);
    }
    const auto meant = probably_meant(arguments[0], known);
    throw ConfigError(fmt::format("error[E0301]: unknown verb '{}'\n{}help: apical --help\n", arguments[0],
                                  meant ? fmt::format("   |  did you mean '{}'?\n", *meant) : std::string()));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const int code = dispatch({argv + 1, argv + argc});
        if (std::fflush(stdout) != 0) throw IoError("standard output", "cannot be written");
        return code;
    } catch (const std::exception& error) {
        return report(error);
    }
}
