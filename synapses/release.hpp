#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "core/spike.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// Transmits the spikes of one kind: the idealised, infinitely sharp short-term plasticity of the papers. A
/// spike that no term of a projection releases does not arrive: neither targets nor plasticity see it.
struct Gate {
    enum class Passes { all, event, burst };
    Passes passes = Passes::all;

    struct State {};
    State initial() const { return {}; }
    double release(State&, SpikeKind kind) const {
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

    /// No terms: every spike releases 1.
    Release(std::vector<Term> terms, Index sources) : last_(sources, never) {
        if (terms.empty()) terms.push_back({1.0, Gate{}});
        for (Term& term : terms) {
            std::visit(
                [&]<class M>(M& mechanism) {
                    paths_.push_back(Path<M>{term.gain, mechanism, {sources, mechanism.initial()}});
                },
                term.mechanism);
        }
    }

    /// Each source's spikes come in order of time.
    double operator()(const Spike& spike) {
        double sum = 0.0;
        const double dt = ms(spike.time - last_[spike.neuron]);
        last_[spike.neuron] = spike.time;
        for (auto& path : paths_) {
            sum += std::visit(
                [&]<class M>(Path<M>& p) {
                    if constexpr (std::is_same_v<M, Gate>) {
                        return p.gain * p.mechanism.release(p.states[spike.neuron], spike.kind);
                    } else {
                        return p.gain * p.mechanism.release(p.states[spike.neuron], dt);
                    }
                },
                path);
        }
        return sum;
    }

    void reset() {
        last_.assign(last_.size(), never);
        for (auto& path : paths_) {
            std::visit([](auto& p) { p.states.assign(p.states.size(), p.mechanism.initial()); }, path);
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
    std::vector<Time> last_;
};

}  // namespace apical
