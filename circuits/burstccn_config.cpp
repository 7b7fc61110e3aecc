#include "circuits/burstccn_config.hpp"

#include <cmath>

#include <fmt/format.h>

#include "core/rate.hpp"

namespace apical {
namespace {

constexpr Range of_a_train{.low = 0.0, .high = highest_rate, .low_open = true};
constexpr Range of_volleys{.low = 1000.0 / highest_rate};  // [ms]

void read_variant(ConfigTable& root, BurstCcnConfig& c) {
    root.read({.name = "feedback", .meaning = "weights of the feedback onto the dendrites"}, feedback_choices,
              c.feedback);
    root.read({"feedback_scale", "1", "standard deviation of fixed feedback", positive}, c.feedback_scale);
    root.read({.name = "inhibition", .meaning = "weights of the inhibition by events that goes with it"},
              inhibition_choices, c.inhibition);
    root.read({"inhibition_eta", "1", "learning rate of learned inhibition", not_negative}, c.inhibition_eta);
    root.read({.name = "transmission", .meaning = "how bursts and events are told apart in the feedback"},
              transmission_choices, c.transmission);
    root.read({.name = "rule", .meaning = "how the plasticity sees bursts"}, rule_choices, c.rule);
    root.read({.name = "baseline", .meaning = "what burst probability leaves a weight unchanged"},
              baseline_choices, c.baseline);
    root.read({"tau_average", "ms", "time constant of the moving average", positive}, c.tau_average);
    root.read({.name = "expression", .meaning = "when changes of weights take effect"}, expression_choices,
              c.expression);
    root.read({.name = "control", .meaning = "a network that must do worse, to show what the model needs"},
              control_choices, c.control);
    if (c.feedback == BurstCcnConfig::Feedback::tied) root.idle("feedback_scale", "feedback is \"tied\"");
    if (c.inhibition != BurstCcnConfig::Inhibition::learned)
        root.idle("inhibition_eta", "inhibition is not \"learned\"");
    if (c.inhibition == BurstCcnConfig::Inhibition::interneurons) {
        if (c.feedback == BurstCcnConfig::Feedback::fixed)
            root.complain("inhibition", "E0209", "interneurons need feedback = \"tied\"");
        if (c.control == BurstCcnConfig::Control::swapped)
            root.complain("control", "E0209", "with interneurons, bursts and events cannot be exchanged");
    }
    if (c.baseline == Baseline::fixed) root.idle("tau_average", "baseline is \"fixed\"");
}

void expect_time_for_inhibition(ConfigTable& table, const BurstCcnConfig& c, double settling) {
    if (c.inhibition == BurstCcnConfig::Inhibition::learned && settling == 0.0)
        table.complain("settling", "E0209",
                       "settling is 0: inhibition \"learned\" learns before the teacher comes");
}

void read_presentation(ConfigTable& root, BurstCcnConfig& c) {
    ConfigTable p = root.table("presentation", "How an image is shown.");
    p.read({"duration", "ms", "T: of a training image", positive}, c.presentation.duration);
    p.read({"settling", "ms", "T0: at its beginning, without teaching and plasticity", not_negative},
           c.presentation.settling);
    p.read({"gap", "ms", "without input, between images", not_negative}, c.presentation.gap);
    p.read({.name = "reset", .meaning = "what happens to the network's state at the onset of an image"},
           reset_choices, c.presentation.reset);
    p.read({"readout", "ms", "how long a validation or test image is shown: its class has most events",
            positive},
           c.presentation.readout);
    if (c.presentation.settling >= c.presentation.duration) {
        p.complain("settling", "E0209", "settling is not shorter than duration: nothing would be learnt");
    }
    expect_time_for_inhibition(p, c, c.presentation.settling);
    ConfigTable input = root.table("input", "The pixels.");
    input.read({.name = "encoding", .meaning = "of a pixel's value in spikes"}, encoding_choices,
               c.input.encoding);
    input.read({"rate", "Hz", "of a white pixel; others in proportion", of_a_train}, c.input.rate);
    input.read({"period", "ms", "of the volleys of the latency code", of_volleys}, c.input.period);
    input.read({"spread", "ms", "between the brightest and the darkest pixel of a volley", positive},
               c.input.spread);
    if (c.input.spread >= c.input.period)
        input.complain("spread", "E0209", "spread is not shorter than period: volleys would overlap");
    if (c.input.encoding == BurstCcnConfig::Encoding::latency) {
        input.idle("rate", "encoding is \"latency\"");
    } else {
        input.idle("period", "encoding is not \"latency\"");
        input.idle("spread", "encoding is not \"latency\"");
    }
}

void read_late(ConfigTable& root, BurstCcnConfig& c) {
    ConfigTable late = root.table("late", "What changes in the course of the run.");
    late.read({"from", "1", "epochs after which it changes; 0: never", not_negative}, c.late.from);
    late.read({"duration", "ms", "T from then on", positive}, c.late.duration);
    late.read({"settling", "ms", "T0", not_negative}, c.late.settling);
    late.read({"tau_soma", "ms", "time constant of the soma and of the traces of plasticity", positive},
              c.late.tau_soma);
    late.read({"tau_dend", "ms", "time constant of the dendrite", positive}, c.late.tau_dend);
    if (c.late.from == 0) {
        for (const std::string_view key : {"duration", "settling", "tau_soma", "tau_dend"})
            late.idle(key, "from is 0: never");
    } else if (c.late.settling >= c.late.duration) {
        late.complain("settling", "E0209", "settling is not shorter than duration: nothing would be learnt");
    } else {
        expect_time_for_inhibition(late, c, c.late.settling);
    }
}

void read_layers(ConfigTable& root, BurstCcnConfig& c) {
    ConfigTable hidden = root.table("hidden", "Hidden layers.");
    hidden.read({.name = "sizes", .unit = "1", .meaning = "neurons of each hidden layer"}, c.hidden.sizes);
    hidden.read({"eta", "1", "learning rate", not_negative}, c.hidden.eta);
    hidden.read({"p0", "1", "burst probability without an error", open_fraction}, c.hidden.p0);
    hidden.read({"g", "1", "gain of the dendrite on the burst probability", positive}, c.hidden.g);
    hidden.read({"bias", "1", "of the somatic potential, at the start"}, c.hidden.bias);
    hidden.read({"first_weight", "1", "standard deviation of the weights of the pixels", not_negative},
                c.hidden.first_weight);
    hidden.read({"weight", "1", "standard deviation of those between hidden layers, times sqrt(senders)",
                 not_negative},
                c.hidden.weight);
    constexpr Range neurons{.low = 1.0, .high = 1e5};
    for (const double size : c.hidden.sizes) {
        if (neurons.contains(size) && size == std::floor(size)) continue;
        hidden.complain("sizes", "E0204",
                        fmt::format("a hidden layer of {} neurons: expected a whole number, {}", size,
                                    describe(neurons, "1")));
        break;
    }
    if (c.hidden.sizes.empty()) hidden.complain("sizes", "E0204", "there is no hidden layer");
    if (c.hidden.sizes.size() < 2) hidden.idle("weight", "there is one hidden layer");
    if (c.hidden.sizes.size() > 1 && c.inhibition == BurstCcnConfig::Inhibition::interneurons) {
        hidden.complain(
            "sizes", "E0209",
            "interneurons relay what the ensembles of the output do: one hidden layer is possible");
    }

    ConfigTable output = root.table("output", "The output layer, which is taught.");
    output.read({"per_class", "1", "neurons of each class", {.low = 1.0, .high = 1e4}}, c.output.per_class);
    output.read({"eta", "1", "learning rate", not_negative}, c.output.eta);
    output.read({"p0", "1", "burst probability without an error", open_fraction}, c.output.p0);
    output.read({"G", "1", "gain of the teacher where the target is above the rate", not_negative},
                c.output.G);
    output.read({"bias", "1", "of the somatic potential, at the start"}, c.output.bias);
    output.read({"weight", "1", "standard deviation of its weights, times sqrt(senders)", not_negative},
                c.output.weight);
    root.read({"eta_final", "1",
               "learning rates at the end of training, relative to the start; they fall "
               "exponentially",
               positive_fraction},
              c.eta_final);

    ConfigTable neuron = root.table("neuron", "The two-compartment cells of all layers.");
    neuron.read({"t_ref", "ms", "R: the shortest interval between events; the rate is at most 1/R", positive},
                c.neuron.t_ref);
    neuron.read({"tau_soma", "ms", "time constant of the soma and of the traces of plasticity", positive},
                c.neuron.tau_soma);
    neuron.read({"tau_dend", "ms", "time constant of the dendrite", positive}, c.neuron.tau_dend);
    neuron.read({"burst_spikes", "1", "spikes of a burst", {.low = 2.0, .high = 10.0}},
                c.neuron.burst_spikes);
    neuron.read({"burst_interval", "ms", "between the spikes of a burst", positive}, c.neuron.burst_interval);
    neuron.read(
        {"delay", "ms", "from a spike to its arrival", positive, false, "an effect cannot precede its cause"},
        c.neuron.delay);
    if (c.neuron.burst_interval * (c.neuron.burst_spikes - 1) >= c.neuron.t_ref) {
        neuron.complain("burst_interval", "E0209",
                        "a burst would last longer than t_ref: the next event could fall into it",
                        "burst_interval x (burst_spikes - 1) must stay below t_ref");
    }
}

void read_synapses(ConfigTable& root, BurstCcnConfig& c) {
    read_feedback_synapses(
        root.table(
            "facilitation",
            "Feedback synapses that bursts drive. What they remember must last through a burst and die "
            "between\nevents: the time constants are made for a burst_interval of 1 ms, and should grow "
            "with it."),
        c.facilitation,
        root.table("depression", "Feedback synapses that events drive, made for that burst_interval, too."),
        c.depression, c.transmission == Transmission::gated ? "transmission is \"gated\"" : "");
    read_interneuron(
        root.table(
            "pv",
            "Relay cells of each class (PV-like), for inhibition \"interneurons\", which events drive."),
        c.pv,
        c.inhibition == BurstCcnConfig::Inhibition::interneurons ? "" : "inhibition is not \"interneurons\"");
}

}  // namespace

BurstCcnConfig read_burstccn(ConfigTable root, const Shape& shape) {
    BurstCcnConfig c;
    if (shape.inputs < 500) c.hidden.sizes = {100.0};
    if (shape.inputs < 50) {  // each counts
        c.hidden.sizes = {30.0};
        c.hidden.eta = 10.0;
        c.hidden.bias = 0.0;
        c.hidden.first_weight = 3.0;
    }
    if (shape.outputs == 1) {  // which is to be on as often as off
        c.output.per_class = 30;
        c.output.eta = 0.3;
        c.output.p0 = 0.5;
        c.output.G = 1.0;
        c.output.bias = 0.0;
    }
    read_variant(root, c);
    read_presentation(root, c);
    read_layers(root, c);
    read_late(root, c);
    read_synapses(root, c);
    return c;
}

}  // namespace apical
