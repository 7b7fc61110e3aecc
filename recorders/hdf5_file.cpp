#include "recorders/hdf5_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <numeric>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/time.hpp"

namespace apical {
namespace {

static_assert(std::is_same_v<hid_t, Hdf5Handle::Id>);

constexpr std::uint64_t chunk_elements = 65536;
constexpr unsigned deflate_level = 4;
constexpr double most_deflated = 1032.0;  ///< bytes that one of deflate can stand for

constexpr const char* fixed_suffix = "_fixed";  ///< of an attribute's copy, of fixed length

/// What the library may need besides the numbers: the last chunk, written anew, and its tables.
constexpr std::uint64_t spare_bytes = std::uint64_t{1} << 20U;

hid_t native(Hdf5Type type) {
    switch (type) {
        case Hdf5Type::float32:
            return H5T_NATIVE_FLOAT;
        case Hdf5Type::float64:
            return H5T_NATIVE_DOUBLE;
        case Hdf5Type::int64:
            return H5T_NATIVE_INT64;
        case Hdf5Type::uint64:
            return H5T_NATIVE_UINT64;
        case Hdf5Type::uint32:
            return H5T_NATIVE_UINT32;
        case Hdf5Type::uint16:
            return H5T_NATIVE_UINT16;
        case Hdf5Type::uint8:
            return H5T_NATIVE_UINT8;
    }
    return H5I_INVALID_HID;
}

/// Before anything else is asked of the library. It keeps a stack of errors for each thread and prints it,
/// unless told not to. And when the process ends it closes what is open, stumbling over files that could not
/// be written (as 1.10.8 does): here everything closes itself.
void prepare_library() {
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

/// What went wrong, in words for a reader who does not know the library, and what helps. It is told by the
/// innermost entry of the error stack: the operating system's words if it has any, else one of a few kinds.
std::string complaint() {
    std::string text;
    const auto innermost = [](unsigned depth, const H5E_error2_t* error, void* out) -> herr_t {
        if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
        return 0;
    };
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &text);
    const auto says = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    if (says("unable to lock")) {
        return "it is locked: another program is writing it, or a network file system has no locks; for the "
               "latter, set HDF5_USE_FILE_LOCKING=FALSE in the environment";
    }
    if (says("truncated"))
        return "it is truncated: if its writer was killed, `h5clear -s FILE` may make it readable";
    if (says("already open")) {
        return "its writer has not closed it: if that was killed, `h5clear -s FILE` may make it readable";
    }
    if (says("signature not found")) return "it is no HDF5 file";
    constexpr std::string_view quote = "error message = '";
    if (const auto begin = text.find(quote); begin != std::string::npos) {
        text.erase(0, begin + quote.size());
        return text.substr(0, text.find('\''));
    }
    return says("filter") ? "its compressed data are damaged, or compressed in a way that is not known here"
                          : "it is damaged, or not of the layout that is expected";
}

std::uint64_t product(const Hdf5File::Shape& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>{});
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
    std::vector<const char*> result;
    for (const std::string& text : texts) result.push_back(text.c_str());
    return result;
}

Hdf5Handle string_type(std::size_t size = H5T_VARIABLE) {
    Hdf5Handle type{H5Tcopy(H5T_C_S1)};
    H5Tset_size(type.id(), size);
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    if (size != H5T_VARIABLE) H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
    return type;
}

/// A whole number at `from`, the lowest byte first, as HDF5 keeps its own.
std::uint64_t little_endian(const char* from, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8U | static_cast<unsigned char>(from[i]);
    return value;
}

constexpr std::string_view heap_signature{"GCOL\1", 5};  // and the version
constexpr std::size_t heap_header = 16;

/// Whether HDF5 1.10 can be let into a collection of texts, all of it in memory: it follows the sizes of
/// objects without looking, for ever if one is 0, and copies them to where 4096 bytes have room.
bool is_sound_heap(std::string_view collection) {
    constexpr std::uint64_t longest = 4096;
    constexpr std::uint64_t object_header = 16;
    for (std::uint64_t at = heap_header; at + object_header <= collection.size();) {
        const bool free_space = little_endian(&collection[at], 2) == 0;
        const std::uint64_t size = little_endian(&collection[at + 8], 8);
        if (!free_space && size > longest) return false;
        const std::uint64_t step = free_space ? size : object_header + (size + 7) / 8 * 8;
        if (step < object_header || step > collection.size() - at) return false;
        at += step;
    }
    return true;
}

/// The same of all collections of a file, wherever they lie: what refers to them is not looked at.
bool has_sound_heaps(const std::filesystem::path& path) {
    constexpr std::size_t piece = std::size_t{1} << 20U;
    constexpr std::uint64_t largest_heap = 65536;
    std::ifstream file(path, std::ios::binary);
    std::string bytes(piece + largest_heap,
                      '\0');  // a piece, and as much of the next as its last heap may need
    for (std::uint64_t begin = 0; file; begin += piece) {
        file.seekg(static_cast<std::streamoff>(begin));
        file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        const std::string_view held(bytes.data(), static_cast<std::size_t>(file.gcount()));
        for (std::size_t at = held.find(heap_signature); at < std::min(piece, held.size());
             at = held.find(heap_signature, at + 1)) {
            if (at + heap_header > held.size()) return false;
            const std::uint64_t size = little_endian(&held[at + 8], 8);
            if (size < heap_header || size > largest_heap || size > held.size() - at) return false;
            if (!is_sound_heap(held.substr(at, size))) return false;
        }
    }
    return true;
}

/// The time of its making is left out: the same content is the same file.
Hdf5Handle layout_of_a_dataset() {
    Hdf5Handle layout{H5Pcreate(H5P_DATASET_CREATE)};
    H5Pset_obj_track_times(layout.id(), false);
    return layout;
}

}  // namespace

