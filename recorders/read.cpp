#include "recorders/read.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/spike.hpp"
#include "core/time.hpp"

namespace apical {
namespace {

DataError broken(const std::filesystem::path& path, const std::string& what) {
    return DataError(path.string() + ": " + what);
}

std::vector<std::string> groups(const Hdf5File& file, const std::filesystem::path& path,
                                const std::string& root, const std::string& kind) {
    if (!file.has(root)) throw broken(path, "holds no " + kind + ": there is no group " + root);
    return file.children(root);
}

std::string times_of(const std::string& population) { return "/spikes/" + population + "/timestamps"; }
std::string ids_of(const std::string& population) { return "/spikes/" + population + "/node_ids"; }

std::uint64_t vector_length(const Hdf5File& file, const std::filesystem::path& path,
                            const std::string& dataset) {
    if (!file.has(dataset)) throw broken(path, "there is no " + dataset);
    const auto shape = file.shape(dataset);
    if (shape.size() != 1) {
        throw broken(
            path, fmt::format("{} has not one dimension: found {}", dataset,
                              shape.empty() ? "a single value" : fmt::format("{}", fmt::join(shape, " x "))));
    }
    if (file.numbers(dataset) == Hdf5File::Numbers::none) throw broken(path, dataset + " holds no numbers");
    return shape.front();
}

std::vector<RecordedPart> recorded_parts(const Hdf5File& file, const std::filesystem::path& path) {
    if (!file.has("/parts")) return {};
    const std::uint64_t n = vector_length(file, path, "/parts/begin_ms");
    if (vector_length(file, path, "/parts/end_ms") != n || vector_length(file, path, "/parts/epoch") != n)
        throw broken(path, "/parts has not as many ends and epochs as beginnings");
    const auto begin = file.read<double>("/parts/begin_ms");
    const auto end = file.read<double>("/parts/end_ms");
    const auto epoch = file.read<std::int64_t>("/parts/epoch");
    std::vector<RecordedPart> parts;
    for (std::uint64_t i = 0; i < n; ++i) {
        if (!(begin[i] <= end[i])) throw broken(path, "a part of the record ends before it begins");
        parts.push_back({begin[i], end[i], epoch[i]});
    }
    return parts;
}

constexpr auto time_units = std::to_array<std::pair<std::string_view, int>>({
    {"ms", 0},
    {"msec", 0},
    {"millisecond", 0},
    {"milliseconds", 0},
    {"s", 3},
    {"sec", 3},
    {"second", 3},
    {"seconds", 3},
    {"us", -3},
    {"\u00b5s", -3},
    {"\u03bcs", -3},
    {"usec", -3},
    {"ns", -6},
    {"microsecond", -3},
    {"microseconds", -3},
    {"nsec", -6},
    {"nanosecond", -6},
    {"nanoseconds", -6},
});

/// value x 10^power as a decimal number has it: of the shortest decimal that means `value`, so that 0.0011 s
/// becomes 1.1 ms and not its neighbour.
double scaled(double value, int power) {
    if (power == 0 || !std::isfinite(value)) return value;
    std::array<char, 40> text{};
    char* const end = std::to_chars(text.begin(), text.end() - 1, value, std::chars_format::scientific).ptr;
    char* const mark = std::find(text.begin(), end, 'e') + 1;
    int exponent = 0;
    std::from_chars(*mark == '+' ? mark + 1 : mark, end, exponent);
    char* const done = std::to_chars(mark, text.end(), exponent + power).ptr;
    double result = 0.0;
    std::from_chars(text.begin(), done, result);
    return result;
}

constexpr double longest_ms = ms(Duration::max()) / 2.0;  // so that the sum of two times is a time, too
constexpr Index most_neurons = std::numeric_limits<Index>::max();

template <class T>
std::vector<T> permuted(const std::vector<T>& values, const std::vector<std::size_t>& order) {
    std::vector<T> result;
    result.reserve(order.size());
    for (const std::size_t i : order) result.push_back(values[i]);
    return result;
}

}  // namespace

SpikeFile::SpikeFile(const std::filesystem::path& path)
    : path_(path), file_(Hdf5File::open(path)), populations_(groups(file_, path, "/spikes", "spikes")) {
    const bool ids_of_all = file_.has("/spikes/gids") || file_.has("/spikes/node_ids");
    if (ids_of_all && file_.has("/spikes/timestamps") && !file_.has(times_of("timestamps"))) {
        throw broken(
            path_,
            "/spikes/timestamps is of the flat layout that SONATA had at first: expected a group for "
            "each population, with /spikes/NAME/timestamps and /spikes/NAME/node_ids");
    }
    double last = 0.0;
    for (const std::string& population : populations_) {
        const std::uint64_t n = length(population);
        if (n != vector_length(file_, path_, ids_of(population)))
            throw broken(path_, "population " + population + " has not as many ids as times");
        scales_[population] = find_scale(population);
        if (n > 0) last = std::max(last, times(population, n - 1, 1).front());
    }
    parts_ = recorded_parts(file_, path_);
    start_ = file_.number("/", "t_start_ms").value_or(0.0);
    stop_ = file_.number("/", "t_stop_ms")
                .value_or(std::nextafter(last, std::numeric_limits<double>::infinity()));
    if (!(start_ >= -longest_ms && start_ <= stop_ && stop_ <= longest_ms)) {
        throw broken(path_, "was recorded from " + std::to_string(start_) + " to " + std::to_string(stop_) +
                                " ms: not a time that can be simulated");
    }
}

SpikeFile::Scale SpikeFile::find_scale(const std::string& population) const {
    const std::string dataset = times_of(population);
    Scale scale;
    std::string found_at;
    // SONATA has it at the dataset, others further up.
    for (const std::string& object :
         {dataset, "/spikes/" + population, std::string("/spikes"), std::string("/")}) {
        if (!file_.has_attribute(object, "units")) continue;
        const auto text = file_.any_text(object, "units");
        if (!text)
            throw broken(path_, fmt::format("the attribute units of {} is no text that can be read: "
                                            "expected \"ms\"",
                                            object));
        const auto* const unit = std::find_if(time_units.begin(), time_units.end(),
                                              [&](const auto& known) { return known.first == *text; });
        if (unit == time_units.end()) {
            throw broken(path_, fmt::format("the attribute units of {} is \"{}\": expected ms, s, us or ns",
                                            object, *text));
        }
        if (found_at.empty()) {
            found_at = object;
            scale.power = unit->second;
            if (unit->second != 0) scale.remark = fmt::format("{} is in {}: converted to ms", dataset, *text);
        } else if (unit->second != scale.power) {
            throw broken(path_, fmt::format("the attribute units of {} is \"{}\", that of {} is another",
                                            object, *text, found_at));
        }
    }
    if (found_at.empty()) scale.remark = fmt::format("{} has no attribute units: taken as ms", dataset);
    return scale;
}

std::vector<double> SpikeFile::times(const std::string& population, std::uint64_t first,
                                     std::uint64_t count) const {
    const std::string dataset = times_of(population);
    auto values = file_.read<double>(dataset, first, count);
    const int power = scales_.at(population).power;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double time = scaled(values[i], power);
        if (!(std::abs(time) <= longest_ms)) {
            throw broken(path_, fmt::format("{}: element {} is {}: expected a time that can be simulated",
                                            dataset, first + i, values[i]));
        }
        values[i] = time;
    }
    return values;
}

