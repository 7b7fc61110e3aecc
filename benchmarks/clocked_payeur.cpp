// What clock-driven programs make of two networks of Payeur et al. (2021), and how much of it is their step:
// the propagation of figure 3 (examples/propagation, its first second, before the signals) and the plasticity
// rule of figure 2E-G (examples/plasticity-rule, its first 20 s, before learning). Explicit Euler steps,
// exact decays, spikes tested and delivered at the end of a step, in the order of the published program; it
// shares no code with the cells and synapses of the library but the exponential.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "core/exp.hpp"
#include "core/simd.hpp"

namespace {

using Column = std::vector<double>;
using Neurons = std::vector<std::uint32_t>;
using Random = std::mt19937_64;

constexpr double E_ex = 0.0;    // [mV]
constexpr double E_in = -80.0;  // [mV]
constexpr double delay = 0.8;   // [ms]

/// A constant of every step: its length and the decays in it.
struct Step {
    double h;  ///< [ms]
    double decay(double tau) const { return std::exp(-h / tau); }
    std::size_t of(double length) const { return static_cast<std::size_t>(std::llround(length / h)); }
};

/// Events and bursts by the trace of a neuron's spikes, tau 16 ms, threshold 1/e.
struct Detector {
    explicit Detector(std::size_t n) : trace(n, 0.0), last(n, -1e9), in_burst(n, 0) {}
    Column trace, last;  ///< just after the last spike that it has seen [ms]
    std::vector<std::uint8_t> in_burst;
    double at(std::size_t i, double t) const { return trace[i] * std::exp(-(t - last[i]) / 16.0); }
    void see(std::size_t i, double t) {
        trace[i] = at(i, t) + 1.0;
        last[i] = t;
    }
    bool event(std::size_t i, double t) const { return at(i, t) < std::exp(-1.0); }
};

/// What all cells have: conductances [leak] by port, private Poisson noise on them, spikes and their counts.
struct Cells {
    Cells(std::size_t size, std::size_t ports) : n(size), g(ports, Column(size, 0.0)), detector(size) {}
    std::size_t n;
    std::vector<Column> g;
    struct Noise {
        double rate;    ///< [Hz]
        double weight;  ///< [leak]
        double next = 0.0;
    };
    std::vector<Noise> noise;
    Neurons spikes;
    Detector detector;
    double spike_count = 0, event_count = 0, burst_count = 0;

    void add_noise(const Step& step, Random& random) {
        std::exponential_distribution<double> gap;
        const auto all = static_cast<double>(n);
        for (std::size_t p = 0; p < noise.size(); ++p) {
            const double per_step = noise[p].rate * step.h / 1000.0;
            while (noise[p].next < all) {
                g[p][static_cast<std::size_t>(noise[p].next)] += noise[p].weight;
                noise[p].next += gap(random) / per_step;
            }
            noise[p].next -= all;
        }
    }
    void classify(double t) {
        for (const std::uint32_t i : spikes) {
            const bool event = detector.event(i, t);
            const bool burst = !event && detector.in_burst[i] == 0;
            event_count += event ? 1 : 0;
            burst_count += burst ? 1 : 0;
            spike_count += 1;
            detector.in_burst[i] = event ? 0 : 1;
            detector.see(i, t);
        }
    }
    void forget() { spike_count = event_count = burst_count = 0; }
    double hz(double count, double length) const { return 1000.0 * count / static_cast<double>(n) / length; }
};

/// The full two-compartment cell: ports are excitatory and inhibitory, soma, then dendrite; the driving force
/// of all four is that of the soma, as in the published program.
struct Pyramids : Cells {
    Pyramids(std::size_t size, double soma, double dend)
        : Cells(size, 4),
          I_soma(soma),
          I_dend(dend),
          V_soma(size, -70.0),
          V_dend(size, -70.0),
          w_soma(size, 0.0),
          w_dend(size, 1.3),
          theta(size, -50.0),
          box(size, 0.0),
          fired(size, 0.0) {}
    double I_soma, I_dend;  ///< [pA]
    Column V_soma, V_dend, w_soma, w_dend, theta, box,
        fired;  ///< box: what is left of the back-propagated spike [ms]

