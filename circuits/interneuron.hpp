#pragma once

#include <string>
#include <string_view>

#include "core/spike.hpp"
#include "networks/config.hpp"
#include "networks/description.hpp"

namespace apical {

/// Relay cells between a population and the dendrites of another: leaky integrate-and-fire cells whose rate
/// is nearly linear in their input: because of noise, or, for a long tau_m, of a drive well above threshold.
/// Voltages and currents are in units of the distance from rest to threshold.
struct Interneuron {
    Index size = 50;       ///< neurons for the population, or for each of its ensembles
    double tau_m = 10.0;   ///< [ms]
    double drive = 0.5;    ///< constant
    double gain = 3.0;     ///< k: strength of their input
    double noise = 0.2;    ///< standard deviation of the free potential
    double t_ref = 1.0;    ///< [ms]
    double tau_syn = 3.0;  ///< [ms]
    double b = 0.0;        ///< adaptation per spike
    double tau_w = 50.0;   ///< [ms] of the adaptation
};

/// Declares and reads every key. If `idle` says why there are no such cells, a key that is given has no
/// effect.
void read_interneuron(ConfigTable table, Interneuron& cell, std::string_view idle);

/// `ensembles` times cell.size neurons.
PopulationDescription interneurons(const Interneuron& cell, const std::string& name, Index ensembles = 1);

/// What drives them: all `senders` of an ensemble, through `synapse`.
ProjectionDescription onto_interneurons(const Interneuron& cell, const std::string& from, Index senders,
                                        const std::string& to, ReleaseTerm synapse, double delay,
                                        Index ensembles = 1);

}  // namespace apical
