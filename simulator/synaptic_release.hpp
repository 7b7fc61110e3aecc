#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/spike.hpp"
#include "recorders/archive.hpp"
#include "synapses/table.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// Short-term plasticity with a state in each synapse, not one for each source: a row's synapses are brought
/// up to date when it is delivered, and the table's weights are those last delivered. A synapse begins at
/// rest; the parameter u_0 has no effect.
class SynapticRelease {
public:
    /// The table has a weight for each synapse: what it delivers at an efficacy of 1.
    SynapticRelease(const TsodyksMarkram& synapse, Table& table);

    /// Before a row is delivered at `time`: its weights are what they release then.
    void arrive(Index source, Time time);
    /// Throws ModelError, which begins with `owner`.
    void set_parameter(std::string_view parameter, double value, const std::string& owner);
    /// All synapses at rest.
    void reset();
    void persist(Archive& archive);

private:
    TsodyksMarkram synapse_;
    Table* table_;
    std::vector<Time> last_;      ///< by source: its last arrival
    std::vector<float> weights_;  ///< by synapse, as the next three
    std::vector<float> u_;
    std::vector<float> x_;
    std::vector<float> y_;
};

}  // namespace apical
