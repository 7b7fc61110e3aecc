#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/exp.hpp"
#include "core/rounding.hpp"
#include "core/simd.hpp"
#include "simulator/learning.hpp"

namespace apical {
namespace spike_learning {

/// New weights of synapses side by side at spikes of their targets: traces of the source, and factors.
template <class Rule>
[[gnu::always_inline]] inline void at_fire_loop(const Rule& rule, const double* traces, const double* factors,
                                                float* weights, std::size_t n) {
    const Rule own = rule;
    own.changes_at_fire([&](const auto& changed) __attribute__((always_inline)) {
        for (std::size_t i = 0; i < n; ++i)
            weights[i] = static_cast<float>(changed(double{weights[i]}, traces[i], factors[i]));
    });
}
APICAL_WIDEST(template <class Rule>, void, at_fire,
              (const Rule& rule, const double* traces, const double* factors, float* weights, std::size_t n),
              (rule, traces, factors, weights, n))

/// Those of a row at a spike of its source: traces of the targets.
template <class Rule>
[[gnu::always_inline]] inline void at_arrival_loop(const Rule& rule, const double* traces, double factor,
                                                   float* weights, std::size_t n) {
    const Rule own = rule;
    own.changes_at_arrival([&](const auto& changed) __attribute__((always_inline)) {
        for (std::size_t i = 0; i < n; ++i)
            weights[i] = static_cast<float>(changed(double{weights[i]}, traces[i], factor));
    });
}
APICAL_WIDEST(template <class Rule>, void, at_arrival,
              (const Rule& rule, const double* traces, double factor, float* weights, std::size_t n),
              (rule, traces, factor, weights, n))

}  // namespace spike_learning

/// The plasticity of spikes within one shard. Traces are kept scaled to a time T0,
///
///     x = z exp(-(t - T0) / tau),
///
/// so that nothing but a spike of their owner changes them. A spike of a target is written into a log, once,
/// with its factor; a row learns from the log when its source arrives and it is about to be read anyway: no
/// column of weights is ever walked, and changes of many synapses are worked out side by side. Whoever else
/// reads weights calls settle() before. Every weight sees the same changes in the same order, whenever it
/// learns them. Weights start within the rule's bounds.
///
/// With deferred expression a row of a matrix takes note of what it is to learn, and all learn when
/// plasticity is switched off or the state is reset.
template <PlasticityRule Rule>
class SpikeLearning final : public Learning {
public:
    SpikeLearning(const Rule& rule, Table& table, Index targets, Duration back_delay, bool deferred = false)
        : rule_(rule),
          table_(&table),
          queue_(back_delay),
          sources_(table.sources()),
          targets_(targets),
          newest_(targets, 0),
          deferred_(deferred) {
        set_epoch();
        std::fill(targets_.begin(), targets_.end(), at_the_start());
    }

    bool sees(SpikeKind kind) const override { return rule_.sees(kind); }

    void arrive(Index source, Time time, SpikeKind kind) override {
        catch_up(time);
        move_on(time);
        learn(source);
        Source& s = sources_[source];
        const double factor = rule_.arrive(s.own, s.since(time), kind);
        if (factor != 0.0 && enabled_) change_row(source, time, factor);
        s.add(time, rule_.source_jump(kind) * exp(ms(time - T0_) / rule_.source_decay()));
    }

    void catch_up(Time end) override {
        queue_.take_before(end, [this](const PostSpike& spike) { fire(spike); });
    }

    void enqueue(std::span<const Spike> spikes, Index first) override {
        // The log is to stay in the cache. Between windows nobody holds a row that this may change.
        constexpr std::size_t spikes_of_a_target = 16;
        if (log_.size() >= spikes_of_a_target * targets_.size()) settle();
        queue_.push(spikes, first);
    }

    Duration back_delay() const override { return queue_.back_delay(); }
    void show(Table::Local target, const Spike& spike) override { queue_.show(target, spike); }

    Time settles_after() const override { return T0_ + epoch_; }

