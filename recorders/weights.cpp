#include "recorders/weights.hpp"

#include <fmt/format.h>

#include "core/time.hpp"

namespace apical {

WeightRecorder::WeightRecorder(const std::filesystem::path& folder, const std::string& run_id)
    : file_(Hdf5File::create(folder / "weights.h5", "weights", run_id)) {
    file_.create_group("/weights");
    file_.flush();
}

std::string WeightRecorder::next(const std::string& projection) {
    const auto [taken, is_new] = taken_.try_emplace(projection, 0U);
    if (is_new) file_.create_group("/weights/" + projection);
    return fmt::format("/weights/{}/{:06}", projection, taken->second++);
}

void WeightRecorder::describe(const std::string& name, const WeightLabel& label) {
    file_.set(name, "units", label.units);
    file_.set(name, "layout", "target,source");
    file_.set(name, "epoch", label.epoch);
    file_.set(name, "sample", label.sample);
    file_.set(name, "time_ms", ms(label.time));
    file_.flush();
}

}  // namespace apical
