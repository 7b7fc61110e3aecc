#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

#include "core/error.hpp"

namespace apical {

/// Error E0301, a wrong command line: what is wrong, what would be right if that can be told, and the usage.
ConfigError misuse(std::string_view usage, const std::string& what, const std::string& hint = {});

/// The command line of one verb: what it takes, and its help.
class VerbOptions {
public:
    /// `sentence` says what the verb does; `examples` are command lines, one a line.
    VerbOptions(std::string_view usage, std::string sentence, std::string examples);

    /// Where options are declared, as in Boost.Program_options.
    boost::program_options::options_description_easy_init add() { return options_.add_options(); }

    /// Declares an argument without a dash.
    void positional(const char* name);

    /// Reads the command line. An unknown or wrong option is a ConfigError that says what was probably meant;
    /// --help prints the help and gives nothing, and so does the end of the verb.
    std::optional<boost::program_options::variables_map> parse(
        const std::vector<std::string>& arguments) const;

private:
    std::string usage_;
    std::string sentence_;
    std::string examples_;
    boost::program_options::options_description options_{"options", 100, 50};
    boost::program_options::options_description hidden_;
    boost::program_options::positional_options_description positional_;
};

}  // namespace apical
