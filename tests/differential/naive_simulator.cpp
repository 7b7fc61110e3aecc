#include "tests/differential/naive_simulator.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numbers>
#include <random>
#include <tuple>

#include "core/rounding.hpp"

namespace apical::naive {
namespace {

constexpr std::size_t most_spikes = 2000;

/// A time, and what Apical's roundings make of it.
struct Moment {
    Instant time = 0;
    Instant tick = 0;
};

struct Cell {
    Vector x{};           ///< just after the last input or spike,
    Instant t = 0;        ///<   at this time
    Instant release = 0;  ///< V_m is held before
    Instant release_tick = 0;
    Vector probe{};        ///< later, as long as nothing arrives:
    Instant probed = 0;    ///<   no crossing before this time
    bool crossed = false;  ///<   and one at it
};

/// What makes spikes events or bursts.
struct Detector {
    std::vector<Moment> spikes{};
    bool in_burst = false;

    SpikeKind next(Moment now, bool running) {
        const bool second = running && !in_burst;
        in_burst = running;
        spikes.push_back(now);
        return !running ? SpikeKind::event : second ? SpikeKind::burst : SpikeKind::further;
    }
};

struct Seen {
    Moment at;
    SpikeKind kind;
};

/// x, y and z of Tsodyks and Markram, and u.
struct Resources {
    Real u, x = 1.0L, y = 0.0L, z = 0.0L;
    Instant last = 0;
};

enum class Phase { sample, action, source, arrival, seen };

struct Key {
    Instant time;
    Phase phase;
    Instant tick;
    Index population;  ///< of the source; of the target, for what plasticity sees
    Index neuron;
    Index projection;
    std::size_t number = 0;  ///< in order of their making
    auto operator<=>(const Key&) const = default;
};

struct Event {
    enum class What { sample, gain, learning, spike, arrival, level, seen } what;
    SpikeKind kind = SpikeKind::event;
    Real value = 0.0L;
    Real gain = 1.0L;
};

class Run {
public:
    Run(const Simulator& simulator, const Disturbance& disturbance)
        : s_(simulator), d_(simulator.description()), disturbance_(disturbance), random_(disturbance.seed) {
        end_ = s_.units(d_.duration);
        set_up_neurons();
        set_up_projections();
        set_up_inputs();
    }

    Result operator()() {
        while (result_.spikes.size() < most_spikes) {
            const Instant next = queue_.empty() ? end_ : std::min(end_, queue_.begin()->first.time);
            const auto [population, neuron] = first_crossing(next);
            const bool drifts = population < cells_.size();
            const Instant crossing = drifts ? cells_[population][neuron].probed : end_;
            const bool comes_first = queue_.empty() || crossing < queue_.begin()->first.time ||
                                     queue_.begin()->first.phase >= Phase::arrival;
            if (drifts && crossing < end_ && comes_first) {
                now_ = crossing;
                tick_ = s_.ticks_of(now_);
                Cell& c = cells_[population][neuron];
                c.x = c.probe;
                c.t = now_;
                fire(population, neuron);
                continue;
            }
            if (next >= end_) break;
            const auto [key, event] = *queue_.begin();
            queue_.erase(queue_.begin());
            now_ = key.time;
            tick_ = key.tick;
            happen(key, event);
        }
        for (const auto& [key, event] : queue_) {  // what comes at the very end, to its tick before it
            if (key.time == end_ && key.tick < s_.ticks(d_.duration))
                equal_until_ = std::min(equal_until_, end_ - 1);
        }
        result_.complete = result_.spikes.size() < most_spikes;
        result_.equal_until = equal_until_;
        for (std::size_t i = 0; i < weights_.size(); ++i) result_.weights.push_back(weights_[i]);
        return std::move(result_);
    }

private:
    // Set-up.

    void set_up_neurons() {
        for (Index p = 0; p < d_.populations.size(); ++p) {
            const PopulationDescription& population = d_.populations[p];
            cells_.emplace_back();
            detectors_.emplace_back(population.size);
            if (s_.is_source(p)) {
                for (Index i = 0; i < population.size; ++i) {
                    for (const double time : population.spike_times[i])
                        add({s_.units(time), Phase::source, s_.ticks(time), p, i, 0}, {Event::What::spike});
                }
                continue;
            }
            const Equations& e = s_.neurons(p).equations;
            for (const auto& state : s_.drawn().states[p]) {
                Cell c;
                for (std::size_t k = 0; k < e.variables.size(); ++k) c.x[k] = state[k];
                c.x[e.one] = 1.0L;
                c.release = s_.units(state.back());
                c.release_tick = s_.ticks(state.back());
                if (c.release > 0) c.x[0] = e.V_reset;
                c.probe = c.x;
                cells_.back().push_back(c);
            }
        }
    }

