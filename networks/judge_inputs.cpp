#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "networks/findings.hpp"

namespace apical {
namespace {

class InputJudge {
public:
    InputJudge(const NetworkDescription& d, Findings& findings) : d_(d), findings_(findings) {}

    void judge() {
        for (const SignalDescription& s : d_.signals) judge(s);
        for (const DriveDescription& drive : d_.drives) judge(drive);
        for (const StepsDescription& s : d_.steps) judge(s);
        for (const SineDescription& s : d_.sines) judge(s);
        judge(d_.record);
    }

private:
    void judge(const SignalDescription& s) {
        const std::string place = "signal." + s.name;
        const bool used = std::any_of(d_.drives.begin(), d_.drives.end(),
                                      [&](const DriveDescription& drive) { return drive.signal == s.name; });
        if (!used)
            findings_.error(place, "E0210",
                            fmt::format("signal '{}' has no effect: no drive uses it", s.name));
        judge_number(place, "every", s.every, "samples of the signal");
        if (s.every >= d_.duration) {
            findings_.warn(
                place + ".every", "E0210",
                fmt::format("nothing follows the signal: it is sampled every {} ms, and the run ends at "
                            "{} ms",
                            s.every, d_.duration));
        }
    }

    void judge(const DriveDescription& drive) {
        const std::string place = "drive." + drive.name;
        judge_port(place, drive.target, drive.port);
        if (drive.gain == 0.0)
            findings_.warn(place + ".gain", "E0210", "the drive does not follow its signal: gain is 0");
        if (drive.delay >= d_.duration) {
            findings_.warn(place + ".delay", "E0210",
                           fmt::format("there is no drive: its delay is {} ms, and the run ends at {} ms",
                                       drive.delay, d_.duration));
        }
        judge_span(place, drive.from, drive.until, "there is no drive", d_.duration, findings_);
    }

    void judge(const StepsDescription& s) {
        const std::string place = "steps." + s.name;
        judge_port(place, s.target, s.port);
        judge_steps(place, s.times, s.values, d_.duration, findings_);
        if (are_all(s.values, 0.0))
            findings_.warn(place + ".values", "E0210", "the steps have no effect: all are 0");
    }

    void judge(const SineDescription& s) {
        const std::string place = "sine." + s.name;
        judge_port(place, s.target, s.port);
        if (s.amplitude == 0.0)
            findings_.warn(place + ".amplitude", "E0210", "the sine has no effect: its amplitude is 0");
        if (2.0 * s.step > s.period) {
            findings_.warn(
                place + ".step", "E0210",
                fmt::format("little is left of the sine: its steps of {} ms are longer than half a "
                            "period, and have its mean",
                            s.step));
        }
        judge_span(place, s.from, s.until, "there is no sine", d_.duration, findings_);
        judge_number(place, "step", s.step, "steps of the sine");
    }

    void judge(const RecordDescription& r) {
        if (!r.traces.empty()) judge_number("record", "trace_bin", r.trace_bin, "bins");
        if (r.weights.empty() || r.weights_every == 0.0) return;
        if (r.weights_every >= d_.duration) {
            findings_.warn("record.weights_every", "E0210",
                           fmt::format("a snapshot every {} ms has no effect: the run ends at {} ms",
                                       r.weights_every, d_.duration));
        } else {
            judge_number("record", "weights_every", r.weights_every, "snapshots of all weights", 1e4);
        }
    }

    /// A constant input is held where what arrives does not decay.
    void judge_port(const std::string& place, const std::string& target, const std::string& name) {
        const auto population =
            std::find_if(d_.populations.begin(), d_.populations.end(),
                         [&](const PopulationDescription& p) { return p.name == target; });
        if (population == d_.populations.end()) return;
        const ModelInfo* model = catalogue().cell(population->model);
        const PortInfo* port = model != nullptr ? model->port(name) : nullptr;
        if (port == nullptr || port->level) return;
        const auto level = std::find_if(model->ports.begin(), model->ports.end(),
                                        [](const PortInfo& candidate) { return candidate.level; });
        findings_.error(
            place + ".port", "E0209",
            fmt::format("port '{}' of {} decays: a constant input cannot be held on it", name, model->name),
            level != model->ports.end() ? fmt::format("'{}' can", level->name) : "");
    }

    /// An interval that was perhaps meant in another unit.
    void judge_number(const std::string& place, std::string_view key, double interval, std::string_view what,
                      double many = 1e7) {
        const double number = d_.duration / interval;
        if (number <= many) return;
        findings_.warn(fmt::format("{}.{}", place, key), "E0204",
                       fmt::format("{} = {} ms makes {:.2g} {}", key, interval, number, what));
    }

    const NetworkDescription& d_;
    Findings& findings_;
};

}  // namespace

void judge_inputs(const NetworkDescription& description, Findings& findings) {
    InputJudge(description, findings).judge();
}

bool are_all(const std::vector<double>& values, double value) {
    return !values.empty() && std::all_of(values.begin(), values.end(), [&](double v) { return v == value; });
}

void judge_steps(const std::string& place, const std::vector<double>& times,
                 const std::vector<double>& values, double duration, Findings& findings) {
    if (times.size() != values.size()) {
        findings.error(place + ".values", "E0209",
                       fmt::format("values has {} elements, times has {}", values.size(), times.size()));
    }
    if (std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) != times.end()) {
        findings.error(place + ".times", "E0209", "times are not in ascending order");
    } else if (!times.empty() && times.back() >= duration) {
        findings.warn(
            place + ".times", "E0210",
            fmt::format("a step at {} ms has no effect: the run ends at {} ms", times.back(), duration));
    }
}

void judge_span(const std::string& place, double from, const std::optional<double>& until,
                std::string_view missing, double duration, Findings& findings) {
    if (until && *until <= from) findings.error(place + ".until", "E0209", "until is not after from");
    if (from >= duration) {
        findings.warn(place + ".from", "E0210",
                      fmt::format("{}: from is {} ms, and the run ends at {} ms", missing, from, duration));
    }
    if (until && *until > duration) {
        findings.warn(place + ".until", "E0210",
                      fmt::format("until = {} ms has no effect: the run ends at {} ms", *until, duration));
    }
}

}  // namespace apical
