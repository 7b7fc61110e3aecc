// What the explorer page computes, compiled to WebAssembly: the library's own recursion, trains and
// regression, so that the page and the program cannot differ. There is no C library here: what little the
// code asks for stands below.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "app/spike_train.hpp"
#include "app/stp_response.hpp"
#include "synapses/decode.hpp"

// --- memory: a heap that is forgotten as a whole before each call that needs it

extern "C" unsigned char __heap_base;

namespace {
std::size_t used = 0;

void* allocate(std::size_t bytes) {
    const std::size_t begin = (reinterpret_cast<std::size_t>(&__heap_base) + 15) / 16 * 16 + used;
    const std::size_t end = begin + bytes;
    constexpr std::size_t page = 65536;
    const std::size_t have = __builtin_wasm_memory_size(0) * page;
    if (end > have &&
        __builtin_wasm_memory_grow(0, (end - have + page - 1) / page) == static_cast<std::size_t>(-1))
        __builtin_trap();
    used += (bytes + 15) / 16 * 16;
    return reinterpret_cast<void*>(begin);
}
}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}

// --- what the page calls

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace apical {
namespace {
TsodyksMarkram synapses[2];
TsodyksMarkram::State states[2];
Response last{};
std::vector<double> times;
constexpr std::size_t points = std::size_t{10} * 5;
constexpr int most_synapses = 64;  // in one call: more would share its cost, but the page has to stay awake
std::array<TsodyksMarkram, most_synapses> listed;
std::size_t list_length = 0;
std::array<double, points*(2 + most_synapses)> samples;
std::array<double, 5> figures;

TsodyksMarkram make_synapse(int variant, double U, double f, double tau_rec, double tau_fac, double tau_psc,
                            double u_0) {
    TsodyksMarkram s;
    s.variant = static_cast<TsodyksMarkram::Variant>(variant);
    s.U = U;
    s.f = f;
    s.tau_rec = tau_rec;
    s.tau_fac = tau_fac;
    s.tau_psc = tau_psc;
    s.u_0 = u_0;
    return s;
}
}  // namespace

/// Parameters of synapse 0 or 1; f is NaN where it does not apply, u_0 where the synapse starts from rest.
EXPORT(set_synapse)
void set_synapse(int i, int variant, double U, double f, double tau_rec, double tau_fac, double tau_psc,
                 double u_0) {
    synapses[i] = make_synapse(variant, U, f, tau_rec, tau_fac, tau_psc, u_0);
    states[i] = synapses[i].initial();
}

EXPORT(rest) void rest(int i) { states[i] = synapses[i].initial(); }

/// A spike: its release. The rest of the response: u(), x(), y().
EXPORT(spike) double spike(int i, double dt) {
    last = respond(synapses[i], states[i], dt);
    return last.release;
}

/// The same without a trace: what a spike would find.
EXPORT(probe) double probe(int i, double dt) {
    TsodyksMarkram::State copy = states[i];
    last = respond(synapses[i], copy, dt);
    return last.release;
}

EXPORT(u) double last_u() { return last.u; }
EXPORT(x) double last_x() { return last.x; }
EXPORT(y) double last_y() { return last.y; }

/// Makes a train; returns the number of its spikes. They stand at times().
EXPORT(make_train)
int make(int kind, double rate, double duration, double burst_probability, int burst_spikes,
         double burst_interval, double seed) {
    used = 0;
    times = apical::make_train({static_cast<TrainRecipe::Kind>(kind), rate, duration, burst_probability,
                                burst_spikes, burst_interval, static_cast<std::uint64_t>(seed)});
    return static_cast<int>(times.size());
}

EXPORT(times) const double* train() { return times.data(); }

// How well synapses tell events from bursts. First what they release at the points of the regression, many of
// them in one call; then the regression of any two.

EXPORT(clear_list) void clear_list() { list_length = 0; }
EXPORT(list_synapse)
void list_synapse(int variant, double U, double f, double tau_rec, double tau_fac, double tau_psc,
                  double u_0) {
    listed[list_length++] = make_synapse(variant, U, f, tau_rec, tau_fac, tau_psc, u_0);
}
EXPORT(most_in_list) int most_in_list() { return most_synapses; }
EXPORT(point_count) int point_count() { return static_cast<int>(points); }
EXPORT(samples) double* samples_begin() { return samples.data(); }

/// Simulates the list: fills samples() with rows of points: event rates, burst rates, and releases of each.
EXPORT(simulate_list) void simulate_list(int burst_spikes, double burst_interval) {
    used = 0;
    times = {};
    TrainRecipe train;
    train.burst_spikes = burst_spikes;
    train.burst_interval = burst_interval;
    const Releases all = releases({listed.data(), list_length}, sender_of(train));
    double* row = samples.data();
    const auto put = [&row](const std::vector<double>& values) {
        row = std::copy(values.begin(), values.end(), row);
    };
    put(all.e);
    put(all.b);
    for (const std::vector<double>& released : all.released) put(released);
}

/// The regression of the two synapses whose releases the page has put into samples(), after both rates: R2,
/// r, C, and what the first releases per event and per burst.
EXPORT(pair) const double* pair_of_samples() {
    used = 0;
    times = {};
    const auto row = [](std::size_t i) {
        return std::vector<double>(samples.data() + i * points, samples.data() + (i + 1) * points);
    };
    const Releases given{row(0), row(1), {row(2), row(3)}};
    const Separation s = separate(given, 0, 1, Sender{}.p0);
    const Separation alone = separate(given, 0, 0, Sender{}.p0);
    figures = {s.R2, s.r, s.C, alone.a_e, alone.a_b};
    return figures.data();
}

}  // namespace apical
