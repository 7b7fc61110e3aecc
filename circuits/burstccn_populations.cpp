#include "circuits/burstccn_populations.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include "circuits/output_counts.hpp"
#include "core/random.hpp"
#include "core/rate.hpp"

// A spiking BurstCCN of populations, in a single phase. All rates are normalised: e = rate x R lies in [0,
// 1]. A trace of an input spike is 1/(r_max tau_soma), of an event R/tau_soma, so that traces have the mean
// of the input's value and of e.

namespace apical {
namespace {

constexpr double r_max = 100.0;  // [Hz] an input that stands for 1
constexpr double regular_rate =
    500.0;  // [Hz] of the regular source that stands for constants: biases, resting rates

std::string input_letter(Index input) { return std::string("input_") + static_cast<char>('a' + input); }

bool relayed(const PopulationsConfig& c) {
    return c.feedback == Transmission::tsodyks_markram &&
           c.inhibition != PopulationsConfig::Inhibition::direct;
}

bool dale(const PopulationsConfig& c) { return c.inhibition == PopulationsConfig::Inhibition::dale; }

bool has_inhibition(const PopulationsConfig& c) {
    return c.control != PopulationsConfig::Control::no_q &&
           c.control != PopulationsConfig::Control::burstprop;
}

/// Whether relay cells that do not tell bursts from events are refused.
bool refuses_relays(const PopulationsConfig& c) {
    return relayed(c) && c.control == PopulationsConfig::Control::none;
}

/// The synapse of the burst pathway and that of the event pathway, as the control has them.
ReleaseTerm burst_synapse(const PopulationsConfig& c, double gain) {
    if (c.control == PopulationsConfig::Control::no_stp) return {"all", gain * c.facilitation.U, {}};
    return term_of(c.control == PopulationsConfig::Control::swapped ? synapse_of(c.depression)
                                                                    : synapse_of(c.facilitation),
                   gain);
}
ReleaseTerm event_synapse(const PopulationsConfig& c, double gain) {
    if (c.control == PopulationsConfig::Control::no_stp) return {"all", gain * c.depression.U, {}};
    return term_of(c.control == PopulationsConfig::Control::swapped ? synapse_of(c.facilitation)
                                                                    : synapse_of(c.depression),
                   gain);
}

Sender sender(const PopulationsConfig& c) {
    return {c.neuron.p0, static_cast<int>(c.neuron.burst_spikes), c.neuron.burst_interval, c.neuron.t_ref};
}

PopulationDescription cells(const PopulationsConfig& c, const std::string& name) {
    return {.name = name,
            .model = "stochastic_pyramidal",
            .size = c.neurons,
            .parameters = {{"R", c.neuron.t_ref},
                           {"tau_soma", c.neuron.tau_soma},
                           {"tau_dend", c.neuron.tau_dend},
                           {"p0", c.neuron.p0},
                           {"g", c.neuron.g},
                           {"burst_spikes", c.neuron.burst_spikes},
                           {"burst_interval", c.neuron.burst_interval}},
            .classifier = Classifier::model,
            .background = {},
            .initial = {},
            .spike_times = {}};
}

/// The relays, PV-like and (to obey Dale) SST-like, and what drives them. The control with swapped synapses
/// keeps them at their usual rates.
void add_relays(const PopulationsConfig& c, std::vector<PopulationDescription>& cells,
                std::vector<ProjectionDescription>& inputs) {
    Interneuron pv = c.pv;
    Interneuron sst = c.sst;
    if (c.control == PopulationsConfig::Control::swapped) {
        const Separation usual =
            decode(synapse_of(c.facilitation), synapse_of(c.depression), sender(c)).separation;
        const double p0 = c.neuron.p0;
        const double ratio = (usual.q_e + p0 * usual.q_b) / (usual.a_e + p0 * usual.a_b);
        pv.gain *= ratio;
        sst.gain /= ratio;
    }
    cells.push_back(interneurons(pv, "pv"));
    inputs.push_back(onto_interneurons(pv, "output", c.neurons, "pv", event_synapse(c, 1.0), c.delay));
    if (!dale(c)) return;
    cells.push_back(interneurons(sst, "sst"));
    inputs.push_back(onto_interneurons(sst, "output", c.neurons, "sst", burst_synapse(c, 1.0), c.delay));
}

PopulationsFeedback calibrate(const PopulationsConfig& c, std::size_t threads, const Log& log) {
    PopulationsFeedback f{};
    const double p0 = c.neuron.p0;
    f.scale = c.neuron.t_ref / c.neuron.tau_dend / p0;
    if (c.feedback == Transmission::gated) return f;
    const bool no_stp = c.control == PopulationsConfig::Control::no_stp;
    const Decoding synapses = decode(synapse_of(c.facilitation), synapse_of(c.depression), sender(c));
    const Separation& s0 = synapses.separation;
    log(Severity::note,
        fmt::format(
            "synapses alone: bursts {:.4f} e + {:.4f} b, events {:.4f} e + {:.4f} b; r {:.4f}, C {:.4f}, "
            "R2 {:.3f}, null p {:.2f} at the lowest rate, {:.2f} at the highest",
            s0.a_e, s0.a_b, s0.q_e, s0.q_b, s0.r, s0.C, s0.R2, synapses.null_p_slow, synapses.null_p_fast));
    if (!relayed(c)) {
        if (no_stp) {
            // Both pathways transmit every spike alike: what balances them silences them, and no signal is
            // left, whatever the gain.
            f.direct.r = c.facilitation.U / c.depression.U;
            f.direct.C = s0.C;
            return f;
        }
        const bool swapped = c.control == PopulationsConfig::Control::swapped;
        f.direct =
            swapped ? decode(synapse_of(c.depression), synapse_of(c.facilitation), sender(c)).separation : s0;
        // The gain makes up for the size of the signal, not for its sign.
        f.direct.C = std::abs(f.direct.C);
        return f;
    }
    RelayStudy s;
    s.sender = cells(c, "output");
    add_relays(c, s.relays, s.onto_relays);
    s.direct = {{burst_synapse(c, 1.0)}, {event_synapse(c, 1.0)}};
    s.event_rates = rates_to_study(c.neuron.t_ref);
    s.burst_probabilities = {0.1, 0.5, 0.9};
    s.threads = threads;
    std::vector<Drive> positive;
    std::vector<Drive> negative;
    for (const RelayPoint& point : study(s)) {
        positive.push_back({point.e, point.b, point.direct[0], point.relays[0]});
        if (dale(c)) negative.push_back({point.e, point.b, point.relays[1], point.direct[1]});
    }
    const auto fit = [&](const char* name, std::span<const Drive> samples) {
        const RelayDecoder d = fit_relay(samples, p0);
        log(Severity::note, fmt::format("{}: bursts {:.4f} e + {:.4f} b, events {:.4f} e + {:.4f} b, "
                                        "rest {:.2f} Hz; r {:.4f}, C {:.4f}, R2 {:.3f}, "
                                        "residual {:.2f} Hz",
                                        name, d.fit.a_e, d.fit.a_b, d.fit.q_e, d.fit.q_b, d.rest_y + d.rest_q,
                                        d.r, d.C, d.R2, d.residual));
        if (refuses_relays(c)) expect_separation(d, name);
        return d;
    };
    f.positive = fit("pv, driven by events", positive);
    f.positive.rest_y = 0.0;  // a synapse releases nothing at rest
    if (dale(c)) {
        f.negative = fit("sst, driven by bursts", negative);
        f.negative.rest_q = 0.0;
    }
    // Without a signal there is no gain to measure: it stays that of the synapses with short-term plasticity.
    if (no_stp) f.positive.C = f.negative.C = s0.C;
    f.positive.C = std::abs(f.positive.C);
    f.negative.C = std::abs(f.negative.C);
    return f;
}

class PopulationsDescriber {
public:
    PopulationsDescriber(const PopulationsConfig& c, Index inputs, const PopulationsFeedback& feedback)
        : c_(c), inputs_(inputs), feedback_(feedback) {}

