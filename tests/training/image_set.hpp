#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tasks/idx.hpp"

namespace apical::test {

/// A small data set of which every image can be told by which of its pixels are bright, wherever it is moved
/// by up to a pixel: patterns of 3 x 3 pixels in the middle of 5 x 5.
class ImageSet {
public:
    static constexpr Index side = 5;
    static constexpr Index pixels = side * side;
    using Raster = std::vector<bool>;

    struct Seen {
        bool test;    ///< of the test images
        Index image;  ///< which of them
        int down;     ///< moved by
        int right;
    };

    ImageSet(Index training, Index test) {
        std::uint32_t pattern = 1;
        for (Index i = 0; i < training + test; ++i) {
            while (!add(pattern, i < training ? Seen{false, i, 0, 0} : Seen{true, i - training, 0, 0}))
                ++pattern;
            Images& half = i < training ? data.training : data.test;
            half.rows = half.columns = side;
            const Raster raster = moved(pattern, 0, 0);
            for (const bool bright : raster) half.pixels.push_back(bright ? 255 : 0);
            half.labels.push_back(static_cast<std::uint8_t>((7 * i + i / 10 + 3) % label_count));
            ++pattern;
        }
    }

    /// Writes the four files.
    void write(const std::filesystem::path& folder) const {
        write(folder, "train", data.training);
        write(folder, "t10k", data.test);
    }

    /// Which image has these bright pixels; nullptr: none.
    const Seen* find(const Raster& bright) const {
        const auto found = known_.find(bright);
        return found == known_.end() ? nullptr : &found->second;
    }

    DataSet data;

private:
    static Raster moved(std::uint32_t pattern, int down, int right) {
        Raster raster(pixels);
        for (int k = 0; k < 9; ++k) {
            if ((pattern >> k & 1U) == 0) continue;
            raster[static_cast<std::size_t>((1 + k / 3 + down) * static_cast<int>(side) + 1 + k % 3 +
                                            right)] = true;
        }
        return raster;
    }

    /// False if it could be taken for one that is known.
    bool add(std::uint32_t pattern, Seen seen) {
        std::map<Raster, Seen> own;
        for (const int down : {-1, 0, 1}) {
            for (const int right : {-1, 0, 1}) {
                const Raster raster = moved(pattern, down, right);
                if (known_.count(raster) != 0) return false;
                own[raster] = {seen.test, seen.image, down, right};
            }
        }
        if (own.size() != 9) return false;
        known_.merge(own);
        return true;
    }

    static void write(const std::filesystem::path& folder, const std::string& half, const Images& images) {
        write_idx(folder / (half + "-images-idx3-ubyte"),
                  {{images.size(), images.rows, images.columns}, images.pixels});
        write_idx(folder / (half + "-labels-idx1-ubyte"), {{images.size()}, images.labels});
    }

    std::map<Raster, Seen> known_;
};

}  // namespace apical::test
