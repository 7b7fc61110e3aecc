// Apical against a naive simulator (naive_simulator.hpp) on random networks, one for each seed.
//
//   differential [--first SEED] [--count N]     N networks (200), from a seed (1) on, and half as many all of
//                                               whose times are tenths of a ms
//   differential --slow SECONDS                 new seeds for as long
//   differential --seed SEED                    one network, told in full
//   differential --decimals 0|1 ...             none or all in tenths of a ms
//
// Every spike must be that of the naive simulator to a tick, and every weight to the last bits of single
// precision, or as near as the network determines them: how near that is, disturbed runs of the naive
// simulator tell. Where they fire other spikes, only what comes before is compared; such networks are
// counted, and may not be many.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "networks/build.hpp"
#include "recorders/recorder.hpp"
#include "tests/differential/naive_simulator.hpp"
#include "tests/differential/random_network.hpp"

namespace apical::naive {
namespace {

struct Train {
    std::vector<Real> times;  ///< [ms]
    std::vector<SpikeKind> kinds;
};
using Trains = std::map<std::pair<Index, Index>, Train>;

struct Outcome {
    Trains trains;  ///< of neurons
    std::vector<Real> weights;
    std::size_t spikes = 0;
};

class SpikeList final : public Recorder {
public:
    void observe(const Window&, std::span<const Spike> spikes) override {
        list.insert(list.end(), spikes.begin(), spikes.end());
    }
    void finish(Time) override {}
    std::vector<Spike> list;
};

std::vector<Synapse> synapses(const Network& network) {
    std::vector<Synapse> list;
    for (Index p = 0; p < network.projections.size(); ++p) {
        network.simulation->visit_synapses(p, [&](Index target, Index source, double weight) {
            list.push_back({p, target, source, weight});
        });
    }
    std::stable_sort(list.begin(), list.end(), [](const Synapse& a, const Synapse& b) {
        return std::tie(a.projection, a.target, a.source) < std::tie(b.projection, b.target, b.source);
    });
    return list;
}

Drawn drawn(const NetworkDescription& d) {
    BuildOptions visiting;
    visiting.loop = Loop::visiting;
    const Network network = build(d, visiting);
    Drawn drawn{synapses(network), {}};
    for (Index p = 0; p < d.populations.size(); ++p) {
        drawn.states.emplace_back();
        if (d.populations[p].model == "spike_train") continue;
        const Population& population = network.simulation->population(p);
        for (Index i = 0; i < population.size(); ++i) {
            auto& state = drawn.states.back().emplace_back();
            for (std::size_t k = 0; k < population.variables().size(); ++k)
                state.push_back(population.sample(i, k, Time{}));
        }
    }
    return drawn;
}

Outcome run_engine(const NetworkDescription& d, const BuildOptions& options) {
    Network network = build(d, options);
    SpikeList recorder;
    network.simulation->add(recorder);
    const Time end = Time{} + ticks(d.duration);
    network.simulation->cut(end);
    network.simulation->run_until(end);
    Outcome outcome;
    for (const Spike& spike : recorder.list) {
        if (d.populations[spike.population].model == "spike_train") continue;
        Train& train = outcome.trains[{spike.population, spike.neuron}];
        train.times.push_back(static_cast<Real>(spike.time.time_since_epoch().count()) / ticks_in_ms);
        train.kinds.push_back(spike.kind);
        ++outcome.spikes;
    }
    for (const Synapse& synapse : synapses(network)) outcome.weights.push_back(synapse.weight);
    return outcome;
}

Outcome in_ms(const Result& result, Real units_per_ms) {
    Outcome outcome{{}, result.weights, result.spikes.size()};
    for (const Fired& spike : result.spikes) {
        Train& train = outcome.trains[{spike.population, spike.neuron}];
        train.times.push_back(static_cast<Real>(spike.time) / units_per_ms);
        train.kinds.push_back(spike.kind);
    }
    return outcome;
}

/// What the naive simulator says, and how well that is determined.
struct Expected {
    Outcome outcome;
    std::map<std::pair<Index, Index>, std::vector<Real>> tolerances;  ///< [ms] of each spike
    std::vector<Real> weight_tolerances;
    Real determined_until = std::numeric_limits<Real>::infinity();  ///< [ms]
};

/// The first time at which two outcomes have different spikes.
Real difference(const Train& a, const Train& b) {
    for (std::size_t k = 0;; ++k) {
        const bool in_a = k < a.times.size();
        const bool in_b = k < b.times.size();
        if (!in_a && !in_b) return std::numeric_limits<Real>::infinity();
        if (!in_a) return b.times[k];
        if (!in_b) return a.times[k];
        constexpr Real other_spike = 1e-3L;  // [ms]
        if (a.kinds[k] != b.kinds[k] || std::abs(a.times[k] - b.times[k]) > other_spike)
            return std::min(a.times[k], b.times[k]);
    }
}

void compare_with_disturbed(const Outcome& disturbed, Expected& expected) {
    constexpr Real safety = 8.0L;
    for (const Trains* trains : {&disturbed.trains, static_cast<const Trains*>(&expected.outcome.trains)}) {
        for (const auto& [neuron, train] : *trains) {
            const auto other = disturbed.trains.find(neuron);
            const auto own = expected.outcome.trains.find(neuron);
            const Train none;
            const Train& a = own != expected.outcome.trains.end() ? own->second : none;
            const Train& b = other != disturbed.trains.end() ? other->second : none;
            expected.determined_until = std::min(expected.determined_until, difference(a, b));
            auto& tolerances = expected.tolerances[neuron];
            tolerances.resize(a.times.size(), 0.0L);
            Real largest = 0.0L;  // so far: what moved a spike moves the later ones
            for (std::size_t k = 0; k < std::min(a.times.size(), b.times.size()); ++k) {
                largest = std::max(largest, safety * std::abs(a.times[k] - b.times[k]));
                tolerances[k] = std::max(tolerances[k], largest);
            }
        }
    }
    for (std::size_t i = 0; i < expected.weight_tolerances.size(); ++i) {
        expected.weight_tolerances[i] =
            std::max(expected.weight_tolerances[i],
                     safety * std::abs(disturbed.weights[i] - expected.outcome.weights[i]));
    }
}

std::optional<Expected> expect(const RandomNetwork& network, const Drawn& drawn) {
    const NetworkDescription& d = network.description;
    // On the decimal lattice the clock hits every tenth of a ms, as Apical's ticks do not.
    const Real units_per_ms = network.lattice == Lattice::decimal ? 10.0L * 0x1p27L : ticks_in_ms;
    const Simulator simulator(d, drawn, units_per_ms);
    const Result result = simulator.run();
    if (!result.complete) return std::nullopt;
    Expected expected{
        in_ms(result, units_per_ms), {}, {}, static_cast<Real>(result.equal_until) / units_per_ms};
    for (const Real w : expected.outcome.weights) {
        constexpr Real last_bit = 0x1p-23L;
        expected.weight_tolerances.push_back(last_bit * std::abs(w));
    }
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        // [mV] Of potentials of some 100 mV; of inputs that come a few parts of a tick early or late.
        const double rounding = network.lattice == Lattice::decimal ? 1e-8 : 1e-10;
        const Result disturbed = simulator.run({seed, rounding, seed == 2});
        compare_with_disturbed(in_ms(disturbed, units_per_ms), expected);
    }
    // A spike that nothing in a disturbed run moves still may be a tick late, for each time was rounded.
    const Real rounded = network.lattice == Lattice::decimal ? 20.0L : 1.0L;
    for (auto& [neuron, tolerances] : expected.tolerances) {
        for (Real& t : tolerances) t += (rounded + 0.1L) / ticks_in_ms;
    }
    return expected;
}

std::string name_of(SpikeKind kind) {
    return kind == SpikeKind::event ? "event" : kind == SpikeKind::burst ? "burst" : "further";
}

/// The worst that was seen in all runs.
struct Tally {
    std::size_t networks = 0;
    std::size_t undetermined = 0;  ///< networks of which only the beginning was compared
    std::size_t given_up = 0;      ///< networks with too many spikes
    std::size_t spikes = 0;
    std::size_t within_a_tick = 0;
    std::size_t weights = 0;
    std::size_t changed_weights = 0;
};

std::string compare_trains(const NetworkDescription& d, const Expected& expected, const Outcome& engine,
                           Tally& tally) {
    std::map<std::pair<Index, Index>, bool> neurons;
    for (const auto* outcome : {&expected.outcome, &engine}) {
        for (const auto& [neuron, train] : outcome->trains) neurons[neuron] = true;
    }
    const Real end = std::min(static_cast<Real>(d.duration) - 1e-6L, expected.determined_until - 1e-4L);
    for (const auto& [neuron, present] : neurons) {
        const auto find = [&which = neuron](const Trains& trains) {
            const auto found = trains.find(which);
            return found != trains.end() ? found->second : Train{};
        };
        const Train own = find(expected.outcome.trains);
        const Train its = find(engine.trains);
        for (std::size_t k = 0; k < std::max(own.times.size(), its.times.size()); ++k) {
            const std::string who =
                fmt::format("{}[{}], spike {}", d.populations[neuron.first].name, neuron.second, k);
            const bool in_own = k < own.times.size();
            const bool in_its = k < its.times.size();
            if ((in_own ? own.times[k] : its.times[k]) >= end) break;
            if (!in_own || !in_its) {
                return fmt::format("{}: {} at {:.9f} ms, which the other has not", who,
                                   in_own ? "the naive simulator's" : "Apical's",
                                   static_cast<double>(in_own ? own.times[k] : its.times[k]));
            }
            const Real late = its.times[k] - own.times[k];
            const Real tolerance = expected.tolerances.at(neuron)[k];
            if (std::abs(late) > tolerance || own.kinds[k] != its.kinds[k]) {
                return fmt::format(
                    "{}: Apical's {} at {:.9f} ms is {:.2f} ticks late for the {} at {:.9f} ms "
                    "(tolerance {:.2f})",
                    who, name_of(its.kinds[k]), static_cast<double>(its.times[k]),
                    static_cast<double>(late * ticks_in_ms), name_of(own.kinds[k]),
                    static_cast<double>(own.times[k]), static_cast<double>(tolerance * ticks_in_ms));
            }
            ++tally.spikes;
            if (std::abs(late) * ticks_in_ms <= 1.0L) ++tally.within_a_tick;
        }
    }
    return {};
}

std::string compare_weights(const NetworkDescription& d, const Drawn& drawn, const Expected& expected,
                            const Outcome& engine, Tally& tally) {
    if (expected.determined_until <= static_cast<Real>(d.duration)) return {};
    for (std::size_t i = 0; i < drawn.synapses.size(); ++i) {
        const Synapse& s = drawn.synapses[i];
        if (!d.projections[s.projection].plasticity && !d.projections[s.projection].tie) continue;
        const Real own = expected.outcome.weights[i];
        if (!(std::abs(own - engine.weights[i]) <= expected.weight_tolerances[i])) {
            return fmt::format(
                "{}: the weight from {} to {} was {:.9g}, became {:.9g} in Apical, is to be "
                "{:.9g} (tolerance {:.2g})",
                d.projections[s.projection].name, s.source, s.target, s.weight,
                static_cast<double>(engine.weights[i]), static_cast<double>(own),
                static_cast<double>(expected.weight_tolerances[i]));
        }
        ++tally.weights;
        if (static_cast<double>(own) != s.weight) ++tally.changed_weights;
    }
    return {};
}

struct Way {
    std::string name;
    BuildOptions options;
};

std::vector<Way> ways(const RandomNetwork& network, std::uint64_t seed) {
    const auto shards = static_cast<Index>(1 + seed % 5);
    std::vector<Way> list{{"visited", {1, Loop::visiting, 0}},
                          {"visited, shards", {1 + seed % 3, Loop::visiting, shards}}};
    if (network.visited) return list;
    list.push_back({"automatic", {1, Loop::automatic, 0}});
    list.push_back({"automatic, shards", {1 + (seed / 3) % 3, Loop::automatic, shards}});
    return list;
}

/// What Apical and the naive simulator disagree about, if anything.
std::string disagreement(const RandomNetwork& network, Tally& tally) {
    const NetworkDescription& d = network.description;
    const Drawn start = drawn(d);
    const std::optional<Expected> expected = expect(network, start);
    ++tally.networks;
    if (!expected) {
        ++tally.given_up;
        return {};
    }
    if (expected->determined_until <= static_cast<Real>(d.duration)) ++tally.undetermined;
    for (const Way& way : ways(network, d.seed)) {
        std::string what;
        try {
            const Outcome engine = run_engine(d, way.options);
            what = compare_trains(d, *expected, engine, tally);
            if (what.empty()) what = compare_weights(d, start, *expected, engine, tally);
        } catch (const std::exception& error) {
            what = fmt::format("Apical refuses: {}", error.what());
        }
        if (!what.empty()) return way.name + ": " + what;
    }
    return {};
}

/// Leaves out what the disagreement does not need.
RandomNetwork smallest(RandomNetwork network) {
    Tally nobody;
    const auto attempt = [&](const std::function<void(NetworkDescription&)>& change) {
        RandomNetwork other = network;
        change(other.description);
        try {
            if (!disagreement(other, nobody).empty()) network = std::move(other);
        } catch (const std::exception&) {
            // It needs this.
        }
    };
    const auto each = [&](auto member) {
        for (std::size_t i = (network.description.*member).size(); i-- > 0;)
            attempt([&](NetworkDescription& d) {
                (d.*member).erase((d.*member).begin() + static_cast<std::ptrdiff_t>(i));
            });
    };
    each(&NetworkDescription::drives);
    each(&NetworkDescription::sines);
    each(&NetworkDescription::steps);
    each(&NetworkDescription::projections);
    each(&NetworkDescription::populations);
    for (std::size_t i = 0; i < network.description.projections.size(); ++i) {
        attempt([&](NetworkDescription& d) { d.projections[i].release.clear(); });
        attempt([&](NetworkDescription& d) { d.projections[i].gain_steps = {}; });
        attempt([&](NetworkDescription& d) { d.projections[i].plasticity.reset(); });
    }
    return network;
}

struct Options {
    std::uint64_t first = 1;
    std::uint64_t count = 200;
    double seconds = 0.0;
    std::optional<bool> decimals;  ///< not said: some
    bool in_full = false;
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--first") options.first = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--count") options.count = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--decimals") options.decimals = std::string(argv[i + 1]) == "1";
        if (name == "--slow") {
            options.seconds = std::strtod(argv[i + 1], nullptr);
            options.count = std::numeric_limits<std::uint32_t>::max();
            options.first =
                1000 + static_cast<std::uint64_t>(
                           std::chrono::system_clock::now().time_since_epoch().count() % 1000000000);
        }
        if (name == "--seed") {
            options.first = std::strtoull(argv[i + 1], nullptr, 10);
            options.count = 1;
            options.in_full = true;
        }
    }
    return options;
}

