// The yardstick: a plain clock-driven program for the networks B1 to B5 of README.md, as fast as
// straightforward C++ gets. A grid of 0.1 ms, single precision, 16-bit targets, external drive as one Poisson
// count per neuron and step, short-term state per synapse; compiled for the processor at hand and with
// -ffast-math.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

#include "benchmarks/clocked_prediction.hpp"
#include "benchmarks/cpu_time.hpp"
#include "recorders/statistics.hpp"

namespace {

using namespace apical;

/// SplitMix64 (Steele, Lea & Flood 2014).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 0xd1342543de82ef95U) {}

    std::uint64_t operator()() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    double uniform() { return static_cast<double>((*this)() >> 11U) * 0x1p-53; }
    double normal() {
        return std::sqrt(-2.0 * std::log(1.0 - uniform())) * std::cos(2.0 * std::numbers::pi * uniform());
    }

private:
    std::uint64_t state_;
};

struct Range {
    std::size_t first;
    std::size_t last;
    std::size_t size() const { return last - first; }
};

/// How a projection is drawn: a fixed in-degree, or each pair with probability p.
struct Rule {
    std::size_t indegree = 0;
    bool multapses = false;
    double p = 0.0;
};

/// The synapses of one projection by source.
struct Synapses {
    std::vector<std::uint32_t> rows;
    std::vector<std::uint16_t> targets;
    std::vector<float> weights;
    bool inhibitory = false;

    Synapses(Random& random, std::size_t neurons, Range sources, Range onto, const Rule& rule, double weight)
        : rows(neurons + 1, 0) {
        std::vector<std::pair<std::uint32_t, std::uint16_t>> drawn;  // source, target
        std::vector<std::size_t> seen(neurons, 0);  // last target + 1 that a source was drawn for
        for (std::size_t target = onto.first; target < onto.last; ++target) {
            const auto add = [&](std::size_t source) {
                drawn.emplace_back(static_cast<std::uint32_t>(source), static_cast<std::uint16_t>(target));
            };
            if (rule.p > 0.0) {
                for (std::size_t source = sources.first; source < sources.last; ++source) {
                    if (source != target && random.uniform() < rule.p) add(source);
                }
            }
            for (std::size_t k = 0; k < rule.indegree;) {
                const auto source =
                    sources.first +
                    static_cast<std::size_t>(random.uniform() * static_cast<double>(sources.size()));
                if (source == target || (!rule.multapses && seen[source] == target + 1)) continue;
                seen[source] = target + 1;
                add(source);
                ++k;
            }
        }
        for (const auto& [source, target] : drawn) ++rows[source + std::size_t{1}];
        for (std::size_t i = 1; i < rows.size(); ++i) rows[i] += rows[i - 1];
        targets.resize(drawn.size());
        weights.assign(drawn.size(), static_cast<float>(weight));
        std::vector<std::uint32_t> next(rows.begin(), rows.end() - 1);
        for (const auto& [source, target] : drawn) targets[next[source]++] = target;
    }

    std::size_t outdegree(std::size_t source) const { return rows[source + 1] - rows[source]; }

    void deliver(std::size_t source, float* input) const {
        const std::uint16_t* const t = targets.data();
        const float* const w = weights.data();
        for (std::uint32_t k = rows[source]; k < rows[source + 1]; ++k) input[t[k]] += w[k];
    }
};

/// Tsodyks-Markram synapses, each with its own state.
struct ShortTerm {
    Synapses synapses;
    double U;
    double tau_rec;
    double tau_fac;  ///< [ms] 0: u stays U
    std::vector<float> u;
    std::vector<float> x;

    ShortTerm(Synapses made, double U_in, double tau_rec_in, double tau_fac_in)
        : synapses(std::move(made)),
          U(U_in),
          tau_rec(tau_rec_in),
          tau_fac(tau_fac_in),
          u(synapses.targets.size(), static_cast<float>(U)),
          x(synapses.targets.size(), 1.0F) {}

    /// `h` [ms] after the source's last spike.
    void deliver(std::size_t source, double h, float* input) {
        const auto rec = static_cast<float>(std::exp(-h / tau_rec));
        const auto fac = static_cast<float>(tau_fac > 0.0 ? std::exp(-h / tau_fac) : 0.0);
        const auto base = static_cast<float>(U);
        for (std::uint32_t k = synapses.rows[source]; k < synapses.rows[source + 1]; ++k) {
            x[k] = 1.0F + (x[k] - x[k] * u[k] - 1.0F) * rec;
            u[k] = base + u[k] * (1.0F - base) * fac;
            input[synapses.targets[k]] += synapses.weights[k] * x[k] * u[k];
        }
    }
};

