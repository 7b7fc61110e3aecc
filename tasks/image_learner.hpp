#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/parallel.hpp"
#include "networks/build.hpp"
#include "recorders/recorder.hpp"
#include "tasks/idx.hpp"
#include "tasks/images_network.hpp"

namespace apical {

/// Events of the output population by class, since the last clear().
class ClassCounts final : public Recorder {
public:
    ClassCounts(Index output, Index per_class) : output_(output), per_class_(per_class) {}
    void observe(const Window&, std::span<const Spike> spikes) override;
    void finish(Time) override {}
    void clear() { counts_.fill(0); }
    /// The class with most events, the first of equals.
    Index winner() const;

private:
    Index output_;
    Index per_class_;
    std::array<std::uint64_t, label_count> counts_{};
};

/// A network that is shown images one by one, with a teacher or without.
class ImageLearner {
public:
    /// Keeps references to both.
    ImageLearner(const ImagesConfig& config, const NetworkDescription& description, std::size_t threads);

    Network& network() { return network_; }
    Simulation& simulation() { return *network_.simulation; }

    /// Shows an image to learn, `rates` [Hz] of the pixels; returns the class that answers.
    Index learn(std::span<const double> rates, std::uint8_t label);
    /// Shows one without teaching or plasticity; returns the class that answers after each of `times` [ms].
    std::vector<Index> read_out(std::span<const double> rates, std::span<const double> times);

    /// Changes what this stage changes; the first is that of the description.
    void enter(const ImagesStage& stage);
    /// The same in a network that was given back from such a stage.
    void go_on(const ImagesStage& stage) { stage_ = stage; }
    /// Learning rates from now on, relative to those of the start.
    void scale_learning_rates(double factor);

private:
    void at(Time time, Action action) { simulation().schedule(time, std::move(action)); }
    void show(std::span<const double> rates);
    void gate_inhibition(Time time, bool on);
    void run_to(Time end);
    void rest();

    const ImagesConfig& c_;
    const NetworkDescription& description_;
    Network network_;
    ImagesStage stage_;
    Index input_;
    Index output_;
    std::size_t target_;
    ClassCounts counts_;
};

/// Copies of one network that learn different images at the same time. After each round the changes of their
/// weights add up, and all go on with the sum.
class ImageLearners {
public:
    /// As many as `config` says, which is one unless learning is in batches. Copies differ in their random
    /// numbers, not in their weights.
    ImageLearners(const ImagesConfig& config, const NetworkDescription& description, std::size_t threads);

    std::size_t size() const { return learners_.size(); }
    ImageLearner& operator[](std::size_t i) { return *learners_[i]; }

    /// Calls work(i) for the first `count` copies, in parallel.
    void for_each(std::size_t count, const std::function<void(std::size_t)>& work);
    /// Adds up what all have learnt since the last call.
    void merge();
    /// Takes note of weights that were changed from outside, the same in all.
    void note_weights();

private:
    struct Rows {
        Index projection;
        std::size_t shard;
        Index first;
        Index last;
        std::vector<float> before;  ///< weights after the last merge
    };
    void copy_weights();
    std::span<float> weights_of(std::size_t learner, const Rows& rows);
    void merge(Rows& rows);

    std::vector<NetworkDescription> descriptions_;
    std::vector<std::unique_ptr<ImageLearner>> learners_;
    std::vector<Rows> rows_;  ///< all plastic weights, in pieces for the threads
    Workers workers_;
};

}  // namespace apical
