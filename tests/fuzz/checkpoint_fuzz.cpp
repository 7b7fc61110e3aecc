// Any bytes as the checkpoint of a run of every_table.toml: it is refused in words, or it gives back a state.

#include <filesystem>

#include <fmt/format.h>

#include "app/checkpoints.hpp"
#include "networks/catalogue.hpp"
#include "networks/config.hpp"
#include "networks/network_config.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "training/run.hpp"

namespace apical {
namespace {

namespace fs = std::filesystem;

NetworkDescription described() {
    Config config = Config::open(APICAL_FUZZ_NETWORK);
    NetworkDescription network = read_network(config.root(), catalogue());
    config.finish();
    network.record = {};
    return network;
}

/// A folder whose only file is the checkpoint.
class RunFolder {
public:
    explicit RunFolder(const fs::path& checkpoint)
        : path_(fs::temp_directory_path() / fmt::format("apical_fuzz_{}", ::getpid())) {
        fs::create_directories(path_);
        fs::create_symlink(checkpoint, path_ / "checkpoint.h5");
    }
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    ~RunFolder() { fs::remove_all(path_); }

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

struct GivenBack {};

/// As `apical resume` does, but for the run that would follow; run and configuration are what the file says.
void resume(const fs::path& folder) {
    static const NetworkDescription network = described();
    RunContext context;
    context.resume = [&](const Persist& state) -> bool {
        std::string run_id;
        std::string config;
        fuzz::may_refuse([&] {
            const Hdf5File file = Hdf5File::open(folder / "checkpoint.h5");
            run_id = file.text("/", "run_id").value_or("");
            config = file.text("/", "config").value_or("");
        });
        const Checkpoints checkpoints(folder, run_id, {{"config", config}});
        fuzz::may_refuse([&] { Checkpoints(checkpoints).choose(false); });
        fuzz::may_refuse([&] { checkpoints.commit(); });
        fuzz::may_refuse([&] {
            checkpoints.give_back([&](Archive& archive) { archive.group("task", [&] { state(archive); }); });
        });
        throw GivenBack();
    };
    try {
        run_network(network, context);
    } catch (const GivenBack&) {
    }
}

}  // namespace
}  // namespace apical

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace apical;
    const fuzz::ForeignFile file({data, size});
    const RunFolder run(file.path());
    resume(run.path());
    return 0;
}
