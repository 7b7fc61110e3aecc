#include "simulator/simulation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/error.hpp"

namespace apical {
namespace {

bool in_order(const Spike& a, const Spike& b) { return before(a, b); }

void persist(Archive& archive, action::SetVariable& a) {
    archive("population", a.population);
    archive("variable", a.variable);
    archive("values", a.values);
}
void persist(Archive& archive, action::SetRates& a) {
    archive("source", a.source);
    archive("rates", a.rates);
}
void persist(Archive& archive, action::SetParameter& a) {
    archive("population", a.population);
    archive("name", a.name);
    archive("value", a.value);
}
void persist(Archive& archive, action::SetRuleParameter& a) {
    archive("projection", a.projection);
    archive("name", a.name);
    archive("value", a.value);
}
void persist(Archive& archive, action::GatePlasticity& a) {
    archive("on", a.on);
    archive("projection", a.projection);
}
void persist(Archive& archive, action::SetGain& a) {
    archive("projection", a.projection);
    archive("gain", a.gain);
}
void persist(Archive&, action::CopyTiedWeights&) {}
void persist(Archive&, action::ResetState&) {}

template <std::size_t i = 0>
Action action_number(std::size_t number) {
    if constexpr (i + 1 < std::variant_size_v<Action>) {
        if (number != i) return action_number<i + 1>(number);
    }
    return std::variant_alternative_t<i, Action>{};
}

struct Planned {
    Time at;
    Action action = action::ResetState{};

