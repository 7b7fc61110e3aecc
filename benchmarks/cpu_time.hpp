#pragma once

#include <sys/resource.h>

namespace apical {

/// CPU time [s] of this process in user mode, all threads.
inline double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

}  // namespace apical
