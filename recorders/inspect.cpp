#include "recorders/inspect.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"
#include "recorders/hdf5_file.hpp"

namespace apical {
namespace {

std::uint64_t length(const Hdf5File& file, const std::string& dataset) {
    const auto shape = file.shape(dataset);
    return shape.empty() ? 0 : shape.front();
}

FileEntry spikes(const Hdf5File& file, const std::string& kind, const std::string& name) {
    const std::string group = "/spikes/" + name;
    const std::string times = group + "/timestamps";
    FileEntry entry{.name = name, .count = length(file, times), .what = kind};
    if (entry.count > 0) {
        entry.begin_ms = file.read<double>(times, 0, 1).front();
        entry.end_ms = file.read<double>(times, entry.count - 1, 1).front();
    }
    const auto size = file.number(group, "size");
    const auto start = file.number("/", "t_start_ms");
    const auto stop = file.number("/", "t_stop_ms");
    if (size && start && stop && *size > 0.0 && *stop > *start) {
        double recorded = *stop - *start;
        if (file.has("/parts/begin_ms") && file.has("/parts/end_ms")) {
            const auto begin = file.read<double>("/parts/begin_ms");
            const auto end = file.read<double>("/parts/end_ms");
            recorded = std::accumulate(end.begin(), end.end(), 0.0) -
                       std::accumulate(begin.begin(), begin.end(), 0.0);
        }
        if (recorded > 0.0) entry.rate_hz = static_cast<double>(entry.count) / (*size * recorded / 1000.0);
    }
    return entry;
}

FileEntry traces(const Hdf5File& file, const std::string& /*kind*/, const std::string& name) {
    FileEntry entry{.name = name, .what = "bins"};
    const auto datasets = file.children("/traces/" + name);
    if (datasets.empty()) return entry;
    const std::string first = "/traces/" + name + "/" + datasets.front();
    entry.count = length(file, first);
    const auto dt = file.number(first, "dt_ms");
    entry.begin_ms = file.number(first, "t_start_ms");
    if (dt) entry.what = fmt::format("bins of {} ms", *dt);
    if (dt && entry.begin_ms) entry.end_ms = *entry.begin_ms + *dt * static_cast<double>(entry.count);
    entry.what += fmt::format(" ({})", fmt::join(datasets, ", "));
    return entry;
}

FileEntry weights(const Hdf5File& file, const std::string& /*kind*/, const std::string& name) {
    const std::string group = "/weights/" + name + "/";
    const auto snapshots = file.children("/weights/" + name);
    FileEntry entry{.name = name, .count = snapshots.size(), .what = "snapshots"};
    if (snapshots.empty()) return entry;
    entry.begin_ms = file.number(group + snapshots.front(), "time_ms");
    entry.end_ms = file.number(group + snapshots.back(), "time_ms");
    const bool sparse = file.has(group + snapshots.back() + "/indptr");
    entry.what += sparse
                      ? fmt::format(" of {} synapses", length(file, group + snapshots.back() + "/data"))
                      : fmt::format(" of {} weights", fmt::join(file.shape(group + snapshots.back()), " x "));
    if (const auto units = file.text(group + snapshots.back(), "units"))
        entry.what += fmt::format(" [{}]", *units);
    return entry;
}

FileEntry report(const Hdf5File& file, const std::string& /*kind*/, const std::string& name) {
    const std::string data = "/report/" + name + "/data";
    FileEntry entry{.name = name, .count = length(file, data), .what = "samples"};
    if (const auto variable = file.text(data, "variable")) entry.what += fmt::format(" of {}", *variable);
    if (const auto units = file.text(data, "units")) entry.what += fmt::format(" [{}]", *units);
    const std::string time = "/report/" + name + "/mapping/time";  // {start, stop, dt}
    if (length(file, time) == 3) {
        entry.begin_ms = file.read<double>(time, 0, 1).front();
        entry.end_ms = file.read<double>(time, 1, 1).front();
    }
    return entry;
}

struct Kind {
    std::string group;  ///< directly below the root; an entry for each of its groups
    FileEntry (*read)(const Hdf5File&, const std::string& kind, const std::string& name);
};
const std::array<Kind, 4> kinds{
    {{"spikes", spikes}, {"traces", traces}, {"weights", weights}, {"report", report}}};

}  // namespace

FileSummary inspect(const std::filesystem::path& path) {
    const Hdf5File file = Hdf5File::open(path);
    const auto* const known = std::find_if(kinds.begin(), kinds.end(),
                                           [&](const Kind& kind) { return file.has("/" + kind.group); });
    const auto stated = file.text("/", "kind");
    const auto run_id = file.text("/", "run_id");
    if (known == kinds.end() && !(stated && run_id)) {
        throw DataError(path.string() + ": an HDF5 file, but neither one of Apical nor a SONATA file");
    }
    FileSummary summary{
        .path = path.string(), .kind = stated.value_or(""), .run_id = run_id.value_or(""), .entries = {}};
    if (known == kinds.end()) return summary;
    if (!stated) summary.kind = known->group;
    for (const std::string& name : file.children("/" + known->group)) {
        summary.entries.push_back(known->read(file, summary.kind, name));
    }
    return summary;
}

std::string describe(const std::filesystem::path& path) {
    const FileSummary summary = inspect(path);
    std::string text = fmt::format("{}: {}{}\n", summary.path, summary.kind,
                                   summary.run_id.empty() ? "" : " of run " + summary.run_id);
    for (const FileEntry& entry : summary.entries) {
        text += fmt::format("  {}: {} {}", entry.name, entry.count, entry.what);
        if (entry.begin_ms && entry.end_ms)
            text += fmt::format(", {} to {} ms", *entry.begin_ms, *entry.end_ms);
        if (entry.rate_hz) text += fmt::format(", {:.3g} Hz", *entry.rate_hz);
        text += '\n';
    }
    return text;
}

}  // namespace apical
