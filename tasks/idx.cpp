#include "tasks/idx.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <optional>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.hpp"

namespace apical {

namespace fs = std::filesystem;

namespace {

/// A file that is unpacked if it is compressed with gzip, all members of it one after the other, and passed
/// on if it is not. zlib's own functions for files do not always see that the end is missing.
class Input {
public:
    explicit Input(const fs::path& path) : path_(path), file_(path, std::ios::binary) {
        if (!file_) throw IoError(path.string(), std::string("cannot be opened: ") + std::strerror(errno));
        fill();
        packed_ = stream_.avail_in >= 2 && buffer_[0] == 0x1f && buffer_[1] == 0x8b;
        constexpr int window_of_gzip = 15 + 16;
        if (packed_ && inflateInit2(&stream_, window_of_gzip) != Z_OK) throw std::bad_alloc();
    }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input() {
        if (packed_) inflateEnd(&stream_);
    }

    /// Up to `count` further bytes; fewer at the end alone, which a compressed file reaches past its
    /// checksum. Throws DataError where it is cut or damaged.
    std::size_t read(std::uint8_t* to, std::size_t count) {
        constexpr std::size_t most = 1U << 30U;
        std::size_t done = 0;
        while (done < count) {
            if (stream_.avail_in == 0) fill();
            if (ended_ && !next_member()) break;
            if (!packed_ && stream_.avail_in == 0) break;
            if (stream_.avail_in == 0) throw cut(position_ + done);
            const auto part = static_cast<unsigned>(std::min(count - done, most));
            done += packed_ ? unpack(to + done, part) : copy(to + done, part);
        }
        position_ += done;
        return done;
    }

private:
    void fill() {
        file_.read(reinterpret_cast<char*>(buffer_.data()), buffered);  // NOLINT: bytes are bytes
        if (file_.bad())
            throw IoError(path_.string(), std::string("cannot be read: ") + std::strerror(errno));
        stream_.next_in = buffer_.data();
        stream_.avail_in = static_cast<unsigned>(file_.gcount());
    }

    /// After the end of a member: is there another? Zeros may fill up the file.
    bool next_member() {
        while (stream_.avail_in > 0 && *stream_.next_in == 0) {
            ++stream_.next_in;
            if (--stream_.avail_in == 0) fill();
        }
        if (stream_.avail_in == 0) return false;
        if (inflateReset(&stream_) != Z_OK) throw std::bad_alloc();
        ended_ = false;
        return true;
    }

    unsigned copy(std::uint8_t* to, unsigned count) {
        const unsigned part = std::min(count, stream_.avail_in);
        std::copy_n(stream_.next_in, part, to);
        stream_.next_in += part;
        stream_.avail_in -= part;
        return part;
    }

    unsigned unpack(std::uint8_t* to, unsigned count) {
        stream_.next_out = to;
        stream_.avail_out = count;
        const int code = inflate(&stream_, Z_NO_FLUSH);
        ended_ = code == Z_STREAM_END;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
            throw DataError(fmt::format("{}: damaged after {} bytes unpacked: {}", path_.string(),
                                        position_ + count - stream_.avail_out,
                                        stream_.msg != nullptr ? stream_.msg : "not gzip"));
        }
        return count - stream_.avail_out;
    }

    DataError cut(std::size_t unpacked) const {
        return DataError(
            fmt::format("{}: the compressed file is cut: found {} bytes unpacked", path_.string(), unpacked));
    }

    fs::path path_;
    std::ifstream file_;
    static constexpr std::streamsize buffered = 1U << 16U;
    std::array<std::uint8_t, buffered> buffer_{};
    z_stream stream_{};
    bool packed_ = false;
    bool ended_ = false;  ///< the end of a compressed member was seen and is right
    std::size_t position_ = 0;
};

/// The file of a data set in a folder, under one of its usual names.
std::optional<fs::path> find_file(const fs::path& folder, std::string_view half, std::string_view what,
                                  int dimensions) {
    for (const char joint : {'-', '.'}) {
        for (const std::string_view ending : {"", ".gz"}) {
            const fs::path path =
                folder / fmt::format("{}-{}{}idx{}-ubyte{}", half, what, joint, dimensions, ending);
            if (fs::is_regular_file(path)) return path;
        }
    }
    return std::nullopt;
}

Images read_half(const fs::path& images_file, const fs::path& labels_file) {
    IdxArray images = read_idx(images_file, 3);
    IdxArray labels = read_idx(labels_file, 1);
    if (images.dimensions[0] != labels.dimensions[0]) {
        throw DataError(fmt::format("{} has {} images, but {} has {} labels", images_file.string(),
                                    images.dimensions[0], labels_file.string(), labels.dimensions[0]));
    }
    if (images.values.empty()) throw DataError(images_file.string() + ": holds no pixel");
    const auto wrong = std::find_if(labels.values.begin(), labels.values.end(),
                                    [](std::uint8_t label) { return label >= label_count; });
    if (wrong != labels.values.end()) {
        throw DataError(fmt::format("{}: label {} of image {}: expected 0 to {}", labels_file.string(),
                                    *wrong, wrong - labels.values.begin(), label_count - 1));
    }
    return {images.dimensions[1], images.dimensions[2], std::move(images.values), std::move(labels.values)};
}

}  // namespace

