#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "tasks/rate_error.hpp"
#include "tasks/recording.hpp"
#include "tasks/run.hpp"
#include "tasks/xor_ensembles_config.hpp"

// The exclusive or as Payeur et al. (2021) put it to their spiking network (figure 4), and the same network
// as a BurstCCN. Rates of events are the activity: a pattern is a current into the somata of the input
// ensembles, the answer the mean event rate of the output ensemble, the error a current into each of its
// dendrites.

namespace apical {
namespace {

constexpr double input_low = -350.0;  // [pA] stands for 0
constexpr double input_high = 150.0;  // [pA] stands for 1
constexpr RateError error;

/// In the order of training: (0,0), (1,0), (0,1), (1,1).
struct Pattern {
    int first;
    int second;
    bool one() const { return first != second; }
    std::string name() const { return fmt::format("{}{}", first, second); }
};
constexpr std::array<Pattern, 4> patterns{{{0, 0}, {1, 0}, {0, 1}, {1, 1}}};

class EnsembleDescriber {
public:
    explicit EnsembleDescriber(const XorEnsemblesConfig& c) : c_(c) {}

    NetworkDescription operator()() {
        d_.seed = c_.seed;
        d_.duration = c_.burn_in + c_.presentation * 4.0 * (c_.epochs + 2.0);
        for (const char* name : {"input_1", "input_2"}) ensemble(name, 0.0, {500.0, 0.35}, {500.0, 0.35});
        ensemble("hidden_1", c_.current.hidden_1, {150.0, 0.385}, {150.0, 0.49});
        ensemble("hidden_2", c_.current.hidden_2, {150.0, 0.385}, {150.0, 0.49});
        ensemble("output", c_.current.output, {150.0, 0.35}, {150.0, 0.35});
        for (const char* hidden : {"hidden_1", "hidden_2"}) {
            for (const char* input : {"input_1", "input_2"}) forward(input, hidden, c_.eta_hidden);
            forward(hidden, "output", c_.eta_output);
        }
        const XorEnsemblesConfig::Feedback& f = c_.feedback;
        if (c_.algorithm == XorEnsemblesConfig::Algorithm::burstprop) {
            back("hidden_1", "excitatory_dend", f.ex_1, {gate("burst")});
            back("hidden_1", "inhibitory_dend", f.in_1, {gate("burst")});
            back("hidden_2", "excitatory_dend", f.ex_2, {gate("burst")});
            back("hidden_2", "inhibitory_dend", f.in_2, {gate("burst")});
        } else {
            const std::vector<ReleaseTerm> release{gate("burst"), gate("event", -c_.p0)};
            back("hidden_1", "charge_dend", f.charge_1, release);
            back("hidden_2", "charge_dend", f.charge_2, release);
        }
        record();
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
        p.connect.kind = ConnectionRule::Kind::bernoulli;
        p.connect.p = c_.indegree / c_.neurons;
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
        if (c_.algorithm == XorEnsemblesConfig::Algorithm::burstprop) {
            rule.baseline = "moving_average";
        } else {
            rule.parameters["p0"] = c_.p0;
        }
        if (c_.low_rate != XorEnsemblesConfig::LowRate::off) {
            rule.low_rate = name_of(low_rate_choices, c_.low_rate);
            rule.parameters["r_min"] = error.e_min;
        }
        p.plasticity = rule;
    }

    void back(const std::string& to, const std::string& port, double weight,
              const std::vector<ReleaseTerm>& release) {
        connect(fmt::format("output_to_{}_{}", to, port), "output", to, port, weight).release = release;
    }

    void record() {
        std::vector<std::string> names;
        for (const PopulationDescription& p : d_.populations) names.push_back(p.name);
        if (c_.record.spikes) d_.record.spikes = names;
        if (c_.record.traces) d_.record.traces = names;
        d_.record.trace_bin = c_.record.trace_bin;
        if (!c_.record.weights) return;
        for (const ProjectionDescription& p : d_.projections) {
            if (p.plasticity) d_.record.weights.push_back(p.name);
        }
    }

    const XorEnsemblesConfig& c_;
    NetworkDescription d_;
};

class EnsembleRun {
public:
    EnsembleRun(const XorEnsemblesConfig& c, const RunContext& context)
        : c_(c),
          context_(context),
          description_(EnsembleDescriber(c)()),
          network_(build(description_, {.threads = context.threads})),
          output_(network_.populations.at("output")),
          recording_(description_, network_, context),
          averages_(output_, c.neurons, c.tau_average),
          activity_({output_}, c.neurons) {
        simulation().add(averages_);
        simulation().add(activity_);
        context.built(network_, 0);
    }

