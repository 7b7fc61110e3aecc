#include "app/text.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace apical {
namespace {

TEST(Text, Clock) {
    EXPECT_EQ(clock_text(14.2), "0:14");
    EXPECT_EQ(clock_text(3725.0), "1:02:05");
}

TEST(Text, Utc) {
    const std::chrono::system_clock::time_point day{std::chrono::hours(24)};
    EXPECT_EQ(utc_text(day), "1970-01-02T00:00:00Z");
    EXPECT_EQ(utc_text(day, true), "19700102T000000Z");
}

TEST(Text, Bytes) {
    EXPECT_EQ(bytes_text(12.0), "12 B");
    EXPECT_EQ(bytes_text(1.234e6), "1.23 MB");
}

TEST(Text, FactsBecomeJsonInTheirOrder) {
    const Facts facts{{"b", std::int64_t{4}},
                      {"a", Value()},
                      {"c", 0.1},
                      {"d", true},
                      {"e", std::string("x")},
                      {"f", std::numeric_limits<double>::quiet_NaN()}};
    EXPECT_EQ(to_json(facts).dump(), R"({"b":4,"a":null,"c":0.1,"d":true,"e":"x","f":null})");
}

TEST(Text, CsvFields) {
    const Value not_a_number = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(csv_line({Value(), not_a_number, 0.1, std::string("a,\"b\"")}), ",,0.1,\"a,\"\"b\"\"\"");
    const Facts row{{"epoch", std::int64_t{3}}, {"error", 0.25}, {"name", std::string("x")}};
    EXPECT_EQ(csv_names(row), "epoch,error,name");
    EXPECT_EQ(csv_values(row), "3,0.25,x");
}

TEST(ShellWord, IsReadBackByAShell) {
    EXPECT_EQ(shell_word("learning.eta=0.1"), "learning.eta=0.1");
    EXPECT_EQ(shell_word("name=\"it's\""), "'name=\"it'\\''s\"'");
    EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace apical
