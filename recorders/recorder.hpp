#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/spike.hpp"

namespace apical {

/// What a recorder may know of a network before it runs.
struct RecordedPopulation {
    std::string name;
    Index size;
    bool recorded =
        true;  ///< false: a recorder is told of its spikes, since indices count all, and leaves them out
};

/// Watches a run without touching it. Called from one thread, in order of time.
class Recorder {
public:
    Recorder() = default;
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    virtual ~Recorder() = default;

    /// The spikes of a window, in the total order; Spike::population indexes the network's populations.
    virtual void observe(const Window& window, std::span<const Spike> spikes) = 0;

    /// Writes out what is buffered, so that a reader finds everything up to the last window.
    virtual void flush() {}

    /// The run has ended at `end`: close the files. Not called if the run failed; what was flushed stays
    /// readable.
    virtual void finish(Time end) = 0;
};

}  // namespace apical
