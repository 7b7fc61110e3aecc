#include "simulator/population.hpp"

#include <algorithm>
#include <array>
#include <sstream>

namespace apical {

Population::Population(PopulationSetup setup) : setup_(std::move(setup)) {
    // Equal shards, but for their borders: a border inside a band of common noise would make two shards draw
    // it.
    const Index noise_neurons = noise_band();
    const auto border = [&](std::uint64_t i) {
        const auto even = static_cast<Index>(std::uint64_t{setup_.size} * i / setup_.shards);
        const bool large = setup_.size / setup_.shards >= noise_neurons;
        if (i == setup_.shards || setup_.noise.empty() || !large) return even;
        return (even + noise_neurons / 2) / noise_neurons * noise_neurons;
    };
    for (Index i = 0; i < setup_.shards; ++i) {
        const Index first = border(i);
        const Index last = border(i + 1);
        parts_.push_back({.first = first,
                          .last = last,
                          .spikes = {},
                          .kinds = {setup_.classifier, setup_.b_th, last - first},
                          .shown = 0,
                          .late = {}});
    }
}

void Population::connect(std::vector<Projection*> by_index) {
    projections_ = std::move(by_index);
    for (Projection* projection : projections_) {
        if (projection == nullptr || !projection->plastic()) continue;
        plastic_.push_back(projection);
        if (projection->learning.front()->immediate()) immediate_.push_back(projection);
        const auto names = variables();
        const auto followed = std::find(names.begin(), names.end(), projection->learning.front()->follows());
        if (followed != names.end())
            followers_.push_back({projection, static_cast<std::size_t>(followed - names.begin())});
    }
}

void Population::process(std::size_t shard, const Window& window, std::span<const Arrival> arrivals) {
    Part& part = parts_[shard];
    part.spikes.swap(part.late);
    part.late.clear();
    part.shown = part.spikes.size();
    integrate(shard, window, arrivals);
    show_spikes(shard);
    sort(part.spikes);
    while (!part.spikes.empty() && part.spikes.back().time >= window.end) {
        part.late.insert(part.late.begin(), part.spikes.back());
        part.spikes.pop_back();
    }
    for (Projection* projection : plastic_) {
        projection->learning[shard]->catch_up(window.end);
        projection->learning[shard]->enqueue(part.spikes, part.first);
    }
}

Time Population::quiet_until(const Window& next) {
    Time until = Time::max();
    for (std::size_t k = 0; k < shards() && until >= next.end; ++k)
        until = parts_[k].late.empty() ? std::min(until, quiet_until(k, next)) : next.begin;
    return until;
}

void Population::not_finite(Index neuron, std::string_view variable, double value, Time now) const {
    throw NumericsError(name(), neuron, ms(now),
                        std::string(variable) + " is not a finite number (" + std::to_string(value) + ")");
}

void Population::lost(Index neuron, Time now, double offset) const {
    throw NumericsError(name(), neuron, ms(now),
                        offset == lost_in_rounding
                            ? "a current or a potential is so large that V_m is lost in its rounding"
                        : offset == lost_in_steps ? "a conductance or a current is so large that V_m cannot "
                                                    "be followed, not even in 20000 steps in a ms"
                                                  : "the state is not a number");
}

void Population::require_time_constant(double shortest) const {
    constexpr double least = 1e-6;  // [ms], a thousand ticks
    if (shortest >= least) return;
    std::ostringstream text;
    text << name() << ": the clock cannot follow a time constant of " << shortest << " ms: expected " << least
         << " ms or more";
    throw ModelError(text.str());
}

void Population::set_parameter(std::string_view, double, Time) {
    throw ModelError(name() + ": parameters of linear neurons cannot change in a run");
}

bool Population::has_pulses() const {
    return std::any_of(setup_.noise.begin(), setup_.noise.end(),
                       [](const Noise& noise) { return noise.lag != 0; });
}

void Population::reset(Time now) {
    for (Part& part : parts_) {
        part.kinds.reset();
        part.late.clear();
    }
    restart(now);
}

void Population::persist(Archive& archive) {
    archive.each("parts", parts_);
    persist_neurons(archive);
}

void Population::Part::persist(Archive& archive) {
    archive("kinds", kinds);
    archive.columns("late", late, "time", &Spike::time, "population", &Spike::population, "neuron",
                    &Spike::neuron, "kind", &Spike::kind, "mark", &Spike::mark);
}

void Population::emit(std::size_t shard, Index local, Time time, SpikeKind says, double mark) {
    Part& part = parts_[shard];
    const Spike spike{time, setup_.index, part.first + local, part.kinds(local, time, says), mark};
    part.spikes.push_back(spike);
    // One that needs next to no time to come back from its reset would fire without end.
    constexpr std::size_t many = 100;
    constexpr Duration microsecond{1 << 20};  // and a little less
    if (part.spikes.size() <= many) return;
    const Spike& earlier = part.spikes[part.spikes.size() - 1 - many];
    if (earlier.neuron == spike.neuron && time - earlier.time < microsecond) {
        throw NumericsError(name(), spike.neuron, ms(time),
                            "a current is so large that it fires more than 100 times in a microsecond");
    }
}

void Population::show_spikes(std::size_t shard) {
    if (immediate_.empty()) return;
    Part& part = parts_[shard];
    const std::span<Spike> fresh = std::span(part.spikes).subspan(part.shown);
    sort(fresh);
    for (const Spike& spike : fresh) {
        for (Projection* projection : immediate_)
            projection->learning[shard]->show(static_cast<Table::Local>(spike.neuron - part.first), spike);
    }
    part.shown = part.spikes.size();
}

std::size_t Population::shard_of(Index neuron) const {
    std::size_t k = 0;
    while (neuron >= last(k)) ++k;
    return k;
}

}  // namespace apical
