#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/parallel.hpp"
#include "core/rounding.hpp"
#include "core/spike.hpp"
#include "recorders/archive.hpp"
#include "recorders/recorder.hpp"
#include "simulator/population.hpp"
#include "simulator/projection.hpp"
#include "simulator/scheduler.hpp"
#include "simulator/signal.hpp"
#include "simulator/sine.hpp"
#include "simulator/source.hpp"
#include "simulator/tie.hpp"

namespace apical {

/// What a schedule can do to a running network, at a time given ahead; at that time it precedes everything
/// else.
namespace action {
/// Sets a state variable of a population: one value for all neurons, or one for each. V_m of a linear neuron
/// stays at V_reset while it is refractory.
struct SetVariable {
    Index population;
    std::size_t variable;
    std::vector<double> values;
};
/// Sets the rates of a source [Hz]: one for all neurons, or one for each.
struct SetRates {
    Index source;
    std::vector<double> rates;
};
/// Changes a parameter of a population's model, such as a time constant: states keep their values. The
/// neurons of the loops for linear models cannot, and say so (ModelError).
struct SetParameter {
    Index population;
    std::string name;
    double value;
};
/// Changes a parameter of a projection's rule of plasticity, such as eta.
struct SetRuleParameter {
    Index projection;
    std::string name;
    double value;
};
/// Turns the plasticity of all projections, or of one, on or off.
struct GatePlasticity {
    bool on;
    std::optional<Index> projection{};
};
/// Sets the factor on what the spikes of a projection release.
struct SetGain {
    Index projection;
    double gain;
};
/// Copies the weights of all tied projections.
struct CopyTiedWeights {};
/// Starts membranes, synapses, bursts and traces anew and drops spikes in flight. Weights, slow averages, the
/// trains of sources, random streams and the clock go on.
struct ResetState {};
}  // namespace action
using Action =
    std::variant<action::SetVariable, action::SetRates, action::SetParameter, action::SetRuleParameter,
                 action::GatePlasticity, action::SetGain, action::CopyTiedWeights, action::ResetState>;

/// What is known of a projection besides its weights.
struct ProjectionFacts {
    Index source;  ///< population
    Index target;  ///< population
    double gain;   ///< factor on what is released
    bool plastic;  ///< has a rule
    bool changes;  ///< its weights do, by a rule, a tie or short-term plasticity of each synapse
};

/// A network that runs. Its spikes and weights are a function of what it was made of and of the schedule: not
/// of the number of threads, of the shards, of recorders, nor of where run_until() stopped in between.
class Simulation {
public:
    explicit Simulation(std::size_t threads = 1) : workers_(threads) {}

    // Assembly, in any order that names populations before their projections.

    /// The index that the next population or source must carry.
    Index next_population() const { return static_cast<Index>(members_.size()); }
    void add(std::unique_ptr<Population> population);
    void add(std::unique_ptr<SourcePopulation> source);
    /// Returns the projection's index. Its delay is positive, unless its source is a SourcePopulation: then
    /// not negative. A back_delay that is not zero bounds the window as a delay does: no spike changes a
    /// weight within its own window.
    Index add(Projection projection);
    void tie(Index projection, const Tie& tie) {
        ties_.emplace_back(projection, tie);
        projections_[projection]->tied = true;
    }
    /// An input from outside onto all neurons of a population, on a port that does not decay: from each time
    /// on, the value.
    void add_steps(Index population, std::size_t port, std::span<const std::pair<Time, double>> steps);
    /// The same, a sine, whose steps are made as the run comes to them.
    void add_sine(Index population, std::size_t port, const Sine& sine);
    /// The same, following a signal: offset + gain x signal, `delay` after it was sampled.
    struct Drive {
        Index population;
        std::size_t port;
        double offset;
        double gain;
        Duration delay;
        Time from = Time{};  ///< zero before this time and from `until` on, at the signal's samples
        Time until = Time::max();

        double at(Time time, double sample) const {
            return has_come(from, time) && !has_come(until, time) ? offset + gain * sample : 0.0;
        }
    };
    void add_signal(const Signal& signal, std::span<const Drive> drives);
    /// The recorder outlives the simulation's runs.
    void add(Recorder& recorder) { recorders_.push_back(&recorder); }

    // Running.

    /// `at` is not before now(). Actions of one time are done in the order in which they were scheduled.
    void schedule(Time at, Action action) { schedule_.emplace(at, std::move(action)); }
    /// The same now, between windows.
    void act_now(const Action& action) {
        std::visit([this](const auto& a) { perform(a); }, action);
    }
    /// Cuts the windows at `at`, so that run_until(at) ends there exactly.
    void cut(Time at) { cuts_.insert(at); }
    /// Runs to the first window edge not before `end`: windows lie on the absolute grid of the smallest
    /// delay, and are also cut at every scheduled time.
    void run_until(Time end);
    /// The same by one step: a window, or all windows in a row in which nothing arrives and nothing can fire.
    void step(Time end);
    Time now() const { return now_; }
    /// Throws NumericsError if a state, a weight or a trace is not a finite number: with its name, and the
    /// time at which it was seen. Runs look now and then; it is for whoever runs to look at the end.
    void check_numbers();

