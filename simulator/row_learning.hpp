#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/exp.hpp"
#include "core/rounding.hpp"
#include "core/simd.hpp"
#include "simulator/learning.hpp"

namespace apical {
namespace row_learning {

template <class Rule>
[[gnu::always_inline]] inline void potentiate_loop(const Rule& rule, const double* traces, float* weights,
                                                   std::size_t n) {
    const Rule own = rule;
    own.with_potentiation([&](const auto& changed) __attribute__((always_inline)) {
        for (std::size_t i = 0; i < n; ++i)
            weights[i] = static_cast<float>(changed(double{weights[i]}, traces[i]));
    });
}
APICAL_WIDEST(template <class Rule>, void, potentiate,
              (const Rule& rule, const double* traces, float* weights, std::size_t n),
              (rule, traces, weights, n))

template <class Rule>
[[gnu::always_inline]] inline void depress_loop(const Rule& rule, const double* traces, float* weights,
                                                std::size_t n) {
    const Rule own = rule;
    own.with_depression([&](const auto& changed) __attribute__((always_inline)) {
        for (std::size_t i = 0; i < n; ++i)
            weights[i] = static_cast<float>(changed(double{weights[i]}, traces[i]));
    });
}
APICAL_WIDEST(template <class Rule>, void, depress,
              (const Rule& rule, const double* traces, float* weights, std::size_t n),
              (rule, traces, weights, n))

}  // namespace row_learning

/// The plasticity of pairs of spikes within one shard. Traces are kept scaled to a time T0,
///
///     x = z exp(-(t - T0) / tau),
///
/// so that nothing but a spike of their owner changes them. A spike of a target is written into a log, once;
/// a row learns from the log when its source arrives and it is about to be read anyway: no column of weights
/// is ever walked, and changes of many synapses are worked out side by side. Whoever else reads weights calls
/// settle() before. Every weight sees the same changes in the same order, whenever it learns them.
/// Weights start within the rule's bounds.
template <PairRule Rule>
class RowLearning final : public Learning {
public:
    RowLearning(const Rule& rule, Table& table, Index targets, Duration back_delay)
        : rule_(rule),
          table_(&table),
          queue_(back_delay),
          sources_(table.sources()),
          targets_(targets),
          learnt_(table.sources(), 0),
          newest_(targets, 0) {
        set_epoch();
    }

