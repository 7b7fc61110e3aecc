#include "simulator/scheduler.hpp"

#include <algorithm>

namespace apical {

Scheduler::ClassId Scheduler::add_class(Index target) {
    if (of_target_.size() <= target) of_target_.resize(target + std::size_t{1});
    of_target_[target].push_back(classes_.size());
    classes_.emplace_back();
    return classes_.size() - 1;
}

void Scheduler::pop_before(Time end, Index target, std::vector<Arrival>& out) {
    out.clear();
    if (target >= of_target_.size()) return;
    const auto later = [](const DelayClass* a, const DelayClass* b) {
        return before(b->queue[b->next], a->queue[a->next]);
    };
    heap_.clear();
    for (const ClassId id : of_target_[target]) {
        if (classes_[id].due(end)) heap_.push_back(&classes_[id]);
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
    while (heap_.size() > 1) {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        DelayClass& first = *heap_.back();
        out.push_back(first.queue[first.next++]);
        if (first.due(end)) {
            std::push_heap(heap_.begin(), heap_.end(), later);
        } else {
            heap_.pop_back();
        }
    }
    if (!heap_.empty()) {  // the last one needs no comparisons
        for (DelayClass& last = *heap_.front(); last.due(end); ++last.next)
            out.push_back(last.queue[last.next]);
    }
    for (const ClassId id : of_target_[target]) classes_[id].forget();
}

Time Scheduler::next_time() const {
    Time first = Time::max();
    for (const DelayClass& one : classes_) {
        if (one.next < one.queue.size()) first = std::min(first, one.queue[one.next].time);
    }
    return first;
}

Scheduler::ClassId Scheduler::add_input_class(Index target) {
    const ClassId id = add_class(target);
    classes_[id].input = true;
    return id;
}

double Scheduler::pending(ClassId id) const {
    const DelayClass& one = classes_[id];
    double sum = 0.0;
    for (std::size_t i = one.next; i < one.queue.size(); ++i) sum += one.queue[i].release;
    return sum;
}

void Scheduler::push_first(ClassId id, const Arrival& arrival) {
    auto& queue = classes_[id].queue;
    queue.insert(queue.begin() + static_cast<std::ptrdiff_t>(classes_[id].next), arrival);
}

void Scheduler::clear() {
    for (DelayClass& one : classes_) {
        if (one.input) continue;
        one.queue.clear();
        one.next = 0;
    }
}

void Scheduler::DelayClass::persist(Archive& archive) {
    archive.queue("queue", queue, next, "time", &Arrival::time, "source_population",
                  &Arrival::source_population, "source", &Arrival::source, "projection", &Arrival::projection,
                  "kind", &Arrival::kind, "release", &Arrival::release);
}

void Scheduler::DelayClass::forget() {
    if (2 * next < queue.size()) return;
    queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(next));
    next = 0;
}

}  // namespace apical