std::vector<std::uint64_t> SpikeFile::ids(const std::string& population, std::uint64_t first,
                                          std::uint64_t count) const {
    const std::string dataset = ids_of(population);
    // Each read as what it is: HDF5 turns what does not fit into the nearest number that does.
    const auto read = [&]<class T>(T) {
        const auto values = file_.read<T>(dataset, first, count);
        std::vector<std::uint64_t> whole(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            const T id = values[i];
            bool right = id >= T{0} && id < static_cast<T>(most_neurons);
            if constexpr (std::is_floating_point_v<T>) right = right && id == std::floor(id);
            if (!right) {
                throw broken(path_,
                             fmt::format("{}: element {} is {}: expected the id of a neuron, a whole number "
                                         "from 0 to {}",
                                         dataset, first + i, id, most_neurons - 1));
            }
            whole[i] = static_cast<std::uint64_t>(id);
        }
        return whole;
    };
    switch (file_.numbers(dataset)) {
        case Hdf5File::Numbers::floating:
            return read(double{});
        case Hdf5File::Numbers::signed_whole:
            return read(std::int64_t{});
        default:
            return read(std::uint64_t{});
    }
}

std::uint64_t SpikeFile::length(const std::string& population) const {
    return vector_length(file_, path_, times_of(population));
}

