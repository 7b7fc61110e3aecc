#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simulator/learning.hpp"
#include "simulator/synaptic_release.hpp"
#include "synapses/release.hpp"
#include "synapses/table.hpp"

namespace apical {

/// The synapses from one population onto one port of another, with one delay: a table for each of the
/// target's shards, with a rule where it learns; a release for each source, or a state of short-term
/// plasticity for each synapse.
struct Projection {
    std::string name;
    Index index = 0;
    Index source = 0;  ///< population
    Index target = 0;  ///< population
    std::size_t port = 0;
    Duration delay{};
    Release release;
    double gain = 1.0;                                ///< factor on what is released
    std::vector<Table> tables;                        ///< one for each shard of the target
    std::vector<std::unique_ptr<Learning>> learning;  ///< likewise, or empty, as the next
    std::vector<std::unique_ptr<SynapticRelease>> synaptic_release;

    bool tied = false;  ///< its weights are copied from another's

    bool plastic() const { return !learning.empty(); }
    /// Whether a spike that releases nothing must arrive, for the rule or the synapses' own states to see it.
    bool sees(SpikeKind kind) const {
        return !synaptic_release.empty() || (plastic() && learning.front()->sees(kind));
    }

    /// Brings the row of a shard that is about to be delivered up to date.
    void arrive(std::size_t shard, const Arrival& arrival) {
        if (plastic()) learning[shard]->arrive(arrival.source, arrival.time, arrival.kind);
        if (!synaptic_release.empty()) synaptic_release[shard]->arrive(arrival.source, arrival.time);
    }
    /// Whether its weights change in a run.
    bool changes() const { return plastic() || tied || !synaptic_release.empty(); }

    /// Weights are state only where they change.
    void persist(Archive& archive) {
        archive("release", release);
        archive("gain", gain);
        archive.each("learning", learning);  // first: it brings the weights up to date
        archive.each("synaptic_release", synaptic_release);
        if (!changes()) return;
        for (std::size_t k = 0; k < tables.size(); ++k)
            archive("weights_" + std::to_string(k), tables[k].weights());
    }
};

}  // namespace apical
