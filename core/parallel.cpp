#include "core/parallel.hpp"

#include <algorithm>
#include <atomic>

#ifdef APICAL_PLAIN_THREADS
#include <exception>
#include <mutex>
#include <thread>
#include <vector>
#else
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

namespace apical {

#ifdef APICAL_PLAIN_THREADS

struct Workers::Arena {};

Workers::Workers(std::size_t threads) : threads_(threads), arena_(nullptr) {}
Workers::~Workers() = default;

void Workers::for_each(std::size_t count, const std::function<void(std::size_t)>& job) {
    if (threads_ == 1 || count < 2) {
        for (std::size_t i = 0; i < count; ++i) job(i);
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex guard;
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            try {
                job(i);
            } catch (...) {
                const std::lock_guard lock(guard);
                failure = std::current_exception();
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < threads_; ++i) threads.emplace_back(work);
    work();
    for (auto& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
}

#else

struct Workers::Arena {
    explicit Arena(int threads)
        // TBB starts no more workers than there are cores unless told so: a test of eight threads would test
        // two.
        : limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads)),
          arena(threads) {}

    tbb::global_control limit;
    tbb::task_arena arena;
};

Workers::Workers(std::size_t threads)
    : threads_(threads), arena_(threads > 1 ? std::make_unique<Arena>(static_cast<int>(threads)) : nullptr) {}
Workers::~Workers() = default;

void Workers::for_each(std::size_t count, const std::function<void(std::size_t)>& job) {
    if (!arena_ || count < 2) {
        for (std::size_t i = 0; i < count; ++i) job(i);
        return;
    }
    // Each thread takes the next job: with large ones first, all end at about the same time.
    std::atomic<std::size_t> next{0};
    const auto work = [&](std::size_t /*thread*/) {
        for (std::size_t i = next++; i < count; i = next++) job(i);
    };
    arena_->arena.execute([&] {
        tbb::parallel_for(std::size_t{0}, std::min(threads_, count), work, tbb::simple_partitioner{});
    });
}

#endif

}  // namespace apical
