#include "recorders/hash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "core/error.hpp"

namespace apical {
namespace {

constexpr std::size_t block = 65536;

using Digest = std::array<std::uint8_t, 32>;

void require(int success) {
    if (success != 1) throw Error("SHA-256: OpenSSL refuses to compute it");
}

/// SHA-256 of what comes piece by piece.
class Sha256 {
public:
    Sha256() { require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr)); }

    void add(const void* bytes, std::size_t count) {
        require(EVP_DigestUpdate(context_.get(), bytes, count));
    }

    Digest digest() {
        Digest result{};
        require(EVP_DigestFinal_ex(context_.get(), result.data(), nullptr));
        return result;
    }

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

Digest sha256(const std::vector<std::uint8_t>& bytes) {
    Sha256 hash;
    hash.add(bytes.data(), bytes.size());
    return hash.digest();
}

std::string to_hex(const Digest& digest) {
    std::string hex;
    for (const std::uint8_t byte : digest) hex += fmt::format("{:02x}", byte);
    return hex;
}

/// Little-endian, on any machine.
template <class Unsigned>
void put(std::uint8_t* to, Unsigned value) {
    for (std::size_t i = 0; i < sizeof(value); ++i) to[i] = static_cast<std::uint8_t>(value >> (8U * i));
}

}  // namespace

void ResultHash::add(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const std::size_t part = std::min(bytes.size(), block - state_.size());
        state_.insert(state_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
        bytes = bytes.subspan(part);
        if (state_.size() < block) continue;
        const Digest digest = sha256(state_);
        state_.assign(digest.begin(), digest.end());
    }
}

void ResultHash::observe(const Window& /*window*/, std::span<const Spike> spikes) {
    for (const Spike& spike : spikes) {
        std::array<std::uint8_t, 17> bytes{};
        put(bytes.data(), static_cast<std::uint64_t>(spike.time.time_since_epoch().count()));
        put(bytes.data() + 8, spike.population);
        put(bytes.data() + 12, spike.neuron);
        bytes[16] = static_cast<std::uint8_t>(spike.kind);
        add(bytes);
    }
}

void ResultHash::add_weights(std::span<const float> weights) {
    for (const float weight : weights) {
        std::array<std::uint8_t, 4> bytes{};
        put(bytes.data(), std::bit_cast<std::uint32_t>(weight));
        add(bytes);
    }
}

void ResultHash::add_weights(std::span<const double> weights) {
    for (const double weight : weights) {
        std::array<std::uint8_t, 8> bytes{};
        put(bytes.data(), std::bit_cast<std::uint64_t>(weight));
        add(bytes);
    }
}

std::string ResultHash::hex() const { return to_hex(sha256(state_)); }

std::string sha256_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    Sha256 hash;
    std::vector<char> piece(block);
    do {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        hash.add(piece.data(), static_cast<std::size_t>(file.gcount()));
    } while (file);
    if (!file.eof()) throw IoError(path.string(), "cannot read: " + std::generic_category().message(errno));
    return to_hex(hash.digest());
}

}  // namespace apical
