#include "networks/config.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "networks/error_codes.hpp"

namespace apical {
namespace {

using testing::HasSubstr;

enum class Mode { slow, fast };
constexpr auto modes =
    std::to_array<Choice<Mode>>({{"slow", Mode::slow, "with care"}, {"fast", Mode::fast, "at once"}});

struct Sample {
    std::uint64_t seed = 1;
    double delay = 1.5;
    std::uint32_t size = 10;
    bool loud = false;
    Mode mode = Mode::slow;
    std::vector<double> times{1.0, 2.5};
    std::optional<double> back_delay;
    double tau_fac = 10.0;
};

Sample read_sample(ConfigTable root) {
    Sample s;
    root.read({"seed", "1", "of all random numbers"}, s.seed);
    root.read({"delay", "ms", "from spike to arrival", positive, false, "an effect cannot precede its cause"},
              s.delay);
    root.read({"size", "1", "neurons", {.low = 1.0, .high = 1000.0}}, s.size);
    root.read({.name = "loud", .meaning = "speak up"}, s.loud);
    root.read({.name = "mode", .meaning = "how"}, modes, s.mode);
    root.read({"times", "ms", "when", not_negative}, s.times);
    root.read({"back_delay", "ms", "the way back", not_negative}, s.back_delay, "as the delay");
    ConfigTable synapse = root.table("synapse", "The synapse.");
    synapse.read({"tau_fac", "ms", "facilitation", not_negative}, s.tau_fac);
    return s;
}

Sample read(const std::string& text, const std::vector<Override>& overrides = {}) {
    Config config = Config::parse(text, "net.toml", overrides);
    const Sample sample = read_sample(config.root());
    config.finish();
    return sample;
}

/// The complete message for a wrong file.
std::string complaint(const std::string& text, const std::vector<Override>& overrides = {}) {
    try {
        read(text, overrides);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "no error";
}

TEST(Config, AbsentKeysHaveTheirDefaults) {
    const Sample s = read("");
    EXPECT_EQ(s.delay, 1.5);
    EXPECT_EQ(s.mode, Mode::slow);
    EXPECT_FALSE(s.back_delay);
}

TEST(Config, ReadsValues) {
    const Sample s = read(R"(
seed = 9_000_000_000
delay = "0.07 s"
size = 12
loud = true
mode = "fast"
times = [0, "0.003 s"]
back_delay = 2
synapse = { tau_fac = 1e1 }
)");
    EXPECT_EQ(s.seed, 9000000000U);
    EXPECT_EQ(s.delay, 70.0);
    EXPECT_EQ(s.size, 12U);
    EXPECT_TRUE(s.loud);
    EXPECT_EQ(s.mode, Mode::fast);
    EXPECT_EQ(s.times, (std::vector<double>{0.0, 3.0}));
    EXPECT_EQ(s.back_delay, 2.0);
    EXPECT_EQ(s.tau_fac, 10.0);
}

TEST(Config, AnUnknownKeyIsAnErrorWithASuggestion) {
    EXPECT_EQ(complaint("[synapse]\n\ntau_facc = 100\n"), R"(error[E0203]: unknown key 'tau_facc' in [synapse]
  --> net.toml:3:1
   |  tau_facc = 100
   |  ^^^^^^^^ did you mean 'tau_fac'?
help: apical explain synapse
)");
}

TEST(Config, AnotherToolsNameIsToldSo) {
    EXPECT_EQ(complaint("synapse = { tau_facil = 100 }"),
              R"(error[E0203]: unknown key 'tau_facil' in [synapse]
  --> net.toml:1:13
   |  synapse = { tau_facil = 100 }
   |              ^^^^^^^^^ tau_facil is PyNN's name; here it is tau_fac
help: apical explain synapse
)");
}

TEST(Config, AValueOutOfRangeTellsWhichAndWhy) {
    EXPECT_EQ(complaint("delay = 0"), R"(error[E0204]: delay is 0 ms: expected more than 0 ms
  --> net.toml:1:9
   |  delay = 0
   |          ^ an effect cannot precede its cause
help: apical explain delay
)");
    EXPECT_THAT(complaint("size = 1001"), HasSubstr("error[E0204]: size is 1001: expected 1 to 1000"));
    EXPECT_THAT(complaint("size = -1"), HasSubstr("error[E0204]: size is -1: expected 1 to 1000"));
    EXPECT_THAT(complaint("seed = -1"), HasSubstr("error[E0204]: seed is -1: expected"));
}

TEST(Config, NanAndInfinityAreInNoRange) {
    EXPECT_THAT(complaint("delay = nan"),
                HasSubstr("error[E0204]: delay is nan ms: expected more than 0 ms"));
    // The clock's tick is 2^-30 ms, and half its range 2^32 ms.
    EXPECT_THAT(complaint("delay = 9e-10"),
                HasSubstr("error[E0204]: delay is 9e-10 ms: expected from 9.3e-10 to "));
    EXPECT_THAT(complaint("delay = 4294967297"), HasSubstr("to 4294967296 ms, what the clock can tell"));
    EXPECT_THAT(complaint("delay = inf"), HasSubstr("error[E0204]: delay is inf ms"));
    EXPECT_THAT(complaint("times = [1, -inf]"), HasSubstr("error[E0204]: times is -inf ms"));
}

TEST(Config, AWrongUnitNamesBothDimensions) {
    EXPECT_EQ(complaint("delay = \"2 mV\""),
              R"(error[E0205]: delay is "2 mV", a voltage: expected a time in ms
  --> net.toml:1:9
   |  delay = "2 mV"
   |          ^^^^^^ units: ms, s, us, ns, min, h
help: apical explain delay
)");
    EXPECT_THAT(complaint("delay = \"2\""),
                HasSubstr("error[E0205]: delay is \"2\", a plain number: expected a time in ms"));
    EXPECT_THAT(complaint("delay = \"2 msec\""),
                HasSubstr("which has an unknown unit: expected a time in ms"));
}

TEST(Config, AWrongTypeIsAnError) {
    EXPECT_THAT(complaint("delay = true"), HasSubstr("error[E0202]: delay is true: expected a time in ms"));
    EXPECT_THAT(complaint("size = 2.5"), HasSubstr("error[E0202]: size is 2.5: expected a whole number"));
    EXPECT_THAT(complaint("loud = 1"), HasSubstr("error[E0202]: loud is 1: expected true or false"));
    EXPECT_THAT(complaint("times = 3"), HasSubstr("error[E0202]: times is 3: expected a list"));
    EXPECT_THAT(complaint("synapse = 3"), HasSubstr("error[E0202]: synapse is 3: expected a table"));
    EXPECT_THAT(complaint("delay = 1979-05-27"), HasSubstr("delay is a date or time"));
}

TEST(Config, AWrongWordListsTheChoices) {
    EXPECT_EQ(complaint("mode = \"fasst\""), R"(error[E0206]: mode is "fasst": expected "slow" or "fast"
  --> net.toml:1:8
   |  mode = "fasst"
   |         ^^^^^^^ did you mean 'fast'?
help: apical explain mode
)");
}

TEST(Config, EverythingWrongIsToldAtOnceInTheOrderOfTheFile) {
    const std::string message = complaint("size = 0\nmode = \"x\"\ndelay = -1\nnonsense = 1\n");
    std::size_t position = 0;
    for (const char* part : {"net.toml:1:8", "net.toml:2:8", "net.toml:3:9", "net.toml:4:1"}) {
        position = message.find(part, position);
        EXPECT_NE(position, std::string::npos) << part << " in\n" << message;
    }
}

TEST(Config, TheCaretFollowsTabsAndCharactersOfSeveralBytes) {
    EXPECT_THAT(complaint("\tmode = \"\u00e4\u00e4\" # x"),
                HasSubstr("   |  \tmode = \"\u00e4\u00e4\" # x\n   |  \t       ^^^^\n"));
}

TEST(Config, ForeignBytesDoNotReachTheTerminal) {
    const std::string message = complaint("mode = \"\xe9\x1b[2J\"");
    EXPECT_THAT(message, HasSubstr("   |  mode = \"??[2J\"\n"));
    EXPECT_THAT(complaint("\"\\u001b[2J\" = 1"), HasSubstr("unknown key '?[2J'"));
}

TEST(Config, TextThatIsNotTomlIsAnErrorWithItsPlace) {
    EXPECT_THAT(complaint("a = \n"), HasSubstr("error[E0102]: not TOML"));
    EXPECT_THAT(complaint("seed = 1\nseed = 2"), HasSubstr("net.toml:2:"));
    EXPECT_THAT(complaint("\x89PNG\r\n\x1a\n"), HasSubstr("error[E0102]"));
    EXPECT_THAT(complaint("mode = \"\xff\xfe\""), HasSubstr("utf-8"));
}

TEST(Config, MissingFilesAndFoldersAreErrors) {
    EXPECT_THROW(Config::open("no/such/file.toml"), ConfigError);
    EXPECT_THROW(Config::open(std::filesystem::temp_directory_path()), ConfigError);
}

TEST(Config, TheCommandLineOverridesTheFile) {
    const Sample s = read("delay = 3\n[synapse]\ntau_fac = 5", {{"--set", "delay=\"4 ms\""},
                                                                {"--set", "synapse.tau_fac=6"},
                                                                {"--set", "mode=fast"},
                                                                {"--seed", "seed=7"}});
    EXPECT_EQ(s.delay, 4.0);
    EXPECT_EQ(s.tau_fac, 6.0);
    EXPECT_EQ(s.mode, Mode::fast) << "quotes are not asked of a shell user";
    EXPECT_EQ(s.seed, 7U);
}

TEST(Config, AnErrorOfTheCommandLinePointsToTheOption) {
    EXPECT_EQ(complaint("delay = 3", {{"--set", "delay=0"}}),
              R"(error[E0204]: delay is 0 ms: expected more than 0 ms
  --> --set
   |  delay=0
   |        ^ an effect cannot precede its cause
help: apical explain delay
)");
    EXPECT_THAT(complaint("", {{"--set", "synapse.tau_facc=1"}}), HasSubstr("did you mean 'tau_fac'?"));
    EXPECT_THAT(complaint("", {{"--set", "delay"}}),
                HasSubstr("error[E0301]: 'delay' is not of the form key=value"));
    EXPECT_THAT(complaint("", {{"--seed", "seed=seven"}}), HasSubstr("  --> --seed\n"));
}

TEST(Config, AnElementOfAListIsOverriddenByItsNumber) {
    Config config =
        Config::parse("term = [{gain = 1}, {gain = 2}]", "net.toml", {{"--set", "term.1.gain=5"}});
    std::vector<double> gains;
    for (ConfigTable& term : config.root().array("term", "")) {
        gains.push_back(0.0);
        term.read({"gain", "1", "factor"}, gains.back());
    }
    config.finish();
    EXPECT_EQ(gains, (std::vector<double>{1.0, 5.0}));
    EXPECT_EQ(read("times = [1, 2]", {{"--set", "times.1=5"}}).times, (std::vector<double>{1.0, 5.0}));
    for (const char* wrong : {"times.2=5", "times.rate=5", "times.0x=5"})
        EXPECT_THAT(complaint("times = [1, 2]", {{"--set", wrong}}),
                    HasSubstr("is no element of a list of 2"));
}

TEST(Config, TheResolvedFileGivesTheSameValues) {
    const std::string text =
        "delay = 0.1\nsize = 3\ntimes = [0.30000000000000004, 1.0000000000000002e-9, "
        "4294967295.9999995]\nloud = true\nmode=\"fast\"\n"
        "[synapse]\ntau_fac = 0.7\n";
    Config first = Config::parse(text, "net.toml", {{"--set", "seed=5"}});
    const Sample a = read_sample(first.root());
    first.finish();
    const std::string resolved = first.resolved("A heading.");
    EXPECT_THAT(resolved, HasSubstr("delay = 0.1"));
    EXPECT_THAT(resolved, HasSubstr("# [ms] net.toml:1\n"));
    EXPECT_THAT(resolved, HasSubstr("# [1] --set\n"));
    EXPECT_THAT(resolved, HasSubstr("# back_delay = "));

    Config second = Config::parse(resolved, "resolved.toml");
    const Sample b = read_sample(second.root());
    second.finish();
    EXPECT_EQ(a.seed, b.seed);
    EXPECT_EQ(a.delay, b.delay);
    EXPECT_EQ(a.times, b.times);
    EXPECT_EQ(a.mode, b.mode);
    EXPECT_EQ(a.back_delay, b.back_delay);
    EXPECT_EQ(a.tau_fac, b.tau_fac);
}

TEST(Config, TheCommentedFileIsReadBackToo) {
    Config config = Config::parse("", "new.toml");
    read_sample(config.root());
    const std::string text = config.commented("A heading.");
    EXPECT_THAT(text, HasSubstr("# how:\n#   \"slow\"  with care\n#   \"fast\"  at once\nmode = \"slow\"\n"));
    EXPECT_EQ(complaint(text), "no error");
}

TEST(Config, ARequiredKeyMustBeThere) {
    Config config = Config::parse("[synapse]\n", "net.toml");
    double x = 0.0;
    config.root().table("synapse", "").read({"weight", "mV", "of each synapse", any, true}, x);
    try {
        config.finish();
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_STREQ(error.what(), R"(error[E0201]: 'weight' is missing in [synapse]
  --> net.toml:1:1
   |  [synapse]
   |  ^^^^^^^^^ weight: of each synapse
help: apical explain weight
)");
    }
}

TEST(Config, AValueWithoutEffectIsAnErrorUnlessItIsTheDefault) {
    const auto message = [](const std::string& text) -> std::string {
        Config config = Config::parse(text, "net.toml");
        ConfigTable root = config.root();
        double tau = 5.0;
        root.read({"tau", "ms", "a time", positive}, tau);
        root.idle("tau", "mode is \"slow\"");
        try {
            config.finish();
        } catch (const ConfigError& error) {
            return error.what();
        }
        return "no error";
    };
    EXPECT_EQ(message(""), "no error");
    EXPECT_EQ(message("tau = 5"), "no error");
    EXPECT_THAT(message("tau = 6"), HasSubstr("error[E0210]: tau has no effect: mode is \"slow\""));
}

TEST(Config, AResolvedFileReadsOnWhenTheDefaultOfAValueWithoutEffectChanges) {
    const auto read = [](const std::string& text, double default_tau) {
        Config config = Config::parse(text, "net.toml");
        ConfigTable root = config.root();
        double tau = default_tau;
        double dt = 0.0;
        root.read({"tau", "ms", "a time", positive}, tau);
        root.read({"dt", "ms", "another", any}, dt);
        root.idle("tau", "mode is \"slow\"");
        config.finish();
        EXPECT_EQ(dt, 2.0);
        return config.resolved("A heading.");
    };
    const std::string resolved = read("dt = 2", 5.0);
    EXPECT_THAT(resolved, HasSubstr("# tau = 5  # no effect: mode is \"slow\"\n"));
    EXPECT_THAT(read(resolved, 6.0), HasSubstr("# tau = 6  # no effect"));
}

TEST(Config, NamesAreChecked) {
    Config config = Config::parse("[population.\"a b\"]\n[population.ok_1]\n[population.1st]\n", "net.toml");
    EXPECT_EQ(config.root().tables("population", "").size(), 3U);
    try {
        config.finish();
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_THAT(error.what(), HasSubstr("error[E0207]: 'a b' is not a valid name of a population"));
        EXPECT_THAT(error.what(), HasSubstr("error[E0207]: '1st' is not a valid name of a population"));
        EXPECT_THAT(error.what(), testing::Not(HasSubstr("ok_1' is")));
    }
}

TEST(Config, TablesComeInTheOrderOfTheFile) {
    Config config = Config::parse("[population.zebra]\n[population.ant]\n[population.mule]\n", "net.toml");
    std::string order;
    for (const ConfigTable& table : config.root().tables("population", "")) order += table.name() + " ";
    EXPECT_EQ(order, "zebra ant mule ");
}

TEST(Config, ListedValuesAreToml) {
    Config config = Config::parse("[s]\nzebra = [1, 2.5, \"x\"]\nant.leg = true\n", "net.toml");
    const auto listed = config.root().table("s", "").listed();
    config.finish();
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].key, "zebra");
    EXPECT_EQ(listed[0].values, (std::vector<std::string>{"1", "2.5", "\"x\""}));
    EXPECT_EQ(listed[1].key, "ant.leg");
    EXPECT_EQ(listed[1].values, (std::vector<std::string>{"true"}));
}

TEST(Config, ListedValuesAreCheckedWithTheirPlace) {
    Config config = Config::parse("[s]\na = []\nb = [[1]]\n", "net.toml");
    config.root().table("s", "").listed();
    try {
        config.finish();
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_THAT(error.what(), HasSubstr("net.toml:2:5"));
        EXPECT_THAT(error.what(), HasSubstr("a is empty"));
        EXPECT_THAT(error.what(), HasSubstr("net.toml:3:6"));
    }
}

TEST(Config, RangesAreDescribed) {
    EXPECT_EQ(describe(positive, "ms"), "more than 0 ms");
    EXPECT_EQ(describe(fraction, "1"), "0 to 1");
    EXPECT_EQ(describe(positive_fraction, "1"), "more than 0 and at most 1");
    EXPECT_EQ(describe(any, "mV"), "a finite number");
}

TEST(ErrorCodes, AreDifferent) {
    for (std::size_t i = 1; i < error_codes.size(); ++i)
        EXPECT_LT(error_codes[i - 1].code, error_codes[i].code);
}

}  // namespace
}  // namespace apical
