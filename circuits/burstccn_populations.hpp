#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "circuits/circuit.hpp"
#include "circuits/feedback_synapses.hpp"
#include "circuits/interneuron.hpp"
#include "circuits/relay.hpp"
#include "networks/config.hpp"
#include "synapses/decode.hpp"

namespace apical {

/// A BurstCCN of populations of cells, one for each input, hidden unit and output, with teaching and
/// plasticity always on (Greedy et al. 2022). The defaults stand here and nowhere else.
struct PopulationsConfig {
    enum class Inhibition { interneurons, dale, direct };
    enum class Control { none, no_stp, swapped, no_q, burstprop, frozen_hidden };

    // The variant.
    Transmission feedback = Transmission::tsodyks_markram;
    Inhibition inhibition = Inhibition::interneurons;
    Baseline baseline = Baseline::fixed;
    double tau_average = 5000.0;  ///< [ms] of the moving average
    Teaching rule = Teaching::sampled;
    Control control = Control::none;

    double presentation = 200.0;  ///< [ms]

    // The network.
    Index neurons = 50;  ///< in each population
    Index hidden = 4;    ///< populations
    double delay = 1.0;  ///< [ms]
    double lag = 0.0;    ///< [ms] further delay of feedback without a relay
    double eta = 5.0;    ///< learning rate times `neurons`

    struct Input {
        double high_rate = 90.0;  ///< [Hz]
        double low_rate = 10.0;   ///< [Hz]
    } input;

    struct Neuron {
        double p0 = 0.5;              ///< burst probability without error
        double g = 4.0;               ///< gain of the dendrite
        double t_ref = 20.0;          ///< [ms] R, the shortest interval of events
        double tau_soma = 20.0;       ///< [ms]
        double tau_dend = 20.0;       ///< [ms]
        Index burst_spikes = 3;       ///< spikes of a burst
        double burst_interval = 6.0;  ///< [ms] between them
    } neuron;

    Facilitation facilitation;
    Depression depression;

    // Relay cells between the output and the hidden dendrites.
    Interneuron pv{.drive = 0.6, .noise = 0.3};  ///< driven by events through depressing synapses
    /// Driven by bursts through facilitating synapses: adaptation makes up for the convexity of facilitation.
    Interneuron sst{.drive = 1.0, .gain = 40.0, .noise = 0.3, .t_ref = 2.0, .b = 0.3};
};

inline constexpr auto populations_inhibition_choices = std::to_array<Choice<PopulationsConfig::Inhibition>>({
    {"interneurons", PopulationsConfig::Inhibition::interneurons,
     "a relay population (PV-like) carries the events, with weights of either sign"},
    {"dale", PopulationsConfig::Inhibition::dale,
     "two relay populations, PV-like for events and SST-like for bursts: every synapse keeps its sign"},
    {"direct", PopulationsConfig::Inhibition::direct,
     "the same synapses with negative weights, no cell between"},
});
inline constexpr auto populations_control_choices = std::to_array<Choice<PopulationsConfig::Control>>({
    {"none", PopulationsConfig::Control::none, "the model as it is"},
    {"no_stp", PopulationsConfig::Control::no_stp, "no short-term plasticity on the feedback"},
    {"swapped", PopulationsConfig::Control::swapped, "facilitating and depressing synapses exchanged"},
    {"no_q", PopulationsConfig::Control::no_q, "without the inhibitory feedback"},
    {"burstprop", PopulationsConfig::Control::burstprop,
     "moving average and no inhibitory feedback: single-phase Burstprop"},
    {"frozen_hidden", PopulationsConfig::Control::frozen_hidden, "the hidden layer does not learn"},
});

/// Declares and reads every key. There is one output.
PopulationsConfig read_populations(ConfigTable root);

/// How the output's spikes reach the hidden dendrites, in units of Y: pathways, each a synapse with a gain.
struct PopulationsFeedback {
    double scale;  ///< of the dendrite's jump for b - p0 e: R/tau_dend / p0
    // Excitation by the burst pathway and inhibition by the event pathway where Y > 0, the other way round
    // where Y < 0. With relays the two are different cells.
    RelayDecoder positive{};
    RelayDecoder negative{};
    Separation direct{};
};

/// Measures it: the synapses, and what relay cells make of events and bursts. Throws ModelError if they do
/// not tell one from the other.
PopulationsFeedback measure_feedback(const PopulationsConfig& config, std::size_t threads, const Log& log);

/// The network, with the feedback that was measured for it.
NetworkDescription describe_populations(const PopulationsConfig& config, const Shape& shape,
                                        std::uint64_t seed, const PopulationsFeedback& feedback);

std::unique_ptr<Circuit> burstccn_populations(const PopulationsConfig& config);

}  // namespace apical
