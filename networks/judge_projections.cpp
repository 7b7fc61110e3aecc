#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "networks/connect.hpp"
#include "networks/findings.hpp"
#include "networks/shares.hpp"

namespace apical {
namespace {

/// [ms] Of a gate's own detector; 0 if it has none.
double lag_of(const ReleaseTerm& term) {
    const auto lag = term.parameters.find("lag");
    return lag != term.parameters.end() ? lag->second : 0.0;
}

bool is_zero(const Distribution& d) { return share_below(d, 0.0) + share_above(d, 0.0) == 0.0; }

class ProjectionJudge {
public:
    ProjectionJudge(const NetworkDescription& d, Findings& findings) : d_(d), findings_(findings) {}

    void judge(const ProjectionDescription& p) {
        const PopulationDescription* source = find_population(d_, p.source);
        const PopulationDescription* target = find_population(d_, p.target);
        if (source == nullptr || target == nullptr) return;
        const ModelInfo* from = catalogue().cell(source->model);
        const ModelInfo* to = catalogue().cell(target->model);
        if (from == nullptr || to == nullptr) return;
        const std::string place = "projection." + p.name;
        if (const auto wrong = connection_problem(p.connect, ends_of(p, source->size, target->size)))
            findings_.error(fmt::format("{}.connect.{}", place, wrong->key), "E0209", wrong->message,
                            std::string(wrong->help));
        if (to->ports.empty()) {
            return findings_.error(
                place + ".target", "E0210",
                fmt::format("the projection has no effect: '{}' is a {}, which receives nothing", p.target,
                            to->name));
        }
        using Limits = std::numeric_limits<float>;
        if (!p.tie) judge_distribution(place + ".weight", p.weight, Limits::min(), Limits::max(), findings_);
        check_terms(p);
        judge_steps(place + ".gain_steps", p.gain_steps.times, p.gain_steps.values, d_.duration, findings_);
        if (are_all(p.gain_steps.values, 1.0)) {
            findings_.warn(place + ".gain_steps.values", "E0210",
                           "the factor has no effect: it is 1 at first, too");
        }
        if (p.delay >= d_.duration) {
            findings_.warn(place + ".delay", "E0210",
                           fmt::format("nothing arrives: the delay is {} ms, and the run ends at {} ms",
                                       p.delay, d_.duration));
        }
        const bool bursts = can_burst(*source, *from);
        if (!check_gates(p, *source, bursts)) check_releases(p, bursts);
        check_weightless(p);
        if (p.tie) check_tie(p, *source, *target);
        const PortInfo* port = to->port(p.port);
        if (port != nullptr) check_signs(p, *port, bursts);
        if (port != nullptr && port->level) {
            findings_.warn(
                place + ".port", "E0209",
                fmt::format(
                    "what arrives on '{}' stays, and spikes add up on it for good: it is meant for steps, "
                    "sines and drives",
                    port->name));
        }
        if (!p.plasticity) return;
        check_detectors(p);
        judge_plasticity(d_, p, *target, signs_of_release(p, bursts).only(), findings_);
    }

private:
    /// What each term of the release is, by itself and beside the others.
    void check_terms(const ProjectionDescription& p) {
        const std::string place = "projection." + p.name;
        for (std::size_t i = 0; i < p.release.size(); ++i) {
            const ReleaseTerm& term = p.release[i];
            const std::vector<std::string> places{fmt::format("{}.release.{}", place, i),
                                                  place + ".short_term"};
            const bool each_synapse = term.state == ReleaseTerm::State::synapse;
            if (each_synapse && (p.release.size() > 1 || term.gain != 1.0 || p.plasticity || p.tie)) {
                findings_.add(
                    {Severity::error, places, "E0209",
                     "short-term plasticity with a state in each synapse excludes other terms, a gain, "
                     "plasticity and tie"});
            }
            if (each_synapse &&
                (term.variant == "all" || term.variant == "event" || term.variant == "burst")) {
                findings_.add(
                    {Severity::error, places, "E0209",
                     fmt::format("'{}' lets spikes pass and has no state, so that none can be in each "
                                 "synapse",
                                 term.variant)});
            }
            if (const ModelInfo* model = catalogue().find(ModelInfo::Kind::short_term, term.variant))
                judge_parameters(places, *model, term.parameters, findings_);
            if (term.gain == 0.0) {
                findings_.warn(places.front() + ".gain", "E0210",
                               fmt::format("the term \"{}\" releases nothing: its gain is 0", term.variant));
            }
        }
    }