    struct Path {
        Index source, target;
        std::size_t port;
        Real gain = 1.0L;
        bool learns = true;
        Moment acted{};                                        ///< the last action
        std::vector<std::vector<std::size_t>> rows;            ///< synapses by source
        std::vector<std::vector<std::size_t>> columns;         ///< by target
        std::vector<std::vector<Detector>> gates{};            ///< by term and source
        std::vector<std::vector<Resources>> resources{};       ///< likewise
        std::vector<std::vector<Seen>> arrivals;               ///< by source
        std::vector<std::vector<Seen>> posts;                  ///< by target
        std::vector<std::pair<std::size_t, Real>> deferred{};  ///< synapse, change
    };

    void set_up_projections() {
        for (const ProjectionDescription& p : d_.projections) {
            const Index source = s_.population(p.source);
            const Index target = s_.population(p.target);
            const Index sources = d_.populations[source].size;
            const Index targets = d_.populations[target].size;
            Path path{.source = source,
                      .target = target,
                      .port = port(target, p.port),
                      .rows = std::vector<std::vector<std::size_t>>(sources),
                      .columns = std::vector<std::vector<std::size_t>>(targets),
                      .arrivals = std::vector<std::vector<Seen>>(sources),
                      .posts = std::vector<std::vector<Seen>>(targets)};
            for (const ReleaseTerm& term : p.release) {
                const Real U = parameter(term.parameters, "U", 0.5);
                const bool each = term.state == ReleaseTerm::State::synapse;
                const Real u_0 = each ? U : parameter(term.parameters, "u_0", static_cast<double>(U));
                path.gates.emplace_back(sources);
                path.resources.emplace_back(sources, Resources{u_0});
            }
            paths_.push_back(path);
            schedule(p, static_cast<Index>(paths_.size() - 1));
        }
        for (std::size_t i = 0; i < s_.drawn().synapses.size(); ++i) {
            const Synapse& synapse = s_.drawn().synapses[i];
            paths_[synapse.projection].rows[synapse.source].push_back(i);
            paths_[synapse.projection].columns[synapse.target].push_back(i);
            weights_.push_back(synapse.weight);
        }
        for (std::size_t i = 0; i < weights_.size(); ++i) {
            const Synapse& synapse = s_.drawn().synapses[i];
            const auto& tie = d_.projections[synapse.projection].tie;
            if (tie) weights_[i] = tied(*tie, synapse);
        }
    }

    /// The copy that a synapse from k to j has, by the definition of ties.
    Real tied(const TieDescription& tie, const Synapse& own) const {
        const auto to = std::find_if(d_.projections.begin(), d_.projections.end(),
                                     [&](const ProjectionDescription& p) { return p.name == tie.to; });
        const bool back = to->source == d_.projections[own.projection].target;
        const Index senders = d_.populations[s_.population(d_.projections[own.projection].source)].size;
        const Index size = senders / tie.blocks;
        Real sum = 0.0L;
        Real count = 0.0L;
        std::map<Index, std::pair<Real, Real>> by_source;  // of the other: sum and count
        for (const Synapse& other : s_.drawn().synapses) {
            if (other.projection != static_cast<Index>(to - d_.projections.begin())) continue;
            bool counts = true;
            switch (tie.mean) {
                case TieDescription::Mean::none:
                    counts = back ? other.source == own.target && other.target == own.source
                                  : other.source == own.source && other.target == own.target;
                    break;
                case TieDescription::Mean::senders:
                    counts = other.source == own.target && other.target / size == own.source / size;
                    break;
                case TieDescription::Mean::both:
                    by_source[other.source].first += other.weight;
                    by_source[other.source].second += 1.0L;
                    break;
            }
            if (!counts) continue;
            sum += other.weight;
            count += 1.0L;
        }
        Real mean = count > 0.0L ? sum / count : 0.0L;
        if (tie.mean == TieDescription::Mean::both) {  // a source without synapses has the mean 0
            mean = 0.0L;
            for (const auto& [source, its] : by_source)
                mean += its.first / its.second / d_.populations[s_.population(to->source)].size;
        }
        const Real part = tie.part == TieDescription::Part::plus    ? std::max(mean, 0.0L)
                          : tie.part == TieDescription::Part::minus ? std::max(-mean, 0.0L)
                                                                    : mean;
        return static_cast<float>(tie.scale * part);
    }

