#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// A sine as steps that have its mean over their length, made one after the other: a run of hours has as many
/// as milliseconds.
class Sine {
public:
    struct Step {
        Time time;
        double value;  ///< from then on
    };

    double amplitude = 0.0;
    double period = 1000.0;  ///< [ms]
    double phase = 0.0;      ///< [rad] at time zero
    double step = 1.0;       ///< [ms]
    double from = 0.0;       ///< [ms] zero before
    double end = 0.0;        ///< [ms] of the last step
    bool returns = false;    ///< to zero at `end`

    /// Nothing when all have been taken.
    std::optional<Step> next();
    void persist(Archive& archive) { archive("next", next_); }

private:
    std::uint64_t next_ = 0;
};

}  // namespace apical
