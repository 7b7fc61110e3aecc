#pragma once

#include <cstddef>
#include <vector>

#include "core/spike.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// The spikes in flight: a priority queue over delay classes. The spikes of a class enter in the total order
/// and all travel equally long, so within a class it is a FIFO, and only the heads of the classes compete.
class Scheduler {
public:
    using ClassId = std::size_t;

    /// A class of arrivals at population `target`. Spikes of sources are known a window before those of
    /// neurons: give them classes of their own.
    ClassId add_class(Index target);
    /// A class of inputs from outside, which clear() leaves in flight.
    ClassId add_input_class(Index target);

    /// Arrivals of one class come in the total order.
    void push(ClassId id, const Arrival& arrival) { classes_[id].queue.push_back(arrival); }

    /// Moves all arrivals at `target` before `end` to `out`, in the total order.
    void pop_before(Time end, Index target, std::vector<Arrival>& out);

    /// Of the first arrival in flight; Time::max() if there is none.
    Time next_time() const;
    /// Drops the spikes in flight.
    void clear();
    /// The sum of the releases in flight in a class.
    double pending(ClassId id) const;
    /// Puts an arrival before all others of its class.
    void push_first(ClassId id, const Arrival& arrival);
    void persist(Archive& archive) { archive.each("classes", classes_); }

private:
    struct DelayClass {
        std::vector<Arrival> queue;  ///< [next, end) are in flight
        std::size_t next = 0;
        bool input = false;

        bool due(Time end) const { return next < queue.size() && queue[next].time < end; }
        void forget();
        void persist(Archive& archive);
    };
    std::vector<DelayClass> classes_;
    std::vector<std::vector<ClassId>> of_target_;
    std::vector<DelayClass*> heap_;
};

}  // namespace apical
