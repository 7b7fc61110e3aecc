#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/exp.hpp"
#include "core/simd.hpp"
#include "simulator/learning.hpp"

namespace apical {
namespace following {

/// Of the error, from T0 on: e^(-r (t - T0)) e(t) for four rates r, integrated; a column for each.
inline constexpr std::size_t integrals = 4;
inline constexpr double gauss = 0.21132486540518711775;  ///< (1 - 1/sqrt(3)) / 2
template <class T>
using Integrals = std::array<T, integrals>;

/// The variable `from` goes straight to `part` of the way to `to`; what two Gauss points in between take from
/// the integrals, with these weights.
template <class Rule>
[[gnu::always_inline]] inline void integrate_loop(const Rule& rule, double* from, const double* to,
                                                  double part,
                                                  const std::array<Integrals<double>, 2>& weights,
                                                  const Integrals<double*>& sums, std::size_t n) {
    const Rule own = rule;
    const auto [a, b] = weights;
    double* const s0 = sums[0];
    double* const s1 = sums[1];
    double* const s2 = sums[2];
    double* const s3 = sums[3];
    APICAL_INDEPENDENT
    for (std::size_t i = 0; i < n; ++i) {
        const double rise = part * (to[i] - from[i]);
        const double early = own.error(from[i] + gauss * rise).hazard;
        const double late = own.error(from[i] + (1.0 - gauss) * rise).hazard;
        s0[i] -= a[0] * early + b[0] * late;
        s1[i] -= a[1] * early + b[1] * late;
        s2[i] -= a[2] * early + b[2] * late;
        s3[i] -= a[3] * early + b[3] * late;
        from[i] += rise;
    }
}
APICAL_WIDEST(template <class Rule>, void, integrate,
              (const Rule& rule, double* from, const double* to, double part,
               const std::array<Integrals<double>, 2>& weights, const Integrals<double*>& sums,
               std::size_t n),
              (rule, from, to, part, weights, sums, n))

/// What the integrals of these targets, each worth so much, come to in two sums.
template <class Target>
[[gnu::always_inline]] inline void gather_loop(const Integrals<const double*>& sums,
                                               const Integrals<double>& worth, const Target* targets,
                                               double* pushed, double* changed, std::size_t n) {
    const auto [s0, s1, s2, s3] = sums;
    const auto [w0, w1, w2, w3] = worth;
    APICAL_INDEPENDENT
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t target = targets[i];
        pushed[i] += w0 * s0[target] + w1 * s1[target];
        changed[i] += w2 * s2[target] + w3 * s3[target];
    }
}
APICAL_WIDEST(template <class Target>, void, gather,
              (const Integrals<const double*>& sums, const Integrals<double>& worth, const Target* targets,
               double* pushed, double* changed, std::size_t n),
              (sums, worth, targets, pushed, changed, n))

}  // namespace following

/// Learning by an error that is integrated in between spikes (FollowingRule), within one shard. With T0 a
/// time shortly before, a source's trace PSP and the low-pass of the changes are exponentials, so that what
/// they make of the error until the source's next spike follows from four integrals of it,
///
///     C_r = int e^(-r (t - T0)) e(t) dt,   r: 1/tau_m_dend, 1/tau_syn, and both less 1/tau_Delta,
///
/// which all synapses of a target share. A synapse keeps their values at the last spike of its source and
/// works out its weight at the next; all weights are brought up to date before T0 has moved too often.
///
/// The population shows the variable at its steps, and in between it is taken to run along a straight line:
/// the error of that falls with the square of the step. Times here are those of the target's neuron; they
/// reach the synapse back_delay later, so that at t it has learnt from the error until t - back_delay. A
/// weight is that of the last arrival until it is settled; while learning is off it stays.
template <FollowingRule Rule>
class FollowingLearning final : public Learning {
public:
    FollowingLearning(const Rule& rule, Table& table, Index targets, Duration back_delay)
        : rule_(rule),
          table_(&table),
          queue_(back_delay),
          value_(targets),
          traces_(table.sources()),
          sums_(targets),
          ahead_(targets),
          changes_(table.size(), 0.0),
          seen_(table.size()) {
        set_rates();
    }

    std::string_view follows() const override { return Rule::followed; }