    void schedule(const ProjectionDescription& p, Index index) {
        for (std::size_t i = 0; i < p.gain_steps.times.size(); ++i) {
            const double time = p.gain_steps.times[i];
            add({s_.units(time), Phase::action, s_.ticks(time), 0, 0, index},
                {Event::What::gain, {}, p.gain_steps.values[i]});
        }
        if (!p.plasticity) return;
        if (p.plasticity->from > 0.0) {
            paths_[index].learns = false;
            const double from = p.plasticity->from;
            add({s_.units(from), Phase::action, s_.ticks(from), 0, 0, index},
                {Event::What::learning, {}, 1.0L});
        }
        if (const auto until = p.plasticity->until)
            add({s_.units(*until), Phase::action, s_.ticks(*until), 0, 0, index},
                {Event::What::learning, {}, 0.0L});
    }

    struct Input {
        Index target;
        std::size_t port;
        Real value = 0.0L;
    };

    void set_up_inputs() {
        for (const StepsDescription& s : d_.steps) {
            const Index input = add_input(s.target, s.port);
            for (std::size_t i = 0; i < s.times.size(); ++i)
                set(input, {s_.units(s.times[i]), s_.ticks(s.times[i])}, s.values[i]);
        }
        for (const SineDescription& s : d_.sines) {
            const Index input = add_input(s.target, s.port);
            const double end = s.until.value_or(d_.duration);
            const auto angle = [&](Real t) {
                return 2.0L * std::numbers::pi_v<Real> * t / s.period + s.phase;
            };
            for (int k = 0; s.from + k * s.step < end; ++k) {
                const double begin = s.from + k * s.step;
                const Real a = angle(begin);
                const Real b = angle(std::min(begin + s.step, end));
                set(input, {s_.units(begin), s_.ticks(begin)},
                    s.amplitude * (std::cos(a) - std::cos(b)) / (b - a));
            }
            if (s.until) set(input, {s_.units(*s.until), s_.ticks(*s.until)}, 0.0L);
        }
        for (const SignalDescription& s : d_.signals) {
            for (const DriveDescription& drive : d_.drives) {
                if (drive.signal != s.name) continue;
                drives_.push_back({drive, s, add_input(drive.target, drive.port)});
                const bool ratio = s.kind == SignalDescription::Kind::burst_probability;
                follow(drives_.back(), 0, ratio ? s.undefined : 0.0L);
            }
        }
        for (Index i = 0; i < drives_.size(); ++i) {
            const auto time_of = [&](int k) { return s_.units(k * drives_[i].signal.every); };
            for (int k = 1; time_of(k) < end_; ++k)
                add({time_of(k), Phase::sample, s_.ticks_of(time_of(k)), i, 0, 0}, {Event::What::sample});
        }
    }

    Index add_input(const std::string& target, const std::string& name) {
        const Index population = s_.population(target);
        inputs_.push_back({population, port(population, name)});
        return static_cast<Index>(inputs_.size() - 1);
    }

    /// From `time` on an input has a value. Inputs come after all populations.
    void set(Index input, Moment at, Real value) {
        add({at.time, Phase::arrival, at.tick, static_cast<Index>(d_.populations.size()) + input, 0, 0},
            {Event::What::level, {}, value});
    }

    std::size_t port(Index population, const std::string& name) const {
        const auto& names = s_.neurons(population).equations.names;
        return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    }

    void add(Key key, const Event& event) {
        key.number = made_++;
        queue_.emplace(key, event);
    }

    static Real parameter(const Parameters& given, const std::string& name, double otherwise) {
        const auto found = given.find(name);
        return found != given.end() ? found->second : otherwise;
    }

    // Neurons.

    Real noise() const {
        return static_cast<Real>(disturbance_.potential) *
               (2.0L * random_() / decltype(random_)::max() - 1.0L);
    }

