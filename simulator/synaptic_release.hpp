#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulator/learning.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

/// Short-term plasticity with a state in each synapse, not one for each source: a row's synapses are brought
/// up to date when it is delivered, and the table's weights are those last delivered. A synapse begins at
/// rest; the parameter u_0 has no effect.
class SynapticRelease final : public Learning {
public:
    /// The table has a weight for each synapse: what it delivers at an efficacy of 1.
    SynapticRelease(const TsodyksMarkram& synapse, Table& table);

    void arrive(Index source, Time time, SpikeKind kind) override;
    // Targets' spikes change nothing.
    void catch_up(Time) override {}
    void enqueue(std::span<const Spike>, Index) override {}
    Duration back_delay() const override { return Duration::max(); }
    void show(Table::Local, const Spike&) override {}

    void enable(bool) override {}
    void set_parameter(std::string_view parameter, double value, const std::string& owner, Time now) override;
    void reset_traces() override;
    void persist(Archive& archive) override;

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