std::uint64_t SpikeFile::count() const {
    return std::accumulate(populations_.begin(), populations_.end(), std::uint64_t{0},
                           [this](std::uint64_t sum, const auto& p) { return sum + length(p); });
}

bool SpikeFile::sorted(const std::string& population) const {
    // SONATA's enumeration {none, by_id, by_time}. Others write a string, mostly one that text() does not
    // read: that costs a sorting.
    const std::string group = "/spikes/" + population;
    return file_.number(group, "sorting") == 2.0 || file_.text(group, "sorting") == "by_time";
}

std::uint64_t SpikeFile::size(const std::string& population, const std::vector<std::uint64_t>& ids) const {
    const auto largest = std::max_element(ids.begin(), ids.end());
    if (const auto stated = file_.number("/spikes/" + population, "size")) {
        if (!(*stated >= 0.0 && *stated <= most_neurons))
            throw broken(path_, "population " + population + " has a size that is no number of neurons");
        if (largest != ids.end() && static_cast<double>(*largest) >= *stated) {
            throw broken(path_, fmt::format("population {} has {} neurons, but a spike of neuron {}",
                                            population, *stated, *largest));
        }
        return static_cast<std::uint64_t>(*stated);
    }
    return largest == ids.end() ? 0 : *largest + 1;
}

std::uint64_t SpikeFile::size(const std::string& population) const {
    const bool stated = file_.number("/spikes/" + population, "size").has_value();
    return size(population, stated ? std::vector<std::uint64_t>() : read(population).node_ids);
}