    /// The first neuron to reach its threshold by drift, not after `end`.
    std::pair<Index, Index> first_crossing(Instant end) {
        std::pair<Index, Index> first{static_cast<Index>(cells_.size()), 0};
        Instant earliest = std::numeric_limits<Instant>::max();
        for (Index p = 0; p < cells_.size(); ++p) {
            for (Index i = 0; i < cells_[p].size(); ++i) {
                Cell& c = cells_[p][i];
                probe(s_.neurons(p), c, end);
                if (!c.crossed || c.probed > end || c.probed >= earliest) continue;
                earliest = c.probed;
                first = {p, i};
            }
        }
        return first;
    }

    /// Looks for a crossing in small steps: no further than the end, which is where something happens.
    void probe(const Simulator::Neurons& n, Cell& c, Instant end) {
        if (c.crossed) return;
        if (c.probed < c.release && c.probed < end) {
            const Instant to = std::min(c.release, end);
            c.probe = n.held.after(c.probe, to - c.probed);
            c.probed = to;
        }
        if (c.probed < c.release) return;
        const Real V_th = n.equations.V_th;
        c.crossed = c.probe[0] >= V_th;
        while (!c.crossed && c.probed < end) {
            const int fits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(end - c.probed))) - 1;
            const int power = std::min(fits, n.longest_step);
            const Vector next = n.free.step(c.probe, power);
            const auto below = [&](const Vector& x) { return x[0] < V_th; };
            const auto rises = [&](const Vector& x) { return dot(n.equations.free[0], x) > 0.0L; };
            if (!below(next)) {
                go_while(n, c, power, below);
                c.crossed = true;
            } else if (rises(c.probe) && !rises(next)) {  // a peak in between
                Cell top = c;
                go_while(n, top, power, rises);
                if (!below(top.probe)) {
                    go_while(n, c, power, below);
                    c.crossed = true;
                }
            }
            if (!c.crossed) {
                c.probe = next;
                c.probed += Instant{1} << power;
            }
        }
        if (c.crossed && disturbance_.seed != 0 && (random_() & 1U) != 0) {
            c.probe = n.free.step(c.probe, 0);
            ++c.probed;
        }
    }

    /// To the first unit of time at which `holds` does not hold any longer, within 2^power.
    template <class Predicate>
    static void go_while(const Simulator::Neurons& n, Cell& c, int power, const Predicate& holds) {
        for (int k = power; k >= 0; --k) {
            const Vector next = n.free.step(c.probe, k);
            if (!holds(next)) continue;
            c.probe = next;
            c.probed += Instant{1} << k;
        }
        c.probe = n.free.step(c.probe, 0);
        ++c.probed;
    }

    void bring_up(const Simulator::Neurons& n, Cell& c) {
        if (c.t < c.release) {
            const Instant to = std::min(c.release, now_);
            c.x = n.held.after(c.x, to - c.t);
            c.t = to;
        }
        if (c.t == now_) return;
        c.x = n.free.after(c.x, now_ - c.t);
        c.t = now_;
        if (disturbance_.seed != 0) c.x[0] += noise();
    }

    void receive(Index population, Index neuron, std::size_t port, Real weight) {
        const Simulator::Neurons& n = s_.neurons(population);
        Cell& c = cells_[population][neuron];
        bring_up(n, c);
        const bool held = now_ < c.release;
        take_as_equal({c.release, c.release_tick});
        for (std::size_t k = held ? 1 : 0; k < most_variables; ++k)
            c.x[k] += weight * n.equations.ports[port][k];
        c.probe = c.x;
        c.probed = now_;
        c.crossed = false;
        if (!held && c.x[0] >= n.equations.V_th) fire(population, neuron);
    }

    void fire(Index population, Index neuron) {
        const Equations& e = s_.neurons(population).equations;
        Cell& c = cells_[population][neuron];
        for (std::size_t k = 0; k < most_variables; ++k) c.x[k] += e.jump[k];
        c.x[0] = e.V_reset;
        c.release = now_ + s_.units(static_cast<double>(e.t_ref));
        c.release_tick = tick_ + s_.ticks(static_cast<double>(e.t_ref));
        c.probe = c.x;
        c.probed = now_;
        c.crossed = false;
        const SpikeKind kind = classify(population, neuron);
        result_.spikes.push_back({now_, population, neuron, kind});
        spike(population, neuron, kind);
        for (Index p = 0; p < paths_.size(); ++p) {
            const auto& plasticity = d_.projections[p].plasticity;
            if (!plasticity || paths_[p].target != population) continue;
            const double back = plasticity->back_delay.value_or(d_.projections[p].delay);
            add({now_ + s_.units(back), Phase::seen, tick_ + s_.ticks(back), population, neuron, p},
                {Event::What::seen, kind});
        }
    }

