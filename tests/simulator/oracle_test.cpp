#include <deque>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

/// The engine against a simulator that shares nothing with it: forward Euler on a fixed grid, no queue, no
/// shards, no modes; a list of pulses under way, every trace stepped. Its error is of first order in the
/// step.

constexpr double tau_m = 10.0, E_L = -70.0, V_th = -50.0, V_reset = -60.0, t_ref = 1.5;
constexpr double U = 0.4, tau_rec = 60.0, tau_fac = 25.0;
constexpr double eta = 0.2, p0 = 0.4, tau_pre = 20.0, b_th = 16.0;
constexpr double delay = 1.25;
constexpr Index excitatory = 12, inhibitory = 4, inputs = 10;

NetworkDescription describe(std::uint64_t seed) {
    NetworkDescription d;
    d.seed = seed;
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    std::uniform_real_distribution<double> anywhere(0.0, 80.0);
    std::vector<std::vector<double>> times(inputs);
    for (auto& train : times) {
        for (int i = 0; i < 6; ++i) train.push_back(anywhere(random));
        std::sort(train.begin(), train.end());
    }
    const Parameters parameters{{"tau_m", tau_m}, {"V_th", V_th}, {"V_reset", V_reset},
                                {"t_ref", t_ref}, {"C_m", 100.0}, {"I_e", 215.0}};
    d.populations = {trains("input", times), neurons("exc", "lif", excitatory, parameters),
                     neurons("inh", "lif", inhibitory, parameters)};
    d.populations[1].initial["V_m"] = d.populations[2].initial["V_m"] = uniform_between(-70.0, -52.0);
    auto plastic = projection("input", "exc", "membrane", 0.0, delay, indegree(4));
    plastic.weight = uniform_between(0.5, 2.0);
    plastic.plasticity.emplace();
    plastic.plasticity->rule = "burst_dependent";
    plastic.plasticity->parameters = {{"eta", eta}, {"p0", p0}, {"tau_pre", tau_pre}, {"w_min", 0.0}};
    auto recurrent = projection("exc", "exc", "membrane", 0.9, delay, indegree(4));
    recurrent.release = {{"tm", 1.0, {{"U", U}, {"tau_rec", tau_rec}, {"tau_fac", tau_fac}}}};
    d.projections = {plastic, recurrent, projection("exc", "inh", "membrane", 1.1, delay, indegree(5)),
                     projection("inh", "exc", "membrane", -0.8, delay, indegree(2))};
    return d;
}

struct Naive {
    struct Cell {
        double V, silent_until = 0.0, last = -1e9, u = U, x = 1.0, trace = 0.0;
        bool bursting = false, crossed = false;
        std::vector<double> spikes{};
    };
    struct Pulse {
        double time;
        std::size_t cell;
        double efficacy;  ///< of short-term plasticity
        double teaching;  ///< of the burst rule: what the spike teaches its own synapses
        bool is_event;
    };
    std::vector<Cell> cells;  ///< inputs, then excitatory, then inhibitory
    std::vector<Synapse> synapses;
    double h;

    static std::size_t source_of(const Synapse& s) {
        return s.source + (s.projection == 0 ? 0 : s.projection == 3 ? inputs + excitatory : inputs);
    }
    static std::size_t target_of(const Synapse& s) {
        return s.target + (s.projection == 2 ? inputs + excitatory : inputs);
    }

