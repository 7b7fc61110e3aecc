#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "networks/findings.hpp"
#include "networks/rules.hpp"
#include "networks/shares.hpp"

namespace apical {
namespace {

class PlasticityJudge {
public:
    PlasticityJudge(const NetworkDescription& d, Findings& findings) : d_(d), findings_(findings) {}

    void judge(const ProjectionDescription& p, const PopulationDescription& target, const ModelInfo& model,
               int sign) {
        const PlasticityDescription& plasticity = *p.plasticity;
        const std::string place = "projection." + p.name + ".plasticity";
        const ModelInfo* rule = catalogue().find(ModelInfo::Kind::rule, plasticity.rule);
        if (rule == nullptr) return;
        const bool right = judge_parameters({place}, *rule, plasticity.parameters, findings_);
        if (plasticity.teaching == "potential" && plasticity.baseline != "fixed") {
            findings_.error(place + ".baseline", "E0209",
                            R"(teaching "potential" goes with baseline "fixed" only)");
        }
        judge_span(place, plasticity.from, plasticity.until, "the weights do not learn", d_.duration,
                   findings_);
        if (plasticity.back_delay.value_or(p.delay) >= d_.duration) {
            findings_.warn(place + ".back_delay", "E0210",
                           "no spike of the target is seen: back_delay is as long as the run");
        }
        check_target(p, target, model);
        if (!right) return;  // bounds and rates are of a rule that can be
        check_bounds(p, model.port(p.port), sign);
        check_rates(p);
    }

private:
    /// What a rule reads of its target.
    void check_target(const ProjectionDescription& p, const PopulationDescription& target,
                      const ModelInfo& model) {
        const PlasticityDescription& d = *p.plasticity;
        const std::string place = "projection." + p.name + ".plasticity.";
        if (d.rule == "burst_dependent") check_bursts(p, target, model);
        if (d.rule != "dendritic_prediction") return;
        const ModelInfo* rule = catalogue().find(ModelInfo::Kind::rule, d.rule);
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
        findings_.warn(
            place, "E0209",
            fmt::format("the rule has {} = {:g}, '{}' has {} = {:g}: it would predict another cell", own,
                        *believed, target.name, its, *true_value));
    }

    void check_bursts(const ProjectionDescription& p, const PopulationDescription& target,
                      const ModelInfo& model) {
        const PlasticityDescription& d = *p.plasticity;
        const std::string place = "projection." + p.name + ".plasticity.";
        if (d.teaching != "sampled") {
            if (model.classifier != Classifier::model) {
                findings_.error(
                    place + "teaching", "E0209",
                    fmt::format(
                        "teaching \"{}\" reads the burst probability that a cell states at its events: "
                        "'{}' is a {}, which states none",
                        d.teaching, target.name, model.name));
            } else if (classifier_of(target, model) != Classifier::model) {
                findings_.error(
                    place + "teaching", "E0209",
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
            findings_.error(
                place + "p0", "E0210",
                fmt::format("the weights never change: '{}' never bursts, and p0 is 0", target.name));
        } else {
            findings_.warn(
                place + "rule", "E0210",
                fmt::format("'{}' never bursts: nothing teaches the weights to grow, events let them shrink",
                            target.name));
        }
    }

    void check_bounds(const ProjectionDescription& p, const PortInfo* port, int sign_of_release) {
        const std::string place = "projection." + p.name;
        WeightBounds bounds{};
        try {
            bounds = weight_bounds(p);
        } catch (const Error& contradiction) {
            return findings_.error(place + ".plasticity", "E0209", contradiction.what());
        }
        if (bounds.low == bounds.high) {
            findings_.error(place + ".plasticity.w_min", "E0210",
                            fmt::format("the weights never change: w_min and w_max are both {}", bounds.low));
            return;
        }
        const std::string range =
            fmt::format("{} to {}", bounds.low > -unbounded ? fmt::format("w_min = {}", bounds.low) : "any",
                        bounds.high < unbounded ? fmt::format("w_max = {}", bounds.high) : "any");
        const double outside = share_below(p.weight, bounds.low) + share_above(p.weight, bounds.high);
        if (outside > 0.0 && p.weight.kind == Distribution::Kind::constant) {
            findings_.error(
                place + ".weight", "E0209",
                fmt::format("the weight {} is outside the bounds of its rule, {}", p.weight.a, range));
        } else if (outside > least_share) {
            findings_.warn(
                place + ".weight", "E0209",
                fmt::format(
                    "{} of the weights drawn are outside the bounds of their rule, {}, and start there",
                    percent(outside), range));
        }
        if (port != nullptr && port->conducts && bounds.low < 0.0 && sign_of_release > 0) {
            findings_.warn(
                place + ".plasticity.w_min", "E0209",
                fmt::format("weights on '{}' are conductances and may become negative: w_min is {}",
                            port->name,
                            bounds.low > -unbounded ? fmt::format("{}", bounds.low) : "not given"));
        }
    }

    /// Steps of a rule that are nothing, or too small for weights in single precision.
    void check_rates(const ProjectionDescription& p) {
        const PlasticityDescription& d = *p.plasticity;
        const ModelInfo* rule = catalogue().find(ModelInfo::Kind::rule, d.rule);
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
            findings_.warn(place + name, "E0210",
                           "the weights never change: the rule's rates of learning are 0");
            return;
        }
        const bool weightless = p.weight.kind == Distribution::Kind::constant && p.weight.a == 0.0;
        const double mu_plus = value_of(*rule, d.parameters, "mu_plus").value_or(0.0);
        const double A_minus = value_of(*rule, d.parameters, "A_minus").value_or(0.0);
        if (weightless && mu_plus > 0.0 && A_minus >= 0.0) {
            findings_.error(
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
            findings_.warn(
                place + name, "E0210",
                fmt::format("changes of {:.6g} are lost: weights are kept in single precision, which near "
                            "{:.6g} has steps of {:.1g}",
                            largest * power, size, step));
        }
    }

    static constexpr double unbounded = std::numeric_limits<double>::max();
    static constexpr double least_share = 1e-9;  // of drawn weights that is told

    const NetworkDescription& d_;
    Findings& findings_;
};

}  // namespace

void judge_plasticity(const NetworkDescription& description, const ProjectionDescription& projection,
                      const PopulationDescription& target, int sign, Findings& findings) {
    const ModelInfo* model = catalogue().cell(target.model);
    if (model != nullptr) PlasticityJudge(description, findings).judge(projection, target, *model, sign);
}

}  // namespace apical
