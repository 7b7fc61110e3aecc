#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/facts.hpp"
#include "core/shape.hpp"
#include "networks/build.hpp"
#include "networks/description.hpp"
#include "networks/severity.hpp"

namespace apical {

/// A network that learns: what is scheduled while something is shown to it, and how its answer is read.
class Learner {
public:
    Learner() = default;
    Learner(const Learner&) = delete;
    Learner& operator=(const Learner&) = delete;
    virtual ~Learner() = default;

    /// From now on this is shown: a level for each input. With a target for each output it is taught;
    /// without, nothing is, and no weight changes.
    virtual void show(std::span<const double> levels, std::span<const double> targets) = 0;
    /// [ms] since the onset at which stop() is to be called, ascending; the last is the end.
    virtual std::vector<double> stops(bool taught) const = 0;
    virtual void stop(std::size_t k, bool taught) = 0;
    /// [ms] without input between presentations, which rest() begins.
    virtual double gap() const { return 0.0; }
    virtual void rest() {}

    /// To the presentation that ended last.
    virtual Answer answer() const = 0;
    /// To the present one, as far as it has come.
    virtual Answer so_far() const = 0;

    /// An epoch begins, of training or of tests of what was learnt in it. Says whether learning rates are to
    /// be set anew.
    virtual bool enter(Index /*epoch*/) { return false; }
    /// The learning rates at this part (0 to 1) of the training.
    virtual void anneal(double /*part*/) {}
    /// What it remembers besides its network's state. `epoch`: the present one.
    virtual void persist(Archive& archive, Index epoch) = 0;
};

/// How far a change of weights is from backprop: one angle for each layer.
class BackpropAngle {
public:
    BackpropAngle() = default;
    BackpropAngle(const BackpropAngle&) = delete;
    BackpropAngle& operator=(const BackpropAngle&) = delete;
    virtual ~BackpropAngle() = default;
    /// The names of the layers, from below.
    virtual const std::vector<std::string>& layers() const = 0;
    /// An example that is about to be learnt.
    virtual void add(std::span<const double> levels, std::span<const double> targets) = 0;
    /// [degrees] for each layer since the last call; 90 where nothing has changed.
    virtual std::vector<double> take() = 0;
    virtual void persist(Archive& archive) = 0;
};

using Log = std::function<void(Severity, std::string_view)>;

/// A kind of network that learns, with its parameters. It knows no task: only how many inputs and outputs
/// there are.
class Circuit {
public:
    Circuit() = default;
    Circuit(const Circuit&) = delete;
    Circuit& operator=(const Circuit&) = delete;
    virtual ~Circuit() = default;

    /// "2-4-1 populations of 50"
    virtual std::string size_text(const Shape& shape) const = 0;
    /// Facts of a summary: the variant, and what its answers are to be judged by.
    virtual Facts facts() const = 0;

    /// The network, at its start. What a run measures first is taken to be 1.
    virtual NetworkDescription describe(const Shape& shape, std::uint64_t seed) const = 0;
    /// The same as a run has it, measured. Throws ModelError if it cannot work.
    virtual NetworkDescription measure(const Shape& shape, std::uint64_t seed, std::size_t /*threads*/,
                                       const Log& /*log*/) const {
        return describe(shape, seed);
    }
    /// Whether measure() simulates relay cells, and refuses those that do not tell bursts from events.
    virtual bool judges_relays() const { return false; }

    /// Of a network that was made from `description`; both outlive it.
    virtual std::unique_ptr<Learner> learner(const NetworkDescription& description, Network& network,
                                             const Shape& shape) const = 0;

    /// [ms] before the first presentation, in which nothing is shown and nothing learns.
    virtual double burn_in() const { return 0.0; }
    /// [ms] of a presentation with the gap that follows.
    virtual double duration(bool taught, Index epoch) const = 0;
    /// [ms] after which a test is answered, if it may be answered at any time.
    virtual std::optional<double> readout() const { return std::nullopt; }
    /// The populations of cells that learn, whose activity is told.
    virtual std::vector<std::string> cells(const NetworkDescription& description) const;
    /// Whether there is nothing to record of a population, a source that stands for a constant.
    virtual bool is_constant(const PopulationDescription& /*population*/) const { return false; }
    /// Whether the copies of weights are looked at as those that learn are.
    virtual bool records_ties() const { return false; }
    /// Nothing if there is no measure of it.
    virtual std::unique_ptr<BackpropAngle> angle(Network& /*network*/, const Shape& /*shape*/) const {
        return nullptr;
    }
};

}  // namespace apical