    NetworkDescription operator()(std::uint64_t seed) {
        d_.seed = seed;
        for (Index i = 0; i < inputs_; ++i)
            d_.populations.push_back(source(input_letter(i), "poisson", c_.neurons, c_.input.low_rate));
        d_.populations.push_back(source("tonic", "regular", 1, regular_rate));
        for (Index h = 0; h < c_.hidden; ++h) d_.populations.push_back(cells(c_, hidden(h)));
        d_.populations.push_back(cells(c_, "output"));
        if (relayed(c_) && has_inhibition(c_)) add_relays(c_, d_.populations, d_.projections);
        for (Index h = 0; h < c_.hidden; ++h) {
            const bool learns = c_.control != PopulationsConfig::Control::frozen_hidden;
            for (Index i = 0; i < inputs_; ++i)
                forward(input_letter(i), hidden(h), 2.0, 1000.0 / (r_max * c_.neuron.tau_soma), "all",
                        learns);
            forward("tonic", hidden(h), 1.0, 1000.0 / (regular_rate * c_.neuron.tau_soma), "all", learns);
            forward(hidden(h), "output", 2.0, c_.neuron.t_ref / c_.neuron.tau_soma, "event", true);
            feed_back(h);
        }
        forward("tonic", "output", 1.0, 1000.0 / (regular_rate * c_.neuron.tau_soma), "all", true);
        return std::move(d_);
    }

private:
    static std::string hidden(Index h) { return fmt::format("hidden_{}", h + 1); }