    bool sees(SpikeKind kind) const override { return rule_.sees(kind); }
    void arrive(Index source, Time time, SpikeKind /*kind*/) override {
        catch_up(time);
        move_on(time);
        learn(source);
        if (enabled_) depress(source, time);
        sources_[source].add(time, exp(ms(time - T0_) / rule_.source_decay()));
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

    void settle() override {
        if (log_.empty()) return;
        for (Index source = 0; source < sources_.size(); ++source) learn(source);
        std::fill(learnt_.begin(), learnt_.end(), 0U);
        log_.clear();
        std::fill(newest_.begin(), newest_.end(), 0U);
    }

    void enable(bool on) override { enabled_ = on; }
    void set_parameter(std::string_view parameter, double value, const std::string& owner,
                       Time now) override {
        move_to(now);
        const Rule old = rule_;
        rule_ = with_parameter(rule_, parameter, value, owner);
        for (Trace& s : sources_) s.rescale(T0_, old.source_decay(), rule_.source_decay());
        for (Trace& t : targets_) t.rescale(T0_, old.target_decay(), rule_.target_decay());
        set_epoch();
    }

    void reset_traces() override {
        settle();
        queue_.clear();
        std::fill(sources_.begin(), sources_.end(), Trace{});
        std::fill(targets_.begin(), targets_.end(), Trace{});
    }

    void persist(Archive& archive) override {
        settle();
        archive.fields("rule", rule_);
        set_epoch();
        archive("enabled", enabled_);
        archive("T0", T0_);
        archive.columns("sources", std::span(sources_), "z", &Trace::z, "before", &Trace::before, "last",
                        &Trace::last);
        archive.columns("targets", std::span(targets_), "z", &Trace::z, "before", &Trace::before, "last",
                        &Trace::last);
        queue_.persist(archive);
    }

private:
    struct Trace {
        double z = 0.0;       ///< scaled to T0
        double before = 0.0;  ///< the same before the last spike, which one at its time must not see
        Time last = never;

        void add(Time time, double one) {
            if (comes_before(last, time)) before = z;
            last = time;
            z += one;
        }
        /// A trace keeps the value that it had at its last spike, before T0.
        void rescale(Time T0, double old_decay, double decay) {
            if (z == 0.0 || decay == old_decay) return;
            const double factor = kept_factor(ms(T0 - last), old_decay, decay);
            z *= factor;
            before *= factor;
        }
    };
    struct Entry {
        Time seen;
        double decay;            ///< exp(-(seen - T0) / tau) of sources' traces
        std::uint32_t previous;  ///< entry of the same target, counted from 1; 0: none
    };
    /// Changes of different synapses of a row: their last, their last but one, ...
    struct Round {
        std::vector<std::uint32_t> synapses;
        std::vector<std::uint32_t> entries;
        std::size_t size = 0;
    };

    /// Traces decay over this many of the shorter time constant before T0 moves on, on a grid of its own:
    /// their scale stays within the range of a double, and all rows learn at once seldom enough.
    static constexpr double largest_exponent = 256.0;
    static constexpr std::size_t longest_vector = 16;  ///< weights that a loop may take at once
    void set_epoch() {
        const double decay = std::min(rule_.source_decay(), rule_.target_decay());
        epoch_ = Duration{static_cast<Clock::rep>(std::bit_floor(
            static_cast<std::uint64_t>(std::min(largest_exponent * decay, longest_epoch) * ticks_per_ms)))};
    }

    void move_on(Time time) {
        if (time > T0_ + epoch_) move_to(time - time.time_since_epoch() % epoch_);
    }

    void move_to(Time to) {
        settle();
        const double source = exp(-ms(to - T0_) / rule_.source_decay());
        const double target = exp(-ms(to - T0_) / rule_.target_decay());
        const auto decay = [](Trace& trace, double factor) {
            trace.z *= factor;
            trace.before *= factor;
        };
        for (Trace& s : sources_) decay(s, source);
        for (Trace& t : targets_) decay(t, target);
        T0_ = to;
    }

    void fire(const PostSpike& spike) {
        move_on(spike.seen);
        const double since = ms(spike.seen - T0_);
        targets_[spike.target].add(spike.seen, exp(since / rule_.target_decay()));
        if (!enabled_) return;
        log_.push_back({spike.seen, exp(-since / rule_.source_decay()), newest_[spike.target]});
        newest_[spike.target] = static_cast<std::uint32_t>(log_.size());
    }

    /// Makes up the changes of a row's weights since its source last arrived.
    void learn(Index source) {
        const Trace& s = sources_[source];
        const auto end = static_cast<std::uint32_t>(log_.size());
        const std::uint32_t from = std::exchange(learnt_[source], end);
        if (from == end || (s.z == 0.0 && s.before == 0.0)) return;
        const Table::Row row = table_->row(source);
        // Which synapses have changes to make up, and how many, is as good as random: it is found without a
        // branch, from the newest entry of each target back.
        const std::size_t rounds = collect_rounds(row.targets, from);
        for (std::size_t r = rounds; r-- > 0;) {
            const std::span synapses = std::span(rounds_[r].synapses).first(rounds_[r].size);
            const std::span entries = std::span(rounds_[r].entries).first(rounds_[r].size);
            // Whole vectors, the last one filled up: the loop's remainder takes one by one.
            traces_.resize((synapses.size() + longest_vector - 1) / longest_vector * longest_vector);
            weights_.resize(traces_.size());
            for (std::size_t j = 0; j < synapses.size(); ++j) {
                const std::uint32_t k = entries[j] - 1;
                // Those at the arrival's time must not see it.
                traces_[j] = (comes_before(s.last, log_[k].seen) ? s.z : s.before) * log_[k].decay;
                weights_[j] = row.weights[synapses[j]];
            }
            std::fill(traces_.begin() + static_cast<std::ptrdiff_t>(synapses.size()), traces_.end(), 0.0);
            std::fill(weights_.begin() + static_cast<std::ptrdiff_t>(synapses.size()), weights_.end(), 1.0F);
            row_learning::potentiate(rule_, traces_.data(), weights_.data(), weights_.size());
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

    void depress(Index source, Time time) {
        const Table::Row row = table_->row(source);
        const double decay = exp(-ms(time - T0_) / rule_.target_decay());
        traces_.resize(row.targets.size());
        for (std::size_t i = 0; i < traces_.size(); ++i) {
            const Trace& trace = targets_[row.targets[i]];
            traces_[i] = (comes_before(trace.last, time) ? trace.z : trace.before) * decay;
        }
        row_learning::depress(rule_, traces_.data(), row.weights.data(), traces_.size());
    }

    Rule rule_;
    Table* table_;
    PostSpikeQueue queue_;
    std::vector<Trace> sources_;
    std::vector<Trace> targets_;
    bool enabled_ = true;
    Time T0_{};
    Duration epoch_{};
    std::vector<Entry> log_;             ///< spikes of targets, in order of time
    std::vector<std::uint32_t> learnt_;  ///< by source: entries that its row has seen
    std::vector<std::uint32_t> newest_;  ///< by target: its last entry, counted from 1; 0: none
    std::vector<Round> rounds_;          ///< room to work in, as the next two
    std::vector<double> traces_;
    std::vector<float> weights_;
};

}  // namespace apical
