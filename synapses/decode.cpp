#include "synapses/decode.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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

/// The synapses of a sender, in step with one another.
class Paths {
public:
    explicit Paths(std::span<const TsodyksMarkram> synapses) {
        for (const TsodyksMarkram& s : synapses) {
            const auto same_facilitation = [&](const TsodyksMarkram& k) { return k.tau_fac == s.tau_fac; };
            const auto same_recovery = [&](const TsodyksMarkram& k) {
                return k.tau_rec == s.tau_rec && k.tau_psc == s.tau_psc &&
                       (k.variant == Variant::tm3) == (s.variant == Variant::tm3);
            };
            paths_.push_back({s, s.initial(), 0.0, index(facilitations_, s, same_facilitation),
                              index(recoveries_, s, same_recovery)});
        }
    }

    using Decays = std::vector<TsodyksMarkram::Decay>;
    struct Step {
        Decays facilitation;  ///< by different tau_fac
        Decays recovery;      ///< by different tau_rec and tau_psc
    };
    /// What becomes of them over a time [ms].
    void decay(double dt, Step& step) const {
        const auto fill = [dt](const std::vector<TsodyksMarkram>& kinds, Decays& decays) {
            decays.clear();
            for (const TsodyksMarkram& kind : kinds) decays.push_back(kind.decay(dt));
        };
        fill(facilitations_, step.facilitation);
        fill(recoveries_, step.recovery);
    }

    void spike(const Step& step) {
        for (Path& path : paths_) {
            TsodyksMarkram::Decay decay = step.recovery[path.recovery];
            decay.facilitation = step.facilitation[path.facilitation].facilitation;
            path.released += path.synapse.release(path.state, decay);
        }
    }

    /// Gives what each has released since the last call, and begins anew from rest.
    std::vector<double> take() {
        std::vector<double> all;
        for (Path& path : paths_) {
            all.push_back(path.released);
            path.released = 0.0;
            path.state = path.synapse.initial();
        }
        return all;
    }

private:
    using Variant = TsodyksMarkram::Variant;
    struct Path {
        TsodyksMarkram synapse;
        TsodyksMarkram::State state;
        double released;
        std::size_t facilitation;
        std::size_t recovery;
    };

    template <class Same>
    static std::size_t index(std::vector<TsodyksMarkram>& kinds, const TsodyksMarkram& synapse, Same same) {
        const auto found = std::find_if(kinds.begin(), kinds.end(), same);
        if (found != kinds.end()) return static_cast<std::size_t>(found - kinds.begin());
        kinds.push_back(synapse);
        return kinds.size() - 1;
    }

    std::vector<Path> paths_;
    std::vector<TsodyksMarkram> facilitations_;
    std::vector<TsodyksMarkram> recoveries_;
};

constexpr std::array rates{1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0};  // [Hz]
constexpr std::array probabilities{0.1, 0.3, 0.5, 0.7, 0.9};

/// Adds a point: the train at an event rate and a burst probability.
void simulate(Paths& paths, const Sender& sender, double rate, double burst_probability,
              std::span<const Event> train, Releases& result) {
    const double mean_gap = 1000.0 / rate - sender.R;
    Paths::Step within, between;
    paths.decay(sender.interval, within);
    double since_last = 0.0;
    double duration = 0.0;
    double bursts = 0.0;
    for (const Event& event : train) {
        const double interval = sender.R + mean_gap * event.gap;
        duration += interval / 1000.0;
        paths.decay(interval - since_last, between);
        paths.spike(between);
        since_last = 0.0;
        if (event.lottery > burst_probability) continue;
        bursts += 1.0;
        for (int further = 1; further < sender.spikes; ++further) {
            paths.spike(within);
            since_last += sender.interval;
        }
    }
    result.e.push_back(static_cast<double>(train.size()) / duration);
    result.b.push_back(bursts / duration);
    const std::vector<double> released = paths.take();
    for (std::size_t i = 0; i < released.size(); ++i) result.released[i].push_back(released[i] / duration);
}

/// With synapse y as the facilitating one and q as the other.
std::vector<Drive> drives(const Releases& r, std::size_t y, std::size_t q) {
    std::vector<Drive> samples;
    for (std::size_t i = 0; i < r.e.size(); ++i)
        samples.push_back({r.e[i], r.b[i], r.released[y][i], r.released[q][i]});
    return samples;
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
    // Equal synapses leave nothing but rounding.
    const bool none = !(std::abs(result.C) > 1e-12 * (std::abs(y.b) + std::abs(r * q.b)));
    result.R2 = none ? std::numeric_limits<double>::quiet_NaN() : 1.0 - residual / variance;
    return result;
}

Releases releases(std::span<const TsodyksMarkram> synapses, const Sender& sender) {
    if (sender.spikes < 2 || !(sender.interval > 0.0) ||
        !((sender.spikes - 1) * sender.interval < sender.R)) {
        throw ModelError(
            "decode: a burst has two spikes or more and ends before R, the minimal interval of events");
    }
    const double slower = std::min(1.0, 25.0 / sender.R);
    const auto train =
        draw_train(10000);  // one for all: noise is then common to the samples, and small in differences
    Paths paths(synapses);
    Releases result{{}, {}, std::vector<std::vector<double>>(synapses.size())};
    for (const double rate : rates) {
        for (const double p : probabilities) simulate(paths, sender, slower * rate, p, train, result);
    }
    return result;
}

Separation separate(const Releases& releases, std::size_t one, std::size_t other, double p0) {
    const Separation s = separate(drives(releases, one, other), p0);
    if (s.C >= 0.0) return s;
    return separate(drives(releases, other, one), p0);
}

Decoding decode(const TsodyksMarkram& facilitating, const TsodyksMarkram& depressing, const Sender& sender) {
    const Releases simulated = releases(std::array{facilitating, depressing}, sender);
    const std::vector<Drive> samples = drives(simulated, 0, 1);
    const Separation separation = separate(samples, sender.p0);
    const std::span all{samples};
    const auto n = probabilities.size();
    return {separation, null_p(separation, all.subspan(2 * n, n)), null_p(separation, all.last(n))};
}

}  // namespace apical