    void follow(Time time, const std::function<double(Index)>& variable) override {
        if (!known_) {
            known_ = true;
            reached_ = time;
            T0_ = epoch_of(time);
            for (Index i = 0; i < value_.size(); ++i) value_[i] = variable(i);
            return;
        }
        if (time <= newest()) return;
        constexpr std::size_t many = 64;
        if (next_ >= many) drop_passed();
        ends_.push_back(time);
        for (Index i = 0; i < value_.size(); ++i) values_.push_back(variable(i));
    }

    void arrive(Index source, Time time, SpikeKind /*kind*/) override {
        const Time now = time - queue_.back_delay();
        advance(now);
        look_ahead(now);
        learn(source, now, ahead_);
        traces_[source].add_spike();
    }

    void catch_up(Time end) override {
        caught_up_ = end - queue_.back_delay();
        advance(caught_up_);
    }
    void enqueue(std::span<const Spike> spikes, Index first) override { queue_.push(spikes, first); }
    Duration back_delay() const override { return queue_.back_delay(); }
    void show(Table::Local, const Spike&) override {}  // the engine refuses a back_delay of zero

    void enable(bool on) override {
        if (on != enabled_) start_anew_here();
        enabled_ = on;
    }
    void set_parameter(std::string_view parameter, double value, const std::string& owner,
                       Time /*now*/) override {
        const Rule changed = with_parameter(rule_, parameter, value, owner);
        start_anew_here();
        rule_ = changed;
        set_rates();
        T0_ = epoch_of(reached_);
    }

    void reset_traces() override {
        queue_.clear();
        ends_.clear();
        values_.clear();
        next_ = 0;
        known_ = false;
        sums_ = Sums(value_.size());
        epochs_.clear();
        std::fill(changes_.begin(), changes_.end(), 0.0);
        std::fill(traces_.begin(), traces_.end(), Trace{});
        seen_ = Sums(changes_.size());
    }

    void persist(Archive& archive) override {
        archive.fields("rule", rule_);
        set_rates();
        archive("enabled", enabled_);
        archive("known", known_);
        archive("reached", reached_);
        archive("caught_up", caught_up_);
        archive("T0", T0_);
        archive("value", std::span(value_));
        drop_passed();
        archive("ends", ends_);
        archive("values", values_);
        archive.columns("traces", std::span(traces_), "slow", &Trace::slow, "fast", &Trace::fast, "last",
                        &Trace::last, "epoch", &Trace::epoch);
        sums_.persist(archive, "sums");
        seen_.persist(archive, "seen");
        archive("changes", std::span(changes_));
        std::uint64_t count = epochs_.size();
        archive("epochs", count);
        if (count > most_epochs) throw DataError("epochs: more than there can be");
        epochs_.resize(count, Sums(value_.size()));
        for (std::size_t m = 0; m < epochs_.size(); ++m)
            epochs_[m].persist(archive, "epoch_" + std::to_string(m));
        queue_.persist(archive);
        // In numbers without a sign, which may overflow: a damaged file may say anything.
        const auto into_epoch = static_cast<std::uint64_t>(reached_.time_since_epoch().count()) -
                                static_cast<std::uint64_t>(T0_.time_since_epoch().count());
        const bool together = values_.size() == ends_.size() * value_.size() &&
                              std::is_sorted(ends_.begin(), ends_.end(), std::less_equal<>{}) &&
                              (ends_.empty() || ends_.front() > reached_) &&
                              into_epoch < static_cast<std::uint64_t>(epoch_.count()) &&
                              std::all_of(traces_.begin(), traces_.end(),
                                          [&](const Trace& trace) { return trace.epoch <= epochs_.size(); });
        if (!together) throw DataError("learning: what is kept does not fit together");
    }

private:
    template <class T>
    using Integrals = following::Integrals<T>;

    /// PSP of a source, as at its last spike or since its weights were worked out.
    struct Trace {
        double slow = 0.0;  ///< the part that decays with the first time,
        double fast = 0.0;  ///< and the second
        Time last{};
        std::uint64_t epoch = 0;  ///< of `last`, counted from the oldest kept

        void add_spike() {
            slow += 1.0;
            fast += 1.0;
        }
    };

