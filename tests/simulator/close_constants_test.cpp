#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "neurons/adaptive_lif.hpp"
#include "neurons/alpha_lif.hpp"
#include "simulator/linear_population.hpp"
#include "tests/simulator/network.hpp"

namespace apical {
namespace {

using namespace test;

/// A linear neuron by the power series of its equation in long double, over steps much shorter than its
/// fastest time constant: it knows nothing of eigenvalues.
class Naive {
public:
    explicit Naive(const LinearDynamics& dynamics)
        : d_(dynamics), free_(d_.affine()), held_(d_.affine_held()), readout_(d_.affine_readout()) {
        readout_[readout_.size() - 1] = -d_.threshold;  // the crossing itself, without a margin
        longest_ = 0.2 / d_.A.diagonal().cwiseAbs().maxCoeff();
    }

    struct Arrival {
        Time time;
        std::size_t port;
        double weight;
    };
    struct Crossing {
        Time time;
        double slope;  ///< [mV/ms]
    };

    /// Spikes before `end`, from the state `x`.
    std::vector<Crossing> run(const std::vector<double>& x, const std::vector<Arrival>& arrivals, Time end) {
        y_.assign(x.begin(), x.end());
        y_.push_back(1.0L);
        now_ = Time{};
        release_ = Time{};
        spikes_.clear();
        for (const Arrival& arrival : arrivals) {
            advance(arrival.time);
            for (std::size_t i = 0; i + 1 < y_.size(); ++i) {
                if (is_held() && i == membrane()) continue;
                y_[i] += static_cast<long double>(arrival.weight) *
                         d_.gains(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(arrival.port));
            }
            if (!is_held() && potential(y_) >= 0.0L)
                spike(1e9);  // by a jump: at its tick, whatever the slope
        }
        advance(end);
        return spikes_;
    }

private:
    using State = std::vector<long double>;

    std::size_t membrane() const { return static_cast<std::size_t>(d_.membrane); }
    bool is_held() const { return now_ < release_; }

    static State times(const Eigen::MatrixXd& M, const State& y) {
        State product(y.size());
        for (std::size_t i = 0; i < y.size(); ++i) {
            for (std::size_t j = 0; j < y.size(); ++j)
                product[i] += M(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) * y[j];
        }
        return product;
    }
    static State moved(const Eigen::MatrixXd& M, const State& y, long double h) {
        State sum = y;
        State term = y;
        for (int k = 1; k <= 14; ++k) {
            term = times(M, term);
            for (std::size_t i = 0; i < y.size(); ++i) sum[i] += (term[i] *= h / k);
        }
        return sum;
    }
    long double potential(const State& y) const {
        long double sum = 0.0L;
        for (std::size_t i = 0; i < y.size(); ++i) sum += readout_[static_cast<Eigen::Index>(i)] * y[i];
        return sum;
    }

    void advance(Time end) {
        while (now_ < end) {
            const Time until = std::min(end, is_held() ? release_ : end);
            const Time next = std::min(until, now_ + std::max(Duration{1}, ticks(longest_)));
            const State begin = y_;
            const Eigen::MatrixXd& M = is_held() ? held_ : free_;
            y_ = moved(M, begin, ms(next - now_));
            if (is_held() || potential(y_) < 0.0L) {
                now_ = next;
                continue;
            }
            long double low = 0.0L;
            long double high = ms(next - now_);
            for (int i = 0; i < 80; ++i) {
                const long double middle = 0.5L * (low + high);
                (potential(moved(M, begin, middle)) < 0.0L ? low : high) = middle;
            }
            const Time at = now_ + ticks_up(static_cast<double>(high));
            y_ = moved(M, begin, ms(at - now_));
            now_ = at;
            spike(static_cast<double>(potential(times(free_, y_))));
        }
    }
    void spike(double slope) {
        spikes_.push_back({now_, slope});
        for (std::size_t i = 0; i + 1 < y_.size(); ++i) y_[i] += d_.jump[static_cast<Eigen::Index>(i)];
        y_[membrane()] = d_.V_reset;
        release_ = now_ + ticks(d_.t_ref);
    }

