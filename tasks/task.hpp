#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "core/shape.hpp"
#include "recorders/archive.hpp"

namespace apical {

/// What is learnt from.
enum class Part { training, validation, test };

/// Something to be shown, and the class it belongs to: of one output 0 or 1, of several the one that is to be
/// on.
struct Example {
    std::vector<double> levels;
    Index label;
};

/// How a task is trained.
struct TrainingPlan {
    Index epochs = 1;
    Index examples = 1;    ///< of an epoch, at most
    Index validation = 0;  ///< examples, after each epoch
    Index tests = 1;
    bool tests_each_epoch = false;  ///< not only when all is done
    bool tests_apart = false;       ///< before the first epoch and after the last, not as part of any
    bool snapshots = true;          ///< of the weights after each epoch, not only at the start and the end
    Index patience = 0;             ///< epochs without a lower validation error before it ends; 0: never
    Index batch = 1;                ///< examples shown at once, each to a copy of the network
    Index angle_every = 0;          ///< examples between measurements of the angle to backprop; 0: none
};

/// What a run has come to.
struct Outcome {
    bool interrupted;
    Index epochs;                      ///< that are over
    std::uint64_t tested;              ///< examples of the last test
    std::optional<double> test_error;  ///< [%]
};

/// The examples of a task in the order in which they are shown, and what is made of the answers.
class Course {
public:
    Course() = default;
    Course(const Course&) = delete;
    Course& operator=(const Course&) = delete;
    virtual ~Course() = default;

    virtual const Shape& shape() const = 0;
    virtual const TrainingPlan& plan() const = 0;  ///< as the data allow
    virtual Index examples(Index /*epoch*/) const { return plan().examples; }
    virtual bool is_tested(Index /*epoch*/, bool last) const { return last || plan().tests_each_epoch; }

    virtual void begin_epoch(Index epoch) = 0;
    /// The k-th of this epoch: each is asked for once, in this order.
    virtual Example example(Index k) = 0;
    /// The k-th of the validation or of the test.
    virtual Example test(Part part, Index k) const = 0;

    /// What was answered to one of them.
    virtual void see(Part /*part*/, Index /*k*/, const Answer& /*answer*/) {}
    /// Training of an epoch or a test is over, after `done` examples in all: further columns of the metrics.
    virtual Facts close(Part /*part*/, std::uint64_t /*done*/) { return {}; }
    /// Further facts of the summary.
    virtual Facts facts(const Outcome& /*outcome*/) const { return {}; }
    /// A sentence for people.
    virtual std::string verdict(const Outcome& outcome) const = 0;
    virtual void persist(Archive& archive) = 0;
};

/// What is to be learnt. It knows no circuit.
class Task {
public:
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual ~Task() = default;

    /// What is counted in a progress line: "image".
    virtual std::string unit() const { return "example"; }
    /// As far as it is known without the data.
    virtual Shape shape() const = 0;
    virtual TrainingPlan plan() const = 0;
    /// The files that open() reads. Throws as it does.
    virtual std::vector<std::filesystem::path> inputs() const { return {}; }
    /// Throws DataError if a data set is not there, is wrong or has too few examples.
    virtual std::unique_ptr<Course> open(std::uint64_t seed) const = 0;
};

}  // namespace apical
