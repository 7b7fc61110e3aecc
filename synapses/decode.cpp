#include "synapses/decode.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"

namespace apical {
namespace {

/// drive = zero + e (event rate) + b (burst rate)
struct Plane {
    double zero, e, b;
};

/// Least squares with weights 1/e.
Plane fit(std::span<const Drive> samples, double Drive::*drive, Rest rest) {
    Drive mean{};
    if (rest == Rest::fitted) {  // a plane with an intercept is one through the weighted means
        double weights = 0.0;
        for (const Drive& s : samples) {
            mean.b += s.b / s.e;
            mean.*drive += s.*drive / s.e;
            weights += 1.0 / s.e;
        }
        mean.e = static_cast<double>(samples.size()) / weights;
        mean.b /= weights;
        mean.*drive /= weights;
    }
    double ee = 0.0, eb = 0.0, bb = 0.0, ed = 0.0, bd = 0.0;
    for (const Drive& s : samples) {
        const double e = s.e - mean.e;
        const double b = s.b - mean.b;
        const double d = s.*drive - mean.*drive;
        ee += e * e / s.e;
        eb += e * b / s.e;
        bb += b * b / s.e;
        ed += e * d / s.e;
        bd += b * d / s.e;
    }
    const double determinant = ee * bb - eb * eb;
    const double per_event = (ed * bb - bd * eb) / determinant;
    const double per_burst = (bd * ee - ed * eb) / determinant;
    return {mean.*drive - per_event * mean.e - per_burst * mean.b, per_event, per_burst};
}

/// An event of a train at rate 1: the gap after the refractory period, and the number that decides whether it
/// bursts.
struct Event {
    double gap;
    double lottery;
};

std::vector<Event> draw_train(std::size_t length) {
    Stream stream{StreamKey{1, "decode", ""}};
    std::vector<Event> train(length);
    for (Event& event : train) {
        event.gap = -log(uniform(stream()));
        event.lottery = uniform(stream());
    }
    return train;
}

/// One synapse of a sender, and what it has released.
struct Path {
    const TsodyksMarkram& synapse;
    TsodyksMarkram::State state = synapse.initial();
    double released = 0.0;

    void spike(double dt) { released += synapse.release(state, dt); }
};

Drive simulate(const TsodyksMarkram& facilitating, const TsodyksMarkram& depressing, const Sender& sender,
               double rate, double burst_probability, std::span<const Event> train) {
    Path y{facilitating};
    Path q{depressing};
    const double mean_gap = 1000.0 / rate - sender.R;
    double since_last = 0.0;
    double duration = 0.0;
    double bursts = 0.0;
    for (const Event& event : train) {
        const double interval = sender.R + mean_gap * event.gap;
        duration += interval / 1000.0;
        y.spike(interval - since_last);
        q.spike(interval - since_last);
        since_last = 0.0;
        if (event.lottery > burst_probability) continue;
        bursts += 1.0;
        for (int further = 1; further < sender.spikes; ++further) {
            y.spike(sender.interval);
            q.spike(sender.interval);
            since_last += sender.interval;
        }
    }
    return {static_cast<double>(train.size()) / duration, bursts / duration, y.released / duration,
            q.released / duration};
}

/// Where the straight line through the estimates at one event rate crosses zero, as a burst probability.
double null_p(const Separation& estimate, std::span<const Drive> samples) {
    double n = 0.0, p = 0.0, d = 0.0, pp = 0.0, pd = 0.0;
    for (const Drive& s : samples) {
        const double probability = s.b / s.e;
        const double decoded = estimate(s.y, s.q) / s.e;
        n += 1.0;
        p += probability;
        d += decoded;
        pp += probability * probability;
        pd += probability * decoded;
    }
    const double slope = (n * pd - p * d) / (n * pp - p * p);
    const double root = (p - d / slope) / n;
    return root >= 0.0 && root <= 1.0 ? root : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Separation separate(std::span<const Drive> samples, double p0, Rest rest) {
    const Plane y = fit(samples, &Drive::y, Rest::zero);
    const Plane q = fit(samples, &Drive::q, rest);
    const double r = (y.e + p0 * y.b) / (q.e + p0 * q.b);
    Separation result{y.e, y.b, q.zero, q.e, q.b, r, y.b - r * q.b, 0.0};
    double mean = 0.0;
    for (const Drive& s : samples) mean += (s.b - p0 * s.e) / static_cast<double>(samples.size());
    double residual = 0.0, variance = 0.0;
    for (const Drive& s : samples) {
        const double signal = s.b - p0 * s.e;
        residual += (result(s.y, s.q) - signal) * (result(s.y, s.q) - signal);
        variance += (signal - mean) * (signal - mean);
    }
    result.R2 = 1.0 - residual / variance;
    return result;
}

Decoding decode(const TsodyksMarkram& facilitating, const TsodyksMarkram& depressing, const Sender& sender) {
    if (sender.spikes < 2 || !(sender.interval > 0.0) ||
        !((sender.spikes - 1) * sender.interval < sender.R)) {
        throw ModelError(
            "decode: a burst has two spikes or more and ends before R, the minimal interval of events");
    }
    constexpr std::array rates{1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0};  // [Hz]
    constexpr std::array probabilities{0.1, 0.3, 0.5, 0.7, 0.9};
    const double slower = std::min(1.0, 25.0 / sender.R);
    const auto train =
        draw_train(10000);  // one for all: noise is then common to the samples, and small in differences
    std::vector<Drive> samples;
    for (const double rate : rates) {
        for (const double p : probabilities) {
            samples.push_back(simulate(facilitating, depressing, sender, slower * rate, p, train));
        }
    }
    const Separation separation = separate(samples, sender.p0);
    const std::span all{samples};
    const auto n = probabilities.size();
    return {separation, null_p(separation, all.subspan(2 * n, n)), null_p(separation, all.last(n))};
}

}  // namespace apical