/// Power-law STDP of all pairs. The spikes of targets are kept for a while; a synapse catches up with them
/// when its source fires.
struct Stdp {
    static constexpr double lambda = 0.1;
    static constexpr double alpha = 0.0513;
    static constexpr double mu = 0.4;
    static constexpr double tau_plus = 15.0;
    static constexpr double tau_minus = 30.0;

    struct Fired {
        float time;   ///< [ms]
        float trace;  ///< K-, with this spike
    };
    Synapses synapses;
    double delay;  ///< [ms] dendritic: the target's spikes are seen this much later
    std::vector<std::vector<Fired>> history;
    std::vector<float> trace;  ///< K+ by source, with its last spike,
    std::vector<double> last;  ///< which was then [ms]

    Stdp(Synapses made, std::size_t neurons, double delay_in)
        : synapses(std::move(made)),
          delay(delay_in),
          history(neurons),
          trace(neurons, 0.0F),
          last(neurons, 0.0) {}

    void deliver(std::size_t source, double now, float* input) {
        constexpr double tie = 1e-3;  // [ms] spikes closer than this are seen at once
        const auto since = static_cast<float>(last[source] - delay + tie);
        const auto until = static_cast<float>(now - delay + tie);
        const auto at_once = static_cast<float>(now - delay - tie);
        const float pre = trace[source];
        for (std::uint32_t k = synapses.rows[source]; k < synapses.rows[source + 1]; ++k) {
            float w = synapses.weights[k];
            const std::vector<Fired>& fired = history[synapses.targets[k]];
            std::size_t end = fired.size();
            while (end > 0 && fired[end - 1].time > until) --end;
            std::size_t next = end;
            while (next > 0 && fired[next - 1].time > since) --next;
            for (; next < end; ++next) {
                const auto after = static_cast<float>(last[source] - delay) - fired[next].time;
                w += static_cast<float>(lambda) * std::pow(w, static_cast<float>(mu)) * pre *
                     std::exp(after / static_cast<float>(tau_plus));
            }
            if (end > 0 && fired[end - 1].time > at_once) --end;
            if (end > 0) {
                const auto ago = fired[end - 1].time - static_cast<float>(now - delay);
                w -= static_cast<float>(lambda * alpha) * w * fired[end - 1].trace *
                     std::exp(ago / static_cast<float>(tau_minus));
            }
            w = std::max(w, 0.0F);
            synapses.weights[k] = w;
            input[synapses.targets[k]] += w;
        }
        trace[source] = pre * static_cast<float>(std::exp((last[source] - now) / tau_plus)) + 1.0F;
        last[source] = now;
    }

    void fire(std::size_t neuron, double now) {
        constexpr std::size_t most = 64;
        std::vector<Fired>& fired = history[neuron];
        if (fired.size() == most) fired.erase(fired.begin(), fired.begin() + most / 2);
        const auto time = static_cast<float>(now);
        const float before =
            fired.empty()
                ? 0.0F
                : fired.back().trace * std::exp((fired.back().time - time) / static_cast<float>(tau_minus));
        fired.push_back({time, before + 1.0F});
    }
};

/// Poisson counts by a table of 2^16 quantiles.
class Counts {
public:
    explicit Counts(double mean) : table_(0x10000, 0) {
        double p = std::exp(-mean);
        double cumulative = p;
        std::uint8_t count = 0;
        for (std::size_t i = 0; i < table_.size(); ++i) {
            while ((static_cast<double>(i) + 0.5) / 65536.0 > cumulative && count < 60) {
                p *= mean / ++count;
                cumulative += p;
            }
            table_[i] = count;
        }
    }
    /// Four neurons from one word.
    void add(Random& random, float weight, std::span<float> input) const {
        const std::uint8_t* const table = table_.data();
        for (std::size_t i = 0; i + 4 <= input.size(); i += 4) {
            const std::uint64_t word = random();
            input[i] += weight * static_cast<float>(table[word & 0xffffU]);
            input[i + 1] += weight * static_cast<float>(table[word >> 16U & 0xffffU]);
            input[i + 2] += weight * static_cast<float>(table[word >> 32U & 0xffffU]);
            input[i + 3] += weight * static_cast<float>(table[word >> 48U]);
        }
        for (std::size_t i = input.size() / 4 * 4; i < input.size(); ++i)
            input[i] += weight * static_cast<float>(table[random() & 0xffffU]);
    }

private:
    std::vector<std::uint8_t> table_;
};

