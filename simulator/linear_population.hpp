#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "core/rounding.hpp"
#include "neurons/linear.hpp"
#include "simulator/linear_cells.hpp"
#include "simulator/linear_gain.hpp"
#include "simulator/linear_noise.hpp"
#include "simulator/population.hpp"

namespace apical {

/// The inner loop for linear neurons in general. Their state y (the variables in use, and the constant 1) is
/// kept scaled to a time T0, s = exp(-M (t - T0)) y, in which nothing changes between arrivals: a spike that
/// arrives at t adds w G to s of each target, where G = exp(-M (t - T0)) g is one vector for its whole row.
/// No neuron is visited.
///
/// Crossings of threshold are found slice by slice: a bound on V_m - V_th, from the ends of the readout's
/// coefficients and the sum of the jumps that lift it, excludes almost all neurons; the few others replay
/// their own arrivals of the slice in order, from a copy of their state at its start, and look for the first
/// crossing between them. Only a neuron that fires or is released keeps the state of its replay; all others
/// keep the sums of the slice, first of noise, then of rows, so the result has the same bits as if all were
/// replayed. Where windows are short the bound holds for several slices, and in each of them only neurons
/// that something reached are looked at.
///
/// A refractory neuron's s of the membrane is minus infinity, so that additions do nothing. Variables that
/// read V_m (subthreshold adaptation) have dynamics of their own while it is held, in closed form from the
/// spike to the release. `k` is a shard's index.
class LinearPopulation final : public Population {
public:
    /// Whether neurons of these dynamics can be run here: what reads V_m must not also read inputs.
    static bool supports(const LinearDynamics& dynamics);

    /// Variables that no port in use, no initial value, no drive and no jump reaches stay zero and are left
    /// out. `initial` has the neurons' states, variables.size() numbers each, `ports_used` a mark for each
    /// port.
    LinearPopulation(PopulationSetup setup, const LinearDynamics& dynamics,
                     std::vector<std::string_view> variables, std::span<const bool> ports_used,
                     std::vector<double> initial);

    std::vector<std::string_view> variables() const override { return variables_; }
    double sample(Index neuron, std::size_t variable, Time now) const override;
    void set(Index neuron, std::size_t variable, double value, Time now) override;

    void check_numbers(Time now) const override;

    /// Replays every neuron in every slice, whatever the bound says: slower, with the same bits, which is how
    /// that is tested.
    void replay_all() { replay_all_ = true; }
    /// Neurons replayed, and neurons times slices: the fraction that the bound does not exclude.
    std::uint64_t replayed() const;
    std::uint64_t tested() const;

protected:
    void integrate(std::size_t k, const Window& window, std::span<const Arrival> arrivals) override;
    Time quiet_until(std::size_t k, const Window& next) override;
    void restart(Time now) override;
    void persist_neurons(Archive& archive) override { archive.each("shards", state_); }

private:
    using Vector = std::vector<double>;
    static constexpr std::size_t most_functions = Propagator::most_functions;
    static_assert(most_functions <= longest_cell);
    using Functions = LinearGain::Functions;
    using State = std::array<double, longest_cell>;  ///< of one neuron

    /// A row delivered in the slice: for the replay.
    struct DeliveredRow {
        Time time;
        std::span<const Table::Local> targets;
        std::size_t weights;  ///< offset into Shard::weights; if each synapse has its own
        bool uniform;
        double uniform_weight;
        double release;
        std::size_t port;
        std::size_t gain;  ///< offset into Shard::row_gains
    };
    /// An arrival at a neuron that is replayed.
    struct Replayed {
        Time time;
        double weight;
        const double* gain;
        double lift;  ///< of V_m's bound
        bool raises;  ///< V_m, at once
    };
    struct FunctionsAt {
        Time time = Time::min();
        Functions phi{};
    };
    struct Shard {
        Time T0{};
        Cells cells;  ///< by neuron: s of the variables in use; by how much arrivals lift the bound; zeros
        Cells start;  ///< the same at the start of the slice
        bool start_is_stale = true;            ///< also where nothing was delivered in the last slice
        std::vector<Time> release;             ///< by neuron: end of refractoriness, Time::max() if none,
        std::vector<Table::Local> refractory;  ///< and those that have one
        std::vector<Vector> held;              ///< by variable that reads V_m: its value at the spike
        LinearNoise noise;
        std::vector<DeliveredRow> rows;
        Time bound_until = Time::min();
        Vector top;                          ///< by neuron: bound of V_m - V_th until then, without jumps,
                                             ///< from where a jump that raises V_m has reached it
        std::vector<std::uint8_t> may_fire;  ///< by neuron: whether the bound does not exclude it
        std::vector<Table::Local> suspects;  ///< to be replayed until then,
        std::vector<std::uint32_t> place;    ///< by neuron: its place among them, from 1, or 0,
        std::vector<std::vector<Replayed>> arrivals;  ///< and theirs, in order of time
        Functions peak{};                             ///< largest |phi_j| within the slice
        std::array<FunctionsAt, 2> ends;              ///< of the slice
        Cells row_gains;
        std::vector<float>
            weights;  ///< as they were delivered: those of plastic synapses may change within the slice
        std::uint64_t replayed = 0;
        std::uint64_t tested = 0;
        void persist(Archive& archive);
    };