    /// Numbers for each integral: of targets, or of synapses.
    struct Sums {
        explicit Sums(std::size_t size) {
            for (auto& column : columns) column.assign(size, 0.0);
        }
        void persist(Archive& archive, const std::string& name) {
            for (std::size_t r = 0; r < columns.size(); ++r)
                archive(name + "_" + std::to_string(r), std::span(columns[r]));
        }
        Integrals<double*> data() {
            return {columns[0].data(), columns[1].data(), columns[2].data(), columns[3].data()};
        }
        Integrals<const double*> data() const {
            return {columns[0].data(), columns[1].data(), columns[2].data(), columns[3].data()};
        }
        Integrals<std::vector<double>> columns;
    };

    /// T0 moves on after this many of the shortest decay times: differences of the integrals lose as many
    /// powers of e of their precision.
    static constexpr double epoch_exponent = 8.0;
    static constexpr double longest_epoch = 1e6;  // [ms]
    /// All synapses are brought up to date when T0 has moved this often.
    static constexpr std::size_t most_epochs = 16;

    void set_rates() {
        const auto [slow, fast] = rule_.psp_decay_times();
        const double change = 1.0 / rule_.tau_Delta;
        rates_ = {1.0 / slow, 1.0 / fast, 1.0 / slow - change, 1.0 / fast - change};
        double steepest = 0.0;
        for (const double rate : rates_) steepest = std::max(steepest, std::abs(rate));
        epoch_ = Duration{static_cast<Clock::rep>(std::bit_floor(
            static_cast<std::uint64_t>(std::min(epoch_exponent / steepest, longest_epoch) * ticks_per_ms)))};
    }

    /// On a grid of its own, whatever the windows.
    Time epoch_of(Time time) const { return Time{time.time_since_epoch() / epoch_ * epoch_}; }

    Time newest() const { return ends_.empty() ? reached_ : std::max(reached_, ends_.back()); }

    double decay(std::size_t rate, Time from, Time to) const { return exp(-rates_[rate] * ms(to - from)); }

    /// Integrates the error over what was shown and has passed at `now`. Borders do not depend on when
    /// spikes arrive: what a target comes to has the same bits in every shard.
    void advance(Time now) {
        while (next_ < ends_.size()) {
            const Time end = std::min(ends_[next_], T0_ + epoch_);
            if (end > now) return;
            integrate(end, value_, sums_);
            queue_.drop(end + queue_.back_delay());
            reached_ = end;
            if (end == ends_[next_]) ++next_;
            if (end == T0_ + epoch_) close_epoch();
        }
        drop_passed();
    }

    /// The integrals as they are at `now`.
    void look_ahead(Time now) {
        ahead_ = sums_;
        if (now <= reached_ || next_ == ends_.size()) return;
        value_ahead_ = value_;
        integrate(now, value_ahead_, ahead_);
    }

