#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "circuits/feedback_synapses.hpp"
#include "circuits/interneuron.hpp"
#include "core/shape.hpp"
#include "networks/config.hpp"

namespace apical {

/// A layered spiking BurstCCN, trained online, in a single phase (Greedy et al. 2022). The defaults stand
/// here and nowhere else.
struct BurstCcnConfig {
    enum class Encoding { regular, poisson, latency };
    enum class Reset { state, none };
    enum class Feedback { tied, fixed };
    enum class Inhibition { matched, learned, interneurons };
    enum class Expression { image, immediate };
    enum class Control { none, no_feedback, no_q, swapped, frozen_hidden };

    // The variant.
    Feedback feedback = Feedback::tied;
    double feedback_scale = 1.0;  ///< standard deviation of fixed weights
    Inhibition inhibition = Inhibition::matched;
    double inhibition_eta = 0.005;
    Transmission transmission = Transmission::gated;
    Teaching rule = Teaching::variance_reduced;
    Baseline baseline = Baseline::fixed;
    double tau_average = 100000.0;  ///< [ms] of the moving average
    Expression expression = Expression::image;
    Control control = Control::none;

    struct Presentation {
        double duration = 120.0;  ///< [ms] T
        double settling = 50.0;   ///< [ms] T0
        double gap = 0.0;         ///< [ms] without input, before the next image
        Reset reset = Reset::state;
        double readout = 200.0;  ///< [ms] of a validation or test image
    } presentation;

    struct Input {
        Encoding encoding = Encoding::regular;
        double rate = 100.0;   ///< [Hz] of a white pixel
        double period = 50.0;  ///< [ms] of the volleys of the latency code
        double spread = 20.0;  ///< [ms] of a volley
    } input;

    struct Hidden {
        std::vector<double> sizes{500.0};
        double eta = 0.5;
        double p0 = 0.5;
        double g = 4.0;
        double bias = -2.0;
        double first_weight = 0.08;  ///< standard deviation of the weights from the input
        double weight = 3.0;         ///< between hidden layers: times sqrt(senders)
    } hidden;

    struct Output {
        Index per_class = 10;
        double eta = 0.03;
        double p0 = 0.2;
        double G = 4.0;
        double bias = -1.0;
        double weight = 1.0;  ///< standard deviation times sqrt(senders)
    } output;

    /// From an epoch on, in place of the values above.
    struct Late {
        Index from = 0;           ///< epochs before; 0: never
        double duration = 320.0;  ///< [ms]
        double settling = 170.0;  ///< [ms]
        double tau_soma = 60.0;   ///< [ms]
        double tau_dend = 40.0;   ///< [ms]
    } late;

    double eta_final = 0.03;  ///< eta at the end of training, relative to the start

    struct Neuron {
        double t_ref = 20.0;     ///< [ms] R
        double tau_soma = 20.0;  ///< [ms]
        double tau_dend = 20.0;  ///< [ms]
        Index burst_spikes = 2;
        double burst_interval = 1.0;  ///< [ms]
        double delay = 1.0;           ///< [ms]
    } neuron;

    // What they remember has to last from spike to spike of a burst, not from event to event.
    Facilitation facilitation{.U = 0.02, .tau_rec = 0.5, .tau_fac = 1.0};
    Depression depression{.U = 0.5, .tau_rec = 1.0};

    /// Relay cells of each class between its output neurons and the hidden dendrites, for inhibition by
    /// interneurons. They hardly leak: nine classes of ten are nearly silent, and what noise and a curved
    /// foot of the f-I curve make of silence adds up.
    Interneuron pv{.size = 20, .tau_m = 1000.0, .drive = 5.0, .gain = 2.0, .noise = 0.0, .t_ref = 0.0};
};

inline constexpr auto encoding_choices = std::to_array<Choice<BurstCcnConfig::Encoding>>({
    {"regular", BurstCcnConfig::Encoding::regular, "a regular train for each pixel, at random phase"},
    {"poisson", BurstCcnConfig::Encoding::poisson, "a Poisson train for each pixel"},
    {"latency", BurstCcnConfig::Encoding::latency,
     "volleys in which each pixel fires once, brighter ones earlier"},
});
inline constexpr auto reset_choices = std::to_array<Choice<BurstCcnConfig::Reset>>({
    {"state", BurstCcnConfig::Reset::state, "membranes and traces start anew at each image"},
    {"none", BurstCcnConfig::Reset::none, "images follow one another in one stream"},
});
inline constexpr auto feedback_choices = std::to_array<Choice<BurstCcnConfig::Feedback>>({
    {"tied", BurstCcnConfig::Feedback::tied,
     "the transpose of the feedforward weights, copied at each image"},
    {"fixed", BurstCcnConfig::Feedback::fixed, "random and fixed (feedback alignment)"},
});
inline constexpr auto inhibition_choices = std::to_array<Choice<BurstCcnConfig::Inhibition>>({
    {"matched", BurstCcnConfig::Inhibition::matched,
     "the same weights, so that it cancels what carries no error"},
    {"learned", BurstCcnConfig::Inhibition::learned,
     "from random weights it learns to silence the dendrite while there is no teacher"},
    {"interneurons", BurstCcnConfig::Inhibition::interneurons,
     "relay cells of each class (PV-like), which its events drive, with the mean weight of the class"},
});
inline constexpr auto expression_choices = std::to_array<Choice<BurstCcnConfig::Expression>>({
    {"image", BurstCcnConfig::Expression::image, "when the image ends"},
    {"immediate", BurstCcnConfig::Expression::immediate, "at once"},
});
inline constexpr auto control_choices = std::to_array<Choice<BurstCcnConfig::Control>>({
    {"none", BurstCcnConfig::Control::none, "the model as it is"},
    {"no_feedback", BurstCcnConfig::Control::no_feedback,
     "no bursts fed back: the output layer learns alone"},
    {"no_q", BurstCcnConfig::Control::no_q, "without the inhibitory feedback of events"},
    {"swapped", BurstCcnConfig::Control::swapped, "bursts inhibit and events excite, STF and STD exchanged"},
    {"frozen_hidden", BurstCcnConfig::Control::frozen_hidden, "hidden layers do not learn: random features"},
});

/// Declares and reads every key. The defaults are other ones for fewer than 500 inputs, and than 50, and for
/// a single output.
BurstCcnConfig read_burstccn(ConfigTable root, const Shape& shape);

}  // namespace apical
