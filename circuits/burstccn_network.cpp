#include "circuits/burstccn_network.hpp"

#include <cmath>

#include <fmt/format.h>

#include "circuits/feedback_synapses.hpp"
#include "synapses/decode.hpp"

namespace apical {
namespace {

constexpr double tonic_rate = 500.0;  // [Hz] of the regular source through which biases are learnt

using Control = BurstCcnConfig::Control;

/// s: 1/p0 at the output, 1/(g p0 (1 - p0)) below it, makes the mean of s (p - p0) the error of the rate
/// model.
double error_scale(const BurstCcnConfig& c, const std::string& layer) {
    if (layer == "output") return 1.0 / c.output.p0;
    return 1.0 / (c.hidden.g * c.hidden.p0 * (1.0 - c.hidden.p0));
}

PopulationDescription cells(const BurstCcnConfig& c, const std::string& name, Index size, double p0,
                            double bias) {
    PopulationDescription p;
    p.name = name;
    p.model = "stochastic_pyramidal";
    p.size = size;
    p.parameters = {{"R", c.neuron.t_ref},
                    {"tau_soma", c.neuron.tau_soma},
                    {"tau_dend", c.neuron.tau_dend},
                    {"bias", bias},
                    {"p0", p0},
                    {"g", c.hidden.g},
                    {"G", c.output.G},
                    {"burst_spikes", c.neuron.burst_spikes},
                    {"burst_interval", c.neuron.burst_interval},
                    {"slack", 0.7}};  // most cells are far from the rates at which a loose bound costs
    return p;
}

PopulationDescription output_cells(const BurstCcnConfig& c, const Shape& shape) {
    return cells(c, "output", shape.outputs * c.output.per_class, c.output.p0, c.output.bias);
}

/// The synapses that bursts drive, and those that events drive.
ReleaseTerm burst_synapse(const BurstCcnConfig& c, double gain) {
    if (c.transmission == Transmission::gated) return {"burst", gain, {}};
    return term_of(synapse_of(c.facilitation), gain);
}
ReleaseTerm event_synapse(const BurstCcnConfig& c, double gain) {
    if (c.transmission == Transmission::gated) return {"event", gain, {}};
    return term_of(synapse_of(c.depression), gain);
}

ProjectionDescription onto_relay(const BurstCcnConfig& c, const Shape& shape) {
    return onto_interneurons(c.pv, "output", c.output.per_class, "pv", event_synapse(c, 1.0), c.neuron.delay,
                             shape.outputs);
}

class Describer {
public:
    Describer(const BurstCcnConfig& c, const Shape& shape, const RelayDecoder& relay)
        : c_(c), shape_(shape), relay_(relay), stage_(stage_of(c, 0)) {}

    NetworkDescription operator()(std::uint64_t seed) {
        d_.seed = seed;
        add_input();
        source("tonic", "regular", 1, {{"rate", tonic_rate}});
        const std::size_t layers = c_.hidden.sizes.size();
        for (std::size_t l = 0; l < layers; ++l) {
            d_.populations.push_back(cells(c_, hidden_name(l), static_cast<Index>(c_.hidden.sizes[l]),
                                           c_.hidden.p0, c_.hidden.bias));
        }
        d_.populations.push_back(output_cells(c_, shape_));

        for (std::size_t l = 0; l < layers; ++l) {
            const bool learns = c_.control != Control::frozen_hidden;
            const double spread =
                l == 0 ? c_.hidden.first_weight : c_.hidden.weight / std::sqrt(c_.hidden.sizes[l - 1]);
            forward(l == 0 ? "input" : hidden_name(l - 1), hidden_name(l), spread, learns);
            forward("tonic", hidden_name(l), 0.0, learns);
        }
        forward(hidden_name(layers - 1), "output", c_.output.weight / std::sqrt(c_.hidden.sizes.back()),
                true);
        forward("tonic", "output", 0.0, true);
        if (c_.control != Control::no_feedback) {
            if (c_.inhibition == BurstCcnConfig::Inhibition::interneurons) {
                relayed_feedback();
            } else {
                for (std::size_t l = 0; l < layers; ++l) feed_back(l);
            }
        }
        return std::move(d_);
    }

private:
    void source(const std::string& name, const std::string& model, Index size, const Parameters& parameters) {
        PopulationDescription p;
        p.name = name;
        p.model = model;
        p.size = size;
        p.parameters = parameters;
        d_.populations.push_back(std::move(p));
    }

    void add_input() {
        switch (c_.input.encoding) {
            case BurstCcnConfig::Encoding::regular:
                return source("input", "regular", shape_.inputs, {{"rate", 0.0}});
            case BurstCcnConfig::Encoding::poisson:
                return source("input", "poisson", shape_.inputs, {{"rate", 0.0}});
            case BurstCcnConfig::Encoding::latency:
                return source("input", "latency", shape_.inputs,
                              {{"rate", 0.0},
                               {"full_rate", c_.input.rate},
                               {"period", c_.input.period},
                               {"spread", c_.input.spread}});
        }
    }