    /// The first `due` of the arrivals are those of the slice.
    void slice(std::size_t k, const Window& slice, std::span<const Arrival> arrivals, std::size_t due);
    /// Moves T0 up to now if it is due.
    void rescale(Shard& shard, Time now) const;
    void deliver_row(std::size_t k, const Arrival& arrival);
    std::size_t append_gain(Shard& shard, std::size_t port, Time time) const;
    /// What bounds V_m - V_th of all neurons while nothing arrives.
    CellBound bound(const Shard& shard, const Window& slice) const;
    /// Copies to `start` the cells that changed in the last slice, and forgets what was delivered in it.
    void begin_slice(Shard& shard) const;
    static void collect_suspects(Shard& shard);
    /// Whether so many neurons were reached in the slice that going through all is faster.
    static bool reaches_most(const Shard& shard);
    template <class Function>
    static void for_each_reached(const Shard& shard, const Function& function);
    /// Makes the bound anew, for as many slices as it may hold.
    void renew_bound(Shard& shard, const Window& slice) const;
    /// Neurons that may fire within the slice, or are released.
    void find_suspects(Shard& shard, Time end) const;
    /// Sorts what was delivered to the suspects by neuron: one pass for all of them.
    void sort_arrivals(Shard& shard) const;
    void replay(std::size_t k, Table::Local local, std::span<const Replayed> arrivals, const Window& slice);
    /// Between two arrivals: releases and spikes up to `end`, on the state `s` of one neuron. `phi` is at
    /// `from`, and then at `end`. `raised`: an arrival has just moved V_m up, at `from`.
    void advance(std::size_t k, Table::Local local, State& s, bool raised, Time from, Time end,
                 Functions& phi);
    void spike(Shard& shard, Table::Local local, State& s, Time time) const;
    void free(Shard& shard, Table::Local local, State& s, Time time) const;
    /// The variables in use and the constant at a time.
    State at(const Shard& shard, const State& s, Time time) const;
    void start_all(std::size_t k, Time now);
    State state(const Cells& cells, Index local) const;
    void set_state(Cells& cells, Index local, const State& s) const;
    /// phi_j at a time, which at the ends of a slice is known.
    void evaluate(const Shard& shard, Time time, Functions& phi) const;
    double tau(const Shard& shard, Time time) const { return ms(time - shard.T0); }

    std::vector<std::string_view> variables_;
    Vector initial_;
    std::vector<std::size_t> used_;       ///< variable in use -> variable
    std::vector<std::size_t> dependent_;  ///< those in use that read V_m, directly or not
    LinearDynamics dynamics_;             ///< of the variables in use
    Propagator propagator_;
    Eigen::MatrixXd held_over_;  ///< exp of the held dynamics over t_ref
    Propagator held_;
    std::vector<Vector> readouts_;          ///< by function: of the variables in use and the constant
    std::vector<Vector> curvatures_;        ///< likewise, of the second time derivative
    std::vector<LinearGain> gains_;         ///< by port
    std::vector<std::vector<bool>> reads_;  ///< exp(M t)(i, j) is not zero
    ThresholdMargins margins_;
    Duration t_ref_;
    std::size_t n_;         ///< variables in use
    std::size_t stride_;    ///< of a cell
    std::size_t membrane_;  ///< among them
    Duration slice_;
    bool replay_all_ = false;
    std::vector<Shard> state_;
};

}  // namespace apical
