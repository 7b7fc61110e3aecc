#pragma once

#include "plasticity/rule.hpp"

namespace apical {

/// One plastic synapse, driven by hand: spikes of its source and its target in the order in which it sees
/// them.
template <PlasticityRule Rule>
struct Synapse {
    Rule rule;
    double w = 0.0;
    typename Rule::Pre pre{};
    typename Rule::Post post = at_the_start(rule);
    double last_pre = 0.0;  ///< [ms] or the start
    double last_post = 0.0;

    void source_spikes(double time, SpikeKind kind = SpikeKind::event) {
        if (rule.sees(kind)) w = rule.at_arrival(w, post, time - last_post);
        rule.arrive(pre, time - last_pre, kind);
        last_pre = time;
    }

    static typename Rule::Post at_the_start(const Rule& rule) {
        if constexpr (requires { rule.start(); }) return rule.start();
        return {};
    }

    /// Returns the teaching factor.
    double target_spikes(double time, SpikeKind kind = SpikeKind::event, double mark = no_mark) {
        const double factor = rule.fire(post, time - last_post, kind, mark);
        last_post = time;
        if (factor != 0.0) w = rule.at_fire(w, pre, time - last_pre, factor);
        return factor;
    }
};

}  // namespace apical
