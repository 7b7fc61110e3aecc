#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/estimate.hpp"
#include "app/interruption.hpp"
#include "app/options.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "networks/suggest.hpp"

namespace {

using namespace apical;

struct Verb {
    std::string_view name;
    int (*run)(const Arguments&);
};
constexpr auto verbs = std::to_array<Verb>({
    {"new", new_verb},
    {"check", check_verb},
    {"run", run_verb},
    {"replay", replay_verb},
    {"resume", resume_verb},
    {"sweep", sweep_verb},
    {"report", report_verb},
    {"stp", stp_verb},
    {"single", single_verb},
    {"export", export_verb},
    {"data", data_verb},
    {"evaluate", evaluate_verb},
    {"info", info_verb},
    {"explain", explain_verb},
    {"selftest", selftest_verb},
    {"bench", bench_verb},
});

constexpr std::string_view help = R"(apical: event-driven simulation of bursting cortical networks

  apical new xor && apical run xor.toml    a spiking network learns the exclusive or
  apical explain tau_rec                   what a parameter means
prepare
  new TASK          write a commented configuration: network, xor, mnist, digits, ...
  check CONFIG      find all mistakes; tell size and memory; run nothing
  data check DIR    is a folder of images complete and right
  explain [NAME]    a key, a table, a model, or an error code; alone, what there is
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
    if (dynamic_cast<const std::filesystem::filesystem_error*>(&error) != nullptr) return {4, "E0601"};
    if (dynamic_cast<const nlohmann::json::exception*>(&error) != nullptr) return {3, "E0501"};
    if (dynamic_cast<const ConfigError*>(&error) != nullptr) return {2, "E0209"};
    if (dynamic_cast<const ModelError*>(&error) != nullptr) return {2, "E0401"};
    if (dynamic_cast<const DataError*>(&error) != nullptr) return {3, "E0501"};
    if (dynamic_cast<const IoError*>(&error) != nullptr) return {4, "E0601"};
    if (dynamic_cast<const NumericsError*>(&error) != nullptr) return {1, "E0701"};
    if (dynamic_cast<const MemoryError*>(&error) != nullptr) return {1, "E0703"};
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return {1, "E0703"};
    if (dynamic_cast<const std::length_error*>(&error) != nullptr) return {1, "E0703"};
    return {1, "E0702"};
}

/// What is thrown by the libraries below speaks to programmers; this is for whoever uses the program.
std::string message_of(const std::exception& error) {
    if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
        return fmt::format("{}: {}", file->path1().string(), file->code().message());
    if (dynamic_cast<const nlohmann::json::exception*>(&error) != nullptr)
        return "a JSON file of the run does not hold what is expected: it is cut, or not one of ours";
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
        dynamic_cast<const std::length_error*>(&error) != nullptr)
        return "there is not enough memory: what is to be kept at a time is more than the system gives";
    return error.what();
}

int report(const std::exception& error) {
    const Outcome outcome = outcome_of(error);
    const std::string message = message_of(error);
    if (message.starts_with("error[")) {  // the configuration's readers write theirs in full
        fmt::print(stderr, "{}{}", message, message.back() == '\n' ? "" : "\n");
    } else {
        fmt::print(stderr, "error[{}]: {}\nhelp: apical explain {}\n", outcome.code, message, outcome.code);
    }
    return outcome.exit_code;
}

/// A standard stream that is closed would lend its number to the next file that is opened, and what is
/// printed would go into that.
void occupy_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg): that is how POSIX declares them
        if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
        static_cast<void>(::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY));
        // NOLINTEND(cppcoreguidelines-pro-type-vararg)
    }
}

/// Whoever asked for output must hear that it is not there: an exit code, or 0 if all is written.
int flush_output() {
    errno = 0;
    const bool failed_before = std::ferror(stdout) != 0;
    const bool flushed = std::fflush(stdout) == 0;
    if (flushed && !failed_before) return 0;
    return report(IoError("standard output", errno != 0
                                                 ? std::string("cannot be written: ") + std::strerror(errno)
                                                 : std::string("cannot be written, what is there is cut")));
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
    throw misuse("apical VERB [options], or apical --help", fmt::format("unknown verb '{}'", arguments[0]),
                 meant ? fmt::format("did you mean '{}'?", *meant) : std::string());
}

}  // namespace

int main(int argc, char** argv) {
    occupy_streams();
    int code = 0;
    try {
        if (!hear_signals())
            fmt::print(stderr,
                       "warning: the system gives no thread to hear signals with: Ctrl-C ends the program at "
                       "once, and a run then keeps no checkpoint\n");
        code = dispatch({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        // A failure to print is told of below.
        code = std::ferror(stdout) == 0 ? report(error) : 0;
    }
    const int unwritten = flush_output();
    return unwritten != 0 ? unwritten : code;
}
