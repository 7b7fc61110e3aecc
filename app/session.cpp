#include "app/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "app/build_info.hpp"
#include "app/checkpoints.hpp"
#include "app/estimate.hpp"
#include "app/interruption.hpp"
#include "app/output.hpp"
#include "app/progress_line.hpp"
#include "app/report.hpp"
#include "app/run_folder.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "training/run.hpp"

namespace apical {

namespace fs = std::filesystem;

namespace {

/// Bytes that are not UTF-8, such as those of a file's name, are replaced.
std::string json_text(const nlohmann::ordered_json& json) {
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

using Manifest = nlohmann::ordered_json;

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

// --- one run
// --------------------------------------------------------------------------------------------------------

/// Everything around a run: its folder, its messages, its record.
class Session {
public:
    /// `log` is how much of log.txt there is already. `resumes`: from the checkpoint, which has been chosen.
    Session(const Conduct& conduct, const Loaded& loaded, const fs::path& folder, Manifest manifest,
            Checkpoints::Provenance provenance, bool resumes, std::uint64_t log)
        : conduct_(conduct),
          loaded_(loaded),
          folder_(folder),
          log_(folder / "log.txt", log),
          manifest_(std::move(manifest)),
          provenance_(std::move(provenance)),
          checkpoints_(folder, manifest_.at("run_id").get<std::string>(), provenance_),
          resumes_(resumes),
          kept_(resumes),
          progress_(Terminal::of_stderr(), [](std::string_view text) { say(text); }) {}

    int run() {
        const std::string greeting = fmt::format(
            "{} · {} · seed {} · {} thread{} · writing {}", loaded_.task, loaded_.experiment->size_text(),
            loaded_.experiment->seed(), conduct_.threads, conduct_.threads == 1 ? "" : "s", folder_.string());
        {
            const std::lock_guard lock(record_);
            write_manifest();
        }
        tell(greeting);
        for (const std::string& warning : loaded_.warnings) tell(warning);
        if (resumes_) tell_origin();
        RunResult result;
        try {
            result = simulate();
        } catch (const std::exception& error) {
            polling_.reset();
            progress_.clear();
            log(std::string("error: ") + error.what());
            close("failed", {});
            throw;
        }
        polling_.reset();
        progress_.clear();
        return report(result);
    }

    /// The last words of a run that a signal ends while nobody polls: before its first window, or when it is
    /// over. They come from another thread, after which the record is not touched any more.
    void end_at_once() noexcept {
        record_.lock();
        try {
            tell_the_end();
        } catch (const std::exception&) {  // nobody is left to be told
        }
        std::fflush(stdout);
    }

private:
    void tell_the_end() {
        if (closed_) {
            if (!conduct_.quiet)
                fmt::print("interrupted: the run is complete, but for its report: apical report {}\n",
                           folder_.string());
        } else {
            if (!log_.finished()) {
                write_log("interrupted");
                log_.finish();
            }
            if (!kept_) remove_partial(folder_);  // nothing goes on from what there is
            manifest_["end"] = utc_text(std::chrono::system_clock::now());
            manifest_["exit_state"] = "interrupted";
            write_manifest();
            if (!conduct_.quiet) {
                fmt::print("interrupted after {:.1f} s\nto {}: apical resume {}\n", wall_seconds(),
                           checkpoints_.any() ? "go on" : "begin again", folder_.string());
            }
        }
    }

    static void say(std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
    }

    void log(std::string_view text) {
        const std::lock_guard lock(record_);
        write_log(text);
    }
    void write_log(std::string_view text) {
        log_.write(fmt::format("{} {}", utc_text(std::chrono::system_clock::now()), text));
    }

    /// Talk: to the log, and to people who have not asked for silence.
    void tell(const std::string& text) {
        log(text);
        progress_.clear();
        if (!conduct_.quiet) say(text + "\n");
    }

    void tell_origin() {
        const std::string commit = checkpoints_.commit();
        log("going on from checkpoint.h5");
        if (commit == build_info::commit) return;
        tell(fmt::format(
            "warning: the checkpoint was written by commit {}, this is {}: the results may differ "
            "from those of an uninterrupted run",
            commit, build_info::commit));
    }

    RunResult simulate() {
        RunContext context;
        context.threads = conduct_.threads;
        context.folder = folder_;
        context.run_id = manifest_.at("run_id").get<std::string>();
        context.provenance = provenance_;
        context.resume = [this](const Persist& state) {
            if (resumes_) checkpoints_.give_back([&](Archive& archive) { persist(archive, state); });
            return resumes_;
        };
        context.pause = [this](const Persist& state) { return pause(state); };
        context.log = [this](Severity severity, std::string_view text) {
            tell(fmt::format("{}{}", severity == Severity::warning ? "warning: " : "", text));
        };
        if (!conduct_.quiet && !conduct_.no_progress) {
            context.progress = [this](const Progress& progress) { progress_.update(progress); };
        }
        context.metrics = [this](const Facts& row) { write_metrics(row); };
        return loaded_.experiment->run(context);
    }

    bool pause(const Persist& state) {
        if (!polling_) polling_.emplace();
        const bool stop = interrupted();
        const auto now = std::chrono::steady_clock::now();
        constexpr double first = 1.0;  // [min] at most, for until then there is nothing to go on from
        const double every = kept_ ? conduct_.checkpoint_every : std::min(first, conduct_.checkpoint_every);
        // Whatever was asked for, checkpoints take a tenth of the run's time at most.
        const auto wait = std::max(std::chrono::duration<double>(60.0 * every), 9.0 * writing_);
        const bool due = every > 0.0 && now - checkpoint_ >= wait;
        if (!due && !stop) return false;
        if (metrics_) metrics_->sync();  // the checkpoint counts on its rows
        checkpoints_.keep([&](Archive& archive) { persist(archive, state); });
        checkpoint_ = std::chrono::steady_clock::now();
        writing_ = checkpoint_ - now;
        kept_ = true;
        log("checkpoint");
        return stop;
    }

    void persist(Archive& archive, const Persist& state) {
        std::uint64_t rows = metrics_ ? metrics_->bytes() : 0;
        double wall = wall_seconds();
        double cpu = used_cpu();
        archive("metrics", rows);
        archive("wall_s", wall);
        archive("cpu_s", cpu);
        archive.group("task", [&] { state(archive); });
        if (!archive.gives_back()) return;
        if (rows > 0) metrics_ = std::make_unique<LineFile>(folder_ / "metrics.csv", rows);
        wall_before_ = wall;
        cpu_before_ = cpu;
    }

    void write_metrics(const Facts& row) {
        if (!metrics_) {
            metrics_ = std::make_unique<LineFile>(folder_ / "metrics.csv");
            metrics_->write(csv_names(row));
        }
        metrics_->write(csv_values(row));
    }

    /// Of all processes that have worked on the run, up to the checkpoint that the next one went on from.
    double wall_seconds() const {
        return wall_before_ +
               std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }
    double used_cpu() const { return cpu_before_ + cpu_seconds() - cpu_start_; }

    int report(RunResult& result) {
        const double wall = wall_seconds();
        const auto add = [&](const char* name, const Value& value) {
            const bool present = std::any_of(result.summary.begin(), result.summary.end(),
                                             [&](const auto& fact) { return fact.first == name; });
            if (!present) result.summary.emplace_back(name, value);
        };
        add("task", loaded_.task);
        add("seed", static_cast<std::int64_t>(loaded_.experiment->seed()));
        add("threads", static_cast<std::int64_t>(conduct_.threads));
        add("wall_s", wall);
        add("cpu_s", used_cpu());
        add("result_hash", result.result_hash);
        add("verdict", result.verdict);
        const std::string summary = json_text(to_json(result.summary));
        write_file(folder_ / "summary.json", summary);

        const std::string verdict = result.verdict.empty() ? std::string() : result.verdict + " · ";
        const std::string last =
            fmt::format("{} {} {:.1f} s · {}result hash {}", result.interrupted ? "interrupted" : "done",
                        result.interrupted ? "after" : "in", wall, verdict, result.result_hash);
        log(last);
        close(result.interrupted ? "interrupted" : "ok", result.result_hash);
        if (!result.interrupted) checkpoints_.remove();
        if (!result.interrupted && interrupted()) {  // after its last window
            if (conduct_.json) {
                fmt::print("{}", summary);
            } else if (!conduct_.quiet) {
                fmt::print("{}\nno report, for it was interrupted: apical report {}\n", last,
                           folder_.string());
            }
            return interrupted_exit_code;
        }
        const bool shown = write_report();
        if (conduct_.json) {
            fmt::print("{}", summary);
        } else if (!conduct_.quiet) {
            fmt::print("{}\n", last);
            if (result.interrupted) fmt::print("to go on: apical resume {}\n", folder_.string());
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
            if (!conduct_.quiet) say(fmt::format("warning: there is no report: {}\n", error.what()));
            return false;
        }
    }

    void close(const char* state, const std::string& hash) {
        if (metrics_) metrics_->finish();
        std::unique_lock lock(record_);
        log_.finish();
        lock.unlock();
        Manifest files = list_files(folder_);  // which takes its time
        lock.lock();
        manifest_["end"] = utc_text(std::chrono::system_clock::now());
        manifest_["wall_s"] = wall_seconds();
        manifest_["exit_state"] = state;
        if (!hash.empty()) manifest_["result_hash"] = hash;
        manifest_["files"] = std::move(files);
        write_manifest();
        closed_ = true;
    }

    void write_manifest() const { write_file(folder_ / "manifest.json", json_text(manifest_)); }

    Conduct conduct_;
    const Loaded& loaded_;
    fs::path folder_;
    std::mutex record_;  ///< of the log and the manifest, which end_at_once() writes too
    LineFile log_;
    Manifest manifest_;
    bool closed_ = false;             ///< the manifest says how the run ended
    std::optional<Polling> polling_;  ///< from the first window on, which asks whether to stop
    Checkpoints::Provenance provenance_;
    Checkpoints checkpoints_;
    bool resumes_;
    bool kept_;  ///< there is a checkpoint
    std::unique_ptr<LineFile> metrics_;
    ProgressLine progress_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point checkpoint_ = start_;
    std::chrono::duration<double> writing_{};  ///< what the last one took
    double wall_before_ = 0.0;                 ///< [s] of the processes before this one
    double cpu_start_ = cpu_seconds();
    double cpu_before_ = 0.0;  ///< [s] likewise
};

/// Runs a session, which a signal may end at any time.
template <class... Arguments>
int run_session(Arguments&&... arguments) {
    const auto session = std::make_shared<Session>(std::forward<Arguments>(arguments)...);
    const AtInterruption last([weak = std::weak_ptr<Session>(session)] {
        if (const auto alive = weak.lock()) alive->end_at_once();
    });
    return session->run();
}

Checkpoints::Provenance provenance_of(const Loaded& loaded, const std::string& resolved) {
    return {{"config", resolved},
            {"seed", std::to_string(loaded.experiment->seed())},
            {"program", fmt::format("apical {}", build_info::version)},
            {"commit", std::string(build_info::commit)},
            {"compiler", std::string(build_info::compiler)}};
}

std::uint64_t size_of_log(const fs::path& folder) {
    for (const char* name : {"log.txt.partial", "log.txt"}) {
        if (fs::exists(folder / name)) return fs::file_size(folder / name);
    }
    return 0;
}

}  // namespace

int begin_run(const Conduct& conduct, Loaded loaded, const std::string& command_line, const fs::path& out,
              bool overwrite) {
    if (!conduct.beyond_memory) expect_memory(loaded.experiment->network(), loaded.experiment->copies());
    const std::vector<fs::path> files = loaded.experiment->inputs();
    const Manifest inputs = fingerprints(files);
    const std::string run_id = new_run_id();
    const fs::path folder = out.empty() ? default_run_folder(loaded.task, run_id) : out;
    make_run_folder(folder);
    const FolderLock lock(folder);
    clear_run_folder(folder, overwrite, files);
    const std::string resolved =
        loaded.config.resolved(fmt::format("Every parameter of run {}, with where its value comes "
                                           "from.\nRepeat it: apical run config.resolved.toml",
                                           run_id));
    write_file(folder / "config.toml", loaded.config.text());
    write_file(folder / "config.resolved.toml", resolved);
    Manifest manifest = {{"schema", "apical.manifest/1"},
                         {"run_id", run_id},
                         {"task", loaded.task},
                         {"version", build_info::version},
                         {"commit", build_info::commit},
                         {"dirty", build_info::dirty},
                         {"compiler", build_info::compiler},
                         {"flags", build_info::flags},
                         {"cpu", cpu_name()},
                         {"threads", conduct.threads},
                         {"seed", loaded.experiment->seed()},
                         {"command_line", command_line},
                         {"inputs", inputs},
                         {"start", utc_text(std::chrono::system_clock::now())},
                         {"end", nullptr},
                         {"wall_s", nullptr},
                         {"exit_state", "running"},
                         {"result_hash", nullptr},
                         {"files", Manifest::array()}};
    return run_session(conduct, loaded, folder, std::move(manifest), provenance_of(loaded, resolved), false,
                       std::uint64_t{0});
}

int resume_run(const Conduct& conduct, const fs::path& folder, bool previous) {
    const FolderLock lock(folder);
    std::ifstream file(folder / "manifest.json");
    Manifest manifest = Manifest::parse(file, nullptr, false);
    if (!manifest.is_object() || !manifest.contains("run_id") || !manifest.contains("exit_state"))
        throw DataError(folder.string() + ": is not a run folder, it has no manifest.json of a run");
    if (manifest["exit_state"] == "ok") {
        Checkpoints(folder, {}, {}).remove();  // the process may have ended before it did
        if (conduct.json) {
            const std::string summary = read_text(folder / "summary.json");
            if (summary.empty()) throw DataError((folder / "summary.json").string() + ": cannot be read");
            fmt::print("{}", summary);
        } else if (!conduct.quiet) {
            fmt::print("{}: the run is complete, result hash {}\n", folder.string(),
                       manifest["result_hash"].get<std::string>());
        }
        return 0;
    }
    expect_unchanged(manifest.value("inputs", Manifest::array()));
    const Loaded loaded = load(folder / "config.resolved.toml", {});
    if (!conduct.beyond_memory) expect_memory(loaded.experiment->network(), loaded.experiment->copies());
    manifest["exit_state"] = "running";
    manifest["resumed"].push_back(utc_text(std::chrono::system_clock::now()));
    const Checkpoints::Provenance provenance = provenance_of(loaded, loaded.config.text());
    Checkpoints checkpoints(folder, manifest["run_id"].get<std::string>(), provenance);
    if (!previous && !checkpoints.any()) {
        if (!conduct.quiet)
            fmt::print(stderr, "{}: the run ended before its first checkpoint; it begins again\n",
                       folder.string());
        clear_results(folder);
        return run_session(conduct, loaded, folder, std::move(manifest), provenance, false, std::uint64_t{0});
    }
    checkpoints.choose(previous);
    return run_session(conduct, loaded, folder, std::move(manifest), provenance, true, size_of_log(folder));
}

}  // namespace apical
