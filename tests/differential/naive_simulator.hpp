#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/spike.hpp"
#include "networks/description.hpp"
#include "tests/differential/cells.hpp"

namespace apical::naive {

inline constexpr Real ticks_in_ms = 0x1p30L;

struct Synapse {
    Index projection;
    Index target;
    Index source;
    double weight;
};

/// What a network has drawn: everything else is in its description.
struct Drawn {
    std::vector<Synapse> synapses;  ///< by projection, target, source
    std::vector<std::vector<std::vector<double>>>
        states;  ///< by population and neuron: the model's variables
};

/// A small disturbance of all that is rounded: what it changes tells how well the outcome is determined.
struct Disturbance {
    std::uint64_t seed = 0;  ///< 0: none
    double potential = 0.0;  ///< [mV] of potentials, at each input
    bool upward = false;     ///< where a weight may be rounded either way
};

struct Fired {
    Instant time;
    Index population;
    Index neuron;
    SpikeKind kind;
};

struct Result {
    std::vector<Fired> spikes;                                  ///< of neurons, in order of time
    std::vector<Real> weights;                                  ///< of Drawn::synapses
    bool complete = true;                                       ///< not given up for too many spikes
    Instant equal_until = std::numeric_limits<Instant>::max();  ///< from here on Apical may tell equals apart
};

/// The semantics of a NetworkDescription as the documentation has them, played without any art: one ordered
/// list of events, all neurons looked at before each, every history kept and summed anew. Shares nothing with
/// the engine but the description. Time is whole units of 1 / units_per_ms.
///
/// At one time: samples of signals, actions, spikes of sources; the end of refractoriness and crossings by
/// drift; arrivals by (source population, source, projection, synapse), the threshold tested after each; then
/// plasticity sees the spikes of targets. Two spikes that a synapse sees at one time do not pair.
///
/// A clock of tenths of a ms does not round, as Apical's ticks do, and has more times that are equal. Beside
/// each goes the tick that the documented roundings make of it, which decides two things only: arrivals come
/// in the order of their ticks; and equal times whose ticks are further apart than core/rounding.hpp says are
/// noted, for there Apical does not take them as equal.
class Simulator {
public:
    /// `description` and `drawn` outlive it.
    Simulator(const NetworkDescription& description, const Drawn& drawn, Real units_per_ms);

    Result run(const Disturbance& disturbance = {}) const;

    Instant units(double ms) const { return std::llround(static_cast<Real>(ms) * units_per_ms_); }
    static Instant ticks(double ms) { return std::llround(static_cast<Real>(ms) * ticks_in_ms); }
    /// Of a time that no rounding has moved: Apical's crossings are rounded up.
    Instant ticks_of(Instant units) const {
        return static_cast<Instant>(std::ceil(static_cast<Real>(units) / units_per_ms_ * ticks_in_ms));
    }

    struct Neurons {
        Equations equations;
        Flow free;
        Flow held;
        int longest_step;  ///< power of two: short against all that happens to a potential
    };
    const NetworkDescription& description() const { return d_; }
    const Drawn& drawn() const { return drawn_; }
    const Neurons& neurons(Index population) const { return neurons_[kinds_[population]]; }
    bool is_source(Index population) const { return kinds_[population] == source; }
    Index population(const std::string& name) const;
    Real units_per_ms() const { return units_per_ms_; }

private:
    static constexpr std::size_t source = static_cast<std::size_t>(-1);

    const NetworkDescription& d_;
    const Drawn& drawn_;
    Real units_per_ms_;
    std::vector<Neurons> neurons_;
    std::vector<std::size_t> kinds_;  ///< by population: of neurons_
};

}  // namespace apical::naive
