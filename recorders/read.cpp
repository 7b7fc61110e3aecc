#include "recorders/read.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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
    if (shape.size() != 1) throw broken(path, dataset + " has not one dimension");
    return shape.front();
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
    double last = 0.0;
    for (const std::string& population : populations_) {
        const std::uint64_t n = length(population);
        if (n != vector_length(file_, path_, ids_of(population)))
            throw broken(path_, "population " + population + " has not as many ids as times");
        if (n > 0) last = std::max(last, file_.read<double>(times_of(population), n - 1, 1).front());
    }
    start_ = file_.number("/", "t_start_ms").value_or(0.0);
    stop_ = file_.number("/", "t_stop_ms")
                .value_or(std::nextafter(last, std::numeric_limits<double>::infinity()));
    if (!(start_ >= -longest_ms && start_ <= stop_ && stop_ <= longest_ms)) {
        throw broken(path_, "was recorded from " + std::to_string(start_) + " to " + std::to_string(stop_) +
                                " ms: not a time that can be simulated");
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
    if (const auto stated = file_.number("/spikes/" + population, "size")) {
        if (!(*stated >= 0.0 && *stated <= most_neurons))
            throw broken(path_, "population " + population + " has a size that is no number of neurons");
        return static_cast<std::uint64_t>(*stated);
    }
    return ids.empty() ? 0 : *std::max_element(ids.begin(), ids.end()) + 1;
}

std::uint64_t SpikeFile::first_at(const std::string& population, double time) const {
    std::uint64_t low = 0;
    std::uint64_t high = length(population);
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (file_.read<double>(times_of(population), middle, 1).front() < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
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
    const std::uint64_t n = std::max(begin, first_at(population, to)) - begin;
    SpikeTrains trains{population, 0, file_.read<double>(times_of(population), begin, n),
                       file_.read<std::uint64_t>(ids_of(population), begin, n)};
    check(trains);
    trains.size = size(population, trains.node_ids);
    return trains;
}

void SpikeFile::check(const SpikeTrains& trains) const {
    for (const double t : trains.times) {
        if (!std::isfinite(t)) throw broken(path_, times_of(trains.population) + ": a time is not a number");
    }
    for (const std::uint64_t id : trains.node_ids) {
        if (id >= most_neurons)
            throw broken(path_, ids_of(trains.population) + ": " + std::to_string(id) + " is no neuron's id");
    }
}

SpikeTrains SpikeFile::read(const std::string& population) const {
    SpikeTrains trains{population, 0, file_.read<double>(times_of(population)),
                       file_.read<std::uint64_t>(ids_of(population))};
    check(trains);
    if (!std::is_sorted(trains.times.begin(), trains.times.end())) {
        std::vector<std::size_t> order(trains.times.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return std::pair(trains.times[a], trains.node_ids[a]) <
                   std::pair(trains.times[b], trains.node_ids[b]);
        });
        trains.times = permuted(trains.times, order);
        trains.node_ids = permuted(trains.node_ids, order);
    }
    trains.size = size(population, trains.node_ids);
    return trains;
}

std::vector<std::vector<double>> SpikeFile::trains(const std::string& population, Index neurons) const {
    if (std::find(populations_.begin(), populations_.end(), population) == populations_.end()) {
        throw broken(path_, fmt::format("has no population '{}'; it has: {}", population,
                                        fmt::join(populations_, ", ")));
    }
    const SpikeTrains all = read(population);
    std::vector<std::vector<double>> trains(neurons);
    for (std::size_t i = 0; i < all.times.size(); ++i) {
        const std::uint64_t neuron = all.node_ids[i];
        const double time = all.times[i];
        if (neuron >= neurons || !(time >= 0.0)) {
            throw broken(path_,
                         fmt::format("population '{}' has a spike of neuron {} at {} ms: expected one of "
                                     "{} neurons, at 0 or later",
                                     population, neuron, time, neurons));
        }
        if (!trains[neuron].empty() && trains[neuron].back() == time) {
            throw broken(path_, fmt::format("population '{}' has two spikes of neuron {} at {} ms",
                                            population, neuron, time));
        }
        trains[neuron].push_back(time);
    }
    return trains;
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
        if (!(traces.dt_ms > 0.0 && traces.dt_ms <= longest_ms) ||
            traces.burst_rate.size() != traces.event_rate.size() ||
            traces.spike_rate.size() != traces.event_rate.size()) {
            throw broken(path, group + ": the traces have not one length, or no dt_ms");
        }
        all.push_back(std::move(traces));
    }
    return all;
}

}  // namespace apical
