#include "app/progress_line.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace apical {
namespace {

using std::chrono::milliseconds;

/// Lets a run of 100 s simulated time pass at 10 times real time, with an update every 5 ms; returns what was
/// written.
std::vector<std::string> watch(Terminal terminal, milliseconds length) {
    std::vector<std::string> written;
    const ProgressLine::Clock::time_point start{};
    ProgressLine line(
        terminal, [&](std::string_view text) { written.emplace_back(text); }, start);
    Progress progress;
    progress.end = 100000.0;
    progress.step_name = "sample";
    progress.steps = 500;
    for (milliseconds t{0}; t <= length; t += milliseconds(5)) {
        progress.time = 10.0 * static_cast<double>(t.count());
        progress.step = static_cast<std::uint64_t>(progress.time / 200.0);
        line.update(progress, start + t);
    }
    line.clear();
    return written;
}

TEST(ProgressLine, SaysNothingInTheFirstSecond) {
    EXPECT_TRUE(watch({.interactive = true}, milliseconds(995)).empty());
    EXPECT_TRUE(watch({.interactive = false}, milliseconds(9995)).empty());
}

TEST(ProgressLine, RedrawsAtMostTenTimesASecond) {
    const auto written = watch({.interactive = true}, milliseconds(3000));
    EXPECT_GE(written.size(), 20U);
    EXPECT_LE(written.size(), 22U);  // the last one clears
    EXPECT_EQ(written.front().front(), '\r');
    EXPECT_EQ(written.back(), "\r\x1b[K");
}

TEST(ProgressLine, WritesALineEveryTenSecondsWhereThereIsNoTerminal) {
    const auto written = watch({.interactive = false}, milliseconds(10000));
    ASSERT_EQ(written.size(), 1U);
    EXPECT_EQ(written.front(), "##################  100%  sample 500/500  10x real time  ETA 0:00\n");
    EXPECT_EQ(watch({.interactive = false}, milliseconds(9999 + 20)).size(), 1U);
}

TEST(ProgressLine, FitsTheTerminal) {
    for (const bool unicode : {true, false}) {
        for (const std::string& line :
             watch({.interactive = true, .unicode = unicode, .width = 30}, milliseconds(1500))) {
            std::size_t characters = 0;
            for (const char c : line)
                characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
            EXPECT_LE(characters, 29U + 4U) << line;  // and "\r\x1b[K"
        }
    }
}

}  // namespace
}  // namespace apical
