#pragma once

#include <limits>

#include "core/spike.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// When to stop for want of progress: after so many epochs in a row whose error is no lower than the best so
/// far.
class Patience {
public:
    /// 0: never stops.
    explicit Patience(Index epochs) : epochs_(epochs) {}

    void see(double error) {
        since_best_ = error < best_ ? 0 : since_best_ + 1;
        if (error < best_) best_ = error;
    }
    bool is_over() const { return epochs_ > 0 && since_best_ >= epochs_; }

    void persist(Archive& archive) {
        archive("best", best_);
        archive("since_best", since_best_);
    }

private:
    Index epochs_;
    double best_ = std::numeric_limits<double>::infinity();
    Index since_best_ = 0;  ///< epochs
};

}  // namespace apical