bool Hdf5Handle::close() noexcept {
    const Id id = std::exchange(id_, -1);
    return id < 0 || H5Idec_ref(id) >= 0;
}

Hdf5Handle Hdf5File::checked(Hdf5Handle::Id id, const std::string& what) const {
    if (id < 0) throw IoError(name_on_disk_.string(), what + ": " + complaint());
    return Hdf5Handle{id};
}

void Hdf5File::check(int status, const std::string& what) const {
    if (status < 0) throw IoError(name_on_disk_.string(), what + ": " + complaint());
}

void Hdf5File::check_written(int status, const std::string& what) {
    if (status >= 0) return;
    // What the file holds is what was flushed. Closing it would add a half of what came since.
    file_.abandon();
    check(status, what);
}

void Hdf5File::require_space(std::uint64_t bytes) const {
    std::error_code error;
    const auto space = std::filesystem::space(path_.parent_path().empty() ? "." : path_.parent_path(), error);
    if (!error && space.available < bytes + spare_bytes) {
        throw IoError(name_on_disk_.string(), "the disk is full; what was written before can be read");
    }
}

Hdf5File Hdf5File::create(const std::filesystem::path& path, const std::string& kind,
                          const std::string& run_id, Made made) {
    prepare_library();
    Hdf5File file(path, path.string() + ".partial");
    file.made_ = made;
    file.require_space(0);
    const Hdf5Handle access{H5Pcreate(H5P_FILE_ACCESS)};
    if (made == Made::with_sums)  // the newer format has them over its own tables
        H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110);
    file.file_ = file.checked(H5Fcreate(file.name_on_disk_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()),
                              "cannot create");
    file.set_read_back("/", "kind", kind);
    file.set_read_back("/", "run_id", run_id);
    file.set("/", "tick_ms", ms_per_tick);
    return file;
}

Hdf5File Hdf5File::open(const std::filesystem::path& path) {
    prepare_library();
    Hdf5File file(path, path);
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) throw IoError(path.string(), "a folder, not a file");
    const htri_t is_hdf5 = H5Fis_hdf5(path.c_str());
    file.check(is_hdf5, "cannot open");
    if (is_hdf5 == 0) throw DataError(path.string() + ": not an HDF5 file");
    file.file_ = file.checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "cannot open");
    return file;
}

