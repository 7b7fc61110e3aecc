#include "app/interruption.hpp"

#include <atomic>
#include <csignal>

#include <unistd.h>

#include "app/verbs.hpp"

namespace apical {
namespace {

std::atomic<int> signals_received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int /*signal*/) {
    if (signals_received.fetch_add(1) > 0) _exit(interrupted_exit_code);
}

}  // namespace

void catch_signals() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

bool interrupted() { return signals_received.load(std::memory_order_relaxed) > 0; }

}  // namespace apical