    SpikeKind classify(Index population, Index neuron) {
        const PopulationDescription& p = d_.populations[population];
        const Classifier own = p.model == "lif" ? Classifier::isi : Classifier::every;
        Detector& detector = detectors_[population][neuron];
        switch (p.classifier.value_or(own)) {
            case Classifier::isi: {
                if (detector.spikes.empty()) return detector.next(now(), false);
                const Moment end = after(detector.spikes.back(), p.b_th);
                take_as_equal(end);
                return detector.next(now(), now_ <= end.time);
            }
            case Classifier::trace:
                return detector.next(now(), trace(detector.spikes, p.b_th, 0.0) >= std::exp(-1.0L));
            default:
                return SpikeKind::event;
        }
    }

    /// The sum of exp(-age / tau) over spikes, of which none is known before it is `lag` old [ms].
    Real trace(const std::vector<Moment>& spikes, double tau, double lag) {
        Real sum = 0.0L;
        for (const Moment spike : spikes) {
            const Moment known = after(spike, lag);
            take_as_equal(known);
            take_as_equal(after(known, tau));  // where one spike has come to 1 / e
            const Instant age = now_ - known.time;
            if (age >= 0) sum += std::exp(-static_cast<Real>(age) / static_cast<Real>(s_.units(tau)));
        }
        return sum;
    }

    // Times.

    Moment now() const { return {now_, tick_}; }
    Moment after(Moment m, double length) const {
        return {m.time + s_.units(length), m.tick + s_.ticks(length)};
    }

    /// What comes now comes at another time that is to count as the same, if it is.
    void take_as_equal(Moment other) const {
        if (other.time != now_ || std::abs(other.tick - tick_) <= rounding.count()) return;
        equal_until_ = std::min(equal_until_, now_);
    }
    /// The same of an action, which acts on what comes at its tick.
    void take_as_after(Moment action) const {
        if (action.time == now_ && tick_ < action.tick) equal_until_ = std::min(equal_until_, now_);
    }

    // Spikes on their way.

    /// A spike, of a source or a neuron, leaves.
    void spike(Index population, Index neuron, SpikeKind kind) {
        fired_.push_back({now_, population, neuron, kind});
        for (Index p = 0; p < paths_.size(); ++p) {
            if (paths_[p].source != population) continue;
            const auto [amount, word] = release(p, neuron, kind);
            const Moment arrival = after(now(), d_.projections[p].delay);
            take_as_after(paths_[p].acted);
            add({arrival.time, Phase::arrival, arrival.tick, population, neuron, p},
                {Event::What::arrival, word, amount, paths_[p].gain});
        }
    }

    /// What a spike releases, and what it is: by the word of a gate that has a detector.
    std::pair<Real, SpikeKind> release(Index projection, Index source, SpikeKind kind) {
        Path& path = paths_[projection];
        const std::vector<ReleaseTerm>& terms = d_.projections[projection].release;
        if (terms.empty()) return {1.0L, kind};
        Real sum = 0.0L;
        SpikeKind word = kind;
        for (std::size_t i = 0; i < terms.size(); ++i) {
            const ReleaseTerm& term = terms[i];
            const bool gate = term.variant == "all" || term.variant == "event" || term.variant == "burst";
            if (!gate) {
                sum += term.gain * short_term(term, path.resources[i][source]);
                continue;
            }
            SpikeKind own = kind;
            const auto lag = static_cast<double>(parameter(term.parameters, "lag", 0.0));
            if (lag > 0.0) {
                Detector& detector = path.gates[i][source];
                own = detector.next(now(), trace(detector.spikes, 16.0, lag) >= std::exp(-1.0L));
                word = own;
            }
            const bool open = term.variant == "all" || (term.variant == "event" && own == SpikeKind::event) ||
                              (term.variant == "burst" && own == SpikeKind::burst);
            sum += open ? term.gain : 0.0;
        }
        return {sum, word};
    }

