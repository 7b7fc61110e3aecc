#include "synapses/table.hpp"

#include <cassert>
#include <limits>
#include <numeric>

#include "core/error.hpp"

namespace apical {

std::size_t Table::bytes() const {
    return rows_.size() * sizeof(rows_[0]) + targets_.size() * sizeof(Local) +
           weights_.size() * sizeof(float);
}

TableBuilder::TableBuilder(Index sources, Index targets) : sources_(sources) {
    of_target_.reserve(targets + std::size_t{1});
    of_target_.push_back(0);
}

void TableBuilder::add_target(std::span<const Index> sources, std::span<const float> weights) {
    of_source_.insert(of_source_.end(), sources.begin(), sources.end());
    weights_.insert(weights_.end(), weights.begin(), weights.end());
    of_target_.push_back(of_source_.size());
}

Table TableBuilder::build(double uniform_weight) {
    if (of_source_.size() > std::numeric_limits<std::uint32_t>::max()) {
        throw ModelError("a shard has more than 2^32 synapses of one projection: use smaller shards");
    }
    Table table;
    table.sources_ = sources_;
    table.uniform_weight_ = uniform_weight;
    table.rows_.assign(sources_ + std::size_t{1}, 0);
    for (const Index source : of_source_) ++table.rows_[source + std::size_t{1}];
    for (std::size_t i = 1; i < table.rows_.size(); ++i) table.rows_[i] += table.rows_[i - 1];

    // Targets come in ascending order, so each row comes out sorted.
    std::vector<std::uint32_t> next(table.rows_.begin(), table.rows_.end() - 1);
    table.targets_.resize(of_source_.size());
    table.weights_.resize(weights_.size());
    for (std::size_t target = 0; target + 1 < of_target_.size(); ++target) {
        for (std::size_t i = of_target_[target]; i < of_target_[target + 1]; ++i) {
            const std::uint32_t position = next[of_source_[i]]++;
            table.targets_[position] = static_cast<Table::Local>(target);
            if (!weights_.empty()) table.weights_[position] = weights_[i];
        }
    }
    return table;
}

Table TableBuilder::build_dense() {
    const std::size_t targets = of_target_.size() - 1;
    assert(weights_.size() == targets * sources_);
    Table table;
    table.sources_ = sources_;
    table.dense_ = true;
    table.targets_.resize(targets);
    std::iota(table.targets_.begin(), table.targets_.end(), Table::Local{0});
    table.weights_.resize(weights_.size());
    for (std::size_t target = 0; target < targets; ++target) {
        for (std::size_t source = 0; source < sources_; ++source)
            table.weights_[source * targets + target] = weights_[target * sources_ + source];
    }
    return table;
}

}  // namespace apical