Hdf5File Hdf5File::go_on_with(const std::filesystem::path& from, const std::filesystem::path& path) {
    prepare_library();
    Hdf5File file(path, path.string() + ".partial");
    std::error_code error;
    file.require_space(std::filesystem::file_size(from, error));
    std::filesystem::copy_file(from, file.name_on_disk_, std::filesystem::copy_options::overwrite_existing,
                               error);
    if (error) throw IoError(file.name_on_disk_.string(), "cannot create: " + error.message());
    file.file_ = file.checked(H5Fopen(file.name_on_disk_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), "cannot open");
    return file;
}

Hdf5Handle Hdf5File::object(const std::string& name) const {
    return checked(H5Oopen(file_.id(), name.c_str(), H5P_DEFAULT), "cannot open " + name);
}

void Hdf5File::create_group(const std::string& group) {
    const Hdf5Handle with_parents{H5Pcreate(H5P_LINK_CREATE)};
    H5Pset_create_intermediate_group(with_parents.id(), 1);
    checked(H5Gcreate2(file_.id(), group.c_str(), with_parents.id(), H5P_DEFAULT, H5P_DEFAULT),
            "cannot create " + group);
}

void Hdf5File::create_dataset(const std::string& dataset, Hdf5Type type, const Shape& shape, bool growing) {
    const std::string what = "cannot create " + dataset;
    const std::vector<hsize_t> size(shape.begin(), shape.end());
    std::vector<hsize_t> limit = size;
    std::vector<hsize_t> chunk = size;
    const std::uint64_t row = product({shape.begin() + 1, shape.end()});
    chunk[0] = std::max<hsize_t>(chunk_elements / std::max<std::uint64_t>(row, 1), 1);
    if (growing) {
        limit[0] = H5S_UNLIMITED;
    } else {
        chunk[0] = std::min(chunk[0], size[0]);
    }
    const Hdf5Handle layout = layout_of_a_dataset();
    if (product({chunk.begin(), chunk.end()}) >
        0) {  // a dataset of fixed shape may be empty: it has no chunks
        check(H5Pset_chunk(layout.id(), static_cast<int>(chunk.size()), chunk.data()), what);
        if (made_ == Made::with_sums) {
            check(H5Pset_fletcher32(layout.id()), what);
        } else {
            check(H5Pset_shuffle(layout.id()), what);
            check(H5Pset_deflate(layout.id(), deflate_level), what);
        }
    }
    const Hdf5Handle space =
        checked(H5Screate_simple(static_cast<int>(size.size()), size.data(), limit.data()), what);
    checked(H5Dcreate2(file_.id(), dataset.c_str(), native(type), space.id(), H5P_DEFAULT, layout.id(),
                       H5P_DEFAULT),
            what);
}

void Hdf5File::create_growing(const std::string& dataset, Hdf5Type type, const Shape& row) {
    Shape size{0};
    size.insert(size.end(), row.begin(), row.end());
    create_dataset(dataset, type, size, true);
}

void Hdf5File::append(const std::string& dataset, const Hdf5Numbers& values) {
    if (values.size == 0) return;
    require_space(values.size * sizeof(double));
    const Shape old = shape(dataset);
    append_rows(dataset, values.size / product({old.begin() + 1, old.end()}), native(values.type),
                values.data);
}

void Hdf5File::append_rows(const std::string& dataset, std::uint64_t rows, Hdf5Handle::Id type,
                           const void* values) {
    const std::string what = "cannot write " + dataset;
    const Shape old = shape(dataset);
    std::vector<hsize_t> size(old.begin(), old.end());
    std::vector<hsize_t> count = size;
    std::vector<hsize_t> first(size.size(), 0);
    first[0] = size[0];
    count[0] = rows;
    size[0] += rows;
    Hdf5Handle data = object(dataset);
    check_written(H5Dset_extent(data.id(), size.data()), what);
    const Hdf5Handle in_file = checked(H5Dget_space(data.id()), what);
    check(H5Sselect_hyperslab(in_file.id(), H5S_SELECT_SET, first.data(), nullptr, count.data(), nullptr),
          what);
    const Hdf5Handle in_memory =
        checked(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), what);
    check_written(H5Dwrite(data.id(), type, in_memory.id(), in_file.id(), H5P_DEFAULT, values), what);
    check_written(data.close() ? 0 : -1, what);  // its chunks leave the library's cache here
}

