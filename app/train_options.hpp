#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
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
    bool drawn() const { return given(regular_) || random(); }
    bool random() const { return given(poisson_) || has_bursts(); }
    bool has_bursts() const { return given(bursts_); }

    double duration() const { return recipe_.duration; }  ///< [ms]
    std::uint64_t seed() const { return recipe_.seed; }

    /// For the explorer page.
    nlohmann::ordered_json to_json() const;

private:
    std::vector<double> times_;
    static constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
    static bool given(double rate) { return !std::isnan(rate); }

    std::string list_;
    double regular_ = nothing, poisson_ = nothing, bursts_ = nothing;  // [Hz]
    TrainRecipe recipe_;
};

}  // namespace apical
