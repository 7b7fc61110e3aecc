#pragma once

#include "networks/description.hpp"
#include "synapses/tsodyks_markram.hpp"
#include "tasks/xor_config.hpp"

namespace apical {

/// The Tsodyks-Markram synapses that keys describe, and what they release.
inline TsodyksMarkram synapse_of(const XorConfig::Facilitation& keys) {
    TsodyksMarkram s;
    s.U = keys.U;
    s.tau_rec = keys.tau_rec;
    s.tau_fac = keys.tau_fac;
    return s;
}

inline TsodyksMarkram synapse_of(const XorConfig::Depression& keys) {
    TsodyksMarkram s;
    s.U = keys.U;
    s.tau_rec = keys.tau_rec;
    return s;
}

inline ReleaseTerm term_of(const TsodyksMarkram& s, double gain) {
    return {"tm", gain, {{"U", s.U}, {"tau_rec", s.tau_rec}, {"tau_fac", s.tau_fac}}};
}

}  // namespace apical
