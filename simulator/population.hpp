#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/field.hpp"
#include "core/random.hpp"
#include "core/spike.hpp"
#include "neurons/model.hpp"
#include "recorders/archive.hpp"
#include "simulator/classification.hpp"
#include "simulator/noise.hpp"
#include "simulator/projection.hpp"

namespace apical {

/// What a population is made with, besides its neurons.
struct PopulationSetup {
    std::string name;
    Index index = 0;
    Index size = 1;
    std::uint64_t seed = 1;
    Classifier classifier = Classifier::isi;
    Duration b_th = std::chrono::milliseconds{16};
    std::vector<Noise> noise;
    Index shards = 1;
};

/// A block of neurons of one model. The engine knows this interface, never a model; one virtual call does a
/// window of a shard. Neurons are cut into shards of equal size (to within one), from the network, never from
/// the number of threads.
class Population {
public:
    explicit Population(PopulationSetup setup);
    Population(const Population&) = delete;
    Population& operator=(const Population&) = delete;
    virtual ~Population() = default;

    const std::string& name() const { return setup_.name; }
    Index index() const { return setup_.index; }
    Index size() const { return setup_.size; }
    std::size_t shards() const { return blocks_.size(); }
    Index first(std::size_t shard) const { return blocks_[shard].first; }
    Index last(std::size_t shard) const { return blocks_[shard].last; }

    /// The projections that end here; `projections` outlives the population's work.
    void connect(std::vector<Projection*> by_index);

    /// Brings the neurons of a shard from the window's begin to its end: delivers the arrivals, which are in
    /// the total order and all end in this population. May run in parallel for different shards.
    void process(std::size_t shard, const Window& window, std::span<const Arrival> arrivals);

    /// If nothing arrives, no neuron fires before then and no noise comes: windows that end by then, of which
    /// `next` is the first, need not be processed. If it must be, any time before its end.
    Time quiet_until(const Window& next);

    /// The spikes of the window last processed, in the total order.
    std::span<const Spike> spikes(std::size_t shard) const { return blocks_[shard].spikes; }

    /// Whether it shows its variables, several times in a millisecond or at the end of each window, to rules
    /// that follow one.
    virtual bool shows() const { return false; }
    /// Targets are brought up to date at each arrival: what learning with back_delay zero needs.
    virtual bool visits() const = 0;
    /// The names of the state variables.
    virtual std::vector<std::string_view> variables() const = 0;
    /// A variable of a neuron at `now`, which is not before the last window's end: computed on a copy.
    virtual double sample(Index neuron, std::size_t variable, Time now) const = 0;
    /// Sets a variable of a neuron at `now`, the end of the last window.
    virtual void set(Index neuron, std::size_t variable, double value, Time now) = 0;
    /// Throws NumericsError if a variable of a neuron is not a finite number at `now`, the end of the last
    /// window.
    virtual void check_numbers(Time now) const = 0;
    /// Changes a parameter of the model from `now` on; states keep their values. Throws ModelError if it does
    /// not exist, cannot have this value or cannot change.
    virtual void set_parameter(std::string_view parameter, double value, Time now);
    /// Whether it has noise whose pulses have an end: a state that is reset loses their beginnings.
    bool has_pulses() const;
    /// Starts all neurons anew at `now`; random streams go on.
    void reset(Time now);
    void persist(Archive& archive);

protected:
    struct Block {
        Index first;
        Index last;
        std::vector<Spike> spikes;
        Classification kinds;
        std::size_t shown = 0;    ///< spikes of this window that rules with back_delay zero know of
        std::vector<Spike> late;  ///< spikes at the very end of the window, which belong to the next
        Index size() const { return last - first; }
        void persist(Archive& archive);
    };

    /// The window of one shard, without what all populations share.
    virtual void integrate(std::size_t shard, const Window& window, std::span<const Arrival> arrivals) = 0;
    /// The same for a shard, of which no spike is late.
    virtual Time quiet_until(std::size_t /*shard*/, const Window& next) { return next.begin; }
    virtual void restart(Time now) = 0;
    /// The neurons and their noise, without what all populations share.
    virtual void persist_neurons(Archive& archive) = 0;

    /// Rows lie all over memory, but which come next is known: asks for those soon after `now`.
    [[gnu::always_inline]] void prefetch_after(std::size_t shard, std::span<const Arrival> arrivals,
                                               std::size_t now) {
        constexpr std::size_t row = 2;
        constexpr std::size_t offsets = 8;
        if (now + offsets < arrivals.size()) {
            const Arrival& far = arrivals[now + offsets];
            projection(far).tables[shard].prefetch_offsets(far.source);
        }
        if (now + row < arrivals.size()) {
            const Arrival& near = arrivals[now + row];
            projection(near).tables[shard].prefetch(near.source);
        }
    }

