#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/exp.hpp"
#include "core/rounding.hpp"
#include "simulator/learning.hpp"

namespace apical::test {

/// A rule applied as its definition reads: at each spike all synapses that it concerns, found by looking at
/// all, with traces that decay from spike to spike. What SpikeLearning is to agree with, to rounding.
template <PlasticityRule Rule>
class EagerLearning final : public Learning {
public:
    EagerLearning(const Rule& rule, Table& table, Index targets, Duration back_delay)
        : rule_(rule),
          table_(&table),
          queue_(back_delay),
          sources_(table.sources()),
          targets_(targets, start()) {}

    void arrive(Index source, Time time, SpikeKind kind) override {
        catch_up(time);
        auto& s = sources_[source];
        const double factor = rule_.arrive(s.own, s.since(time), kind);
        if (factor != 0.0 && enabled_) {
            const Table::Row row = table_->row(source);
            rule_.changes_at_arrival([&](const auto& changed) {
                for (std::size_t i = 0; i < row.targets.size(); ++i) {
                    const double y = targets_[row.targets[i]].seen_at(time, rule_.target_decay());
                    row.weights[i] = static_cast<float>(changed(double{row.weights[i]}, y, factor));
                }
            });
        }
        s.add(time, rule_.source_jump(kind), rule_.source_decay());
    }

    void catch_up(Time end) override {
        queue_.take_before(end, [this](const PostSpike& spike) { fire(spike); });
    }
    void enqueue(std::span<const Spike> spikes, Index first) override { queue_.push(spikes, first); }
    Duration back_delay() const override { return queue_.back_delay(); }
    void show(Table::Local target, const Spike& spike) override { queue_.show(target, spike); }

    void enable(bool on) override { enabled_ = on; }
    void set_parameter(std::string_view parameter, double value, const std::string& owner, Time) override {
        rule_ = with_parameter(rule_, parameter, value, owner);
    }
    void reset_traces() override {
        queue_.clear();
        for (auto& s : sources_) s = {};
        if (Rule::targets_outlive_reset) return;
        for (auto& t : targets_) t = start();
    }
    void persist(Archive&) override {}

private:
    template <class Own>
    struct Neuron {
        double x = 0.0;       ///< trace just after the last spike
        double before = 0.0;  ///< and after the last that was earlier than that
        Time last{};
        Time last_before{};
        bool spiked = false;
        Own own{};

        double since(Time time) const { return ms(time - last); }
        void add(Time time, double jump, double tau) {
            if (!spiked || comes_before(last, time)) {
                before = x;
                last_before = last;
            }
            x = x * exp(-ms(time - last) / tau) + jump;
            last = time;
            spiked = true;
        }
        double seen_at(Time time, double tau) const {
            return !spiked || comes_before(last, time) ? x * exp(-ms(time - last) / tau)
                                                       : before * exp(-ms(time - last_before) / tau);
        }
    };
    Neuron<typename Rule::Target> start() const {
        Neuron<typename Rule::Target> target;
        target.x = target.before = rule_.target_start();
        target.own = rule_.start();
        return target;
    }

    void fire(const PostSpike& spike) {
        auto& t = targets_[spike.target];
        const double factor = rule_.fire(t.own, t.since(spike.seen), spike.kind, spike.mark);
        t.add(spike.seen, rule_.target_jump(spike.kind), rule_.target_decay());
        if (factor == 0.0 || !enabled_) return;
        rule_.changes_at_fire([&](const auto& changed) {
            for (Index source = 0; source < sources_.size(); ++source) {
                const Table::Row row = table_->row(source);
                for (std::size_t i = 0; i < row.targets.size(); ++i) {
                    if (row.targets[i] != spike.target) continue;
                    const double x = sources_[source].seen_at(spike.seen, rule_.source_decay());
                    row.weights[i] = static_cast<float>(changed(double{row.weights[i]}, x, factor));
                }
            }
        });
    }

    Rule rule_;
    Table* table_;
    PostSpikeQueue queue_;
    std::vector<Neuron<typename Rule::Source>> sources_;
    std::vector<Neuron<typename Rule::Target>> targets_;
    bool enabled_ = true;
};

}  // namespace apical::test
