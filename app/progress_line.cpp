#include "app/progress_line.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/text.hpp"

namespace apical {

namespace {

constexpr auto silence = std::chrono::seconds(1);
constexpr auto between_redraws = std::chrono::milliseconds(100);
constexpr auto between_lines = std::chrono::seconds(10);
constexpr auto window = std::chrono::seconds(10);  // over which the speed is measured

/// The first `width` characters of UTF-8 text.
std::string cut(std::string_view text, std::size_t width) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool first_byte = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
        if (first_byte && characters++ == width) return std::string(text.substr(0, i));
    }
    return std::string(text);
}

std::string bar(double done, bool unicode) {
    constexpr int cells = 18;
    const int full = std::clamp(static_cast<int>(done * cells), 0, cells);
    std::string out;
    for (int i = 0; i < cells; ++i) out += i < full ? (unicode ? "█" : "#") : (unicode ? "░" : ".");
    return out;
}

}  // namespace

ProgressLine::ProgressLine(Terminal terminal, std::function<void(std::string_view)> write,
                           Clock::time_point start)
    : terminal_(terminal), write_(std::move(write)), start_(start) {}

void ProgressLine::update(const Progress& progress, Clock::time_point now) {
    if (marks_.empty() || now - marks_.back().at >= between_redraws) {
        marks_.push_back({now, progress.time});
        while (marks_.size() > 2 && now - marks_.front().at > window) marks_.pop_front();
    }
    const auto pause =
        terminal_.interactive ? Clock::duration(between_redraws) : Clock::duration(between_lines);
    if (now - start_ < silence || now - drawn_.value_or(start_) < pause) return;
    drawn_ = now;
    if (terminal_.interactive) {
        visible_ = true;
        write_("\r" + cut(line(progress), terminal_.width - 1) + "\x1b[K");
    } else {
        write_(line(progress) + "\n");
    }
}

void ProgressLine::clear() {
    if (visible_) write_("\r\x1b[K");
    visible_ = false;
}

std::optional<double> ProgressLine::speed() const {
    if (marks_.size() < 2) return std::nullopt;
    const double wall =
        std::chrono::duration<double, std::milli>(marks_.back().at - marks_.front().at).count();
    const double simulated = marks_.back().time - marks_.front().time;
    return wall > 0.0 && simulated > 0.0 ? std::optional(simulated / wall) : std::nullopt;
}

std::string ProgressLine::line(const Progress& p) const {
    const double done = p.end > 0.0 ? std::clamp(p.time / p.end, 0.0, 1.0) : 0.0;
    std::string out = fmt::format("{}  {:.0f}%", bar(done, terminal_.unicode), 100.0 * done);
    if (!p.step_name.empty()) out += fmt::format("  {} {}/{}", p.step_name, p.step, p.steps);
    if (const auto rate = speed()) {
        out += fmt::format("  {:.3g}{} real time  ETA {}", *rate, terminal_.unicode ? "×" : "x",
                           clock_text((p.end - p.time) / *rate / 1000.0));
    }
    if (p.event_rate) out += fmt::format("  events {:.1f} Hz", *p.event_rate);
    if (p.burst_probability) out += fmt::format("  burst prob {:.0f}%", 100.0 * *p.burst_probability);
    if (p.accuracy) out += fmt::format("  acc {:.2f}", *p.accuracy);
    return out;
}

}  // namespace apical
