#include "networks/checks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/rounding.hpp"
#include "networks/connect.hpp"
#include "networks/rules.hpp"
#include "neurons/variable_units.hpp"

namespace apical {
namespace {

/// The probability that a standard normal number is below x.
double normal_below(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// The probability that a drawn number is below x.
double share_below(const Distribution& d, double x) {
    switch (d.kind) {
        case Distribution::Kind::constant:
            return d.a < x ? 1.0 : 0.0;
        case Distribution::Kind::uniform:
            return d.b > d.a ? std::clamp((x - d.a) / (d.b - d.a), 0.0, 1.0) : (d.a < x ? 1.0 : 0.0);
        case Distribution::Kind::normal:
            return d.b > 0.0 ? normal_below((x - d.a) / d.b) : (d.a < x ? 1.0 : 0.0);
        case Distribution::Kind::lognormal: {
            const double size = std::copysign(1.0, d.a) * x;  // on its own side of zero
            if (size <= 0.0) return d.a < 0.0 ? 1.0 : 0.0;
            const double variance = std::log1p(d.b * d.b);
            const double mean = std::log(std::abs(d.a)) - 0.5 * variance;
            const double smaller = variance > 0.0
                                       ? normal_below((std::log(size) - mean) / std::sqrt(variance))
                                       : (std::log(size) > mean ? 1.0 : 0.0);
            return d.a > 0.0 ? smaller : 1.0 - smaller;
        }
    }
    return 0.0;
}

Distribution mirrored(const Distribution& d) {
    const bool ends = d.kind == Distribution::Kind::uniform;
    return {d.kind, ends ? -d.b : -d.a, ends ? -d.a : d.b};
}
double share_above(const Distribution& d, double x) { return share_below(mirrored(d), -x); }

/// How large a number is that is drawn: of a sum of squares the root, of a skewed distribution the middle.
double typical(const Distribution& d) {
    switch (d.kind) {
        case Distribution::Kind::constant:
            return d.a;
        case Distribution::Kind::uniform:
            return std::sqrt((d.a * d.a + d.a * d.b + d.b * d.b) / 3.0);
        case Distribution::Kind::normal:
            return std::hypot(d.a, d.b);
        case Distribution::Kind::lognormal:
            return d.a / std::sqrt(1.0 + d.b * d.b);
    }
    return d.a;
}

std::string percent(double share) { return share > 0.999 ? "all" : fmt::format("{:.2g} %", 100.0 * share); }

/// The value of a model's parameter, given or not; nothing if it has none of this name or it follows from
/// others.
std::optional<double> value_of(const ModelInfo& model, const Parameters& given, std::string_view name) {
    const FieldInfo* field = model.field(name);
    if (field == nullptr) return std::nullopt;
    const auto found = given.find(field->name);
    const double value = found != given.end() ? found->second : field->default_value;
    return std::isnan(value) ? std::nullopt : std::optional(value);
}

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

class Checker {
public:
    Checker(const NetworkDescription& d, const Catalogue& catalogue) : d_(d), catalogue_(catalogue) {}

    std::vector<Finding> check() {
        for (const PopulationDescription& p : d_.populations) check(p);
        for (const ProjectionDescription& p : d_.projections) check(p);
        return std::move(found_);
    }

private:
    void error(std::string place, std::string code, std::string message, std::string help = {}) {
        found_.push_back(
            {Severity::error, std::move(place), std::move(code), std::move(message), std::move(help)});
    }
    void warn(std::string place, std::string code, std::string message) {
        found_.push_back({Severity::warning, std::move(place), std::move(code), std::move(message), {}});
    }

    // --- populations

    void check(const PopulationDescription& p) {
        const ModelInfo* model = catalogue_.cell(p.model);
        if (model == nullptr) return;
        check_gap(p, *model);
        check_parameters(p, *model);
        for (const auto& [variable, values] : p.initial) {
            const double negative = share_below(values, 0.0);
            if (!is_conductance(variable) || negative == 0.0) continue;
            found_.push_back(
                {values.kind == Distribution::Kind::constant ? Severity::error : Severity::warning,
                 "population." + p.name + ".initial." + variable,
                 "E0209",
                 fmt::format("{} of the values of {} at the start {} negative, and a conductance is not",
                             percent(negative), variable, negative > nearly_all ? "are" : "would be"),
                 {}});
        }
        for (const Background& b : p.background) {
            const PortInfo* port = model->port(b.port);
            if (port != nullptr)
                check_sign("population." + p.name + ".background", *port,
                           {Distribution::Kind::constant, b.weight, 0.0});
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
            warn(fmt::format("population.{}.parameters.{}", p.name, idle.parameter), "E0210",
                 fmt::format("{} has no effect: {}{}{} {} {}", idle.parameter, idle.others[0],
                             both ? " and " : "", idle.others[1], both ? "are" : "is", idle.value));
        }
    }

    static Classifier classifier_of(const PopulationDescription& p, const ModelInfo& model) {
        const bool told = !p.spike_kinds.empty();  // by the file that a source plays
        return p.classifier.value_or(told ? Classifier::model : model.classifier);
    }

    /// A burst of a cell that says where its bursts are must not run into the next one's first spike.
    void check_gap(const PopulationDescription& p, const ModelInfo& model) {
        const auto spikes = value_of(model, p.parameters, "burst_spikes");
        const auto interval = value_of(model, p.parameters, "burst_interval");
        const auto R = value_of(model, p.parameters, "R");
        if (!spikes || !interval || !R || classifier_of(p, model) != Classifier::isi) return;
        const double gap = *R - (*spikes - 1.0) * *interval;
        if (!within(ticks(gap), ticks(p.b_th))) return;
        warn("population." + p.name + ".b_th", "E0209",
             fmt::format(
                 "population {}: the next event can follow the last spike of a burst after {} ms, within "
                 "b_th = {} ms: the classifier isi would take it for a spike of the same burst",
                 p.name, gap, p.b_th));
    }

    /// Whether some spike of the population can be the second of a burst.
    static bool can_burst(const PopulationDescription& p, const ModelInfo& model) {
        const Classifier classifier = classifier_of(p, model);
        if (classifier == Classifier::every) return false;
        if (classifier == Classifier::model)
            return model.classifier == Classifier::model || model.kind == ModelInfo::Kind::source;
        if (model.classifier == Classifier::model) return true;  // t_ref is between its events
        // A trace of spikes this far apart comes to 1/(exp(1.3133) - 1) = 1/e.
        const double longest = classifier == Classifier::isi ? p.b_th : 1.3133 * p.b_th;
        return value_of(model, p.parameters, "t_ref").value_or(0.0) <= longest;
    }

    // --- projections

    void check(const ProjectionDescription& p) {
        const PopulationDescription* source = population(p.source);
        const PopulationDescription* target = population(p.target);
        if (source == nullptr || target == nullptr) return;
        const ModelInfo* from = catalogue_.cell(source->model);
        const ModelInfo* to = catalogue_.cell(target->model);
        if (from == nullptr || to == nullptr) return;
        const std::string place = "projection." + p.name;
        if (const auto wrong = connection_problem(p.connect, ends_of(p, source->size, target->size)))
            error(fmt::format("{}.connect.{}", place, wrong->key), "E0209", wrong->message,
                  std::string(wrong->help));
        if (p.delay >= d_.duration) {
            warn(place + ".delay", "E0210",
                 fmt::format("nothing arrives: the delay is {} ms, and the run ends at {} ms", p.delay,
                             d_.duration));
        }
        const bool bursts = can_burst(*source, *from);
        if (!check_gates(p, *source, bursts)) check_releases(p, bursts);
        check_weightless(p);
        if (p.tie) check_tie(p, *source, *target);
        const PortInfo* port = to->port(p.port);
        if (port != nullptr) check_signs(p, *port, bursts);
        if (port != nullptr && port->level) {
            warn(place + ".port", "E0209",
                 fmt::format(
                     "what arrives on '{}' stays, and spikes add up on it for good: it is meant for steps, "
                     "sines and drives",
                     port->name));
        }
        if (!p.plasticity) return;
        check_detectors(p);
        check_target(p, *target, *to);
        check_bounds(p, port, signs_of_release(p, bursts).only());
        check_rates(p);
        if (p.plasticity->back_delay.value_or(p.delay) >= d_.duration) {
            warn(place + ".plasticity.back_delay", "E0210",
                 "no spike of the target is seen: back_delay is as long as the run");
        }
    }

    const PopulationDescription* population(std::string_view name) const {
        for (const PopulationDescription& p : d_.populations) {
            if (p.name == name) return &p;
        }
        return nullptr;
    }

    /// [ms] Of a gate's own detector; 0 if it has none.
    static double lag_of(const ReleaseTerm& term) {
        const auto lag = term.parameters.find("lag");
        return lag != term.parameters.end() ? lag->second : 0.0;
    }

    /// Says whether gates for bursts are all that there is, and no burst comes.
    bool check_gates(const ProjectionDescription& p, const PopulationDescription& source, bool bursts) {
        const bool shut = !p.release.empty() && !bursts &&
                          std::all_of(p.release.begin(), p.release.end(), [](const ReleaseTerm& term) {
                              return term.variant == "burst" && lag_of(term) == 0.0;
                          });
        if (shut) {
            warn("projection." + p.name + ".source", "E0210",
                 fmt::format("nothing passes: '{}' never bursts, and the projection releases for bursts only",
                             source.name));
        }
        return shut;
    }

    /// Terms that add up to nothing, and factors on them.
    void check_releases(const ProjectionDescription& p, bool bursts) {
        const Signs signs = signs_of_release(p, bursts);
        const bool silent = std::all_of(p.release.begin(), p.release.end(),
                                        [](const ReleaseTerm& term) { return term.gain == 0.0; });
        if (!signs.positive && !signs.negative && !signs.mixed) {
            if (!silent)  // of each such term it is said already
                warn("projection." + p.name + ".release", "E0210",
                     "the terms release nothing: they add up to 0");
            return;
        }
        const GainSteps& steps = p.gain_steps;
        if (steps.times.empty() || steps.times.front() > 0.0) return;
        const bool zero =
            std::all_of(steps.values.begin(), steps.values.end(), [](double v) { return v == 0.0; });
        if (zero)
            warn("projection." + p.name + ".gain_steps.values", "E0210",
                 "the projection has no effect: the factor on what it releases is 0 from the start");
    }

    /// A rule sees spikes as one detector has them.
    void check_detectors(const ProjectionDescription& p) {
        std::optional<double> first;
        for (std::size_t i = 0; i < p.release.size(); ++i) {
            const double lag = lag_of(p.release[i]);
            if (lag == 0.0) continue;
            if (first && lag != *first) {
                error(
                    fmt::format("projection.{}.release.{}.lag", p.name, i), "E0209",
                    fmt::format("gates with lags of {} and {} ms take other spikes for events, and the rule "
                                "goes by one of them: split the projection",
                                *first, lag));
            }
            first = lag;
        }
    }

    // --- weights that are nothing, and ties

    static bool is_zero(const Distribution& d) { return share_below(d, 0.0) + share_above(d, 0.0) == 0.0; }

    void check_weightless(const ProjectionDescription& p) {
        const std::string place = "projection." + p.name;
        if (!p.tie) {
            if (is_zero(p.weight) && !p.plasticity)
                warn(place + ".weight", "E0210",
                     "the projection has no effect: its weights are 0, and do not learn");
            return;
        }
        const ProjectionDescription* to = projection(p.tie->to);
        if (p.tie->scale == 0.0) {
            warn(place + ".tie.scale", "E0210", "the projection has no effect: scale is 0");
        } else if (to != nullptr && !to->tie && p.tie->mean == TieDescription::Mean::none) {
            using Part = TieDescription::Part;
            const bool none = p.tie->part == Part::plus    ? share_above(to->weight, 0.0) == 0.0
                              : p.tie->part == Part::minus ? share_below(to->weight, 0.0) == 0.0
                                                           : is_zero(to->weight);
            if (none)
                warn(place + ".tie." + (p.tie->part == Part::whole ? "to" : "part"), "E0210",
                     fmt::format("the projection has no effect: '{}' has no such weights at the start",
                                 to->name));
        }
    }

    /// Each synapse of a tie, but for means, takes the weight of one that must be there.
    void check_tie(const ProjectionDescription& p, const PopulationDescription& source,
                   const PopulationDescription& target) {
        const ProjectionDescription* to = projection(p.tie->to);
        if (to == nullptr || p.tie->mean != TieDescription::Mean::none) return;
        const bool along = to->source == p.source && to->target == p.target;
        const Index own = blocks_between(p.connect, ends_of(p, source.size, target.size));
        const Index others = blocks_between(to->connect, along ? ends_of(*to, source.size, target.size)
                                                               : ends_of(*to, target.size, source.size));
        const bool within_blocks = others == 1 || (others != 0 && own != 0 && own % others == 0);
        const bool itself = p.source == p.target && p.connect.autapses && !to->connect.autapses;
        if (within_blocks && !itself) return;
        error("projection." + p.name + ".tie.to", "E0209",
              fmt::format(
                  "'{}' does not have all synapses of '{}', whose weights are to be copies of its: their "
                  "tables connect differ, or are drawn",
                  to->name, p.name));
    }

    // --- signs

    /// Between which factors a spike is released: efficacies of short-term plasticity are from 0 to 1.
    struct Factors {
        double low = 0.0;
        double high = 0.0;
    };

    static Factors released(const std::vector<ReleaseTerm>& terms, SpikeKind kind) {
        if (terms.empty()) return {1.0, 1.0};
        Factors sum;
        for (const ReleaseTerm& term : terms) {
            const bool own = lag_of(term) > 0.0;  // detector
            const bool all = term.variant == "all";
            const bool of_a_kind = (term.variant == "event" || term.variant == "burst") && !own;
            const SpikeKind passing = term.variant == "event" ? SpikeKind::event : SpikeKind::burst;
            if (of_a_kind && kind != passing) continue;
            const bool known = all || of_a_kind;
            sum.low += known ? term.gain : std::min(term.gain, 0.0);
            sum.high += known ? term.gain : std::max(term.gain, 0.0);
        }
        return sum;
    }

    /// The signs of what multiplies weights at some time of the run.
    struct Signs {
        bool positive = false;
        bool negative = false;
        bool mixed = false;  ///< one that depends on what came before

        int only() const { return mixed || positive == negative ? 0 : (positive ? 1 : -1); }
    };

    static Signs signs_of_release(const ProjectionDescription& p, bool bursts) {
        Signs signs;
        for (const SpikeKind kind : {SpikeKind::event, SpikeKind::burst, SpikeKind::further}) {
            if (kind != SpikeKind::event && !bursts) continue;
            const Factors f = released(p.release, kind);
            signs.positive = signs.positive || (f.low >= 0.0 && f.high > 0.0);
            signs.negative = signs.negative || (f.low < 0.0 && f.high <= 0.0);
            signs.mixed = signs.mixed || (f.low < 0.0 && f.high > 0.0);
        }
        return signs;
    }

    /// With what `gain_steps` multiply it by in the run.
    Signs with_steps(const Signs& signs, const GainSteps& steps) const {
        const bool from_the_start = !steps.times.empty() && steps.times.front() <= 0.0;
        bool positive = !from_the_start;
        bool negative = false;
        for (std::size_t i = 0; i < std::min(steps.times.size(), steps.values.size()); ++i) {
            if (steps.times[i] >= d_.duration) break;
            positive = positive || steps.values[i] > 0.0;
            negative = negative || steps.values[i] < 0.0;
        }
        return {(positive && signs.positive) || (negative && signs.negative),
                (positive && signs.negative) || (negative && signs.positive), signs.mixed};
    }

    const ProjectionDescription* projection(std::string_view name) const {
        for (const ProjectionDescription& p : d_.projections) {
            if (p.name == name) return &p;
        }
        return nullptr;
    }

    /// The weights at the start; of a tie whose sign cannot be told, nothing.
    Distribution starting(const ProjectionDescription& p) const {
        if (!p.tie) return p.weight;
        const ProjectionDescription* to = projection(p.tie->to);
        if (to == nullptr || to->tie || p.tie->scale == 0.0) return {};
        Distribution copied = to->weight;
        const double positive = share_above(copied, 0.0);
        const double negative = share_below(copied, 0.0);
        if (p.tie->part != TieDescription::Part::whole) {
            const bool some = (p.tie->part == TieDescription::Part::plus ? positive : negative) > 0.0;
            copied = {Distribution::Kind::constant, some || to->plasticity ? 1.0 : 0.0, 0.0};
        } else if (p.tie->mean != TieDescription::Mean::none && positive < nearly_all &&
                   negative < nearly_all) {
            return {};
        }
        return p.tie->scale > 0.0 ? copied : mirrored(copied);
    }

    void check_signs(const ProjectionDescription& p, const PortInfo& port, bool bursts) {
        const std::string place = "projection." + p.name;
        const std::string of_weights = place + (p.tie ? ".tie.scale" : ".weight");
        const Distribution weight = starting(p);
        const Signs at_first = signs_of_release(p, bursts);
        const Signs signs = with_steps(at_first, p.gain_steps);
        if (!port.conducts) {
            if (signs.only() != 0)
                check_current(of_weights, port, signs.only() > 0 ? weight : mirrored(weight));
            return;
        }
        const auto negative_share = [&](const Signs& s) {
            return std::max(s.positive ? share_below(weight, 0.0) : 0.0,
                            s.negative ? share_above(weight, 0.0) : 0.0);
        };
        const bool constant = weight.kind == Distribution::Kind::constant;
        const double share = negative_share(signs);
        const bool by_steps = share > negative_share(at_first);
        const bool by_release = !by_steps && share > negative_share({.positive = true});
        check_conductance(by_steps     ? place + ".gain_steps.values"
                          : by_release ? place + ".release"
                                       : of_weights,
                          port, share, constant,
                          by_steps                          ? "with these factors "
                          : by_release && at_first.positive ? "at some spikes "
                                                            : "");
        const bool something = share_below(weight, 0.0) + share_above(weight, 0.0) > 0.0;
        if (signs.mixed && something) {
            warn(
                place + ".release", "E0209",
                fmt::format("what the terms release onto '{}' adds up to less than 0 at some spikes, or may, "
                            "and a conductance is not negative",
                            port.name));
        }
    }

    /// Weights that arrive as they are.
    void check_sign(const std::string& place, const PortInfo& port, const Distribution& weight) {
        if (port.conducts) {
            check_conductance(place, port, share_below(weight, 0.0),
                              weight.kind == Distribution::Kind::constant);
        } else {
            check_current(place, port, weight);
        }
    }

    void check_conductance(const std::string& place, const PortInfo& port, double negative, bool constant,
                           std::string_view cause = {}) {
        if (negative == 0.0) return;
        std::string message =
            fmt::format("{}{} of the weights on '{}' {} negative, and a conductance is not: {}", cause,
                        percent(negative), port.name, negative > nearly_all ? "are" : "would be",
                        port.inhibits ? "a positive one inhibits here" : "inhibition has a port of its own");
        found_.push_back(
            {constant ? Severity::error : Severity::warning, place, "E0209", std::move(message), {}});
    }

    void check_current(const std::string& place, const PortInfo& port, const Distribution& weight) {
        if (port.sign < 0 && share_above(weight, 0.0) > nearly_all) {
            warn(place, "E0209",
                 fmt::format("a positive weight on '{}' excites: it is a current, which inhibits if negative",
                             port.name));
        }
        if (port.sign > 0 && share_below(weight, 0.0) > nearly_all) {
            warn(place, "E0209",
                 fmt::format("a negative weight on '{}' inhibits: it is a current, which excites if positive",
                             port.name));
        }
    }

    // --- plasticity

    /// What a rule reads of its target.
    void check_target(const ProjectionDescription& p, const PopulationDescription& target,
                      const ModelInfo& model) {
        const PlasticityDescription& d = *p.plasticity;
        const std::string place = "projection." + p.name + ".plasticity.";
        if (d.rule == "burst_dependent") check_bursts(p, target, model);
        if (d.rule != "dendritic_prediction") return;
        const ModelInfo* rule = catalogue_.find(ModelInfo::Kind::rule, d.rule);
        for (const auto& [own, its] : {std::pair{"E_L", "E_L"}, std::pair{"phi_max", "phi_max"},
                                       std::pair{"k", "k"}, std::pair{"V_half", "V_half"},
                                       std::pair{"slope", "slope"}, std::pair{"tau_syn", "tau_syn_dend"}}) {
            compare(place + own, target, own, value_of(*rule, d.parameters, own), its,
                    value_of(model, target.parameters, its));
        }
        const auto of = [&](const char* name) { return value_of(model, target.parameters, name); };
        if (of("C_m_dend") && of("g_L_dend")) {
            compare(place + "tau_m_dend", target, "tau_m_dend", value_of(*rule, d.parameters, "tau_m_dend"),
                    "C_m_dend/g_L_dend", *of("C_m_dend") / *of("g_L_dend"));
        }
        if (of("g_D") && of("g_L_soma")) {
            compare(place + "attenuation", target, "attenuation",
                    value_of(*rule, d.parameters, "attenuation"), "g_D/(g_D + g_L_soma)",
                    *of("g_D") / (*of("g_D") + *of("g_L_soma")));
        }
    }

    /// The rule's idea of its target and the target.
    void compare(const std::string& place, const PopulationDescription& target, std::string_view own,
                 std::optional<double> believed, std::string_view its, std::optional<double> true_value) {
        constexpr double close = 1e-3;  // a ratio may have been rounded
        if (!believed || !true_value) return;
        if (std::abs(*believed - *true_value) <= close * std::max(std::abs(*believed), std::abs(*true_value)))
            return;
        warn(place, "E0209",
             fmt::format("the rule has {} = {:g}, '{}' has {} = {:g}: it would predict another cell", own,
                         *believed, target.name, its, *true_value));
    }

    void check_bursts(const ProjectionDescription& p, const PopulationDescription& target,
                      const ModelInfo& model) {
        const PlasticityDescription& d = *p.plasticity;
        const std::string place = "projection." + p.name + ".plasticity.";
        if (d.teaching != "sampled") {
            if (model.classifier != Classifier::model) {
                error(place + "teaching", "E0209",
                      fmt::format(
                          "teaching \"{}\" reads the burst probability that a cell states at its events: "
                          "'{}' is a {}, which states none",
                          d.teaching, target.name, model.name));
            } else if (classifier_of(target, model) != Classifier::model) {
                error(place + "teaching", "E0209",
                      fmt::format(
                          "teaching \"{}\" reads the burst probability that a cell states at its own events: "
                          "by the classifier of '{}' other spikes are events too",
                          d.teaching, target.name));
            }
            return;
        }
        if (can_burst(target, model)) return;
        const auto given = [&](const char* name, double neutral) {
            const auto found = d.parameters.find(name);
            return found != d.parameters.end() && found->second != neutral;
        };
        const auto p0 = d.parameters.find("p0");
        const bool never = d.baseline == "fixed" && p0 != d.parameters.end() && p0->second == 0.0 &&
                           !given("r_min", 0.0) && !given("r_max", -1.0);
        if (never) {
            error(place + "p0", "E0210",
                  fmt::format("the weights never change: '{}' never bursts, and p0 is 0", target.name));
        } else {
            warn(place + "rule", "E0210",
                 fmt::format("'{}' never bursts: nothing teaches the weights to grow, events let them shrink",
                             target.name));
        }
    }

    void check_bounds(const ProjectionDescription& p, const PortInfo* port, int sign_of_release) {
        const std::string place = "projection." + p.name;
        WeightBounds bounds{};
        try {
            bounds = weight_bounds(p);
        } catch (const ModelError& contradiction) {
            return error(place + ".plasticity", "E0209", contradiction.what());
        }
        if (bounds.low == bounds.high) {
            error(place + ".plasticity.w_min", "E0210",
                  fmt::format("the weights never change: w_min and w_max are both {}", bounds.low));
            return;
        }
        const std::string range =
            fmt::format("{} to {}", bounds.low > -unbounded ? fmt::format("w_min = {}", bounds.low) : "any",
                        bounds.high < unbounded ? fmt::format("w_max = {}", bounds.high) : "any");
        const double outside = share_below(p.weight, bounds.low) + share_above(p.weight, bounds.high);
        if (outside > 0.0 && p.weight.kind == Distribution::Kind::constant) {
            error(place + ".weight", "E0209",
                  fmt::format("the weight {} is outside the bounds of its rule, {}", p.weight.a, range));
        } else if (outside > least_share) {
            warn(place + ".weight", "E0209",
                 fmt::format(
                     "{} of the weights drawn are outside the bounds of their rule, {}, and start there",
                     percent(outside), range));
        }
        if (port != nullptr && port->conducts && bounds.low < 0.0 && sign_of_release > 0) {
            warn(place + ".plasticity.w_min", "E0209",
                 fmt::format("weights on '{}' are conductances and may become negative: w_min is {}",
                             port->name,
                             bounds.low > -unbounded ? fmt::format("{}", bounds.low) : "not given"));
        }
    }

    /// Steps of a rule that are nothing, or too small for weights in single precision.
    void check_rates(const ProjectionDescription& p) {
        const PlasticityDescription& d = *p.plasticity;
        const ModelInfo* rule = catalogue_.find(ModelInfo::Kind::rule, d.rule);
        if (rule == nullptr) return;
        const std::string place = "projection." + p.name + ".plasticity.";
        double largest = 0.0;
        std::string name;
        for (const char* rate : {"A_plus", "A_minus", "eta", "A2_plus", "A3_plus", "A2_minus", "A3_minus"}) {
            const auto value = value_of(*rule, d.parameters, rate);
            if (!value) continue;
            if (name.empty()) name = rate;
            if (std::abs(*value) <= largest) continue;
            largest = std::abs(*value);
            name = rate;
        }
        if (name.empty()) return;
        if (largest == 0.0) {
            warn(place + name, "E0210", "the weights never change: the rule's rates of learning are 0");
            return;
        }
        const bool weightless = p.weight.kind == Distribution::Kind::constant && p.weight.a == 0.0;
        const double mu_plus = value_of(*rule, d.parameters, "mu_plus").value_or(0.0);
        const double A_minus = value_of(*rule, d.parameters, "A_minus").value_or(0.0);
        if (weightless && mu_plus > 0.0 && A_minus >= 0.0) {
            error(
                "projection." + p.name + ".weight", "E0210",
                "the weights never change: they are 0, and potentiation is in proportion to a power of them");
            return;
        }
        if (d.rule == "dendritic_prediction") return;  // its steps are not of the size of eta
        const double size = typical(p.weight);
        const double mu_minus = value_of(*rule, d.parameters, "mu_minus").value_or(0.0);
        const double power = std::pow(std::abs(size), name == "A_minus" ? mu_minus : mu_plus);
        const auto kept = static_cast<float>(std::abs(size));
        const double step = double{std::nextafter(kept, std::numeric_limits<float>::max())} - double{kept};
        if (largest * power < 0.5 * step) {
            warn(place + name, "E0210",
                 fmt::format("changes of {:.6g} are lost: weights are kept in single precision, which near "
                             "{:.6g} has steps of {:.1g}",
                             largest * power, size, step));
        }
    }

    static constexpr double unbounded = std::numeric_limits<double>::max();
    static constexpr double least_share = 1e-9;  // of drawn weights that is told
    static constexpr double nearly_all = 0.999;

    const NetworkDescription& d_;
    const Catalogue& catalogue_;
    std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> check_fit(const NetworkDescription& description, const Catalogue& catalogue) {
    return Checker(description, catalogue).check();
}

}  // namespace apical