enum class Input {
    jump,         ///< of the membrane potential
    exponential,  ///< two currents in mV, one of each sign
    alpha,        ///< one current in pA, of both signs
};

struct Neurons {
    std::size_t excitatory;
    std::size_t inhibitory;
    Input input;
    double tau_m, E_L, V_th, V_reset, t_ref;
    double tau_ex = 1.0, tau_in = 1.0, C_m = 1.0;
    double delay;
    double drive_rate = 0.0;    ///< [1/ms] of external spikes,
    double drive_weight = 0.0;  ///< and their weight

    std::size_t size() const { return excitatory + inhibitory; }
    Range E() const { return {0, excitatory}; }
    Range I() const { return {excitatory, size()}; }
    Range all() const { return {0, size()}; }
};

struct Network {
    Neurons neurons;
    std::vector<float> V{};
    std::vector<Synapses> statics{};
    std::vector<ShortTerm> short_term{};
    std::vector<Stdp> stdp{};
};

Network brunel(Random& random, double g, double eta) {
    constexpr double J = 0.1;
    Network n{{.excitatory = 10'000,
               .inhibitory = 2'500,
               .input = Input::jump,
               .tau_m = 20,
               .E_L = 0,
               .V_th = 20,
               .V_reset = 10,
               .t_ref = 2,
               .delay = 1.5,
               .drive_rate = eta * 10.0,
               .drive_weight = J}};
    const Neurons& cells = n.neurons;
    n.statics.emplace_back(random, cells.size(), cells.E(), cells.all(),
                           Rule{.indegree = 1000, .multapses = true}, J);
    n.statics.emplace_back(random, cells.size(), cells.I(), cells.all(),
                           Rule{.indegree = 250, .multapses = true}, -g * J);
    for (std::size_t i = 0; i < cells.size(); ++i) n.V.push_back(static_cast<float>(20.0 * random.uniform()));
    return n;
}

Network vogels_abbott(Random& random, double E_L, double tau_in, double delay) {
    Network n{{.excitatory = 3'200,
               .inhibitory = 800,
               .input = Input::exponential,
               .tau_m = 20,
               .E_L = E_L,
               .V_th = -50,
               .V_reset = -60,
               .t_ref = 5,
               .tau_ex = 5,
               .tau_in = tau_in,
               .delay = delay}};
    for (std::size_t i = 0; i < n.neurons.size(); ++i)
        n.V.push_back(static_cast<float>(-60.0 + 10.0 * random.uniform()));
    return n;
}

Network brette(Random& random, double tau_in, double inhibition) {
    Network n = vogels_abbott(random, -49, tau_in, 0.1);
    const Neurons& cells = n.neurons;
    n.statics.emplace_back(random, cells.size(), cells.E(), cells.all(), Rule{.p = 0.02}, 1.62);
    n.statics.emplace_back(random, cells.size(), cells.I(), cells.all(), Rule{.p = 0.02}, inhibition);
    n.statics.back().inhibitory = true;
    return n;
}

Network short_term(Random& random) {
    Network n = vogels_abbott(random, -45, 10, 1.0);
    const Neurons& cells = n.neurons;
    const auto draw = [&](Range sources, Range onto, std::size_t k, double weight) {
        return Synapses(random, cells.size(), sources, onto, Rule{.indegree = k}, weight);
    };
    n.short_term.emplace_back(draw(cells.E(), cells.E(), 320, 0.5), 0.5, 200.0, 0.0);
    n.short_term.emplace_back(draw(cells.E(), cells.I(), 320, 1.0), 0.1, 50.0, 500.0);
    n.statics.push_back(draw(cells.I(), cells.all(), 80, -1.5));
    n.statics.back().inhibitory = true;
    return n;
}

