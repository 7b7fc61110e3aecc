#include "networks/catalogue.hpp"

#include <algorithm>
#include <cmath>

#include "networks/models.hpp"
#include "synapses/release.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {
namespace {

template <class Model>
std::vector<FieldInfo> fields_of(const Model& defaults) {
    std::vector<FieldInfo> fields;
    for (const auto& f : Model::fields) {
        fields.push_back({std::string(f.name), std::string(f.unit), std::string(f.meaning), f.range,
                          defaults.*(f.member)});
    }
    return fields;
}

template <class Model>
std::function<std::optional<std::string>(const Parameters&)> check_of(const Model& defaults) {
    return [defaults](const Parameters& parameters) -> std::optional<std::string> {
        Model model = defaults;
        for (const auto& f : Model::fields) {
            if (const auto given = parameters.find(std::string(f.name)); given != parameters.end()) {
                model.*(f.member) = given->second;
            }
        }
        // Bounds that are not given follow the sign of the weights, which a rule alone does not know.
        if constexpr (requires { Model::keeps_sign; }) {
            if (!parameters.contains("w_min")) model.w_min = std::min(model.w_min, model.w_max);
        }
        if constexpr (requires { model.check(); }) return model.check();
        return std::nullopt;
    };
}

/// The variants of one struct: each with the parameters that matter to it.
void add_short_term(Catalogue& catalogue) {
    const std::vector<std::pair<std::string, std::string>> variants = {
        {"tm", "u jumps by U (1 - u) after the release, recovery begins at once"},
        {"etm", "the same with a free jump f (1 - u)"},
        {"tm3", "resources stay active for tau_psc before they recover"},
        {"mongillo", "u jumps before the release"}};
    for (const auto& [name, summary] : variants) {
        ModelInfo info;
        info.name = name;
        info.kind = ModelInfo::Kind::short_term;
        info.summary = summary;
        info.equations =
            "a spike releases r = u x, which multiplies the weight;  x -> x - r,  u -> u + U (1 - u)  (etm: "
            "f (1 - u))\n"
            "between spikes u decays to U with tau_fac and x recovers to 1 with tau_rec\n"
            "Tsodyks & Markram (1997), PNAS 94:719; Tsodyks, Pawelzik & Markram (1998), Neural Computation "
            "10:821";
        for (FieldInfo& field : fields_of(TsodyksMarkram{})) {
            const bool foreign =
                (field.name == "f" && name != "etm") || (field.name == "tau_psc" && name != "tm3");
            if (!foreign) info.fields.push_back(std::move(field));
        }
        catalogue.models.push_back(std::move(info));
    }
    for (const auto& [name, summary] :
         {std::pair{"event", "events release 1, other spikes nothing"},
          std::pair{"burst", "second spikes of bursts release 1, others nothing"}}) {
        ModelInfo info;
        info.name = name;
        info.kind = ModelInfo::Kind::short_term;
        info.summary = summary;
        info.equations =
            "with a lag: a trace of the spikes older than that tells events from bursts, at 1/e; the "
            "projection's "
            "rule goes by\nit too, whatever the gain";
        info.fields = fields_of(Gate{});
        catalogue.models.push_back(std::move(info));
    }
}

Catalogue make() {
    Catalogue catalogue;
    for_each_neuron_model([&]<class Model>(std::string_view name, const Model& defaults) {
        ModelInfo info;
        info.name = name;
        info.kind = ModelInfo::Kind::neuron;
        info.summary = Model::summary;
        info.equations = Model::equations;
        info.fields = fields_of(defaults);
        for (const Port& port : Model::ports)
            info.ports.push_back({std::string(port.name), std::string(port.unit), port.level, port.inhibits,
                                  port.conducts, port.sign});
        info.variables.assign(Model::variables.begin(), Model::variables.end());
        info.classifier = Model::classifier;
        info.check = check_of(defaults);
        catalogue.models.push_back(std::move(info));
    });
    for_each_source_model([&]<class Source>(std::string_view name, const Source& defaults) {
        ModelInfo info;
        info.name = name;
        info.kind = ModelInfo::Kind::source;
        info.summary = Source::summary;
        info.fields = fields_of(defaults);
        info.check = check_of(defaults);
        catalogue.models.push_back(std::move(info));
    });
    catalogue.models.push_back({.name = "spike_train",
                                .kind = ModelInfo::Kind::source,
                                .summary = "spikes at given times",
                                .equations = {},
                                .fields = {},
                                .ports = {},
                                .variables = {},
                                .options = {}});
    for_each_rule([&]<class Rule>(std::string_view name, std::string_view teaching, std::string_view,
                                  const Rule& defaults) {
        // The fullest form of a rule stands for all of them.
        if (const ModelInfo* known = catalogue.find(ModelInfo::Kind::rule, name)) {
            if (known->fields.size() >= Rule::fields.size()) return;
            std::erase_if(catalogue.models, [&](const ModelInfo& m) { return &m == known; });
        }
        ModelInfo info;
        info.name = name;
        info.kind = ModelInfo::Kind::rule;
        info.summary = Rule::summary;
        info.equations = Rule::equations;
        info.fields = fields_of(defaults);
        if constexpr (requires { Rule::keeps_sign; }) {
            for (FieldInfo& field : info.fields) {
                if (field.name == "w_min" || field.name == "w_max")
                    field.default_value = std::numeric_limits<double>::quiet_NaN();
            }
        }
        info.check = check_of(defaults);
        if (!teaching.empty()) {
            info.options = {
                {"teaching",
                 "what an event teaches",
                 {{"sampled", "-P at an event, +1 at the second spike of a burst"},
                  {"variance_reduced", "p - P at an event, p as the cell states it"},
                  {"potential",
                   "logit p - logit p0 at an event: the potential of the dendrite; only with the baseline "
                   "\"fixed\""}}},
                {"baseline",
                 "what the burst probability is compared with",
                 {{"fixed", "P = p0 (BurstCCN)"},
                  {"moving_average", "P is the neuron's own recent burst probability (Burstprop)"}}},
                {"low_rate",
                 "whose rate r_min bounds",
                 {{"spikes", "all spikes, averaged over 30 s"},
                  {"events", "events, averaged over tau_average"}}}};
        }
        catalogue.models.push_back(std::move(info));
    });
    add_short_term(catalogue);
    return catalogue;
}

}  // namespace

const Catalogue& catalogue() {
    static const Catalogue made = make();
    return made;
}

}  // namespace apical