/// Whether all agree.
bool run_all(const Options& options, bool decimals) {
    Tally tally;
    std::size_t disagreements = 0;
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t seed = options.first; seed < options.first + options.count; ++seed) {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        if (options.seconds > 0.0 && passed.count() > options.seconds) break;
        const RandomNetwork network = random_network(seed, decimals);
        const std::string what = disagreement(network, tally);
        if (options.in_full) fmt::print("{}", in_words(network.description));
        if (what.empty()) continue;
        ++disagreements;
        const RandomNetwork small = smallest(network);
        Tally nobody;
        fmt::print(
            "seed {}: {}\nwithout what it does not need: {}\n{}again: differential --decimals {} --seed "
            "{}\n\n",
            seed, what, disagreement(small, nobody), in_words(small.description), decimals ? 1 : 0, seed);
    }
    fmt::print(
        "{} networks{}, {} disagree; {} spikes compared, {} of them not to a tick but to the conditioning; "
        "{} weights of plastic and tied synapses, {} changed; {} networks determined in their beginning "
        "only, {} "
        "given up\n",
        tally.networks, decimals ? " in tenths of a ms" : "", disagreements, tally.spikes,
        tally.spikes - tally.within_a_tick, tally.weights, tally.changed_weights, tally.undetermined,
        tally.given_up);
    if (options.in_full) return disagreements == 0;
    // One of as many. Equal decimals of long chains of delays lie further apart than Apical takes as equal.
    const std::size_t few = decimals ? 5 : 20;
    // Where times were rounded, so are the spikes' as a rule.
    const bool conditioned = decimals || few * (tally.spikes - tally.within_a_tick) <= 4 * tally.spikes;
    return disagreements == 0 && few * tally.undetermined <= tally.networks &&
           few * tally.given_up <= tally.networks && conditioned && tally.spikes > 0;
}

bool run_all(const Options& options) {
    if (options.decimals) return run_all(options, *options.decimals);
    if (options.in_full) return run_all(options, false);
    Options plain = options;
    Options tenths = options;
    tenths.count = options.count / 2;
    tenths.seconds = options.seconds / 3.0;
    plain.seconds = options.seconds - tenths.seconds;
    const bool agree = run_all(plain, false);
    return run_all(tenths, true) && agree;
}

}  // namespace
}  // namespace apical::naive

int main(int argc, char** argv) {
    return apical::naive::run_all(apical::naive::parse(argc, argv)) ? EXIT_SUCCESS : EXIT_FAILURE;
}