    /// Records a spike of a neuron of `block` and says what it is.
    void emit(std::size_t shard, Index local, Time time, SpikeKind says, double mark);

    /// Shows the spikes since the last call to rules with back_delay zero, in order of time. Due before a row
    /// learns at an arrival.
    void show_spikes(std::size_t shard);

    /// Throws NumericsError.
    [[noreturn]] void not_finite(Index neuron, std::string_view variable, double value, Time now) const;
    /// The same for a model that cannot go on (Emission::offset).
    [[noreturn]] void lost(Index neuron, Time now, double offset) const;
    /// Throws ModelError if a time constant [ms] is no more than a few ticks of the clock.
    void require_time_constant(double shortest) const;

    std::size_t shard_of(Index neuron) const;
    /// How many neurons share the drawing of their noise.
    Index noise_block() const { return NoiseBlock::neurons(setup_.size); }
    Projection& projection(const Arrival& arrival) const { return *projections_[arrival.projection]; }
    /// A rule that follows a variable of these neurons.
    struct Follower {
        Projection* projection;
        std::size_t variable;
    };
    std::span<const Follower> followers() const { return followers_; }
    /// A weight onto this population changes as soon as one of its neurons fires.
    bool learns_at_once() const { return !immediate_.empty(); }
    const PopulationSetup& setup() const { return setup_; }

    std::vector<Block> blocks_;

private:
    PopulationSetup setup_;
    std::vector<Projection*> projections_;  ///< by index; null where one does not end here
    std::vector<Projection*> plastic_;      ///< those that learn
    std::vector<Projection*> immediate_;    ///< those that learn with back_delay zero
    std::vector<Follower> followers_;
};

/// Sets a variable, which is one of `Model::variables`: by the model's own `set`, or as a number of the
/// state; a membrane, which is the first one, then settles where the model says how.
template <class Model>
void set_variable(const Model& model, typename Model::State& state, std::size_t variable, double value) {
    if constexpr (requires { model.set(state, variable, value); }) {
        model.set(state, variable, value);
    } else {
        using State = typename Model::State;
        auto numbers = std::bit_cast<std::array<double, sizeof(State) / sizeof(double)>>(state);
        numbers[variable] = value;
        state = std::bit_cast<State>(numbers);
        if constexpr (requires { model.settle(state); }) {
            if (variable == 0) model.settle(state);
        }
    }
}

/// Whether a variable of a model may be no number, and mean something by it.
template <class Model>
constexpr bool may_be_none(std::size_t variable) {
    if constexpr (requires { Model::none; }) return Model::variables[variable] == Model::none;
    return false;
}

/// The visiting loop: any model with `advance` and `receive`. Time runs forward through the arrivals, and a
/// neuron is brought up to date when it is met.
template <NeuronModel Model>
class PopulationOf final : public Population {
public:
    using State = typename Model::State;
    static constexpr std::size_t variables_of_state = sizeof(State) / sizeof(double);

    PopulationOf(PopulationSetup setup, const Model& model, std::span<const State> initial)
        : Population(std::move(setup)),
          model_(model),
          initial_(initial.begin(), initial.end()),
          states_(initial_) {
        if constexpr (requires { model_.fastest(); }) require_time_constant(1.0 / model_.fastest());
        updated_.assign(size(), Time{});
        draws_.assign(size(), 0);
        for (Index i = 0; i < size(); ++i) keys_.emplace_back(this->setup().seed, "model", name(), i);
        for (const Block& block : blocks_) {
            noise_.push_back(noise_groups(this->setup().seed, name(), this->setup().noise, size(),
                                          block.first, block.last));
        }
    }

    bool visits() const override { return true; }
    bool shows() const override { return true; }
    std::vector<std::string_view> variables() const override {
        return {Model::variables.begin(), Model::variables.end()};
    }

    double sample(Index neuron, std::size_t variable, Time now) const override {
        State copy = states_[neuron];
        std::uint32_t draws = draws_[neuron];
        for (Time time = updated_[neuron]; time < now;) {
            const auto spike = step(neuron, copy, draws, ms(now - time));
            if (spike && !(spike->offset >= 0.0)) lost(neuron, time, spike->offset);
            time = spike ? std::min(time + ticks_up(spike->offset), now) : now;
        }
        return std::bit_cast<Numbers>(copy)[variable];
    }

