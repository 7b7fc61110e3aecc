#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/simd.hpp"
#include "neurons/leap.hpp"
#include "neurons/model.hpp"
#include "simulator/population.hpp"

namespace apical {

/// Eight neurons side by side: what a vector instruction works on.
template <LeapingModel Model>
struct alignas(64) Lanes {
    static constexpr std::size_t width = 8;
    static constexpr std::size_t variables = sizeof(typename Model::State) / sizeof(double);
    using Columns = std::array<std::array<double, width>, variables>;

    Columns x;
    std::array<double, width> calm;  ///< 1: the leap held; 0: it is still to be made, and x is as before
};

/// The arrivals of one step at all neurons of a shard: for each port and power of leap::Arrivals a column
/// with a number for each neuron, lest those of one port drive those of the others out of the cache.
class ArrivalColumns {
public:
    ArrivalColumns(std::size_t ports, std::size_t neurons)
        : neurons_(neurons), sums_(4 * ports * neurons, 0.0) {}

    /// The sums for the neurons from `first` on.
    double* at(std::size_t port, std::size_t power, std::size_t first) {
        return sums_.data() + (4 * port + power) * neurons_ + first;
    }

private:
    std::size_t neurons_;
    std::vector<double> sums_;
};

/// The neurons of `pack` for which it holds leap, with the arrivals at some ports, which are taken.
template <class Model, std::size_t... v, std::size_t... p>
[[gnu::always_inline]] inline void leap_pack(const typename Model::Leap& leap, Lanes<Model>& pack,
                                             ArrivalColumns& arrivals, std::size_t first,
                                             std::index_sequence<v...>, std::index_sequence<p...>) {
    const std::array<std::array<double*, 4>, sizeof...(p)> sums{
        std::array<double*, 4>{arrivals.at(p, 0, first), arrivals.at(p, 1, first), arrivals.at(p, 2, first),
                               arrivals.at(p, 3, first)}...};
    typename Lanes<Model>::Columns after;
    APICAL_INDEPENDENT
    for (std::size_t i = 0; i < Lanes<Model>::width; ++i) {
        std::array<double, sizeof...(v)> x{pack.x[v][i]...};
        const std::array<leap::Arrivals, sizeof...(p)> in{leap::Arrivals{
            double{sums[p][0][i]}, double{sums[p][1][i]}, double{sums[p][2][i]}, double{sums[p][3][i]}}...};
        const bool calm = leap(x, in);
        ((after[v][i] = x[v]), ...);
        pack.calm[i] = calm ? 1.0 : 0.0;
        ((sums[p][0][i] = sums[p][1][i] = sums[p][2][i] = sums[p][3][i] = 0.0), ...);
    }
    double all = 1.0;
    for (const double calm : pack.calm) all *= calm;
    if (all == 1.0) {
        pack.x = after;
        return;
    }
    for (std::size_t i = 0; i < Lanes<Model>::width; ++i) {
        if (pack.calm[i] == 1.0) ((pack.x[v][i] = after[v][i]), ...);
    }
}

/// With the arrivals at the first `ports` ports; none at the others.
template <class Model, std::size_t ports>
[[gnu::always_inline]] inline void leap_packs(const typename Model::Leap& leap, std::span<Lanes<Model>> packs,
                                              ArrivalColumns& arrivals) {
    for (std::size_t b = 0; b < packs.size(); ++b) {
        leap_pack<Model>(leap, packs[b], arrivals, b * Lanes<Model>::width,
                         std::make_index_sequence<Lanes<Model>::variables>{},
                         std::make_index_sequence<ports>{});
    }
}

/// `lasting`: something arrives at ports that do not decay.
template <class Model>
[[gnu::always_inline]] inline void leap_all_loop(const typename Model::Leap& leap,
                                                 std::span<Lanes<Model>> packs, ArrivalColumns& arrivals,
                                                 bool lasting) {
    if (lasting) {
        leap_packs<Model, Model::ports.size()>(leap, packs, arrivals);
    } else {
        leap_packs<Model, Model::Leap::decaying_ports>(leap, packs, arrivals);
    }
}
APICAL_WIDEST(template <class Model>, void, leap_all,
              (const typename Model::Leap& leap, std::span<Lanes<Model>> packs, ArrivalColumns& arrivals,
               bool lasting),
              (leap, packs, arrivals, lasting))

/// The loop for neurons that are integrated and get an arrival every fraction of a millisecond. All neurons
/// of a shard take a step together, as vectors, over all the arrivals in it; those that come near their
/// threshold, or whose error would exceed the tolerance, take the step again one by one, from arrival to
/// arrival, as in the visiting loop. What a neuron does depends on its own arrivals and on the windows, never
/// on its shard.
template <LeapingModel Model>
class SteppedPopulation final : public Population {
public:
    using State = typename Model::State;