    /// du/dt = (U - u) / tau_fac, dx/dt = z / tau_rec, dy/dt = -y / tau_psc, x + y + z = 1.
    Real short_term(const ReleaseTerm& term, Resources& r) {
        const Real U = parameter(term.parameters, "U", 0.5);
        const Real f = term.variant == "etm" ? parameter(term.parameters, "f", static_cast<double>(U)) : U;
        const Real rec = parameter(term.parameters, "tau_rec", 800.0);
        const Real fac = parameter(term.parameters, "tau_fac", 0.0);
        const Real psc = parameter(term.parameters, "tau_psc", 3.0);
        const bool slowly = term.variant == "tm3";
        const Real dt = static_cast<Real>(now_ - r.last) / s_.units_per_ms();
        r.last = now_;
        r.u = fac > 0.0L ? U + (r.u - U) * std::exp(-dt / fac) : U;
        const Real inactivated =
            psc == rec ? r.y * dt / psc * std::exp(-dt / rec)
                       : r.y / psc * (std::exp(-dt / rec) - std::exp(-dt / psc)) / (1.0L / psc - 1.0L / rec);
        r.z = r.z * std::exp(-dt / rec) + inactivated;
        r.y *= std::exp(-dt / psc);
        r.x = 1.0L - r.y - r.z;
        const bool facilitates_first = term.variant == "mongillo";
        if (facilitates_first) r.u += f * (1.0L - r.u);
        const Real released = r.u * r.x;
        r.x -= released;
        (slowly ? r.y : r.z) += released;
        if (!facilitates_first) r.u += f * (1.0L - r.u);
        if (term.state == ReleaseTerm::State::synapse) {
            r.u = stored(r.u);
            r.x = stored(r.x);
            r.y = stored(r.y);
            r.z = 1.0L - r.x - r.y;
        }
        return released;
    }

    /// Single precision, as synapses keep what they learn. Where the digits behind it decide next to nothing,
    /// a disturbed run decides otherwise.
    Real stored(Real exact) const {
        const auto nearest = static_cast<float>(exact);
        if (disturbance_.seed == 0) return nearest;
        const float up = std::nextafter(nearest, std::numeric_limits<float>::infinity());
        const float down = std::nextafter(nearest, -std::numeric_limits<float>::infinity());
        constexpr Real undecided = 0.499L;
        if (exact > nearest && exact - nearest > undecided * (static_cast<Real>(up) - nearest))
            return disturbance_.upward ? up : nearest;
        if (exact < nearest && nearest - exact > undecided * (static_cast<Real>(nearest) - down))
            return disturbance_.upward ? nearest : down;
        return nearest;
    }

    // Events.

    void happen(const Key& key, const Event& event) {
        switch (event.what) {
            case Event::What::sample:
                sample(drives_[key.population]);
                return;
            case Event::What::gain:
                paths_[key.projection].gain = event.value;
                paths_[key.projection].acted = now();
                return;
            case Event::What::learning:
                learn(paths_[key.projection], event.value != 0.0L, key.projection);
                return;
            case Event::What::spike:
                spike(key.population, key.neuron, classify(key.population, key.neuron));
                return;
            case Event::What::arrival:
                arrive(key.projection, key.neuron, event);
                return;
            case Event::What::level: {
                Input& input = inputs_[key.population - d_.populations.size()];
                const Real change = event.value - input.value;
                input.value = event.value;
                for (Index i = 0; i < d_.populations[input.target].size; ++i)
                    receive(input.target, i, input.port, change);
                return;
            }
            case Event::What::seen:
                see(key.projection, key.neuron, event.kind);
                return;
        }
    }

    void arrive(Index projection, Index source, const Event& event) {
        const ProjectionDescription& p = d_.projections[projection];
        Path& path = paths_[projection];
        const bool each = !p.release.empty() && p.release.front().state == ReleaseTerm::State::synapse;
        if (p.plasticity) {
            take_as_after(path.acted);
            for (const std::size_t synapse : path.rows[source])
                learn_at_arrival(p, path, synapse, event.kind);
            path.arrivals[source].push_back({now(), event.kind});
        }
        for (const std::size_t synapse : path.rows[source]) {
            const Real delivered = weights_[synapse] * event.value;
            receive(path.target, s_.drawn().synapses[synapse].target, path.port,
                    event.gain * (each ? stored(delivered) : delivered));
        }
    }

    // Plasticity: sums over all that a synapse has seen before now.

