#include "recorders/spikes.hpp"

#include <array>

#include "core/time.hpp"

namespace apical {
namespace {

/// Some 16 MB of buffers, should nobody call flush().
constexpr std::size_t most_buffered_spikes = std::size_t{1} << 20U;

constexpr std::array part_times{"/parts/begin_ms", "/parts/end_ms"};
constexpr const char* part_epoch = "/parts/epoch";

Hdf5File begin(const std::filesystem::path& path, std::span<const RecordedPopulation> populations,
               const std::string& run_id, Time start, SpikeRecorder::Extent extent) {
    Hdf5File file = Hdf5File::create(path, path.stem(), run_id);
    file.set("/", "magic", std::uint32_t{0x0A7A});
    file.set("/", "version", std::vector<std::uint32_t>{0, 1});
    file.set("/", "t_start_ms", ms(start));
    file.set("/", "t_stop_ms", ms(start));
    file.create_group("/spikes");
    for (const RecordedPopulation& population : populations) {
        if (!population.recorded) continue;
        const std::string group = "/spikes/" + population.name;
        file.create_group(group);
        // libsonata reads nothing but the enumeration, BMTK nothing but the string.
        file.set_enum(group, "sorting", {"none", "by_id", "by_time"}, 2);
        file.set(group, "size", std::uint64_t{population.size});
        file.create_growing(group + "/timestamps", Hdf5Type::float64);
        file.set(group + "/timestamps", "units", "ms");
        file.create_growing(group + "/node_ids", Hdf5Type::uint64);
        file.set(group + "/node_ids", "sorting", "by_time");
    }
    if (extent == SpikeRecorder::Extent::parts) {
        file.create_group("/parts");
        for (const char* name : part_times) {
            file.create_growing(name, Hdf5Type::float64);
            file.set(name, "units", "ms");
        }
        file.create_growing(part_epoch, Hdf5Type::int64);
    }
    file.flush();
    return file;
}

}  // namespace

SpikeRecorder::SpikeRecorder(const std::filesystem::path& folder,
                             std::span<const RecordedPopulation> populations, const std::string& run_id,
                             Time start, Extent extent)
    : observed_until_(start), extent_(extent) {
    const auto begin_file = [all = std::vector(populations.begin(), populations.end()), run_id, start,
                             extent](const std::filesystem::path& path) {
        return begin(path, all, run_id, start, extent);
    };
    for (const char* name : {"spikes.h5", "events.h5", "bursts.h5"}) {
        Channel& channel = channels_.emplace_back(Channel{{folder / name, begin_file}, {}});
        for (const RecordedPopulation& population : populations) {
            channel.trains.push_back({population.recorded ? "/spikes/" + population.name : "", {}, {}});
        }
    }
}

void SpikeRecorder::begin_part(Time at, std::int64_t epoch) {
    open_ = extent_ == Extent::parts;
    part_begin_ = at;
    part_epoch_ = epoch;
}

void SpikeRecorder::end_part(Time at) {
    if (!open_) return;
    open_ = false;
    const std::vector<double> from{ms(part_begin_)};
    const std::vector<double> to{ms(at)};
    const std::vector<std::int64_t> epoch{part_epoch_};
    for (Channel& channel : channels_) {
        channel.file->append(part_times[0], from);
        channel.file->append(part_times[1], to);
        channel.file->append(part_epoch, epoch);
    }
    flush();
}

void SpikeRecorder::observe(const Window& window, std::span<const Spike> spikes) {
    const auto note = [this](Channel& channel, const Spike& spike) {
        Train& train = channel.trains[spike.population];
        if (train.group.empty()) return;
        train.timestamps.push_back(ms(spike.time));
        train.node_ids.push_back(spike.neuron);
        ++buffered_;
    };
    observed_until_ = window.end;
    if (extent_ == Extent::parts && !open_) return;
    for (const Spike& spike : spikes) {
        note(channels_[0], spike);
        if (spike.kind == SpikeKind::event) note(channels_[1], spike);
        if (spike.kind == SpikeKind::burst) note(channels_[2], spike);
    }
    if (buffered_ >= most_buffered_spikes) flush();
}

void SpikeRecorder::flush() {
    channels_[0].file->require_space(buffered_ * (sizeof(double) + sizeof(std::uint64_t)));
    for (Channel& channel : channels_) {
        for (Train& train : channel.trains) {
            if (train.timestamps.empty()) continue;
            channel.file->append(train.group + "/timestamps", train.timestamps);
            channel.file->append(train.group + "/node_ids", train.node_ids);
            train.timestamps.clear();
            train.node_ids.clear();
        }
        channel.file->set("/", "t_stop_ms", ms(observed_until_));
        channel.file->flush();
    }
    buffered_ = 0;
}

void SpikeRecorder::finish(Time end) {
    observed_until_ = end;
    end_part(end);
    flush();
    for (Channel& channel : channels_) {
        channel.file.join();
        channel.file->set("/", "t_stop_ms", ms(end));
        channel.file->finish();
    }
}

void SpikeRecorder::persist(Archive& archive) {
    flush();
    archive.each("files", channels_);
    archive("observed_until", observed_until_);
    if (extent_ == Extent::whole) return;
    archive("open", open_);
    archive("part_begin", part_begin_);
    archive("part_epoch", part_epoch_);
}

}  // namespace apical
