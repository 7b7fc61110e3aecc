#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/rate.hpp"
#include "core/spike.hpp"
#include "networks/connection_rules.hpp"
#include "simulator/signal.hpp"
#include "simulator/tie.hpp"

namespace apical {

/// The description of a network: plain structs with defaults. A configuration file and a C++ program both
/// make one; build() turns it into a Simulation. Populations and projections are referred to by name.

using Parameters =
    std::map<std::string, double>;  ///< by the name of the model's Field; what is absent has its default

/// A number, or how to draw one.
struct Distribution {
    enum class Kind {
        constant,   ///< a
        uniform,    ///< [a, b)
        normal,     ///< mean a, standard deviation b
        lognormal,  ///< mean a, coefficient of variation b
    };
    Kind kind = Kind::constant;
    double a = 0.0;
    double b = 0.0;
};

/// Private noise: every neuron has its own train.
struct Background {
    enum class Kind {
        poisson,           ///< a Poisson train, with drawn times
        variance_matched,  ///< a Poisson train with mean and variance of the grid: the weight times 1 - rate
                           ///< step, the rate over that
        bernoulli_grid,    ///< at each step an arrival with probability rate x step; a pulse as long where it
                           ///< stays
        counts,            ///< the Poisson count of each step, at once, at a phase of the neuron's own
    };
    /// [ms] of the grid, where nothing else is said: short against what follows single arrivals of high
    /// rates.
    static double usual_step(Kind kind) { return kind == Kind::counts ? 0.1 : 1.0; }
    std::string port;
    double rate = 0.0;    ///< [Hz]
    double weight = 0.0;  ///< unit of the port
    Kind kind = Kind::poisson;
    double step = 1.0;  ///< [ms] of the grid, for all but poisson

    /// [1] of weight in an arrival, which come the more often: smaller ones, and more of them, have the
    /// grid's variance at its mean.
    double part() const { return kind == Kind::variance_matched ? 1.0 - rate * step / 1000.0 : 1.0; }
    /// [Hz] of arrivals.
    double arrivals() const { return rate / part(); }