Network hpc(Random& random, bool plastic) {
    constexpr double tau_syn = 0.3258272240;
    constexpr double J = 45.6096;
    Network n{{.excitatory = 9'000,
               .inhibitory = 2'250,
               .input = Input::alpha,
               .tau_m = 10,
               .E_L = 0,
               .V_th = 20,
               .V_reset = 0,
               .t_ref = 0.5,
               .tau_ex = tau_syn,
               .C_m = 250,
               .delay = 1.5,
               .drive_rate = 1.1 * 20.0 * 250.0 / (10.0 * J * std::numbers::e * tau_syn),
               .drive_weight = J}};
    const Neurons& cells = n.neurons;
    const auto draw = [&](Range sources, Range onto, std::size_t k, double weight) {
        return Synapses(random, cells.size(), sources, onto, Rule{.indegree = k, .multapses = true}, weight);
    };
    if (plastic) {
        n.stdp.emplace_back(draw(cells.E(), cells.E(), 900, J), cells.size(), cells.delay);
    } else {
        n.statics.push_back(draw(cells.E(), cells.E(), 900, J));
    }
    n.statics.push_back(draw(cells.E(), cells.I(), 900, J));
    n.statics.push_back(draw(cells.I(), cells.all(), 225, -6.0 * J));
    for (std::size_t i = 0; i < cells.size(); ++i)
        n.V.push_back(static_cast<float>(5.7 + 7.2 * random.normal()));
    return n;
}

class Simulator {
public:
    Simulator(Network network, std::uint64_t seed, double dt)
        : n_(std::move(network)),
          size_(n_.neurons.size()),
          dt_(dt),
          random_(seed + 0x5eed),
          counts_(n_.neurons.drive_rate * dt),
          delay_(std::llround(n_.neurons.delay / dt)),
          t_ref_(static_cast<int>(std::llround(n_.neurons.t_ref / dt))),
          slots_(delay_ + 1),
          refractory_(size_, 0),
          ex_(size_, 0.0F),
          in_(size_, 0.0F),
          rising_(size_, 0.0F),
          input_ex_(static_cast<std::size_t>(slots_) * size_, 0.0F),
          input_in_(input_ex_),
          last_(size_, 0.0) {}

    /// One step, to time step x dt; returns who fired.
    const std::vector<std::size_t>& step() {
        ++step_;
        const std::span<float> ex = slot(input_ex_, step_);
        if (n_.neurons.drive_rate > 0.0)
            counts_.add(random_, static_cast<float>(n_.neurons.drive_weight), ex);
        switch (n_.neurons.input) {
            case Input::jump:
                jump(n_.V.data(), refractory_.data(), ex.data());
                break;
            case Input::exponential:
                exponential(n_.V.data(), refractory_.data(), ex_.data(), in_.data(), ex.data(),
                            slot(input_in_, step_).data());
                break;
            case Input::alpha:
                alpha(n_.V.data(), refractory_.data(), ex_.data(), rising_.data(), ex.data());
                break;
        }
        fired_.clear();
        const auto V_th = static_cast<float>(n_.neurons.V_th);
        for (std::size_t i = 0; i < size_; ++i) {
            if (n_.V[i] >= V_th) fired_.push_back(i);
        }
        for (const std::size_t i : fired_) send(i);
        return fired_;
    }

    double time() const { return static_cast<double>(step_) * dt_; }
    std::uint64_t events() const { return events_; }
    const Network& network() const { return n_; }

private:
    std::span<float> slot(std::vector<float>& buffer, std::int64_t step) const {
        return {buffer.data() + static_cast<std::size_t>(step % slots_) * size_, size_};
    }
    float decay(double tau) const { return static_cast<float>(std::exp(-dt_ / tau)); }

    void jump(float* V, int* refractory, float* input) const {
        const float P = decay(n_.neurons.tau_m);
        const auto V_reset = static_cast<float>(n_.neurons.V_reset);
        for (std::size_t i = 0; i < size_; ++i) {
            const float next = V[i] * P + input[i];
            V[i] = refractory[i] <= 0 ? next : V_reset;
            refractory[i] -= 1;
            input[i] = 0.0F;
        }
    }

    void exponential(float* V, int* refractory, float* ex, float* in, float* input_ex,
                     float* input_in) const {
        const Neurons& c = n_.neurons;
        const float P = decay(c.tau_m);
        const float P_ex = decay(c.tau_ex);
        const float P_in = decay(c.tau_in);
        // tau_m dV/dt = ... + g: what a current g leaves in V after a step.
        const auto Q_ex = static_cast<float>(c.tau_ex / (c.tau_m - c.tau_ex)) * (P - P_ex);
        const auto Q_in = static_cast<float>(c.tau_in / (c.tau_m - c.tau_in)) * (P - P_in);
        const auto E_L = static_cast<float>(c.E_L);
        const auto V_reset = static_cast<float>(c.V_reset);
        for (std::size_t i = 0; i < size_; ++i) {
            const float next = E_L + (V[i] - E_L) * P + ex[i] * Q_ex + in[i] * Q_in;
            V[i] = refractory[i] <= 0 ? next : V_reset;
            refractory[i] -= 1;
            ex[i] = ex[i] * P_ex + input_ex[i];
            in[i] = in[i] * P_in + input_in[i];
            input_ex[i] = 0.0F;
            input_in[i] = 0.0F;
        }
    }

