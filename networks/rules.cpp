#include "networks/rules.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/error.hpp"
#include "networks/models.hpp"
#include "simulator/following_learning.hpp"
#include "simulator/spike_learning.hpp"

namespace apical {
namespace {

/// Of what is drawn, the middle.
bool starts_negative(const Distribution& weight) {
    return weight.kind == Distribution::Kind::uniform ? weight.a + weight.b < 0.0 : weight.a < 0.0;
}

/// The defaults of bounds that keep the sign of weights: for weights that are negative, because they start so
/// or because w_max is, anything but positive.
template <class Rule>
void open_below(Rule& rule, const ProjectionDescription& p) {
    const Parameters& given = p.plasticity->parameters;
    const auto low = given.find("w_min");
    const auto high = given.find("w_max");
    if (!starts_negative(p.weight) && (high == given.end() || high->second >= 0.0)) return;
    rule.w_min = -std::numeric_limits<double>::max();
    if (low == given.end() || low->second < 0.0) rule.w_max = 0.0;
}

/// Calls `visit` with the rule of `p` and its parameters; not at all if there is none.
template <class Visit>
void with_rule(const ProjectionDescription& p, Visit visit) {
    const PlasticityDescription& plasticity = *p.plasticity;
    for_each_rule([&]<class Rule>(std::string_view rule, std::string_view teaching, std::string_view baseline,
                                  const Rule& defaults) {
        if (rule != plasticity.rule) return;
        if (!teaching.empty() && (teaching != plasticity.teaching || baseline != plasticity.baseline)) return;
        Rule chosen = defaults;
        if constexpr (requires { Rule::keeps_sign; }) open_below(chosen, p);
        chosen = with_parameters(chosen, plasticity.parameters, "plasticity of " + p.name);
        if constexpr (requires { chosen.low_rate; }) {
            const auto found = std::find(Rule::low_rates.begin(), Rule::low_rates.end(), plasticity.low_rate);
            if (found == Rule::low_rates.end()) return;
            chosen.low_rate = static_cast<LowRate>(found - Rule::low_rates.begin());
        }
        visit(chosen);
    });
}

}  // namespace

bool learns_dense(const ProjectionDescription& p) {
    bool learns = false;
    with_rule(p, [&]<class Rule>(const Rule&) { learns = PlasticityRule<Rule>; });
    return learns;
}

std::string_view followed_by(const ProjectionDescription& p) {
    std::string_view followed;
    with_rule(p, [&]<class Rule>(const Rule&) {
        if constexpr (FollowingRule<Rule>) followed = Rule::followed;
    });
    return followed;
}

WeightBounds weight_bounds(const ProjectionDescription& p) {
    WeightBounds bounds{-std::numeric_limits<double>::max(), std::numeric_limits<double>::max()};
    with_rule(p, [&]<class Rule>(const Rule& rule) { bounds = {rule.w_min, rule.w_max}; });
    return bounds;
}

std::unique_ptr<Learning> make_learning(const ProjectionDescription& p, Table& table, Index targets) {
    const Duration back_delay = ticks(p.plasticity->back_delay.value_or(p.delay));
    std::unique_ptr<Learning> made;
    with_rule(p, [&]<class Rule>(const Rule& rule) {
        if constexpr (FollowingRule<Rule>) {
            made = std::make_unique<FollowingLearning<Rule>>(rule, table, targets, back_delay);
        } else {
            if (p.plasticity->deferred && rule.learns_at_arrival())
                throw ConfigError(fmt::format(
                    "projection {}: a rule that learns at spikes of the source cannot defer expression",
                    p.name));
            made = std::make_unique<SpikeLearning<Rule>>(rule, table, targets, back_delay,
                                                         p.plasticity->deferred);
        }
    });
    if (made && p.plasticity->deferred && !table.dense())
        throw ConfigError(fmt::format("projection {}: only matrices learn with deferred expression", p.name));
    if (made) return made;
    throw ConfigError(fmt::format(
        "projection {}: there is no rule '{}' with teaching '{}', baseline '{}' and "
        "low_rate '{}'",
        p.name, p.plasticity->rule, p.plasticity->teaching, p.plasticity->baseline, p.plasticity->low_rate));
}

}  // namespace apical
