#pragma once

#include <array>
#include <string_view>

namespace apical {

/// The errors that a message names, and what `apical explain` says of them.
struct ErrorCode {
    std::string_view code;
    std::string_view title;
    std::string_view text;
};

inline constexpr auto error_codes = std::to_array<ErrorCode>({
    {"E0101", "the configuration cannot be read",
     "The file is missing, is a folder, is not readable or is far too large for a configuration."},
    {"E0102", "not a TOML file",
     "The file breaks the syntax of TOML 1.0 (https://toml.io) or is not UTF-8 text. Only the first such "
     "place is\n"
     "reported, since what follows cannot be told apart any more."},
    {"E0201", "a key is missing",
     "A key without a default is absent. Values that carry a unit are never guessed."},
    {"E0202", "a value of the wrong type",
     "For instance text where a number is expected, or a number where a list is."},
    {"E0203", "an unknown key",
     "No key has this name here. Names are NEST's (tau_m, V_th, E_L); a name of PyNN, Auryn or NeuroML is "
     "recognised\n"
     "and its counterpart told, but not accepted: a file must not mean two things."},
    {"E0204", "a value out of range",
     "The message says which range and, where it is not obvious, why. NaN and infinity are in no range."},
    {"E0205", "a wrong unit",
     "A number is in the unit of its key (ms, mV, pA, nS, pF, Hz). Text with a unit, \"0.1 s\", is "
     "converted; its unit\n"
     "must be of the same dimension."},
    {"E0206", "not one of the choices",
     "The value of this key is one of a few words; the message lists them."},
    {"E0207", "not a valid name",
     "Names of populations and projections start with a letter and go on with letters, digits and '_': they "
     "become names\n"
     "of HDF5 groups and of random streams."},
    {"E0208", "a reference to nothing",
     "The population, projection, signal or port that is named here is not defined."},
    {"E0209", "a contradiction", "Two settings exclude each other, or one thing is said twice."},
    {"E0210", "no effect",
     "The value would silently do nothing with the other settings as they are. Remove it, or change the "
     "setting that the\n"
     "message names."},
    {"E0211", "two names share their random numbers",
     "Random streams are told apart by a 32-bit hash of their name; these two names have the same. Rename "
     "one of them."},
    {"E0301", "a wrong command line", "`apical VERB --help` lists the options of a verb."},
    {"E0302", "something is there already",
     "What a file or a run folder holds is not replaced, nor mixed with something else, unless you say so: "
     "choose another\n"
     "--out, or --overwrite."},
    {"E0401", "a wrong model parameter",
     "A parameter of a model is out of range, or two contradict each other."},
    {"E0501", "wrong data",
     "A data set, a file of results or a checkpoint is missing, cut, damaged, or of another format or run."},
    {"E0502", "data read in another way than they stand there",
     "A file of spikes is not as expected, but what it means can be told: times in another unit than ms,\n"
     "which are converted; times without a unit, which are taken as ms; spikes of a neuron within a tick,\n"
     "which are played at one time; files of events and bursts of other spikes, which are not used."},
    {"E0601", "the file system refused", "A folder is not writable, a disk is full, a file is locked."},
    {"E0701", "numbers out of bounds",
     "The state of a neuron left the range in which its equations can be solved."},
    {"E0702", "the run failed", "An error without a kind of its own: please report it with the message."},
    {"E0703", "not enough memory",
     "A run is refused before it begins, by `apical check` and `apical sweep` too, where its estimate "
     "exceeds\n"
     "the memory that is available (of the machine, of a control group, of ulimit -v): make the network "
     "smaller,\n"
     "or --beyond-memory to try all the same. An allocation that fails later ends a run; what its last\n"
     "checkpoint holds is not lost."},
});

}  // namespace apical
