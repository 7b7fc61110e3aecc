#pragma once

#include <vector>

#include "core/spike.hpp"

namespace apical {

/// What is to be learnt, in numbers.
struct Shape {
    Index inputs;   ///< each a level from 0 to `full`
    double full;    ///< of an input that is wholly on
    Index outputs;  ///< each is to come to a target from 0 to 1
};

/// What each output did in a presentation.
struct Answer {
    std::vector<double> activity;           ///< 0 to 1; of one output more than 1/2 is a yes, of several the
                                            ///< largest is the answer, the first of equals
    std::vector<double> event_rate;         ///< [Hz] per neuron
    std::vector<double> burst_probability;  ///< NaN without an event, or if it was not looked at

    template <class Archive>
    void persist(Archive& archive) {
        archive("activity", activity);
        archive("event_rate", event_rate);
        archive("burst_probability", burst_probability);
    }
};

}  // namespace apical