    /// Weights whose expression is deferred are what they are until then.
    void settle() override {
        if (!deferred_) express();
    }

    void enable(bool on) override {
        enabled_ = on;
        if (!on && deferred_) express();
    }

    void set_parameter(std::string_view parameter, double value, const std::string& owner,
                       Time now) override {
        express();
        move_to(now);
        const Rule old = std::exchange(rule_, with_parameter(rule_, parameter, value, owner));
        if (rule_.learns_at_arrival() && !old.learns_at_arrival())
            throw ModelError(owner + ": a rule that learns at arrivals must do so from the start");
        for (Source& s : sources_) s.rescale(T0_, old.source_decay(), rule_.source_decay());
        for (Target& t : targets_) t.rescale(T0_, old.target_decay(), rule_.target_decay());
        set_epoch();
    }

    void reset_traces() override {
        express();
        queue_.clear();
        std::fill(sources_.begin(), sources_.end(), Source{});
        if (!Rule::targets_outlive_reset) std::fill(targets_.begin(), targets_.end(), at_the_start());
    }

    void persist(Archive& archive) override {
        settle();
        close_rows();
        archive.fields("rule", rule_);
        set_epoch();
        archive("enabled", enabled_);
        archive("T0", T0_);
        persist(archive, "sources", sources_);
        persist(archive, "targets", targets_);
        queue_.persist(archive);
        if (!deferred_) return;
        archive.columns("log", log_, "seen", &Entry::seen, "factor", &Entry::factor, "previous",
                        &Entry::previous, "target", &Entry::target);
        archive.columns("lessons", lessons_, "source", &Lesson::source, "begin", &Lesson::begin, "end",
                        &Lesson::end, "z", &Lesson::z, "before", &Lesson::before, "last", &Lesson::last);
        for (Source& s : sources_) s.learnt = static_cast<std::uint32_t>(log_.size());
    }

private:
    /// Of a source or a target: its trace, and what the rule remembers of it besides.
    template <class Own>
    struct Neuron {
        double z = 0.0;       ///< trace, scaled to T0
        double before = 0.0;  ///< the same before the last spike, which one at its time must not see
        Time last = never;
        std::uint32_t learnt = 0;  ///< of a source: entries of the log that its row has seen
        Own own{};

        double since(Time time) const { return ms(time - std::max(last, Time{})); }
        void add(Time time, double one) {
            if (comes_before(last, time)) before = z;
            last = time;
            z += one;
        }
        /// A trace keeps the value that it had at its last spike, before T0.
        void rescale(Time T0, double old_decay, double decay) {
            if (z == 0.0 || decay == old_decay) return;
            const double factor = kept_factor(since(T0), old_decay, decay);
            z *= factor;
            before *= factor;
        }
        double seen_before(Time time) const { return comes_before(last, time) ? z : before; }
    };
    using Source = Neuron<typename Rule::Source>;
    using Target = Neuron<typename Rule::Target>;

    template <class Own>
    static void persist(Archive& archive, const char* name, std::vector<Neuron<Own>>& list) {
        using N = Neuron<Own>;
        if constexpr (std::is_empty_v<Own>) {
            archive.columns(name, std::span(list), "z", &N::z, "before", &N::before, "last", &N::last);
        } else {
            archive.columns(name, std::span(list), "z", &N::z, "before", &N::before, "last", &N::last, "own",
                            &N::own);
        }
    }

    /// A spike of a target that teaches.
    struct Entry {
        Time seen;
        double factor;           ///< times exp(-(seen - T0) / tau) of sources' traces
        std::uint32_t previous;  ///< entry of the same target, counted from 1; 0: none
        Table::Local target;
    };
    /// What a row has to learn: entries of the log, and the source's trace while they were made.
    struct Lesson {
        Index source;
        std::uint32_t begin;
        std::uint32_t end;
        double z;
        double before;
        Time last;
        /// Spikes at the arrival's time must not see it.
        double trace(const Entry& entry) const { return comes_before(last, entry.seen) ? z : before; }
    };
    /// Changes of different synapses of a row: their last, their last but one, ...
    struct Round {
        std::vector<std::uint32_t> synapses;
        std::vector<std::uint32_t> entries;
        std::size_t size = 0;
    };

