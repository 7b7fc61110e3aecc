#pragma once

namespace apical {

/// Of what is told: an error forbids the run, a warning says what is legal and probably not meant.
enum class Severity { note, warning, error };

}  // namespace apical
