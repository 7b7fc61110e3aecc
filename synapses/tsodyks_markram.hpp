#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/exp.hpp"
#include "core/field.hpp"

namespace apical {

/// Short-term plasticity after Tsodyks and Markram, in closed form from spike to spike. Between spikes
///
///     du/dt = (U - u) / tau_fac,   dx/dt = z / tau_rec,   dy/dt = -y / tau_psc,   x + y + z = 1
///
/// and a spike releases r = u x, which multiplies the weight:
///
///     x -> x - r,   u -> u + f (1 - u)
///
/// What the resources do while active, and when u jumps, is the variant:
///
///     tm        f = U; recovery begins at once (y = 0). NEST tsodyks2_synapse
///     etm       the same with a free f. Costa, Sjostrom & van Rossum (2013); Payeur et al. (2021)
///               as printed: their program had f = U
///     tm3       f = U; y -> y + r, and only what is no longer active recovers.
///               Tsodyks, Uziel & Markram (2000), NEST tsodyks_synapse
///     mongillo  as tm, but u jumps before the release. Mongillo, Barak & Tsodyks (2008)
///
/// u starts from u_0, which is U unless it is given: the program of Payeur et al. starts both its depressing
/// and its facilitating synapses from 0.01.
///
/// One State serves a presynaptic neuron and projection, or a synapse.
struct TsodyksMarkram {
    enum class Variant { tm, etm, tm3, mongillo };
    static constexpr auto variants = std::to_array<std::string_view>({"tm", "etm", "tm3", "mongillo"});

    Variant variant = Variant::tm;
    double U = 0.5;                                         ///< release fraction of a rested synapse
    double f = std::numeric_limits<double>::quiet_NaN();    ///< jump of u, etm only; NaN: U
    double tau_rec = 800.0;                                 ///< [ms] recovery from depression
    double tau_fac = 0.0;                                   ///< [ms] decay of facilitation, 0: none
    double tau_psc = 3.0;                                   ///< [ms] decay of the active resources, tm3 only
    double u_0 = std::numeric_limits<double>::quiet_NaN();  ///< u at the start; NaN: U

    static constexpr std::string_view name = "tsodyks_markram";
    static constexpr auto fields = std::to_array<Field<TsodyksMarkram>>({
        {"U", &TsodyksMarkram::U, "1", "release fraction of a rested synapse", positive_fraction},
        {"f", &TsodyksMarkram::f, "1", "jump of u per spike (etm only; default: U)", fraction},
        {"tau_rec", &TsodyksMarkram::tau_rec, "ms", "recovery from depression", positive},
        {"tau_fac", &TsodyksMarkram::tau_fac, "ms", "decay of facilitation; 0: none", not_negative},
        {"tau_psc", &TsodyksMarkram::tau_psc, "ms", "decay of the active resources (tm3 only)", positive},
        {"u_0", &TsodyksMarkram::u_0, "1", "release fraction at the start (default: U)", fraction},
    });

    std::optional<std::string> check() const {
        if (has_f() && variant != Variant::etm) return "f has an effect in the variant etm only";
        return std::nullopt;
    }

    /// Just after the last spike.
    struct State {
        double u;  ///< utilisation
        double x;  ///< available resources
        double y;  ///< active resources, tm3 only
    };

    /// At rest, as long after a spike; but for u_0.
    State initial() const { return {u_0 >= 0.0 ? u_0 : U, 1.0, 0.0}; }

    /// What becomes of the parts of a state over a time, which synapses of one neuron have in common.
    struct Decay {
        double facilitation;
        double recovery;
        double active;
        double inactivated;
    };
    Decay decay(double dt) const {
        const bool releases_slowly = variant == Variant::tm3;
        return {tau_fac > 0.0 ? exp(-dt / tau_fac) : 0.0, exp(-dt / tau_rec),
                releases_slowly ? exp(-dt / tau_psc) : 0.0, releases_slowly ? inactivated(dt) : 0.0};
    }

    /// A spike `dt` [ms] after the last one, or after initial(): what it releases.
    double release(State& state, double dt) const { return release(state, decay(dt)); }
    double release(State& state, const Decay& decay) const {
        state.u = U + (state.u - U) * decay.facilitation;
        recover(state, decay);
        if (variant == Variant::mongillo) facilitate(state);
        const double released = state.u * state.x;
        state.x -= released;
        if (variant == Variant::tm3) state.y += released;
        if (variant != Variant::mongillo) facilitate(state);
        return released;
    }

private:
    bool has_f() const { return f >= 0.0; }  // NaN is not

    void facilitate(State& state) const { state.u += (has_f() ? f : U) * (1.0 - state.u); }

    void recover(State& state, const Decay& decay) const {
        double lost = (1.0 - state.x - state.y) * decay.recovery;
        if (variant == Variant::tm3) {
            lost += state.y / tau_psc * decay.inactivated;
            state.y *= decay.active;
            lost += state.y;
        }
        state.x = 1.0 - lost;
    }

    /// (e^(-dt/tau_rec) - e^(-dt/tau_psc)) / (1/tau_psc - 1/tau_rec), also where the two time constants meet:
    /// written as dt e^(-dt/slow) (1 - e^-d)/d with d = dt/fast - dt/slow.
    double inactivated(double dt) const {
        const double slow = tau_rec > tau_psc ? tau_rec : tau_psc;
        const double fast = tau_rec > tau_psc ? tau_psc : tau_rec;
        const double d = dt * (slow - fast) / (slow * fast);
        const double decay = exp(-d);
        // The rounding of a decay near 1 cancels against that of its own logarithm (Kahan).
        const double mean = decay == 1.0 ? 1.0 : (1.0 - decay) / (d < 1.0 ? -log(decay) : d);
        return dt * exp(-dt / slow) * mean;
    }
};

}  // namespace apical
