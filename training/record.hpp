#pragma once

#include "circuits/circuit.hpp"
#include "networks/config.hpp"
#include "networks/description.hpp"

namespace apical {

/// What a training run records.
struct RecordConfig {
    bool spikes = false;
    Index images = 0;  ///< whose spikes are kept all the same: of parts of the run
    bool traces = true;
    bool weights = true;
    double trace_bin = 0.0;  ///< [ms]; 0: for up to a thousand bins

    /// Whether only parts of the spikes are recorded.
    bool parts() const { return !spikes && images > 0; }
};

/// Declares and reads the keys of [record]; `c`: the defaults; of `images` and `trace_bin` those that it has.
RecordConfig read_record(ConfigTable record, RecordConfig c);

/// Asks for it. `end` [ms] is when the run ends.
void record(NetworkDescription& description, const RecordConfig& config, const Circuit& circuit, double end);

}  // namespace apical
