#include "tasks/xor_ensembles_config.hpp"

#include <string>

namespace apical {

namespace {

constexpr Range at_least_one{.low = 1.0};

void read_protocol(ConfigTable& root, XorEnsemblesConfig& c) {
    root.read({"epochs", "1", "how often the four patterns are trained", {.low = 1.0, .high = 1e6}},
              c.epochs);
    root.read({"presentation", "ms", "duration of an example", positive}, c.presentation);
    root.read({"teaching", "1", "last part of an example in which the error is sent and weights learn",
               positive_fraction},
              c.teaching);
    root.read({"teach_every", "ms", "until the error is computed again; 0: held to the end", not_negative},
              c.teach_every);
    root.read({"burn_in", "ms", "before the first pattern", positive}, c.burn_in);
}

void read_network(ConfigTable& root, XorEnsemblesConfig& c) {
    root.read({"neurons", "1", "neurons in each ensemble", {.low = 1.0, .high = 1e5}}, c.neurons);
    root.read({"indegree", "1", "mean number of inputs of a neuron by each projection", at_least_one},
              c.indegree);
    root.read(
        {"delay", "ms", "from a spike to its arrival", positive, false, "an effect cannot precede its cause"},
        c.delay);
    root.read({"tolerance", "mV", "error of a step of the integration", positive}, c.tolerance);
    root.read({"pre_detector_lag", "ms",
               "after which the presynaptic detector of events and bursts knows of a spike", not_negative},
              c.pre_detector_lag);
    root.read({"weight_ex", "1", "conductance of plastic synapses at the start", not_negative}, c.weight_ex);
    root.read({"weight_in", "1", "conductance of inhibitory synapses", not_negative}, c.weight_in);
    if (c.indegree > c.neurons)
        root.complain("indegree", "E0209",
                      "there are only " + std::to_string(c.neurons) + " neurons to choose from");

    ConfigTable current = root.table("current", "Constant currents into the dendrites.");
    current.read({"hidden_1", "pA", "of the first hidden ensemble"}, c.current.hidden_1);
    current.read({"hidden_2", "pA", "of the second hidden ensemble"}, c.current.hidden_2);
    current.read({"output", "pA", "of the output"}, c.current.output);

    ConfigTable feedback = root.table("feedback",
                                      "What a burst of the output does to the dendrites of each hidden "
                                      "ensemble: conductances (burstprop),\n"
                                      "or a charge, less p0 times as much for an event (burstccn).");
    feedback.read({"ex_1", "1", "excitatory, first hidden ensemble", not_negative}, c.feedback.ex_1);
    feedback.read({"in_1", "1", "inhibitory, first hidden ensemble", not_negative}, c.feedback.in_1);
    feedback.read({"ex_2", "1", "excitatory, second hidden ensemble", not_negative}, c.feedback.ex_2);
    feedback.read({"in_2", "1", "inhibitory, second hidden ensemble", not_negative}, c.feedback.in_2);
    feedback.read({"charge_1", "pC", "first hidden ensemble"}, c.feedback.charge_1);
    feedback.read({"charge_2", "pC", "second hidden ensemble"}, c.feedback.charge_2);
    if (c.algorithm == XorEnsemblesConfig::Algorithm::burstprop) {
        for (const std::string_view key : {"charge_1", "charge_2"})
            feedback.idle(key, "algorithm is \"burstprop\"");
    } else {
        for (const std::string_view key : {"ex_1", "in_1", "ex_2", "in_2"})
            feedback.idle(key, "algorithm is \"burstccn\"");
    }
}

void read_plasticity(ConfigTable& root, XorEnsemblesConfig& c) {
    root.read({"eta_hidden", "1", "learning rate of synapses onto the hidden layer", not_negative},
              c.eta_hidden);
    root.read({"eta_output", "1", "learning rate of synapses onto the output", not_negative}, c.eta_output);
    root.read({"tau_pre", "ms", "trace of the source's events", positive}, c.tau_pre);
    root.read({"tau_average", "ms", "average of a neuron's burst probability and event rate", positive},
              c.tau_average);
    root.read({"p0", "1", "burst probability that teaches nothing", open_fraction}, c.p0);
    root.read({.name = "low_rate", .meaning = "whose low rate makes weights grow"}, low_rate_choices,
              c.low_rate);
    if (c.algorithm == XorEnsemblesConfig::Algorithm::burstprop)
        root.idle("p0", "algorithm is \"burstprop\"");
}

void read_record(ConfigTable& root, XorEnsemblesConfig& c) {
    ConfigTable record =
        root.table("record", "What goes to the HDF5 files of the run folder. Recording never changes a run.");
    record.read({"spikes", "", "spikes, events and bursts: gigabytes for a whole run"}, c.record.spikes);
    record.read({"traces", "", "rates and burst probability of each ensemble"}, c.record.traces);
    record.read({"weights", "", "weights before and after training"}, c.record.weights);
    record.read({"trace_bin", "ms", "bin of the traces", positive}, c.record.trace_bin);
    if (!c.record.traces) record.idle("trace_bin", "traces is false");
}

}  // namespace

XorEnsemblesConfig read_xor_ensembles(ConfigTable root) {
    XorEnsemblesConfig c;
    root.topic("xor_ensembles");
    std::string task = "xor_ensembles";
    root.read_word({.name = "task", .meaning = "what the file is for"},
                   {{"xor_ensembles", "ensembles of conductance-based cells learn the exclusive or"}}, task);
    root.read({"seed", "1", "of all random numbers; the same seed gives the same run"}, c.seed);
    root.read({.name = "algorithm", .meaning = "what bursts are compared with, and what is fed back"},
              algorithm_choices, c.algorithm);
    read_protocol(root, c);
    read_network(root, c);
    read_plasticity(root, c);
    read_record(root, c);
    return c;
}

}  // namespace apical