IdxArray read_idx(const fs::path& file, std::size_t dimensions) {
    if (fs::is_directory(file)) throw IoError(file.string(), "is a folder");
    Input input(file);
    IdxArray array;
    std::vector<std::uint8_t> header(4 + 4 * dimensions);
    const std::size_t got = input.read(header.data(), header.size());
    const std::array<std::uint8_t, 4> magic{0, 0, 0x08, static_cast<std::uint8_t>(dimensions)};
    if (got < magic.size() || !std::equal(magic.begin(), magic.end(), header.begin())) {
        throw DataError(fmt::format(
            "{}: is not an IDX file of unsigned bytes in {} dimension{}: expected to start with "
            "{:02x}, found {:02x}",
            file.string(), dimensions, dimensions == 1 ? "" : "s", fmt::join(magic, " "),
            fmt::join(header.begin(),
                      header.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(got, 4)), " ")));
    }
    if (got < header.size()) {
        throw DataError(fmt::format("{}: cut in its header: expected {} bytes, found {}", file.string(),
                                    header.size(), got));
    }
    constexpr std::uint64_t most = 1ULL << 32U;
    std::uint64_t expected = 1;
    for (std::size_t d = 0; d < dimensions; ++d) {
        Index length = 0;
        for (std::size_t i = 0; i < 4; ++i) length = length << 8U | header[4 + 4 * d + i];
        array.dimensions.push_back(length);
        if (length != 0 && expected > most / length) {
            throw DataError(fmt::format("{}: its header claims more than {} bytes", file.string(), most));
        }
        expected *= length;
    }
    // In growing steps, so that a wrong header does not ask for memory that the file could never fill; one
    // byte more than expected, which must not be there, also makes zlib see the end and check the whole.
    constexpr std::uint64_t first_step = 1U << 16U;
    for (std::uint64_t size = 0; size < expected + 1;) {
        const std::uint64_t part = std::min(expected + 1 - size, std::max(size, first_step));
        array.values.resize(size + part);
        const std::size_t more = input.read(array.values.data() + size, part);
        size += more;
        if (more == part) continue;
        if (size < expected) {
            throw DataError(
                fmt::format("{}: cut: expected {} bytes of data, found {}", file.string(), expected, size));
        }
        array.values.resize(expected);
        return array;
    }
    throw DataError(fmt::format("{}: too long: bytes follow the {} of data that its header announces",
                                file.string(), expected));
}

void write_idx(const fs::path& file, const IdxArray& array) {
    std::ofstream stream(file, std::ios::binary);
    const auto put = [&](std::uint8_t byte) { stream.put(static_cast<char>(byte)); };
    for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0x08},
                                    static_cast<std::uint8_t>(array.dimensions.size())}) {
        put(byte);
    }
    for (const Index length : array.dimensions) {
        for (const unsigned shift : {24U, 16U, 8U, 0U}) put(static_cast<std::uint8_t>(length >> shift));
    }
    for (const std::uint8_t value : array.values) put(value);
    stream.close();
    if (!stream) throw IoError(file.string(), std::string("cannot be written: ") + std::strerror(errno));
}

std::vector<fs::path> find_data_set(const fs::path& folder) {
    if (!fs::is_directory(folder)) throw DataError(folder.string() + ": there is no such folder of data");
    for (const fs::path& place : {folder / "MNIST" / "raw", folder / "raw", folder}) {
        std::vector<fs::path> found;
        std::vector<std::string> missing;
        for (const char* half : {"train", "t10k"}) {
            for (const auto& [what, dimensions] : {std::pair{"images", 3}, std::pair{"labels", 1}}) {
                if (const auto file = find_file(place, half, what, dimensions)) {
                    found.push_back(*file);
                } else {
                    missing.push_back(fmt::format("{}-{}-idx{}-ubyte", half, what, dimensions));
                }
            }
        }
        if (missing.empty()) return found;
        if (!found.empty()) {
            throw DataError(
                fmt::format("{}: only a part of the data set is there; missing: {} (each may "
                            "also end in .gz)",
                            place.string(), fmt::join(missing, ", ")));
        }
    }
    throw DataError(
        fmt::format("{}: holds no data set: expected train-images-idx3-ubyte and its three "
                    "companions, plain or .gz, here, in raw/ or in MNIST/raw/",
                    folder.string()));
}

DataSet read_data_set(const fs::path& folder) {
    const std::vector<fs::path> files = find_data_set(folder);
    DataSet set{read_half(files[0], files[1]), read_half(files[2], files[3]), files};
    if (set.training.rows != set.test.rows || set.training.columns != set.test.columns) {
        throw DataError(fmt::format("{}: images of {} x {} pixels to train with, but of {} x {} to test",
                                    files[0].parent_path().string(), set.training.rows, set.training.columns,
                                    set.test.rows, set.test.columns));
    }
    return set;
}

}  // namespace apical
