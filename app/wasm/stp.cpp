// What the explorer page computes, compiled to WebAssembly: the library's own recursion, trains and
// regression, so that the page and the program cannot differ. There is no C library here: what little the
// code asks for stands below.

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
double figures[7];
}  // namespace

/// Parameters of synapse 0 or 1; f is NaN where it does not apply, u_0 where the synapse starts from rest.
EXPORT(set_synapse)
void set_synapse(int i, int variant, double U, double f, double tau_rec, double tau_fac, double tau_psc,
                 double u_0) {
    synapses[i] = TsodyksMarkram{};
    synapses[i].variant = static_cast<TsodyksMarkram::Variant>(variant);
    synapses[i].U = U;
    synapses[i].f = f;
    synapses[i].tau_rec = tau_rec;
    synapses[i].tau_fac = tau_fac;
    synapses[i].tau_psc = tau_psc;
    synapses[i].u_0 = u_0;
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

/// How well synapse 0, which is to tell of bursts, and synapse 1, of events, separate them: a_e, a_b, q_e,
/// q_b, r, C, R2.
EXPORT(separate) const double* separate(double p0, int burst_spikes, double burst_interval, double R) {
    used = 0;
    times = {};
    const Separation s = decode(synapses[0], synapses[1], {p0, burst_spikes, burst_interval, R}).separation;
    const double all[] = {s.a_e, s.a_b, s.q_e, s.q_b, s.r, s.C, s.R2};
    for (int i = 0; i < 7; ++i) figures[i] = all[i];
    return figures;
}

}  // namespace apical
