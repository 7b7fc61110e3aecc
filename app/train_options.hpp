#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/options.hpp"
#include "app/spike_train.hpp"

namespace apical {

/// The options of a verb that say which spike train it is about.
class TrainOptions {
public:
    explicit TrainOptions(std::vector<double> default_times) : times_(std::move(default_times)) {}

    /// Adds them; `default_text` says what the train is without any.
    void declare(VerbOptions& options, const std::string& default_text);

    /// The spike times [ms], ascending and not negative. Contradictory or impossible options are a
    /// ConfigError.
    std::vector<double> times() const;

    /// What a random train would be drawn by; its bursts say what a burst is for any train.
    TrainRecipe recipe() const;
    /// Is it drawn, by a rate, and not listed?
    bool drawn() const { return regular_ != 0.0 || random(); }
    bool random() const { return poisson_ != 0.0 || bursts_ != 0.0; }
    bool has_bursts() const { return bursts_ != 0.0; }

    double duration() const { return recipe_.duration; }  ///< [ms]
    std::uint64_t seed() const { return recipe_.seed; }

    /// For the explorer page.
    nlohmann::ordered_json to_json() const;

private:
    std::vector<double> times_;
    std::string list_;
    double regular_ = 0.0, poisson_ = 0.0, bursts_ = 0.0;  // [Hz]; 0: not given
    TrainRecipe recipe_;
};

}  // namespace apical
