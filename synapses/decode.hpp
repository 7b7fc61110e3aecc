#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// Mean drives of two pathways at one event rate e and one burst rate b of the sender, all in Hz: a drive is
/// the efficacy released per second, or the rate of a relay of interneurons.
struct Drive {
    double e;
    double b;
    double y;  ///< of the facilitating pathway, which prefers bursts
    double q;  ///< of the depressing pathway, which prefers events
};

/// How two pathways together tell bursts from events. Their drives are planes,
///
///     Y = a_e e + a_b b,   Q = q_0 + q_e e + q_b b      (q_0: what a relay does at rest)
///
/// and what is left of Y after r Q,
///
///     (Y - r (Q - q_0)) / C,   r = (a_e + p0 a_b) / (q_e + p0 q_b),   C = a_b - r q_b,
///
/// estimates b - p0 e: it is zero at the burst probability p0 at any rate, as far as the planes are planes.
struct Separation {
    double a_e, a_b;       ///< Y per event and per burst
    double q_0, q_e, q_b;  ///< Q at rest [Hz], per event and per burst
    double r;              ///< the Q-Y symmetry of spiking synapses is Q = -r Y
    double C;              ///< signal left: 1/C is to be made up by Y. Negative: the synapses are swapped
    double R2;             ///< of the estimate against b - p0 e over the samples: 1 - residual / variance

    /// The estimate of b - p0 e [Hz] from the drives [Hz].
    double operator()(double y, double q) const { return (y - r * (q - q_0)) / C; }
};

enum class Rest { zero, fitted };

/// Fits the planes, with weights 1/e, to samples of e > 0. `p0` is the sender's; q_0 is 0, or fitted as well.
Separation separate(std::span<const Drive> samples, double p0, Rest rest = Rest::zero);

/// The neurons whose bursts are decoded: an event no sooner than R after the last one, then at constant
/// hazard; with some probability it becomes a burst of regular spikes.
struct Sender {
    double p0 = 0.5;        ///< burst probability that carries no error
    int spikes = 2;         ///< in a burst
    double interval = 8.0;  ///< [ms] between them
    double R = 25.0;        ///< [ms] minimal interval of events
};

/// What synapses of one sender release, at the points of the regression.
struct Releases {
    std::vector<double> e;                      ///< [Hz] events, by point
    std::vector<double> b;                      ///< [Hz] bursts
    std::vector<std::vector<double>> released;  ///< [Hz] efficacy per second: by synapse, by point
};

/// Simulates synapses at event rates of 1 to 30 Hz and burst probabilities of 0.1 to 0.9; where R does not
/// allow 30 Hz, at rates slower in proportion, up to 0.75 / R. Each point is a train of 10 000 events, the
/// same random numbers in all and at every call. Many synapses cost less than each by itself: they go through
/// a train in step, and those of one time constant share its decay. Throws ModelError if a burst does not fit
/// into R.
Releases releases(std::span<const TsodyksMarkram> synapses, const Sender& sender);

/// How synapses `one` and `other` tell bursts from events as a pair, in whichever order gives a signal: Y is
/// the one that prefers bursts, so that C >= 0. R2 is NaN if they do not differ in that, as two equal ones.
Separation separate(const Releases& releases, std::size_t one, std::size_t other, double p0);

struct Decoding {
    Separation separation;
    double null_p_slow;  ///< burst probability at which the estimate is 0 at 3 Hz; NaN: none
    double null_p_fast;  ///< the same at 30 Hz
};

/// Simulates the two synapses as releases() does; where R does not allow 30 Hz the null p are those at a
/// tenth of the top rate and at the top. Standard errors, over seeds: coefficients, r and C 0.1 % (0.4 % with
/// time constants of 100 ms), R2 0.0004 where it exceeds 0.98 and 0.004 at 0.75, null p 0.002.
Decoding decode(const TsodyksMarkram& facilitating, const TsodyksMarkram& depressing, const Sender& sender);

}  // namespace apical