    SteppedPopulation(PopulationSetup setup, const Model& model, std::span<const State> initial)
        : Population(std::move(setup)), model_(model), initial_(initial.begin(), initial.end()) {
        draws_.assign(size(), 0);
        for (Index i = 0; i < size(); ++i) keys_.emplace_back(this->setup().seed, "model", name(), i);
        for (std::size_t k = 0; k < shards(); ++k) {
            const std::size_t packs = (parts_[k].size() + Pack::width - 1) / Pack::width;
            Shard shard{.packs = std::vector<Pack>(packs),
                        .arrivals = ArrivalColumns(Model::ports.size(), packs * Pack::width)};
            shard.slots.assign(parts_[k].size(), none);
            shard.noise =
                noise_groups(this->setup().seed, name(), this->setup().noise, size(), first(k), last(k));
            shards_.push_back(std::move(shard));
        }
        restart(Time{});
    }

    bool shows() const override { return true; }
    std::vector<std::string_view> variables() const override {
        return {Model::variables.begin(), Model::variables.end()};
    }

    double sample(Index neuron, std::size_t variable, Time now) const override {
        const std::size_t k = shard_of(neuron);
        const Index local = neuron - first(k);
        State copy = load(shards_[k].packs[local / Pack::width].x, local);
        std::uint32_t draws = draws_[neuron];
        for (Time time = shards_[k].now; time < now;) {
            const auto spike = advance(model_, copy, keys_[neuron], draws, ms(now - time));
            if (spike && !(spike->offset >= 0.0)) lost(neuron, time, spike->offset);
            time = spike ? std::min(time + ticks_up(spike->offset), now) : now;
        }
        return std::bit_cast<Numbers>(copy)[variable];
    }

    void set(Index neuron, std::size_t variable, double value, Time) override {
        const std::size_t k = shard_of(neuron);
        const Index local = neuron - first(k);
        State state = load(shards_[k].packs[local / Pack::width].x, local);
        set_variable(model_, state, variable, value);
        store(shards_[k], local, state);
    }

    void check_numbers(Time now) const override {
        for (std::size_t k = 0; k < shards(); ++k) {
            for (Index local = 0; local < parts_[k].size(); ++local) {
                const auto& columns = shards_[k].packs[local / Pack::width].x;
                for (std::size_t v = 0; v < columns.size(); ++v) {
                    const double value = columns[v][local % Pack::width];
                    if (!std::isfinite(value)) not_finite(first(k) + local, Model::variables[v], value, now);
                }
            }
        }
    }

    void set_parameter(std::string_view parameter, double value, Time) override {
        model_ = with_acting_parameter(model_, parameter, value, name());
        for (Shard& shard : shards_) shard.leaps = {};
    }

protected:
    void integrate(std::size_t k, const Window& window, std::span<const Arrival> arrivals) override {
        const Duration longest{static_cast<Clock::rep>(model_.longest_leap() * ticks_per_ms)};
        const auto steps = (window.end - window.begin + longest - Duration{1}) / longest;
        const Duration length = (window.end - window.begin + Duration{steps - 1}) / steps;
        auto next = arrivals.begin();
        show(k);
        while (shards_[k].now < window.end) {
            const Time end = std::min(shards_[k].now + length, window.end);
            const auto after = std::find_if(next, arrivals.end(),
                                            [end](const Arrival& arrival) { return arrival.time >= end; });
            step(k, end, {next, after});
            next = after;
            show(k);
        }
    }

    void restart(Time now) override {
        for (std::size_t k = 0; k < shards(); ++k) {
            Shard& shard = shards_[k];
            shard.now = now;
            // Lanes beyond the last neuron do as the last.
            for (Index i = 0; i < shard.packs.size() * Pack::width; ++i)
                store(shard, i, initial_[first(k) + std::min(i, parts_[k].size() - 1)]);
        }
    }

    void persist_neurons(Archive& archive) override {
        archive.fields("model", model_);
        archive("draws", std::span(draws_));
        archive.each("shards", shards_);
    }

private:
    using Pack = Lanes<Model>;
    using Leap = typename Model::Leap;
    using Numbers = std::array<double, Pack::variables>;

    /// An arrival of this step, kept for neurons that take it with care.
    struct Input {
        std::uint32_t offset;  ///< [ticks] from the step's begin
        Table::Local local;
        std::uint16_t port;
        double weight;
    };
    static_assert(sizeof(Input) == 16);

