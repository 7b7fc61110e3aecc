#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/exp.hpp"
#include "simulator/dense_row.hpp"
#include "simulator/population.hpp"

namespace apical {

/// The inner loop for models that know for how long nothing happens (TracedModel). Traces are kept scaled to
/// a time T0,
///
///     s = z exp((t - T0) / tau),
///
/// so that an arrival at t adds w E with E = exp((t - T0) / tau), one number for a whole row of synapses, and
/// is compared with a ceiling scaled alike. A neuron is visited when its wait has passed or a trace has been
/// lifted above its ceiling: tens of times a second, whatever the number of its synapses. Within a window no
/// neuron depends on another, so time runs forward through arrivals, noise and visits for each by itself.
template <TracedModel Model>
class TracedPopulation final : public Population {
public:
    using State = typename Model::State;
    static constexpr std::size_t ports = Model::ports.size();
    static constexpr std::size_t width = sizeof(State) / sizeof(double);

    TracedPopulation(PopulationSetup setup, const Model& model, std::span<const State> initial)
        : Population(std::move(setup)),
          model_(model),
          initial_(initial.begin(), initial.end()),
          states_(initial_),
          updated_(size()),
          draws_(size()) {
        set_rates();
        for (Index i = 0; i < size(); ++i) keys_.emplace_back(this->setup().seed, "model", name(), i);
        for (const Part& part : parts_) {
            Shard& shard = shards_.emplace_back();
            shard.noise =
                noise_groups(this->setup().seed, name(), this->setup().noise, size(), part.first, part.last);
            for (std::size_t t = 0; t < ports; ++t) {
                shard.traces[t].resize(part.size());
                shard.ceilings[t].resize(part.size());
            }
            shard.wake.resize(part.size());
            shard.due.resize((part.size() + lanes - 1) / lanes);
        }
        restart(Time{});
    }

    bool in_order() const override { return true; }
    std::vector<std::string_view> variables() const override {
        return {Model::variables.begin(), Model::variables.end()};
    }

    double sample(Index neuron, std::size_t variable, Time now) const override {
        const std::size_t k = shard_of(neuron);
        const Index local = neuron - first(k);
        State copy = states_[neuron];
        std::uint32_t draws = draws_[neuron];
        Draw draw(keys_[neuron], draws);
        Time time = updated_[neuron];
        const auto meet = [&](Time at) {
            set_traces(copy, k, local, at);
            double dt = ms(at - time);
            time = at;
            while (model_.meet(copy, dt, draw)) dt = 0.0;
        };
        for (Time wake = shards_[k].wake[local]; wake <= now;) {
            meet(wake);
            wake = after(wake, model_.outlook(copy, draw).wait);
        }
        meet(now);
        return std::bit_cast<Numbers>(copy)[variable];
    }

    void set(Index neuron, std::size_t variable, double value, Time now) override {
        const std::size_t k = shard_of(neuron);
        const Index local = neuron - first(k);
        Shard& shard = shards_[k];
        // One that is due is visited when the next window opens.
        const bool due = shard.wake[local] <= now;
        if (!due) visit(k, local, now);
        auto numbers = std::bit_cast<Numbers>(states_[neuron]);
        numbers[variable] = value;
        states_[neuron] = std::bit_cast<State>(numbers);
        if (variable < ports) shard.traces[variable][local] = value * scale(shard, variable, now);
        if (!due) look_ahead(k, local, now);
    }

    void check_numbers(Time now) const override {
        // What else is in the state follows from the traces, or says "never" by an infinity.
        for (std::size_t k = 0; k < shards(); ++k) {
            for (std::size_t t = 0; t < ports; ++t) {
                for (Index local = 0; local < shards_[k].wake.size(); ++local) {
                    const double value = shards_[k].traces[t][local];
                    if (!std::isfinite(value)) not_finite(first(k) + local, Model::variables[t], value, now);
                }
            }
        }
    }