    void persist(Archive& archive) {
        archive("at", at);
        std::uint64_t number = action.index();
        archive("action", number);
        if (archive.gives_back()) action = action_number(number);
        std::visit([&](auto& a) { apical::persist(archive, a); }, action);
    }
};

}  // namespace

void Simulation::run_until(Time end) {
    while (now_ < end) step(end);
}

void Simulation::step(Time end) {
    if (!prepared_) prepare();
    act();                                // the schedule, before everything else at its time
    const Window window = next_window();  // no spike of this window arrives in it,
    tell_sines(window.end);
    const Time quiet = quiet_until(window);
    if (quiet >= window.end) {  // nothing happens in it
        jump(quiet, end);
        return check_now_and_then();
    }
    emit_sources(window);  //   but for those of sources, which are known when it opens
    travel(source_spikes_);
    process(window);  // deliver, integrate, learn: in parallel, each shard its own neurons
    collect();        // in order of (time, population, neuron)
    travel(spikes_);  // short-term plasticity, delay, queue
    observe(window);  // signals, recorders
    now_ = window.end;
    check_now_and_then();
}

void Simulation::check_now_and_then() {
    // Looking at everything takes about as long as a window does.
    constexpr Clock::rep windows = 4096;
    if (now_ - checked_ < windows * window_) return;
    checked_ = now_;
    check_numbers();
}

void Simulation::check_numbers() {
    for (const Member& member : members_) {
        if (member.neurons) member.neurons->check_numbers(now_);
    }
    for (const auto& p : projections_) {
        if (p->changes()) check_weights(*p);
        check_memory(p->name, *p);
    }
    for (DrivenSignal& driven : signals_) check_memory("signal", driven);
}

void Simulation::check_weights(const Projection& p) const {
    visit_synapses(p.index, [&](Index target, Index source, double weight) {
        if (std::isfinite(weight)) return;
        throw NumericsError(p.name, target, ms(now_),
                            "the weight from neuron " + std::to_string(source) + " is not a finite number (" +
                                std::to_string(weight) + ")");
    });
}

template <class Object>
void Simulation::check_memory(const std::string& name, Object& object) const {
    Archive archive;
    object.persist(archive);
    if (const auto& found = archive.not_finite()) {
        throw NumericsError(
            name, static_cast<Index>(found->index), ms(now_),
            found->name.substr(1) + " is not a finite number (" + std::to_string(found->value) + ")");
    }
}

void Simulation::process(const Window& window) {
    std::uint64_t work = 0;
    for (Index m = 0; m < members_.size(); ++m) {
        if (!members_[m].neurons) continue;
        scheduler_.pop_before(window.end, m, members_[m].arrivals);
        for (const Arrival& arrival : members_[m].arrivals) {
            const std::uint64_t synapses = fan_out_[arrival.projection][arrival.source];
            work += synapses;
            if (arrival.release != 0.0) synaptic_events_ += synapses;  // others come for a rule alone
        }
    }
    const auto job = [&](std::size_t i) {
        Member& member = members_[jobs_[i].member];
        member.neurons->process(jobs_[i].shard, window, member.arrivals);
    };
    // Waking a thread costs more than a small window takes; what is done does not depend on who does it.
    constexpr std::uint64_t worth_a_thread = 1000;
    if (work < worth_a_thread) {
        for (std::size_t i = 0; i < jobs_.size(); ++i) job(i);
    } else {
        workers_.for_each(jobs_.size(), job);
    }
}

void Simulation::emit_sources(const Window& window) {
    source_spikes_.clear();
    for (Member& member : members_) {
        if (member.source) member.source->emit(window, source_spikes_);
    }
    sort(source_spikes_);
}

void Simulation::collect() {
    spikes_.clear();
    for (const Job& job : jobs_) {
        const auto spikes = members_[job.member].neurons->spikes(job.shard);
        spikes_.insert(spikes_.end(), spikes.begin(), spikes.end());
    }
    sort(spikes_);
}

void Simulation::travel(std::span<const Spike> spikes) {
    for (const Spike& spike : spikes) {
        Member& member = members_[spike.population];
        for (std::size_t i = 0; i < member.outgoing.size(); ++i) {
            Projection& p = *member.outgoing[i];
            const Release::Released released = p.release(spike);
            const double amount = p.gain * released.amount;
            if (amount == 0.0 && !p.sees(released.kind)) continue;  // a closed gate: nothing travels
            scheduler_.push(member.classes[i], {spike.time + p.delay, spike.population, spike.neuron, p.index,
                                                released.kind, amount});
        }
    }
}

void Simulation::observe(const Window& window) {
    observed_.resize(source_spikes_.size() + spikes_.size());
    std::merge(source_spikes_.begin(), source_spikes_.end(), spikes_.begin(), spikes_.end(),
               observed_.begin(), in_order);
    spike_count_ += observed_.size();
    for (DrivenSignal& driven : signals_) {
        samples_.clear();
        driven.signal.observe(window, observed_, samples_);
        for (const Signal::Sample& sample : samples_) {
            for (std::size_t i = 0; i < driven.drives.size(); ++i) {
                const Drive& drive = driven.drives[i];
                const Time at = sample.time + drive.delay;
                send(inputs_[driven.inputs[i]], at, drive.at(at, sample.value));
            }
        }
    }
    for (Recorder* recorder : recorders_) recorder->observe(window, observed_);
}

void Simulation::send(Input& input, Time at, double value) {
    if (value == input.value) return;
    const Projection& p = *projections_[input.projection];
    scheduler_.push(members_[p.source].classes.front(),
                    {at, p.source, 0, p.index, SpikeKind::event, value - input.value});
    input.value = value;
}

Time Simulation::next_planned() const {
    const auto next_action = schedule_.upper_bound(now_);
    const auto next_cut = cuts_.upper_bound(now_);
    return std::min(next_action != schedule_.end() ? next_action->first : Time::max(),
                    next_cut != cuts_.end() ? *next_cut : Time::max());
}

Window Simulation::next_window() const {
    const Time edge = Time{} + window_ * (now_.time_since_epoch() / window_ + 1);
    return {now_, std::min(edge, next_planned())};
}

Time Simulation::quiet_until(const Window& next) {
    if (!signals_.empty()) return next.begin;  // they are sampled whatever happens
    // The cheapest first, and as long as the answer may be yes.
    Time until = scheduler_.next_time();
    for (const SineInput& s : sines_) until = std::min(until, s.told_until);
    for (const Member& member : members_) {
        if (member.source && until >= next.end) until = std::min(until, member.source->next_time());
    }
    for (const Member& member : members_) {
        if (member.neurons && until >= next.end) until = std::min(until, member.neurons->quiet_until(next));
    }
    return until;
}

void Simulation::jump(Time quiet, Time end) {
    // Which windows are left out depends on the network and its schedule, never on `end`: a run in pieces
    // leaves out the same. Populations need no call for them: each knows until when its neurons have been
    // brought.
    const auto edge_before = [this](Time time) {
        return Time{} + window_ * (time.time_since_epoch() / window_);
    };
    Time to = next_planned();
    if (to > quiet) to = edge_before(quiet);
    to = std::min(to, edge_before(end + window_ - Duration{1}));
    for (const auto& projection : projections_) {
        for (const auto& learning : projection->learning) learning->catch_up(to);
    }
    source_spikes_.clear();
    spikes_.clear();
    observe({now_, to});
    now_ = to;
}

void Simulation::act() {
    while (!schedule_.empty() && schedule_.begin()->first <= now_) {
        const Action action = std::move(schedule_.begin()->second);
        schedule_.erase(schedule_.begin());
        act_now(action);
    }
}

void Simulation::perform(const action::SetVariable& a) {
    Population& population = *members_[a.population].neurons;
    for (Index i = 0; i < population.size(); ++i) {
        population.set(i, a.variable, a.values.size() == 1 ? a.values.front() : a.values[i], now_);
    }
}

void Simulation::perform(const action::SetRates& a) { members_[a.source].source->set_rates(a.rates, now_); }

void Simulation::perform(const action::SetParameter& a) {
    members_[a.population].neurons->set_parameter(a.name, a.value, now_);
}

void Simulation::perform(const action::SetRuleParameter& a) {
    Projection& projection = *projections_[a.projection];
    if (!projection.plastic() && projection.synaptic_release.empty())
        throw ModelError(projection.name + ": has no rule of plasticity");
    for (const auto& learning : projection.learning)
        learning->set_parameter(a.name, a.value, projection.name, now_);
    for (const auto& release : projection.synaptic_release)
        release->set_parameter(a.name, a.value, projection.name);
}

void Simulation::perform(const action::GatePlasticity& a) {
    for (const auto& projection : projections_) {
        if (a.projection.value_or(projection->index) != projection->index) continue;
        for (const auto& learning : projection->learning) learning->enable(a.on);
    }
}

void Simulation::perform(const action::SetGain& a) { projections_[a.projection]->gain = a.gain; }

void Simulation::perform(const action::CopyTiedWeights&) {
    for (const auto& [index, tie] : ties_) {
        const ProjectionFacts own = projection(index);
        const ProjectionFacts other = projection(tie.to);
        apply(tie, own.target == other.source, {weights(index), shard_starts(own.target)},
              {weights(tie.to), shard_starts(other.target)}, projections_[tie.to]->name);
    }
}

void Simulation::perform(const action::ResetState&) {
    for (const Member& member : members_) {
        if (member.neurons && member.neurons->has_pulses()) {
            throw ModelError(
                member.neurons->name() +
                ": the state cannot be reset while background of kind bernoulli_grid sends pulses of "
                "current: their ends would be left over");
        }
    }
    scheduler_.clear();
    for (Member& member : members_) {
        if (member.neurons) member.neurons->reset(now_);
        if (member.source) member.source->reset();
    }
    for (const auto& projection : projections_) {
        projection->release.reset(now_);
        for (const auto& learning : projection->learning) learning->reset_traces();
        for (const auto& release : projection->synaptic_release) release->reset();
    }
    // Inputs from outside go on: what they have come to so far is sent again, since the neurons have
    // forgotten it.
    for (const Input& input : inputs_) {
        const Projection& p = *projections_[input.projection];
        const Scheduler::ClassId id = members_[p.source].classes.front();
        const double level = input.value - scheduler_.pending(id);
        if (level != 0.0) scheduler_.push_first(id, {now_, p.source, 0, p.index, SpikeKind::event, level});
    }
}

void Simulation::persist(Archive& archive) {
    if (!prepared_) prepare();
    archive("now", now_);
    archive("spikes", spike_count_);
    archive("synaptic_events", synaptic_events_);
    archive("scheduler", scheduler_);
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const std::string name = "population_" + std::to_string(i);
        if (members_[i].neurons) archive(name, members_[i].neurons);
        if (members_[i].source) archive(name, members_[i].source);
    }
    archive.each("projections", projections_);
    archive.columns("inputs", std::span(inputs_), "value", &Input::value);
    archive.each("signals", signals_);
    archive.each("sines", sines_);
    persist_plan(archive);
}