    void alpha(float* V, int* refractory, float* current, float* rising, float* input) const {
        const Neurons& c = n_.neurons;
        // current' = rising - current / tau_syn, rising' = -rising / tau_syn, an input adds w e / tau_syn.
        const double P = std::exp(-dt_ / c.tau_m);
        const double S = std::exp(-dt_ / c.tau_ex);
        const double b = 1.0 / (1.0 / c.tau_ex - 1.0 / c.tau_m);
        const auto V_current = static_cast<float>(b / c.C_m * (P - S));
        const auto V_rising = static_cast<float>(b / c.C_m * (b * (P - S) - dt_ * S));
        const auto P_m = static_cast<float>(P);
        const auto P_syn = static_cast<float>(S);
        const auto rise = static_cast<float>(dt_ * S);
        const auto unit = static_cast<float>(std::numbers::e / c.tau_ex);
        const auto V_reset = static_cast<float>(c.V_reset);
        for (std::size_t i = 0; i < size_; ++i) {
            const float next = V[i] * P_m + current[i] * V_current + rising[i] * V_rising;
            V[i] = refractory[i] <= 0 ? next : V_reset;
            refractory[i] -= 1;
            current[i] = current[i] * P_syn + rising[i] * rise;
            rising[i] = rising[i] * P_syn + unit * input[i];
            input[i] = 0.0F;
        }
    }

    void send(std::size_t i) {
        n_.V[i] = static_cast<float>(n_.neurons.V_reset);
        refractory_[i] = t_ref_;
        float* const ex = slot(input_ex_, step_ + delay_).data();
        float* const in = slot(input_in_, step_ + delay_).data();
        for (const Synapses& s : n_.statics) {
            s.deliver(i, s.inhibitory ? in : ex);
            events_ += s.outdegree(i);
        }
        for (ShortTerm& s : n_.short_term) {
            s.deliver(i, time() - last_[i], ex);
            events_ += s.synapses.outdegree(i);
        }
        for (Stdp& s : n_.stdp) {
            if (i >= n_.neurons.excitatory) continue;
            s.deliver(i, time(), ex);
            s.fire(i, time());
            events_ += s.synapses.outdegree(i);
        }
        last_[i] = time();
    }

    Network n_;
    std::size_t size_;
    double dt_;
    Random random_;
    Counts counts_;
    std::int64_t delay_;  ///< [steps]
    int t_ref_;           ///< [steps]
    std::int64_t slots_;
    std::vector<int> refractory_;
    std::vector<float> ex_;
    std::vector<float> in_;
    std::vector<float> rising_;
    std::vector<float> input_ex_;  ///< by step and neuron
    std::vector<float> input_in_;
    std::vector<double> last_;  ///< [ms] spike of each neuron
    std::vector<std::size_t> fired_;
    std::int64_t step_ = 0;
    std::uint64_t events_ = 0;
};

Network make(const std::string& name, Random& random) {
    if (name == "b1-ai") return brunel(random, 5, 2);
    if (name == "b1-mid") return brunel(random, 6, 2);
    if (name == "b1-low") return brunel(random, 8, 1);
    if (name == "b2") return brette(random, 10, -9.0);
    if (name == "b2-eq") return brette(random, 5, -18.0);
    if (name == "b3" || name == "b3-synapse") return short_term(random);
    if (name == "b4" || name == "b4-static") return hpc(random, name == "b4");
    throw boost::program_options::error("there is no network '" + name + "'");
}

