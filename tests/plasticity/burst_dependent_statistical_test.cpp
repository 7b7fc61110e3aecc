#include <cmath>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "plasticity/burst_dependent.hpp"
#include "tests/plasticity/synapse.hpp"

namespace apical {
namespace {

/// Mean and spread of independent numbers.
class Sample {
public:
    void add(double x) {
        n_ += 1.0;
        sum_ += x;
        squares_ += x * x;
    }
    double mean() const { return sum_ / n_; }
    double variance() const { return (squares_ - sum_ * sum_ / n_) / (n_ - 1.0); }
    double standard_error() const { return std::sqrt(variance() / n_); }

private:
    double n_ = 0.0, sum_ = 0.0, squares_ = 0.0;
};

constexpr double source_rate = 0.02;  // [1/ms] Poisson events
constexpr double R = 30.0;            // [ms] minimal interval of the target's events
constexpr double mean_gap = 70.0;     // [ms] beyond R: 10 Hz
constexpr double burst_interval = 8.0;

/// Plays `duration` ms of a Poisson source and a target that bursts at random; returns the change of weight.
template <class Rule>
double play(Synapse<Rule>& s, double p, double duration, Stream& stream) {
    const auto gap = [&](double mean) { return -mean * log(uniform(stream())); };
    const double w = s.w;
    double source = gap(1.0 / source_rate);
    const auto source_until = [&](double time) {
        for (; source < time; source += gap(1.0 / source_rate)) s.source_spikes(source);
    };
    for (double t = 1000.0 + gap(mean_gap); t < 1000.0 + duration; t += R + gap(mean_gap)) {
        source_until(t);
        s.target_spikes(t, SpikeKind::event, p);
        if (uniform(stream()) > p) continue;
        source_until(t + burst_interval);
        s.target_spikes(t + burst_interval, SpikeKind::burst, p);
    }
    return s.w - w;
}

template <class Rule>
Sample drifts(const Rule& rule, double p) {
    Sample sample;
    for (std::uint32_t trial = 0; trial < 400; ++trial) {
        Stream stream{StreamKey{1, "test", "drift", trial}};
        Synapse<Rule> synapse{rule};
        sample.add(play(synapse, p, 10000.0, stream));
    }
    return sample;
}

/// Source and target are independent, so E[dw] = eta (p - p0) (number of events) (mean of the trace). The
/// number of events is that of the stationary train to within one in a hundred, allowed for beside four
/// standard errors (probability 6e-5).
TEST(BurstDependentDrift, FollowsTheExcessOfBursts) {
    const double eta = 0.01, tau_pre = 20.0, p0 = 0.4;
    const double events = 10000.0 / (R + mean_gap);
    for (const double p : {0.1, 0.4, 0.9}) {
        const double expected = eta * (p - p0) * events * source_rate * tau_pre;
        const Sample sampled = drifts(BurstCcnRule{.eta = eta, .tau_pre = tau_pre, .p0 = p0}, p);
        const Sample reduced =
            drifts(VarianceReducedBurstCcnRule{.eta = eta, .tau_pre = tau_pre, .p0 = p0}, p);
        EXPECT_NEAR(sampled.mean(), expected, 4.0 * sampled.standard_error() + 0.01 * std::abs(expected));
        EXPECT_NEAR(reduced.mean(), expected, 4.0 * reduced.standard_error() + 0.01 * std::abs(expected));
        EXPECT_LT(reduced.variance(), 0.75 * sampled.variance()) << "with equal variances once in 500";
    }
}

/// The average over 2 e tau = 400 independent lotteries has a standard deviation of 0.023, and 2000 s hold 50
/// of them.
TEST(BurstpropAverage, ConvergesToTheBurstProbability) {
    const double p = 0.3, tau = 20000.0;
    Stream stream{StreamKey{1, "test", "average"}};
    Synapse<BurstpropRule> s{{.tau_average = tau}};
    Synapse<VarianceReducedBurstpropRule> reduced{{.tau_average = tau}};
    Sample averages, averages_of_marks;
    for (int event = 0; event < 21000; ++event) {
        const double dt = R - mean_gap * log(uniform(stream()));
        const double mark = uniform(stream()) <= 0.5 ? 0.1 : 0.5;  // p on average
        const bool bursts = uniform(stream()) <= mark;
        const double P = -s.target_spikes(s.last_of_target + dt);
        const double P_of_marks =
            mark - reduced.target_spikes(reduced.last_of_target + dt, SpikeKind::event, mark);
        if (bursts) s.rule.fire(s.target, 0.0, SpikeKind::burst, mark);
        if (event < 1000) continue;
        averages.add(P);
        averages_of_marks.add(P_of_marks);
    }
    EXPECT_NEAR(averages.mean(), p, 4.0 * std::sqrt(p * (1.0 - p) / 20000.0));
    EXPECT_NEAR(averages_of_marks.mean(), p, 4.0 * std::sqrt(0.04 / 20000.0));
    EXPECT_LT(averages_of_marks.variance(), averages.variance());
}

}  // namespace
}  // namespace apical