    void run(const NetworkDescription& d, double duration) {
        std::deque<Pulse> under_way;
        for (int step = 0; step * h < duration; ++step) {
            const double now = step * h;
            std::vector<Pulse> due;
            while (!under_way.empty() && under_way.front().time < now + 0.5 * h) {
                due.push_back(under_way.front());
                under_way.pop_front();
            }
            for (const Pulse& p : due) {
                for (Synapse& s : synapses) {
                    if (target_of(s) == p.cell && s.projection == 0)
                        s.weight = std::max(0.0, s.weight + eta * p.teaching * cells[source_of(s)].trace);
                    if (source_of(s) == p.cell && cells[target_of(s)].silent_until <= now) {
                        Cell& target = cells[target_of(s)];
                        target.V += s.weight * (s.projection == 1 ? p.efficacy : 1.0);
                        target.crossed = target.crossed || target.V >= V_th;  // tested after each arrival
                    }
                }
            }
            for (const Pulse& p : due) cells[p.cell].trace += p.is_event ? 1.0 : 0.0;
            for (std::size_t i = 0; i < cells.size(); ++i) {
                Cell& c = cells[i];
                c.trace -= h * c.trace / tau_pre;
                c.u += h * (U - c.u) / tau_fac;
                c.x += h * (1.0 - c.x) / tau_rec;
                bool fires = false;
                if (i < inputs) {
                    for (const double t : d.populations[0].spike_times[i])
                        fires = fires || (t > now - 0.5 * h && t <= now + 0.5 * h);
                } else if (c.silent_until <= now) {
                    fires = c.crossed || c.V >= V_th;
                    c.crossed = false;
                    c.V = fires ? V_reset : c.V + h * ((E_L - c.V) / tau_m + 215.0 / 100.0);
                }
                if (!fires) continue;
                c.silent_until = now + t_ref;
                c.spikes.push_back(now);
                const bool in_burst = i >= inputs && now - c.last <= b_th;
                const double teaching = !in_burst ? -p0 : c.bursting ? 0.0 : 1.0;
                c.bursting = in_burst;
                c.last = now;
                under_way.push_back({now + delay, i, c.u * c.x, teaching, !in_burst});
                c.x -= c.u * c.x;
                c.u += U * (1.0 - c.u);
            }
        }
    }
};

/// Over several networks.
struct Error {
    double squares = 0.0;  ///< [ms^2] of spike times
    double weight = 0.0;   ///< largest
    double learnt = 0.0;   ///< largest change
    std::size_t spikes = 0;
    std::size_t miscounted = 0;  ///< neurons with more or fewer spikes

    double time() const { return std::sqrt(squares / static_cast<double>(spikes)); }
};

void compare(std::uint64_t seed, double h, double duration, Error& error) {
    const NetworkDescription d = describe(seed);
    const Network start = build(d);
    Naive naive{{}, synapses(start), h};
    for (Index i = 0; i < inputs; ++i) naive.cells.push_back({E_L});
    for (Index i = 0; i < excitatory; ++i) naive.cells.push_back({sample(start, "exc", "V_m", i)});
    for (Index i = 0; i < inhibitory; ++i) naive.cells.push_back({sample(start, "inh", "V_m", i)});
    const auto before = naive.synapses;
    naive.run(d, duration);
    const Outcome engine = run(d, duration);

    for (std::size_t i = inputs; i < naive.cells.size(); ++i) {
        const bool is_exc = i < inputs + excitatory;
        auto train = engine.train(is_exc ? 1 : 2, static_cast<Index>(i - inputs - (is_exc ? 0 : excitatory)));
        auto& own = naive.cells[i].spikes;
        // One of the two may put a spike just behind the end.
        for (auto* times : {&train, &own})
            std::erase_if(*times, [&](double t) { return t > duration - 1.0; });
        if (train.size() != own.size()) {
            ++error.miscounted;
            continue;
        }
        for (std::size_t k = 0; k < train.size(); ++k)
            error.squares += (train[k] - own[k]) * (train[k] - own[k]);
        error.spikes += train.size();
    }
    for (std::size_t i = 0; i < naive.synapses.size(); ++i) {
        error.weight = std::max(error.weight, std::abs(naive.synapses[i].weight - engine.synapses[i].weight));
        error.learnt = std::max(error.learnt, std::abs(engine.synapses[i].weight - before[i].weight));
    }
}

TEST(NaiveSimulator, ApproachesTheEngineWithItsStep) {
    std::vector<Error> errors(3);
    std::size_t i = 0;
    for (const double h : {0.002, 0.0005, 0.000125}) {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) compare(seed, h, 60.0, errors[i]);
        RecordProperty("error_ms_" + std::to_string(i), std::to_string(errors[i].time()));
        ++i;
    }
    EXPECT_GT(errors[0].spikes, 600U);
    EXPECT_GT(errors[0].learnt, 0.5);
    for (std::size_t k = 1; k < errors.size(); ++k) {
        // First order: a quarter of the step, a quarter of the error. Where a spike hangs on a hair coarse
        // steps miss it, which weighs more.
        EXPECT_LT(errors[k].time(), 0.4 * errors[k - 1].time());
        EXPECT_LT(errors[k].weight, 0.5 * errors[k - 1].weight);
    }
    EXPECT_EQ(errors.back().miscounted, 0U);
    EXPECT_LT(errors.back().time(), 1e-3);
    EXPECT_LT(errors.back().weight, 1e-4 * errors.back().learnt);
}

}  // namespace
}  // namespace apical