    Target at_the_start() const {
        Target target;
        target.z = target.before = rule_.target_start();
        target.own = rule_.start();
        return target;
    }

    static constexpr std::size_t longest_vector = 16;  ///< weights that a loop may take at once

    /// T0 moves on after so many of the shorter decay time, on a grid of its own: traces stay within the
    /// range of a double. All rows learn then, which lists are to do seldom.
    void set_epoch() {
        const double largest_exponent = table_->dense() ? 4.0 : 256.0;
        const double decay = rule_.learns_at_arrival() ? std::min(rule_.source_decay(), rule_.target_decay())
                                                       : rule_.source_decay();
        epoch_ = Duration{static_cast<Clock::rep>(std::bit_floor(
            static_cast<std::uint64_t>(std::min(largest_exponent * decay, longest_epoch) * ticks_per_ms)))};
    }

    void move_on(Time time) {
        if (time > T0_ + epoch_) move_to(time - time.time_since_epoch() % epoch_);
    }

    void move_to(Time to) {
        settle();
        close_rows();
        const auto decay = [](auto& neurons, double factor) {
            for (auto& neuron : neurons) {
                neuron.z *= factor;
                neuron.before *= factor;
            }
        };
        decay(sources_, exp(-ms(to - T0_) / rule_.source_decay()));
        if (rule_.learns_at_arrival()) decay(targets_, exp(-ms(to - T0_) / rule_.target_decay()));
        T0_ = to;
    }

    void fire(const PostSpike& spike) {
        Target& t = targets_[spike.target];
        const double factor = rule_.fire(t.own, t.since(spike.seen), spike.kind, spike.mark);
        const bool teaches = factor != 0.0 && enabled_;
        const bool traced = rule_.learns_at_arrival();  // else nobody reads the target's trace
        if (teaches || traced) move_on(spike.seen);
        const double since = ms(spike.seen - T0_);
        t.add(spike.seen, traced ? rule_.target_jump(spike.kind) * exp(since / rule_.target_decay()) : 0.0);
        if (!teaches) return;
        log_.push_back(
            {spike.seen, factor * exp(-since / rule_.source_decay()), newest_[spike.target], spike.target});
        newest_[spike.target] = static_cast<std::uint32_t>(log_.size());
    }

    /// Makes up the changes of a row's weights since its source last arrived, or takes note of them.
    void learn(Index source) {
        Source& s = sources_[source];
        const auto end = static_cast<std::uint32_t>(log_.size());
        const Lesson lesson{source, std::exchange(s.learnt, end), end, s.z, s.before, s.last};
        if (lesson.begin == end || (s.z == 0.0 && s.before == 0.0)) return;
        if (deferred_) {
            lessons_.push_back(lesson);
        } else {
            change(lesson);
        }
    }

    /// What is in the log by now is learnt with the traces as they are.
    void close_rows() {
        if (log_.empty()) return;
        for (Index source = 0; source < sources_.size(); ++source) learn(source);
    }

    /// All rows learn all there is to learn.
    void express() {
        close_rows();
        // Row by row, each in order of time.
        std::stable_sort(lessons_.begin(), lessons_.end(),
                         [](const Lesson& a, const Lesson& b) { return a.source < b.source; });
        for (const Lesson& lesson : lessons_) change(lesson);
        lessons_.clear();
        if (log_.empty()) return;
        for (Source& s : sources_) s.learnt = 0;
        log_.clear();
        std::fill(newest_.begin(), newest_.end(), 0U);
    }

