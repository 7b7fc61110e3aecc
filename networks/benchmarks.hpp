#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "networks/description.hpp"

namespace apical {

/// What a statistic of a right simulation is: `value` within `tolerance`, over the length given.
struct Expectation {
    std::string statistic;  ///< rate_hz, rate_e_hz, rate_i_hz, cv, f1, f5, weight_mean, weight_sd
    double value;
    double tolerance;
};

/// A network by which simulators are compared, with the statistics that say whether one is right.
/// benchmarks/README.md defines the networks and says where the numbers come from.
struct Benchmark {
    std::string name;
    NetworkDescription network;
    std::vector<std::string> excitatory;  ///< populations the statistics are of,
    std::vector<std::string> inhibitory;  ///< those of both together, and the rates of each
    std::string learning;                 ///< the projection whose weights are judged, if any
    double warm_up;                       ///< [ms] before anything is measured
    double length;                        ///< [ms] that the expectations are for
    /// The cost of an event is that of a synapse alone: the time less that of the network without synapses.
    bool synapses_alone;
    std::vector<Expectation> expected;
};

/// The names, in the order in which a user reads them.
std::span<const std::string_view> benchmark_names();

/// `drive` is how external drives are drawn: poisson, with drawn times, or counts, in steps of 0.1 ms. Throws
/// ConfigError if there is none of this name.
Benchmark benchmark(std::string_view name, std::uint64_t seed,
                    Background::Kind drive = Background::Kind::poisson);

}  // namespace apical