    /// Everything that a run changes. It is given back to a network that was made like this one; recorders
    /// keep what they must remember themselves.
    void persist(Archive& archive);

    // Looking.

    std::uint64_t spikes() const { return spike_count_; }
    /// Synapses times the spikes they have been sent, but for those that release nothing.
    std::uint64_t synaptic_events() const { return synaptic_events_; }
    std::uint64_t synapses() const;
    /// The spikes of the last window.
    std::span<const Spike> last_spikes() const { return observed_; }
    /// The smallest delay.
    Duration window() const { return window_; }

    Population& population(Index index) { return *members_[index].neurons; }
    std::vector<RecordedPopulation> populations() const;
    ProjectionFacts projection(Index index) const;
    std::size_t projections() const { return projections_.size(); }
    /// The synapses of a projection by shard of its target, to read and to write between windows: what was to
    /// be learnt later is learnt first, but for deferred expression.
    std::span<Table> weights(Index projection) const;
    /// The same one by one: visit(target, source, weight), by shard, source and target.
    void visit_synapses(Index projection, const std::function<void(Index, Index, double)>& visit) const;

private:
    struct Member {
        std::string name;
        std::unique_ptr<Population> neurons;       ///< one of the two,
        std::unique_ptr<SourcePopulation> source;  ///< or none for an input from outside
        std::vector<Projection*> outgoing{};
        std::vector<Scheduler::ClassId> classes{};  ///< of each outgoing projection
        std::vector<Arrival> arrivals{};            ///< of the current window
    };
    struct Job {
        Index member;
        std::size_t shard;
    };
    /// An input from outside: a projection from a single origin, down which changes of a value travel.
    struct Input {
        Index projection;
        double value;  ///< last sent
    };
    struct DrivenSignal {
        Signal signal;
        std::vector<Drive> drives;
        std::vector<std::size_t> inputs;  ///< of each drive, among inputs_
        void persist(Archive& archive) { signal.persist(archive); }
    };

    /// An input that is told ahead, though not at once.
    struct SineInput {
        Sine sine;
        std::size_t input;         ///< among inputs_
        Time told_until = Time{};  ///< the time of the last step that is on its way or past
        void persist(Archive& archive) {
            archive("sine", sine);
            archive("told_until", told_until);
        }
    };

    void prepare();
    void check_now_and_then();
    void check_weights(const Projection& p) const;
    template <class Object>
    void check_memory(const std::string& name, Object& object) const;
    void tell_sines(Time end);
    void persist_plan(Archive& archive);
    void act();
    Time next_planned() const;
    Window next_window() const;
    Time quiet_until(const Window& next);
    void jump(Time quiet, Time end);
    void emit_sources(const Window& window);
    void process(const Window& window);
    void collect();
    void travel(std::span<const Spike> spikes);
    void observe(const Window& window);
    std::size_t add_input(Index population, std::size_t port);
    void send(Input& input, Time at, double value);
    void perform(const action::SetVariable& action);
    void perform(const action::SetRates& action);
    void perform(const action::SetParameter& a);
    void perform(const action::SetRuleParameter& a);
    void perform(const action::GatePlasticity& action);
    void perform(const action::SetGain& a);
    void perform(const action::CopyTiedWeights& action);
    void perform(const action::ResetState& action);
    std::vector<Index> shard_starts(Index member) const;

    Workers workers_;
    std::vector<Member> members_;
    std::vector<std::unique_ptr<Projection>> projections_;
    std::vector<std::pair<Index, Tie>> ties_;
    std::vector<Input> inputs_;
    std::vector<DrivenSignal> signals_;
    std::vector<SineInput> sines_;
    std::vector<Recorder*> recorders_;
    std::multimap<Time, Action> schedule_;
    std::set<Time> cuts_;

    Scheduler scheduler_;
    std::map<std::tuple<Index, bool, Duration>, Scheduler::ClassId>
        classes_;            ///< target, from a source, delay
    std::vector<Job> jobs_;  ///< large ones first
    Duration window_ = Duration::max();
    bool prepared_ = false;
    Time now_{};
    std::vector<Spike> source_spikes_;  ///< of the current window,
    std::vector<Spike> spikes_;         ///< of neurons,
    std::vector<Spike> observed_;       ///< and both together
    std::vector<Signal::Sample> samples_;
    std::vector<std::vector<std::uint32_t>> fan_out_;  ///< by projection and source
    std::uint64_t spike_count_ = 0;
    std::uint64_t synaptic_events_ = 0;
    Time checked_{};  ///< when numbers were last looked at
};

}  // namespace apical