    void change(const Lesson& lesson) {
        const Table::Row row = table_->row(lesson.source);
        if (table_->dense()) {  // a target is its place in the row
            const Rule rule = rule_;
            float* const weights = row.weights.data();
            rule.changes_at_fire([&](const auto& changed) __attribute__((always_inline)) {
                for (std::uint32_t k = lesson.begin; k < lesson.end; ++k) {
                    const Entry& entry = log_[k];
                    float& w = weights[entry.target];
                    w = static_cast<float>(changed(double{w}, lesson.trace(entry), entry.factor));
                }
            });
            return;
        }
        // Which synapses have changes to make up, and how many, is as good as random: it is found without a
        // branch, from the newest entry of each target back.
        const std::size_t rounds = collect_rounds(row.targets, lesson.begin);
        for (std::size_t r = rounds; r-- > 0;) {
            const std::span synapses = std::span(rounds_[r].synapses).first(rounds_[r].size);
            // Whole vectors, the last one filled up: the loop's remainder takes one by one.
            traces_.assign((synapses.size() + longest_vector - 1) / longest_vector * longest_vector, 0.0);
            factors_.assign(traces_.size(), 0.0);
            weights_.assign(traces_.size(), 1.0F);
            for (std::size_t j = 0; j < synapses.size(); ++j) {
                const Entry& entry = log_[rounds_[r].entries[j] - 1];
                traces_[j] = lesson.trace(entry);
                factors_[j] = entry.factor;
                weights_[j] = row.weights[synapses[j]];
            }
            spike_learning::at_fire(rule_, traces_.data(), factors_.data(), weights_.data(), weights_.size());
            for (std::size_t j = 0; j < synapses.size(); ++j) row.weights[synapses[j]] = weights_[j];
        }
    }

    /// The entries behind `from` of the targets: of each its newest, of those that have more their last but
    /// one, and so on. Returns the number of rounds.
    std::size_t collect_rounds(std::span<const Table::Local> targets, std::uint32_t from) {
        const auto room_for = [this](std::size_t round, std::size_t synapses) {
            if (rounds_.size() <= round) rounds_.resize(round + 1);
            if (rounds_[round].synapses.size() >= synapses) return;
            rounds_[round].synapses.resize(synapses);
            rounds_[round].entries.resize(synapses);
        };
        const auto note = [from](Round& round, std::size_t& size, std::uint32_t synapse,
                                 std::uint32_t entry) {
            round.synapses[size] = synapse;
            round.entries[size] = entry;
            size += entry > from ? 1U : 0U;
        };
        room_for(0, targets.size());
        std::size_t size = 0;
        for (std::size_t i = 0; i < targets.size(); ++i)
            note(rounds_[0], size, static_cast<std::uint32_t>(i), newest_[targets[i]]);
        rounds_[0].size = size;
        std::size_t rounds = 0;
        while (rounds_[rounds].size > 0) {
            room_for(++rounds, size);
            const Round& before = rounds_[rounds - 1];
            size = 0;
            for (std::size_t j = 0; j < before.size; ++j)
                note(rounds_[rounds], size, before.synapses[j], log_[before.entries[j] - 1].previous);
            rounds_[rounds].size = size;
        }
        return rounds;
    }

    void change_row(Index source, Time time, double factor) {
        const Table::Row row = table_->row(source);
        const double decay = exp(-ms(time - T0_) / rule_.target_decay());
        traces_.resize(row.targets.size());
        for (std::size_t i = 0; i < traces_.size(); ++i)
            traces_[i] = targets_[row.targets[i]].seen_before(time) * decay;
        spike_learning::at_arrival(rule_, traces_.data(), factor, row.weights.data(), traces_.size());
    }

    Rule rule_;
    Table* table_;
    PostSpikeQueue queue_;
    std::vector<Source> sources_;
    std::vector<Target> targets_;
    bool enabled_ = true;
    Time T0_{};
    Duration epoch_{};
    std::vector<Entry> log_;             ///< in order of time
    std::vector<std::uint32_t> newest_;  ///< by target: its last entry, counted from 1; 0: none
    bool deferred_;
    std::vector<Lesson> lessons_;  ///< deferred
    std::vector<Round> rounds_;    ///< room to work in, as the next three
    std::vector<double> traces_;
    std::vector<double> factors_;
    std::vector<float> weights_;
};

}  // namespace apical
