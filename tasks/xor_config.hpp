#pragma once

#include <array>
#include <cstdint>

#include "core/spike.hpp"
#include "networks/config.hpp"
#include "tasks/interneuron.hpp"

namespace apical {

/// The XOR task: 2 input, `hidden` hidden and 1 output populations learn the exclusive or in a single phase,
/// with teaching and plasticity always on. The defaults stand here and nowhere else.
struct XorConfig {
    enum class Feedback { tsodyks_markram, gated };
    enum class Inhibition { interneurons, dale, direct };
    enum class Baseline { fixed, moving_average };
    enum class Rule { sampled, variance_reduced };
    enum class Control { none, no_stp, swapped, no_q, burstprop, frozen_hidden };

    std::uint64_t seed = 1;

    // The variant.
    Feedback feedback = Feedback::tsodyks_markram;
    Inhibition inhibition = Inhibition::interneurons;
    Baseline baseline = Baseline::fixed;
    double tau_average = 5000.0;  ///< [ms] of the moving average
    Rule rule = Rule::sampled;
    Control control = Control::none;

    // The protocol.
    Index examples = 800;
    double presentation = 200.0;  ///< [ms]
    Index test_every = 20;        ///< examples

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

    /// Facilitating synapses: bursts.
    struct Facilitation {
        double U = 0.05;
        double tau_rec = 50.0;  ///< [ms]
        double tau_fac = 10.0;  ///< [ms]
    } facilitation;

    /// Depressing synapses: events.
    struct Depression {
        double U = 0.9;
        double tau_rec = 10.0;  ///< [ms]
    } depression;

    // Relay cells between the output and the hidden dendrites.
    Interneuron pv{.drive = 0.6, .noise = 0.3};  ///< driven by events through depressing synapses
    /// Driven by bursts through facilitating synapses: adaptation makes up for the convexity of facilitation.
    Interneuron sst{.drive = 1.0, .gain = 40.0, .noise = 0.3, .t_ref = 2.0, .b = 0.3};

    struct Record {
        bool spikes = true;
        bool traces = true;
        bool weights = true;
        double trace_bin = 20.0;  ///< [ms]
    } record;
};

inline constexpr auto feedback_choices = std::to_array<Choice<XorConfig::Feedback>>({
    {"tsodyks_markram", XorConfig::Feedback::tsodyks_markram,
     "facilitating and depressing synapses decode bursts and events"},
    {"gated", XorConfig::Feedback::gated, "bursts and events are told apart ideally, as in the papers"},
});
inline constexpr auto inhibition_choices = std::to_array<Choice<XorConfig::Inhibition>>({
    {"interneurons", XorConfig::Inhibition::interneurons,
     "a relay population (PV-like) carries the events, with weights of either sign"},
    {"dale", XorConfig::Inhibition::dale,
     "two relay populations, PV-like for events and SST-like for bursts: every synapse keeps its sign"},
    {"direct", XorConfig::Inhibition::direct, "the same synapses with negative weights, no cell between"},
});
inline constexpr auto baseline_choices = std::to_array<Choice<XorConfig::Baseline>>({
    {"fixed", XorConfig::Baseline::fixed, "p0 (BurstCCN)"},
    {"moving_average", XorConfig::Baseline::moving_average,
     "each neuron's own recent burst probability (Burstprop)"},
});
inline constexpr auto rule_choices = std::to_array<Choice<XorConfig::Rule>>({
    {"sampled", XorConfig::Rule::sampled, "B - p0 E: what the spikes show"},
    {"variance_reduced", XorConfig::Rule::variance_reduced, "(p - p0) E: the burst probability behind them"},
});
inline constexpr auto control_choices = std::to_array<Choice<XorConfig::Control>>({
    {"none", XorConfig::Control::none, "the model as it is"},
    {"no_stp", XorConfig::Control::no_stp, "no short-term plasticity on the feedback"},
    {"swapped", XorConfig::Control::swapped, "facilitating and depressing synapses exchanged"},
    {"no_q", XorConfig::Control::no_q, "without the inhibitory feedback"},
    {"burstprop", XorConfig::Control::burstprop,
     "moving average and no inhibitory feedback: single-phase Burstprop"},
    {"frozen_hidden", XorConfig::Control::frozen_hidden, "the hidden layer does not learn"},
});

/// Declares and reads every key of the task.
XorConfig read_xor(ConfigTable root);

}  // namespace apical
