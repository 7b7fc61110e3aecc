// Any bytes as one of our HDF5 files, in the hands of everything that reads one: `info`, `report`, `export`,
// and the replay of spikes.

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "app/report.hpp"
#include "app/verbs.hpp"
#include "networks/catalogue.hpp"
#include "networks/network_config.hpp"
#include "recorders/inspect.hpp"
#include "recorders/read.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace apical {
namespace {

namespace fs = std::filesystem;
using fuzz::may_refuse;

void read_spikes(const std::string& path) {
    const SpikeFile file(path);
    file.count();
    for (const std::string& population : file.populations()) {
        may_refuse([&] { file.read(population); });
        may_refuse([&] { file.read(population, 1.0, 10.0); });
    }
}

void read_weights(const std::string& path) {
    const WeightFile file(path);
    for (const std::string& projection : file.projections()) {
        may_refuse([&] { file.units(projection); });
        for (const std::string& snapshot : file.snapshots(projection))
            may_refuse([&] { file.read(projection, snapshot); });
    }
}

void replay(const std::string& path) {
    Config config = Config::parse(fmt::format("duration = 10\n[population.pyr]\nmodel = \"spike_train\"\n"
                                              "size = 4\nspike_file = \"{}\"\n",
                                              path),
                                  "replay.toml");
    read_network(config.root(), catalogue());
    config.finish();
}

/// A folder of a run all of whose recordings are the file.
class RunFolder {
public:
    RunFolder() : path_(fs::temp_directory_path() / fmt::format("apical_fuzz_{}", ::getpid())) {
        fs::create_directories(path_);
        std::ofstream(path_ / "manifest.json")
            << R"({"run_id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "start": "2026-01-01T00:00:00Z"})";
    }
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    ~RunFolder() { fs::remove_all(path_); }

    void record(const char* name, const std::string& file) const {
        fs::remove(path_ / name);
        fs::create_symlink(file, path_ / name);
    }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

void show(const RunFolder& run, const std::string& path) {
    for (const char* name : {"traces.h5", "weights.h5"}) {
        run.record(name, path);
        may_refuse([&] { report_page({run.path()}); });
        fs::remove(run.path() / name);
    }
    run.record("spikes.h5", path);
    run.record("events.h5", path);
    may_refuse([&] { report_page({run.path()}); });
    for (const char* format : {"gdf", "nwb"})
        may_refuse([&] { export_verb({run.path().string(), "--to", format}); });
}

}  // namespace
}  // namespace apical

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace apical;
    static const RunFolder run;
    const fuzz::ForeignFile file({data, size});
    may_refuse([&] { describe(file.path()); });
    may_refuse([&] { read_spikes(file.path()); });
    may_refuse([&] { read_weights(file.path()); });
    may_refuse([&] { read_traces(file.path()); });
    may_refuse([&] { replay(file.path()); });
    show(run, file.path());
    return 0;
}
