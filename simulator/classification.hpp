#pragma once

#include <vector>

#include "core/spike.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// What makes the spikes of a population, or of a part of it, events and bursts: says the kind of each where
/// it is collected, for each neuron in order of time.
class Classification {
public:
    /// Each spike is an event.
    Classification() = default;
    Classification(Classifier classifier, Duration b_th, Index neurons);

    /// The kind of the spike of a neuron at `time`; `says` is what the cell, or a file, says of it.
    SpikeKind operator()(Index neuron, Time time, SpikeKind says);

    /// No neuron has spiked.
    void reset();
    void persist(Archive& archive);

private:
    bool continues_burst(Index neuron, Duration interval);

    Classifier classifier_ = Classifier::every;
    Duration b_th_{};
    std::vector<Time> last_spike_;  ///< by neuron, as the next two; for the classifiers isi and trace
    std::vector<bool> in_burst_;
    std::vector<double> trace_;  ///< just after the last spike, for the classifier trace
};

}  // namespace apical