    void drop_passed() {
        values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(next_ * value_.size()));
        ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(next_));
        next_ = 0;
    }

    /// From `reached_`, where the variable was `value`, to `end`.
    void integrate(Time end, std::vector<double>& value, Sums& sums) {
        const double* const to = values_.data() + next_ * value.size();
        const double whole = ms(ends_[next_] - reached_);
        queue_.look(end + queue_.back_delay(), [&](const PostSpike& spike) {
            const Time fired = spike.seen - queue_.back_delay();
            const double from = value[spike.target];
            const double at = from + ms(fired - reached_) / whole * (to[spike.target] - from);
            const double e = rule_.error(at).spike;
            for (std::size_t r = 0; r < rates_.size(); ++r)
                sums.columns[r][spike.target] += decay(r, T0_, fired) * e;
        });
        const double begin = ms(reached_ - T0_);
        const double length = ms(end - reached_);
        std::array<Integrals<double>, 2> weights;
        for (std::size_t r = 0; r < rates_.size(); ++r) {
            weights[0][r] = 0.5 * length * exp(-rates_[r] * (begin + following::gauss * length));
            weights[1][r] = 0.5 * length * exp(-rates_[r] * (begin + (1.0 - following::gauss) * length));
        }
        following::integrate(rule_, value.data(), to, length / whole, weights, sums.data(), value.size());
    }

    void close_epoch() {
        epochs_.push_back(sums_);
        sums_ = Sums(value_.size());
        T0_ += epoch_;
        if (epochs_.size() == most_epochs) start_anew();
    }

    /// In between windows, at what synapses see then.
    void start_anew_here() {
        look_ahead(caught_up_);
        if (caught_up_ > reached_ && next_ < ends_.size()) {
            queue_.drop(caught_up_ + queue_.back_delay());
            reached_ = caught_up_;
            value_ = value_ahead_;
            sums_ = ahead_;
        }
        start_anew();
    }

    /// Brings all synapses up to date, and forgets the past.
    void start_anew() {
        for (Index source = 0; source < traces_.size(); ++source) learn(source, reached_, sums_);
        epochs_.clear();
        for (Trace& trace : traces_) trace.epoch = 0;
        sums_ = Sums(value_.size());
        seen_ = Sums(changes_.size());
    }

    /// A row's weights at `now`, when the integrals are these.
    void learn(Index source, Time now, const Sums& present) {
        Trace& trace = traces_[source];
        const Table::Row row = table_->row(source);
        const auto first = static_cast<std::size_t>(row.weights.data() - table_->weights().data());
        double* const changes = changes_.data() + first;
        const Integrals<double*> seen{seen_.columns[0].data() + first, seen_.columns[1].data() + first,
                                      seen_.columns[2].data() + first, seen_.columns[3].data() + first};
        const std::size_t n = row.targets.size();
        // After a long silence there may be changes left to forget, of which the trace knows no more.
        if (trace.slow != 0.0 || std::any_of(changes, changes + n, [](double c) { return c != 0.0; })) {
            const double per_change = 1.0 / rule_.tau_Delta;
            pushed_.assign(n, 0.0);
            changed_.assign(changes, changes + n);
            for (std::size_t m = trace.epoch; m <= epochs_.size(); ++m) {
                // What a unit of each integral of an epoch is worth.
                const Time T = T0_ - static_cast<Clock::rep>(epochs_.size() - m) * epoch_;
                const Integrals<double> worth{trace.slow * decay(0, trace.last, T),
                                              -trace.fast * decay(1, trace.last, T),
                                              trace.slow * decay(2, trace.last, T) * per_change,
                                              -trace.fast * decay(3, trace.last, T) * per_change};
                const Sums& sums = m < epochs_.size() ? epochs_[m] : present;
                following::gather(sums.data(), worth, row.targets.data(), pushed_.data(), changed_.data(), n);
                if (m > trace.epoch) continue;
                for (std::size_t i = 0; i < n; ++i) {
                    pushed_[i] -= worth[0] * seen[0][i] + worth[1] * seen[1][i];
                    changed_[i] -= worth[2] * seen[2][i] + worth[3] * seen[3][i];
                }
            }
            const double fading = exp(-per_change * ms(now - trace.last));
            for (std::size_t i = 0; i < n; ++i) {
                const double change = fading * changed_[i];
                // The integral of Delta, from its equation.
                const double w =
                    row.weights[i] + rule_.eta * (pushed_[i] - (change - changes[i]) * rule_.tau_Delta);
                if (enabled_) row.weights[i] = static_cast<float>(rule_.clipped(w));
                changes[i] = change;
            }
            trace.slow *= decay(0, trace.last, now);
            trace.fast *= decay(1, trace.last, now);
        }
        for (std::size_t r = 0; r < seen.size(); ++r) {
            for (std::size_t i = 0; i < n; ++i) seen[r][i] = present.columns[r][row.targets[i]];
        }
        trace.last = now;
        trace.epoch = epochs_.size();
    }

    Rule rule_;
    Table* table_;
    PostSpikeQueue queue_;
    Integrals<double> rates_{};  ///< [1/ms]
    Duration epoch_{};
    bool enabled_ = true;

    bool known_ = false;          ///< the variable has been shown
    Time caught_up_{};            ///< until here synapses have seen the error
    Time reached_{};              ///< until here the error is integrated,
    std::vector<double> value_;   ///< where the variable was this
    std::vector<Time> ends_;      ///< when the variable was shown; the first `next_` have passed
    std::vector<double> values_;  ///< what it was then, a row for each time
    std::size_t next_ = 0;

    std::vector<Trace> traces_;  ///< by source
    Time T0_{};
    Sums sums_;   ///< by target, since T0
    Sums ahead_;  ///< a copy that has run ahead, with
    std::vector<double> value_ahead_;
    std::vector<Sums> epochs_;     ///< the same of earlier T0, up to the next
    std::vector<double> changes_;  ///< by synapse: Delta
    Sums seen_;                    ///< by synapse: the sums when its weight was last worked out
    std::vector<double> pushed_;   ///< of the row that learns
    std::vector<double> changed_;  ///< likewise
};

}  // namespace apical