void Hdf5File::absorb(const Hdf5File& other, const std::string& group) {
    for (const std::string& child : other.children(group)) {
        const std::string name = (group == "/" ? "" : group) + "/" + child;
        if (!has(name)) {
            check_written(
                H5Ocopy(other.file_.id(), name.c_str(), file_.id(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                "cannot write " + name);
        } else if (other.is_group(name)) {
            absorb(other, name);
        } else {
            other.read_pieces(name, [&](std::uint64_t rows, Hdf5Handle::Id type, const void* values) {
                append_rows(name, rows, type, values);
            });
        }
    }
}

void Hdf5File::verify() const {
    const std::function<void(const std::string&)> visit = [&](const std::string& group) {
        for (const std::string& child : children(group)) {
            const std::string name = (group == "/" ? "" : group) + "/" + child;
            if (is_group(name)) {
                visit(name);
            } else {
                read_pieces(name, [](std::uint64_t, Hdf5Handle::Id, const void*) {});
            }
        }
    };
    visit("/");
}

void Hdf5File::write(const std::string& dataset, const Shape& shape, const Hdf5Numbers& values) {
    if (values.size != product(shape))
        throw IoError(name_on_disk_.string(), dataset + ": the shape is not that of the numbers");
    require_space(values.size * sizeof(double));
    create_dataset(dataset, values.type, shape, false);
    Hdf5Handle data = object(dataset);
    const std::string what = "cannot write " + dataset;
    check_written(H5Dwrite(data.id(), native(values.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data), what);
    check_written(data.close() ? 0 : -1, what);
}

void Hdf5File::write_text(const std::string& dataset, const Hdf5Handle& space, const char* const* values) {
    const std::string what = "cannot write " + dataset;
    const Hdf5Handle type = string_type();
    const Hdf5Handle data = checked(H5Dcreate2(file_.id(), dataset.c_str(), type.id(), space.id(),
                                               H5P_DEFAULT, layout_of_a_dataset().id(), H5P_DEFAULT),
                                    what);
    // Nothing is written of no text, and HDF5 would not accept it.
    if (H5Sget_simple_extent_npoints(space.id()) > 0)
        check_written(H5Dwrite(data.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), what);
}

void Hdf5File::write(const std::string& dataset, const std::string& value) {
    const char* const text = value.c_str();
    write_text(dataset, Hdf5Handle{H5Screate(H5S_SCALAR)}, &text);
}

void Hdf5File::write(const std::string& dataset, const std::vector<std::string>& values) {
    const hsize_t size = values.size();
    write_text(dataset, Hdf5Handle{H5Screate_simple(1, &size, nullptr)}, pointers(values).data());
}

void Hdf5File::set(const std::string& object_name, const std::string& name, Hdf5Handle::Id type,
                   const Hdf5Handle& space, const void* value) {
    const std::string what = "cannot write attribute " + name + " of " + object_name;
    const Hdf5Handle owner = object(object_name);
    const Hdf5Handle attribute =
        checked(H5Aexists(owner.id(), name.c_str()) > 0
                    ? H5Aopen(owner.id(), name.c_str(), H5P_DEFAULT)
                    : H5Acreate2(owner.id(), name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT),
                what);
    check(H5Awrite(attribute.id(), type, value), what);
}

void Hdf5File::set_scalar(const std::string& object, const std::string& name, const Hdf5Numbers& value) {
    set(object, name, native(value.type), Hdf5Handle{H5Screate(H5S_SCALAR)}, value.data);
}

void Hdf5File::set(const std::string& object, const std::string& name, const Hdf5Numbers& values) {
    const hsize_t size = values.size;
    set(object, name, native(values.type), Hdf5Handle{H5Screate_simple(1, &size, nullptr)}, values.data);
}

void Hdf5File::set(const std::string& object, const std::string& name, const std::string& value) {
    if (made_ == Made::with_sums) {  // HDF5 keeps text of variable length where it has no checksums
        set_fixed(object, name, value);
    } else {
        const char* const text = value.c_str();
        set(object, name, string_type().id(), Hdf5Handle{H5Screate(H5S_SCALAR)}, &text);
    }
}

void Hdf5File::set_fixed(const std::string& object, const std::string& name, const std::string& value) {
    const Hdf5Handle owner = this->object(object);
    if (H5Aexists(owner.id(), name.c_str()) > 0)  // of another length, perhaps
        check(H5Adelete(owner.id(), name.c_str()), "cannot write attribute " + name + " of " + object);
    const std::size_t size = std::max(value.size(), std::size_t{1});
    set(object, name, string_type(size).id(), Hdf5Handle{H5Screate(H5S_SCALAR)}, value.c_str());
}

void Hdf5File::set_read_back(const std::string& object, const std::string& name, const std::string& value) {
    set(object, name, value);
    if (made_ == Made::for_others) set_fixed(object, name + fixed_suffix, value);
}

void Hdf5File::set(const std::string& object, const std::string& name,
                   const std::vector<std::string>& values) {
    const hsize_t size = values.size();
    set(object, name, string_type().id(), Hdf5Handle{H5Screate_simple(1, &size, nullptr)},
        pointers(values).data());
}

void Hdf5File::set_reference(const std::string& object, const std::string& name, const std::string& target) {
    hobj_ref_t reference{};
    check(H5Rcreate(&reference, file_.id(), target.c_str(), H5R_OBJECT, -1), "cannot refer to " + target);
    set(object, name, H5T_STD_REF_OBJ, Hdf5Handle{H5Screate(H5S_SCALAR)}, &reference);
}

void Hdf5File::set_enum(const std::string& object, const std::string& name,
                        std::initializer_list<const char*> members, std::uint8_t value) {
    const Hdf5Handle type{H5Tenum_create(H5T_NATIVE_UINT8)};
    std::uint8_t number = 0;
    for (const char* member : members) {
        check(H5Tenum_insert(type.id(), member, &number), "cannot make the type of " + name);
        ++number;
    }
    set(object, name, type.id(), Hdf5Handle{H5Screate(H5S_SCALAR)}, &value);
}

void Hdf5File::flush() { check_written(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL), "cannot write"); }

void Hdf5File::finish(const std::filesystem::path& path) {
    flush();
    if (!file_.close()) throw IoError(name_on_disk_.string(), "cannot close: " + complaint());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): that is how POSIX declares it
    const int descriptor = ::open(name_on_disk_.c_str(), O_RDONLY | O_CLOEXEC);
    const bool on_disk = descriptor >= 0 && ::fsync(descriptor) == 0;
    std::error_code error(on_disk ? 0 : errno, std::generic_category());
    if (descriptor >= 0) ::close(descriptor);
    if (!error) std::filesystem::rename(name_on_disk_, path, error);
    if (error) throw IoError(name_on_disk_.string(), "cannot finish: " + error.message());
    name_on_disk_ = path_ = path;
}

bool Hdf5File::has(const std::string& object) const {
    return object == "/" || H5Lexists(file_.id(), object.c_str(), H5P_DEFAULT) > 0;
}

bool Hdf5File::is_group(const std::string& name) const { return H5Iget_type(object(name).id()) == H5I_GROUP; }

std::vector<std::string> Hdf5File::children(const std::string& group) const {
    const Hdf5Handle handle = object(group);
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
    };
    // In any order: HDF5 1.10 frees what it never set if it is to sort the names of a damaged group.
    check(H5Literate(handle.id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &names),
          "cannot list " + group);
    std::sort(names.begin(), names.end());
    return names;
}

