#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>

#include "app/load.hpp"

namespace apical {

/// How a run is carried out; its results do not depend on it.
struct Conduct {
    std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    double checkpoint_every = 10.0;  ///< [min] of wall time; 0: only when interrupted
    bool beyond_memory = false;      ///< begins a run that is estimated to need more than there is
    bool quiet = false;
    bool json = false;
    bool no_progress = false;
};

/// Runs what was loaded, in a new folder; an empty `out` chooses one. Returns the exit code.
int begin_run(const Conduct& conduct, Loaded loaded, const std::string& command_line,
              const std::filesystem::path& out, bool overwrite);

/// Goes on with the run in a folder from its last checkpoint, or from the one before; a run that ended before
/// its first one begins again.
int resume_run(const Conduct& conduct, const std::filesystem::path& folder, bool previous);

}  // namespace apical
