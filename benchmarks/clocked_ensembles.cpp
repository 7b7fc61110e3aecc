// What a clock-driven program takes for the ensembles of Payeur et al. (2021), figure 4 (ensembles.toml,
// whose cells are neurons/burst_poisson.hpp): explicit Euler steps of 0.1 ms in single precision, exact
// decays, spikes delivered at the end of a step, private Poisson noise as one process for a population, as
// the published simulator does. Plain loops, compiled for the processor at hand.

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "benchmarks/cpu_time.hpp"
#include "core/simd.hpp"

namespace {

constexpr std::size_t N = 500;
constexpr std::size_t inputs_of_a_neuron = 100;

/// Decays and Euler factors of a step.
struct Step {
    float dt, ampa, gaba, w_soma;
};

struct Ensemble {
    std::array<float, N> V_soma, V_dend, w_soma, w_dend, theta;
    std::array<std::array<float, N>, 4> g;  // excitatory and inhibitory, soma; the same, dendrite
    std::array<float, N> refractory, countdown, fired;
    float I_soma, I_dend;
    std::vector<std::pair<float, float>> noise;  // rate [Hz], weight, for each conductance
    std::array<double, 4> next_noise;            // in neurons and steps
    std::vector<std::uint32_t> events, bursts;
    double event_count = 0, burst_count = 0;
};

[[gnu::always_inline]] inline void advance_loop(Ensemble& e, Step s) {
    const float I_soma = e.I_soma;
    const float I_dend = e.I_dend;
    APICAL_INDEPENDENT
    for (std::size_t i = 0; i < N; ++i) {
        const float V = e.V_soma[i];
        const float syn_soma = e.g[0][i] * (0.0F - V) + e.g[1][i] * (-80.0F - V);
        const float syn_dend = e.g[2][i] * (0.0F - V) + e.g[3][i] * (-80.0F - V);
        const float Vd = e.V_dend[i];
        const float V_next =
            V + s.dt * ((-70.0F - V + syn_soma) / 16.0F + (I_soma - 200.0F * e.w_soma[i]) / 370.0F);
        const float Vd_next = Vd + s.dt * ((-70.0F - Vd + syn_dend) / 7.0F + (I_dend - e.w_dend[i]) / 170.0F);
        e.w_soma[i] *= s.w_soma;
        e.w_dend[i] += s.dt / 30.0F * (13.0F * (Vd_next + 70.0F) - e.w_dend[i]);
        e.theta[i] += s.dt / 27.0F * (-50.0F - e.theta[i]);
        e.g[0][i] *= s.ampa;
        e.g[1][i] *= s.gaba;
        e.g[2][i] *= s.ampa;
        e.g[3][i] *= s.gaba;
        e.refractory[i] -= s.dt;
        e.countdown[i] -= s.dt;
        const float above = V_next - e.theta[i];
        const float refractory = e.refractory[i];
        const float countdown = e.countdown[i];
        const bool event = (above > 0.0F) & (refractory <= 0.0F);
        const bool second = (countdown <= 0.0F) & (countdown > -s.dt);
        e.V_soma[i] = event ? -70.0F : V_next;
        e.V_dend[i] = Vd_next;
        e.theta[i] += event ? 2.0F : 0.0F;
        e.w_soma[i] += event ? 1.0F : 0.0F;
        e.refractory[i] = (event | second) ? 20.0F : e.refractory[i];
        e.fired[i] = event ? 1.0F : (second ? 2.0F : 0.0F);
    }
}
APICAL_WIDEST(, void, advance, (Ensemble & e, const Step& s), (e, s))

struct Connection {
    std::size_t source, target, port;
    bool bursts;
    float weight;
    std::vector<std::vector<std::uint16_t>> targets;
};

}  // namespace

