#include "training/wheel.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace apical {
namespace {

std::vector<Index> indices_of(const std::vector<std::string>& populations, const Network& network) {
    std::vector<Index> list;
    for (const std::string& name : populations) list.push_back(network.populations.at(name));
    return list;
}

Index neurons_in(const std::vector<std::string>& populations, const NetworkDescription& description) {
    Index sum = 0;
    for (const PopulationDescription& p : description.populations) {
        if (std::find(populations.begin(), populations.end(), p.name) != populations.end()) sum += p.size;
    }
    return sum;
}

template <class List, class Count>
std::uint64_t sum_over(const List& list, Count count) {
    return std::accumulate(list.begin(), list.end(), std::uint64_t{0},
                           [&](std::uint64_t sum, const auto& item) { return sum + count(*item); });
}

}  // namespace

Wheel::Wheel(const NetworkDescription& description, const std::vector<Network*>& copies,
             const std::vector<std::string>& cells, const RunContext& context, Recording::Extent spikes)
    : description_(description),
      copies_(copies),
      context_(context),
      recording_(description, *copies.front(), context, spikes),
      activity_(indices_of(cells, *copies.front()), neurons_in(cells, description)) {
    simulation().add(activity_);
    for (std::size_t i = 0; i < copies_.size(); ++i) {
        counts_.push_back(std::make_unique<SpikeCounts>(description, *copies_[i]));
        context.built(*copies_[i], i);
    }
}

bool Wheel::begin(Persist own, std::function<void(Progress&)> tell) {
    own_ = std::move(own);
    tell_ = std::move(tell);
    const bool goes_on = context_.resume(state_);
    if (!goes_on) recording_.snapshot();
    return goes_on;
}

void Wheel::run_to(Time end) {
    simulation().cut(end);
    while (now() < end && !interrupted_) {
        simulation().step(end);
        turn();
    }
}

void Wheel::turn() {
    recording_.tick();
    Progress progress{.time = ms(now()),
                      .spikes = spikes(),
                      .step_name = {},
                      .event_rate = activity_.event_rate(),
                      .burst_probability = activity_.burst_probability(),
                      .accuracy = {}};
    tell_(progress);
    context_.progress(progress);
    interrupted_ = context_.pause(state_);
}

std::uint64_t Wheel::spikes() const {
    return sum_over(counts_, [](const SpikeCounts& c) { return c.neurons(); });
}

std::uint64_t Wheel::source_spikes() const {
    return sum_over(counts_, [](const SpikeCounts& c) { return c.sources(); });
}

std::uint64_t Wheel::synaptic_events() const {
    return sum_over(copies_, [](const Network& n) { return n.simulation->synaptic_events(); });
}

RunResult Wheel::finish(Facts own) {
    RunResult result;
    result.interrupted = interrupted_;
    result.result_hash = recording_.finish();
    double biological = 0.0;
    for (Network* copy : copies_) {
        if (copy != copies_.front()) copy->simulation->check_numbers();  // of the first the recording does
        biological += ms(copy->simulation->now()) / 1000.0;
    }
    const NetworkSize size = size_of(description_);
    result.summary = std::move(own);
    append(result.summary, {{"biological_s", biological},
                            {"neurons", static_cast<std::int64_t>(size.neurons)},
                            {"sources", static_cast<std::int64_t>(size.sources)},
                            {"spikes", static_cast<std::int64_t>(spikes())},
                            {"source_spikes", static_cast<std::int64_t>(source_spikes())},
                            {"synaptic_events", static_cast<std::int64_t>(synaptic_events())}});
    return result;
}

void Wheel::persist(Archive& archive) {
    for (std::size_t i = 0; i < copies_.size(); ++i) {
        const std::string copy = "copy_" + std::to_string(i);
        archive(copy, *copies_[i]->simulation);
        archive(copy + "_counts", *counts_[i]);
    }
    archive("recording", recording_);
    archive("activity", activity_);
    archive.group("protocol", [&] { own_(archive); });
}

}  // namespace apical
