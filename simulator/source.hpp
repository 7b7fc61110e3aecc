#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/rate.hpp"
#include "core/spike.hpp"
#include "neurons/source.hpp"
#include "recorders/archive.hpp"
#include "simulator/classification.hpp"

namespace apical {

/// A population of spike sources. They have no inputs, so their spikes of a window are known when it opens
/// and their projections' delays do not bound it.
class SourcePopulation {
public:
    SourcePopulation(std::string name, Index index, Index size, Classification kinds)
        : name_(std::move(name)), index_(index), size_(size), kinds_(std::move(kinds)) {}
    SourcePopulation(const SourcePopulation&) = delete;
    SourcePopulation& operator=(const SourcePopulation&) = delete;
    virtual ~SourcePopulation() = default;

    const std::string& name() const { return name_; }
    Index index() const { return index_; }
    Index size() const { return size_; }

    /// Appends the spikes in [window.begin, window.end), unsorted.
    virtual void emit(const Window& window, std::vector<Spike>& spikes) = 0;
    /// Of the first spike that has not been emitted; Time::max() if there is none.
    virtual Time next_time() const = 0;
    /// New rates [Hz], one for all or one for each, from `now` on. Throws ModelError if the source has none,
    /// or no train has one of these.
    virtual void set_rates(std::span<const double> rates, Time now) = 0;
    /// Forgets bursts that are under way; the trains go on.
    void reset() { kinds_.reset(); }
    void persist(Archive& archive) {
        archive("kinds", kinds_);
        persist_trains(archive);
    }

protected:
    /// The spike of a neuron, which is its next; `says` is what the source knows of it.
    Spike spike(Time time, Index neuron, SpikeKind says = SpikeKind::event) {
        return {time, index_, neuron, kinds_(neuron, time, says), no_mark};
    }

    /// Everything but what the spikes are.
    virtual void persist_trains(Archive& archive) = 0;

private:
    std::string name_;
    Index index_;
    Index size_;
    Classification kinds_;
};

/// Renewal sources. Each neuron keeps the part of its current interval that is left, in expected spikes, so
/// that its train is a function of seed, name, neuron and the history of its rate alone.
template <SpikeSource Source>
class SourcePopulationOf final : public SourcePopulation {
public:
    SourcePopulationOf(std::string name, Index index, Index size, std::uint64_t seed, const Source& source,
                       Classification kinds = {})
        : SourcePopulation(std::move(name), index, size, std::move(kinds)), source_(source) {
        for (Index i = 0; i < size; ++i) {
            keys_.emplace_back(seed, "source", this->name(), i);
            Draw draw(keys_.back(), draws_.emplace_back(0));
            neurons_.push_back({source_.first(draw), source_.rate, Time{}});
            next_.push_back(Time::max());
            schedule(i);
        }
        find_active();
    }

    void emit(const Window& window, std::vector<Spike>& spikes) override {
        for (const Index i : active_) {
            for (; next_[i] < window.end; schedule(i)) {
                spikes.push_back(spike(next_[i], i));
                neurons_[i].since = next_[i];
                Draw draw(keys_[i], draws_[i]);
                neurons_[i].budget = source_.next(draw);
            }
        }
    }

    Time next_time() const override {
        Time first = Time::max();
        for (const Index i : active_) first = std::min(first, next_[i]);
        return first;
    }

    void set_rates(std::span<const double> rates, Time now) override {
        for (const double rate : rates) {
            if (const auto wrong = rate_problem(rate)) throw ModelError(name() + ": " + *wrong);
        }
        for (Index i = 0; i < size(); ++i) {
            Neuron& n = neurons_[i];
            n.budget = std::max(0.0, n.budget - n.rate * 1e-3 * ms(now - n.since));
            n.since = now;
            n.rate = rates.size() == 1 ? rates.front() : rates[i];
            schedule(i);
        }
        find_active();
    }

private:
    struct Neuron {
        double budget;  ///< expected spikes from `since` to the next
        double rate;    ///< [Hz]
        Time since;
    };

    void persist_trains(Archive& archive) override {
        archive("draws", std::span(draws_));
        archive.columns("neurons", std::span(neurons_), "budget", &Neuron::budget, "rate", &Neuron::rate,
                        "since", &Neuron::since);
        for (Index i = 0; i < size(); ++i) schedule(i);
        find_active();
    }

    void schedule(Index i) {
        constexpr double a_year = 3e10;  // [ms], more than a run lasts
        const Neuron& n = neurons_[i];
        const double wait = n.rate > 0.0 ? n.budget / (n.rate * 1e-3) : a_year;
        next_[i] = wait < a_year / 10 ? n.since + ticks_up(wait) : Time::max();
    }

    void find_active() {
        active_.clear();
        for (Index i = 0; i < size(); ++i) {
            if (next_[i] < Time::max()) active_.push_back(i);
        }
    }

    Source source_;
    std::vector<StreamKey> keys_;
    std::vector<std::uint32_t> draws_;
    std::vector<Neuron> neurons_;
    std::vector<Time> next_;     ///< by neuron: its next spike
    std::vector<Index> active_;  ///< neurons that have one at their present rate
};

/// Volleys: what is told by latency.
class LatencyPopulation final : public SourcePopulation {
public:
    LatencyPopulation(std::string name, Index index, Index size, const Latency& latency,
                      Classification kinds = {})
        : SourcePopulation(std::move(name), index, size, std::move(kinds)), latency_(latency) {
        set_rates({&latency.rate, 1}, Time{});
    }

    void emit(const Window& window, std::vector<Spike>& spikes) override;
    Time next_time() const override {
        if (volley_.empty()) return Time::max();
        // Rounded once: with periods that are no whole number of ticks no error adds up.
        return begin_ + ticks(static_cast<double>(volleys_) * latency_.period) + volley_[next_].after;
    }
    void set_rates(std::span<const double> rates, Time now) override;

private:
    struct Turn {
        Duration after;  ///< the beginning of the volley
        Index neuron;
    };

    void persist_trains(Archive& archive) override;

    Latency latency_;
    std::vector<Turn> volley_;   ///< in order of time
    Time begin_{};               ///< of the first volley
    std::uint64_t volleys_ = 0;  ///< that are over
    std::size_t next_ = 0;       ///< turn
};

/// Given spike times [ms], ascending for each neuron, and, where they are known, the kinds of these spikes.
class SpikeTrainPopulation final : public SourcePopulation {
public:
    /// `says` is as long as `times`, or empty.
    SpikeTrainPopulation(std::string name, Index index, const std::vector<std::vector<double>>& times,
                         const std::vector<std::vector<SpikeKind>>& says = {}, Classification kinds = {});

    void emit(const Window& window, std::vector<Spike>& spikes) override;
    Time next_time() const override { return next_ < spikes_.size() ? spikes_[next_].time : Time::max(); }
    void set_rates(std::span<const double> rates, Time now) override;

private:
    void persist_trains(Archive& archive) override { archive("next", next_); }

    std::vector<Spike> spikes_;  ///< of the whole run, in the total order, with the kinds that were given
    std::size_t next_ = 0;
};

}  // namespace apical