void Simulation::persist_plan(Archive& archive) {
    std::vector<Planned> plan;
    for (const auto& [at, action] : schedule_) plan.push_back({at, action});
    std::uint64_t count = plan.size();
    archive("planned", count);
    constexpr std::uint64_t most = 1 << 20;
    if (count > most)
        throw DataError("planned: " + std::to_string(count) + " actions are not to be believed");
    plan.resize(count);
    archive.each("plan", plan);
    schedule_.clear();
    for (Planned& planned : plan) schedule(planned.at, std::move(planned.action));
    std::vector<Time> cuts(cuts_.upper_bound(now_), cuts_.end());
    archive("cuts", cuts);
    cuts_ = {cuts.begin(), cuts.end()};
}

std::vector<Index> Simulation::shard_starts(Index member) const {
    const Population& population = *members_[member].neurons;
    std::vector<Index> starts;
    for (std::size_t k = 0; k < population.shards(); ++k) starts.push_back(population.first(k));
    starts.push_back(population.size());
    return starts;
}

void Simulation::add(std::unique_ptr<Population> population) {
    const std::string& name = population->name();
    members_.push_back({.name = name, .neurons = std::move(population), .source = {}});
}

void Simulation::add(std::unique_ptr<SourcePopulation> source) {
    const std::string& name = source->name();
    members_.push_back({.name = name, .neurons = {}, .source = std::move(source)});
}