    void set(Index neuron, std::size_t variable, double value, Time) override {
        set_variable(model_, states_[neuron], variable, value);
    }

    void check_numbers(Time now) const override {
        for (Index i = 0; i < size(); ++i) {
            const auto numbers = std::bit_cast<Numbers>(states_[i]);
            for (std::size_t v = 0; v < numbers.size(); ++v) {
                if (!std::isfinite(numbers[v]) && !may_be_none<Model>(v))
                    not_finite(i, Model::variables[v], numbers[v], now);
            }
        }
    }

    void set_parameter(std::string_view parameter, double value, Time now) override {
        if constexpr (requires { model_.*(Model::fields.front().member); }) {
            model_ = with_acting_parameter(model_, parameter, value, name());
        } else {
            Population::set_parameter(parameter, value, now);
        }
    }

protected:
    void integrate(std::size_t shard, const Window& window, std::span<const Arrival> arrivals) override {
        Block& block = blocks_[shard];
        show(shard, window.begin);
        for (const Arrival& arrival : arrivals) {
            Projection& p = projection(arrival);
            const Table::Row row = p.tables[shard].row(arrival.source);
            if (row.targets.empty()) continue;
            deliver_noise(shard, arrival.time + Duration{1});
            if (p.plastic() && p.learning[shard]->immediate()) {
                for (const Table::Local target : row.targets) bring_up(shard, target, arrival.time);
                show_spikes(shard);
            }
            p.arrive(shard, arrival);
            if (arrival.release == 0.0) continue;  // it came for the rule
            for (std::size_t i = 0; i < row.targets.size(); ++i) {
                const double weight =
                    row.weights.empty() ? p.tables[shard].uniform_weight() : double{row.weights[i]};
                if (weight == 0.0) continue;  // tied weights of one sign: half of them, or more
                bring_up(shard, row.targets[i], arrival.time);
                model_.receive(states_[block.first + row.targets[i]], p.port, weight * arrival.release);
            }
        }
        deliver_noise(shard, window.end);
        for (Index local = 0; local < block.size(); ++local) bring_up(shard, local, window.end);
        show(shard, window.end);
    }

    void restart(Time now) override {
        states_ = initial_;
        updated_.assign(size(), now);
    }

    void persist_neurons(Archive& archive) override {
        archive.fields("model", model_);
        archive("states", std::span(states_));
        archive("updated", std::span(updated_));
        archive("draws", std::span(draws_));
        for (std::size_t k = 0; k < shards(); ++k) archive.each("noise_" + std::to_string(k), noise_[k]);
    }

private:
    using Numbers = std::array<double, variables_of_state>;

    /// What rules follow, at the borders of windows, when all neurons are up to date.
    void show(std::size_t shard, Time now) {
        for (const Follower& follower : followers()) {
            follower.projection->learning[shard]->follow(now, [&](Index local) {
                return std::bit_cast<Numbers>(states_[blocks_[shard].first + local])[follower.variable];
            });
        }
    }

    std::optional<Emission> step(Index neuron, State& state, std::uint32_t& draws, double dt) const {
        if constexpr (StochasticModel<Model>) {
            Draw draw(keys_[neuron], draws);
            return model_.advance(state, dt, draw);
        } else {
            return model_.advance(state, dt);
        }
    }

    void bring_up(std::size_t shard, Index local, Time time) {
        const Index neuron = blocks_[shard].first + local;
        Time& now = updated_[neuron];
        while (const auto spike = step(neuron, states_[neuron], draws_[neuron], ms(time - now))) {
            if (!(spike->offset >= 0.0)) lost(neuron, now, spike->offset);
            now = std::min(now + ticks_up(spike->offset), time);
            emit(shard, local, now, spike->kind, spike->mark);
        }
        now = time;
    }

    /// All noise before `end`.
    void deliver_noise(std::size_t shard, Time end) {
        for (NoiseGroup& group : noise_[shard]) {
            while (true) {
                NoiseBlock& train = group.earliest();
                const Time time = train.next_time();
                if (time >= end) break;
                const Index local = train.targets().front();
                bring_up(shard, local, time);
                model_.receive(states_[blocks_[shard].first + local], train.noise().port, train.weight(0));
                train.take(1);
            }
        }
    }

    Model model_;
    std::vector<State> initial_;
    std::vector<State> states_;
    std::vector<Time> updated_;                   ///< by neuron: the time of its state
    std::vector<std::uint32_t> draws_;            ///< by neuron: random numbers used
    std::vector<StreamKey> keys_;                 ///< by neuron
    std::vector<std::vector<NoiseGroup>> noise_;  ///< by shard
};

}  // namespace apical
