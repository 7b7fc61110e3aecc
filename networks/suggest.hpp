#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace apical {

/// A name that another tool uses for something of ours.
struct ForeignName {
    std::string_view name;
    std::string_view tool;
    std::string_view ours;
};

/// The entry for a name of another tool of which we know the counterpart, if that is among `known`.
const ForeignName* foreign_name(std::string_view word, const std::vector<std::string>& known);

/// What other programs have and this one has no counterpart of, "dt": a sentence that says so.
std::optional<std::string> no_such_thing(std::string_view word);

/// The word of `known` that was probably meant: at most two slips of the pen away (one for short words), or
/// the same but for upper and lower case; else one of which it is a part, or that is a part of it, "adex" for
/// "adex_pv" and "stdp" for "pair_stdp".
std::optional<std::string> probably_meant(std::string_view word, const std::vector<std::string>& known);

}  // namespace apical
