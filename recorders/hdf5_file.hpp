#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace apical {

enum class Hdf5Type { float32, float64, int64, uint64, uint32, uint16, uint8 };

template <class T>
constexpr Hdf5Type hdf5_type() {
    if constexpr (std::is_same_v<T, float>) return Hdf5Type::float32;
    if constexpr (std::is_same_v<T, double>) return Hdf5Type::float64;
    if constexpr (std::is_same_v<T, std::int64_t>) return Hdf5Type::int64;
    if constexpr (std::is_same_v<T, std::uint64_t>) return Hdf5Type::uint64;
    if constexpr (std::is_same_v<T, std::uint32_t>) return Hdf5Type::uint32;
    if constexpr (std::is_same_v<T, std::uint16_t>) return Hdf5Type::uint16;
    if constexpr (std::is_same_v<T, std::uint8_t>) return Hdf5Type::uint8;
}

/// A view on numbers of one of these types.
struct Hdf5Numbers {
    template <class T>
    Hdf5Numbers(std::span<const T> values) : type(hdf5_type<T>()), data(values.data()), size(values.size()) {}
    template <class T>
    Hdf5Numbers(const std::vector<T>& values) : Hdf5Numbers(std::span<const T>(values)) {}

    Hdf5Type type;
    const void* data;
    std::size_t size;
};

/// A reference to anything of the HDF5 library (its hid_t) that gives itself back.
class Hdf5Handle {
public:
    using Id = std::int64_t;

    Hdf5Handle() = default;
    explicit Hdf5Handle(Id id) : id_(id) {}
    Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }
    ~Hdf5Handle() { close(); }

    Id id() const { return id_; }

    /// False if what was still to be written could not be.
    bool close() noexcept;

    /// Gives up the reference without giving it back.
    void abandon() { id_ = -1; }

private:
    Id id_ = -1;
};

/// An HDF5 file, being written or open for reading. Objects are named by absolute paths,
/// "/spikes/pyr/timestamps"; nothing but the file stays open between two calls. Every failure is an IoError.
/// To be used by one thread.
class Hdf5File {
public:
    using Shape = std::vector<std::uint64_t>;

    enum class Made {
        for_others,  ///< in the format that every reader knows, numbers compressed
        with_sums,   ///< with checksums over everything, nothing compressed
    };

    /// Creates `path`.partial, with what all our files tell at their root: `kind` ("spikes", "traces"...),
    /// `run_id` and `tick_ms`.
    static Hdf5File create(const std::filesystem::path& path, const std::string& kind,
                           const std::string& run_id, Made made = Made::for_others);

    /// Opens for reading. A file of another format is a DataError.
    static Hdf5File open(const std::filesystem::path& path);

    /// Creates `path`.partial as a copy of a finished file, to go on with it.
    static Hdf5File go_on_with(const std::filesystem::path& from, const std::filesystem::path& path);

    /// Adds what a group of another file contains to ours: growing datasets grow by its rows, what is only
    /// there comes too. Attributes stay.
    void absorb(const Hdf5File& other, const std::string& group = "/");

    /// Reads everything, so that damage shows.
    void verify() const;

    /// A group, with its parents.
    void create_group(const std::string& group);

    /// An empty dataset whose first dimension grows; `row` is the shape of one element of it. Chunks of 64 Ki
    /// numbers, shuffled and deflated at level 4: every reader has these two filters.
    void create_growing(const std::string& dataset, Hdf5Type type, const Shape& row = {});

    /// Throws if the disk may not have room for so many bytes more. HDF5 meets a full disk halfway through
    /// what it writes: to keep several datasets consistent, ask for their sum first.
    void require_space(std::uint64_t bytes) const;

    /// Adds whole rows to a growing dataset.
    void append(const std::string& dataset, const Hdf5Numbers& values);

    /// A dataset of fixed shape, row-major.
    void write(const std::string& dataset, const Shape& shape, const Hdf5Numbers& values);

    /// A dataset of text: a scalar, or one dimension.
    void write(const std::string& dataset, const std::string& value);
    void write(const std::string& dataset, const std::vector<std::string>& values);

    /// Attributes of a group or dataset; one that exists is overwritten. Strings are UTF-8 of variable
    /// length.
    void set(const std::string& object, const std::string& name, const std::string& value);
    void set(const std::string& object, const std::string& name, const Hdf5Numbers& values);
    void set(const std::string& object, const std::string& name, const std::vector<std::string>& values);
    /// Text that text() shall find again: `name`, as others expect it, and a copy of fixed length,
    /// `name`_fixed.
    void set_read_back(const std::string& object, const std::string& name, const std::string& value);
    /// An attribute that refers to another object of the file.
    void set_reference(const std::string& object, const std::string& name, const std::string& target);
    template <class T>
    requires std::is_arithmetic_v<T>
    void set(const std::string& object, const std::string& name, T value) {
        set_scalar(object, name, std::span<const T>(&value, 1));
    }