    PopulationDescription source(const std::string& name, const std::string& model, Index size,
                                 double rate) const {
        PopulationDescription p;
        p.name = name;
        p.model = model;
        p.size = size;
        p.parameters = {{"rate", rate}};
        return p;
    }

    /// Weights of a pair of populations: one number uniform in +-range, spread over the neurons with a little
    /// jitter. `gain` is the trace that one spike adds.
    void forward(const std::string& from, const std::string& to, double range, double gain,
                 const std::string& gate, bool learns) {
        ProjectionDescription p;
        p.name = from + "_to_" + to;
        p.source = from;
        p.target = to;
        p.port = "soma";
        p.delay = c_.delay;
        Stream stream(StreamKey(d_.seed, "xor.weights", p.name));
        const double whole = boost::random::uniform_real_distribution<>(-range, range)(stream);
        const double share = from == "tonic" ? 1.0 : 1.0 / c_.neurons;
        p.weight = {Distribution::Kind::normal, whole * share, 0.2 * share};
        if (from == "tonic") p.weight.b = 0.0;
        p.release = {{gate, gain, {}}};
        if (learns) {
            // dw = eta (R/T) s (X - p0) x at each event, with s = 1/p0 at the output and 1/(g p0 (1 - p0))
            // below it, so that learning rates mean the same in every layer.
            const double p0 = c_.neuron.p0;
            const double s = to == "output" ? 1.0 / p0 : 1.0 / (c_.neuron.g * p0 * (1.0 - p0));
            const bool fixed =
                c_.baseline == Baseline::fixed && c_.control != PopulationsConfig::Control::burstprop;
            PlasticityDescription rule;
            rule.rule = "burst_dependent";
            rule.teaching = c_.rule == Teaching::sampled ? "sampled" : "variance_reduced";
            rule.baseline = fixed ? "fixed" : "moving_average";
            rule.parameters = {{"eta", c_.eta / c_.neurons * c_.neuron.t_ref / c_.presentation * s * gain},
                               {"tau_pre", c_.neuron.tau_soma},
                               {"p0", p0}};
            if (!fixed) {
                rule.parameters["tau_average"] = c_.tau_average;
                rule.parameters["prior"] = 10.0;
            }
            p.plasticity = rule;
        }
        d_.projections.push_back(std::move(p));
    }

    /// One pathway from the output (or from a relay, or the tonic source) to the dendrites of a hidden
    /// population.
    void pathway(const std::string& from, Index h, const std::string& suffix,
                 std::vector<ReleaseTerm> release, const TieDescription& tie) {
        ProjectionDescription p;
        p.name = fmt::format("{}_to_{}_{}", from, hidden(h), suffix);
        p.source = from;
        p.target = hidden(h);
        p.port = "dendrite";
        p.delay = c_.delay + (from == "output" && relayed(c_) ? c_.lag : 0.0);
        p.release = std::move(release);
        p.tie = tie;
        d_.projections.push_back(std::move(p));
    }

    void feed_back(Index h) {
        using Mean = TieDescription::Mean;
        using Part = TieDescription::Part;
        const std::string weights = hidden(h) + "_to_output";
        const double s = feedback_.scale;
        if (c_.feedback == Transmission::gated) {
            std::vector<ReleaseTerm> release = {{"burst", s, {}}};
            if (has_inhibition(c_)) release.push_back({"event", -c_.neuron.p0 * s, {}});
            pathway("output", h, "YQ", release, {weights, 1.0, Mean::none, Part::whole});
            return;
        }
        if (!relayed(c_)) {
            std::vector<ReleaseTerm> release = {burst_synapse(c_, s / feedback_.direct.C)};
            if (has_inhibition(c_))
                release.push_back(event_synapse(c_, -feedback_.direct.r * s / feedback_.direct.C));
            pathway("output", h, "YQ", release, {weights, 1.0, Mean::none, Part::whole});
            return;
        }
        if (!has_inhibition(c_)) {
            pathway("output", h, "Y", {burst_synapse(c_, s / feedback_.positive.C)},
                    {weights, 1.0, Mean::senders, Part::whole});
            return;
        }
        // What all neurons of the output do, felt through one interneuron's spike.
        const double pv_pool = static_cast<double>(c_.neurons) / c_.pv.size;
        const double sst_pool = static_cast<double>(c_.neurons) / c_.sst.size;
        const double constant = c_.neurons / regular_rate;
        const RelayDecoder& plus = feedback_.positive;
        const RelayDecoder& minus = feedback_.negative;
        // Without Dale the same relay serves weights of both signs; with it, the positive ones.
        const Part part = dale(c_) ? Part::plus : Part::whole;
        pathway("output", h, "Y", {burst_synapse(c_, 1.0)}, {weights, s / plus.C, Mean::senders, part});
        pathway("pv", h, "Q", {}, {weights, -s / plus.C * plus.r * pv_pool, Mean::senders, part});
        pathway("tonic", h, "Q_rest", {},
                {weights, s / plus.C * plus.r * plus.rest_q * constant, Mean::senders, part});
        if (!dale(c_)) return;
        pathway("output", h, "Q_minus", {event_synapse(c_, 1.0)},
                {weights, s / minus.C * minus.r, Mean::senders, Part::minus});
        pathway("sst", h, "Y_minus", {}, {weights, -s / minus.C * sst_pool, Mean::senders, Part::minus});
        pathway("tonic", h, "Y_minus_rest", {},
                {weights, s / minus.C * minus.rest_y * constant, Mean::senders, Part::minus});
    }

