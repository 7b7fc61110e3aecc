#include "app/checkpoints.hpp"

#include <fmt/format.h>

#include "app/run_folder.hpp"
#include "core/error.hpp"

namespace apical {

namespace fs = std::filesystem;

void Checkpoints::keep(const Persist& state) const {
    Hdf5File file = Hdf5File::create(last(), "checkpoint", run_id_, Hdf5File::Made::with_sums);
    file.set("/", "format", Archive::format);
    for (const auto& [name, value] : provenance_) file.set("/", name, value);
    Archive archive(file, Archive::Direction::keep);
    state(archive);
    file.finish(next());
    if (fs::exists(last())) rename_file(last(), previous());
    rename_file(next(), last());
    sync_to_disk(folder_);
}

bool Checkpoints::any() const { return fs::exists(last()) || fs::exists(next()) || fs::exists(previous()); }

void Checkpoints::choose(bool before) {
    // The process may have ended among the renamings of keep(): what is called next is complete.
    if (!fs::exists(last()) && fs::exists(next())) rename_file(next(), last());
    if (!fs::exists(last())) before = true;
    const fs::path chosen = before ? previous() : last();
    if (!fs::exists(chosen)) {
        throw DataError(fmt::format("{}: there is no checkpoint: the run ended before it had written one",
                                    folder_.string()));
    }
    try {
        const Hdf5File file = Hdf5File::open(chosen);
        expect_ours(file);
        file.verify();
    } catch (const Error& error) {
        const bool other = !before && fs::exists(previous());
        throw DataError(fmt::format("{}{}", error.what(),
                                    other ? "; to go on from the checkpoint before it: apical resume "
                                            "--previous " +
                                                folder_.string()
                                          : ""));
    }
    if (before) rename_file(previous(), last());
}

void Checkpoints::expect_ours(const Hdf5File& file) const {
    const auto refuse = [&](const std::string& what) {
        throw DataError(fmt::format("{}: {}", file.path().string(), what));
    };
    const auto text = [&](const char* name) { return file.text("/", name).value_or("unknown"); };
    if (text("kind") != "checkpoint") refuse(fmt::format("expected a checkpoint, found {}", text("kind")));
    if (const auto format = file.number<std::uint32_t>("/", "format").value_or(0);
        format != Archive::format) {
        refuse(fmt::format("expected a checkpoint of format {}, found format {}, written by {} ({})",
                           Archive::format, format, text("program"), text("commit")));
    }
    if (text("run_id") != run_id_)
        refuse(fmt::format("expected a checkpoint of run {}, found one of run {}", run_id_, text("run_id")));
    for (const auto& [name, value] : provenance_) {
        if (name == "config" && text("config") != value)
            refuse("its configuration is not that of config.resolved.toml in this folder");
    }
}

std::string Checkpoints::commit() const {
    return Hdf5File::open(last()).text("/", "commit").value_or("unknown");
}

void Checkpoints::give_back(const Persist& state) const {
    Hdf5File file = Hdf5File::open(last());
    Archive archive(file, Archive::Direction::give_back);
    state(archive);
}

void Checkpoints::remove() const {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_)) {
        const fs::path& path = entry.path();
        if (is_segment(path) || path.filename().string().starts_with("checkpoint."))
            fs::remove(path, ignored);
    }
}

}  // namespace apical
