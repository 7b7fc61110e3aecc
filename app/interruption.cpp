#include "app/interruption.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "app/verbs.hpp"

namespace apical {
namespace {

// A handler has nothing but the process to know of.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<int> signals_received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

std::array<int, 2> bell{-1, -1};  // a pipe, from the handler to the thread
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

/// What the thread of the signals and the others share; never destroyed, for that thread may outlive main().
struct Listener {
    std::mutex mutex;
    int polling = 0;
    std::list<std::function<void()>> last;
};
Listener& listener() {
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory, cppcoreguidelines-avoid-non-const-global-variables)
    static auto* const only = new Listener;
    return *only;
}

extern "C" void on_signal(int /*signal*/) {
    if (signals_received.fetch_add(1) > 0) _exit(interrupted_exit_code);
    const int error = errno;
    static_cast<void>(::write(bell[1], "!", 1) == 1);
    errno = error;
}

/// A handler may do next to nothing; this thread may do anything.
void listen() {
    char rung = 0;
    while (::read(bell[0], &rung, 1) != 1) {
    }
    std::list<std::function<void()>> last;
    {
        const std::lock_guard lock(listener().mutex);
        if (listener().polling > 0) return;
        last = listener().last;
    }
    last.reverse();
    for (const auto& step : last) step();
    _exit(interrupted_exit_code);
}

}  // namespace

bool hear_signals() {
    if (::pipe2(bell.data(), O_CLOEXEC) != 0) return false;
    try {
        std::thread(listen).detach();
    } catch (const std::system_error&) {
        return false;
    }
    struct sigaction action = {};
    action.sa_handler = on_signal;
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
    return true;
}

bool interrupted() { return signals_received.load(std::memory_order_relaxed) > 0; }

Polling::Polling() {
    const std::lock_guard lock(listener().mutex);
    ++listener().polling;
}

Polling::~Polling() {
    const std::lock_guard lock(listener().mutex);
    --listener().polling;
}

AtInterruption::AtInterruption(std::function<void()> last) {
    const std::lock_guard lock(listener().mutex);
    place_ = listener().last.insert(listener().last.end(), std::move(last));
}

AtInterruption::~AtInterruption() {
    const std::lock_guard lock(listener().mutex);
    listener().last.erase(place_);
}

}  // namespace apical
