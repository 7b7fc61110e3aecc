#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "neurons/model.hpp"
#include "simulator/population.hpp"

namespace apical {

/// The visiting loop: any model with `advance` and `receive`. Time runs forward through the arrivals, and a
/// neuron is brought up to date when it is met.
template <NeuronModel Model>
class VisitedPopulation final : public Population {
public:
    using State = typename Model::State;
    static constexpr std::size_t variables_of_state = sizeof(State) / sizeof(double);

    VisitedPopulation(PopulationSetup setup, Model model, std::span<const State> initial)
        : Population(std::move(setup)),
          model_(std::move(model)),
          initial_(initial.begin(), initial.end()),
          states_(initial_) {
        if constexpr (requires { model_.fastest(); }) require_time_constant(1.0 / model_.fastest());
        updated_.assign(size(), Time{});
        draws_.assign(size(), 0);
        for (Index i = 0; i < size(); ++i) keys_.emplace_back(this->setup().seed, "model", name(), i);
        for (const Part& part : parts_) {
            noise_.push_back(
                noise_groups(this->setup().seed, name(), this->setup().noise, size(), part.first, part.last));
        }
    }

    bool in_order() const override { return true; }
    bool shows() const override { return true; }
    std::vector<std::string_view> variables() const override {
        return {Model::variables.begin(), Model::variables.end()};
    }

    double sample(Index neuron, std::size_t variable, Time now) const override {
        State copy = states_[neuron];
        std::uint32_t draws = draws_[neuron];
        for (Time time = updated_[neuron]; time < now;) {
            const auto spike = advance(model_, copy, keys_[neuron], draws, ms(now - time));
            if (spike && !(spike->offset >= 0.0)) lost(neuron, time, spike->offset);
            time = spike ? std::min(time + ticks_up(spike->offset), now) : now;
        }
        return std::bit_cast<Numbers>(copy)[variable];
    }

    void set(Index neuron, std::size_t variable, double value, Time) override {
        set_variable(model_, states_[neuron], variable, value);
    }

    void check_numbers(Time now) const override {
        for (Index i = 0; i < size(); ++i) {
            const auto numbers = std::bit_cast<Numbers>(states_[i]);
            for (std::size_t v = 0; v < numbers.size(); ++v) {
                if (!std::isfinite(numbers[v]) && !may_be_none<Model>(v))
                    not_finite(i, Model::variables[v], numbers[v], now);
            }
        }
    }

    void set_parameter(std::string_view parameter, double value, Time now) override {
        if constexpr (requires { model_.*(Model::fields.front().member); }) {
            model_ = with_acting_parameter(model_, parameter, value, name());
        } else {
            Population::set_parameter(parameter, value, now);
        }
    }

protected:
    void integrate(std::size_t shard, const Window& window, std::span<const Arrival> arrivals) override {
        Part& part = parts_[shard];
        show(shard, window.begin);
        for (const Arrival& arrival : arrivals) {
            Projection& p = projection(arrival);
            const Table::Row row = p.tables[shard].row(arrival.source);
            if (row.targets.empty()) continue;
            deliver_noise(shard, arrival.time + Duration{1});
            if (p.plastic() && p.learning[shard]->immediate()) {
                for (const Table::Local target : row.targets) bring_up(shard, target, arrival.time);
                show_spikes(shard);
            }
            p.arrive(shard, arrival);
            if (arrival.release == 0.0)
                continue;  // it came for the rule, or for synapses with states of their own
            for (std::size_t i = 0; i < row.targets.size(); ++i) {
                const double weight =
                    row.weights.empty() ? p.tables[shard].uniform_weight() : double{row.weights[i]};
                if (weight == 0.0) continue;  // many, where a tie takes only the weights of one sign
                bring_up(shard, row.targets[i], arrival.time);
                model_.receive(states_[part.first + row.targets[i]], p.port, weight * arrival.release);
            }
        }
        deliver_noise(shard, window.end);
        for (Index local = 0; local < part.size(); ++local) bring_up(shard, local, window.end);
        show(shard, window.end);
    }

    void restart(Time now) override {
        states_ = initial_;
        updated_.assign(size(), now);
    }

    void persist_neurons(Archive& archive) override {
        archive.fields("model", model_);
        archive("states", std::span(states_));
        archive("updated", std::span(updated_));
        archive("draws", std::span(draws_));
        for (std::size_t k = 0; k < shards(); ++k) archive.each("noise_" + std::to_string(k), noise_[k]);
    }

private:
    using Numbers = std::array<double, variables_of_state>;

    /// What rules follow, at the borders of windows, when all neurons are up to date.
    void show(std::size_t shard, Time now) {
        for (const Follower& follower : followers()) {
            follower.projection->learning[shard]->follow(now, [&](Index local) {
                return std::bit_cast<Numbers>(states_[parts_[shard].first + local])[follower.variable];
            });
        }
    }

    void bring_up(std::size_t shard, Index local, Time time) {
        const Index neuron = parts_[shard].first + local;
        Time& now = updated_[neuron];
        while (const auto spike =
                   advance(model_, states_[neuron], keys_[neuron], draws_[neuron], ms(time - now))) {
            if (!(spike->offset >= 0.0)) lost(neuron, now, spike->offset);
            now = std::min(now + ticks_up(spike->offset), time);
            emit(shard, local, now, spike->kind, spike->mark);
        }
        now = time;
    }

    /// All noise before `end`.
    void deliver_noise(std::size_t shard, Time end) {
        for (NoiseGroup& group : noise_[shard]) {
            while (true) {
                NoiseBand& train = group.earliest();
                const Time time = train.next_time();
                if (time >= end) break;
                const Index local = train.targets().front();
                bring_up(shard, local, time);
                model_.receive(states_[parts_[shard].first + local], train.noise().port, train.weight(0));
                train.take(1);
            }
        }
    }

    Model model_;
    std::vector<State> initial_;
    std::vector<State> states_;
    std::vector<Time> updated_;                   ///< by neuron: the time of its state
    std::vector<std::uint32_t> draws_;            ///< by neuron: random numbers used
    std::vector<StreamKey> keys_;                 ///< by neuron
    std::vector<std::vector<NoiseGroup>> noise_;  ///< by shard
};

}  // namespace apical
