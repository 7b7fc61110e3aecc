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
    /// The name of the targets' variable that the rule sees as it runs, such as a membrane potential, and not
    /// at spikes alone; empty: none.
    virtual std::string_view follows() const { return {}; }
    /// `variable` gives the value that each target has at `time`. The rule takes it to run along a straight
    /// line from one call to the next. A call with a time that is not later than the last does nothing.
    virtual void follow(Time /*time*/, const std::function<double(Index)>& /*variable*/) {}
    /// An arrival up to this time changes no weight but those of its own row; a later one may bring all rows
    /// up to date.
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

}  // namespace apical