    void forward(const std::string& from, const std::string& to, double spread, bool learns) {
        ProjectionDescription p;
        p.name = from + "_to_" + to;
        p.source = from;
        p.target = to;
        p.port = "soma";
        p.delay = c_.neuron.delay;
        p.weight = {Distribution::Kind::normal, 0.0, spread};
        p.release = {{"event", trace_of(c_, stage_, p), {}}};
        if (learns) p.plasticity = rule(p, c_.neuron.tau_soma);
        d_.projections.push_back(std::move(p));
    }

    PlasticityDescription rule(const ProjectionDescription& p, double tau_pre) const {
        const bool fixed = c_.baseline == Baseline::fixed;
        PlasticityDescription rule;
        rule.rule = "burst_dependent";
        rule.teaching = c_.rule == Teaching::sampled ? "sampled" : "variance_reduced";
        rule.baseline = fixed ? "fixed" : "moving_average";
        rule.deferred = c_.expression == BurstCcnConfig::Expression::image;
        rule.parameters = {{"eta", eta_of(c_, stage_, p)},
                           {"tau_pre", tau_pre},
                           {"p0", p.target == "output" ? c_.output.p0 : c_.hidden.p0}};
        if (!fixed) {
            rule.parameters["tau_average"] = c_.tau_average;
            rule.parameters["prior"] = 100.0;
        }
        return rule;
    }

    /// From the layer above `layer` to its dendrites.
    void feed_back(std::size_t layer) {
        const bool from_output = layer + 1 == c_.hidden.sizes.size();
        const std::string from = from_output ? "output" : hidden_name(layer + 1);
        ProjectionDescription p;
        p.name = from + "_to_" + hidden_name(layer) + "_YQ";
        p.source = from;
        p.target = hidden_name(layer);
        p.port = "dendrite";
        p.delay = c_.neuron.delay;
        p.release = transmission(from_output ? c_.output.p0 : c_.hidden.p0,
                                 trace_of(c_, stage_, p) * error_scale(c_, from));
        // An ensemble stands for one unit of the rate model.
        const double share = from_output ? 1.0 / c_.output.per_class : 1.0;
        const double forward_spread =
            (from_output ? c_.output.weight : c_.hidden.weight) / std::sqrt(c_.hidden.sizes[layer]);
        const bool tied = c_.feedback == BurstCcnConfig::Feedback::tied;
        const Distribution random{Distribution::Kind::normal, 0.0,
                                  tied ? forward_spread * share : c_.feedback_scale * std::sqrt(share)};
        if (tied) {
            p.tie = TieDescription{hidden_name(layer) + "_to_" + from, share, TieDescription::Mean::none,
                                   TieDescription::Part::whole};
        } else {
            p.weight = random;
        }
        if (c_.inhibition == BurstCcnConfig::Inhibition::learned && p.release.size() == 2) {
            // In units of what would cancel excitation of the same weight: Q = Y is the symmetry.
            ProjectionDescription q = p;
            q.name = from + "_to_" + hidden_name(layer) + "_Q";
            q.release.erase(q.release.begin());
            q.tie.reset();
            q.weight = random;
            q.plasticity = rule(q, c_.neuron.tau_soma);
            q.plasticity->teaching = "potential";
            q.plasticity->baseline = "fixed";
            q.plasticity->parameters.erase("tau_average");
            q.plasticity->parameters.erase("prior");
            p.name = from + "_to_" + hidden_name(layer) + "_Y";
            p.release.pop_back();
            d_.projections.push_back(std::move(q));
        }
        d_.projections.push_back(std::move(p));
    }

    /// Excitation by bursts and inhibition by events, in units of b - p0 e.
    std::vector<ReleaseTerm> transmission(double p0, double scale) const {
        const bool swapped = c_.control == Control::swapped;
        std::vector<ReleaseTerm> terms;
        if (c_.transmission == Transmission::gated) {
            terms = {{swapped ? "event" : "burst", scale, {}},
                     {swapped ? "burst" : "event", -p0 * scale, {}}};
        } else {
            TsodyksMarkram bursts = synapse_of(c_.facilitation);
            TsodyksMarkram events = synapse_of(c_.depression);
            if (swapped) std::swap(bursts, events);
            const Separation s = decode(bursts, events,
                                        {p0, static_cast<int>(c_.neuron.burst_spikes),
                                         c_.neuron.burst_interval, c_.neuron.t_ref})
                                     .separation;
            // The gain makes up for the size of the signal, not for its sign.
            const double gain = scale / std::abs(s.C);
            terms = {term_of(bursts, gain), term_of(events, -s.r * gain)};
        }
        if (c_.control == Control::no_q) terms.pop_back();
        return terms;
    }

