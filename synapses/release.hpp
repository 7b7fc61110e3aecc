#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.hpp"
#include "core/exp.hpp"
#include "core/field.hpp"
#include "core/rounding.hpp"
#include "core/spike.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// Transmits the spikes of one kind: the idealised, infinitely sharp short-term plasticity of the papers. A
/// spike that no term of a projection releases does not reach the targets; plasticity sees every spike.
///
/// What a spike is, the population says. With a `lag` the gate has a detector of its own (GateDetector): a
/// trace of recent spikes, which learns of each only after the lag and decays with 16 ms; a spike that meets
/// the trace at 1/e or more belongs to a burst. Payeur et al. (2021): the presynaptic side of their program.
struct Gate {
    enum class Passes { all, event, burst };
    Passes passes = Passes::all;
    double lag = 0.0;  ///< [ms] of its own detector; 0: as the population has it

    static constexpr std::string_view name = "gate";
    static constexpr auto fields = std::to_array<Field<Gate>>({
        {"lag", &Gate::lag, "ms", "of a detector of its own; 0: as the population has it", not_negative},
    });

    double release(SpikeKind kind) const {
        const bool open = passes == Passes::all || (passes == Passes::event && kind == SpikeKind::event) ||
                          (passes == Passes::burst && kind == SpikeKind::burst);
        return open ? 1.0 : 0.0;
    }
};

/// The detector of a gate with a lag, for all sources of a projection.
class GateDetector {
public:
    GateDetector(double lag, Index sources) : lag_(ticks(lag)), sources_(sources) {}

    /// What a spike is. Spikes come in order of time.
    SpikeKind operator()(const Spike& spike) {
        constexpr double tau_trace = 16.0;  // [ms]
        for (; next_ < unknown_.size() && has_come(unknown_[next_].time + lag_, spike.time); ++next_) {
            Source& known = sources_[unknown_[next_].source];
            const Time time = unknown_[next_].time;
            known.trace = known.trace * exp(-ms(time - known.last) / tau_trace) + 1.0;
            known.last = time;
        }
        drop_known();
        unknown_.push_back({spike.time, spike.neuron});
        Source& own = sources_[spike.neuron];
        // What the trace of one spike has come to after 16 ms.
        const double least = exp(-ms(ticks(tau_trace) + rounding) / tau_trace);
        const bool running = own.trace * exp(-ms(spike.time - own.last - lag_) / tau_trace) >= least;
        const bool second = running && !own.in_burst;
        own.in_burst = running;
        return second ? SpikeKind::burst : running ? SpikeKind::further : SpikeKind::event;
    }

    void reset() {
        sources_.assign(sources_.size(), {});
        unknown_.clear();
        next_ = 0;
    }

    template <class Archive>
    void persist(Archive& archive) {
        archive.columns("sources", std::span(sources_), "trace", &Source::trace, "last", &Source::last,
                        "in_burst", &Source::in_burst);
        archive.queue("unknown", unknown_, next_, "time", &Heard::time, "source", &Heard::source);
        const auto exists = [this](const Heard& heard) { return heard.source < sources_.size(); };
        if (!std::all_of(unknown_.begin(), unknown_.end(), exists))
            throw DataError("gate: a spike of a source that there is not");
    }

private:
    struct Source {
        double trace = 0.0;  ///< of the spikes that are known, just after the last of them
        Time last = never;   ///< the time of that
        bool in_burst = false;
    };
    struct Heard {
        Time time;
        Index source;
    };

    void drop_known() {
        constexpr std::size_t many = 64;
        if (next_ < many || 2 * next_ < unknown_.size()) return;
        unknown_.erase(unknown_.begin(), unknown_.begin() + static_cast<std::ptrdiff_t>(next_));
        next_ = 0;
    }

    Duration lag_;
    std::vector<Source> sources_;
    std::vector<Heard> unknown_;  ///< [next_, end): within the lag, in order of time
    std::size_t next_ = 0;
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
        for (const Term& term : terms) {
            if (const Gate* const gate = std::get_if<Gate>(&term.mechanism)) {
                paths_.emplace_back(GatePath(term.gain, *gate, sources));
            } else {
                const auto& synapse = std::get<TsodyksMarkram>(term.mechanism);
                paths_.emplace_back(ShortTermPath{term.gain, synapse, {sources, synapse.initial()}});
            }
        }
    }

    struct Released {
        double amount;
        SpikeKind kind;  ///< what the spike is to plasticity: as the population or a detector has it
    };

    /// Spikes come in order of time.
    Released operator()(const Spike& spike) {
        Released sum{0.0, spike.kind};
        const double dt = ms(spike.time - last_[spike.neuron]);
        last_[spike.neuron] = spike.time;
        for (auto& path : paths_) {
            if (auto* const gate = std::get_if<GatePath>(&path)) {
                const SpikeKind kind = gate->detector ? (*gate->detector)(spike) : spike.kind;
                if (gate->detector) sum.kind = kind;
                sum.amount += gate->gain * gate->gate.release(kind);
            } else {
                auto& p = std::get<ShortTermPath>(path);
                sum.amount += p.gain * p.synapse.release(p.states[spike.neuron], dt);
            }
        }
        return sum;
    }

    /// Starts anew at `now`.
    void reset(Time now) {
        last_.assign(last_.size(), now);
        for (auto& path : paths_) std::visit([](auto& p) { p.reset(); }, path);
    }

    template <class Archive>
    void persist(Archive& archive) {
        archive("last", std::span(last_));
        for (std::size_t i = 0; i < paths_.size(); ++i) {
            std::visit([&](auto& path) { path.persist(archive, "path_" + std::to_string(i)); }, paths_[i]);
        }
    }

private:
    struct GatePath {
        GatePath(double factor, const Gate& own, Index sources) : gain(factor), gate(own) {
            if (gate.lag > 0.0) detector.emplace(gate.lag, sources);
        }
        void reset() {
            if (detector) detector->reset();
        }
        template <class Archive>
        void persist(Archive& archive, const std::string& name) {
            if (detector) archive(name, *detector);
        }

        double gain;
        Gate gate;
        std::optional<GateDetector> detector{};  ///< if it has one of its own
    };
    struct ShortTermPath {
        void reset() { states.assign(states.size(), synapse.initial()); }
        template <class Archive>
        void persist(Archive& archive, const std::string& name) {
            archive(name, std::span(states));
        }

        double gain;
        TsodyksMarkram synapse;
        std::vector<TsodyksMarkram::State> states;
    };
    std::vector<std::variant<GatePath, ShortTermPath>> paths_;
    std::vector<Time> last_;  ///< spike of each source, or the start
};

}  // namespace apical
