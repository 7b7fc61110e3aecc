#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/huge_pages.hpp"
#include "core/spike.hpp"

namespace apical {

/// The synapses of one projection onto one shard: contiguous by source, each row sorted by target. 2 bytes a
/// synapse where all have one weight, 6 where each has its own. A dense table has a synapse from every source
/// to every target, each with its own weight, and takes 4 bytes a synapse: all rows share one list of
/// targets.
class Table {
public:
    using Local = std::uint16_t;  ///< target, counted from the shard's first neuron

    struct Row {
        std::span<const Local> targets;
        std::span<float> weights;  ///< empty where all synapses share uniform_weight()
    };
    Row row(Index source) {
        if (dense_) {
            const std::size_t count = targets_.size();
            return {targets_, std::span<float>{weights_.data() + source * count, count}};
        }
        const std::size_t begin = rows_[source];
        const std::size_t count = rows_[source + 1] - begin;
        return {{targets_.data() + begin, count},
                weights_.empty() ? std::span<float>{} : std::span<float>{weights_.data() + begin, count}};
    }
    // GCC takes a function that only prefetches for one without effect and leaves out its calls: hence always
    // inline.

    /// Asks for the place of a row ahead of asking for the row.
    [[gnu::always_inline]] void prefetch_offsets(Index source) const {
        if (!dense_) __builtin_prefetch(rows_.data() + source);
    }
    /// Asks for a row ahead of its use: the beginning, if it is long, for the hardware goes on from there.
    [[gnu::always_inline]] void prefetch(Index source) const {
        constexpr std::size_t line = 64;
        constexpr std::size_t most = 12;
        const std::size_t begin = dense_ ? source * targets_.size() : rows_[source];
        const std::size_t end = dense_ ? begin + targets_.size() : rows_[source + std::size_t{1}];
        const auto ask = [&](const auto* column, std::size_t in_line) __attribute__((always_inline)) {
            for (std::size_t i = begin, n = 0; i < end && n < most; i += in_line, ++n)
                __builtin_prefetch(column + i);
        };
        if (!dense_) ask(targets_.data(), line / sizeof(Local));
        if (!weights_.empty()) ask(weights_.data(), line / sizeof(float));
    }
    /// Asks for a whole row of a dense table, long enough for the hardware not to see it in time.
    [[gnu::always_inline]] void prefetch_dense(Index source) const {
        if (!dense_) return;
        const float* const begin = weights_.data() + source * targets_.size();
        for (std::size_t i = 0; i < targets_.size(); i += 16) __builtin_prefetch(begin + i);
    }
    /// Gives each synapse a weight of its own, at first the uniform one.
    void separate_weights() { weights_.assign(targets_.size(), static_cast<float>(uniform_weight_)); }

    Index sources() const { return sources_; }
    bool dense() const { return dense_; }
    std::size_t size() const { return dense_ ? weights_.size() : targets_.size(); }
    double uniform_weight() const { return uniform_weight_; }
    std::span<float> weights() { return weights_; }
    std::span<const float> weights() const { return weights_; }
    std::size_t bytes() const;

private:
    friend class TableBuilder;
    Index sources_ = 0;
    bool dense_ = false;
    std::vector<std::uint32_t> rows_;  ///< sources + 1 offsets
    HugeVector<Local> targets_;
    HugeVector<float> weights_;
    double uniform_weight_ = 0.0;
};

/// Collects the synapses target by target, as connection rules draw them, and turns them into a Table.
class TableBuilder {
public:
    TableBuilder(Index sources, Index targets);
    /// All synapses at once: those of target t are [offsets[t], offsets[t + 1]).
    TableBuilder(Index sources, std::vector<std::size_t> offsets, std::vector<Index> of_source,
                 std::vector<float> weights)
        : sources_(sources),
          of_source_(std::move(of_source)),
          weights_(std::move(weights)),
          of_target_(std::move(offsets)) {}

    /// The next target's incoming synapses, in any order of sources; `weights` is as long, or empty for a
    /// uniform weight.
    void add_target(std::span<const Index> sources, std::span<const float> weights);

    /// `uniform_weight` where no weights were given. Throws ModelError if the shard has 2^32 synapses or
    /// more.
    Table build(double uniform_weight);

    /// A dense table. Every target was given every source once, in ascending order, with weights.
    Table build_dense();

private:
    Index sources_;
    std::vector<Index> of_source_;
    std::vector<float> weights_;
    std::vector<std::size_t> of_target_;  ///< offsets
};

}  // namespace apical
