#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/rounding.hpp"
#include "networks/findings.hpp"
#include "networks/shares.hpp"
#include "neurons/variable_units.hpp"

namespace apical {
namespace {

/// A parameter that others deprive of its effect, in all models that have them: names mean the same there.
struct Idle {
    std::string_view parameter;
    std::array<std::string_view, 2> others;  ///< one, or two
    double value;                            ///< of all of them, with which it has none,
    std::string_view variable = {};          ///< unless this one starts with a value of its own
};
constexpr auto idle_parameters = std::to_array<Idle>({
    {"V_reset", {"hold_at_E_L"}, 1.0},
    {"tau_w", {"a", "b"}, 0.0, "w"},
    {"tau_w_soma", {"b_soma"}, 0.0, "w_soma"},
    {"tau_w_dend", {"a_dend"}, 0.0, "w_dend"},
    {"tau_th", {"jump_th"}, 0.0, "theta"},
    {"V_half_dend", {"G_soma", "G_dend"}, 0.0},
    {"slope_dend", {"G_soma", "G_dend"}, 0.0},
    {"delay_box", {"I_box"}, 0.0},
    {"t_box", {"I_box"}, 0.0},
    {"sum_boxes", {"I_box"}, 0.0},
});

class PopulationJudge {
public:
    PopulationJudge(const NetworkDescription& d, Findings& findings) : d_(d), findings_(findings) {}

    void judge(const PopulationDescription& p) {
        const ModelInfo* model = catalogue().cell(p.model);
        if (model == nullptr) return;
        check_gap(p, *model);
        check_parameters(p, *model);
        const std::string place = "population." + p.name;
        if (p.size == 0) return findings_.error(place + ".size", "E0204", "size is 0: expected 1 or more");
        judge_parameters({place + ".parameters", place + ".model"}, *model, p.parameters, findings_);
        check_classifier(p, *model);
        using Limits = std::numeric_limits<double>;
        for (const auto& [variable, values] : p.initial) {
            const std::string of_variable = fmt::format("{}.initial.{}", place, variable);
            judge_distribution(of_variable, values, Limits::min(), Limits::max(), findings_);
            const double negative = share_below(values, 0.0);
            if (!is_conductance(variable) || negative == 0.0) continue;
            const bool constant = values.kind == Distribution::Kind::constant;
            findings_.add(
                {constant ? Severity::error : Severity::warning,
                 {of_variable},
                 "E0209",
                 fmt::format("{} of the values of {} at the start {} negative, and a conductance is not",
                             percent(negative), variable, negative > nearly_all ? "are" : "would be")});
        }
        for (std::size_t i = 0; i < p.background.size(); ++i)
            check_background(fmt::format("{}.background.{}", place, i), p.background[i], *model);
        if (p.model == "spike_train") check_spikes(p);
    }

private:
    void check_classifier(const PopulationDescription& p, const ModelInfo& model) {
        const std::string place = "population." + p.name;
        if (p.classifier == Classifier::trace && p.b_th == 0.0) {
            findings_.error(place + ".b_th", "E0204",
                            "b_th is 0: the trace of the classifier \"trace\" decays with it");
        }
        if (p.classifier != Classifier::model || model.classifier == Classifier::model) return;
        if (model.kind != ModelInfo::Kind::source) {
            findings_.warn(place + ".classifier", "E0210",
                           fmt::format("{} does not say what its spikes are: each is an event, as with the "
                                       "classifier \"every\"",
                                       model.name));
        } else if (p.spike_kinds.empty()) {
            findings_.error(
                place + ".classifier", "E0209",
                fmt::format("classifier \"model\": a {} does not say what its spikes are", model.name),
                R"("isi" and "trace" go by the intervals)");
        }
    }

    void check_background(const std::string& place, const Background& b, const ModelInfo& model) {
        if (b.weight == 0.0)
            findings_.warn(place + ".weight", "E0210", "the noise has no effect: its weight is 0");
        if (const auto wrong = b.rate_problem()) findings_.error(place + ".rate", "E0209", *wrong);
        const PortInfo* port = model.port(b.port);
        if (port == nullptr) return;
        if (port->level && b.kind != Background::Kind::bernoulli_grid) {
            findings_.error(place + ".port", "E0209",
                            fmt::format("what arrives on port '{}' stays: only noise of kind bernoulli_grid, "
                                        "whose pulses end, can go there",
                                        port->name));
        }
        if (port->conducts) {
            judge_conductance(place, *port, b.weight < 0.0 ? 1.0 : 0.0, true, {}, findings_);
        } else {
            judge_current(place, *port, {Distribution::Kind::constant, b.weight, 0.0}, findings_);
        }
    }

