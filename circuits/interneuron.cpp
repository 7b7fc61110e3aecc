#include "circuits/interneuron.hpp"

namespace apical {
namespace {

constexpr double rest = -70.0;         // [mV]
constexpr double threshold = 20.0;     // [mV] above rest
constexpr double capacitance = 100.0;  // [pF]

}  // namespace

void read_interneuron(ConfigTable table, Interneuron& cell, std::string_view idle) {
    table.read({"size", "1", "cells", {.low = 1.0, .high = 1e5}}, cell.size);
    table.read({"tau_m", "ms", "membrane time constant", positive}, cell.tau_m);
    table.read({"drive", "1", "constant drive, in units of the threshold"}, cell.drive);
    table.read({"gain", "1", "k: strength of their input", positive}, cell.gain);
    table.read(
        {"noise", "1", "standard deviation of the free potential, in units of the threshold", not_negative},
        cell.noise);
    table.read({"t_ref", "ms", "refractory period", not_negative}, cell.t_ref);
    table.read({"tau_syn", "ms", "decay of their input", positive}, cell.tau_syn);
    table.read({"b", "1", "adaptation per spike, in units of the threshold", not_negative}, cell.b);
    table.read({"tau_w", "ms", "decay of the adaptation", positive}, cell.tau_w);
    if (idle.empty()) return;
    for (const std::string_view key :
         {"size", "tau_m", "drive", "gain", "noise", "t_ref", "tau_syn", "b", "tau_w"}) {
        table.idle(key, std::string(idle));
    }
}

PopulationDescription interneurons(const Interneuron& cell, const std::string& name, Index ensembles) {
    constexpr double kick = 2.0;  // [mV] of the noise
    const double variance = cell.noise * threshold * cell.noise * threshold;
    const double rate = 1000.0 * variance / (kick * kick * cell.tau_m);  // [Hz] of each sign
    const double rheobase = threshold * capacitance / cell.tau_m;        // [pA]
    return {.name = name,
            .model = "adaptive_lif",
            .size = cell.size * ensembles,
            .parameters = {{"tau_m", cell.tau_m},
                           {"C_m", capacitance},
                           {"E_L", rest},
                           {"V_th", rest + threshold},
                           {"V_reset", rest},
                           {"t_ref", cell.t_ref},
                           {"tau_syn_ex", cell.tau_syn},
                           {"b", cell.b * rheobase},
                           {"tau_w", cell.tau_w},
                           {"I_e", cell.drive * rheobase}},
            .classifier = Classifier::every,
            .background = {{"membrane", rate, kick}, {"membrane", rate, -kick}},
            // Cells that hear the same must not fire together.
            .initial = {{"V_m", {Distribution::Kind::uniform, rest, rest + threshold}}},
            .spike_times = {}};
}

ProjectionDescription onto_interneurons(const Interneuron& cell, const std::string& from, Index senders,
                                        const std::string& to, ReleaseTerm synapse, double delay,
                                        Index ensembles) {
    ProjectionDescription p;
    p.name = from + "_to_" + to;
    p.source = from;
    p.target = to;
    p.port = "excitatory";
    if (ensembles > 1) p.connect = {Blocks{ensembles}};
    p.weight.a = cell.gain * threshold * capacitance / (senders * cell.tau_syn);
    p.delay = delay;
    p.release = {std::move(synapse)};
    return p;
}

}  // namespace apical
