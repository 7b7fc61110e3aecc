#include "app/options.hpp"

#include <cstdio>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "networks/suggest.hpp"

namespace apical {

namespace po = boost::program_options;

ConfigError misuse(std::string_view usage, const std::string& what, const std::string& hint) {
    return ConfigError(fmt::format("error[E0301]: {}\n{}{}help: apical explain E0301\n", what,
                                   hint.empty() ? "" : fmt::format("   |  {}\n", hint),
                                   usage.empty() ? "" : fmt::format("usage: {}\n", usage)));
}

VerbOptions::VerbOptions(std::string_view usage, std::string sentence, std::string examples)
    : usage_(usage), sentence_(std::move(sentence)), examples_(std::move(examples)) {
    add()("help,h", "show this help");
}

void VerbOptions::positional(const char* name) {
    hidden_.add_options()(name, po::value<std::vector<std::string>>());
    positional_.add(name, -1);
}

std::optional<po::variables_map> VerbOptions::parse(const std::vector<std::string>& arguments) const {
    po::options_description all;
    all.add(options_).add(hidden_);
    const auto fail = [&](const std::string& what, const std::string& hint = {}) {
        return misuse(usage_, what, hint);
    };
    try {
        // Guessing would let --over mean --overwrite today and something else tomorrow.
        const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        po::variables_map values;
        po::store(po::command_line_parser(arguments).options(all).positional(positional_).style(style).run(),
                  values);
        po::notify(values);
        if (values.count("help") == 0) return values;
    } catch (const po::unknown_option& error) {
        std::vector<std::string> known;
        for (const auto& option : options_.options()) known.push_back("--" + option->long_name());
        const auto absent = no_such_thing(error.get_option_name());
        const auto meant = probably_meant(error.get_option_name(), known);
        throw fail(fmt::format("unknown option '{}'", error.get_option_name()),
                   absent  ? *absent
                   : meant ? fmt::format("did you mean '{}'?", *meant)
                           : std::string());
    } catch (const po::too_many_positional_options_error&) {
        throw fail("too many arguments");
    } catch (const po::error& error) {
        throw fail(error.what());
    }
    std::ostringstream options;
    options << options_;
    fmt::print("{}\n\nusage: {}\n\nexamples:\n", sentence_, usage_);
    std::istringstream examples(examples_);
    for (std::string line; std::getline(examples, line);) fmt::print("  {}\n", line);
    fmt::print("\n{}", std::move(options).str());
    return std::nullopt;
}

}  // namespace apical
