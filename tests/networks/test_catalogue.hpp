#pragma once

#include "networks/catalogue.hpp"

namespace apical {

/// A few models as plain facts: the readers' tests do not depend on the models themselves.
inline Catalogue test_catalogue() {
    using Kind = ModelInfo::Kind;
    ModelInfo lif;
    lif.name = "lif";
    lif.summary = "leaky integrate-and-fire";
    lif.fields = {{"tau_m", "ms", "membrane time constant", positive, 20.0},
                  {"V_th", "mV", "threshold", any, -50.0},
                  {"V_reset", "mV", "reset", any, -65.0},
                  {"t_ref", "ms", "refractory period", not_negative, 2.0}};
    lif.ports = {{"membrane", "mV", false}, {"current", "pA", true}};
    lif.variables = {"V_m", "refractory"};
    lif.check = [](const Parameters& p) -> std::optional<std::string> {
        const auto value = [&](const char* name, double otherwise) {
            return p.count(name) != 0 ? p.at(name) : otherwise;
        };
        if (value("V_reset", -65.0) >= value("V_th", -50.0)) return "V_reset is not below V_th";
        return std::nullopt;
    };
    ModelInfo poisson;
    poisson.name = "poisson";
    poisson.kind = Kind::source;
    poisson.summary = "Poisson source";
    poisson.fields = {{"rate", "Hz", "rate", not_negative, 10.0}};
    ModelInfo train;
    train.name = "spike_train";
    train.kind = Kind::source;
    train.summary = "given spikes";
    ModelInfo tm;
    tm.name = "tm";
    tm.kind = Kind::short_term;
    tm.summary = "Tsodyks-Markram";
    tm.fields = {{"U", "1", "release of a rested synapse", positive_fraction, 0.5},
                 {"f", "1", "jump of u", fraction},
                 {"tau_rec", "ms", "recovery", positive, 800.0},
                 {"tau_fac", "ms", "decay of facilitation", not_negative, 0.0}};
    ModelInfo rule;
    rule.name = "burst_dependent";
    rule.kind = Kind::rule;
    rule.summary = "bursts and events";
    rule.fields = {{"eta", "1", "learning rate", not_negative, 1e-3}};
    rule.options = {
        {"teaching", "what teaches", {{"sampled", "spikes"}, {"variance_reduced", "probabilities"}}},
        {"baseline", "what is expected", {{"fixed", "p0"}, {"moving_average", "recent"}}}};
    return {{lif, poisson, train, tm, rule}};
}

}  // namespace apical
