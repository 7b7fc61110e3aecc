#include "networks/units.hpp"

#include <gtest/gtest.h>

namespace apical {
namespace {

TEST(Units, ConvertsExactly) {
    struct Case {
        const char* text;
        double value;
        const char* unit;
    };
    for (const Case& c :
         {Case{"20 ms", 20.0, "ms"}, Case{"0.07 s", 70.0, "ms"}, Case{"0.2 nA", 200.0, "pA"},
          Case{"1e-3 s", 1.0, "ms"}, Case{"+1.5e2us", 0.15, "ms"}, Case{"2 min", 120000.0, "ms"},
          Case{"1 h", 3.6e6, "ms"}, Case{"-65 mV", -65.0, "mV"}, Case{"0.03 kHz", 30.0, "Hz"},
          Case{"1/s", 1.0, "/s"}, Case{"3 1/ms", 3000.0, "Hz"}, Case{" 7 ", 7.0, "1"},
          Case{"5 \u00b5S", 5000.0, "nS"}, Case{"3 parsec", 3.0, "parsec"}}) {
        const auto quantity = parse_quantity(c.text);
        ASSERT_TRUE(quantity) << c.text;
        EXPECT_EQ(quantity->value, c.value) << c.text;
        EXPECT_EQ(quantity->unit, c.unit) << c.text;
    }
}

TEST(Units, TextWithoutANumberIsNoQuantity) {
    for (const char* text : {"", "ms", "-", ".", "fast", "- 3 ms", "nan", "inf ms"}) {
        EXPECT_FALSE(parse_quantity(text)) << text;
    }
}

TEST(Units, AnExponentOutOfRangeIsNoQuantity) {
    for (const char* text : {"1e400 ms", "1e2147483647 s", "1e-2147483648 ns", "1e99999999999 ms"}) {
        EXPECT_FALSE(parse_quantity(text)) << text;
    }
}

TEST(Units, NamesDimensions) {
    EXPECT_EQ(dimension("ms"), "a time");
    EXPECT_EQ(dimension("parsec"), "");
}

}  // namespace
}  // namespace apical