    RunResult operator()() {
        if (!context_.resume(state_)) simulation().schedule(now(), action::GatePlasticity{false});
        run_to(c_.burn_in);
        // A test, the epochs of training, and a test again; each shows all patterns.
        const std::uint64_t rounds = c_.epochs + 2ULL;
        while (!interrupted_ && shown_ < 4 * rounds) {
            const std::uint64_t round = shown_ / 4;
            const bool train = round > 0 && round + 1 < rounds;
            if (shown_ == 0 && at(start_of(0))) recording_.snapshot();
            show(patterns[shown_ % 4], train);
            if (interrupted_) break;
            answers_.rates[shown_ % 4] = rate_;
            ++shown_;
            if (shown_ % 4 == 0) close_round(train);
        }
        return finish();
    }

private:
    /// The output's mean event rate [Hz] at the end of each pattern, before it is taught.
    struct Answers {
        std::array<double, 4> rates{};

        double cost() const {
            double sum = 0.0;
            for (std::size_t i = 0; i < 4; ++i) sum += error.cost(rates[i], patterns[i].one());
            return sum;
        }
        int right() const {
            int count = 0;
            for (std::size_t i = 0; i < 4; ++i)
                count += (rates[i] > error.threshold()) == patterns[i].one() ? 1 : 0;
            return count;
        }
        void persist(Archive& archive) { archive("rates", std::span(rates)); }
    };

    Simulation& simulation() { return *network_.simulation; }
    Time now() { return simulation().now(); }
    bool at(double time) { return now() == Time{} + ticks(time); }
    double start_of(std::uint64_t pattern) const {
        return c_.burn_in + c_.presentation * static_cast<double>(pattern);
    }

    /// Shows a pattern for its time, and teaches at the end of it. A run may go on in the midst of it: what
    /// is to be done at a time is done at that time only.
    void show(const Pattern& pattern, bool train) {
        const double start = start_of(shown_);
        const double end = start + c_.presentation;
        if (at(start)) {
            set_current("input_1", pattern.first);
            set_current("input_2", pattern.second);
        }
        if (!train) {
            run_to(end);
            rate_ = averages_.mean_rate(now());
            return;
        }
        const double taught_from =
            c_.teaching < 1.0 ? std::max(start, end - c_.teaching * c_.presentation) : start;
        if (taught_from > start) run_to(taught_from);
        if (at(taught_from)) {
            rate_ = averages_.mean_rate(now());
            simulation().schedule(now(), action::GatePlasticity{true});
        }
        const double every = c_.teach_every > 0.0 ? c_.teach_every : c_.presentation;
        double from = taught_from;
        for (int k = 1; now() < Time{} + ticks(end) && !interrupted_; ++k) {
            if (at(from)) send_error(pattern.one());
            from = std::min(taught_from + every * k, end);
            run_to(from);
        }
        if (interrupted_) return;
        // Taught from the beginning, a pattern is answered at the end.
        if (taught_from <= start) rate_ = averages_.mean_rate(now());
        simulation().schedule(now(), action::GatePlasticity{false});
        set_dendrites({c_.current.output});
    }

    /// All patterns have been shown.
    void close_round(bool train) {
        tell(train ? "training" : "test");
        if (train) {
            ++epoch_;
            last_cost_ = answers_.cost();
        } else if (shown_ == 4) {
            before_ = answers_;
            last_cost_ = answers_.cost();
        }
    }

    /// Each output cell's error, from its own recent rate of events, is held as a current into its dendrite.
    void send_error(bool one) {
        std::vector<double> currents = averages_.rates(now());
        for (double& value : currents) value = c_.current.output + error.current(value, one);
        set_dendrites(std::move(currents));
    }

    void set_dendrites(std::vector<double> currents) {
        simulation().schedule(
            now(), action::SetVariable{output_, network_.variable("output", "I_dend"), std::move(currents)});
    }

    void set_current(const std::string& input, int bit) {
        simulation().schedule(now(), action::SetVariable{network_.populations.at(input),
                                                         network_.variable(input, "I_soma"),
                                                         {bit != 0 ? input_high : input_low}});
    }

