#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/build_info.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "core/time.hpp"
#include "recorders/hdf5_file.hpp"
#include "recorders/read.hpp"

namespace apical {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

constexpr std::uint64_t most_units = 10'000'000;  // of a population

std::vector<SpikeTrains> read_all(const SpikeFile& file) {
    std::vector<SpikeTrains> all;
    for (const std::string& population : file.populations()) {
        all.push_back(file.read(population));
        for (const std::uint64_t id : all.back().node_ids) {
            if (id >= all.back().size)
                throw DataError(fmt::format("population {} has {} neurons, but a spike of neuron {}",
                                            population, all.back().size, id));
        }
    }
    return all;
}

void write_csv(Output& file, const std::vector<SpikeTrains>& all) {
    file.write("population,node_id,time_ms\n");
    fmt::memory_buffer lines;
    for (const SpikeTrains& trains : all) {
        lines.clear();
        for (std::size_t i = 0; i < trains.times.size(); ++i)
            fmt::format_to(std::back_inserter(lines), "{},{},{}\n", trains.population, trains.node_ids[i],
                           trains.times[i]);
        file.write({lines.data(), lines.size()});
    }
}

/// Spikes of all populations in order of time; ids count through. A header would stop readers of this format:
/// what the ids mean is a file of its own.
void write_gdf(Output& file, Output* meaning, const std::vector<SpikeTrains>& all) {
    std::string meanings = "population,first_id,size\n";
    std::vector<std::pair<double, std::uint64_t>> spikes;
    std::uint64_t first = 0;
    for (const SpikeTrains& trains : all) {
        meanings += fmt::format("{},{},{}\n", trains.population, first, trains.size);
        for (std::size_t i = 0; i < trains.times.size(); ++i)
            spikes.emplace_back(trains.times[i], first + trains.node_ids[i]);
        first += trains.size;
    }
    std::sort(spikes.begin(), spikes.end());
    fmt::memory_buffer lines;
    for (const auto& [time, id] : spikes) fmt::format_to(std::back_inserter(lines), "{}\t{}\n", id, time);
    file.write({lines.data(), lines.size()});
    if (meaning != nullptr) meaning->write(meanings);
}

/// A file of Neurodata Without Borders, version 2: every neuron is a unit, the silent ones too.
/// Format: nwb-schema 2.7.0, core/nwb.file.yaml and core/nwb.misc.yaml.
class NwbFile {
public:
    NwbFile(const fs::path& path, const std::string& run_id, const std::string& start)
        : file_(Hdf5File::create(path, "nwb", run_id)), run_(boost::uuids::string_generator()(run_id)) {
        type("/", "core", "NWBFile");
        file_.set("/", "nwb_version", "2.7.0");
        for (const char* group : {"/acquisition", "/analysis", "/general", "/processing", "/stimulus",
                                  "/stimulus/presentation", "/stimulus/templates"}) {
            file_.create_group(group);
        }
        file_.write("/file_create_date", std::vector<std::string>{start});
        file_.write("/identifier", run_id);
        file_.write("/session_description", fmt::format("simulation by apical {}", build_info::version));
        file_.write("/session_start_time", start);
        file_.write("/timestamps_reference_time", start);
    }

    void units(const std::vector<SpikeTrains>& all, double start_ms, double stop_ms) {
        std::vector<double> times;
        std::vector<std::uint64_t> ends;
        std::vector<std::string> populations;
        std::vector<std::int64_t> neurons;
        for (const SpikeTrains& trains : all) {
            if (trains.size > most_units) {
                throw DataError(fmt::format(
                    "population {} has {} neurons: each is a unit of NWB, and more than {} are not written",
                    trains.population, trains.size, most_units));
            }
            std::vector<std::vector<double>> each(trains.size);
            for (std::size_t i = 0; i < trains.times.size(); ++i)
                each[trains.node_ids[i]].push_back(trains.times[i] / 1000.0);
            for (std::uint64_t neuron = 0; neuron < trains.size; ++neuron) {
                times.insert(times.end(), each[neuron].begin(), each[neuron].end());
                ends.push_back(times.size());
                populations.push_back(trains.population);
                neurons.push_back(static_cast<std::int64_t>(neuron));
            }
        }
        const std::uint64_t n = ends.size();
        std::vector<std::int64_t> ids(n);
        std::iota(ids.begin(), ids.end(), std::int64_t{0});
        std::vector<double> observed;
        std::vector<std::uint64_t> one_each(n);
        std::iota(one_each.begin(), one_each.end(), std::uint64_t{1});
        for (std::uint64_t i = 0; i < n; ++i)
            observed.insert(observed.end(), {start_ms / 1000.0, stop_ms / 1000.0});

        file_.create_group("/units");
        type("/units", "core", "Units");
        file_.set("/units", "description", "neurons of the simulation");
        file_.set("/units", "colnames",
                  std::vector<std::string>{"spike_times", "population", "node_id", "obs_intervals"});
        file_.write("/units/id", {n}, ids);
        type("/units/id", "hdmf-common", "ElementIdentifiers");
        file_.write("/units/spike_times", {times.size()}, times);
        column("/units/spike_times", "spike times [s]");
        file_.set("/units/spike_times", "resolution", ms_per_tick / 1000.0);
        index("/units/spike_times", ends);
        file_.write("/units/obs_intervals", {n, 2}, observed);
        column("/units/obs_intervals", "time recorded [s]");
        index("/units/obs_intervals", one_each);
        file_.write("/units/population", populations);
        column("/units/population", "population of the neuron");
        file_.write("/units/node_id", {n}, neurons);
        column("/units/node_id", "number of the neuron in its population");
    }

