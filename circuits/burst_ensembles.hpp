#pragma once

#include <array>
#include <memory>

#include "circuits/circuit.hpp"
#include "networks/config.hpp"

namespace apical {

/// The circuit of Payeur et al. (2021), figure 4: ensembles of burst_poisson cells, one for each input, two
/// hidden ones and an output. The defaults are those of the published Burstprop; they stand here and nowhere
/// else.
struct EnsemblesConfig {
    enum class Algorithm { burstprop, burstccn };
    enum class LowRate { spikes, events, off };

    Algorithm algorithm = Algorithm::burstprop;

    // A presentation.
    double presentation = 8000.0;  ///< [ms] T
    double teaching = 0.1;         ///< the last part of a presentation: error current and plasticity on
    double teach_every = 0.0;      ///< [ms] until the error is computed again; 0: held
    double burn_in = 6000.0;       ///< [ms]

    // The network.
    Index neurons = 500;            ///< in each ensemble
    double indegree = 100.0;        ///< mean number of inputs per projection
    double delay = 0.8;             ///< [ms] of what is immediate in the original
    double tolerance = 0.1;         ///< [mV] of the integration
    double pre_detector_lag = 0.8;  ///< [ms] of the presynaptic detector of events and bursts
    double weight_ex = 0.234;       ///< of plastic synapses, at the start
    double weight_in = 0.25;

    struct Current {  ///< [pA] constant, into the dendrites
        double hidden_1 = 0.0;
        double hidden_2 = 500.0;
        double output = 400.0;
    } current;

    /// What bursts of the output do to the hidden dendrites. Conductances for Burstprop.
    struct Feedback {
        double ex_1 = 0.26;
        double in_1 = 0.06;
        double ex_2 = 0.026;
        double in_2 = 0.27;
        double charge_1 = 1.51;   ///< [pC] BurstCCN: of a burst; an event is -p0 times that
        double charge_2 = -1.26;  ///< [pC]
    } feedback;

    // Plasticity.
    double eta_hidden = 8e-3;  ///< of synapses onto the hidden layer
    double eta_output = 4e-3;
    double tau_pre = 100.0;       ///< [ms]
    double tau_average = 2000.0;  ///< [ms] alpha: of burst probability and event rate
    double p0 = 0.401;            ///< BurstCCN: the burst probability that teaches nothing
    LowRate low_rate = LowRate::spikes;
};

inline constexpr auto algorithm_choices = std::to_array<Choice<EnsemblesConfig::Algorithm>>({
    {"burstprop", EnsemblesConfig::Algorithm::burstprop,
     "bursts are compared with their own recent average; feedback of bursts"},
    {"burstccn", EnsemblesConfig::Algorithm::burstccn,
     "bursts are compared with p0; feedback of bursts, less p0 times that of events"},
});
inline constexpr auto low_rate_choices = std::to_array<Choice<EnsemblesConfig::LowRate>>({
    {"spikes", EnsemblesConfig::LowRate::spikes, "the rate of spikes over 30 s, as the program has it"},
    {"events", EnsemblesConfig::LowRate::events, "the recent rate of events, as was meant"},
    {"off", EnsemblesConfig::LowRate::off, "weights do not grow at low rates"},
});

/// Declares and reads every key. There is one output.
EnsemblesConfig read_ensembles(ConfigTable root);

std::unique_ptr<Circuit> burst_ensembles(const EnsemblesConfig& config);

}  // namespace apical