    const PopulationsConfig& c_;
    Index inputs_;
    const PopulationsFeedback& feedback_;
    NetworkDescription d_;
};

std::string variant_name(const PopulationsConfig& c) {
    std::string name = std::string(name_of(transmission_choices, c.feedback));
    if (c.feedback == Transmission::tsodyks_markram)
        name += "/" + std::string(name_of(populations_inhibition_choices, c.inhibition));
    name += "/" + std::string(name_of(baseline_choices, c.baseline)) + "/" +
            std::string(name_of(rule_choices, c.rule));
    if (c.control != PopulationsConfig::Control::none)
        name += "/" + std::string(name_of(populations_control_choices, c.control));
    return name;
}

class PopulationsLearner final : public CountingLearner {
public:
    PopulationsLearner(const PopulationsConfig& c, Network& network, const Shape& shape)
        : CountingLearner(network, 1, c.neurons, c.neuron.t_ref),
          c_(c),
          shape_(shape),
          target_(network.variable("output", "target")) {}

    void show(std::span<const double> levels, std::span<const double> targets) override {
        const Time onset = begin();
        const auto set = [&](Action action) { simulation().schedule(onset, std::move(action)); };
        for (Index i = 0; i < shape_.inputs; ++i) {
            const double rate = std::lerp(c_.input.low_rate, c_.input.high_rate, levels[i] / shape_.full);
            set(action::SetRates{network().populations.at(input_letter(i)), {rate}});
        }
        set(action::SetVariable{output(), target_, {targets.empty() ? std::nan("") : targets[0]}});
        set(action::GatePlasticity{!targets.empty()});
        set(action::CopyTiedWeights{});
    }

    std::vector<double> stops(bool /*taught*/) const override { return {c_.presentation}; }
    void stop(std::size_t /*k*/, bool /*taught*/) override { conclude(); }

private:
    const PopulationsConfig& c_;
    Shape shape_;
    std::size_t target_;
};

class Populations final : public Circuit {
public:
    explicit Populations(const PopulationsConfig& c) : c_(c) {}

