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

/// The neurons of one model. The engine knows this interface, never a model; one virtual call does a
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
    std::size_t shards() const { return parts_.size(); }
    Index first(std::size_t shard) const { return parts_[shard].first; }
    Index last(std::size_t shard) const { return parts_[shard].last; }

    /// The projections that end here; `projections` outlives the population's work.
    void connect(std::vector<Projection*> by_index);

    /// Brings the neurons of a shard from the window's begin to its end: delivers the arrivals, which are in
    /// the total order and all end in this population. May run in parallel for different shards.
    void process(std::size_t shard, const Window& window, std::span<const Arrival> arrivals);

    /// If nothing arrives, no neuron fires before then and no noise comes: windows that end by then, of which
    /// `next` is the first, need not be processed. If it must be, any time before its end.
    Time quiet_until(const Window& next);

    /// The spikes of the window last processed, in the total order.
    std::span<const Spike> spikes(std::size_t shard) const { return parts_[shard].spikes; }

    /// Whether it shows its variables, several times in a millisecond or at the end of each window, to rules
    /// that follow one.
    virtual bool shows() const { return false; }
    /// Whether all that happens in a shard happens in order of time, so that a rule hears of a spike before
    /// the next arrival: what learning with back_delay zero needs.
    virtual bool in_order() const { return false; }
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
    /// What lies in one shard.
    struct Part {
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

    /// Records a spike of a neuron of a shard and says what it is.
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
    Index noise_band() const { return NoiseBand::neurons(setup_.size); }
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

    std::vector<Part> parts_;

private:
    PopulationSetup setup_;
    std::vector<Projection*> projections_;  ///< by index; null where one does not end here
    std::vector<Projection*> plastic_;      ///< those that learn
    std::vector<Projection*> immediate_;    ///< those that learn with back_delay zero
    std::vector<Follower> followers_;
};

/// One neuron over dt [ms], to its next spike or to the end. `draws`: how many random numbers it has taken of
/// those that `key` gives.
template <class Model>
std::optional<Emission> advance(const Model& model, typename Model::State& state, const StreamKey& key,
                                std::uint32_t& draws, double dt) {
    if constexpr (StochasticModel<Model>) {
        Draw draw(key, draws);
        return model.advance(state, dt, draw);
    } else {
        return model.advance(state, dt);
    }
}

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

}  // namespace apical
