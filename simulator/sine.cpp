#include "simulator/sine.hpp"

#include <algorithm>
#include <cmath>

namespace apical {

std::optional<Sine::Step> Sine::next() {
    constexpr double turn = 6.283185307179586;
    const auto start = [&](std::uint64_t k) { return from + static_cast<double>(k) * step; };
    const double begin = start(next_);
    if (begin >= end) {
        const bool done = !returns || (next_ > 0 && start(next_ - 1) >= end);
        if (done) return std::nullopt;
        ++next_;
        return Step{Time{} + ticks(end), 0.0};
    }
    ++next_;
    const auto angle = [&](double time) { return turn * time / period + phase; };
    const double close = std::min(begin + step, end);
    return Step{Time{} + ticks(begin), amplitude * (std::cos(angle(begin)) - std::cos(angle(close))) /
                                           (turn * (close - begin) / period)};
}

}  // namespace apical
