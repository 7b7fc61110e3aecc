#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/spike.hpp"
#include "recorders/archive.hpp"
#include "recorders/recorder.hpp"

namespace apical {

/// The fingerprint of a run: two runs with one hash had the same spikes and ended with the same weights, to
/// the last bit.
///
/// It is the SHA-256 of the bytes of all spikes in their total order, 17 each, little-endian: tick (int64),
/// population (uint32), neuron (uint32), kind (uint8); then those of the weights. The mark is a by-product of
/// the model and is left out. So that a run can go on in another process, whenever 64 KiB have come together
/// their SHA-256 takes their place, 32 bytes ahead of what follows: less than 64 KiB is all the state there
/// is.
class ResultHash final : public Recorder {
public:
    void persist(Archive& archive) { archive("state", state_); }

    void observe(const Window& window, std::span<const Spike> spikes) override;
    void finish(Time /*end*/) override {}

    /// To be called after the last spike, in the network's order of projections.
    void add_weights(std::span<const float> weights);
    void add_weights(std::span<const double> weights);

    /// The hash of everything so far, 64 hexadecimal digits.
    std::string hex() const;

private:
    void add(std::span<const std::uint8_t> bytes);

    std::vector<std::uint8_t> state_;
};

/// The SHA-256 of a file's content, 64 hexadecimal digits.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace apical
