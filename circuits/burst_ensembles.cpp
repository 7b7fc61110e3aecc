#include "circuits/burst_ensembles.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "circuits/rate_error.hpp"

// The network of Payeur et al. (2021), figure 4, and the same as a BurstCCN. Rates of events are the
// activity: an input is a current into the somata of its ensemble, the answer the mean event rate of the
// output, the error a current into each of its dendrites.

namespace apical {
namespace {

constexpr double input_low = -350.0;  // [pA] stands for 0
constexpr double input_high = 150.0;  // [pA] stands for 1
constexpr RateError error;

std::string input_name(Index input) { return fmt::format("input_{}", input + 1); }

class EnsembleDescriber {
public:
    EnsembleDescriber(const EnsemblesConfig& c, Index inputs) : c_(c), inputs_(inputs) {}

    NetworkDescription operator()(std::uint64_t seed) {
        d_.seed = seed;
        for (Index i = 0; i < inputs_; ++i) ensemble(input_name(i), 0.0, {500.0, 0.35}, {500.0, 0.35});
        ensemble("hidden_1", c_.current.hidden_1, {150.0, 0.385}, {150.0, 0.49});
        ensemble("hidden_2", c_.current.hidden_2, {150.0, 0.385}, {150.0, 0.49});
        ensemble("output", c_.current.output, {150.0, 0.35}, {150.0, 0.35});
        for (const char* hidden : {"hidden_1", "hidden_2"}) {
            for (Index i = 0; i < inputs_; ++i) forward(input_name(i), hidden, c_.eta_hidden);
            forward(hidden, "output", c_.eta_output);
        }
        const EnsemblesConfig::Feedback& f = c_.feedback;
        if (c_.algorithm == EnsemblesConfig::Algorithm::burstprop) {
            back("hidden_1", "excitatory_dend", f.ex_1, {gate("burst")});
            back("hidden_1", "inhibitory_dend", f.in_1, {gate("burst")});
            back("hidden_2", "excitatory_dend", f.ex_2, {gate("burst")});
            back("hidden_2", "inhibitory_dend", f.in_2, {gate("burst")});
        } else {
            const std::vector<ReleaseTerm> release{gate("burst"), gate("event", -c_.p0)};
            back("hidden_1", "charge_dend", f.charge_1, release);
            back("hidden_2", "charge_dend", f.charge_2, release);
        }
        return std::move(d_);
    }

private:
    struct Train {
        double rate;    // [Hz]
        double weight;  // conductance
    };

    void ensemble(const std::string& name, double current, Train ex, Train in) {
        PopulationDescription p;
        p.name = name;
        p.model = "burst_poisson";
        p.size = c_.neurons;
        p.parameters = {{"I_e_dend", current}, {"tolerance", c_.tolerance}};
        p.classifier = Classifier::trace;
        p.background = {{"excitatory_soma", ex.rate, ex.weight},
                        {"inhibitory_soma", in.rate, in.weight},
                        {"excitatory_dend", 500.0, 0.05},
                        {"inhibitory_dend", 500.0, 0.05}};
        p.initial["V_m_soma"] = {Distribution::Kind::normal, -70.0, 5.0};
        p.initial["w_dend"] = {Distribution::Kind::constant, 1.3, 0.0};
        d_.populations.push_back(std::move(p));
    }

    ReleaseTerm gate(const std::string& variant, double gain = 1.0) const {
        return {variant, gain, {{"lag", c_.pre_detector_lag}}};
    }

    ProjectionDescription& connect(const std::string& name, const std::string& from, const std::string& to,
                                   const std::string& port, double weight) {
        ProjectionDescription p;
        p.name = name;
        p.source = from;
        p.target = to;
        p.port = port;
        p.connect = {Bernoulli{c_.indegree / c_.neurons}};
        p.weight.a = weight;
        p.delay = c_.delay;
        d_.projections.push_back(std::move(p));
        return d_.projections.back();
    }