    /// What is wrong with the rate for such steps, if anything.
    std::optional<std::string> rate_problem() const {
        constexpr double least_counted = 0.001;  // more seldom, and drawing zeros takes all the time
        constexpr double most_counted = 100.0;
        const double mean = rate * step / 1000.0;
        if (kind == Kind::counts && rate > 0.0 && !(mean >= least_counted && mean <= most_counted))
            return "rate x step is the mean of a count: it must be between 0.001 and 100";
        if (kind != Kind::counts && kind != Kind::poisson && mean >= 1.0)
            return "rate x step is a probability: it must be below 1";
        if (apical::rate_problem(arrivals()) && !apical::rate_problem(rate))
            return "rate x step is so near 1 that its small variance takes more than 1e8 arrivals a second";
        return apical::rate_problem(rate);
    }
};

struct PopulationDescription {
    std::string name;
    std::string model;
    Index size = 1;
    Parameters parameters;
    std::optional<Classifier> classifier;  ///< default: the model's own; of sources `every`
    double b_th = 16.0;                    ///< [ms] for the classifiers isi and trace
    std::vector<Background> background;
    std::map<std::string, Distribution>
        initial;  ///< state variable -> value, drawn per neuron; default: initial()
    std::vector<std::vector<double>> spike_times;  ///< [ms] per neuron, model spike_train only
    /// Of each of these times, if it is known: what the classifier `model` says.
    std::vector<std::vector<SpikeKind>> spike_kinds{};
    std::vector<std::string> spike_files{};  ///< that they were read from
    std::string origin{};                    ///< of spikes from files, in words
};

/// One term of what a spike releases: gain times the efficacy of short-term plasticity, or times 1 for the
/// spikes of a gate. The terms of a projection add up.
struct ReleaseTerm {
    std::string variant =
        "all";  ///< tm, etm, tm3, mongillo; event, burst: only those spikes; all: every spike
    double gain = 1.0;
    Parameters parameters;  ///< U, f, tau_rec, tau_fac, tau_psc
    enum class State {
        source,   ///< one for all synapses of a neuron: they are alike
        synapse,  ///< one for each synapse; the term is the only one, and short-term plasticity
    };
    State state = State::source;
};

struct PlasticityDescription {
    std::string rule;                  ///< burst_dependent, pair_stdp, dendritic_prediction
    std::string teaching = "sampled";  ///< burst_dependent: sampled, variance_reduced or potential
    std::string baseline = "fixed";    ///< burst_dependent: fixed or moving_average
    std::string low_rate = "spikes";   ///< burst_dependent: spikes or events, whose rate r_min bounds
    Parameters parameters;
    std::optional<double> back_delay;  ///< [ms] default: the projection's delay
    bool deferred = false;  ///< changes take effect when plasticity is switched off, the state is reset or
                            ///< the rule changes
    double from = 0.0;      ///< [ms] weights stay before, traces go on
    std::optional<double> until{};  ///< [ms] weights stay from then on
};

/// A factor on what the spikes of a projection release, 1 at first: from times[i] on, values[i].
struct GainSteps {
    std::vector<double> times;  ///< [ms] ascending
    std::vector<double> values;
};

/// The weights are copies of another projection's: of its transpose where that runs the other way.
struct TieDescription {
    std::string to;
    double scale = 1.0;
    using Mean = Tie::Mean;
    Mean mean = Mean::none;
    using Part = Tie::Part;
    Part part = Part::whole;
    Index blocks =
        1;  ///< senders: the source population is cut into as many of equal size, each with its mean
};

struct ProjectionDescription {
    std::string name;
    std::string source;
    std::string target;
    std::string port;
    ConnectionRule connect;
    Distribution weight;
    double delay = 1.0;                ///< [ms] > 0
    std::vector<ReleaseTerm> release;  ///< empty: every spike releases 1
    GainSteps gain_steps;
    std::optional<PlasticityDescription> plasticity;
    std::optional<TieDescription> tie;
};

/// A number that follows a population: sampled on an absolute grid.
struct SignalDescription {
    std::string name;
    std::string population;
    using Kind = Signal::Kind;
    Kind kind = Kind::event_rate;
    double tau = 10.0;       ///< [ms] of the exponential filter; rates in Hz
    double undefined = 0.0;  ///< burst_probability while there is no event
    double every = 1.0;      ///< [ms]
};

/// offset + gain x signal onto a port that does not decay.
struct DriveDescription {
    std::string name;
    std::string signal;
    std::string target;
    std::string port;
    double offset = 0.0;
    double gain = 1.0;
    double delay = 1.0;             ///< [ms] > 0
    double from = 0.0;              ///< [ms] zero before
    std::optional<double> until{};  ///< [ms] zero from then on
};

/// Steps of a constant input: from times[i] on, `values[i]` onto a port that does not decay.
struct StepsDescription {
    std::string name;
    std::string target;
    std::string port;
    std::vector<double> times;   ///< [ms] ascending
    std::vector<double> values;  ///< unit of the port
};

/// A sinusoidal input onto a port that does not decay: amplitude x sin(2 pi t/period + phase), with t since
/// the start of the run, as steps that have the mean of the sine over their length.
struct SineDescription {
    std::string name;
    std::string target;
    std::string port;
    double amplitude = 0.0;         ///< unit of the port
    double period = 1000.0;         ///< [ms]
    double phase = 0.0;             ///< [rad]
    double step = 1.0;              ///< [ms]
    double from = 0.0;              ///< [ms] zero before
    std::optional<double> until{};  ///< [ms] zero from then on; default: the duration of the network
};

struct RecordDescription {
    std::vector<std::string> spikes;  ///< populations whose spikes, events and bursts go to HDF5; empty: none
    std::vector<std::string> traces;  ///< populations with rates and burst probability over time
    double trace_bin = 20.0;          ///< [ms] boxcar
    std::vector<std::string>
        weights;  ///< projections whose weights are kept at the start, the end, and in between:
    double weights_every = 0.0;  ///< [ms] 0: only start and end

    bool nothing() const { return spikes.empty() && traces.empty() && weights.empty(); }
};

struct NetworkDescription {
    std::uint64_t seed = 1;
    double duration = 1000.0;  ///< [ms]
    std::vector<PopulationDescription> populations;
    std::vector<ProjectionDescription> projections;
    std::vector<SignalDescription> signals;
    std::vector<DriveDescription> drives;
    std::vector<StepsDescription> steps;
    std::vector<SineDescription> sines;
    RecordDescription record;
};

}  // namespace apical