    void advance(const Step& step);
};

struct PyramidStep {
    double h, ampa, gaba, w_soma, I_soma, I_dend;
};

[[gnu::always_inline]] inline void pyramids_loop(Pyramids& c, PyramidStep s) {
    double* const V_soma = c.V_soma.data();
    double* const V_dend = c.V_dend.data();
    double* const w_soma = c.w_soma.data();
    double* const w_dend = c.w_dend.data();
    double* const theta = c.theta.data();
    double* const box = c.box.data();
    double* const fired = c.fired.data();
    const std::array<double*, 4> g{c.g[0].data(), c.g[1].data(), c.g[2].data(), c.g[3].data()};
    const std::size_t n = c.n;
    APICAL_INDEPENDENT
    for (std::size_t i = 0; i < n; ++i) {
        const double V = V_soma[i];
        const double Vd = V_dend[i];
        const double active = 1.0 / (1.0 + apical::exp(-(Vd + 38.0) / 6.0));
        const double syn_soma = g[0][i] * (E_ex - V) + g[1][i] * (E_in - V);
        const double syn_dend = g[2][i] * (E_ex - V) + g[3][i] * (E_in - V);
        const double back = box[i] > 0.5 * s.h ? 2600.0 : 0.0;
        const double V_next = V + s.h * ((-70.0 - V + syn_soma) / 16.0 +
                                         (1300.0 * active - 200.0 * w_soma[i] + s.I_soma) / 370.0);
        const double Vd_next = Vd + s.h * ((-70.0 - Vd + syn_dend) / 7.0 +
                                           (1200.0 * active - w_dend[i] + back + s.I_dend) / 170.0);
        const double theta_next = theta[i] + s.h / 27.0 * (-50.0 - theta[i]);
        w_soma[i] *= s.w_soma;
        w_dend[i] += s.h / 30.0 * (13.0 * (Vd_next + 70.0) - w_dend[i]);
        g[0][i] *= s.ampa;
        g[1][i] *= s.gaba;
        g[2][i] *= s.ampa;
        g[3][i] *= s.gaba;
        const bool spike = V_next > theta_next;
        V_soma[i] = spike ? -70.0 : V_next;
        V_dend[i] = Vd_next;
        theta[i] = theta_next + (spike ? 2.0 : 0.0);
        w_soma[i] += spike ? 1.0 : 0.0;
        box[i] = spike ? 2.0 : box[i] - s.h;
        fired[i] = spike ? 1.0 : 0.0;
    }
}
APICAL_WIDEST(, void, pyramids, (Pyramids & c, PyramidStep s), (c, s))

void collect(const Column& fired, Neurons& spikes) {
    spikes.clear();
    for (std::size_t i = 0; i < fired.size(); ++i) {
        if (fired[i] != 0.0) spikes.push_back(static_cast<std::uint32_t>(i));
    }
}

void Pyramids::advance(const Step& step) {
    pyramids(*this, {step.h, step.decay(5.0), step.decay(10.0), step.decay(100.0), I_soma, I_dend});
    collect(fired, spikes);
}

/// Adaptive exponential interneurons, held at E_L while refractory.
struct Interneurons : Cells {
    struct Constants {
        double tau_m, delta, V_T, a, b, tau_w, t_ref,
            current;  ///< [ms], [mV], a in units of g_L, current I / g_L
    };
    Interneurons(std::size_t size, const Constants& constants)
        : Cells(size, 2), c(constants), V(size, -70.0), u(size, 0.0), held(size, 0.0), fired(size, 0.0) {}
    Constants c;
    Column V, u, held, fired;

