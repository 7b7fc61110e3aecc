#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace apical {

/// What went wrong, in words that say what to do. The five kinds below are what a caller may want to tell
/// apart; the program maps them to exit codes.
class Error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The description of a network or a task is wrong. The message holds every complaint found, one after
/// another.
class ConfigError : public Error {
    using Error::Error;
};

/// A parameter of a model is out of range, or two contradict each other.
class ModelError : public Error {
    using Error::Error;
};

/// A data set is missing, cut or foreign.
class DataError : public Error {
    using Error::Error;
};

/// The file system refused: an unwritable folder, a full disk.
class IoError : public Error {
public:
    IoError(std::string path_in, const std::string& message)
        : Error(path_in + ": " + message), path(std::move(path_in)) {}

    std::string path;  ///< the file or folder concerned
};

/// A state left the numbers a model can go on with: which neuron, and when.
class NumericsError : public Error {
public:
    NumericsError(std::string population_in, unsigned neuron_in, double time_ms_in,
                  const std::string& message)
        : Error(population_in + "[" + std::to_string(neuron_in) + "] at " + std::to_string(time_ms_in) +
                " ms: " + message),
          population(std::move(population_in)),
          neuron(neuron_in),
          time_ms(time_ms_in) {}

    std::string population;
    unsigned neuron;
    double time_ms;  ///< [ms]
};

}  // namespace apical