Index Simulation::add(Projection projection) {
    const auto index = static_cast<Index>(projections_.size());
    projection.index = index;
    const bool from_source = members_[projection.source].source != nullptr;
    if (projection.delay < Duration::zero() || (!from_source && projection.delay == Duration::zero())) {
        throw ModelError(projection.name + ": the delay must be positive");
    }
    if (!from_source) window_ = std::min(window_, projection.delay);
    if (projection.plastic() && !projection.learning.front()->immediate()) {
        window_ = std::min(window_, projection.learning.front()->back_delay());
    }
    projections_.push_back(std::make_unique<Projection>(std::move(projection)));
    Projection& p = *projections_.back();

    const auto key = std::tuple(p.target, from_source, p.delay);
    const auto known = classes_.find(key);
    const Scheduler::ClassId id = known != classes_.end() ? known->second : scheduler_.add_class(p.target);
    classes_.emplace(key, id);
    members_[p.source].outgoing.push_back(&p);
    members_[p.source].classes.push_back(id);

    auto& fan_out = fan_out_.emplace_back(p.tables.front().sources(), 0U);
    for (Table& table : p.tables) {
        for (Index i = 0; i < fan_out.size(); ++i)
            fan_out[i] += static_cast<std::uint32_t>(table.row(i).targets.size());
    }
    return index;
}

std::size_t Simulation::add_input(Index population, std::size_t port) {
    const Population& target = *members_[population].neurons;
    std::vector<Table> tables;
    for (std::size_t k = 0; k < target.shards(); ++k) {
        const Index size = target.last(k) - target.first(k);
        TableBuilder builder(1, size);
        for (Index i = 0; i < size; ++i) builder.add_target(std::array<Index, 1>{0}, {});
        tables.push_back(builder.build(1.0));
    }
    const auto index = static_cast<Index>(projections_.size());
    const Index origin = next_population();
    members_.push_back({.name = {}, .neurons = {}, .source = {}});
    projections_.push_back(std::make_unique<Projection>(Projection{.name = {},
                                                                   .index = index,
                                                                   .source = origin,
                                                                   .target = population,
                                                                   .port = port,
                                                                   .delay = {},
                                                                   .release = Release({}, 1),
                                                                   .tables = std::move(tables),
                                                                   .learning = {},
                                                                   .synaptic_release = {}}));
    // A class of its own: what it sends follows a grid of its own.
    members_.back().classes.push_back(scheduler_.add_input_class(population));
    fan_out_.emplace_back(1, target.size());
    inputs_.push_back({index, 0.0});
    return inputs_.size() - 1;
}

