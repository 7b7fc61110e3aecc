#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "circuits/circuit.hpp"
#include "core/parallel.hpp"
#include "networks/build.hpp"

namespace apical {

/// Copies of one network that learn different examples at the same time. After each round the changes of
/// their weights add up, and all go on with the sum.
class Copies {
public:
    /// As many networks as `batch` says. Copies differ in their random numbers, not in their weights. The
    /// circuit outlives them.
    Copies(const Circuit& circuit, const NetworkDescription& description, const Shape& shape, Index batch,
           std::size_t threads);

    std::size_t size() const { return copies_.size(); }
    Network& network(std::size_t i) const { return *copies_[i].network; }
    Learner& learner(std::size_t i) const { return *copies_[i].learner; }
    std::vector<Network*> networks() const;

    /// Calls work(i) for the first `count` copies, in parallel.
    void for_each(std::size_t count, const std::function<void(std::size_t)>& work);
    /// Adds up what all have learnt since the last call.
    void merge();
    /// Takes note of weights that were changed from outside, the same in all.
    void note_weights();

private:
    struct Copy {
        NetworkDescription description;
        std::unique_ptr<Network> network;
        std::unique_ptr<Learner> learner;
    };
    struct Rows {
        Index projection;
        std::size_t shard;
        Index first;
        Index last;
        std::vector<float> before;  ///< weights after the last merge
    };
    Simulation& simulation(std::size_t i) const { return *copies_[i].network->simulation; }
    void copy_weights();
    std::span<float> weights_of(std::size_t copy, const Rows& rows);
    void merge(Rows& rows);

    std::vector<Copy> copies_;
    std::vector<Rows> rows_;  ///< all plastic weights, in pieces for the threads
    Workers workers_;
};

}  // namespace apical
