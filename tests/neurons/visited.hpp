#pragma once

#include <array>
#include <cmath>
#include <optional>

#include "core/exp.hpp"
#include "core/time.hpp"
#include "neurons/linear.hpp"
#include "neurons/model.hpp"

namespace apical::test {

/// A traced model as one with `advance` and `receive`: each trace a plain number that decays when time
/// passes. What the engine makes of the same model, without its scaled columns, calls and windows.
template <TracedModel Model>
class VisitedTraces {
public:
    static constexpr std::size_t ports = Model::ports.size();
    struct State : Model::State {
        double wait;     ///< [ms] left of the outlook; negative: there is none yet
        double elapsed;  ///< [ms] since the model was met
        std::array<double, ports> ceiling;
    };

    explicit VisitedTraces(const Model& model) : model_(model), decay_times_(model.decay_times()) {}

    State initial() const { return {model_.initial(), -1.0, 0.0, {}}; }

    void receive(State& s, std::size_t port, double weight) const {
        if ((trace(s, port) += weight) > s.ceiling[port]) s.wait = 0.0;
    }

    std::optional<Emission> advance(State& s, double dt, Draw& draw) const {
        double passed = 0.0;
        if (s.wait < 0.0) look_ahead(s, draw);
        while (s.wait <= dt - passed) {
            passed += s.wait;
            pass(s, s.wait);
            const double elapsed = s.elapsed;
            s.elapsed = 0.0;
            s.wait = 0.0;  // met again, with nothing elapsed, after a spike
            if (const auto spike = model_.meet(s, elapsed, draw))
                return Emission{passed, spike->kind, spike->mark};
            look_ahead(s, draw);
        }
        pass(s, dt - passed);
        s.wait -= dt - passed;
        return std::nullopt;
    }

    /// Brings all of the state to now, to be read.
    void settle(State& s) const {
        std::uint32_t draws = 0;
        Draw draw(StreamKey{}, draws);
        if (s.wait > 0.0) model_.meet(s, s.elapsed, draw);
    }

private:
    static double& trace(State& s, std::size_t port) { return reinterpret_cast<double*>(&s)[port]; }

    void look_ahead(State& s, Draw& draw) const {
        const auto outlook = model_.outlook(s, draw);
        s.wait = std::ceil(outlook.wait * ticks_per_ms) * ms_per_tick;
        s.ceiling = outlook.ceiling;
    }

    void pass(State& s, double dt) const {
        for (std::size_t p = 0; p < ports; ++p) trace(s, p) *= exp(-dt / decay_times_[p]);
        s.elapsed += dt;
    }

    Model model_;
    std::array<double, ports> decay_times_;
};

/// A model as one that is visited: as it is, or through the adaptor of its kind.
template <class Model>
auto visited(const Model& model) {
    if constexpr (LinearModel<Model>) {
        return LinearNeuron<Model>(model);
    } else if constexpr (TracedModel<Model>) {
        return VisitedTraces<Model>(model);
    } else {
        return model;
    }
}

}  // namespace apical::test