    /// Trains that are given, or read from a file.
    void check_spikes(const PopulationDescription& p) {
        const std::string place = "population." + p.name;
        const std::vector<std::string> places{place + ".spike_times", place + ".spike_file"};
        if (p.spike_times.size() != p.size) {
            findings_.add(
                {Severity::error, places, "E0209",
                 fmt::format("spike_times has {} lists for {} neurons", p.spike_times.size(), p.size)});
        }
        std::size_t late = 0;
        double last = 0.0;
        for (const std::vector<double>& train : p.spike_times) {
            for (const double time : train) {
                late += time >= d_.duration ? 1U : 0U;
                last = std::max(last, time);
            }
        }
        if (late != 0) {
            findings_.add(
                {Severity::warning, places, "E0210",
                 fmt::format("{} spike{} of '{}', up to {} ms, will not be played: the run ends at {} ms",
                             late, late == 1 ? "" : "s", p.name, last, d_.duration)});
        }
    }

    /// Parameters that were given another value than their default, in vain.
    void check_parameters(const PopulationDescription& p, const ModelInfo& model) {
        for (const Idle& idle : idle_parameters) {
            const FieldInfo* field = model.field(idle.parameter);
            const auto given = p.parameters.find(std::string(idle.parameter));
            if (field == nullptr || given == p.parameters.end() || given->second == field->default_value ||
                p.initial.contains(std::string(idle.variable)))
                continue;
            const auto deprives = [&](std::string_view other) {
                return other.empty() || value_of(model, p.parameters, other) == idle.value;
            };
            if (!std::all_of(idle.others.begin(), idle.others.end(), deprives)) continue;
            const bool both = !idle.others[1].empty();
            findings_.warn(fmt::format("population.{}.parameters.{}", p.name, idle.parameter), "E0210",
                           fmt::format("{} has no effect: {}{}{} {} {}", idle.parameter, idle.others[0],
                                       both ? " and " : "", idle.others[1], both ? "are" : "is", idle.value));
        }
    }

    /// A burst of a cell that says where its bursts are must not run into the next one's first spike.
    void check_gap(const PopulationDescription& p, const ModelInfo& model) {
        const auto spikes = value_of(model, p.parameters, "burst_spikes");
        const auto interval = value_of(model, p.parameters, "burst_interval");
        const auto R = value_of(model, p.parameters, "R");
        if (!spikes || !interval || !R || classifier_of(p, model) != Classifier::isi) return;
        const double gap = *R - (*spikes - 1.0) * *interval;
        if (!within(ticks(gap), ticks(p.b_th))) return;
        findings_.warn(
            "population." + p.name + ".b_th", "E0209",
            fmt::format(
                "population {}: the next event can follow the last spike of a burst after {} ms, within "
                "b_th = {} ms: the classifier isi would take it for a spike of the same burst",
                p.name, gap, p.b_th));
    }

    const NetworkDescription& d_;
    Findings& findings_;
};

}  // namespace

void judge_populations(const NetworkDescription& description, Findings& findings) {
    PopulationJudge judge(description, findings);
    for (const PopulationDescription& p : description.populations) judge.judge(p);
}

Classifier classifier_of(const PopulationDescription& p, const ModelInfo& model) {
    const bool told = !p.spike_kinds.empty();  // by the file that a source plays
    return p.classifier.value_or(told ? Classifier::model : model.classifier);
}

bool can_burst(const PopulationDescription& p, const ModelInfo& model) {
    const Classifier classifier = classifier_of(p, model);
    if (classifier == Classifier::every) return false;
    if (classifier == Classifier::model)
        return model.classifier == Classifier::model || model.kind == ModelInfo::Kind::source;
    if (model.classifier == Classifier::model) return true;  // t_ref is between its events
    // A trace of spikes this far apart comes to 1/(exp(1.3133) - 1) = 1/e.
    const double longest = classifier == Classifier::isi ? p.b_th : 1.3133 * p.b_th;
    return value_of(model, p.parameters, "t_ref").value_or(0.0) <= longest;
}

}  // namespace apical