    void forward(const std::string& from, const std::string& to, double eta) {
        const std::string name = from + "_to_" + to;
        connect(name + "_inhibition", from, to, "inhibitory_soma", c_.weight_in).release = {gate("event")};
        ProjectionDescription& p = connect(name, from, to, "excitatory_soma", c_.weight_ex);
        p.release = {gate("event")};
        PlasticityDescription rule;
        rule.rule = "burst_dependent";
        rule.parameters = {{"eta", eta},   {"tau_pre", c_.tau_pre}, {"tau_average", c_.tau_average},
                           {"w_min", 0.0}, {"w_max", 1.0},          {"r_max", error.e_max}};
        if (c_.algorithm == EnsemblesConfig::Algorithm::burstprop) {
            rule.baseline = "moving_average";
        } else {
            rule.parameters["p0"] = c_.p0;
        }
        if (c_.low_rate != EnsemblesConfig::LowRate::off) {
            rule.low_rate = name_of(low_rate_choices, c_.low_rate);
            rule.parameters["r_min"] = error.e_min;
        }
        p.plasticity = rule;
    }

    void back(const std::string& to, const std::string& port, double weight,
              const std::vector<ReleaseTerm>& release) {
        connect(fmt::format("output_to_{}_{}", to, port), "output", to, port, weight).release = release;
    }

    const EnsemblesConfig& c_;
    Index inputs_;
    NetworkDescription d_;
};

class EnsemblesLearner final : public Learner {
public:
    EnsemblesLearner(const EnsemblesConfig& c, Network& network, const Shape& shape)
        : c_(c),
          network_(network),
          shape_(shape),
          output_(network.populations.at("output")),
          averages_(output_, c.neurons, c.tau_average) {
        simulation().add(averages_);
        simulation().schedule(simulation().now(), action::GatePlasticity{false});
    }

    void show(std::span<const double> levels, std::span<const double> targets) override {
        for (Index i = 0; i < shape_.inputs; ++i) {
            const std::string name = input_name(i);
            set(network_.populations.at(name), network_.variable(name, "I_soma"),
                {std::lerp(input_low, input_high, levels[i] / shape_.full)});
        }
        if (!targets.empty()) one_ = targets[0] > 0.5;
    }

    /// Taught from when on, at each new error, and at the end.
    std::vector<double> stops(bool taught) const override {
        std::vector<double> list;
        const double every = c_.teach_every > 0.0 ? c_.teach_every : c_.presentation;
        for (int k = 0; taught && taught_from() + every * k < c_.presentation; ++k)
            list.push_back(taught_from() + every * k);
        list.push_back(c_.presentation);
        return list;
    }

    void stop(std::size_t k, bool taught) override {
        if (!taught) {
            answer_ = so_far();
            return;
        }
        // The answer is what it was before it was taught; taught from the beginning, the one at the end.
        const bool last = k + 1 == stops(taught).size();
        if (taught_from() > 0.0 ? k == 0 : last) answer_ = so_far();
        if (k == 0) gate(true);
        if (!last) return send_error();
        gate(false);
        set_dendrites({c_.current.output});
    }

    Answer answer() const override { return answer_; }
    Answer so_far() const override {
        const double rate = averages_.mean_rate(simulation().now());
        return {{error.activity(rate)}, {rate}, {std::nan("")}};
    }

    void persist(Archive& archive, Index /*epoch*/) override {
        archive("averages", averages_);
        archive("one", one_);
        archive("answer", answer_);
    }

private:
    Simulation& simulation() const { return *network_.simulation; }
    double taught_from() const {
        return c_.teaching < 1.0 ? c_.presentation - c_.teaching * c_.presentation : 0.0;
    }

    void set(Index population, std::size_t variable, std::vector<double> values) {
        simulation().schedule(simulation().now(),
                              action::SetVariable{population, variable, std::move(values)});
    }
    void gate(bool on) { simulation().schedule(simulation().now(), action::GatePlasticity{on}); }
    void set_dendrites(std::vector<double> currents) {
        set(output_, network_.variable("output", "I_dend"), std::move(currents));
    }

