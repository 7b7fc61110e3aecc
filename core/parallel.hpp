#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace apical {

/// Runs independent jobs on a fixed number of threads. Results cannot depend on the number: each job writes
/// what it owns. Threads sleep, they do not spin, while there is nothing to do.
class Workers {
public:
    /// `threads` >= 1; with 1 everything runs in the calling thread.
    explicit Workers(std::size_t threads);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    std::size_t threads() const { return threads_; }

    /// Calls job(0) ... job(count - 1), which begin in this order, and returns when all are done. The first
    /// exception is rethrown.
    void for_each(std::size_t count, const std::function<void(std::size_t)>& job);

private:
    struct Arena;
    std::size_t threads_;
    std::unique_ptr<Arena> arena_;
};

}  // namespace apical