Hdf5File::Shape Hdf5File::shape(const std::string& dataset) const {
    const std::string what = "cannot read the shape of " + dataset;
    const Hdf5Handle data = object(dataset);
    const Hdf5Handle space = checked(H5Dget_space(data.id()), what);
    const int rank = H5Sget_simple_extent_ndims(space.id());
    check(rank, what);
    std::vector<hsize_t> size(static_cast<std::size_t>(rank));
    check(H5Sget_simple_extent_dims(space.id(), size.data(), nullptr), what);
    return {size.begin(), size.end()};
}

std::uint64_t Hdf5File::elements(const std::string& dataset) const {
    const Shape size = shape(dataset);
    if (std::find(size.begin(), size.end(), 0U) != size.end()) return 0;
    // In doubles, for the product of a foreign shape may exceed all integers.
    const double announced =
        std::accumulate(size.begin(), size.end(), 1.0,
                        [](double n, std::uint64_t length) { return n * static_cast<double>(length); });
    const Hdf5Handle data = object(dataset);
    const Hdf5Handle type = checked(H5Dget_type(data.id()), "cannot read the type of " + dataset);
    const double held = static_cast<double>(H5Dget_storage_size(data.id())) * most_deflated;
    if (announced * static_cast<double>(H5Tget_size(type.id())) > held) {
        throw DataError(path_.string() + ": " + dataset + " announces more numbers than the file can hold");
    }
    return product(size);
}

