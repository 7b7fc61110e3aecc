#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/exp.hpp"
#include "core/field.hpp"
#include "core/rounding.hpp"
#include "core/spike.hpp"
#include "plasticity/rule.hpp"
#include "recorders/archive.hpp"
#include "synapses/table.hpp"

namespace apical {

/// The plasticity of one projection within one shard. A synapse sees its presynaptic neuron's spike at t_pre
/// + delay and its target's at t_post + back_delay; what it sees comes in order of time, at one time all
/// arrivals before all spikes of targets, and two spikes seen at one time do not pair (core/rounding.hpp: as
/// decimals). Since back_delay is no
/// shorter than a window, targets need not be brought up to date for learning.
class Learning {
public:
    Learning() = default;
    Learning(const Learning&) = delete;
    Learning& operator=(const Learning&) = delete;
    virtual ~Learning() = default;

    /// Whether a presynaptic spike of this kind must arrive even if it releases nothing.
    virtual bool sees(SpikeKind /*kind*/) const { return true; }
    /// Before a row is delivered at `time`: learns what was seen until then, updates the row's weights.
    virtual void arrive(Index source, Time time, SpikeKind kind) = 0;
    /// Learns what targets' spikes make of the time before `end`.
    virtual void catch_up(Time end) = 0;
    /// The spikes of the shard's neurons in one window, sorted; `first` is the shard's first neuron.
    virtual void enqueue(std::span<const Spike> spikes, Index first) = 0;
    /// back_delay is zero: targets must be brought up to date, and their spikes shown, before arrive().
    bool immediate() const { return back_delay() == Duration::zero(); }
    virtual Duration back_delay() const = 0;
    virtual void show(Table::Local target, const Spike& spike) = 0;
    /// The variable of the targets that the rule follows in between spikes; empty: none.
    virtual std::string_view follows() const { return {}; }
    /// That variable of each target at `time`; between two times it runs straight. A time shown before says
    /// nothing new.
    virtual void follow(Time /*time*/, const std::function<double(Index)>& /*variable*/) {}
    /// An arrival after this time may change other rows' weights than its own.
    virtual Time settles_after() const { return Time::max(); }
    /// Brings all weights up to date: a rule may learn a row only when it is delivered.
    virtual void settle() {}

    /// Weights stay as they are while off; traces and averages go on.
    virtual void enable(bool on) = 0;
    /// Changes a parameter of the rule; traces keep the values that they had at their last spikes. Throws
    /// ModelError, which begins with `owner`.
    virtual void set_parameter(std::string_view parameter, double value, const std::string& owner,
                               Time now) = 0;
    /// Forgets all spikes seen; weights and slow averages stay.
    virtual void reset_traces() = 0;
    /// All but the weights.
    virtual void persist(Archive& archive) = 0;

protected:
    static constexpr double longest_epoch = 3.6e6;  ///< [ms] between moves of a time that traces refer to
    /// What a trace is to be multiplied with that has decayed for `age` [ms] since its last spike, if its
    /// time constant changes and the value there is to stay. A trace that has all but vanished still has.
    static double kept_factor(double age, double old_tau, double tau) {
        constexpr double most = 700.0;  // the exponential is finite
        return exp(std::min(age / old_tau - age / tau, most));
    }
    static constexpr std::string_view must_learn_from_the_start =
        ": a rule that learns at arrivals must do so from the start";
};

/// A spike of a target, when its synapses see it.
struct PostSpike {
    Time seen;
    Table::Local target;
    SpikeKind kind;
    double mark;
};

/// The spikes of a shard's neurons on their way back to the synapses.
class PostSpikeQueue {
public:
    explicit PostSpikeQueue(Duration back_delay) : back_delay_(back_delay) {}

    Duration back_delay() const { return back_delay_; }

    /// Spikes of a window, in order of time; `first` is the shard's first neuron. Those that do not travel
    /// have been shown.
    void push(std::span<const Spike> spikes, Index first) {
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(next_));
        next_ = 0;
        if (back_delay_ == Duration::zero()) return;
        for (const Spike& spike : spikes) {
            queue_.push_back({spike.time + back_delay_, static_cast<Table::Local>(spike.neuron - first),
                              spike.kind, spike.mark});
        }
    }

    /// A spike that does not travel. Which neuron is looked at first does not depend on when they spike.
    void show(Table::Local target, const Spike& spike) {
        const auto earlier = [](Time time, const PostSpike& other) { return time < other.seen; };
        queue_.insert(std::upper_bound(queue_.begin() + static_cast<std::ptrdiff_t>(next_), queue_.end(),
                                       spike.time, earlier),
                      {spike.time, target, spike.kind, spike.mark});
    }

    /// Takes those whose time comes before `end`: arrivals at one that equals it are to come first.
    template <class Fire>
    void take_before(Time end, const Fire& fire) {
        take(end - rounding, fire);
    }

    /// Takes those that are seen before `end`, to the tick.
    template <class Fire>
    void take(Time end, const Fire& fire) {
        for (; next_ < queue_.size() && queue_[next_].seen < end; ++next_) fire(queue_[next_]);
        if (next_ == queue_.size()) clear();
    }