    /// From the output through relay cells, to the dendrites of the one hidden layer. What a class does is
    /// felt as a whole, so its neurons share one weight: otherwise what differs between them would not
    /// cancel.
    void relayed_feedback() {
        using Mean = TieDescription::Mean;
        const double share = 1.0 / c_.output.per_class;
        const auto pathway = [&](const std::string& from, const std::string& suffix, ReleaseTerm release,
                                 Index blocks) {
            ProjectionDescription p;
            p.name = fmt::format("{}_to_{}_{}", from, hidden_name(0), suffix);
            p.source = from;
            p.target = hidden_name(0);
            p.port = "dendrite";
            p.delay = c_.neuron.delay;
            p.release = {std::move(release)};
            p.tie = TieDescription{
                .to = hidden_name(0) + "_to_output", .scale = share, .mean = Mean::senders, .blocks = blocks};
            d_.projections.push_back(std::move(p));
        };
        const double gain =
            c_.neuron.t_ref / c_.neuron.tau_dend * error_scale(c_, "output") / std::abs(relay_.C);
        pathway("output", "Y", burst_synapse(c_, gain), shape_.outputs);
        if (c_.control == Control::no_q) return;
        d_.populations.push_back(interneurons(c_.pv, "pv", shape_.outputs));
        d_.projections.push_back(onto_relay(c_, shape_));
        // What all neurons of a class do, felt through one interneuron's spike.
        const double pool = static_cast<double>(c_.output.per_class) / c_.pv.size;
        pathway("pv", "Q", {"all", -gain * relay_.r * pool, {}}, shape_.outputs);
        // The interneurons' rest is made up for.
        const double rest = relay_.rest_q * shape_.outputs * c_.output.per_class / tonic_rate;
        pathway("tonic", "Q_rest", {"all", gain * relay_.r * rest, {}}, 1);
    }

    const BurstCcnConfig& c_;
    const Shape& shape_;
    const RelayDecoder& relay_;
    BurstCcnStage stage_;
    NetworkDescription d_;
};

}  // namespace

BurstCcnStage stage_of(const BurstCcnConfig& c, Index epoch) {
    if (c.late.from > 0 && epoch >= c.late.from)
        return {c.late.duration, c.late.settling, c.late.tau_soma, c.late.tau_dend};
    return {c.presentation.duration, c.presentation.settling, c.neuron.tau_soma, c.neuron.tau_dend};
}

std::string hidden_name(std::size_t layer) { return fmt::format("hidden_{}", layer + 1); }

bool learns_inhibition(const ProjectionDescription& p) { return p.plasticity && p.port == "dendrite"; }

double trace_of(const BurstCcnConfig& c, const BurstCcnStage& stage, const ProjectionDescription& p) {
    if (p.port == "excitatory") return 1.0;  // of interneurons, in pA
    if (p.port == "dendrite") return c.neuron.t_ref / stage.tau_dend;
    if (p.source == "tonic") return 1000.0 / (tonic_rate * stage.tau_soma);
    if (p.source != "input") return c.neuron.t_ref / stage.tau_soma;
    const bool latency = c.input.encoding == BurstCcnConfig::Encoding::latency;
    return (latency ? c.input.period : 1000.0 / c.input.rate) / stage.tau_soma;
}

double eta_of(const BurstCcnConfig& c, const BurstCcnStage& stage, const ProjectionDescription& p) {
    // dw = eta R/(T - T0) s (X - p0) x at an event, with the trace that one spike leaves.
    double eta = p.target == "output" ? c.output.eta : c.hidden.eta;
    double taught = stage.duration - stage.settling;
    if (p.port == "dendrite") {
        eta = c.inhibition_eta;
        taught = 0.5 * stage.settling;
    }
    return eta * c.neuron.t_ref / taught * error_scale(c, p.target) * trace_of(c, stage, p);
}

bool has_relays(const BurstCcnConfig& c) {
    return c.inhibition == BurstCcnConfig::Inhibition::interneurons && c.control != Control::no_feedback;
}

std::optional<RelayDecoder> measure_relay(const BurstCcnConfig& c, const Shape& shape, std::uint64_t seed,
                                          std::size_t threads) {
    if (!has_relays(c)) return {};
    RelayStudy s;
    s.sender = output_cells(c, shape);
    s.relays = {interneurons(c.pv, "pv", shape.outputs)};
    s.onto_relays = {onto_relay(c, shape)};
    s.direct = {{burst_synapse(c, 1.0)}};
    s.event_rates = rates_to_study(c.neuron.t_ref);
    const double p0 = c.output.p0;
    s.burst_probabilities = {0.25 * p0, p0, 0.5 * (1.0 + p0)};
    s.length = 1000.0;  // of cells enough for r to be known within 1 %
    s.seed = seed;
    s.threads = threads;
    std::vector<Drive> drives;
    for (const RelayPoint& point : study(s))
        drives.push_back({point.e, point.b, point.direct[0], point.relays[0]});
    RelayDecoder relay = fit_relay(drives, p0);
    expect_separation(relay, "pv, driven by events");
    relay.rest_y = 0.0;  // a synapse releases nothing at rest
    return relay;
}

NetworkDescription describe_burstccn(const BurstCcnConfig& config, const Shape& shape, std::uint64_t seed,
                                     const std::optional<RelayDecoder>& relay) {
    RelayDecoder unit{};
    unit.r = unit.C = 1.0;
    return Describer(config, shape, relay.value_or(unit))(seed);
}

}  // namespace apical
