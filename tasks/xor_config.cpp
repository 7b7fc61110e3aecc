#include "tasks/xor_config.hpp"

#include <string>

#include "core/rate.hpp"

namespace apical {

namespace {

constexpr Range at_least_one{.low = 1.0};
constexpr Range of_a_train{.low = 0.0, .high = highest_rate};

void read_variant(ConfigTable& root, XorConfig& c) {
    root.read(
        {.name = "feedback", .meaning = "how bursts and events of the output reach the hidden dendrites"},
        feedback_choices, c.feedback);
    root.read({.name = "inhibition", .meaning = "how the feedback of events inhibits"}, inhibition_choices,
              c.inhibition);
    root.read({.name = "baseline", .meaning = "what burst probability leaves a weight unchanged"},
              baseline_choices, c.baseline);
    root.read({"tau_average", "ms", "time constant of the moving average", positive}, c.tau_average);
    root.read({.name = "rule", .meaning = "how the plasticity sees bursts"}, rule_choices, c.rule);
    root.read({.name = "control", .meaning = "a network that must fail, to show what the model needs"},
              control_choices, c.control);
}

void read_protocol(ConfigTable& root, XorConfig& c) {
    root.read({"examples", "1", "training examples", {.low = 1.0, .high = 1e6}}, c.examples);
    root.read({"presentation", "ms", "duration of an example", positive}, c.presentation);
    root.read({"test_every", "1", "examples between tests of all four patterns", at_least_one}, c.test_every);
}

void read_network(ConfigTable& root, XorConfig& c) {
    root.read({"neurons", "1", "neurons in each population", {.low = 1.0, .high = 1e5}}, c.neurons);
    root.read({"hidden", "1", "hidden populations", {.low = 1.0, .high = 1e3}}, c.hidden);
    root.read(
        {"delay", "ms", "from a spike to its arrival", positive, false, "an effect cannot precede its cause"},
        c.delay);
    root.read({"lag", "ms", "further delay of the feedback that passes no relay, to match the relay's",
               not_negative},
              c.lag);
    root.read({"eta", "1", "learning rate, divided by `neurons`", not_negative}, c.eta);
}

void read_cells(ConfigTable& root, XorConfig& c) {
    ConfigTable input = root.table("input", "Poisson trains of the two input populations.");
    input.read({"high_rate", "Hz", "a neuron's rate for a 1", of_a_train}, c.input.high_rate);
    input.read({"low_rate", "Hz", "a neuron's rate for a 0", of_a_train}, c.input.low_rate);

    ConfigTable neuron =
        root.table("neuron", "The two-compartment cells of the hidden and output populations.");
    neuron.read({"p0", "1", "burst probability without an error", open_fraction}, c.neuron.p0);
    neuron.read({"g", "1", "gain of the dendrite on the burst probability", positive}, c.neuron.g);
    neuron.read({"t_ref", "ms", "R: the shortest interval between events; the rate is at most 1/R", positive},
                c.neuron.t_ref);
    neuron.read({"tau_soma", "ms", "time constant of the soma", positive}, c.neuron.tau_soma);
    neuron.read({"tau_dend", "ms", "time constant of the dendrite", positive}, c.neuron.tau_dend);
    neuron.read({"burst_spikes", "1", "spikes of a burst", {.low = 2.0, .high = 10.0}},
                c.neuron.burst_spikes);
    neuron.read({"burst_interval", "ms", "between the spikes of a burst", positive}, c.neuron.burst_interval);
}

void read_synapses(ConfigTable& root, XorConfig& c) {
    ConfigTable facilitation = root.table(
        "facilitation",
        "Feedback synapses that facilitate, which bursts drive. Their memory must die between events:\n"
        "keep the time constants short against t_ref.");
    facilitation.read({"U", "1", "release of a rested synapse", positive_fraction}, c.facilitation.U);
    facilitation.read({"tau_rec", "ms", "recovery from depression", positive}, c.facilitation.tau_rec);
    facilitation.read({"tau_fac", "ms", "decay of facilitation", not_negative}, c.facilitation.tau_fac);

    ConfigTable depression = root.table("depression", "Feedback synapses that depress, which events drive.");
    depression.read({"U", "1", "release of a rested synapse", positive_fraction}, c.depression.U);
    depression.read({"tau_rec", "ms", "recovery from depression", positive}, c.depression.tau_rec);

    const bool relays =
        c.feedback == XorConfig::Feedback::tsodyks_markram && c.inhibition != XorConfig::Inhibition::direct;
    const bool dale = relays && c.inhibition == XorConfig::Inhibition::dale;
    constexpr std::string_view none = "this variant has no such cells";
    read_interneuron(root.table("pv", "Relay cells (PV-like) that events drive through depressing synapses."),
                     c.pv, relays ? "" : none);
    read_interneuron(
        root.table("sst",
                   "Relay cells (SST-like, adapting) that bursts drive through facilitating synapses, for "
                   "inhibition\n"
                   "\"dale\": they inhibit the hidden dendrites where the feedback weight is negative."),
        c.sst, dale ? "" : none);

    if (c.feedback == XorConfig::Feedback::gated) {
        for (const std::string_view key : {"U", "tau_rec", "tau_fac"})
            facilitation.idle(key, "feedback is \"gated\"");
        for (const std::string_view key : {"U", "tau_rec"}) depression.idle(key, "feedback is \"gated\"");
    }
}

void read_record(ConfigTable& root, XorConfig& c) {
    ConfigTable record =
        root.table("record", "What goes to the HDF5 files of the run folder. Recording never changes a run.");
    record.read({"spikes", "", "spikes, events and bursts"}, c.record.spikes);
    record.read({"traces", "", "rates and burst probability of each population"}, c.record.traces);
    record.read({"weights", "", "weights at every test"}, c.record.weights);
    record.read({"trace_bin", "ms", "bin of the traces", positive}, c.record.trace_bin);
    if (!c.record.traces) record.idle("trace_bin", "traces is false");
}

/// Settings that are each in order but make no sense together.
void check_together(ConfigTable& root, const XorConfig& c) {
    if (c.baseline == XorConfig::Baseline::fixed && c.control != XorConfig::Control::burstprop) {
        root.idle("tau_average", "baseline is \"fixed\"");
    }
    if (c.feedback == XorConfig::Feedback::gated) {
        for (const std::string_view key : {"inhibition", "lag"}) root.idle(key, "feedback is \"gated\"");
    } else if (c.inhibition == XorConfig::Inhibition::direct) {
        root.idle("lag", "inhibition is \"direct\": there is no relay to match");
    }
    const bool about_stp =
        c.control == XorConfig::Control::no_stp || c.control == XorConfig::Control::swapped;
    if (about_stp && c.feedback == XorConfig::Feedback::gated) {
        root.complain("control", "E0210",
                      "control has no effect: feedback is \"gated\" and has no short-term plasticity");
    }
    if (c.test_every > c.examples) {
        root.complain("test_every", "E0209",
                      "test_every is " + std::to_string(c.test_every) + ", with only " +
                          std::to_string(c.examples) + " examples: nothing would be tested");
    }
    ConfigTable input = root.table("input", {});
    if (c.input.low_rate >= c.input.high_rate) {
        input.complain("low_rate", "E0209", "low_rate is not below high_rate: a 0 would look like a 1");
    }
    ConfigTable neuron = root.table("neuron", {});
    const double burst = c.neuron.burst_interval * (c.neuron.burst_spikes - 1);
    if (burst >= c.neuron.t_ref) {
        neuron.complain("burst_interval", "E0209",
                        "a burst would last longer than t_ref: the next event could fall into it",
                        "burst_interval x (burst_spikes - 1) must stay below t_ref");
    }
}

}  // namespace

XorConfig read_xor(ConfigTable root) {
    XorConfig c;
    root.topic("xor");
    std::string task = "xor";
    root.read_word({.name = "task", .meaning = "what the file is for"}, {{"xor", "learn the exclusive or"}},
                   task);
    root.read({"seed", "1", "of all random numbers; the same seed gives the same run"}, c.seed);
    read_variant(root, c);
    read_protocol(root, c);
    read_network(root, c);
    read_cells(root, c);
    read_synapses(root, c);
    read_record(root, c);
    check_together(root, c);
    return c;
}

}  // namespace apical