void Hdf5File::check_extent(const std::string& dataset, std::uint64_t first, std::uint64_t count) const {
    const Shape size = shape(dataset);
    if (size.size() != 1) throw DataError(path_.string() + ": " + dataset + " has not one dimension");
    if (count > size[0] || first > size[0] - count)
        throw DataError(path_.string() + ": " + dataset + " has not as many elements as it should");
    constexpr std::uint64_t few = chunk_elements;  // need no proof
    if (count > few) elements(dataset);
}

void Hdf5File::read(const std::string& dataset, Hdf5Type type, void* values) const {
    const Hdf5Handle data = object(dataset);
    check(H5Dread(data.id(), native(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "cannot read " + dataset);
}

void Hdf5File::read(const std::string& dataset, Hdf5Type type, std::uint64_t first, std::uint64_t count,
                    void* values) const {
    const std::string what = "cannot read " + dataset;
    const hsize_t begin = first;
    const hsize_t length = count;
    const Hdf5Handle data = object(dataset);
    const Hdf5Handle in_file = checked(H5Dget_space(data.id()), what);
    check(H5Sselect_hyperslab(in_file.id(), H5S_SELECT_SET, &begin, nullptr, &length, nullptr), what);
    const Hdf5Handle in_memory = checked(H5Screate_simple(1, &length, nullptr), what);
    check(H5Dread(data.id(), native(type), in_memory.id(), in_file.id(), H5P_DEFAULT, values), what);
}

Hdf5Handle Hdf5File::attribute(const std::string& object_name, const std::string& name) const {
    const Hdf5Handle owner = object(object_name);
    Hdf5Handle attribute;
    if (H5Aexists(owner.id(), name.c_str()) > 0)
        attribute = Hdf5Handle{H5Aopen(owner.id(), name.c_str(), H5P_DEFAULT)};
    const Hdf5Handle space{attribute.id() < 0 ? H5I_INVALID_HID : H5Aget_space(attribute.id())};
    return space.id() >= 0 && H5Sget_simple_extent_npoints(space.id()) == 1 ? std::move(attribute)
                                                                            : Hdf5Handle{};
}

void Hdf5File::read_pieces(const std::string& dataset, const Piece& use) const {
    const std::string what = "cannot read " + dataset;
    const Shape all = shape(dataset);
    if (all.empty()) throw DataError(path_.string() + ": " + dataset + " has no dimension");
    elements(dataset);
    std::vector<hsize_t> first(all.size(), 0);
    std::vector<hsize_t> count(all.begin(), all.end());
    const std::uint64_t row = product({all.begin() + 1, all.end()});
    const std::uint64_t most = std::max<std::uint64_t>(chunk_elements / std::max<std::uint64_t>(row, 1), 1);
    const Hdf5Handle data = object(dataset);
    const Hdf5Handle in_file = checked(H5Dget_space(data.id()), what);
    const Hdf5Handle stored{H5Dget_type(data.id())};
    const Hdf5Handle type = checked(H5Tget_native_type(stored.id(), H5T_DIR_ASCEND), what);
    const H5T_class_t kind = H5Tget_class(type.id());
    if (kind != H5T_INTEGER && kind != H5T_FLOAT)
        throw DataError(path_.string() + ": " + dataset + " is not of numbers");
    std::vector<std::byte> values;
    for (; first[0] < all[0]; first[0] += count[0]) {
        count[0] = std::min<std::uint64_t>(most, all[0] - first[0]);
        values.resize(count[0] * row * H5Tget_size(type.id()));
        check(H5Sselect_hyperslab(in_file.id(), H5S_SELECT_SET, first.data(), nullptr, count.data(), nullptr),
              what);
        const Hdf5Handle in_memory =
            checked(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), what);
        check(H5Dread(data.id(), type.id(), in_memory.id(), in_file.id(), H5P_DEFAULT, values.data()), what);
        use(count[0], type.id(), values.data());
    }
}

bool Hdf5File::number(const std::string& object, const std::string& name, Hdf5Type type, void* value) const {
    const Hdf5Handle handle = attribute(object, name);
    return handle.id() >= 0 && H5Aread(handle.id(), native(type), value) >= 0;
}

bool Hdf5File::has_attribute(const std::string& object_name, const std::string& name) const {
    return H5Aexists(object(object_name).id(), name.c_str()) > 0;
}

std::optional<std::string> Hdf5File::any_text(const std::string& object, const std::string& name) const {
    if (auto fixed = text(object, name)) return fixed;
    const Hdf5Handle handle = attribute(object, name);
    if (handle.id() < 0) return std::nullopt;
    const Hdf5Handle type{H5Aget_type(handle.id())};
    if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) <= 0) return std::nullopt;
    const Hdf5Handle layout{H5Fget_create_plist(file_.id())};
    std::size_t address_bytes = 0;
    std::size_t length_bytes = 0;
    H5Pget_sizes(layout.id(), &address_bytes, &length_bytes);
    if (length_bytes != sizeof(std::uint64_t)) return std::nullopt;
    if (!sound_heaps_) sound_heaps_ = has_sound_heaps(name_on_disk_);
    if (!*sound_heaps_) return std::nullopt;
    char* value = nullptr;
    const Hdf5Handle in_memory{H5Tcopy(type.id())};
    if (H5Aread(handle.id(), in_memory.id(), static_cast<void*>(&value)) < 0 || value == nullptr)
        return std::nullopt;
    std::string found(value);
    H5free_memory(value);
    return found;
}

