#include "circuits/relay.hpp"

#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "networks/build.hpp"
#include "synapses/release.hpp"

namespace apical {
namespace {

/// Counts what a RelayPoint says, within one segment.
class Counter final : public Recorder {
public:
    Counter(Index sender, Index relays, std::vector<Release> direct)
        : sender_(sender), direct_(std::move(direct)), released_(direct_.size()), relay_spikes_(relays) {}

    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) {
            if (spike.population != sender_) {
                relay_spikes_[spike.population - sender_ - 1] += 1.0;
                continue;
            }
            if (spike.kind == SpikeKind::event) events += 1.0;
            if (spike.kind == SpikeKind::burst) bursts += 1.0;
            for (std::size_t i = 0; i < direct_.size(); ++i) released_[i] += direct_[i](spike).amount;
        }
    }
    void finish(Time) override {}

    void clear() {
        events = bursts = 0.0;
        released_.assign(released_.size(), 0.0);
        relay_spikes_.assign(relay_spikes_.size(), 0.0);
    }

    double events = 0.0;
    double bursts = 0.0;
    const std::vector<double>& released() const { return released_; }
    const std::vector<double>& relay_spikes() const { return relay_spikes_; }

private:
    Index sender_;
    std::vector<Release> direct_;
    std::vector<double> released_;
    std::vector<double> relay_spikes_;
};

double default_of(const Parameters& parameters, const std::string& name, double otherwise) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? otherwise : found->second;
}

}  // namespace

std::vector<RelayPoint> study(const RelayStudy& s) {
    NetworkDescription network;
    network.seed = s.seed;
    network.populations.push_back(s.sender);
    network.populations.insert(network.populations.end(), s.relays.begin(), s.relays.end());
    network.projections = s.onto_relays;
    Network built = build(network, {.threads = s.threads});
    Simulation& simulation = *built.simulation;

    std::vector<Release> direct;
    for (const auto& terms : s.direct) direct.push_back(make_release(terms, s.sender.size, "relay study"));
    Counter counter(0, static_cast<Index>(s.relays.size()), std::move(direct));
    simulation.add(counter);

    const double R = default_of(s.sender.parameters, "R", 25.0);
    const double p0 = default_of(s.sender.parameters, "p0", 0.5);
    const double G = default_of(s.sender.parameters, "G", 1.0);
    std::vector<RelayPoint> points;
    for (const double rate : s.event_rates) {
        for (const double p : s.burst_probabilities) {
            const double e = rate * R / 1000.0;
            const Time from = simulation.now();
            simulation.schedule(
                from,
                action::SetVariable{0, built.variable(s.sender.name, "bias"), {std::log(e / (1.0 - e))}});
            // The teacher's rule, p = p0 (1 + target - e), or G times the difference if it is positive,
            // turned round.
            const double difference = p / p0 - 1.0;
            simulation.schedule(from,
                                action::SetVariable{0,
                                                    built.variable(s.sender.name, "target"),
                                                    {e + (difference > 0.0 ? difference / G : difference)}});
            simulation.run_until(from + ticks(s.settling));
            counter.clear();
            const Time begin = simulation.now();
            simulation.run_until(begin + ticks(s.length));
            const double seconds = ms(simulation.now() - begin) / 1000.0;
            const double senders = seconds * s.sender.size;
            RelayPoint point{counter.events / senders, counter.bursts / senders, {}, {}};
            for (std::size_t i = 0; i < s.relays.size(); ++i) {
                point.relays.push_back(counter.relay_spikes()[i] / seconds / s.relays[i].size);
            }
            for (const double released : counter.released()) point.direct.push_back(released / senders);
            points.push_back(std::move(point));
        }
    }
    return points;
}

std::vector<double> rates_to_study(double t_ref) {
    std::vector<double> rates;
    for (double rate = 0.94 * 1000.0 / t_ref; rate > 1.0; rate /= 1.5) rates.push_back(rate);
    return rates;
}

void expect_separation(const RelayDecoder& relay, const std::string& name) {
    if (relay.R2 >= 0.9) return;
    throw ModelError(
        fmt::format("{}: they do not tell bursts from events: R2 {:.3f}, at least 0.9 is needed; "
                    "change their drive, gain or noise, or the synapses",
                    name, relay.R2));
}

RelayDecoder fit_relay(std::span<const Drive> samples, double p0) {
    // separate() fits the rest of its second pathway: once in this order, once in the other.
    std::vector<Drive> turned;
    for (const Drive& d : samples) turned.push_back({d.e, d.b, d.q, d.y});
    const double rest_y = separate(turned, p0, Rest::fitted).q_0;
    std::vector<Drive> risen(samples.begin(), samples.end());
    for (Drive& d : risen) d.y -= rest_y;
    const Separation fit = separate(risen, p0, Rest::fitted);
    double square = 0.0;
    for (const Drive& d : risen) {
        const double error = fit(d.y, d.q) - (d.b - p0 * d.e);
        square += error * error;
    }
    return {fit.r, fit.C, rest_y, fit.q_0, fit.R2, std::sqrt(square / static_cast<double>(samples.size())),
            fit};
}

}  // namespace apical
