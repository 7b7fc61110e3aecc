#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "networks/description.hpp"
#include "synapses/decode.hpp"

namespace apical {

/// Interneurons between the bursting neurons of one population and the dendrites of others: what they make of
/// event rate e and burst rate b has to be known for the inhibition to balance the excitation, and is
/// measured.
struct RelayStudy {
    PopulationDescription sender;               ///< stochastic_pyramidal; its bias and target are set here
    std::vector<PopulationDescription> relays;  ///< interneurons
    std::vector<ProjectionDescription> onto_relays;  ///< one for each, from the sender
    std::vector<std::vector<ReleaseTerm>> direct;    ///< synapses that reach the dendrites without a relay
    std::vector<double> event_rates;                 ///< [Hz]
    std::vector<double> burst_probabilities;
    double settling = 200.0;  ///< [ms] not measured, at each point
    double length = 2000.0;   ///< [ms] measured
    std::uint64_t seed = 1;
    std::size_t threads = 1;
};

/// Event rates [Hz] to study, from nearly the maximum, where the cells that carry a target of 1 spend their
/// time, to nearly silent.
std::vector<double> rates_to_study(double t_ref);

/// One point of the grid: per sender neuron and second, what happened; per interneuron, its rate.
struct RelayPoint {
    double e;                    ///< [Hz] events
    double b;                    ///< [Hz] bursts
    std::vector<double> relays;  ///< [Hz] of each relay's interneurons
    std::vector<double> direct;  ///< [Hz] efficacy released by each direct synapse
};

/// Simulates sender and relays at each event rate and burst probability.
std::vector<RelayPoint> study(const RelayStudy& study);

/// What two pathways, of which at least one is a relay, make of b - p0 e, and how well: the resting rate of
/// either is fitted.
struct RelayDecoder {
    double r;         ///< balance: Y - r Q is zero at p0
    double C;         ///< signal left
    double rest_y;    ///< [Hz] of the burst pathway
    double rest_q;    ///< [Hz] of the event pathway
    double R2;        ///< of the estimate against b - p0 e
    double residual;  ///< [Hz] its root mean square error
    Separation fit;   ///< the planes
};
RelayDecoder fit_relay(std::span<const Drive> samples, double p0);

/// Throws ModelError if the pathways of `name` do not tell bursts from events.
void expect_separation(const RelayDecoder& relay, const std::string& name);

}  // namespace apical