    template <class Counts>
    Real seen_before(const std::vector<Seen>& history, Real tau, const Counts& counts) const {
        Real sum = 0.0L;
        for (const Seen& s : history) {
            take_as_equal(s.at);
            if (s.at.time < now_ && counts(s.kind))
                sum += std::exp(-static_cast<Real>(now_ - s.at.time) / (tau * s_.units_per_ms()));
        }
        return sum;
    }
    Real faded(Real tau) const { return std::exp(-static_cast<Real>(now_) / (tau * s_.units_per_ms())); }

    static bool any(SpikeKind) { return true; }
    static bool events(SpikeKind kind) { return kind == SpikeKind::event; }
    static bool bursts(SpikeKind kind) { return kind == SpikeKind::burst; }

    static Real power(Real w, Real exponent) { return exponent == 0.0L ? 1.0L : std::pow(w, exponent); }

    Real bounded(const PlasticityDescription& rule, Real w) const {
        const double everything = std::numeric_limits<double>::max();
        const double lowest = rule.rule == "pair_stdp" ? 0.0 : -everything;
        return stored(std::clamp(w, parameter(rule.parameters, "w_min", lowest),
                                 parameter(rule.parameters, "w_max", everything)));
    }

    void learn_at_arrival(const ProjectionDescription& p, const Path& path, std::size_t synapse,
                          SpikeKind kind) {
        if (!path.learns) return;
        const PlasticityDescription& rule = *p.plasticity;
        const auto& posts = path.posts[s_.drawn().synapses[synapse].target];
        Real& w = weights_[synapse];
        if (rule.rule == "pair_stdp") {
            const Real y = seen_before(posts, parameter(rule.parameters, "tau_minus", 20.0), any);
            w = bounded(rule, w - parameter(rule.parameters, "A_minus", 0.00525) *
                                      power(w, parameter(rule.parameters, "mu_minus", 0.0)) * y);
            return;
        }
        if (kind != SpikeKind::event) return;
        const Real r_min = parameter(rule.parameters, "r_min", 0.0);
        const Real tau_average = parameter(rule.parameters, "tau_average", 2000.0);
        constexpr Real tau_spikes = 30000.0L;
        const Real rate =
            rule.low_rate == "spikes"
                ? 0.1L * faded(tau_spikes) + 1000.0L / tau_spikes * seen_before(posts, tau_spikes, any)
                : 1000.0L / tau_average * events_of(rule, posts);
        if (rate < r_min) w = bounded(rule, w + parameter(rule.parameters, "eta", 1e-3) * (r_min - rate));
    }

    Real events_of(const PlasticityDescription& rule, const std::vector<Seen>& posts) const {
        const Real tau = parameter(rule.parameters, "tau_average", 2000.0);
        return parameter(rule.parameters, "prior", 0.0) * faded(tau) + seen_before(posts, tau, events);
    }

    /// What a spike of the target teaches.
    Real teaching(const PlasticityDescription& rule, const std::vector<Seen>& posts, SpikeKind kind) const {
        if (rule.rule == "pair_stdp") return 1.0L;
        if (kind == SpikeKind::further) return 0.0L;
        const Real p0 = parameter(rule.parameters, "p0", 0.5);
        const Real tau = parameter(rule.parameters, "tau_average", 2000.0);
        const Real E = events_of(rule, posts);
        const Real B =
            parameter(rule.parameters, "prior", 0.0) * p0 * faded(tau) + seen_before(posts, tau, bursts);
        const Real P = rule.baseline == "fixed" ? p0 : E == 0.0L ? 1.0L : std::min(1.0L, B / E);
        const Real R = 1000.0L / tau * E;
        const Real r_max = parameter(rule.parameters, "r_max", std::numeric_limits<double>::max());
        const Real h = R > r_max ? -(R - r_max) / R : 0.0L;
        return h + (kind == SpikeKind::event ? -P : 1.0L);
    }

    void see(Index projection, Index target, SpikeKind kind) {
        const PlasticityDescription& rule = *d_.projections[projection].plasticity;
        Path& path = paths_[projection];
        take_as_equal(path.acted);
        const Real factor = teaching(rule, path.posts[target], kind);
        path.posts[target].push_back({now(), kind});
        if (!path.learns || factor == 0.0L) return;
        for (const std::size_t synapse : path.columns[target]) {
            const auto& arrivals = path.arrivals[s_.drawn().synapses[synapse].source];
            if (rule.rule == "pair_stdp") {
                Real& w = weights_[synapse];
                const Real x = seen_before(arrivals, parameter(rule.parameters, "tau_plus", 20.0), any);
                w = bounded(rule, w + parameter(rule.parameters, "A_plus", 0.005) *
                                          power(w, parameter(rule.parameters, "mu_plus", 0.0)) * x);
                continue;
            }
            const Real x = seen_before(arrivals, parameter(rule.parameters, "tau_pre", 20.0), events);
            const Real change = parameter(rule.parameters, "eta", 1e-3) * factor * x;
            if (rule.deferred) {
                if (x != 0.0L) path.deferred.emplace_back(synapse, change);
            } else {
                weights_[synapse] = bounded(rule, weights_[synapse] + change);
            }
        }
    }

