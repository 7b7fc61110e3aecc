#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/exp.hpp"
#include "core/field.hpp"
#include "core/rounding.hpp"
#include "core/spike.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// Transmits the spikes of one kind: the idealised, infinitely sharp short-term plasticity of the papers. A
/// spike that no term of a projection releases does not reach the targets; plasticity sees every spike.
///
/// What a spike is, the population says. With a `lag` the gate has a detector of its own: a trace of recent
/// spikes, which learns of each only after the lag and decays with 16 ms; a spike that meets the trace at
/// 1/e or more belongs to a burst. Payeur et al. (2021): the presynaptic side of their program.
struct Gate {
    enum class Passes { all, event, burst };
    Passes passes = Passes::all;
    double lag = 0.0;  ///< [ms] of its own detector; 0: as the population has it

    static constexpr std::string_view name = "gate";
    static constexpr auto fields = std::to_array<Field<Gate>>({
        {"lag", &Gate::lag, "ms", "of a detector of its own; 0: as the population has it", not_negative},
    });

    struct State {
        double trace = 0.0;  ///< just after the last spike, without lag
        bool in_burst = false;
    };
    State initial() const { return {}; }

    /// What a spike is, `dt` [ms] after the last one, or after initial().
    SpikeKind classify(State& state, double dt, SpikeKind kind) const {
        constexpr double tau_trace = 16.0;  // [ms]
        if (lag == 0.0) return kind;
        constexpr double hair = ms(rounding);  // times and lag are rounded apart
        const double known =
            (dt >= lag - hair ? state.trace : state.trace - 1.0) * exp((lag - dt) / tau_trace);
        state.trace = state.trace * exp(-dt / tau_trace) + 1.0;
        const bool running = known >= exp(-(tau_trace + hair) / tau_trace);
        const bool second = running && !state.in_burst;
        state.in_burst = running;
        return second ? SpikeKind::burst : running ? SpikeKind::further : SpikeKind::event;
    }

    double release(SpikeKind kind) const {
        const bool open = passes == Passes::all || (passes == Passes::event && kind == SpikeKind::event) ||
                          (passes == Passes::burst && kind == SpikeKind::burst);
        return open ? 1.0 : 0.0;
    }
};

/// What the spikes of one population release down one projection: a sum of terms, each a gain times a
/// mechanism, so that two pathways with the same weights (excitation by facilitating, inhibition by
/// depressing synapses) are one pass over the synapses. The state belongs to the presynaptic neuron; a
/// spike's release is one number for all its synapses.
class Release {
public:
    using Mechanism = std::variant<Gate, TsodyksMarkram>;
    struct Term {
        double gain;
        Mechanism mechanism;
    };

    /// No terms: every spike releases 1. The first spikes come at time zero or later.
    Release(std::vector<Term> terms, Index sources) : last_(sources, Time{}) {
        if (terms.empty()) terms.push_back({1.0, Gate{}});
        for (Term& term : terms) {
            std::visit(
                [&]<class M>(M& mechanism) {
                    paths_.push_back(Path<M>{term.gain, mechanism, {sources, mechanism.initial()}});
                },
                term.mechanism);
        }
    }

    struct Released {
        double amount;
        SpikeKind kind;  ///< what the spike is to the target's plasticity: the last gate's word
    };

    /// Each source's spikes come in order of time.
    Released operator()(const Spike& spike) {
        Released sum{0.0, spike.kind};
        const double dt = ms(spike.time - last_[spike.neuron]);
        last_[spike.neuron] = spike.time;
        for (auto& path : paths_) {
            sum.amount += std::visit(
                [&]<class M>(Path<M>& p) {
                    if constexpr (std::is_same_v<M, Gate>) {
                        sum.kind = p.mechanism.classify(p.states[spike.neuron], dt, spike.kind);
                        return p.gain * p.mechanism.release(sum.kind);
                    } else {
                        return p.gain * p.mechanism.release(p.states[spike.neuron], dt);
                    }
                },
                path);
        }
        return sum;
    }

    /// Starts anew at `now`.
    void reset(Time now) {
        last_.assign(last_.size(), now);
        for (auto& path : paths_) {
            std::visit([](auto& p) { p.states.assign(p.states.size(), p.mechanism.initial()); }, path);
        }
    }

    template <class Archive>
    void persist(Archive& archive) {
        archive("last", std::span(last_));
        for (std::size_t i = 0; i < paths_.size(); ++i) {
            const std::string name = "path_" + std::to_string(i);
            std::visit(
                [&]<class M>(Path<M>& path) {
                    if constexpr (std::is_same_v<M, Gate>) {
                        archive.columns(name, std::span(path.states), "trace", &Gate::State::trace,
                                        "in_burst", &Gate::State::in_burst);
                    } else {
                        archive(name, std::span(path.states));
                    }
                },
                paths_[i]);
        }
    }

private:
    template <class M>
    struct Path {
        double gain;
        M mechanism;
        std::vector<typename M::State> states;
    };
    std::vector<std::variant<Path<Gate>, Path<TsodyksMarkram>>> paths_;
    std::vector<Time> last_;  ///< spike of each source, or the start
};

}  // namespace apical