    /// An attribute of an enumerated type over uint8 whose members are numbered from 0.
    void set_enum(const std::string& object, const std::string& name,
                  std::initializer_list<const char*> members, std::uint8_t value);

    /// Hands everything to the operating system: it survives the end of this process. HDF5 has no journal,
    /// and writes the last chunk of a growing dataset anew: that chunk is lost if the end comes between an
    /// append() and its flush(). So collect in memory, and call both together.
    void flush();

    /// Closes the file, waits for the disk, and gives the file its name. A file destroyed before stays
    /// `.partial`.
    void finish() { finish(path_); }
    /// The same with another name in the same folder.
    void finish(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return path_; }

    bool has(const std::string& object) const;

    /// Names of what a group contains, sorted.
    std::vector<std::string> children(const std::string& group) const;

    Shape shape(const std::string& dataset) const;

    enum class Numbers { none, signed_whole, unsigned_whole, floating };
    /// What a dataset holds; `none`: something else than numbers.
    Numbers numbers(const std::string& dataset) const;

    /// A dataset of one dimension: elements [first, first + count). A DataError if it has not so many, or if
    /// it announces more than its part of the file can hold: a damaged size must not ask for memory.
    template <class T>
    std::vector<T> read(const std::string& dataset, std::uint64_t first, std::uint64_t count) const {
        check_extent(dataset, first, count);
        std::vector<T> values(count);
        read(dataset, hdf5_type<T>(), first, count, values.data());
        return values;
    }
    /// A whole dataset, row-major. A DataError as above.
    template <class T>
    std::vector<T> read(const std::string& dataset) const {
        std::vector<T> values(elements(dataset));
        read(dataset, hdf5_type<T>(), values.data());
        return values;
    }

    /// A scalar attribute; nothing if it is not there or something else.
    template <class T>
    std::optional<T> number(const std::string& object, const std::string& name) const {
        T value{};
        return number(object, name, hdf5_type<T>(), &value) ? std::optional(value) : std::nullopt;
    }
    std::optional<double> number(const std::string& object, const std::string& name) const {
        return number<double>(object, name);
    }
    /// A text attribute of fixed length, or its copy that has one (set_read_back); nothing if there is none.
    /// Of variable length it is not read: HDF5 1.10 trusts what a file says of it, beyond its memory and for
    /// ever.
    std::optional<std::string> text(const std::string& object, const std::string& name) const;

    bool has_attribute(const std::string& object, const std::string& name) const;
    /// A text attribute of fixed or variable length. For the latter the heaps of the file are read first, to
    /// see that HDF5 may be trusted with them: a cost of the order of reading the file once. Nothing if there
    /// is none, if it is not text, or if they are damaged.
    std::optional<std::string> any_text(const std::string& object, const std::string& name) const;

private:
    Hdf5File(std::filesystem::path path, std::filesystem::path name_on_disk)
        : path_(std::move(path)), name_on_disk_(std::move(name_on_disk)) {}

    Hdf5Handle checked(Hdf5Handle::Id id, const std::string& what) const;
    void check_written(int status, const std::string& what);
    void check(int status, const std::string& what) const;
    Hdf5Handle object(const std::string& name) const;
    Hdf5Handle attribute(const std::string& object, const std::string& name) const;
    void create_dataset(const std::string& dataset, Hdf5Type type, const Shape& shape, bool growing);
    void set_fixed(const std::string& object, const std::string& name, const std::string& value);
    void write_text(const std::string& dataset, const Hdf5Handle& space, const char* const* values);
    void set_scalar(const std::string& object, const std::string& name, const Hdf5Numbers& value);
    void set(const std::string& object, const std::string& name, Hdf5Handle::Id type, const Hdf5Handle& space,
             const void* value);
    std::uint64_t elements(const std::string& dataset) const;
    void check_extent(const std::string& dataset, std::uint64_t first, std::uint64_t count) const;
    bool number(const std::string& object, const std::string& name, Hdf5Type type, void* value) const;
    bool is_group(const std::string& name) const;
    /// Some rows of a dataset, of an HDF5 type.
    using Piece = std::function<void(std::uint64_t rows, Hdf5Handle::Id type, const void* values)>;
    void read_pieces(const std::string& dataset, const Piece& use) const;
    void append_rows(const std::string& dataset, std::uint64_t rows, Hdf5Handle::Id type, const void* values);
    void read(const std::string& dataset, Hdf5Type type, void* values) const;
    void read(const std::string& dataset, Hdf5Type type, std::uint64_t first, std::uint64_t count,
              void* values) const;

    std::filesystem::path path_;
    std::filesystem::path name_on_disk_;  ///< ends in .partial while the file is written
    Made made_ = Made::for_others;
    Hdf5Handle file_;
    mutable std::optional<bool> sound_heaps_;  ///< of variable texts, once it has been asked
};

}  // namespace apical
