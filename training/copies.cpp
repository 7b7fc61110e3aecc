#include "training/copies.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/random.hpp"

namespace apical {

Copies::Copies(const Circuit& circuit, const NetworkDescription& description, const Shape& shape, Index batch,
               std::size_t threads)
    : copies_(batch), workers_(std::min<std::size_t>(threads, batch)) {
    for (std::size_t i = 0; i < size(); ++i) {
        Copy& copy = copies_[i];
        copy.description = description;
        const StreamKey key(description.seed, "images.copies", "seed", static_cast<std::uint32_t>(i));
        if (i > 0) copy.description.seed = random_words(key, 0).first;
        copy.network =
            std::make_unique<Network>(build(copy.description, {.threads = batch == 1 ? threads : 1}));
        copy.learner = circuit.learner(copy.description, *copy.network, shape);
    }
    if (size() == 1) return;
    copy_weights();
    for (const ProjectionDescription& p : description.projections) {
        if (!p.plasticity) continue;
        const Index index = network(0).projections.at(p.name);
        const std::span<Table> tables = simulation(0).weights(index);
        for (std::size_t k = 0; k < tables.size(); ++k) {
            constexpr Index piece = 64;
            for (Index first = 0; first < tables[k].sources(); first += piece)
                rows_.push_back({index, k, first, std::min(first + piece, tables[k].sources()), {}});
        }
    }
    note_weights();
}

std::vector<Network*> Copies::networks() const {
    std::vector<Network*> list;
    for (const Copy& copy : copies_) list.push_back(copy.network.get());
    return list;
}

void Copies::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
    workers_.for_each(count, work);
}

std::span<float> Copies::weights_of(std::size_t copy, const Rows& rows) {
    Table& table = simulation(copy).weights(rows.projection)[rows.shard];
    const std::span<float> begin = table.row(rows.first).weights;
    const std::span<float> last = table.row(rows.last - 1).weights;
    return {begin.data(), last.data() + last.size()};
}

void Copies::note_weights() {
    for (Rows& rows : rows_) {
        const std::span<const float> weights = weights_of(0, rows);
        rows.before.assign(weights.begin(), weights.end());
    }
}

/// From the first to all.
void Copies::copy_weights() {
    for (Index p = 0; p < simulation(0).projections(); ++p) {
        const std::span<Table> tables = simulation(0).weights(p);
        for (std::size_t k = 0; k < tables.size(); ++k) {
            for (std::size_t i = 1; i < size(); ++i) {
                Table& copy = simulation(i).weights(p)[k];
                std::copy(tables[k].weights().begin(), tables[k].weights().end(), copy.weights().begin());
            }
        }
    }
}

void Copies::merge() {
    if (size() == 1) return;
    workers_.for_each(size(), [this](std::size_t i) {
        for (Index p = 0; p < simulation(i).projections(); ++p)
            simulation(i).weights(p);  // settles: the rows are looked at from many threads
    });
    workers_.for_each(rows_.size(), [this](std::size_t r) { merge(rows_[r]); });
}

void Copies::merge(Rows& rows) {
    // Most rows come from dark pixels and are as they were: looked at in pieces, and left.
    constexpr std::size_t piece = 256;
    std::array<float*, 256> copies{};
    for (std::size_t i = 0; i < size(); ++i) copies[i] = weights_of(i, rows).data();
    for (std::size_t begin = 0; begin < rows.before.size(); begin += piece) {
        const std::size_t end = std::min(begin + piece, rows.before.size());
        float* const before = rows.before.data();
        const auto unchanged = [&](const float* copy) {
            return std::memcmp(copy + begin, before + begin, (end - begin) * sizeof(float)) == 0;
        };
        if (std::all_of(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(size()), unchanged))
            continue;
        for (std::size_t k = begin; k < end; ++k) {
            float change = 0.0F;
            for (std::size_t i = 0; i < size(); ++i) change += copies[i][k] - before[k];
            before[k] += change;
        }
        for (std::size_t i = 0; i < size(); ++i) std::copy(before + begin, before + end, copies[i] + begin);
    }
}

}  // namespace apical