    void set_parameter(std::string_view parameter, double value, Time now) override {
        const Model changed = with_acting_parameter(model_, parameter, value, name());
        // Due neurons are visited when the next window opens, with what they are then.
        for (std::size_t k = 0; k < shards(); ++k) {
            for (Index local = 0; local < shards_[k].wake.size(); ++local) {
                if (shards_[k].wake[local] > now) {
                    visit(k, local, now);
                } else {
                    set_traces(states_[first(k) + local], k, local, now);
                }
            }
        }
        model_ = changed;
        set_rates();
        for (std::size_t k = 0; k < shards(); ++k) {
            scale_traces(k, now);
            for (Index local = 0; local < shards_[k].wake.size(); ++local) {
                if (shards_[k].wake[local] > now) look_ahead(k, local, now);
            }
        }
    }

protected:
    void integrate(std::size_t k, const Window& window, std::span<const Arrival> arrivals) override {
        while (!arrivals.empty()) {
            proceed(k, arrivals.front().time + Duration{1});
            const std::size_t count = gather_rows(k, arrivals);
            if (count > 0) {
                deliver_rows(k);
            } else {
                deliver(k, arrivals.front());
            }
            arrivals = arrivals.subspan(std::max(count, std::size_t{1}));
        }
        proceed(k, window.end);
    }

    void restart(Time now) override {
        states_ = initial_;
        updated_.assign(size(), now);
        for (std::size_t k = 0; k < shards(); ++k) {
            scale_traces(k, now);
            shards_[k].due.assign(shards_[k].due.size(), Time::max());
            for (Index local = 0; local < shards_[k].wake.size(); ++local) look_ahead(k, local, now);
        }
    }

    void persist_neurons(Archive& archive) override {
        archive.fields("model", model_);
        set_rates();
        archive("states", std::span(states_));
        archive("updated", std::span(updated_));
        archive("draws", std::span(draws_));
        archive.each("shards", shards_);
    }

private:
    using Numbers = std::array<double, width>;
    struct Shard {
        Time T0{};
        std::array<std::vector<double>, ports> traces;    ///< scaled
        std::array<std::vector<double>, ports> ceilings;  ///< as they are
        std::vector<Time> wake;                           ///< by neuron: when its wait has passed
        std::vector<Time> due;                            ///< by pack of lanes: no wake is earlier
        std::vector<DenseRow> rows;                       ///< on their way to the neurons, in order of time,
        std::array<std::vector<DenseRow>, ports> rows_of_port;  ///< and apart
        std::vector<NoiseGroup> noise;
        std::array<Time, ports> scaled_at{};  ///< when a trace of 1
        std::array<double, ports> scaling{};  ///< was scaled to this; void once T0 moves

        void forget_scales() { scaled_at.fill(Time::min()); }
        void persist(Archive& archive) {
            archive("T0", T0);
            for (std::size_t t = 0; t < ports; ++t) {
                archive("traces_" + std::to_string(t), std::span(traces[t]));
                archive("ceilings_" + std::to_string(t), std::span(ceilings[t]));
            }
            archive("wake", std::span(wake));
            archive("due", std::span(due));
            archive.each("noise", noise);
            forget_scales();
        }
    };
    static constexpr std::size_t most_rows = 32;  ///< at once: no more than the first-level cache holds

    /// Exponents up to here are added to before T0 moves on.
    static constexpr double largest_exponent = 4.0;
    static constexpr double longest_epoch = 1e9;  // ms

    void set_rates() {
        const auto decay_times = model_.decay_times();
        std::transform(decay_times.begin(), decay_times.end(), rates_.begin(),
                       [](double tau) { return 1.0 / tau; });
        const double fastest = *std::max_element(rates_.begin(), rates_.end());
        require_time_constant(1.0 / fastest);
        epoch_ = Duration{static_cast<Clock::rep>(std::bit_floor(
            static_cast<std::uint64_t>(std::min(largest_exponent / fastest, longest_epoch) * ticks_per_ms)))};
    }

    /// Makes the scaled traces anew from those of the states, which are of `now`.
    void scale_traces(std::size_t k, Time now) {
        Shard& shard = shards_[k];
        shard.T0 = now - now.time_since_epoch() % epoch_;
        shard.forget_scales();
        for (Index local = 0; local < shard.wake.size(); ++local) {
            const auto numbers = std::bit_cast<Numbers>(states_[first(k) + local]);
            for (std::size_t t = 0; t < ports; ++t)
                shard.traces[t][local] = numbers[t] * scale(shard, t, now);
        }
    }

    double scale(const Shard& shard, std::size_t trace, Time time) const {
        return exp(rates_[trace] * ms(time - shard.T0));
    }

    /// The same, remembered: a row's visits are at one time.
    double remembered_scale(Shard& shard, std::size_t trace, Time time) const {
        if (rates_[trace] == 0.0) return 1.0;
        if (time != shard.scaled_at[trace]) {
            shard.scaling[trace] = scale(shard, trace, time);
            shard.scaled_at[trace] = time;
        }
        return shard.scaling[trace];
    }

