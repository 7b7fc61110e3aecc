#pragma once

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include "core/exp.hpp"
#include "core/rounding.hpp"
#include "simulator/learning.hpp"

namespace apical {

/// The plasticity of a dense projection within one shard. A change depends on a trace of the source and on a
/// teaching factor of the target,
///
///     w <- w + f(factor x),   x = z exp(-(t - T0) / tau),
///
/// where z, the source's trace scaled to a time T0, changes only as its spikes arrive. So a spike of a target
/// is written into a log, once, with its factor and decay, and a row learns from the log when its source
/// arrives: it is about to be read anyway, and no column of weights is ever walked. Whoever else reads
/// weights calls settle() before. Every weight sees the same changes in the same order, whenever it learns
/// them. Weights start within the rule's bounds.
///
/// With deferred expression a row takes note of what it is to learn, and all learn when plasticity is
/// switched off or the state is reset.
template <TraceRule Rule>
class DenseLearning final : public Learning {
public:
    DenseLearning(const Rule& rule, Table& table, Index targets, Duration back_delay, bool deferred = false)
        : rule_(rule),
          table_(&table),
          queue_(back_delay),
          sources_(table.sources()),
          post_(targets),
          deferred_(deferred) {
        set_epoch();
        if constexpr (requires { rule_.start(); }) {
            for (Post& post : post_) post.state = rule_.start();
        }
    }

    bool sees(SpikeKind kind) const override { return rule_.sees(kind); }
    void arrive(Index source, Time time, SpikeKind kind) override {
        catch_up(time);
        move_on(time);
        Source& s = sources_[source];
        learn(source);
        if (comes_before(s.last, time)) s.before = s.z;
        s.last = time;
        s.z += rule_.jump(kind) * exp(ms(time - T0_) / rule_.decay_time());
    }

    void catch_up(Time end) override {
        queue_.take_before(end, [this](const PostSpike& spike) { fire(spike); });
    }

    void enqueue(std::span<const Spike> spikes, Index first) override { queue_.push(spikes, first); }

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
        const double tau = rule_.decay_time();
        rule_ = with_parameter(rule_, parameter, value, owner);
        if (rule_.learns_at_arrival()) throw ModelError(owner + std::string(must_learn_from_the_start));
        if (rule_.decay_time() == tau) return;
        // A trace keeps the value that it had at its last spike.
        for (Source& s : sources_) {
            if (s.z == 0.0) continue;
            const double factor = kept_factor(ms(T0_ - s.last), tau, rule_.decay_time());
            s.z *= factor;
            s.before *= factor;
        }
        set_epoch();
    }

    void reset_traces() override {
        express();
        queue_.clear();
        std::fill(sources_.begin(), sources_.end(), Source{});
        if constexpr (requires(typename Rule::Post post) { rule_.reset(post); }) {
            for (auto& post : post_) rule_.reset(post.state);
        }
    }

    void persist(Archive& archive) override {
        settle();
        close_rows();
        archive.fields("rule", rule_);
        set_epoch();
        archive("enabled", enabled_);
        archive("T0", T0_);
        archive.columns("sources", std::span(sources_), "z", &Source::z, "before", &Source::before, "last",
                        &Source::last);
        archive.columns("post", std::span(post_), "state", &Post::state, "last", &Post::last);
        queue_.persist(archive);
        if (!deferred_) return;
        archive("log_targets", log_targets_);
        archive("log_factors", log_factors_);
        archive("log_times", log_times_);
        archive.columns("lessons", lessons_, "source", &Lesson::source, "begin", &Lesson::begin, "end",
                        &Lesson::end, "z", &Lesson::z, "before", &Lesson::before, "last", &Lesson::last);
        for (Source& s : sources_) s.learnt = log_targets_.size();
    }

private:
    struct Source {
        double z = 0.0;       ///< scaled trace
        double before = 0.0;  ///< the same before the last arrival: a spike at its time must not see it
        Time last = never;
        std::size_t learnt = 0;  ///< entries of the log
    };
    struct Post {
        typename Rule::Post state{};
        Time last{};
    };
    /// What a row has to learn: entries of the log, and the source's trace while they were made.
    struct Lesson {
        Index source;
        std::size_t begin;
        std::size_t end;
        double z;
        double before;
        Time last;
    };

    /// Exponents up to here are added to before T0 moves on, on a grid of its own.
    static constexpr double largest_exponent = 4.0;
    void set_epoch() {
        epoch_ = Duration{static_cast<Clock::rep>(std::bit_floor(static_cast<std::uint64_t>(
            std::min(largest_exponent * rule_.decay_time(), longest_epoch) * ticks_per_ms)))};
    }

    void move_on(Time time) {
        if (time > T0_ + epoch_) move_to(time - time.time_since_epoch() % epoch_);
    }

    void move_to(Time to) {
        settle();
        close_rows();
        const double factor = exp(-ms(to - T0_) / rule_.decay_time());
        for (Source& s : sources_) {
            s.z *= factor;
            s.before *= factor;
        }
        T0_ = to;
    }

    void fire(const PostSpike& spike) {
        Post& post = post_[spike.target];
        const double factor = rule_.fire(post.state, ms(spike.seen - post.last), spike.kind, spike.mark);
        post.last = spike.seen;
        if (factor == 0.0 || !enabled_) return;
        move_on(spike.seen);
        log_targets_.push_back(spike.target);
        log_factors_.push_back(factor * exp(-ms(spike.seen - T0_) / rule_.decay_time()));
        log_times_.push_back(spike.seen);
    }

    /// Makes up the changes of a row's weights since its source last arrived, or takes note of them.
    void learn(Index source) {
        Source& s = sources_[source];
        const Lesson lesson{source, s.learnt, log_targets_.size(), s.z, s.before, s.last};
        s.learnt = lesson.end;
        if (lesson.begin == lesson.end || (s.z == 0.0 && s.before == 0.0)) return;
        if (deferred_) {
            lessons_.push_back(lesson);
        } else {
            change(lesson);
        }
    }

    /// What is in the log by now is learnt with the traces as they are.
    void close_rows() {
        if (log_targets_.empty()) return;
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
        for (Source& s : sources_) s.learnt = 0;
        log_targets_.clear();
        log_factors_.clear();
        log_times_.clear();
    }

    void change(const Lesson& lesson) {
        float* const weights = table_->row(lesson.source).weights.data();
        const Rule rule = rule_;
        const Table::Local* const targets = log_targets_.data();
        const double* const factors = log_factors_.data();
        const auto change = [&](std::size_t k, double z) {
            float& w = weights[targets[k]];
            w = static_cast<float>(rule.changed(w, z, factors[k]));
        };
        // Spikes at the arrival's time must not see it. They come first in the log.
        std::size_t k = lesson.begin;
        for (; k < lesson.end && !comes_before(lesson.last, log_times_[k]); ++k) change(k, lesson.before);
        for (; k < lesson.end; ++k) change(k, lesson.z);
    }

    Rule rule_;
    Table* table_;
    PostSpikeQueue queue_;
    std::vector<Source> sources_;
    std::vector<Post> post_;
    bool enabled_ = true;
    Time T0_{};
    Duration epoch_{};
    std::vector<Table::Local> log_targets_;  ///< spikes of targets that teach, in order of time,
    std::vector<double> log_factors_;        ///< their factors, decayed from T0,
    std::vector<Time> log_times_;            ///< and when they were seen
    bool deferred_;
    std::vector<Lesson> lessons_;  ///< deferred
};

}  // namespace apical