std::uint64_t SpikeFile::first_at(const std::string& population, double time) const {
    std::uint64_t low = 0;
    std::uint64_t high = length(population);
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (times(population, middle, 1).front() < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

SpikeTrains SpikeFile::part(const std::string& population, std::uint64_t first, std::uint64_t count) const {
    SpikeTrains trains{population, 0, times(population, first, count), ids(population, first, count)};
    trains.size = size(population, trains.node_ids);
    return trains;
}

SpikeTrains SpikeFile::read(const std::string& population, double from, double to) const {
    if (!sorted(population)) {
        SpikeTrains all = read(population);
        const auto begin = std::lower_bound(all.times.begin(), all.times.end(), from) - all.times.begin();
        const auto end = std::lower_bound(all.times.begin(), all.times.end(), to) - all.times.begin();
        return {population,
                all.size,
                {all.times.begin() + begin, all.times.begin() + end},
                {all.node_ids.begin() + begin, all.node_ids.begin() + end}};
    }
    const std::uint64_t begin = first_at(population, from);
    return part(population, begin, std::max(begin, first_at(population, to)) - begin);
}

SpikeTrains SpikeFile::read(const std::string& population) const {
    SpikeTrains trains = part(population, 0, length(population));
    std::vector<std::size_t> order(trains.times.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto in_order = [&](std::size_t a, std::size_t b) {
        return std::pair(trains.times[a], trains.node_ids[a]) <
               std::pair(trains.times[b], trains.node_ids[b]);
    };
    if (std::is_sorted(order.begin(), order.end(), in_order)) return trains;
    std::sort(order.begin(), order.end(), in_order);
    trains.times = permuted(trains.times, order);
    trains.node_ids = permuted(trains.node_ids, order);
    return trains;
}

void SpikeFile::require(const std::string& population) const {
    if (std::find(populations_.begin(), populations_.end(), population) != populations_.end()) return;
    throw broken(
        path_, fmt::format("has no population '{}'; it has: {}", population, fmt::join(populations_, ", ")));
}

PlayedTrains SpikeFile::trains(const std::string& population, Index neurons) const {
    require(population);
    const SpikeTrains all = read(population);
    PlayedTrains played{std::vector<std::vector<double>>(neurons), {}};
    std::string first_pair;
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < all.times.size(); ++i) {
        const std::uint64_t neuron = all.node_ids[i];
        const double time = all.times[i];
        if (neuron >= neurons || !(time >= 0.0)) {
            throw broken(path_,
                         fmt::format("population '{}' has a spike of neuron {} at {} ms: expected one of "
                                     "{} neurons, at 0 or later",
                                     population, neuron, time, neurons));
        }
        std::vector<double>& train = played.times[neuron];
        if (!train.empty() && ticks(train.back()) == ticks(time) && ++pairs == 1)
            first_pair = fmt::format("neuron {} at {} and {} ms", neuron, train.back(), time);
        train.push_back(time);
    }
    const std::string& remark = scales_.at(population).remark;
    if (!remark.empty()) played.remarks.push_back(path_.string() + ": " + remark);
    if (pairs > 0) {
        played.remarks.push_back(
            fmt::format("{}: population '{}' has {} pair{} of spikes of one neuron within a tick of 2^-30 ms "
                        "({}): played at one "
                        "time",
                        path_.string(), population, pairs, pairs == 1 ? "" : "s", first_pair));
    }
    return played;
}

SpikeKinds SpikeFile::kinds(const std::string& population, Index neurons) const {
    SpikeKinds kinds;
    const std::filesystem::path folder = path_.parent_path();
    const std::array files{folder / "events.h5", folder / "bursts.h5"};
    std::error_code none;
    for (const auto& file : files) {
        if (!std::filesystem::exists(file, none) || std::filesystem::equivalent(file, path_, none))
            return kinds;
    }
    const SpikeTrains all = read(population);
    std::array<SpikeTrains, 2> known;
    for (std::size_t i = 0; i < files.size(); ++i) {
        try {
            const SpikeFile file(files[i]);
            const auto run = file_.text("/", "run_id");
            if (run && file.file_.text("/", "run_id").value_or(*run) != *run)
                throw DataError(files[i].string() + ": is of another run");
            file.require(population);
            known[i] = file.read(population);
        } catch (const Error& error) {
            kinds.not_used = error.what();
            return kinds;
        }
    }
    std::array<std::size_t, 2> next{};
    const auto is_next = [&](std::size_t file, std::size_t i) {
        const SpikeTrains& trains = known[file];
        const std::size_t at = next[file];
        if (at == trains.times.size() || trains.times[at] != all.times[i] ||
            trains.node_ids[at] != all.node_ids[i])
            return false;
        ++next[file];
        return true;
    };
    kinds.by_neuron.resize(neurons);
    for (std::size_t i = 0; i < all.times.size(); ++i) {
        if (all.node_ids[i] >= neurons)
            throw broken(path_, fmt::format("{} is no neuron of {}", all.node_ids[i], neurons));
        kinds.by_neuron[all.node_ids[i]].push_back(is_next(0, i)   ? SpikeKind::event
                                                   : is_next(1, i) ? SpikeKind::burst
                                                                   : SpikeKind::further);
    }
    const bool all_found = next[0] == known[0].times.size() && next[1] == known[1].times.size();
    if (!all_found || (next[0] == 0 && !all.times.empty())) {
        kinds.by_neuron.clear();
        kinds.not_used = fmt::format("{} and bursts.h5 are not of the spikes of {}", files[0].string(),
                                     path_.filename().string());
        return kinds;
    }
    kinds.files.assign(files.begin(), files.end());
    return kinds;
}

WeightFile::WeightFile(const std::filesystem::path& path)
    : path_(path), file_(Hdf5File::open(path)), projections_(groups(file_, path, "/weights", "weights")) {}

std::vector<std::string> WeightFile::snapshots(const std::string& projection) const {
    return file_.children("/weights/" + projection);
}

std::string WeightFile::units(const std::string& projection) const {
    const auto names = snapshots(projection);
    return names.empty() ? ""
                         : file_.text("/weights/" + projection + "/" + names.front(), "units").value_or("");
}

WeightSnapshot WeightFile::read(const std::string& projection, const std::string& name) const {
    const std::string object = "/weights/" + projection + "/" + name;
    WeightSnapshot snapshot;
    snapshot.time_ms = file_.number(object, "time_ms").value_or(0.0);
    snapshot.sample = file_.number(object, "sample").value_or(0.0);
    if (!file_.has(object + "/indptr")) {
        const auto shape = file_.shape(object);
        if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0)
            throw broken(path_, object + " is not a matrix of weights");
        snapshot.targets = shape[0];
        snapshot.sources = shape[1];
        snapshot.values = file_.read<float>(object);
        return snapshot;
    }
    snapshot.indptr = file_.read<std::uint64_t>(object + "/indptr");
    snapshot.indices = file_.read<std::uint32_t>(object + "/indices");
    snapshot.values = file_.read<float>(object + "/data");
    if (snapshot.indptr.empty() || snapshot.indptr.back() != snapshot.values.size() ||
        snapshot.indices.size() != snapshot.values.size() ||
        !std::is_sorted(snapshot.indptr.begin(), snapshot.indptr.end())) {
        throw broken(path_, object + ": indptr, indices and data do not fit together");
    }
    snapshot.targets = snapshot.indptr.size() - 1;
    for (const std::uint32_t source : snapshot.indices)
        snapshot.sources = std::max<std::uint64_t>(snapshot.sources, std::uint64_t{source} + 1);
    return snapshot;
}

std::vector<PopulationTraces> read_traces(const std::filesystem::path& path) {
    const Hdf5File file = Hdf5File::open(path);
    std::vector<PopulationTraces> all;
    for (const std::string& population : groups(file, path, "/traces", "traces")) {
        const std::string group = "/traces/" + population + "/";
        PopulationTraces traces;
        traces.population = population;
        for (const auto& [name, values] :
             {std::pair{"spike_rate", &traces.spike_rate}, std::pair{"event_rate", &traces.event_rate},
              std::pair{"burst_rate", &traces.burst_rate}}) {
            vector_length(file, path, group + name);
            *values = file.read<double>(group + name);
        }
        traces.t_start_ms = file.number(group + "event_rate", "t_start_ms").value_or(0.0);
        traces.dt_ms = file.number(group + "event_rate", "dt_ms").value_or(0.0);
        traces.last_bin_ms = file.number(group + "event_rate", "last_bin_ms").value_or(traces.dt_ms);
        if (!(traces.dt_ms > 0.0 && traces.dt_ms <= longest_ms) ||
            !(traces.last_bin_ms > 0.0 && traces.last_bin_ms <= traces.dt_ms) ||
            traces.burst_rate.size() != traces.event_rate.size() ||
            traces.spike_rate.size() != traces.event_rate.size()) {
            throw broken(path, group + ": the traces have not one length, or no dt_ms");
        }
        all.push_back(std::move(traces));
    }
    return all;
}

}  // namespace apical