    LinearDynamics d_;
    Eigen::MatrixXd free_;
    Eigen::MatrixXd held_;
    Eigen::VectorXd readout_;
    double longest_;
    State y_;
    Time now_{};
    Time release_{};
    std::vector<Crossing> spikes_;
};

template <class Model>
Model with(const Parameters& parameters) {
    Model model;
    for (const auto& [name, value] : parameters) assign(model, name, value, "test");
    return model;
}

struct Case {
    std::string model;
    Parameters parameters;
    double excitation;
    double inhibition;
};

const double tau = 10.0;
const double closenesses[] = {0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 2e-3, 0.01, 0.1, 0.24, 0.26, 0.35};

/// Two to five time constants within a closeness of one another, alone, with oscillations, and four orders of
/// magnitude from another.
std::vector<Case> cases(double c) {
    const Parameters driven = {
        {"t_ref", 2.0}, {"V_reset", -56.0}, {"V_th", -50.0}, {"C_m", 250.0}, {"I_e", 400.0}};
    const auto cell = [&](const std::string& model, Parameters parameters, double excitation,
                          double inhibition) {
        for (const auto& [name, value] : driven) parameters.insert({name, value});
        return Case{model, parameters, excitation, inhibition};
    };
    return {
        cell("adaptive_lif", {{"tau_m", tau}, {"tau_syn_ex", tau * (1 + c)}, {"tau_syn_in", 5.0}}, 588, -90),
        cell(
            "adaptive_lif",
            {{"tau_m", tau}, {"tau_syn_ex", tau}, {"tau_syn_in", 5.0}, {"tau_w", tau * (1 + c)}, {"b", 50.0}},
            588, -90),
        cell("adaptive_lif",
             {{"tau_m", tau},
              {"tau_syn_ex", tau * (1 + c)},
              {"tau_syn_in", tau * (1 + 2 * c)},
              {"tau_w", tau * (1 - c)},
              {"b", 30.0}},
             500, -90),
        cell("adaptive_lif",
             {{"tau_m", tau},
              {"tau_syn_ex", tau * (1 + c)},
              {"tau_syn_in", tau},
              {"tau_w", tau * (1 + c)},
              {"a", 0.3},
              {"b", 30.0}},
             700, -90),
        cell("adaptive_lif",
             {{"tau_m", tau},
              {"tau_syn_ex", 0.1},
              {"tau_syn_in", 0.1 * (1 + c)},
              {"tau_w", 1000.0},
              {"a", 1e-6},
              {"b", 3.0}},
             15000, -900),
        cell("alpha_lif", {{"tau_m", tau}, {"tau_syn_ex", tau * (1 + c)}, {"tau_syn_in", 2.0}}, 150, -60),
        cell("alpha_lif", {{"tau_m", tau}, {"tau_syn_ex", tau * (1 - c)}, {"tau_syn_in", tau}}, 150, -60),
        cell("alpha_lif", {{"tau_m", 500.0}, {"tau_syn_ex", 500.0 * (1 + c)}, {"tau_syn_in", 0.5}}, 60, -60)};
}

NetworkDescription network(const Case& c) {
    NetworkDescription d;
    d.populations = {trains("input", {{5.5, 6.8, 30.0, 31.7, 55.0}}),
                     neurons("cell", c.model, 1, c.parameters)};
    d.projections = {projection("input", "cell", "excitatory", c.excitation, 0.8),
                     projection("input", "cell", "inhibitory", c.inhibition, 2.6)};
    d.projections[1].name = "inhibition";
    return d;
}

std::vector<Naive::Crossing> expected(const Case& c, const NetworkDescription& d, double duration) {
    std::vector<Naive::Arrival> arrivals;
    for (const ProjectionDescription& p : d.projections) {
        const std::size_t port = p.port == "inhibitory" ? 1 : 0;
        for (const double time : d.populations[0].spike_times[0])
            arrivals.push_back({at(time) + ticks(p.delay), port, p.weight.a});
    }
    std::stable_sort(arrivals.begin(), arrivals.end(),
                     [](const Naive::Arrival& a, const Naive::Arrival& b) { return a.time < b.time; });
    const auto spikes = [&](const auto& model) {
        const auto x = model.initial().x;
        return Naive(model.linear()).run({x.begin(), x.end()}, arrivals, at(duration));
    };
    return c.model == "alpha_lif" ? spikes(with<AlphaLif>(c.parameters))
                                  : spikes(with<AdaptiveLif>(c.parameters));
}

TEST(CloseTimeConstants, SpikesAreThoseOfANaiveSimulatorInBothLoops) {
    constexpr double duration = 90.0;
    for (const double c : closenesses) {
        std::size_t number = 0;
        for (const Case& tested : cases(c)) {
            const NetworkDescription d = network(tested);
            const std::vector<Naive::Crossing> right = expected(tested, d, duration);
            EXPECT_GE(right.size(), 1U) << "a test of silence";
            for (const Loop loop : {Loop::automatic, Loop::visiting}) {
                BuildOptions options;
                options.loop = loop;
                ASSERT_EQ(runs_in<LinearPopulation>(build(d, options), "cell"), loop == Loop::automatic);
                const std::vector<double> found = run(d, duration, options).train(1);
                const std::string label = tested.model + " " + std::to_string(number) + ", " +
                                          std::to_string(c) + " apart" +
                                          (loop == Loop::visiting ? ", visiting" : "");
                ASSERT_EQ(found.size(), right.size()) << label;
                double flattest = 1.0;  // a crossing inherits what those before it were off by
                for (std::size_t i = 0; i < found.size(); ++i) {
                    flattest = std::min(flattest, right[i].slope);
                    EXPECT_NEAR(found[i], ms(right[i].time), 2.0 * tick / flattest)
                        << label << ", spike " << i;
                }
            }
            ++number;
        }
    }
}

/// Replaying is what costs time: how near time constants are may not make more of it.
TEST(CloseTimeConstants, ReplayNoMoreThanOthers) {
    const auto replayed = [](double c, double other) {
        NetworkDescription d;
        d.populations = {neurons("input", "poisson", 100, {{"rate", 30.0}}),
                         neurons("cells", "alpha_lif", 200,
                                 {{"tau_m", 20.0}, {"tau_syn_ex", 20.0 * (1 + c)}, {"tau_syn_in", other}})};
        d.populations[1].initial["V_m"] = uniform_between(-70.0, -57.0);
        d.projections = {projection("input", "cells", "excitatory", 10.0, 0.6, indegree(20)),
                         projection("input", "cells", "inhibitory", -4.0, 0.6, indegree(10))};
        d.projections[1].name = "inhibition";
        Network network = build(d);
        network.simulation->run_until(at(200.0));
        EXPECT_GT(network.simulation->spikes(), 1200U);  // six hundred of them of the input
        const auto& cells = dynamic_cast<const LinearPopulation&>(network.simulation->population(1));
        return static_cast<double>(cells.replayed()) / static_cast<double>(cells.tested());
    };
    for (const double other : {3.0, 20.0}) {
        const double apart = replayed(0.1, other);
        EXPECT_LT(apart, 0.1);
        for (const double c : {0.0, 1e-12, 1e-6, 2e-3, 0.24, 0.26})
            EXPECT_LT(replayed(c, other), 1.3 * apart) << c;
    }
}

/// Jumps to a few microvolts above threshold, where few cells are reached at a time: each is a spike, at its
/// tick.
TEST(LinearLoop, BoundLosesNoCellThatIsHardlyAboveThreshold) {
    constexpr Index size = 400;
    std::vector<std::vector<double>> times;
    for (Index i = 0; i < size; ++i) times.push_back({1.0 + 0.21 * static_cast<double>(i)});
    NetworkDescription d;
    d.populations = {trains("input", times), neurons("cells", "adaptive_lif", size, {{"b", 1.0}})};
    d.projections = {projection("input", "cells", "membrane", 0.0, 0.6, one_to_one())};
    d.projections[0].weight = uniform_between(20.00001, 20.01);
    ASSERT_TRUE(runs_in<LinearPopulation>(build(d), "cells"));
    const Outcome outcome = run(d, 100.0);
    for (Index i = 0; i < size; ++i) {
        const std::vector<double> train = outcome.train(1, i);
        ASSERT_EQ(train.size(), 1U) << i;
        EXPECT_NEAR(train[0], times[i][0] + 0.6, 2 * tick);
    }
}

}  // namespace
}  // namespace apical