    std::string size_text(const Shape& shape) const override {
        return fmt::format("{}-{}-{} populations of {}", shape.inputs, c_.hidden, shape.outputs, c_.neurons);
    }
    Facts facts() const override {
        return {{"variant", variant_name(c_)},
                {"decision_threshold_hz", 500.0 / c_.neuron.t_ref}};  // e = 1/2
    }
    NetworkDescription describe(const Shape& shape, std::uint64_t seed) const override {
        // The shape of the network does not depend on the calibration, whose numbers only scale weights.
        RelayDecoder relay{};
        relay.r = relay.C = 1.0;
        PopulationsFeedback feedback{.scale = 1.0, .positive = relay, .negative = relay, .direct = {}};
        feedback.direct.r = feedback.direct.C = 1.0;
        return describe_populations(c_, shape, seed, feedback);
    }
    NetworkDescription measure(const Shape& shape, std::uint64_t seed, std::size_t threads,
                               const Log& log) const override {
        return describe_populations(c_, shape, seed, calibrate(c_, threads, log));
    }
    bool judges_relays() const override { return refuses_relays(c_); }
    std::unique_ptr<Learner> learner(const NetworkDescription& /*description*/, Network& network,
                                     const Shape& shape) const override {
        return std::make_unique<PopulationsLearner>(c_, network, shape);
    }
    double duration(bool /*taught*/, Index /*epoch*/) const override { return c_.presentation; }
    bool is_constant(const PopulationDescription& population) const override {
        return population.name == "tonic";
    }
    bool records_ties() const override { return true; }

private:
    PopulationsConfig c_;
};

constexpr Range of_an_input{.low = 0.0, .high = highest_rate};

void read_variant(ConfigTable& root, PopulationsConfig& c) {
    root.read(
        {.name = "feedback", .meaning = "how bursts and events of the output reach the hidden dendrites"},
        transmission_choices, c.feedback);
    root.read({.name = "inhibition", .meaning = "how the feedback of events inhibits"},
              populations_inhibition_choices, c.inhibition);
    root.read({.name = "baseline", .meaning = "what burst probability leaves a weight unchanged"},
              baseline_choices, c.baseline);
    root.read({"tau_average", "ms", "time constant of the moving average", positive}, c.tau_average);
    root.read({.name = "rule", .meaning = "how the plasticity sees bursts"}, rule_choices, c.rule);
    root.read({.name = "control", .meaning = "a network that must fail, to show what the model needs"},
              populations_control_choices, c.control);
}

void read_network(ConfigTable& root, PopulationsConfig& c) {
    root.read({"presentation", "ms", "duration of an example", positive}, c.presentation);
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

void read_cells(ConfigTable& root, PopulationsConfig& c) {
    ConfigTable input = root.table("input", "Poisson trains of the input populations.");
    input.read({"high_rate", "Hz", "a neuron's rate for a 1", of_an_input}, c.input.high_rate);
    input.read({"low_rate", "Hz", "a neuron's rate for a 0", of_an_input}, c.input.low_rate);

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

void read_synapses(ConfigTable& root, PopulationsConfig& c) {
    read_feedback_synapses(
        root.table(
            "facilitation",
            "Feedback synapses that facilitate, which bursts drive. Their memory must die between events:\n"
            "keep the time constants short against t_ref."),
        c.facilitation, root.table("depression", "Feedback synapses that depress, which events drive."),
        c.depression, c.feedback == Transmission::gated ? "feedback is \"gated\"" : "");
    const bool relays =
        c.feedback == Transmission::tsodyks_markram && c.inhibition != PopulationsConfig::Inhibition::direct;
    const bool dale = relays && c.inhibition == PopulationsConfig::Inhibition::dale;
    constexpr std::string_view none = "this variant has no such cells";
    read_interneuron(root.table("pv", "Relay cells (PV-like) that events drive through depressing synapses."),
                     c.pv, relays ? "" : none);
    read_interneuron(
        root.table("sst",
                   "Relay cells (SST-like, adapting) that bursts drive through facilitating synapses, for "
                   "inhibition\n"
                   "\"dale\": they inhibit the hidden dendrites where the feedback weight is negative."),
        c.sst, dale ? "" : none);
}

/// Settings that are each in order but make no sense together.
void check_together(ConfigTable& root, const PopulationsConfig& c) {
    if (c.baseline == Baseline::fixed && c.control != PopulationsConfig::Control::burstprop) {
        root.idle("tau_average", "baseline is \"fixed\"");
    }
    if (c.feedback == Transmission::gated) {
        for (const std::string_view key : {"inhibition", "lag"}) root.idle(key, "feedback is \"gated\"");
    } else if (c.inhibition == PopulationsConfig::Inhibition::direct) {
        root.idle("lag", "inhibition is \"direct\": there is no relay to match");
    }
    const bool about_stp =
        c.control == PopulationsConfig::Control::no_stp || c.control == PopulationsConfig::Control::swapped;
    if (about_stp && c.feedback == Transmission::gated) {
        root.complain("control", "E0210",
                      "control has no effect: feedback is \"gated\" and has no short-term plasticity");
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

PopulationsConfig read_populations(ConfigTable root) {
    PopulationsConfig c;
    read_variant(root, c);
    read_network(root, c);
    read_cells(root, c);
    read_synapses(root, c);
    check_together(root, c);
    return c;
}

PopulationsFeedback measure_feedback(const PopulationsConfig& config, std::size_t threads, const Log& log) {
    return calibrate(config, threads, log);
}

NetworkDescription describe_populations(const PopulationsConfig& config, const Shape& shape,
                                        std::uint64_t seed, const PopulationsFeedback& feedback) {
    return PopulationsDescriber(config, shape.inputs, feedback)(seed);
}

std::unique_ptr<Circuit> burstccn_populations(const PopulationsConfig& config) {
    return std::make_unique<Populations>(config);
}

}  // namespace apical