    void finish() { file_.finish(); }

private:
    void type(const std::string& object, const char* name_space, const char* name) {
        file_.set(object, "namespace", name_space);
        file_.set(object, "neurodata_type", name);
        // The same each time the run is exported.
        file_.set(object, "object_id",
                  boost::uuids::to_string(boost::uuids::name_generator_sha1(run_)(object)));
    }
    void column(const std::string& dataset, const char* description) {
        type(dataset, "hdmf-common", "VectorData");
        file_.set(dataset, "description", description);
    }
    void index(const std::string& dataset, const std::vector<std::uint64_t>& ends) {
        const std::string name = dataset + "_index";
        file_.write(name, {ends.size()}, ends);
        type(name, "hdmf-common", "VectorIndex");
        file_.set(name, "description", "where each unit's values end");
        file_.set_reference(name, "target", dataset);
    }

    Hdf5File file_;
    boost::uuids::uuid run_;
};

void write_nwb(const fs::path& path, const fs::path& run, const SpikeFile& file,
               const std::vector<SpikeTrains>& all) {
    nlohmann::json manifest;
    try {
        manifest = nlohmann::json::parse(std::ifstream(run / "manifest.json"));
        std::string start = manifest.at("start").get<std::string>();  // "2026-01-31T12:00:00Z"
        start.replace(start.find('Z'), 1, "+00:00");
        NwbFile nwb(path, manifest.at("run_id").get<std::string>(), start);
        nwb.units(all, file.start(), file.stop());
        nwb.finish();
    } catch (const Error&) {
        throw;
    } catch (const std::exception&) {  // not JSON, no such key, no UUID
        throw DataError((run / "manifest.json").string() + ": is cut, or not a run's");
    }
}

}  // namespace

int export_verb(const Arguments& arguments) {
    std::string format;
    OutputOptions output;
    VerbOptions options("apical export RUN --to FORMAT [--out FILE]",
                        "Writes the spikes of a run in the format of another program.",
                        "apical export runs/20260101T120000Z_xor_7f3a --to csv\n"
                        "apical export runs/20260101T120000Z_xor_7f3a --to nwb --out xor.nwb");
    options.positional("run");
    options.add()  //
        ("to", po::value(&format)->value_name("FORMAT"),
         "csv (population, node_id, time_ms), gdf (NEST: id and time in ms) or nwb (Neurodata Without "
         "Borders 2)");
    output.declare(options, "file to write (default: RUN/spikes.FORMAT)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const auto runs =
        values->count("run") != 0 ? (*values)["run"].as<std::vector<std::string>>() : Arguments{};
    const bool known = format == "csv" || format == "gdf" || format == "nwb";
    if (runs.size() != 1 || !known) {
        throw misuse("apical export RUN --to FORMAT [--out FILE]",
                     runs.empty()      ? "export what? A run folder is missing"
                     : runs.size() > 1 ? "one run at a time"
                     : format.empty()  ? "--to is missing: csv, gdf or nwb"
                                       : "--to is '" + format + "': expected csv, gdf or nwb");
    }
    const fs::path run = runs.front();
    if (!fs::exists(run / "spikes.h5")) {
        throw DataError(run.string() + (fs::exists(run / "manifest.json")
                                            ? ": this run recorded no spikes"
                                            : ": is not a run folder, it has no manifest.json"));
    }
    const auto file = output.open(run / ("spikes." + format));
    const fs::path& path = file->path();
    std::unique_ptr<Output> meaning;  // beside a file; beside a pipe or a device there is no place
    if (format == "gdf" && file->is_file())
        meaning = OutputOptions{path.string() + ".populations.csv", output.overwrite}.open({});
    const SpikeFile spikes(run / "spikes.h5");
    const std::vector<SpikeTrains> all = read_all(spikes);
    if (format == "csv") write_csv(*file, all);
    if (format == "gdf") write_gdf(*file, meaning.get(), all);
    if (format == "nwb") write_nwb(file->scratch(), run, spikes, all);
    file->finish();
    if (meaning) meaning->finish();
    fmt::print(file->talk(), "wrote {}\n", path.string());
    return 0;
}

}  // namespace apical
