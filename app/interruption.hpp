#pragma once

#include <functional>
#include <list>

namespace apical {

/// From now on SIGINT and SIGTERM end the process with the exit code 130, whatever it is doing; the second at
/// once. Where the system gives no pipe or no thread for that, they do what they do by themselves: false.
bool hear_signals();

/// Has somebody asked for the end?
bool interrupted();

/// While one lives, the first signal does nothing but make interrupted() true: its owner asks often.
class Polling {
public:
    Polling();
    Polling(const Polling&) = delete;
    Polling& operator=(const Polling&) = delete;
    ~Polling();
};

/// While one lives, `last` is done before a signal ends the process, the latest first: what is to be told,
/// and what is not to be left behind. It is done in a thread of its own, while all others go on: what it
/// needs it must own.
class AtInterruption {
public:
    explicit AtInterruption(std::function<void()> last);
    AtInterruption(const AtInterruption&) = delete;
    AtInterruption& operator=(const AtInterruption&) = delete;
    ~AtInterruption();

private:
    std::list<std::function<void()>>::iterator place_;
};

}  // namespace apical
