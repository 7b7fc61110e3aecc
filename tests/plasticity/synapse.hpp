#pragma once

#include <cmath>

#include "plasticity/rule.hpp"

namespace apical {

/// One plastic synapse, driven by hand: spikes of its source and its target in the order in which it sees
/// them.
template <PlasticityRule Rule>
struct Synapse {
    Rule rule;
    double w = 0.0;
    typename Rule::Source source{};
    typename Rule::Target target = rule.start();
    double x = 0.0;  ///< trace of the source, just after its last spike
    double y = rule.target_start();
    double last_of_source = 0.0;  ///< [ms] or the start
    double last_of_target = 0.0;

    void source_spikes(double time, SpikeKind kind = SpikeKind::event) {
        const double factor = rule.arrive(source, time - last_of_source, kind);
        const double seen = y * std::exp(-(time - last_of_target) / rule.target_decay());
        if (factor != 0.0)
            rule.changes_at_arrival([&](const auto& changed) { w = changed(w, seen, factor); });
        x = x * std::exp(-(time - last_of_source) / rule.source_decay()) + rule.source_jump(kind);
        last_of_source = time;
    }

    /// Returns the factor.
    double target_spikes(double time, SpikeKind kind = SpikeKind::event, double mark = no_mark) {
        const double factor = rule.fire(target, time - last_of_target, kind, mark);
        const double seen = x * std::exp(-(time - last_of_source) / rule.source_decay());
        if (factor != 0.0) rule.changes_at_fire([&](const auto& changed) { w = changed(w, seen, factor); });
        y = y * std::exp(-(time - last_of_target) / rule.target_decay()) + rule.target_jump(kind);
        last_of_target = time;
        return factor;
    }
};

}  // namespace apical