/// A simulator of `excitatory` and then `inhibitory` neurons; `learnt` gives the weights that learn.
template <class Clocked, class Learnt>
void run(const std::string& name, Clocked& simulator, std::size_t excitatory, std::size_t inhibitory,
         const Learnt& learnt, double warm_up, double length, double dt) {
    const auto before = std::llround(warm_up / dt);
    const auto end = before + std::llround(length / dt);
    std::vector<Spike> spikes;
    for (std::int64_t i = 0; i < before; ++i) simulator.step();
    const std::uint64_t events_before = simulator.events();
    const double cpu_before = cpu_seconds();
    const auto wall_before = std::chrono::steady_clock::now();
    for (std::int64_t i = before; i < end; ++i) {
        const Time time = Time{} + ticks((static_cast<double>(i - before) + 0.5) * dt);
        for (const std::size_t neuron : simulator.step())
            spikes.push_back({time, 0, static_cast<Index>(neuron)});
    }
    const double cpu = cpu_seconds() - cpu_before;
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_before).count();
    const auto events = static_cast<double>(simulator.events() - events_before);

    const Time to = Time{} + ticks(length);
    const auto size = static_cast<Index>(excitatory + inhibitory);
    const SpikeStatistics all = statistics(spikes, std::array{size}, Time{}, to);
    double from_E = 0.0;
    for (const Spike& spike : spikes) from_E += spike.neuron < excitatory ? 1.0 : 0.0;
    const double from_I = static_cast<double>(spikes.size()) - from_E;
    double sum = 0.0;
    double square = 0.0;
    double synapses = 0.0;
    learnt([&](float w) {
        sum += w;
        square += double{w} * w;
        synapses += 1.0;
    });
    const double seconds = length / 1e3;
    std::vector<std::pair<const char*, double>> facts{{"cpu_s_per_bio_s", cpu / seconds},
                                                      {"wall_s_per_bio_s", wall / seconds},
                                                      {"ns_per_event", cpu * 1e9 / events},
                                                      {"rate_hz", all.rate},
                                                      {"cv", all.cv},
                                                      {"f1", all.f1},
                                                      {"f5", all.f5},
                                                      {"events_per_bio_s", events / seconds}};
    if (inhibitory > 0) {
        facts.emplace_back("rate_e_hz", from_E / seconds / static_cast<double>(excitatory));
        facts.emplace_back("rate_i_hz", from_I / seconds / static_cast<double>(inhibitory));
    }
    if (synapses > 0.0) {
        const double mean = sum / synapses;
        facts.emplace_back("weight_mean", mean);
        facts.emplace_back("weight_sd", std::sqrt(square / synapses - mean * mean));
    }
    std::printf(R"({"network":"%s","dt":%g)", name.c_str(), dt);
    for (const auto& [fact, value] : facts) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.6g", value);
        // JSON has no word for a CV of nothing; -ffast-math has no test for it.
        const bool number = std::string_view(text.data()).find("nan") == std::string_view::npos;
        std::printf(R"(,"%s":%s)", fact, number ? text.data() : "null");
    }
    std::printf("}\n");
}

void run(const std::string& name, std::uint64_t seed, double warm_up, double length, double dt) {
    if (name == "b5" || name == "b5-static") {
        ClockedPrediction<Random> simulator(seed, dt, name == "b5");
        const auto learnt = [&](const auto& visit) {
            if (name == "b5") std::for_each(simulator.weights().begin(), simulator.weights().end(), visit);
        };
        return run(name, simulator, simulator.cells, 0, learnt, warm_up, length, dt);
    }
    Random random(seed);
    Simulator simulator(make(name, random), seed, dt);
    const auto learnt = [&](const auto& visit) {
        for (const Stdp& s : simulator.network().stdp)
            std::for_each(s.synapses.weights.begin(), s.synapses.weights.end(), visit);
    };
    const Neurons& neurons = simulator.network().neurons;
    run(name, simulator, neurons.excitatory, neurons.inhibitory, learnt, warm_up, length, dt);
}

}  // namespace

int main(int argc, char** argv) {
    namespace po = boost::program_options;
    po::options_description options(
        "The yardstick: a clock-driven program for the benchmark networks\n\nyardstick NAME [options]");
    std::string name;
    std::uint64_t seed = 0;
    double warm_up = 0.0;
    double length = 0.0;
    double dt = 0.0;
    options.add_options()("help,h", "this text")  //
        ("name", po::value(&name)->required(),
         "b1-ai b1-mid b1-low b2 b2-eq b3 b3-synapse b4 b4-static b5 b5-static")                //
        ("seed", po::value(&seed)->default_value(1), "seed")                                    //
        ("warm-up", po::value(&warm_up)->default_value(500), "ms before anything is measured")  //
        ("length", po::value(&length)->default_value(2000), "ms measured")                      //
        ("dt", po::value(&dt)->default_value(0.1), "ms of a step");
    po::positional_options_description positions;
    positions.add("name", 1);
    try {
        po::variables_map values;
        po::store(po::command_line_parser(argc, argv).options(options).positional(positions).run(), values);
        if (values.count("help") != 0) {
            std::cout << options;
            return 0;
        }
        po::notify(values);
        run(name, seed, warm_up, length, dt);
        return 0;
    } catch (const po::error& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}