    /// Says whether gates for bursts are all that there is, and no burst comes.
    bool check_gates(const ProjectionDescription& p, const PopulationDescription& source, bool bursts) {
        const bool shut = !p.release.empty() && !bursts &&
                          std::all_of(p.release.begin(), p.release.end(), [](const ReleaseTerm& term) {
                              return term.variant == "burst" && lag_of(term) == 0.0;
                          });
        if (shut) {
            findings_.warn(
                "projection." + p.name + ".source", "E0210",
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
                findings_.warn("projection." + p.name + ".release", "E0210",
                               "the terms release nothing: they add up to 0");
            return;
        }
        const GainSteps& steps = p.gain_steps;
        if (!steps.times.empty() && steps.times.front() <= 0.0 && are_all(steps.values, 0.0)) {
            findings_.warn(
                "projection." + p.name + ".gain_steps.values", "E0210",
                "the projection has no effect: the factor on what it releases is 0 from the start");
        }
    }

    void check_weightless(const ProjectionDescription& p) {
        const std::string place = "projection." + p.name;
        if (!p.tie) {
            if (is_zero(p.weight) && !p.plasticity)
                findings_.warn(place + ".weight", "E0210",
                               "the projection has no effect: its weights are 0, and do not learn");
            return;
        }
        const ProjectionDescription* to = projection(p.tie->to);
        if (p.tie->scale == 0.0) {
            findings_.warn(place + ".tie.scale", "E0210", "the projection has no effect: scale is 0");
        } else if (to != nullptr && !to->tie && p.tie->mean == TieDescription::Mean::none) {
            using Part = TieDescription::Part;
            const bool none = p.tie->part == Part::plus    ? share_above(to->weight, 0.0) == 0.0
                              : p.tie->part == Part::minus ? share_below(to->weight, 0.0) == 0.0
                                                           : is_zero(to->weight);
            if (none)
                findings_.warn(
                    place + ".tie." + (p.tie->part == Part::whole ? "to" : "part"), "E0210",
                    fmt::format("the projection has no effect: '{}' has no such weights at the start",
                                to->name));
        }
    }

    /// A rule sees spikes as one detector has them.
    void check_detectors(const ProjectionDescription& p) {
        std::optional<double> first;
        for (std::size_t i = 0; i < p.release.size(); ++i) {
            const double lag = lag_of(p.release[i]);
            if (lag == 0.0) continue;
            if (first && lag != *first) {
                findings_.error(
                    fmt::format("projection.{}.release.{}.lag", p.name, i), "E0209",
                    fmt::format("gates with lags of {} and {} ms take other spikes for events, and the rule "
                                "goes by one of them: split the projection",
                                *first, lag));
            }
            first = lag;
        }
    }

    /// The one whose weights are copied.
    void check_tie(const ProjectionDescription& p, const PopulationDescription& source,
                   const PopulationDescription& target) {
        const std::string place = "projection." + p.name + ".tie";
        const ProjectionDescription* to = projection(p.tie->to);
        if (to == nullptr) return;
        if (to == &p) return findings_.error(place + ".to", "E0209", "a projection cannot be tied to itself");
        if (to->tie) {
            findings_.error(place + ".to", "E0209",
                            fmt::format("'{}' is itself tied: name the original", to->name));
        }
        if (to->plasticity) {
            findings_.warn(
                place + ".to", "E0210",
                fmt::format("'{}' learns, and '{}' does not follow it: tied weights are copied once, at "
                            "the start of the run",
                            to->name, p.name));
        }
        if (p.tie->mean == TieDescription::Mean::none) {
            check_counterparts(p, source, target, *to);
        } else {
            check_mean(p, source, *to);
        }
    }

    /// Means are taken for each target over whatever it projects to.
    void check_mean(const ProjectionDescription& p, const PopulationDescription& source,
                    const ProjectionDescription& to) {
        const std::string place = "projection." + p.name + ".tie";
        if (to.source != p.target) {
            findings_.error(place + ".mean", "E0209",
                            fmt::format("'{}' runs from {}: means are taken of one that runs back, from {}",
                                        to.name, to.source, p.target));
        }
        const PopulationDescription* averaged = find_population(d_, to.target);
        const Index blocks = p.tie->blocks;
        if (averaged == nullptr || (blocks != 0 && source.size % blocks == 0 && averaged->size % blocks == 0))
            return;
        findings_.error(place + ".blocks", "E0209",
                        fmt::format("{} blocks do not divide both the {} neurons of '{}' and the {} of '{}'",
                                    blocks, source.size, source.name, averaged->size, averaged->name));
    }

    /// Each synapse takes the weight of one that must be there.
    void check_counterparts(const ProjectionDescription& p, const PopulationDescription& source,
                            const PopulationDescription& target, const ProjectionDescription& to) {
        const std::string place = "projection." + p.name + ".tie";
        const PopulationDescription* from = find_population(d_, to.source);
        const PopulationDescription* onto = find_population(d_, to.target);
        if (from == nullptr || onto == nullptr) return;
        const bool against = to.source == p.target && to.target == p.source;
        const bool of_equal_sizes = from->size == source.size && onto->size == target.size;
        if (!against && !of_equal_sizes) {
            return findings_.error(place + ".to", "E0209",
                                   fmt::format("'{}' connects {} to {}: neither this pair nor its reverse",
                                               to.name, to.source, to.target));
        }
        const Index own = blocks_between(p.connect, ends_of(p, source.size, target.size));
        const Index others = blocks_between(to.connect, ends_of(to, from->size, onto->size));
        const bool within_blocks = others == 1 || (others != 0 && own != 0 && own % others == 0);
        const bool itself = p.source == p.target && p.connect.autapses && !to.connect.autapses;
        if (within_blocks && !itself) return;
        findings_.error(
            place + ".to", "E0209",
            fmt::format(
                "'{}' does not have all synapses of '{}', whose weights are to be copies of its: their "
                "tables connect differ, or are drawn",
                to.name, p.name));
    }

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
                judge_current(of_weights, port, signs.only() > 0 ? weight : mirrored(weight), findings_);
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
        judge_conductance(by_steps     ? place + ".gain_steps.values"
                          : by_release ? place + ".release"
                                       : of_weights,
                          port, share, constant,
                          by_steps                          ? "with these factors "
                          : by_release && at_first.positive ? "at some spikes "
                                                            : "",
                          findings_);
        const bool something = share_below(weight, 0.0) + share_above(weight, 0.0) > 0.0;
        if (signs.mixed && something) {
            findings_.warn(
                place + ".release", "E0209",
                fmt::format("what the terms release onto '{}' adds up to less than 0 at some spikes, or may, "
                            "and a conductance is not negative",
                            port.name));
        }
    }