    void learn(Path& path, bool on, Index projection) {
        path.learns = on;
        path.acted = now();
        if (on) return;
        for (const auto& [synapse, change] : path.deferred)
            weights_[synapse] = bounded(*d_.projections[projection].plasticity, weights_[synapse] + change);
        path.deferred.clear();
    }

    // Signals.

    struct Follower {
        DriveDescription drive;
        SignalDescription signal;
        Index input;
    };

    void sample(const Follower& f) {
        const Index population = s_.population(f.signal.population);
        const Real jump = 1000.0L / (f.signal.tau * d_.populations[population].size);
        const auto filtered = [&](const auto& counts) {
            Real sum = 0.0L;
            for (const Fired& spike : fired_) {
                if (spike.population == population && spike.time < now_ && counts(spike.kind))
                    sum += jump * std::exp(-static_cast<Real>(now_ - spike.time) /
                                           (f.signal.tau * s_.units_per_ms()));
            }
            return sum;
        };
        const Real E = filtered(events);
        const Real B = filtered(bursts);
        switch (f.signal.kind) {
            case SignalDescription::Kind::spike_rate:
                return follow(f, now_, filtered(any));
            case SignalDescription::Kind::event_rate:
                return follow(f, now_, E);
            case SignalDescription::Kind::burst_rate:
                return follow(f, now_, B);
            case SignalDescription::Kind::burst_probability:
                return follow(f, now_, E > 0.0L ? B / E : f.signal.undefined);
        }
    }

    /// A drive acts `delay` after the sample that it follows; its first value, at once.
    void follow(const Follower& f, Instant sampled, Real value) {
        const Instant at = sampled == 0 ? 0 : sampled + s_.units(f.drive.delay);
        const bool on = at >= s_.units(f.drive.from) && (!f.drive.until || at < s_.units(*f.drive.until));
        set(f.input, {at, s_.ticks_of(at)}, on ? f.drive.offset + f.drive.gain * value : 0.0L);
    }

    const Simulator& s_;
    const NetworkDescription& d_;
    Disturbance disturbance_;
    mutable std::mt19937_64 random_;
    Instant now_ = 0;
    Instant tick_ = 0;  ///< of now
    mutable Instant equal_until_ = std::numeric_limits<Instant>::max();
    Instant end_ = 0;
    std::vector<std::vector<Cell>> cells_;  ///< by population and neuron; sources have none
    std::vector<std::vector<Detector>> detectors_;
    std::vector<Path> paths_;
    std::vector<Real> weights_;
    std::vector<Input> inputs_;
    std::vector<Follower> drives_;
    std::map<Key, Event> queue_;
    std::size_t made_ = 0;
    std::vector<Fired> fired_;  ///< of sources, too
    Result result_;
};

}  // namespace

Simulator::Simulator(const NetworkDescription& description, const Drawn& drawn, Real units_per_ms)
    : d_(description), drawn_(drawn), units_per_ms_(units_per_ms) {
    for (const PopulationDescription& p : description.populations) {
        if (p.model == "spike_train") {
            kinds_.push_back(source);
            continue;
        }
        const Equations e = equations(p);
        constexpr Real part = 8.0L;
        const int step = std::ilogb(std::min(e.fastest, 20.0L) / part * units_per_ms);
        kinds_.push_back(neurons_.size());
        neurons_.push_back({e, Flow(e.free, units_per_ms), Flow(e.held(), units_per_ms), step});
    }
}

Index Simulator::population(const std::string& name) const {
    for (Index p = 0; p < d_.populations.size(); ++p) {
        if (d_.populations[p].name == name) return p;
    }
    throw ConfigError("there is no population " + name);
}

Result Simulator::run(const Disturbance& disturbance) const { return Run(*this, disturbance)(); }

}  // namespace apical::naive