    void advance(const Step& step);
};

struct InterneuronStep {
    double h, ampa, gaba;
};

[[gnu::always_inline]] inline void interneurons_loop(Interneurons& cells, InterneuronStep s) {
    const Interneurons::Constants c = cells.c;
    double* const potential = cells.V.data();
    double* const adaptation = cells.u.data();
    double* const held = cells.held.data();
    double* const fired = cells.fired.data();
    double* const g_ex = cells.g[0].data();
    double* const g_in = cells.g[1].data();
    const std::size_t n = cells.n;
    APICAL_INDEPENDENT
    for (std::size_t i = 0; i < n; ++i) {
        const double V = potential[i];
        const double u = adaptation[i];
        const double syn = g_ex[i] * (E_ex - V) + g_in[i] * (E_in - V);
        const double upstroke = c.delta * apical::exp((V - c.V_T) / c.delta);
        const double moved = V + s.h / c.tau_m * (-70.0 - V + upstroke + syn - u + c.current);
        const double clipped = moved < -80.0 ? -80.0 : (moved > 20.0 ? 20.0 : moved);
        const bool free = held[i] < 0.5 * s.h;
        const bool spike = free & (clipped > 0.0);
        adaptation[i] = u + s.h / c.tau_w * (c.a * (V + 70.0) - u) + (spike ? c.b : 0.0);
        potential[i] = (free & !spike) ? clipped : -70.0;
        held[i] = spike ? c.t_ref : held[i] - s.h;
        g_ex[i] *= s.ampa;
        g_in[i] *= s.gaba;
        fired[i] = spike ? 1.0 : 0.0;
    }
}
APICAL_WIDEST(, void, interneurons, (Interneurons & cells, InterneuronStep s), (cells, s))

void Interneurons::advance(const Step& step) {
    interneurons(*this, {step.h, step.decay(5.0), step.decay(10.0)});
    collect(fired, spikes);
}

/// Short-term plasticity of a connection, by source: plain Tsodyks-Markram where jump is U. From x = 1, u =
/// 0.01.
struct ShortTerm {
    ShortTerm(std::size_t size, double recovery, double facilitation, double start, double increment)
        : tau_rec(recovery),
          tau_fac(facilitation),
          U(start),
          jump(increment),
          x(size, 1.0),
          u(size, 0.01),
          last(size, 0.0) {}
    double tau_rec, tau_fac;  ///< [ms]
    double U, jump;
    Column x, u, last;
    double release(std::size_t i, double t) {
        const double before_x = 1.0 + (x[i] - 1.0) * std::exp(-(t - last[i]) / tau_rec);
        const double before_u = U + (u[i] - U) * std::exp(-(t - last[i]) / tau_fac);
        last[i] = t;
        x[i] = before_x * (1.0 - before_u);
        u[i] = before_u + jump * (1.0 - before_u);
        return before_u * before_x;
    }
};

/// Who hears whom: each pair with probability p, none itself.
std::vector<Neurons> pairs(std::size_t sources, std::size_t targets, double p, bool same, Random& random) {
    std::vector<Neurons> lists(sources);
    std::geometric_distribution<std::uint64_t> skip(p);
    const std::uint64_t all = std::uint64_t{sources} * targets;
    for (std::uint64_t k = skip(random); k < all; k += 1 + skip(random)) {
        const auto i = static_cast<std::size_t>(k / targets);
        const auto j = static_cast<std::uint32_t>(k % targets);
        if (!same || i != j) lists[i].push_back(j);
    }
    return lists;
}

/// Spikes of a population, for as many steps as the delay has.
class Axon {
public:
    explicit Axon(std::size_t steps) : spikes_(steps + 1) {}
    void send(const Neurons& spikes) { spikes_[now_] = spikes; }
    const Neurons& arriving() const { return spikes_[(now_ + 1) % spikes_.size()]; }
    void step() { now_ = (now_ + 1) % spikes_.size(); }

private:
    std::vector<Neurons> spikes_;
    std::size_t now_ = 0;
};

void start_at_random(Column& V, Random& random) {
    std::normal_distribution<double> start(-70.0, 5.0);
    for (double& v : V) v = start(random);
}

struct Connection {
    std::size_t source, target, port;
    double weight;
    ShortTerm* release;  ///< none: static
    std::vector<Neurons> targets;
};

void propagation(const Step& step, std::uint64_t seed, bool extended) {
    Random random(seed);
    Pyramids pyr1(4000, 0.0, 50.0);
    Pyramids pyr2(4000, -100.0, 100.0);
    Interneurons pv(1000, {10.0, 2.0, -48.0, 0.0, 0.0, 5.0, 1.0, 20.5});
    Interneurons sst(1000,
                     {20.0, 4.0, 25.0 / 5.5 - 70.0 + 4.0 - 4.0 * std::log(1.1), 0.1, 2.0, 500.0, 2.0, 0.0});
    pyr1.noise = pyr2.noise = {{500, 0.35}, {500, 0.35}, {500, 0.05}, {500, 0.05}};
    pv.noise = {{500, 0.75}, {500, 1.125}};
    sst.noise = {{500, 0.4}, {500, 0.5}};
    const std::array<Cells*, 4> cells{&pyr1, &pyr2, &pv, &sst};
    for (Column* V : {&pyr1.V_soma, &pyr2.V_soma, &pv.V, &sst.V}) start_at_random(*V, random);

    const double f = 0.1;  // the jump of the equations as printed
    const auto depressing = [&] { return ShortTerm(4000, 20.0, 1000.0, 0.9, extended ? f : 0.9); };
    const auto facilitating = [&] { return ShortTerm(4000, 100.0, 100.0, 0.02, extended ? f : 0.02); };
    // Of equal constants and sources, so of equal states: one is enough for each population and kind.
    ShortTerm up = depressing();
    ShortTerm down = facilitating();
    ShortTerm within = facilitating();
    std::vector<Connection> connections;
    const auto connect = [&](std::size_t source, std::size_t target, std::size_t port, double weight,
                             ShortTerm* release) {
        connections.push_back({source, target, port, weight, release,
                               pairs(cells[source]->n, cells[target]->n, 0.05, source == target, random)});
    };
    connect(0, 1, 0, 0.05, &up);
    connect(0, 2, 0, 0.05, &up);
    connect(2, 1, 1, 0.07, nullptr);
    connect(1, 0, 2, 0.37, &down);
    connect(1, 3, 0, 0.3, &down);
    connect(3, 0, 3, 0.035, nullptr);
    connect(0, 0, 3, 0.1, &within);
    connect(1, 1, 3, 0.1, &down);

    std::vector<Axon> axons(cells.size(), Axon(step.of(delay)));
    const std::size_t half = step.of(500.0);
    std::vector<double> released;
    ShortTerm* const no_release = nullptr;
    for (std::size_t k = 0; k < 2 * half; ++k) {
        const double t = static_cast<double>(k) * step.h;
        if (k == half) {
            for (Cells* c : cells) c->forget();
        }
        pyr1.advance(step);
        pyr2.advance(step);
        pv.advance(step);
        sst.advance(step);
        for (std::size_t c = 0; c < cells.size(); ++c) {
            cells[c]->classify(t);
            axons[c].send(cells[c]->spikes);
        }
        for (std::size_t c = 0; c < cells.size(); ++c) {
            for (ShortTerm* kind : {&up, &down, &within, no_release}) {
                // Each state moves once a spike, whatever the number of connections that read it.
                released.clear();
                for (Connection& connection : connections) {
                    if (connection.source != c || connection.release != kind) continue;
                    const Neurons& arriving = axons[c].arriving();
                    Column& g = cells[connection.target]->g[connection.port];
                    for (std::size_t a = 0; a < arriving.size(); ++a) {
                        if (released.size() <= a)
                            released.push_back(kind ? kind->release(arriving[a], t) : 1.0);
                        for (const std::uint32_t j : connection.targets[arriving[a]])
                            g[j] += connection.weight * released[a];
                    }
                }
            }
            cells[c]->add_noise(step, random);
        }
        for (Axon& axon : axons) axon.step();
    }
    std::printf("%-11s %5g ms, seed %llu, 0.5 to 1 s:", extended ? "propagation, extended," : "propagation,",
                step.h, static_cast<unsigned long long>(seed));
    for (const Pyramids* p : {&pyr1, &pyr2})
        std::printf("  events %.2f Hz, burst probability %.3f;", p->hz(p->event_count, 500),
                    p->burst_count / p->event_count);
    std::printf("  pv %.2f, sst %.2f Hz\n", pv.hz(pv.spike_count, 500), sst.hz(sst.spike_count, 500));
}

void plasticity_rule(const Step& step, std::uint64_t seed, double length) {
    Random random(seed);
    constexpr double warm_up = 2000.0;  // [ms]
    Pyramids pre(1000, 0.0, 0.0);
    Pyramids post(1000, 0.0, 50.0);
    start_at_random(pre.V_soma, random);
    struct Branch {
        Pyramids* target;
        std::size_t port;
        double weight;
        std::vector<Neurons> targets;
    };
    struct Input {
        std::size_t sources;
        double rate;  ///< [Hz] of each
        std::vector<Branch> branches;
        double next = 0.0;
    };
    const auto branch = [&](Pyramids& target, std::size_t port, double weight, std::size_t sources,
                            double inputs) {
        return Branch{&target, port, weight,
                      pairs(sources, target.n, inputs / static_cast<double>(sources), false, random)};
    };
    std::vector<Input> inputs;
    inputs.push_back({25000, 5, {branch(pre, 0, 0.17, 25000, 100), branch(pre, 2, 0.0425, 25000, 100)}});
    inputs.push_back({25000, 5, {branch(pre, 1, 0.26, 25000, 30), branch(pre, 3, 0.065, 25000, 30)}});
    inputs.push_back({100, 1, {branch(post, 2, 0.25, 100, 20)}});
    const std::vector<Neurons> up = pairs(1000, 1000, 0.2, false, random);
    Detector late(1000);  // of presynaptic events: learns of a spike a delay later
    Axon axon(step.of(delay));
    std::exponential_distribution<double> gap;
    for (std::size_t k = 0; k < step.of(length); ++k) {
        const double t = static_cast<double>(k) * step.h;
        if (k == step.of(warm_up)) {
            pre.forget();
            post.forget();
        }
        pre.advance(step);
        post.advance(step);
        pre.classify(t);
        post.classify(t);
        for (const std::uint32_t i : pre.spikes) {
            if (!late.event(i, t)) continue;
            for (const std::uint32_t j : up[i]) post.g[0][j] += 0.08;
        }
        axon.send(pre.spikes);
        for (const std::uint32_t i : axon.arriving()) late.see(i, t);
        axon.step();
        for (Input& input : inputs) {
            const auto all = static_cast<double>(input.sources);
            while (input.next < all) {
                for (const Branch& b : input.branches) {
                    for (const std::uint32_t j : b.targets[static_cast<std::size_t>(input.next)])
                        b.target->g[b.port][j] += b.weight;
                }
                input.next += gap(random) / (input.rate * step.h / 1000.0);
            }
            input.next -= all;
        }
    }
    std::printf("plasticity,  %5g ms, seed %llu, %g to %g s:", step.h, static_cast<unsigned long long>(seed),
                warm_up / 1000, length / 1000);
    for (const Pyramids* p : {&pre, &post})
        std::printf("  events %.2f Hz, burst probability %.3f;", p->hz(p->event_count, length - warm_up),
                    p->burst_count / p->event_count);
    std::printf("  of source and target\n");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view which = argc > 1 ? argv[1] : "";
    const double h = argc > 2 ? std::atof(argv[2]) : 0.1;
    const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    if (h > 0.0 && which == "propagation") {
        propagation({h}, seed, false);
    } else if (h > 0.0 && which == "extended") {
        propagation({h}, seed, true);
    } else if (h > 0.0 && which == "plasticity") {
        plasticity_rule({h}, seed, 20000.0);
    } else {
        std::fprintf(stderr, "clocked_payeur propagation|extended|plasticity [STEP_MS [SEED]]\n");
        return 2;
    }
    return 0;
}
