#include "recorders/weights.hpp"

#include <fmt/format.h>

#include "core/time.hpp"

namespace apical {

WeightRecorder::WeightRecorder(const std::filesystem::path& folder, const std::string& run_id)
    : file_(folder / "weights.h5", [run_id](const std::filesystem::path& path) {
          Hdf5File file = Hdf5File::create(path, "weights", run_id);
          file.create_group("/weights");
          file.flush();
          return file;
      }) {}

std::string WeightRecorder::next(const std::string& projection) {
    const std::string group = "/weights/" + projection;
    if (!file_->has(group)) file_->create_group(group);
    return fmt::format("{}/{:06}", group, taken_[projection]++);
}

void WeightRecorder::describe(const std::string& name, const WeightLabel& label) {
    file_->set_read_back(name, "units", label.units);
    file_->set(name, "layout", "target,source");
    file_->set(name, "epoch", label.epoch);
    file_->set(name, "sample", label.sample);
    file_->set(name, "time_ms", ms(label.time));
    file_->flush();
}

}  // namespace apical
