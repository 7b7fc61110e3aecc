#include "simulator/tie.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"

namespace apical {
namespace {

/// The weight of the other projection's synapse from `source` to `target`.
double weight_between(const TiedWeights& other, const std::string& name, Index source, Index target) {
    const auto shard = static_cast<std::size_t>(
        std::upper_bound(other.first.begin(), other.first.end(), target) - other.first.begin() - 1);
    const Table::Row row = other.tables[shard].row(source);
    const auto local = static_cast<Table::Local>(target - other.first[shard]);
    const auto found = std::lower_bound(row.targets.begin(), row.targets.end(), local);
    if (found == row.targets.end() || *found != local) {
        throw ModelError("tied weights: " + name + " has no synapse from " + std::to_string(source) + " to " +
                         std::to_string(target));
    }
    if (row.weights.empty()) return other.tables[shard].uniform_weight();
    return double{row.weights[static_cast<std::size_t>(found - row.targets.begin())]};
}

/// The mean weight of the other projection's synapses from each source onto each block of targets: a row of
/// sources for each block.
std::vector<double> means_by_source(const TiedWeights& other, Index blocks) {
    const std::size_t sources = other.tables.front().sources();
    const Index block_size = other.first.back() / blocks;
    std::vector<double> sums(sources * blocks);
    std::vector<double> counts(sums.size());
    for (std::size_t shard = 0; shard < other.tables.size(); ++shard) {
        Table& table = other.tables[shard];
        for (Index source = 0; source < sources; ++source) {
            const Table::Row row = table.row(source);
            for (std::size_t i = 0; i < row.targets.size(); ++i) {
                const std::size_t block = (other.first[shard] + row.targets[i]) / block_size;
                sums[block * sources + source] +=
                    row.weights.empty() ? table.uniform_weight() : double{row.weights[i]};
                counts[block * sources + source] += 1.0;
            }
        }
    }
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] = counts[j] > 0.0 ? sums[j] / counts[j] : 0.0;
    return sums;
}

double part_of(Tie::Part part, double w) {
    switch (part) {
        case Tie::Part::plus:
            return std::max(w, 0.0);
        case Tie::Part::minus:
            return std::max(-w, 0.0);
        case Tie::Part::whole:
            break;
    }
    return w;
}

bool dense(const TiedWeights& w) {
    return std::all_of(w.tables.begin(), w.tables.end(), [](const Table& table) { return table.dense(); });
}

/// Synapse by synapse where both are dense: in tiles, so that neither side jumps about in memory.
void transpose(const Tie& tie, const TiedWeights& own, const TiedWeights& other) {
    constexpr std::size_t tile = 16;
    for (std::size_t a = 0; a < own.tables.size(); ++a) {
        for (std::size_t b = 0; b < other.tables.size(); ++b) {
            const std::size_t targets = own.tables[a].row(0).targets.size();
            const std::size_t senders = other.tables[b].row(0).targets.size();
            for (std::size_t begin = 0; begin < targets; begin += tile) {
                const std::size_t end = std::min(begin + tile, targets);
                std::array<const float*, tile> from{};
                for (std::size_t i = begin; i < end; ++i) {
                    from[i - begin] =
                        other.tables[b].row(own.first[a] + static_cast<Index>(i)).weights.data();
                }
                for (std::size_t k = 0; k < senders; ++k) {
                    float* const to =
                        own.tables[a].row(other.first[b] + static_cast<Index>(k)).weights.data();
                    for (std::size_t i = begin; i < end; ++i)
                        to[i] = static_cast<float>(tie.scale * part_of(tie.part, double{from[i - begin][k]}));
                }
            }
        }
    }
}

}  // namespace

void apply(const Tie& tie, bool transposed, const TiedWeights& own, const TiedWeights& other,
           const std::string& name) {
    if (transposed && tie.mean == Tie::Mean::none && dense(own) && dense(other)) {
        transpose(tie, own, other);
        return;
    }
    const Index blocks = tie.mean == Tie::Mean::senders ? tie.blocks : 1;
    const Index sources = own.tables.front().sources();
    const std::size_t targets = other.tables.front().sources();
    std::vector<double> means;
    if (tie.mean != Tie::Mean::none) means = means_by_source(other, blocks);
    if (tie.mean == Tie::Mean::both) {
        double sum = 0.0;
        for (const double m : means) sum += m;
        means.assign(means.size(), sum / static_cast<double>(means.size()));
    }
    for (std::size_t shard = 0; shard < own.tables.size(); ++shard) {
        Table& table = own.tables[shard];
        for (Index source = 0; source < sources; ++source) {
            const Table::Row row = table.row(source);
            const double* const mean = means.data() + source / (sources / blocks) * targets;
            for (std::size_t i = 0; i < row.targets.size(); ++i) {
                const Index target = own.first[shard] + row.targets[i];
                const double w = tie.mean != Tie::Mean::none ? mean[target]
                                 : transposed                ? weight_between(other, name, target, source)
                                                             : weight_between(other, name, source, target);
                row.weights[i] = static_cast<float>(tie.scale * part_of(tie.part, w));
            }
        }
    }
}

}  // namespace apical
