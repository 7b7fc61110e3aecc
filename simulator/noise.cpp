#include "simulator/noise.hpp"

namespace apical {

std::vector<NoiseGroup> noise_groups(std::uint64_t seed, const std::string& population,
                                     std::span<const Noise> noise, Index size, Index first, Index last) {
    std::vector<NoiseGroup> groups;
    for (Index block = first / NoiseBlock::neurons; block * NoiseBlock::neurons < last; ++block) {
        NoiseGroup group;
        for (std::uint32_t k = 0; k < noise.size(); ++k) {
            if (noise[k].rate == 0.0) continue;
            group.trains.emplace_back(StreamKey(seed, "noise", population, block, k), noise[k], block, size,
                                      first, last);
        }
        if (!group.trains.empty()) groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace apical