Hdf5File::Numbers Hdf5File::numbers(const std::string& dataset) const {
    const Hdf5Handle data = object(dataset);
    const Hdf5Handle type = checked(H5Dget_type(data.id()), "cannot read the type of " + dataset);
    const H5T_class_t kind = H5Tget_class(type.id());
    if (kind == H5T_FLOAT) return Numbers::floating;
    if (kind != H5T_INTEGER) return Numbers::none;
    return H5Tget_sign(type.id()) == H5T_SGN_NONE ? Numbers::unsigned_whole : Numbers::signed_whole;
}

std::optional<std::string> Hdf5File::text(const std::string& object, const std::string& name) const {
    for (const std::string& candidate : {name + fixed_suffix, name}) {
        const Hdf5Handle handle = attribute(object, candidate);
        if (handle.id() < 0) continue;
        const Hdf5Handle type{H5Aget_type(handle.id())};
        // Of variable length, HDF5 1.10 copies, and follows, what a damaged file says.
        if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0) continue;
        const std::size_t size = H5Tget_size(type.id());
        if (size > H5Aget_storage_size(handle.id())) continue;
        std::string text(size, '\0');
        // As it is: HDF5 does not turn ASCII into UTF-8.
        if (H5Aread(handle.id(), type.id(), text.data()) < 0) continue;
        text.resize(std::min(text.find('\0'), text.size()));
        return text;
    }
    return std::nullopt;
}

}  // namespace apical