    /// How many of the first `arrivals` can be added together: a pack of neurons takes all their rows before
    /// the next pack takes any. All rows learn here, before the first is added: so none may come twice, T0
    /// must not move in between, and neither noise nor a spike may change neurons or weights there.
    std::size_t gather_rows(std::size_t k, std::span<const Arrival> arrivals) {
        Shard& shard = shards_[k];
        shard.rows.clear();
        for (auto& rows : shard.rows_of_port) rows.clear();
        if (!shard.noise.empty() || learns_at_once()) return 0;
        const auto comes_again = [&](const float* weights) {
            return std::any_of(shard.rows.begin(), shard.rows.end(),
                               [&](const DenseRow& row) { return row.weights == weights; });
        };
        for (const Arrival& arrival : arrivals.first(std::min(arrivals.size(), most_rows))) {
            Projection& p = projection(arrival);
            Table& table = p.tables[k];
            if (!table.dense() || arrival.time >= shard.T0 + epoch_) break;
            const float* const weights = table.row(arrival.source).weights.data();
            if (comes_again(weights)) break;
            if (&arrival != &arrivals.back()) {
                const Arrival& next = *(&arrival + 1);
                projection(next).tables[k].prefetch_dense(next.source);
            }
            const bool waits = p.plastic() && arrival.time > p.learning[k]->settles_after();
            if (waits && !shard.rows.empty()) break;
            p.arrive(k, arrival);
            const double E = remembered_scale(shard, p.port, arrival.time);
            shard.rows.push_back({arrival.time, p.port, weights, arrival.release * E, E});
            shard.rows_of_port[p.port].push_back(shard.rows.back());
        }
        return shard.rows.size();
    }

    /// All neurons of a pack take all rows together; one that is due or lifted on the way takes them alone.
    void deliver_rows(std::size_t k) {
        Shard& shard = shards_[k];
        const Time last = shard.rows.back().time;
        std::array<std::array<double, lanes>, ports> before;
        for (std::size_t pack = 0; pack < shard.due.size(); ++pack) {
            const std::size_t first = pack * lanes;
            const std::size_t n = std::min(lanes, shard.wake.size() - first);
            std::array<std::int64_t, lanes> above;
            above.fill(0);
            for (std::size_t t = 0; t < ports; ++t) {
                if (shard.rows_of_port[t].empty()) continue;
                double* const s = shard.traces[t].data();
                std::copy_n(s + first, n, before[t].begin());
                add_rows(shard.rows_of_port[t], first, n, s, shard.ceilings[t].data(), above);
            }
            if (shard.due[pack] > last && *std::min_element(above.begin(), above.end()) >= 0) continue;
            for (std::size_t i = 0; i < n; ++i) {
                if (above[i] >= 0 && shard.wake[first + i] > last) continue;
                for (std::size_t t = 0; t < ports; ++t) {
                    if (!shard.rows_of_port[t].empty()) shard.traces[t][first + i] = before[t][i];
                }
                for (const DenseRow& row : shard.rows) {
                    const auto local = static_cast<Index>(first + i);
                    visit_before(k, local, row.time + Duration{1});
                    lift(k, local, double{row.weights[local]} * row.step, row);
                }
            }
            shard.due[pack] = earliest(shard.wake.data() + first, n);
        }
    }

    /// One arrival, after all that comes before it.
    void deliver(std::size_t k, const Arrival& arrival) {
        Shard& shard = shards_[k];
        Projection& p = projection(arrival);
        Table& table = p.tables[k];
        const Table::Row row = table.row(arrival.source);
        if (p.plastic()) show_spikes(k);
        p.arrive(k, arrival);
        if (arrival.release == 0.0) return;  // it came for the rule, or for synapses with states of their own
        const double E = remembered_scale(shard, p.port, arrival.time);
        const DenseRow at{arrival.time, p.port, nullptr, arrival.release * E, E};
        if (row.weights.empty()) {
            const double jump = table.uniform_weight() * at.step;
            for (const Table::Local local : row.targets) lift(k, local, jump, at);
        } else {
            for (std::size_t i = 0; i < row.targets.size(); ++i)
                lift(k, row.targets[i], double{row.weights[i]} * at.step, at);
        }
    }

    void lift(std::size_t k, Index local, double jump, const DenseRow& at) {
        Shard& shard = shards_[k];
        if ((shard.traces[at.port][local] += jump) > shard.ceilings[at.port][local] * at.E) [[unlikely]]
            visit(k, local, at.time);
    }