    struct Shard {
        Time now{};
        std::vector<Pack> packs;
        ArrivalColumns arrivals;
        std::vector<Input> inputs{};  ///< the first `taken` are those of this step
        std::size_t taken = 0;
        bool lasting = false;  ///< some of them at ports that do not decay
        std::vector<NoiseGroup> noise{};
        /// The coefficients of a step, by its length. A window is no whole number of ticks for each step, so
        /// its steps have two lengths, a tick apart.
        std::array<std::pair<Duration, std::optional<Leap>>, 2> leaps{};
        std::vector<Table::Local> restless{};  ///< neurons for which the leap does not hold
        std::vector<std::uint16_t> slots{};    ///< by neuron: place among the restless
        std::vector<Input> their_inputs{};

        void persist(Archive& archive) {
            archive("now", now);
            archive.columns("lanes", std::span(packs), "x", &Pack::x);
            archive.each("noise", noise);
            leaps = {};
        }
    };
    static constexpr std::uint16_t none = 0xffff;

    static State load(const typename Pack::Columns& columns, Index local) {
        Numbers numbers;
        for (std::size_t v = 0; v < numbers.size(); ++v) numbers[v] = columns[v][local % Pack::width];
        return std::bit_cast<State>(numbers);
    }

    static void store(Shard& shard, Index local, const State& state) {
        Pack& pack = shard.packs[local / Pack::width];
        const auto numbers = std::bit_cast<Numbers>(state);
        for (std::size_t v = 0; v < numbers.size(); ++v) pack.x[v][local % Pack::width] = numbers[v];
    }

    const Leap& prepare(Shard& shard, Duration length) const {
        for (auto& [known, leap] : shard.leaps) {
            if (leap && known == length) return *leap;
        }
        std::swap(shard.leaps[0], shard.leaps[1]);
        shard.leaps[0] = {length, Leap(model_, ms(length))};
        return *shard.leaps[0].second;
    }

    /// What rules follow, as it is now.
    void show(std::size_t k) {
        const Shard& shard = shards_[k];
        for (const Follower& follower : followers()) {
            follower.projection->learning[k]->follow(shard.now, [&](Index local) {
                return shard.packs[local / Pack::width].x[follower.variable][local % Pack::width];
            });
        }
    }

    void step(std::size_t k, Time end, std::span<const Arrival> arrivals) {
        Shard& shard = shards_[k];
        shard.taken = 0;
        shard.lasting = false;
        const double per_tick = 1.0 / static_cast<double>((end - shard.now).count());
        take_rows(k, end, per_tick, arrivals);
        take_noise(shard, end, per_tick);
        leap_all<Model>(prepare(shard, end - shard.now), shard.packs, shard.arrivals, shard.lasting);
        find_restless(k);
        if (!shard.restless.empty()) go_with_care(k, end);
        shard.now = end;
    }

    /// Takes arrivals at one port into the sums of their neurons, and keeps them.
    class Taker {
    public:
        Taker(Shard& shard, std::size_t port, std::size_t most)
            : sums_{shard.arrivals.at(port, 0, 0), shard.arrivals.at(port, 1, 0),
                    shard.arrivals.at(port, 2, 0), shard.arrivals.at(port, 3, 0)},
              decays_(port < Leap::decaying_ports),
              port_(static_cast<std::uint16_t>(port)) {
            shard.lasting |= !decays_;
            if (shard.inputs.size() < shard.taken + most) shard.inputs.resize(2 * (shard.taken + most));
            next_ = shard.inputs.data() + shard.taken;
        }

        /// What an arrival adds; `share` of the step is left.
        leap::Arrivals arrival(double weight, double share) const {
            const double s1 = weight * share;
            const double s2 = s1 * share;
            // A conductance does not fall below zero: with a negative weight no leap holds.
            const double s3 = weight < 0.0 ? std::numeric_limits<double>::quiet_NaN() : s2 * share;
            return {weight, s1, s2, decays_ ? s3 : std::abs(weight)};
        }

        void take(Table::Local local, std::uint32_t offset, const leap::Arrivals& arrival) {
            *next_++ = {offset, local, port_, arrival.s0};
            sums_[0][local] += arrival.s0;
            sums_[1][local] += arrival.s1;
            sums_[2][local] += arrival.s2;
            sums_[3][local] += arrival.s3;
        }

        void finish(Shard& shard) const {
            shard.taken = static_cast<std::size_t>(next_ - shard.inputs.data());
        }

    private:
        std::array<double*, 4> sums_;
        Input* next_;
        bool decays_;
        std::uint16_t port_;
    };

