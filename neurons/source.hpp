#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "core/field.hpp"
#include "core/random.hpp"
#include "core/rate.hpp"

namespace apical {

/// A source of spikes without inputs: a renewal process in operational time, in which one spike is expected
/// per unit. The engine divides by the rate, which may change at any time and differ between neurons; the
/// train depends on nothing else.
template <class S>
concept SpikeSource = requires(const S source, Draw& draw) {
    { S::name } -> std::convertible_to<std::string_view>;
    S::fields;
    { source.rate } -> std::convertible_to<double>;  // [Hz]
    { source.first(draw) } -> std::same_as<double>;  // expected spikes until the first
    { source.next(draw) } -> std::same_as<double>;   // and from one to the next
};

/// Poisson spike trains.
struct Poisson {
    double rate = 10.0;  ///< [Hz]

    static constexpr std::string_view name = "poisson";
    static constexpr std::string_view summary = "Poisson spike trains";
    static constexpr auto fields =
        std::to_array<Field<Poisson>>({{"rate", &Poisson::rate, "Hz", "rate", not_negative}});

    std::optional<std::string> check() const { return rate_problem(rate); }

    double first(Draw& draw) const { return draw.exponential(); }
    double next(Draw& draw) const { return draw.exponential(); }
};

/// Regular spike trains with a random phase.
struct Regular {
    double rate = 10.0;  ///< [Hz]

    static constexpr std::string_view name = "regular";
    static constexpr std::string_view summary = "regular spike trains with a random phase";
    static constexpr auto fields =
        std::to_array<Field<Regular>>({{"rate", &Regular::rate, "Hz", "rate", not_negative}});

    std::optional<std::string> check() const { return rate_problem(rate); }

    double first(Draw& draw) const { return draw.uniform(); }
    double next(Draw&) const { return 1.0; }
};

static_assert(SpikeSource<Poisson> && SpikeSource<Regular>);

/// Rates told by latency: from the time on at which rates were set, a volley in every `period`, in which a
/// neuron fires once, (1 - rate/full_rate) x spread after its beginning, or not at all if its rate is at
/// most 2 % of full_rate.
struct Latency {
    double rate = 0.0;         ///< [Hz]
    double full_rate = 100.0;  ///< [Hz]
    double period = 50.0;      ///< [ms]
    double spread = 20.0;      ///< [ms]

    static constexpr double dark = 0.02;  ///< of full_rate

    static constexpr std::string_view name = "latency";
    static constexpr std::string_view summary = "volleys in which the higher rate comes first";
    static constexpr auto fields = std::to_array<Field<Latency>>(
        {{"rate", &Latency::rate, "Hz", "rate that is told by the latency", not_negative},
         {"full_rate", &Latency::full_rate, "Hz", "rate of those that open a volley", positive},
         {"period", &Latency::period, "ms", "of the volleys", positive},
         {"spread", &Latency::spread, "ms", "of a volley", positive}});

    std::optional<std::string> check() const {
        if (spread >= period) return "a volley must end before the next: spread < period";
        const auto wrong = rate_problem(1000.0 / period);
        return wrong ? std::optional("period: " + *wrong) : std::nullopt;
    }
};

}  // namespace apical