    /// Visits and noise before `end`, in order of time for each neuron; moves T0 on the way.
    void proceed(std::size_t k, Time end) {
        Shard& shard = shards_[k];
        while (end > shard.T0 + epoch_) {
            advance(k, shard.T0 + epoch_);
            shard.T0 += epoch_;
            shard.forget_scales();
            for (std::size_t t = 0; t < ports; ++t) {
                const double factor = exp(-rates_[t] * ms(epoch_));
                for (double& s : shard.traces[t]) s *= factor;
            }
        }
        advance(k, end);
    }

    void advance(std::size_t k, Time end) {
        deliver_noise(k, end);
        Shard& shard = shards_[k];
        for (std::size_t pack = 0; pack < shard.due.size(); ++pack) {
            if (shard.due[pack] >= end) continue;
            const std::size_t first = pack * lanes;
            const std::size_t n = std::min(lanes, shard.wake.size() - first);
            for (std::size_t i = first; i < first + n; ++i) visit_before(k, static_cast<Index>(i), end);
            shard.due[pack] = earliest(shard.wake.data() + first, n);
        }
    }

    /// The visits of a neuron before `end`.
    void visit_before(std::size_t k, Index local, Time end) {
        const Time& wake = shards_[k].wake[local];
        while (wake < end) visit(k, local, wake);
    }

    /// The noise before `end`, each arrival after what its neuron does by itself until then.
    void deliver_noise(std::size_t k, Time end) {
        Shard& shard = shards_[k];
        for (NoiseGroup& group : shard.noise) {
            while (true) {
                NoiseBand& train = group.earliest();
                const Time time = train.next_time();
                if (time >= end) break;
                const Index local = train.targets().front();
                const std::size_t port = train.noise().port;
                const double weight = train.weight(0);
                train.take(1);
                visit_before(k, local, time + Duration{1});
                const double E = scale(shard, port, time);
                lift(k, local, weight * E, {time, port, nullptr, 0.0, E});
            }
        }
    }

    void set_traces(State& state, std::size_t k, Index local, Time now) const {
        auto numbers = std::bit_cast<Numbers>(state);
        for (std::size_t t = 0; t < ports; ++t)
            numbers[t] = shards_[k].traces[t][local] / scale(shards_[k], t, now);
        state = std::bit_cast<State>(numbers);
    }

    static Time after(Time now, double wait) {
        return wait < longest_wait ? now + ticks_up(wait) : Time::max();
    }

    void visit(std::size_t k, Index local, Time now) {
        const Index neuron = first(k) + local;
        Shard& shard = shards_[k];
        auto numbers = std::bit_cast<Numbers>(states_[neuron]);
        for (std::size_t t = 0; t < ports; ++t)
            numbers[t] = shard.traces[t][local] / remembered_scale(shard, t, now);
        states_[neuron] = std::bit_cast<State>(numbers);
        Draw draw(keys_[neuron], draws_[neuron]);
        double dt = ms(now - updated_[neuron]);
        updated_[neuron] = now;
        while (const auto spike = model_.meet(states_[neuron], dt, draw)) {
            emit(k, local, now, spike->kind, spike->mark);
            dt = 0.0;
        }
        look_ahead(k, local, now);
    }

    void look_ahead(std::size_t k, Index local, Time now) {
        Shard& shard = shards_[k];
        const Index neuron = first(k) + local;
        Draw draw(keys_[neuron], draws_[neuron]);
        const Outlook<ports> outlook = model_.outlook(states_[neuron], draw);
        if (!(outlook.wait >= 0.0)) lost(neuron, now, outlook.wait);
        for (std::size_t t = 0; t < ports; ++t) shard.ceilings[t][local] = outlook.ceiling[t];
        shard.wake[local] = after(now, outlook.wait);
        shard.due[local / lanes] = std::min(shard.due[local / lanes], shard.wake[local]);
    }

    static constexpr double longest_wait = 0x1p32;  // ms, half the range of Time

    Model model_;
    std::vector<State> initial_;
    std::vector<State> states_;          ///< their traces are those of the last visit
    std::vector<Time> updated_;          ///< by neuron: the last visit
    std::vector<std::uint32_t> draws_;   ///< by neuron: random numbers used
    std::vector<StreamKey> keys_;        ///< by neuron
    std::array<double, ports> rates_{};  ///< [1/ms]
    Duration epoch_{};  ///< T0 is a multiple of it, whatever the windows: a sum has the same bits in pieces
    std::vector<Shard> shards_;
};

}  // namespace apical