    /// Each output cell's error, from its own recent rate of events, is held as a current into its dendrite.
    void send_error() {
        std::vector<double> currents = averages_.rates(simulation().now());
        for (double& value : currents) value = c_.current.output + error.current(value, one_);
        set_dendrites(std::move(currents));
    }

    const EnsemblesConfig& c_;
    Network& network_;
    Shape shape_;
    Index output_;
    EventAverages averages_;
    bool one_ = false;  ///< the target
    Answer answer_;
};

class Ensembles final : public Circuit {
public:
    explicit Ensembles(const EnsemblesConfig& c) : c_(c) {}

    std::string size_text(const Shape& shape) const override {
        return fmt::format("{} ensembles of {}", shape.inputs + 3, c_.neurons);
    }
    Facts facts() const override {
        return {{"variant", std::string(name_of(algorithm_choices, c_.algorithm))},
                {"decision_threshold_hz", error.threshold()}};
    }
    NetworkDescription describe(const Shape& shape, std::uint64_t seed) const override {
        return EnsembleDescriber(c_, shape.inputs)(seed);
    }
    std::unique_ptr<Learner> learner(const NetworkDescription& /*description*/, Network& network,
                                     const Shape& shape) const override {
        return std::make_unique<EnsemblesLearner>(c_, network, shape);
    }
    double burn_in() const override { return c_.burn_in; }
    double duration(bool /*taught*/, Index /*epoch*/) const override { return c_.presentation; }

private:
    EnsemblesConfig c_;
};

void read_presentation(ConfigTable& root, EnsemblesConfig& c) {
    root.read({"presentation", "ms", "duration of an example", positive}, c.presentation);
    root.read({"teaching", "1", "last part of an example in which the error is sent and weights learn",
               positive_fraction},
              c.teaching);
    root.read({"teach_every", "ms", "until the error is computed again; 0: held to the end", not_negative},
              c.teach_every);
    root.read({"burn_in", "ms", "before the first example", positive}, c.burn_in);
}

void read_network(ConfigTable& root, EnsemblesConfig& c) {
    root.read({"neurons", "1", "neurons in each ensemble", {.low = 1.0, .high = 1e5}}, c.neurons);
    root.read({"indegree", "1", "mean number of inputs of a neuron by each projection", Range{.low = 1.0}},
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
    if (c.algorithm == EnsemblesConfig::Algorithm::burstprop) {
        for (const std::string_view key : {"charge_1", "charge_2"})
            feedback.idle(key, "algorithm is \"burstprop\"");
    } else {
        for (const std::string_view key : {"ex_1", "in_1", "ex_2", "in_2"})
            feedback.idle(key, "algorithm is \"burstccn\"");
    }
}

void read_plasticity(ConfigTable& root, EnsemblesConfig& c) {
    root.read({"eta_hidden", "1", "learning rate of synapses onto the hidden layer", not_negative},
              c.eta_hidden);
    root.read({"eta_output", "1", "learning rate of synapses onto the output", not_negative}, c.eta_output);
    root.read({"tau_pre", "ms", "trace of the source's events", positive}, c.tau_pre);
    root.read({"tau_average", "ms", "average of a neuron's burst probability and event rate", positive},
              c.tau_average);
    root.read({"p0", "1", "burst probability that teaches nothing", open_fraction}, c.p0);
    root.read({.name = "low_rate", .meaning = "whose low rate makes weights grow"}, low_rate_choices,
              c.low_rate);
    if (c.algorithm == EnsemblesConfig::Algorithm::burstprop) root.idle("p0", "algorithm is \"burstprop\"");
}

}  // namespace

EnsemblesConfig read_ensembles(ConfigTable root) {
    EnsemblesConfig c;
    root.read({.name = "algorithm", .meaning = "what bursts are compared with, and what is fed back"},
              algorithm_choices, c.algorithm);
    read_presentation(root, c);
    read_network(root, c);
    read_plasticity(root, c);
    return c;
}

std::unique_ptr<Circuit> burst_ensembles(const EnsemblesConfig& config) {
    return std::make_unique<Ensembles>(config);
}

}  // namespace apical
