#include <algorithm>
#include <array>
#include <cmath>

#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "tasks/feedback_synapses.hpp"
#include "tasks/recording.hpp"
#include "tasks/relay.hpp"
#include "tasks/run.hpp"
#include "tasks/xor_config.hpp"
#include "tasks/xor_network.hpp"
#include "tasks/xor_score.hpp"

// Single-phase XOR with a spiking BurstCCN. All rates are normalised: e = rate x R lies in [0, 1]. A trace of
// an input spike is 1/(r_max tau_soma), of an event R/tau_soma, so that traces have the mean of the input's
// value and of e.

namespace apical {
namespace {

constexpr double r_max = 100.0;  // [Hz] an input that stands for 1
constexpr double tonic_rate =
    500.0;  // [Hz] of the regular source that stands for constants: biases, resting rates

bool relayed(const XorConfig& c) {
    return c.feedback == XorConfig::Feedback::tsodyks_markram &&
           c.inhibition != XorConfig::Inhibition::direct;
}

bool dale(const XorConfig& c) { return c.inhibition == XorConfig::Inhibition::dale; }

bool has_inhibition(const XorConfig& c) {
    return c.control != XorConfig::Control::no_q && c.control != XorConfig::Control::burstprop;
}

/// The synapse of the burst pathway and that of the event pathway, as the control has them.
ReleaseTerm burst_synapse(const XorConfig& c, double gain) {
    if (c.control == XorConfig::Control::no_stp) return {"all", gain * c.facilitation.U, {}};
    return term_of(
        c.control == XorConfig::Control::swapped ? synapse_of(c.depression) : synapse_of(c.facilitation),
        gain);
}
ReleaseTerm event_synapse(const XorConfig& c, double gain) {
    if (c.control == XorConfig::Control::no_stp) return {"all", gain * c.depression.U, {}};
    return term_of(
        c.control == XorConfig::Control::swapped ? synapse_of(c.facilitation) : synapse_of(c.depression),
        gain);
}

Sender sender(const XorConfig& c) {
    return {c.neuron.p0, static_cast<int>(c.neuron.burst_spikes), c.neuron.burst_interval, c.neuron.t_ref};
}

PopulationDescription cells(const XorConfig& c, const std::string& name) {
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
void add_relays(const XorConfig& c, std::vector<PopulationDescription>& cells,
                std::vector<ProjectionDescription>& inputs) {
    Interneuron pv = c.pv;
    Interneuron sst = c.sst;
    if (c.control == XorConfig::Control::swapped) {
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

XorFeedback calibrate(const XorConfig& c, const RunContext& context) {
    XorFeedback f{};
    const double p0 = c.neuron.p0;
    f.scale = c.neuron.t_ref / c.neuron.tau_dend / p0;
    if (c.feedback == XorConfig::Feedback::gated) return f;
    const bool no_stp = c.control == XorConfig::Control::no_stp;
    const Decoding synapses = decode(synapse_of(c.facilitation), synapse_of(c.depression), sender(c));
    const Separation& s0 = synapses.separation;
    context.log(
        Severity::note,
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
        const bool swapped = c.control == XorConfig::Control::swapped;
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
    s.threads = context.threads;
    std::vector<Drive> positive;
    std::vector<Drive> negative;
    for (const RelayPoint& point : study(s)) {
        positive.push_back({point.e, point.b, point.direct[0], point.relays[0]});
        if (dale(c)) negative.push_back({point.e, point.b, point.relays[1], point.direct[1]});
    }
    const auto fit = [&](const char* name, std::span<const Drive> samples) {
        const RelayDecoder d = fit_relay(samples, p0);
        context.log(Severity::note, fmt::format("{}: bursts {:.4f} e + {:.4f} b, events {:.4f} e + {:.4f} b, "
                                                "rest {:.2f} Hz; r {:.4f}, C {:.4f}, R2 {:.3f}, "
                                                "residual {:.2f} Hz",
                                                name, d.fit.a_e, d.fit.a_b, d.fit.q_e, d.fit.q_b,
                                                d.rest_y + d.rest_q, d.r, d.C, d.R2, d.residual));
        if (judges_relays(c)) expect_separation(d, name);
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

class Describer {
public:
    Describer(const XorConfig& c, const XorFeedback& feedback) : c_(c), feedback_(feedback) {}

    NetworkDescription operator()() {
        d_.seed = c_.seed;
        d_.duration = c_.presentation * c_.examples;
        for (const char* name : {"input_a", "input_b"}) {
            d_.populations.push_back(source(name, "poisson", c_.neurons, c_.input.low_rate));
        }
        d_.populations.push_back(source("tonic", "regular", 1, tonic_rate));
        for (Index h = 0; h < c_.hidden; ++h) d_.populations.push_back(cells(c_, hidden(h)));
        d_.populations.push_back(cells(c_, "output"));
        if (relayed(c_) && has_inhibition(c_)) add_relays(c_, d_.populations, d_.projections);
        for (Index h = 0; h < c_.hidden; ++h) {
            const bool learns = c_.control != XorConfig::Control::frozen_hidden;
            forward("input_a", hidden(h), 2.0, 1000.0 / (r_max * c_.neuron.tau_soma), "all", learns);
            forward("input_b", hidden(h), 2.0, 1000.0 / (r_max * c_.neuron.tau_soma), "all", learns);
            forward("tonic", hidden(h), 1.0, 1000.0 / (tonic_rate * c_.neuron.tau_soma), "all", learns);
            forward(hidden(h), "output", 2.0, c_.neuron.t_ref / c_.neuron.tau_soma, "event", true);
            feed_back(h);
        }
        forward("tonic", "output", 1.0, 1000.0 / (tonic_rate * c_.neuron.tau_soma), "all", true);
        record();
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
        Stream stream(StreamKey(c_.seed, "xor.weights", p.name));
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
                c_.baseline == XorConfig::Baseline::fixed && c_.control != XorConfig::Control::burstprop;
            PlasticityDescription rule;
            rule.rule = "burst_dependent";
            rule.teaching = c_.rule == XorConfig::Rule::sampled ? "sampled" : "variance_reduced";
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
        if (c_.feedback == XorConfig::Feedback::gated) {
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
        const double constant = c_.neurons / tonic_rate;
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

    void record() {
        std::vector<std::string> names;
        for (const PopulationDescription& p : d_.populations) {
            if (p.name != "tonic") names.push_back(p.name);
        }
        if (c_.record.spikes) d_.record.spikes = names;
        if (c_.record.traces) d_.record.traces = names;
        d_.record.trace_bin = c_.record.trace_bin;
        if (c_.record.weights) {
            for (const ProjectionDescription& p : d_.projections) {
                if (p.plasticity || p.tie) d_.record.weights.push_back(p.name);
            }
        }
    }

    const XorConfig& c_;
    const XorFeedback& feedback_;
    NetworkDescription d_;
};

/// Events and bursts of the output population since the last clear().
class OutputEvents final : public Recorder {
public:
    explicit OutputEvents(Index output) : output_(output) {}
    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) {
            if (spike.population != output_) continue;
            events_ += spike.kind == SpikeKind::event ? 1U : 0U;
            bursts_ += spike.kind == SpikeKind::burst ? 1U : 0U;
        }
    }
    void finish(Time) override {}
    void clear() { events_ = bursts_ = 0; }
    double events() const { return static_cast<double>(events_); }
    double bursts() const { return static_cast<double>(bursts_); }
    void persist(Archive& archive) {
        archive("events", events_);
        archive("bursts", bursts_);
    }

private:
    Index output_;
    std::uint64_t events_ = 0;
    std::uint64_t bursts_ = 0;
};

/// The inputs (a, b) of pattern number a + 2 b.
constexpr std::array names_of_patterns = {"00", "10", "01", "11"};

std::string variant_name(const XorConfig& c) {
    std::string name = std::string(name_of(feedback_choices, c.feedback));
    if (c.feedback == XorConfig::Feedback::tsodyks_markram)
        name += "/" + std::string(name_of(inhibition_choices, c.inhibition));
    name += "/" + std::string(name_of(baseline_choices, c.baseline)) + "/" +
            std::string(name_of(rule_choices, c.rule));
    if (c.control != XorConfig::Control::none) name += "/" + std::string(name_of(control_choices, c.control));
    return name;
}

class XorRun {
public:
    XorRun(const XorConfig& c, const RunContext& context)
        : c_(c),
          context_(context),
          description_(Describer(c, calibrate(c, context))()),
          network_(build(description_, {.threads = context.threads})),
          output_(network_.populations.at("output")),
          target_(network_.variable("output", "target")),
          recording_(description_, network_, context),
          events_(output_),
          activity_(cells_of(network_), (c.hidden + 1) * c.neurons),
          presentations_(c.examples + 4ULL * (c.examples / c.test_every)),
          order_(StreamKey(c.seed, "xor.patterns", "examples")),
          answers_(4) {
        simulation().add(events_);
        simulation().add(activity_);
        context.built(network_, 0);
    }

    RunResult operator()() {
        if (!context_.resume(state_)) recording_.snapshot();
        // A round: examples, and a test of all patterns.
        const std::uint64_t round = c_.test_every + 4ULL;
        while (presented_ < presentations_) {
            const std::uint64_t place = presented_ % round;
            if (place < c_.test_every) {
                present(next_example(), true);
                if (interrupted_) break;
                ++done_;
            } else {
                const std::uint64_t pattern = place - c_.test_every;
                present(static_cast<int>(pattern), false);
                if (interrupted_) break;
                answers_[pattern] = {events_.events(), events_.bursts()};
                if (pattern == 3) test();
            }
            ++presented_;
        }
        return finish();
    }

private:
    static std::vector<Index> cells_of(const Network& network) {
        std::vector<Index> list;
        for (const auto& [name, index] : network.populations) {
            if (name == "output" || name.starts_with("hidden")) list.push_back(index);
        }
        return list;
    }

    Simulation& simulation() { return *network_.simulation; }

    Time start_of(std::uint64_t presentation) const {
        return Time{} + ticks(c_.presentation * static_cast<double>(presentation));
    }
    /// Not so if the run goes on in the midst of it.
    bool at_its_start() { return simulation().now() == start_of(presented_); }

    /// Balanced: each block of four examples holds every pattern once.
    int next_example() {
        if (done_ % 4 == 0 && at_its_start()) {
            for (std::size_t i = 3; i > 0; --i) {
                std::swap(patterns_[i],
                          patterns_[boost::random::uniform_int_distribution<std::size_t>(0, i)(order_)]);
            }
        }
        return patterns_[done_ % 4];
    }

    /// Shows a pattern for the length of a presentation.
    void present(int pattern, bool teach) {
        const Time from = start_of(presented_);
        const Time to = start_of(presented_ + 1);
        if (at_its_start()) {
            const auto rate = [&](int bit) { return bit != 0 ? c_.input.high_rate : c_.input.low_rate; };
            const auto set = [&](Action action) { simulation().schedule(from, std::move(action)); };
            set(action::SetRates{network_.populations.at("input_a"), {rate(pattern & 1)}});
            set(action::SetRates{network_.populations.at("input_b"), {rate(pattern & 2)}});
            set(action::SetVariable{output_, target_, {teach ? xor_target(pattern) : std::nan("")}});
            set(action::GatePlasticity{teach});
            set(action::CopyTiedWeights{});
            events_.clear();
        }
        simulation().cut(to);
        while (simulation().now() < to && !interrupted_) {
            simulation().run_until(simulation().now() + Duration{1});
            report();
            interrupted_ = context_.pause(state_);
        }
    }

    void test() {
        const double cells_ms = c_.presentation * c_.neurons;
        const XorTest result = judge(done_, answers_, cells_ms / c_.neuron.t_ref);
        Facts answers;
        for (std::size_t pattern = 0; pattern < 4; ++pattern) {
            const auto& [events, bursts] = answers_[pattern];
            const char* name = names_of_patterns[pattern];
            answers.emplace_back(fmt::format("event_rate_{}_hz", name), 1000.0 * events / cells_ms);
            answers.emplace_back(fmt::format("burst_probability_{}", name),
                                 events > 0.0 ? Value(bursts / events) : Value());
        }
        tests_.push_back(result);
        recording_.snapshot(0, done_);
        Facts row = {{"sample", std::int64_t{done_}},
                     {"time_ms", ms(simulation().now())},
                     {"loss", result.squared_error},
                     {"test_accuracy", result.right / 4.0},
                     {"event_rate_hz", optional(activity_.event_rate())},
                     {"burst_probability", optional(activity_.burst_probability())}};
        row.insert(row.end(), answers.begin(), answers.end());
        context_.metrics(row);
    }

    void persist(Archive& archive) {
        archive("simulation", simulation());
        archive("recording", recording_);
        archive("events", events_);
        archive("activity", activity_);
        archive("order", order_);
        archive("patterns", std::span(patterns_));
        archive("presented", presented_);
        archive("examples", done_);
        archive.columns("answers", answers_, "events", &XorAnswer::events, "bursts", &XorAnswer::bursts);
        archive.columns("tests", tests_, "after", &XorTest::after, "right", &XorTest::right, "squared_error",
                        &XorTest::squared_error);
    }

    static Value optional(std::optional<double> value) { return value ? Value(*value) : Value(); }

    void report() {
        recording_.tick();
        context_.progress(
            {.time = ms(simulation().now()),
             .end = ms(start_of(presentations_)),
             .spikes = recording_.counts().neurons(),
             .step_name = "sample",
             .step = done_,
             .steps = c_.examples,
             .event_rate = activity_.event_rate(),
             .burst_probability = activity_.burst_probability(),
             .accuracy = tests_.empty() ? std::nullopt : std::optional(tests_.back().right / 4.0)});
    }

    RunResult finish() {
        RunResult result;
        result.interrupted = interrupted_;
        result.result_hash = recording_.finish();
        const std::optional<Index> solved = solved_at(tests_);
        const bool tested = !tests_.empty();
        const XorTest last = tested ? tests_.back() : XorTest{};
        result.summary = {{"task", std::string("xor")},
                          {"variant", variant_name(c_)},
                          {"seed", static_cast<std::int64_t>(c_.seed)},
                          {"patterns_right", tested ? Value(std::int64_t{last.right}) : Value()},
                          {"examples", std::int64_t{done_}},
                          {"solved_at_example", solved ? Value(std::int64_t{*solved}) : Value()},
                          {"decision_threshold_hz", 500.0 / c_.neuron.t_ref},  // e = 1/2
                          {"mean_squared_error", tested ? Value(last.squared_error) : Value()},
                          {"biological_s", ms(simulation().now()) / 1000.0},
                          {"synaptic_events", static_cast<std::int64_t>(simulation().synaptic_events())}};
        append(result.summary, size_facts(size_of(description_)));
        append(result.summary, spike_facts(recording_.counts()));
        if (!tested) {
            result.verdict = "no test was reached";
        } else if (solved) {
            result.verdict = fmt::format("{}/4 patterns right from sample {}", last.right, *solved);
        } else {
            result.verdict = fmt::format("{}/4 patterns right in the last test, not solved", last.right);
        }
        return result;
    }

    const XorConfig& c_;
    const RunContext& context_;
    const Persist state_ = [this](Archive& archive) { persist(archive); };
    NetworkDescription description_;
    Network network_;
    Index output_;
    std::size_t target_;
    Recording recording_;
    OutputEvents events_;
    Activity activity_;
    std::uint64_t presentations_;              ///< in all
    Stream order_;                             ///< of the examples
    std::array<int, 4> patterns_{0, 1, 2, 3};  ///< of the present block of examples
    Index done_ = 0;                           ///< examples
    std::uint64_t presented_ = 0;              ///< examples and tests
    std::vector<XorAnswer> answers_;           ///< of the present test
    std::vector<XorTest> tests_;
    bool interrupted_ = false;
};

}  // namespace

XorFeedback measure_feedback(const XorConfig& config, const RunContext& context) {
    return calibrate(config, context);
}

NetworkDescription describe_xor(const XorConfig& config, const XorFeedback& feedback) {
    return Describer(config, feedback)();
}

NetworkDescription describe_xor(const XorConfig& config) {
    // The shape of the network does not depend on the calibration, whose numbers only scale weights.
    RelayDecoder relay{};
    relay.r = relay.C = 1.0;
    XorFeedback feedback{.scale = 1.0, .positive = relay, .negative = relay, .direct = {}};
    feedback.direct.r = feedback.direct.C = 1.0;
    return describe_xor(config, feedback);
}

bool judges_relays(const XorConfig& config) {
    return relayed(config) && config.control == XorConfig::Control::none;
}

RunResult run_xor(const XorConfig& config, const RunContext& context) { return XorRun(config, context)(); }

}  // namespace apical
