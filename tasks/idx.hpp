#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/spike.hpp"

namespace apical {

/// Labelled grey images of one size: what the data sets of the MNIST family are.
struct Images {
    Index rows = 0;
    Index columns = 0;
    std::vector<std::uint8_t> pixels;  ///< image by image, row by row
    std::vector<std::uint8_t> labels;  ///< one for each image, 0 to 9

    Index size() const { return static_cast<Index>(labels.size()); }
    Index pixels_of_one() const { return rows * columns; }
    std::span<const std::uint8_t> operator[](Index image) const {
        return std::span(pixels).subspan(std::size_t{image} * pixels_of_one(), pixels_of_one());
    }
};

constexpr Index label_count = 10;

struct DataSet {
    Images training;
    Images test;
    std::vector<std::filesystem::path> files;  ///< what it was read from, in the order images, labels
};

/// An array of unsigned bytes from an IDX file, plain or compressed with gzip.
struct IdxArray {
    std::vector<Index> dimensions;
    std::vector<std::uint8_t> values;
};

/// Reads a file of `dimensions` dimensions. Throws DataError if it is of another kind, cut, too long or
/// damaged, with what was expected and found; IoError if it cannot be opened.
IdxArray read_idx(const std::filesystem::path& file, std::size_t dimensions);

/// Writes one, uncompressed. Throws IoError.
void write_idx(const std::filesystem::path& file, const IdxArray& array);

/// The four files of a data set in `folder`/MNIST/raw, `folder`/raw or `folder`: train-images-idx3-ubyte,
/// train-labels-idx1-ubyte and the same of t10k, each also with .gz or with a dot before "idx". Throws
/// DataError if one is missing.
std::vector<std::filesystem::path> find_data_set(const std::filesystem::path& folder);

/// Reads them. Throws DataError if one is missing or wrong, if images and labels differ in number, if a label
/// is not 0 to 9, or if the two halves have images of different sizes.
DataSet read_data_set(const std::filesystem::path& folder);

}  // namespace apical
