#include "training/record.hpp"

#include <algorithm>
#include <cmath>

#include "training/run.hpp"

namespace apical {

RecordConfig read_record(ConfigTable record, RecordConfig c) {
    const bool parts = c.images > 0;
    const bool bins = c.trace_bin > 0.0;
    record.read({"spikes", "", "spikes, events and bursts of all populations, of the whole run"}, c.spikes);
    if (parts) {
        record.read(
            {"images", "1",
             "images of which spikes, events and bursts of the neurons are kept all the same: the first "
             "ones of the first epoch, of the last epoch and of the last test; 0: none",
             not_negative},
            c.images);
    }
    record.read({"traces", "",
                 bins ? "rates and burst probability of each population"
                      : "rates of each layer over the run, in up to a thousand bins"},
                c.traces);
    record.read({"weights", "", "weights at the start, at tests and at the end"}, c.weights);
    if (bins) {
        record.read({"trace_bin", "ms", "bin of the traces", positive}, c.trace_bin);
        if (!c.traces) record.idle("trace_bin", "traces is false");
    }
    if (parts && c.spikes) record.idle("images", "all spikes are recorded");
    return c;
}

void record(NetworkDescription& description, const RecordConfig& config, const Circuit& circuit, double end) {
    constexpr double most_bins = 1000.0;
    const double one = circuit.duration(true, 0);
    description.record.trace_bin =
        config.trace_bin > 0.0 ? config.trace_bin : one * std::max(1.0, std::ceil(end / one / most_bins));
    for (const PopulationDescription& p : description.populations) {
        if (circuit.is_constant(p)) continue;
        const bool neurons = !is_source(p);
        if (config.spikes || (config.parts() && neurons)) description.record.spikes.push_back(p.name);
        if (config.traces && (neurons || config.trace_bin > 0.0)) description.record.traces.push_back(p.name);
    }
    if (!config.weights) return;
    for (const ProjectionDescription& p : description.projections) {
        if (p.plasticity || (p.tie && circuit.records_ties())) description.record.weights.push_back(p.name);
    }
}

}  // namespace apical
