#include "networks/units.hpp"

#include <cmath>
#include <map>
#include <string>
#include <vector>

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

/// The prefixes of the SI, and what people write for them; each unit as a power of ten of ours.
TEST(Units, EverySymbolIsWhatItSays) {
    struct Family {
        const char* ours;
        int exponent;  ///< of the unit without a prefix, in ours
        const char* symbol;
        std::vector<const char*> prefixes;
    };
    const std::map<std::string, int> powers{{"", 0},   {"m", -3},  {"u", -6},  {"\u00b5", -6}, {"\u03bc", -6},
                                            {"n", -9}, {"p", -12}, {"f", -15}, {"k", 3}};
    for (const Family& family : {Family{"ms", 3, "s", {"", "m", "u", "\u00b5", "\u03bc", "n"}},
                                 Family{"mV", 3, "V", {"", "m", "u", "\u00b5"}},
                                 Family{"pA", 12, "A", {"", "m", "u", "\u00b5", "n", "p"}},
                                 Family{"nS", 9, "S", {"", "m", "u", "\u00b5", "n", "p"}},
                                 Family{"pF", 12, "F", {"", "u", "\u00b5", "n", "p"}},
                                 Family{"Hz", 0, "Hz", {"", "k"}}, Family{"pC", 12, "C", {"n", "p", "f"}}}) {
        for (const char* prefix : family.prefixes) {
            const std::string symbol = std::string(prefix) + family.symbol;
            const auto quantity = parse_quantity("3 " + symbol);
            ASSERT_TRUE(quantity) << symbol;
            EXPECT_EQ(quantity->unit, family.ours) << symbol;
            EXPECT_DOUBLE_EQ(quantity->value, 3.0 * std::pow(10.0, family.exponent + powers.at(prefix)))
                << symbol;
        }
    }
    EXPECT_EQ(parse_quantity("3 min")->value, 3 * 60 * 1000.0);
    EXPECT_EQ(parse_quantity("3 h")->value, 3 * 60 * 60 * 1000.0);
    EXPECT_EQ(parse_quantity("3 1/s")->value, 3.0);
    EXPECT_EQ(parse_quantity("3 1/ms")->value, 3000.0);
    for (const char* symbol : {"min", "h"}) EXPECT_EQ(parse_quantity(std::string("1 ") + symbol)->unit, "ms");
    for (const char* symbol : {"1/s", "1/ms"})
        EXPECT_EQ(parse_quantity(std::string("1 ") + symbol)->unit, "Hz");
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