    const NetworkDescription& d_;
    Findings& findings_;
};

}  // namespace

void judge_projections(const NetworkDescription& description, Findings& findings) {
    ProjectionJudge judge(description, findings);
    for (const ProjectionDescription& p : description.projections) judge.judge(p);
}

void judge_conductance(const std::string& place, const PortInfo& port, double negative, bool constant,
                       std::string_view cause, Findings& findings) {
    if (negative == 0.0) return;
    std::string message =
        fmt::format("{}{} of the weights on '{}' {} negative, and a conductance is not: {}", cause,
                    percent(negative), port.name, negative > nearly_all ? "are" : "would be",
                    port.inhibits ? "a positive one inhibits here" : "inhibition has a port of its own");
    findings.add({constant ? Severity::error : Severity::warning, {place}, "E0209", std::move(message)});
}

void judge_current(const std::string& place, const PortInfo& port, const Distribution& weight,
                   Findings& findings) {
    if (port.sign < 0 && share_above(weight, 0.0) > nearly_all) {
        findings.warn(
            place, "E0209",
            fmt::format("a positive weight on '{}' excites: it is a current, which inhibits if negative",
                        port.name));
    }
    if (port.sign > 0 && share_below(weight, 0.0) > nearly_all) {
        findings.warn(
            place, "E0209",
            fmt::format("a negative weight on '{}' inhibits: it is a current, which excites if positive",
                        port.name));
    }
}

}  // namespace apical