int main(int argc, char** argv) {
    const double dt = argc > 1 ? std::atof(argv[1]) : 0.1;  // [ms]
    const double length = argc > 2 ? std::atof(argv[2]) : 2000;
    const double warm_up = 500;
    if (!(dt > 0.0) || !(length > 0.0)) {
        std::fprintf(stderr, "clocked_ensembles [STEP_MS] [LENGTH_MS]\n");
        return 2;
    }
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform;
    std::exponential_distribution<double> gap;

    using Noise = std::vector<std::pair<float, float>>;
    const Noise strong{{500, 0.35F}, {500, 0.35F}, {500, 0.05F}, {500, 0.05F}};
    const Noise hidden{{150, 0.385F}, {150, 0.49F}, {500, 0.05F}, {500, 0.05F}};
    const Noise output{{150, 0.35F}, {150, 0.35F}, {500, 0.05F}, {500, 0.05F}};
    std::vector<Ensemble> ensembles(5);
    const std::array<float, 5> I_soma{150, -350, 0, 0, 0};
    const std::array<float, 5> I_dend{0, 0, 0, 500, 400};
    for (std::size_t k = 0; k < ensembles.size(); ++k) {
        Ensemble& e = ensembles[k];
        e.V_soma.fill(-70);
        e.V_dend.fill(-70);
        e.w_soma.fill(0);
        e.w_dend.fill(0);
        e.theta.fill(-50);
        for (auto& g : e.g) g.fill(0);
        e.refractory.fill(0);
        e.countdown.fill(-1e9F);
        e.I_soma = I_soma[k];
        e.I_dend = I_dend[k];
        e.noise = k < 2 ? strong : (k < 4 ? hidden : output);
        for (std::size_t p = 0; p < 4; ++p) e.next_noise[p] = gap(random) / (e.noise[p].first * dt / 1000);
    }
    std::vector<Connection> connections;
    const auto connect = [&](std::size_t source, std::size_t target, std::size_t port, bool bursts,
                             float weight) {
        Connection c{source, target, port, bursts, weight, {}};
        c.targets.resize(N);
        for (std::size_t i = 0; i < N; ++i) {
            for (std::uint16_t j = 0; j < N; ++j) {
                if (uniform(random) < static_cast<float>(inputs_of_a_neuron) / N) c.targets[i].push_back(j);
            }
        }
        connections.push_back(std::move(c));
    };
    for (const std::size_t source : {0U, 1U}) {
        for (const std::size_t target : {2U, 3U}) {
            connect(source, target, 0, false, 0.234F);
            connect(source, target, 1, false, 0.25F);
        }
    }
    for (const std::size_t source : {2U, 3U}) {
        connect(source, 4, 0, false, 0.234F);
        connect(source, 4, 1, false, 0.25F);
    }
    connect(4, 2, 2, true, 0.26F);
    connect(4, 2, 3, true, 0.06F);
    connect(4, 3, 2, true, 0.026F);
    connect(4, 3, 3, true, 0.27F);

    const Step step{static_cast<float>(dt), static_cast<float>(std::exp(-dt / 5)),
                    static_cast<float>(std::exp(-dt / 10)), static_cast<float>(std::exp(-dt / 100))};
    double start = 0;
    double arrivals = 0;
    const auto steps = static_cast<std::int64_t>((warm_up + length) / dt);
    const auto warm_steps = static_cast<std::int64_t>(warm_up / dt);
    for (std::int64_t t = 0; t < steps; ++t) {
        if (t == warm_steps) {
            start = apical::cpu_seconds();
            arrivals = 0;
            for (Ensemble& e : ensembles) e.event_count = e.burst_count = 0;
        }
        for (Ensemble& e : ensembles) {
            advance(e, step);
            e.events.clear();
            e.bursts.clear();
            for (std::size_t i = 0; i < N; ++i) {
                if (e.fired[i] == 0.0F) continue;
                if (e.fired[i] == 2.0F) {
                    e.bursts.push_back(static_cast<std::uint32_t>(i));
                    continue;
                }
                e.events.push_back(static_cast<std::uint32_t>(i));
                const float p = 1.0F / (1.0F + std::exp(-(e.V_dend[i] + 57.0F) / 6.0F));
                const bool burst = uniform(random) <= p;
                const float delay = 5.0F + 10.0F * uniform(random);
                e.countdown[i] = burst ? delay : -1e9F;
            }
            e.event_count += static_cast<double>(e.events.size());
            e.burst_count += static_cast<double>(e.bursts.size());
            for (std::size_t p = 0; p < 4; ++p) {
                const auto [rate, weight] = e.noise[p];
                double& next = e.next_noise[p];
                while (next < N) {
                    e.g[p][static_cast<std::size_t>(next)] += weight;
                    next += gap(random) / (rate * dt / 1000);
                    ++arrivals;
                }
                next -= N;
            }
        }
        for (const Connection& c : connections) {
            const Ensemble& source = ensembles[c.source];
            auto& g = ensembles[c.target].g[c.port];
            for (const std::uint32_t i : c.bursts ? source.bursts : source.events) {
                for (const std::uint16_t j : c.targets[i]) g[j] += c.weight;
                arrivals += static_cast<double>(c.targets[i].size());
            }
        }
    }
    const double cpu = apical::cpu_seconds() - start;
    std::printf("dt %g ms: %.4f CPU s per biological s, %.2f million arrivals a second\n", dt,
                cpu / (length / 1000), 1e-6 * arrivals / (length / 1000));
    for (std::size_t k = 0; k < ensembles.size(); ++k) {
        const Ensemble& e = ensembles[k];
        std::printf("  ensemble %zu: events %.3f Hz, burst probability %.4f\n", k + 1,
                    e.event_count / N / (length / 1000), e.burst_count / e.event_count);
    }
    return 0;
}