    void take_rows(std::size_t k, Time end, double per_tick, std::span<const Arrival> arrivals) {
        Shard& shard = shards_[k];
        for (std::size_t a = 0; a < arrivals.size(); ++a) {
            const Arrival& arrival = arrivals[a];
            this->prefetch_after(k, arrivals, a);
            Projection& p = projection(arrival);
            const Table::Row row = p.tables[k].row(arrival.source);
            if (row.targets.empty()) continue;
            p.arrive(k, arrival);
            if (arrival.release == 0.0)
                continue;  // it came for the rule, or for synapses with states of their own
            const double share = static_cast<double>((end - arrival.time).count()) * per_tick;
            const auto offset = static_cast<std::uint32_t>((arrival.time - shard.now).count());
            Taker taker(shard, p.port, row.targets.size());
            if (row.weights.empty()) {
                const leap::Arrivals one =
                    taker.arrival(p.tables[k].uniform_weight() * arrival.release, share);
                for (const Table::Local local : row.targets) taker.take(local, offset, one);
            } else {
                for (std::size_t i = 0; i < row.targets.size(); ++i) {
                    taker.take(row.targets[i], offset,
                               taker.arrival(double{row.weights[i]} * arrival.release, share));
                }
            }
            taker.finish(shard);
        }
    }

    void take_noise(Shard& shard, Time end, double per_tick) {
        for (NoiseGroup& group : shard.noise) {
            for (NoiseBand& train : group.trains) {
                while (train.next_time() < end) {
                    const std::span<const Time> times = train.times();
                    const std::span<const Table::Local> targets = train.targets();
                    Taker taker(shard, train.noise().port, times.size());
                    std::size_t i = 0;
                    for (; i < times.size() && times[i] < end; ++i) {
                        const double share = static_cast<double>((end - times[i]).count()) * per_tick;
                        const auto offset = static_cast<std::uint32_t>((times[i] - shard.now).count());
                        taker.take(targets[i], offset, taker.arrival(train.weight(i), share));
                    }
                    taker.finish(shard);
                    train.take(i);
                }
            }
        }
    }

    void find_restless(std::size_t k) {
        Shard& shard = shards_[k];
        shard.restless.clear();
        const Index size = parts_[k].size();
        for (Index b = 0; b < shard.packs.size(); ++b) {
            const auto& calm = shard.packs[b].calm;
            double all = 1.0;
            for (const double one : calm) all *= one;
            if (all == 1.0) continue;
            for (std::size_t i = 0; i < calm.size(); ++i) {
                const auto local = static_cast<Index>(b * Pack::width + i);
                if (calm[i] == 1.0 || local >= size) continue;
                shard.slots[local] = static_cast<std::uint16_t>(shard.restless.size());
                shard.restless.push_back(static_cast<Table::Local>(local));
            }
        }
    }

    /// The restless neurons take the step from arrival to arrival.
    void go_with_care(std::size_t k, Time end) {
        Shard& shard = shards_[k];
        shard.their_inputs.clear();
        for (const Input& input : std::span(shard.inputs).first(shard.taken)) {
            if (shard.slots[input.local] != none) shard.their_inputs.push_back(input);
        }
        // Stable: two synapses of one spike keep their order, which counts where a conductance is cut at
        // zero.
        std::stable_sort(shard.their_inputs.begin(), shard.their_inputs.end(),
                         [](const Input& a, const Input& b) {
                             return std::tie(a.local, a.offset) < std::tie(b.local, b.offset);
                         });
        auto next = shard.their_inputs.begin();
        for (const Table::Local local : shard.restless) {
            shard.slots[local] = none;
            State state = load(shard.packs[local / Pack::width].x, local);
            Time now = shard.now;
            for (; next != shard.their_inputs.end() && next->local == local; ++next) {
                now = go(k, local, state, now, shard.now + Duration{next->offset});
                model_.receive(state, next->port, next->weight);
            }
            go(k, local, state, now, end);
            store(shard, local, state);
        }
    }

    Time go(std::size_t k, Table::Local local, State& state, Time now, Time end) {
        const Index neuron = first(k) + local;
        while (const auto spike = advance(model_, state, keys_[neuron], draws_[neuron], ms(end - now))) {
            if (!(spike->offset >= 0.0)) lost(neuron, now, spike->offset);
            now = std::min(now + ticks_up(spike->offset), end);
            emit(k, local, now, spike->kind, spike->mark);
        }
        return end;
    }

    Model model_;
    std::vector<State> initial_;
    std::vector<std::uint32_t> draws_;  ///< by neuron: random numbers used
    std::vector<StreamKey> keys_;       ///< by neuron
    std::vector<Shard> shards_;
};

}  // namespace apical
