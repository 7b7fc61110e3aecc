#pragma once

#include <cstddef>

namespace apical {

/// What standard error can show.
struct Terminal {
    bool interactive = false;  ///< a line may be redrawn
    bool unicode = false;
    std::size_t width = 80;  ///< columns

    /// Of this process: TERM=dumb, CI and a redirected output are not interactive.
    static Terminal of_stderr();
};

}  // namespace apical