    void run_to(double end) {
        const Time stop = Time{} + ticks(end);
        simulation().cut(stop);
        while (now() < stop && !interrupted_) {
            simulation().run_until(now() + Duration{1});  // a window
            recording_.tick();
            context_.progress({.time = ms(now()),
                               .end = description_.duration,
                               .spikes = recording_.counts().neurons(),
                               .step_name = "epoch",
                               .step = epoch_,
                               .steps = c_.epochs,
                               .event_rate = activity_.event_rate(),
                               .burst_probability = activity_.burst_probability(),
                               .accuracy = accuracy_});
            interrupted_ = context_.pause(state_);
        }
    }

    void tell(const std::string& phase) {
        accuracy_ = answers_.right() / 4.0;
        Facts row{{"phase", phase},
                  {"epoch", std::int64_t{epoch_}},
                  {"time_ms", ms(now())},
                  {"cost", answers_.cost()}};
        for (std::size_t i = 0; i < 4; ++i)
            row.emplace_back("rate_" + patterns[i].name() + "_hz", answers_.rates[i]);
        context_.metrics(row);
    }

    RunResult finish() {
        if (!interrupted_) recording_.snapshot(epoch_, static_cast<std::int64_t>(shown_));
        RunResult result;
        result.interrupted = interrupted_;
        result.result_hash = recording_.finish();
        result.summary = {{"task", std::string("xor_ensembles")},
                          {"algorithm", std::string(name_of(algorithm_choices, c_.algorithm))},
                          {"seed", static_cast<std::int64_t>(c_.seed)},
                          {"epochs", std::int64_t{epoch_}},
                          {"patterns_right", interrupted_ ? Value() : Value(std::int64_t{answers_.right()})},
                          {"cost_of_last_epoch", interrupted_ ? Value() : Value(last_cost_)}};
        for (std::size_t i = 0; i < 4; ++i) {
            result.summary.emplace_back("before_" + patterns[i].name() + "_hz", before_.rates[i]);
            result.summary.emplace_back("after_" + patterns[i].name() + "_hz",
                                        interrupted_ ? Value() : Value(answers_.rates[i]));
        }
        result.summary.emplace_back("biological_s", ms(now()) / 1000.0);
        append(result.summary, size_facts(size_of(description_)));
        append(result.summary, spike_facts(recording_.counts()));
        result.summary.emplace_back("synaptic_events",
                                    static_cast<std::int64_t>(simulation().synaptic_events()));
        if (interrupted_) {
            result.verdict = fmt::format("stopped in epoch {}", epoch_);
        } else {
            result.verdict = fmt::format("{}/4 patterns on the right side of {:g} Hz:", answers_.right(),
                                         error.threshold());
            for (std::size_t i = 0; i < 4; ++i) {
                result.verdict += fmt::format("{} ({},{}) {:.1f}", i == 0 ? "" : ",", patterns[i].first,
                                              patterns[i].second, answers_.rates[i]);
            }
        }
        return result;
    }

    void persist(Archive& archive) {
        archive("simulation", simulation());
        archive("recording", recording_);
        archive("averages", averages_);
        archive("activity", activity_);
        archive("epoch", epoch_);
        archive("shown", shown_);
        archive("rate", rate_);
        archive("answers", answers_);
        archive("before", before_);
        archive("last_cost", last_cost_);
        archive("accuracy", accuracy_);
    }

    const XorEnsemblesConfig& c_;
    const RunContext& context_;
    const Persist state_ = [this](Archive& archive) { persist(archive); };
    NetworkDescription description_;
    Network network_;
    Index output_;
    Recording recording_;
    EventAverages averages_;
    Activity activity_;
    Index epoch_ = 0;
    std::uint64_t shown_ = 0;  ///< patterns
    double rate_ = 0.0;        ///< [Hz] the answer to the present one
    Answers answers_;          ///< of this round,
    Answers before_;           ///< and of the first test
    double last_cost_ = 0.0;   ///< of the last epoch
    std::optional<double> accuracy_;
    bool interrupted_ = false;
};

}  // namespace

NetworkDescription describe_xor_ensembles(const XorEnsemblesConfig& config) {
    return EnsembleDescriber(config)();
}

RunResult run_xor_ensembles(const XorEnsemblesConfig& config, const RunContext& context) {
    return EnsembleRun(config, context)();
}

}  // namespace apical
