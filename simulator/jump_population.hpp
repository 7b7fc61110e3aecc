#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/rounding.hpp"
#include "neurons/linear.hpp"
#include "simulator/population.hpp"

namespace apical {

/// The inner loop for linear neurons of one mode whose inputs are jumps of the membrane potential and whose
/// asymptote lies below threshold: they cross by an arrival or not at all. The mode is kept scaled to a time
/// T0,
///
///     s = (V_m - V_inf) exp((t - T0) / tau_m),
///
/// in which nothing changes between arrivals. An arrival at t adds w E with E = exp((t - T0) / tau_m), one
/// number for a whole row of synapses, and the neuron fires if s >= (V_th - V_inf) E, V_th being where an
/// arrival reaches it (neurons/threshold.hpp): exact, with no visit, no bound and no replay. A refractory
/// neuron's s is minus infinity, so that additions do nothing. `k` is a shard's index.
class JumpPopulation final : public Population {
public:
    /// Whether neurons of these dynamics can be run here, if inputs arrive on the ports marked in
    /// `ports_used` only. `initial` has the neurons' states, variables.size() numbers each.
    static bool supports(const LinearDynamics& dynamics, std::span<const bool> ports_used,
                         std::span<const double> initial);

    JumpPopulation(PopulationSetup setup, const LinearDynamics& dynamics,
                   std::vector<std::string_view> variables, std::vector<double> initial);

    std::vector<std::string_view> variables() const override { return variables_; }
    double sample(Index neuron, std::size_t variable, Time now) const override;
    /// Throws ModelError for any variable but the membrane potential: the others are not in use.
    void set(Index neuron, std::size_t variable, double value, Time now) override;

    void check_numbers(Time now) const override;

protected:
    void integrate(std::size_t k, const Window& window, std::span<const Arrival> arrivals) override;
    Time quiet_until(std::size_t k, const Window& next) override;
    void restart(Time now) override;
    void persist_neurons(Archive& archive) override { archive.each("shards", state_); }

private:
    struct Train {
        NoiseBand points;
        std::vector<double> scale;  ///< E of each point of the current chunk
        std::vector<double> jump;   ///< weight times E
        std::uint32_t chunk = 0;    ///< which chunk that is
        void persist(Archive& archive);
    };
    struct Release {
        Time time;
        Table::Local local;
    };
    /// A band of neurons with common noise; within it all happens in order of time.
    struct Group {
        std::vector<Train> trains;
        std::vector<Release> releases;  ///< [next_release, end), in order of time
        std::size_t next_release = 0;

        /// Of the next release, which precedes what comes at its time: times are rounded.
        Time release_time() const {
            return next_release < releases.size() ? releases[next_release].time - rounding : Time::max();
        }
        void persist(Archive& archive);
    };
    struct Shard {
        Time T0{};
        std::vector<double> s;
        std::vector<Group> groups;
        std::vector<Table::Local> raised;  ///< set to threshold or above: fire when the next window opens
        void persist(Archive& archive);
    };

    double scale(const Shard& shard, Time time) const { return exp(rate_ * ms(time - shard.T0)); }
    /// Of the next noise or end of refractoriness.
    static Time next_time(Shard& shard);
    /// Noise and ends of refractoriness before `end`, for all neurons; moves T0 on the way.
    void drain(std::size_t k, Time end);
    void drain(std::size_t k, Group& group, Time end);
    /// Noise before `end`, or before the first end of refractoriness that it brings about: returns which.
    Time drain_noise(std::size_t k, Group& group, Time end);
    static void queue(Group& group, const Release& release);
    void fire(std::size_t k, Table::Local local, Time time, double E);
    Group& group_of(std::size_t k, Table::Local local);
    void refresh(const Shard& shard, Train& train) const;
    void start(std::size_t k, Time now);

    std::vector<std::string_view> variables_;
    std::vector<double> initial_;
    double rate_;       ///< [1/ms] 1 / tau_m
    double V_inf_;      ///< [mV]
    double V_reset_;    ///< [mV]
    double threshold_;  ///< [mV] above V_inf, less the margin of arrivals
    Duration t_ref_;
    Duration epoch_;  ///< T0 is a multiple of it, whatever the windows: a sum has the same bits in pieces
    std::size_t membrane_;
    Eigen::VectorXd gains_;  ///< by port
    std::vector<Shard> state_;
};

}  // namespace apical
