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
    EXPECT_EQ(csv_field(Value()), "");
    EXPECT_EQ(csv_field(std::numeric_limits<double>::quiet_NaN()), "");
    EXPECT_EQ(csv_field(0.1), "0.1");
    EXPECT_EQ(csv_field(std::string("a,\"b\"")), "\"a,\"\"b\"\"\"");
}

}  // namespace
}  // namespace apical
