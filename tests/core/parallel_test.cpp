#include "core/parallel.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

class WorkerThreads : public testing::TestWithParam<std::size_t> {};

TEST_P(WorkerThreads, DoEachJobOnce) {
    Workers workers(GetParam());
    EXPECT_EQ(workers.threads(), GetParam());
    for (const std::size_t count : {0U, 1U, 2U, 7U, 1000U}) {
        std::vector<std::atomic<int>> done(count);
        workers.for_each(count, [&](std::size_t i) { ++done.at(i); });
        for (const auto& d : done) EXPECT_EQ(d, 1);
    }
}

TEST_P(WorkerThreads, RethrowAnException) {
    Workers workers(GetParam());
    for (const std::size_t bad : {0U, 50U, 99U}) {
        try {
            workers.for_each(100, [&](std::size_t i) {
                if (i == bad) throw std::runtime_error("job " + std::to_string(i));
            });
            FAIL() << "nothing was thrown";
        } catch (const std::runtime_error& error) {
            EXPECT_EQ(error.what(), "job " + std::to_string(bad));
        }
    }
    // And go on.
    std::atomic<int> done = 0;
    workers.for_each(10, [&](std::size_t) { ++done; });
    EXPECT_EQ(done, 10);
}

/// More threads than cores are threads nevertheless: tests of eight must not test two. Each job waits for the
/// others to have begun, for some seconds at most.
TEST_P(WorkerThreads, AreAsManyAsAskedFor) {
    const std::size_t threads = GetParam();
    Workers workers(threads);
    std::atomic<std::size_t> begun = 0;
    std::mutex guard;
    std::set<std::thread::id> ids;
    workers.for_each(threads, [&](std::size_t) {
        ++begun;
        for (int i = 0; i < 5000 && begun < threads; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        const std::lock_guard lock(guard);
        ids.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(ids.size(), threads);
}

INSTANTIATE_TEST_SUITE_P(Numbers, WorkerThreads, testing::Values(1, 2, 3, 8));

TEST(OneWorker, IsTheCaller) {
    Workers workers(1);
    workers.for_each(3, [caller = std::this_thread::get_id()](std::size_t) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
    });
}

}  // namespace
}  // namespace apical
