#include "circuits/burstccn.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "circuits/backprop_angle.hpp"
#include "circuits/burstccn_network.hpp"
#include "circuits/output_counts.hpp"

// Presentations of the layered network: it settles, then is taught. Its answer are the events of the output.

namespace apical {
namespace {

class BurstCcnLearner final : public CountingLearner {
public:
    BurstCcnLearner(const BurstCcnConfig& c, const NetworkDescription& description, Network& network,
                    const Shape& shape)
        : CountingLearner(network, shape.outputs, c.output.per_class, c.neuron.t_ref),
          c_(c),
          description_(description),
          shape_(shape),
          stage_(stage_of(c, 0)),
          input_(network.populations.at("input")),
          target_(network.variable("output", "target")) {}

    void show(std::span<const double> levels, std::span<const double> targets) override {
        const Time onset = begin();
        std::vector<double> rates(levels.size());
        std::transform(levels.begin(), levels.end(), rates.begin(),
                       [this](double level) { return c_.input.rate * level / shape_.full; });
        if (c_.presentation.reset == BurstCcnConfig::Reset::state) at(onset, action::ResetState{});
        at(onset, action::SetRates{input_, std::move(rates)});
        at(onset, action::GatePlasticity{false});
        if (targets.empty()) return;
        const Time teaching = onset + ticks(stage_.settling);
        at(onset, action::CopyTiedWeights{});
        // Without a teacher nothing should burst more than expected: inhibition learns that, once activity
        // has built up.
        gate_inhibition(onset + ticks(0.5 * stage_.settling), true);
        std::vector<double> of_cells;
        for (const double target : targets) of_cells.insert(of_cells.end(), c_.output.per_class, target);
        at(teaching, action::SetVariable{output(), target_, std::move(of_cells)});
        at(teaching, action::GatePlasticity{true});
        gate_inhibition(teaching, false);
    }

    std::vector<double> stops(bool taught) const override {
        return {taught ? stage_.duration : c_.presentation.readout};
    }

    void stop(std::size_t /*k*/, bool taught) override {
        conclude();
        if (!taught) return;
        simulation().act_now(action::GatePlasticity{false});
        simulation().act_now(action::SetVariable{output(), target_, {std::nan("")}});
    }

    double gap() const override { return c_.presentation.gap; }
    void rest() override { at(simulation().now(), action::SetRates{input_, {0.0}}); }

    bool enter(Index epoch) override {
        if (c_.late.from == 0 || epoch < c_.late.from || late_) return false;
        late_ = true;
        const BurstCcnStage first = std::exchange(stage_, stage_of(c_, epoch));
        const Time now = simulation().now();
        for (const PopulationDescription& p : description_.populations) {
            if (p.model != "stochastic_pyramidal") continue;
            const Index index = network().populations.at(p.name);
            at(now, action::SetParameter{index, "tau_soma", stage_.tau_soma});
            at(now, action::SetParameter{index, "tau_dend", stage_.tau_dend});
        }
        for (const ProjectionDescription& p : description_.projections) {
            const Index index = network().projections.at(p.name);
            at(now, action::SetGain{index, trace_of(c_, stage_, p) / trace_of(c_, first, p)});
            if (p.plasticity) at(now, action::SetRuleParameter{index, "tau_pre", stage_.tau_soma});
        }
        return true;
    }

    void anneal(double part) override {
        const double factor = std::pow(c_.eta_final, part);
        for (const ProjectionDescription& p : description_.projections) {
            if (!p.plasticity) continue;
            at(simulation().now(), action::SetRuleParameter{network().projections.at(p.name), "eta",
                                                            eta_of(c_, stage_, p) * factor});
        }
    }

    void persist(Archive& archive, Index epoch) override {
        CountingLearner::persist(archive, epoch);
        archive("late", late_);
        if (archive.gives_back() && late_) stage_ = stage_of(c_, epoch);
    }

private:
    void at(Time time, Action action) { simulation().schedule(time, std::move(action)); }

    void gate_inhibition(Time time, bool on) {
        for (const ProjectionDescription& p : description_.projections) {
            if (learns_inhibition(p)) at(time, action::GatePlasticity{on, network().projections.at(p.name)});
        }
    }

    const BurstCcnConfig& c_;
    const NetworkDescription& description_;
    Shape shape_;
    BurstCcnStage stage_;
    bool late_ = false;
    Index input_;
    std::size_t target_;
};

class BurstCcn final : public Circuit {
public:
    explicit BurstCcn(BurstCcnConfig c) : c_(std::move(c)) {}

    std::string size_text(const Shape& shape) const override {
        return fmt::format("{} hidden and {} x {} output neurons", fmt::join(c_.hidden.sizes, "-"),
                           shape.outputs, c_.output.per_class);
    }

    Facts facts() const override {
        std::string name = fmt::format("{}/{}/{}/{}/{}", name_of(feedback_choices, c_.feedback),
                                       name_of(transmission_choices, c_.transmission),
                                       name_of(baseline_choices, c_.baseline), name_of(rule_choices, c_.rule),
                                       name_of(encoding_choices, c_.input.encoding));
        if (c_.inhibition == BurstCcnConfig::Inhibition::learned) name += "/learned";
        if (c_.inhibition == BurstCcnConfig::Inhibition::interneurons) name += "/interneurons";
        if (c_.control != BurstCcnConfig::Control::none)
            name += fmt::format("/{}", name_of(control_choices, c_.control));
        return {{"variant", name}};
    }

    NetworkDescription describe(const Shape& shape, std::uint64_t seed) const override {
        return describe_burstccn(c_, shape, seed);
    }
    NetworkDescription measure(const Shape& shape, std::uint64_t seed, std::size_t threads,
                               const Log& log) const override {
        const std::optional<RelayDecoder> relay = measure_relay(c_, shape, seed, threads);
        if (relay) {
            log(Severity::note,
                fmt::format("pv, driven by events: r {:.4f}, C {:.4f}, rest {:.2f} Hz, R2 {:.3f}, residual "
                            "{:.2f} Hz",
                            relay->r, relay->C, relay->rest_q, relay->R2, relay->residual));
        }
        return describe_burstccn(c_, shape, seed, relay);
    }
    bool judges_relays() const override { return has_relays(c_); }

    std::unique_ptr<Learner> learner(const NetworkDescription& description, Network& network,
                                     const Shape& shape) const override {
        return std::make_unique<BurstCcnLearner>(c_, description, network, shape);
    }
    double duration(bool taught, Index epoch) const override {
        return (taught ? stage_of(c_, epoch).duration : c_.presentation.readout) + c_.presentation.gap;
    }
    std::optional<double> readout() const override { return c_.presentation.readout; }
    std::unique_ptr<BackpropAngle> angle(Network& network, const Shape& shape) const override {
        return std::make_unique<BurstCcnAngle>(c_, network, shape);
    }

private:
    BurstCcnConfig c_;
};

}  // namespace

std::unique_ptr<Circuit> burstccn(const BurstCcnConfig& config) { return std::make_unique<BurstCcn>(config); }

}  // namespace apical
