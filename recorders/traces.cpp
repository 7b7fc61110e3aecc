#include "recorders/traces.hpp"

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/rounding.hpp"

namespace apical {
namespace {

constexpr std::array names = {"spike_rate", "event_rate", "burst_rate", "burst_probability"};
constexpr std::array units = {"Hz", "Hz", "Hz", "1"};
constexpr std::uint64_t most_buffered_values = 65536;

double checked_bin(double bin_ms) {
    if (!(bin_ms > 0.0 && std::isfinite(bin_ms)) || ticks(bin_ms) <= Duration::zero()) {
        throw ModelError("traces: the bin must be a positive number of ms");
    }
    return bin_ms;
}

std::string dataset(const RecordedPopulation& population, std::size_t trace) {
    return "/traces/" + population.name + "/" + names[trace];
}

/// The first bin to begin at or after `start`.
std::int64_t first_bin(double bin_ms, Time start) {
    auto bin = static_cast<std::int64_t>(ms(start) / bin_ms);
    while (Time{} + ticks(static_cast<double>(bin) * bin_ms) < start) ++bin;
    return bin;
}

Hdf5File begin(const std::filesystem::path& path, std::span<const RecordedPopulation> populations,
               const std::string& run_id, double bin_ms, Time first) {
    Hdf5File file = Hdf5File::create(path, "traces", run_id);
    file.create_group("/traces");
    for (const RecordedPopulation& population : populations) {
        if (!population.recorded) continue;
        file.create_group("/traces/" + population.name);
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::string name = dataset(population, i);
            file.create_growing(name, Hdf5Type::float64);
            file.set(name, "units", units[i]);
            file.set(name, "t_start_ms", ms(first));
            file.set(name, "dt_ms", bin_ms);
            file.set(name, "last_bin_ms", bin_ms);
            file.set(name, "filter", "boxcar");
        }
    }
    file.flush();
    return file;
}

}  // namespace

TraceRecorder::TraceRecorder(const std::filesystem::path& folder,
                             std::span<const RecordedPopulation> populations, const std::string& run_id,
                             double bin_ms, Time start)
    : bin_ms_(checked_bin(bin_ms)),
      bin_(first_bin(bin_ms, start)),
      file_(folder / "traces.h5",
            [all = std::vector(populations.begin(), populations.end()), run_id, bin_ms, first = edge(bin_)](
                const std::filesystem::path& path) { return begin(path, all, run_id, bin_ms, first); }) {
    for (const RecordedPopulation& population : populations)
        traces_.push_back({.population = population, .values = {}});
}

void TraceRecorder::close_bins(Time until) {
    while (has_come(edge(bin_ + 1), until)) close_bin(edge(bin_ + 1));
}

void TraceRecorder::close_bin(Time end) {
    const double length_s = ms(end - edge(bin_)) / 1000.0;
    for (Traces& traces : traces_) {
        const double neuron_seconds = length_s * static_cast<double>(traces.population.size);
        const auto events = static_cast<double>(traces.events);
        const auto bursts = static_cast<double>(traces.bursts);
        traces.values[0].push_back(static_cast<double>(traces.spikes) / neuron_seconds);
        traces.values[1].push_back(events / neuron_seconds);
        traces.values[2].push_back(bursts / neuron_seconds);
        traces.values[3].push_back(traces.events > 0 ? bursts / events
                                                     : std::numeric_limits<double>::quiet_NaN());
        traces.spikes = traces.events = traces.bursts = 0;
    }
    ++bin_;
    if (++buffered_ >= most_buffered_values) flush();
}

void TraceRecorder::observe(const Window& window, std::span<const Spike> spikes) {
    for (const Spike& spike : spikes) {
        close_bins(spike.time);
        if (!has_come(edge(bin_), spike.time)) continue;  // before the first bin
        Traces& traces = traces_[spike.population];
        ++traces.spikes;
        traces.events += spike.kind == SpikeKind::event ? 1U : 0U;
        traces.bursts += spike.kind == SpikeKind::burst ? 1U : 0U;
    }
    close_bins(window.end);
}

void TraceRecorder::flush() {
    file_->require_space(buffered_ * traces_.size() * names.size() * sizeof(double));
    for (Traces& traces : traces_) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (traces.population.recorded) file_->append(dataset(traces.population, i), traces.values[i]);
            traces.values[i].clear();
        }
    }
    buffered_ = 0;
    file_->flush();
}

void TraceRecorder::finish(Time end) {
    close_bins(end);
    double last_bin_ms = bin_ms_;
    if (edge(bin_) + rounding < end) {
        last_bin_ms = ms(end - edge(bin_));
        close_bin(end);
    }
    flush();
    file_.join();
    for (const Traces& traces : traces_) {
        if (!traces.population.recorded) continue;
        for (std::size_t i = 0; i < names.size(); ++i)
            file_->set(dataset(traces.population, i), "last_bin_ms", last_bin_ms);
    }
    file_->finish();
}

void TraceRecorder::persist(Archive& archive) {
    flush();
    archive("file", file_);
    archive("bin", bin_);
    archive.columns("open_bin", std::span(traces_), "spikes", &Traces::spikes, "events", &Traces::events,
                    "bursts", &Traces::bursts);
}

}  // namespace apical
