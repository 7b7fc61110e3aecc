#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/spike.hpp"
#include "networks/config.hpp"
#include "tasks/xor_config.hpp"

namespace apical {

/// Learning to tell images apart: a layered spiking BurstCCN, trained online, in a single phase. The defaults
/// stand here and nowhere else; `digits` differs from `mnist` in those of digits_config().
struct ImagesConfig {
    enum class Encoding { regular, poisson, latency };
    enum class Reset { state, none };
    enum class Feedback { tied, fixed };
    enum class Inhibition { matched, learned, interneurons };
    enum class Expression { image, immediate };
    enum class Test { end, epoch };
    enum class Control { none, no_feedback, no_q, swapped, frozen_hidden };

    std::string task = "mnist";
    std::string data;  ///< folder; empty: drawn digits, for the task digits
    std::uint64_t seed = 1;

    // The variant.
    Feedback feedback = Feedback::tied;
    double feedback_scale = 1.0;  ///< standard deviation of fixed weights
    Inhibition inhibition = Inhibition::matched;
    double inhibition_eta = 0.005;
    XorConfig::Feedback transmission = XorConfig::Feedback::gated;
    XorConfig::Rule rule = XorConfig::Rule::variance_reduced;
    XorConfig::Baseline baseline = XorConfig::Baseline::fixed;
    double tau_average = 100000.0;  ///< [ms] of the moving average
    Expression expression = Expression::image;
    Control control = Control::none;

    struct Training {
        Index epochs = 8;
        Index train_limit = 60000;  ///< examples of each epoch
        Index test_limit = 10000;   ///< test images
        Index validation = 5000;    ///< the last training images
        Index patience = 0;         ///< epochs without a better validation error; 0: no early stopping
        Test test = Test::end;
        bool shifts = false;    ///< by -1, 0 or 1 pixel in each direction, at random
        Index batch = 1;        ///< images shown at once, each to a copy of the network
        Index angle_every = 0;  ///< examples of each measurement of the angle to backprop; 0: none
    } training;

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
    XorConfig::Facilitation facilitation{.U = 0.02, .tau_rec = 0.5, .tau_fac = 1.0};
    XorConfig::Depression depression{.U = 0.5, .tau_rec = 1.0};

    /// Relay cells of each class between its output neurons and the hidden dendrites, for inhibition by
    /// interneurons. They hardly leak: nine classes of ten are nearly silent, and what noise and a curved
    /// foot of the f-I curve make of silence adds up.
    Interneuron pv{.size = 20, .tau_m = 1000.0, .drive = 5.0, .gain = 2.0, .noise = 0.0, .t_ref = 0.0};

    struct Record {
        bool spikes = false;  ///< of the whole run
        Index images = 10;    ///< whose spikes are kept all the same
        bool traces = true;
        bool weights = true;
    } record;
};

inline constexpr auto encoding_choices = std::to_array<Choice<ImagesConfig::Encoding>>({
    {"regular", ImagesConfig::Encoding::regular, "a regular train for each pixel, at random phase"},
    {"poisson", ImagesConfig::Encoding::poisson, "a Poisson train for each pixel"},
    {"latency", ImagesConfig::Encoding::latency,
     "volleys in which each pixel fires once, brighter ones earlier"},
});
inline constexpr auto reset_choices = std::to_array<Choice<ImagesConfig::Reset>>({
    {"state", ImagesConfig::Reset::state, "membranes and traces start anew at each image"},
    {"none", ImagesConfig::Reset::none, "images follow one another in one stream"},
});
inline constexpr auto image_feedback_choices = std::to_array<Choice<ImagesConfig::Feedback>>({
    {"tied", ImagesConfig::Feedback::tied, "the transpose of the feedforward weights, copied at each image"},
    {"fixed", ImagesConfig::Feedback::fixed, "random and fixed (feedback alignment)"},
});
inline constexpr auto image_inhibition_choices = std::to_array<Choice<ImagesConfig::Inhibition>>({
    {"matched", ImagesConfig::Inhibition::matched,
     "the same weights, so that it cancels what carries no error"},
    {"learned", ImagesConfig::Inhibition::learned,
     "from random weights it learns to silence the dendrite while there is no teacher"},
    {"interneurons", ImagesConfig::Inhibition::interneurons,
     "relay cells of each class (PV-like), which its events drive, with the mean weight of the class"},
});
inline constexpr auto expression_choices = std::to_array<Choice<ImagesConfig::Expression>>({
    {"image", ImagesConfig::Expression::image, "when the image ends"},
    {"immediate", ImagesConfig::Expression::immediate, "at once"},
});
inline constexpr auto test_choices = std::to_array<Choice<ImagesConfig::Test>>({
    {"end", ImagesConfig::Test::end, "the test images are looked at once, when all is done"},
    {"epoch", ImagesConfig::Test::epoch, "after each epoch, for a curve; no choice depends on it"},
});
inline constexpr auto image_control_choices = std::to_array<Choice<ImagesConfig::Control>>({
    {"none", ImagesConfig::Control::none, "the model as it is"},
    {"no_feedback", ImagesConfig::Control::no_feedback, "no bursts fed back: the output layer learns alone"},
    {"no_q", ImagesConfig::Control::no_q, "without the inhibitory feedback of events"},
    {"swapped", ImagesConfig::Control::swapped, "bursts inhibit and events excite, STF and STD exchanged"},
    {"frozen_hidden", ImagesConfig::Control::frozen_hidden, "hidden layers do not learn: random features"},
});

/// The defaults of the small built-in task.
ImagesConfig digits_config();

/// Declares and reads [task] name, which says what the file is for.
void read_images_task(ConfigTable root, std::string& task);

/// Declares and reads every key; `defaults` are those of the task that the file names.
ImagesConfig read_images(ConfigTable root, ImagesConfig defaults = {});

}  // namespace apical
