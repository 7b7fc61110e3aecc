#pragma once

namespace apical {

/// From now on the first SIGINT or SIGTERM asks for an end in good order; the second ends the process.
void catch_signals();

/// Has somebody asked?
bool interrupted();

}  // namespace apical
