#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/terminal.hpp"
#include "training/run.hpp"

namespace apical {

/// The line that tells how far a run is. Nothing in the first second; then, on a terminal, one line redrawn
/// at most ten times a second; elsewhere a full line every ten seconds.
class ProgressLine {
public:
    using Clock = std::chrono::steady_clock;

    /// `write` receives what goes to the terminal.
    ProgressLine(Terminal terminal, std::function<void(std::string_view)> write,
                 Clock::time_point start = Clock::now());

    void update(const Progress& progress, Clock::time_point now = Clock::now());

    /// Takes the line away, so that other text may be written; the next update draws it again.
    void clear();

private:
    struct Mark {
        Clock::time_point at;
        double time;  ///< [ms] simulated
    };

    std::string line(const Progress& progress) const;
    /// Simulated ms per wall ms over the last seconds.
    std::optional<double> speed() const;

    Terminal terminal_;
    std::function<void(std::string_view)> write_;
    Clock::time_point start_;
    std::optional<Clock::time_point> drawn_;
    bool visible_ = false;
    std::deque<Mark> marks_;
};

}  // namespace apical