    /// Looks at them, and leaves them.
    template <class Fire>
    void look(Time end, const Fire& fire) const {
        for (std::size_t i = next_; i < queue_.size() && queue_[i].seen < end; ++i) fire(queue_[i]);
    }
    void drop(Time end) {
        take(end, [](const PostSpike&) {});
    }

    void clear() {
        queue_.clear();
        next_ = 0;
    }

    void persist(Archive& archive) {
        archive.queue("queue", queue_, next_, "seen", &PostSpike::seen, "target", &PostSpike::target, "kind",
                      &PostSpike::kind, "mark", &PostSpike::mark);
    }

private:
    Duration back_delay_;
    std::vector<PostSpike> queue_;  ///< [next_, end) are still to be seen, in order of time
    std::size_t next_ = 0;
};

template <PlasticityRule Rule>
class LearningOf final : public Learning {
public:
    LearningOf(const Rule& rule, Table& table, Index targets, Duration back_delay)
        : rule_(rule), table_(&table), queue_(back_delay), pre_(table.sources()), post_(targets) {
        if constexpr (requires { rule_.start(); }) {
            for (auto& post : post_) post.now = post.before = rule_.start();
        }
    }

    bool sees(SpikeKind kind) const override { return rule_.sees(kind); }
    void arrive(Index source, Time time, SpikeKind kind) override {
        catch_up(time);
        const Table::Row row = table_->row(source);
        if (enabled_ && rule_.learns_at_arrival() && rule_.sees(kind)) {
            for (std::size_t i = 0; i < row.targets.size(); ++i) {
                const auto [post, dt] = post_[row.targets[i]].seen_before(time);
                row.weights[i] = static_cast<float>(rule_.at_arrival(row.weights[i], post, dt));
            }
        }
        pre_[source].update(time, [&](typename Rule::Pre& pre, double dt) { rule_.arrive(pre, dt, kind); });
    }

    void catch_up(Time end) override {
        queue_.take_before(end, [this](const PostSpike& spike) { fire(spike); });
    }

    void enqueue(std::span<const Spike> spikes, Index first) override { queue_.push(spikes, first); }

    Duration back_delay() const override { return queue_.back_delay(); }

    void show(Table::Local target, const Spike& spike) override { queue_.show(target, spike); }

    void enable(bool on) override { enabled_ = on; }
    void set_parameter(std::string_view parameter, double value, const std::string& owner,
                       Time /*now*/) override {
        const bool learnt_at_arrival = rule_.learns_at_arrival();
        rule_ = with_parameter(rule_, parameter, value, owner);
        if (rule_.learns_at_arrival() && !learnt_at_arrival)
            throw ModelError(owner + std::string(must_learn_from_the_start));
    }

    void reset_traces() override {
        queue_.clear();
        for (auto& pre : pre_) pre = {};
        // What a rule keeps of its targets is a trace, which it says how to reset, or a slow average, which
        // goes on.
        if constexpr (requires(typename Rule::Post post) { rule_.reset(post); }) {
            for (auto& post : post_) {
                rule_.reset(post.now);
                rule_.reset(post.before);
            }
        }
    }

    void persist(Archive& archive) override {
        archive.fields("rule", rule_);
        archive("enabled", enabled_);
        persist_memories(archive, "pre", pre_);
        persist_memories(archive, "post", post_);
        queue_.persist(archive);
    }

private:
    /// What is remembered of one neuron's spikes: now, and as it was before the last one, which a spike at
    /// the same time must not see.
    template <class State>
    struct Memory {
        State now{};
        State before{};
        Time last{};
        Time last_before{};

        template <class Update>
        void update(Time time, const Update& change) {
            const double dt = ms(time - last);
            if (comes_before(last, time)) {
                before = now;
                last_before = last;
            }
            last = time;
            change(now, dt);
        }
        std::pair<const State&, double> seen_before(Time time) const {
            return comes_before(last, time) ? std::pair<const State&, double>{now, ms(time - last)}
                                            : std::pair<const State&, double>{before, ms(time - last_before)};
        }
    };

    template <class State>
    static void persist_memories(Archive& archive, const std::string& name,
                                 std::vector<Memory<State>>& list) {
        archive.columns(name, std::span(list), "now", &Memory<State>::now, "before", &Memory<State>::before,
                        "last", &Memory<State>::last, "last_before", &Memory<State>::last_before);
    }

    void fire(const PostSpike& spike) {
        double factor = 0.0;
        post_[spike.target].update(spike.seen, [&](typename Rule::Post& post, double dt) {
            factor = rule_.fire(post, dt, spike.kind, spike.mark);
        });
        if (factor == 0.0 || !enabled_) return;
        const std::span<float> weights = table_->weights();
        for (const Table::ColumnEntry& entry : table_->column(spike.target)) {
            const auto [pre, dt] = pre_[entry.source].seen_before(spike.seen);
            float& weight = weights[entry.synapse];
            weight = static_cast<float>(rule_.at_fire(weight, pre, dt, factor));
        }
    }

    Rule rule_;
    Table* table_;
    PostSpikeQueue queue_;
    std::vector<Memory<typename Rule::Pre>> pre_;
    std::vector<Memory<typename Rule::Post>> post_;
    bool enabled_ = true;
};

/// Makes the learning of a shard: the one place where a rule's type is known is the caller's.
using LearningFactory = std::function<std::unique_ptr<Learning>(Table&, Index targets)>;

}  // namespace apical
