#include "networks/suggest.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <numeric>

namespace apical {

namespace {

constexpr auto foreign_names = std::to_array<ForeignName>({
    {"tau_facil", "PyNN", "tau_fac"},
    {"tau_syn_E", "PyNN", "tau_syn_ex"},
    {"tau_syn_I", "PyNN", "tau_syn_in"},
    {"v_thresh", "PyNN", "V_th"},
    {"v_rest", "PyNN", "E_L"},
    {"v_reset", "PyNN", "V_reset"},
    {"tau_refrac", "PyNN", "t_ref"},
    {"cm", "PyNN", "C_m"},
    {"i_offset", "PyNN", "I_e"},
    {"delta_T", "PyNN", "Delta_T"},
    {"v", "PyNN", "V_m"},
    {"Ujump", "Auryn", "U"},
    {"tau_d", "Auryn", "tau_rec"},
    {"tau_f", "Auryn", "tau_fac"},
    {"state_u", "Auryn", "u"},
    {"state_x", "Auryn", "x"},
    {"initReleaseProb", "NeuroML", "U"},
    {"tauRec", "NeuroML", "tau_rec"},
    {"tauFac", "NeuroML", "tau_fac"},
    {"D", "Costa et al. (2013)", "tau_rec"},
    {"F", "Costa et al. (2013)", "tau_fac"},
});

std::string lower(std::string_view word) {
    std::string result(word);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::vector<std::size_t> next(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) next[j] = std::min(next[j], before[j - 2] + 1);
        }
        before.swap(row);
        row.swap(next);
    }
    return row[b.size()];
}

/// What a name begins with, up to a '_', for slips of the pen in it: of names that are begun only.
std::string_view beginning(std::string_view name) {
    constexpr std::size_t shortest = 4;  // of three letters too much is one slip away
    const std::size_t end = name.find('_');
    return end == std::string_view::npos || end < shortest ? std::string_view() : name.substr(0, end);
}

/// Whether a name consists of `part` and more: begins with it, or has it after a '_'.
bool has_part(std::string_view name, std::string_view part) {
    constexpr std::size_t shortest = 3;
    if (part.size() < shortest || part.size() >= name.size()) return false;
    return name.starts_with(part) || name.find("_" + std::string(part)) != std::string_view::npos;
}

}  // namespace

const ForeignName* foreign_name(std::string_view word, const std::vector<std::string>& known) {
    for (const ForeignName& foreign : foreign_names) {
        if (foreign.name == word && std::find(known.begin(), known.end(), foreign.ours) != known.end())
            return &foreign;
    }
    return nullptr;
}

std::optional<std::string> no_such_thing(std::string_view word) {
    constexpr auto time_steps = std::to_array<std::string_view>(
        {"dt", "step", "time_step", "timestep", "resolution", "defaultclock"});
    const std::string plain = lower(word.substr(std::min(word.find_first_not_of('-'), word.size())));
    if (std::find(time_steps.begin(), time_steps.end(), plain) == time_steps.end()) return std::nullopt;
    return "there is no time step: spikes have exact times";
}

std::optional<std::string> probably_meant(std::string_view word, const std::vector<std::string>& known) {
    std::optional<std::string> best;
    std::size_t best_distance = word.size() <= 3 ? 1 : (word.size() <= 10 ? 2 : 3);
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(lower(word), lower(candidate));
        const bool unlike = distance >= std::max(word.size(), candidate.size());
        if (unlike || distance > best_distance || (best && distance == best_distance)) continue;
        best = candidate;
        best_distance = distance;
    }
    if (best) return best;
    for (const std::string& candidate : known) {
        const std::string a = lower(word), b = lower(candidate);
        if ((has_part(b, a) || has_part(a, b)) && (!best || candidate.size() < best->size()))
            best = candidate;
    }
    if (best) return best;
    for (const std::string& candidate : known) {
        const std::string_view begun = beginning(candidate);
        if (!begun.empty() && edit_distance(lower(word), lower(begun)) <= 1 &&
            (!best || candidate.size() < best->size()))
            best = candidate;
    }
    return best;
}

}  // namespace apical