void Simulation::add_steps(Index population, std::size_t port,
                           std::span<const std::pair<Time, double>> steps) {
    const std::size_t own = add_input(population, port);
    for (const auto& [time, value] : steps) send(inputs_[own], time, value);
}

void Simulation::add_sine(Index population, std::size_t port, const Sine& sine) {
    sines_.push_back({sine, add_input(population, port)});
}

void Simulation::tell_sines(Time end) {
    constexpr int together = 256;
    for (SineInput& s : sines_) {
        // One step beyond the window at least: what is told of ends a silence.
        while (s.told_until < end) {
            for (int i = 0; i < together && s.told_until < Time::max(); ++i) {
                const auto step = s.sine.next();
                s.told_until = step ? step->time : Time::max();
                if (step) send(inputs_[s.input], step->time, step->value);
            }
        }
    }
}

void Simulation::add_signal(const Signal& signal, std::span<const Drive> drives) {
    DrivenSignal driven{signal, {drives.begin(), drives.end()}, {}};
    for (const Drive& drive : drives) {
        if (drive.delay <= Duration::zero()) throw ModelError("the delay of a drive must be positive");
        window_ = std::min(window_, drive.delay);
        driven.inputs.push_back(add_input(drive.population, drive.port));
        // Before the first sample the drive is that of a signal at its undefined value, or zero.
        const double start = signal.kind == Signal::Kind::burst_probability ? signal.undefined : 0.0;
        send(inputs_[driven.inputs.back()], now_, drive.at(now_, start));
    }
    signals_.push_back(std::move(driven));
}

void Simulation::prepare() {
    constexpr Duration without_delays = std::chrono::milliseconds{10};
    if (window_ == Duration::max()) window_ = without_delays;
    for (Index m = 0; m < members_.size(); ++m) {
        if (!members_[m].neurons) continue;
        std::vector<Projection*> incoming(projections_.size(), nullptr);
        for (const auto& p : projections_) {
            if (p->target == m) incoming[p->index] = p.get();
        }
        members_[m].neurons->connect(std::move(incoming));
        for (std::size_t k = 0; k < members_[m].neurons->shards(); ++k) jobs_.push_back({m, k});
    }
    const auto neurons = [this](const Job& job) {
        const Population& population = *members_[job.member].neurons;
        return population.last(job.shard) - population.first(job.shard);
    };
    std::stable_sort(jobs_.begin(), jobs_.end(),
                     [&](const Job& a, const Job& b) { return neurons(a) > neurons(b); });
    perform(action::CopyTiedWeights{});
    prepared_ = true;
}

std::uint64_t Simulation::synapses() const {
    std::uint64_t sum = 0;
    for (const auto& projection : projections_) {
        for (const Table& table : projection->tables) sum += table.size();
    }
    return sum;
}

std::vector<RecordedPopulation> Simulation::populations() const {
    std::vector<RecordedPopulation> list;
    for (const Member& member : members_) {
        const Index size =
            member.neurons ? member.neurons->size() : (member.source ? member.source->size() : 0);
        list.push_back({member.name, size});
    }
    return list;
}

ProjectionFacts Simulation::projection(Index index) const {
    const Projection& p = *projections_[index];
    return {p.source, p.target, p.gain, p.plastic(), p.changes()};
}

std::span<Table> Simulation::weights(Index projection) const {
    Projection& p = *projections_[projection];
    for (const auto& learning : p.learning) learning->settle();
    return p.tables;
}

void Simulation::visit_synapses(Index projection,
                                const std::function<void(Index, Index, double)>& visit) const {
    const std::vector<Index> starts = shard_starts(projections_[projection]->target);
    Index first = 0;
    for (Table& table : weights(projection)) {
        const Index start = starts[first++];
        for (Index source = 0; source < table.sources(); ++source) {
            const Table::Row row = table.row(source);
            for (std::size_t i = 0; i < row.targets.size(); ++i) {
                visit(start + row.targets[i], source,
                      row.weights.empty() ? table.uniform_weight() : double{row.weights[i]});
            }
        }
    }
}

}  // namespace apical
