#include "training/trainer.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "training/copies.hpp"
#include "training/patience.hpp"
#include "training/wheel.hpp"

namespace apical {
namespace {

/// How often an example of one class (row) was taken for another (column).
class Confusion {
public:
    explicit Confusion(const Shape& shape)
        : classes_(std::max<Index>(2, shape.outputs)), counts_(std::size_t{classes_} * classes_) {}

    void clear() { counts_.assign(counts_.size(), 0); }
    void add(Index label, Index answer) { ++counts_[std::size_t{label} * classes_ + answer]; }

    std::uint64_t examples() const {
        return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
    }
    std::optional<double> error_percent() const {
        if (examples() == 0) return std::nullopt;
        std::uint64_t right = 0;
        for (std::size_t k = 0; k < classes_; ++k) right += counts_[k * classes_ + k];
        return 100.0 * (1.0 - static_cast<double>(right) / static_cast<double>(examples()));
    }

    std::string csv() const {
        std::string text = "class";
        for (Index k = 0; k < classes_; ++k) text += fmt::format(",taken_for_{}", k);
        for (std::size_t row = 0; row < classes_; ++row) {
            text += fmt::format("\n{}", row);
            for (std::size_t k = 0; k < classes_; ++k)
                text += fmt::format(",{}", counts_[row * classes_ + k]);
        }
        return text + "\n";
    }

    void persist(Archive& archive) { archive("counts", std::span(counts_)); }

private:
    Index classes_;
    std::vector<Index> counts_;
};

/// The class that an answer stands for.
Index class_of(const Answer& answer) {
    const std::vector<double>& activity = answer.activity;
    if (activity.size() == 1) return activity[0] > 0.5 ? 1 : 0;
    return static_cast<Index>(std::max_element(activity.begin(), activity.end()) - activity.begin());
}

std::vector<double> targets_of(Index label, const Shape& shape) {
    if (shape.outputs == 1) return {static_cast<double>(label)};
    std::vector<double> targets(shape.outputs, 0.0);
    targets[label] = 1.0;
    return targets;
}

void write_text(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    file.close();
    if (!file) throw IoError(path.string(), "cannot be written");
}

class Trainer {
public:
    Trainer(const Training& training, std::unique_ptr<Course> course, const TrainingPlan& plan,
            const RunContext& context)
        : t_(training),
          context_(context),
          course_(std::move(course)),
          shape_(course_->shape()),
          plan_(plan),
          end_(length_of(t_.learns, plan_)),
          description_(described()),
          copies_(t_.learns, description_, shape_, plan_.batch, context.threads),
          wheel_(description_, copies_.networks(), t_.learns.cells(description_), context,
                 training.record.parts() ? Recording::Extent::parts : Recording::Extent::whole),
          examples_(copies_.size()),
          trained_(shape_),
          tally_(shape_),
          confusion_(shape_),
          patience_(plan_.patience) {
        if (plan_.angle_every > 0) angle_ = t_.learns.angle(copies_.network(0), shape_);
    }

    RunResult operator()() {
        begin();
        wheel_.run_to(Time{} + ticks(t_.learns.burn_in()));
        if (phase_ == Phase::before && !over(test_apart())) enter(Phase::training);
        while (phase_ != Phase::after && !wheel_.interrupted()) {
            if (over(epoch())) break;
        }
        if (phase_ == Phase::after) test_apart();
        return finish();
    }

    std::vector<ReadOut> read_out(const std::filesystem::path& weights, std::span<const double> times) {
        end_ = plan_.tests * (times.back() + copies_.learner(0).gap());
        begin();
        std::vector<std::string> learnt;
        for (const ProjectionDescription& p : description_.projections) {
            if (p.plasticity) learnt.push_back(p.name);
        }
        // Weights belong to the time constants they were learnt with, which are those of their last epoch.
        const std::int64_t epochs = restore_weights(weights, learnt, copies_.network(0));
        simulation().schedule(simulation().now(), action::CopyTiedWeights{});
        Learner& learner = copies_.learner(0);
        learner.enter(static_cast<Index>(std::max<std::int64_t>(epochs - 1, 0)));
        std::vector<Confusion> at(times.size(), Confusion(shape_));
        for (Index k = 0; k < plan_.tests && !wheel_.interrupted(); ++k) {
            const Example example = course_->test(Part::test, k);
            const Time onset = simulation().now();
            learner.show(example.levels, {});
            for (std::size_t i = 0; i < times.size(); ++i) {
                run(simulation(), onset + ticks(times[i]));
                at[i].add(example.label, class_of(learner.so_far()));
            }
            if (learner.gap() > 0.0) {
                learner.rest();
                run(simulation(), simulation().now() + ticks(learner.gap()));
            }
            wheel_.turn();
        }
        std::vector<ReadOut> result;
        for (std::size_t i = 0; i < times.size(); ++i)
            result.push_back({times[i], at[i].error_percent().value_or(0.0), at[i].examples()});
        return result;
    }

private:
    /// What a run is about. A test before the first epoch and one after the last are told apart from those
    /// that belong to an epoch.
    enum class Phase { before, training, validation, test, after };

    void enter(Phase phase) {
        phase_ = phase;
        next_ = 0;
    }
    bool over(bool last) const { return last || wheel_.interrupted(); }

    NetworkDescription described() const {
        NetworkDescription d = t_.learns.measure(shape_, t_.seed, context_.threads, context_.log);
        d.duration = end_;
        record(d, t_.record, t_.learns, end_);
        return d;
    }

    void begin() {
        const bool goes_on = wheel_.begin([this](Archive& archive) { persist(archive); },
                                          [this](Progress& progress) { tell(progress); });
        if (!goes_on && !plan_.tests_apart) enter(Phase::training);
    }

    /// Of the first copy: the one that is recorded.
    Simulation& simulation() const { return wheel_.simulation(); }

    /// Says whether it was the last one.
    bool epoch() {
        if (phase_ == Phase::training) {
            train();
            if (wheel_.interrupted()) {
                wheel_.recording().snapshot(epoch_ + 1, static_cast<std::int64_t>(done_));
                // They are of the epoch before.
                validation_error_.reset();
                test_error_.reset();
                write_row(course_->close(Part::training, done_), {});
                return true;
            }
            enter(Phase::validation);
        }
        if (phase_ == Phase::validation) {
            if (plan_.validation > 0) {
                show_all(Part::validation, plan_.validation, false);
                if (wheel_.interrupted()) return true;
                validation_error_ = tally_.error_percent();
                patience_.see(*validation_error_);
            }
            enter(Phase::test);
        }
        const bool last = epoch_ + 1 == plan_.epochs || patience_.is_over();
        const bool tests = course_->is_tested(epoch_, last);
        if (tests) {
            test(last);
            if (wheel_.interrupted()) return true;
        }
        if (plan_.snapshots) wheel_.recording().snapshot(epoch_ + 1, static_cast<std::int64_t>(done_));
        write_row(course_->close(tests ? Part::test : Part::training, done_),
                  tests ? test_error_ : std::nullopt);
        ++epoch_;
        enter(last && plan_.tests_apart ? Phase::after : Phase::training);
        return last;
    }

    void test(bool recorded) {
        show_all(Part::test, plan_.tests, recorded);
        if (wheel_.interrupted()) return;
        confusion_ = tally_;
        test_error_ = confusion_.error_percent();
    }

    /// Says whether the run is over.
    bool test_apart() {
        test(phase_ == Phase::after);
        if (wheel_.interrupted()) return true;
        const bool after = phase_ == Phase::after;
        if (after) wheel_.recording().snapshot(epoch_, static_cast<std::int64_t>(done_));
        write_row(course_->close(Part::test, done_), test_error_);
        return after;
    }

    /// One pass through the examples.
    void train() {
        if (next_ == 0 && !showing_) {
            course_->begin_epoch(epoch_);
            trained_.clear();
        }
        const Index examples = course_->examples(epoch_);
        while (next_ < examples && !wheel_.interrupted()) {
            const auto count = std::min<Index>(static_cast<Index>(copies_.size()), examples - next_);
            if (!showing_) {
                set_learning_rates();
                record_part(epoch_ == 0 || epoch_ + 1 == plan_.epochs, std::int64_t{epoch_} + 1);
                for (Index i = 0; i < count; ++i) {
                    examples_[i] = course_->example(next_ + i);
                    if (angle_) angle_->add(examples_[i].levels, targets_of(examples_[i].label, shape_));
                }
            }
            present(count, true);
            if (showing_) return;
            copies_.merge();
            for (Index i = 0; i < count; ++i) {
                const Answer answer = copies_.learner(i).answer();
                course_->see(Part::training, next_ + i, answer);
                score(examples_[i].label, class_of(answer));
            }
            next_ += count;
            measure_angle();
            if (copies_.size() > 1) wheel_.turn();
        }
    }

    /// Shows examples without teaching or plasticity, and tallies the answers.
    void show_all(Part part, Index all, bool recorded) {
        if (next_ == 0 && !showing_) tally_.clear();
        while (next_ < all && !wheel_.interrupted()) {
            const auto count = std::min<Index>(static_cast<Index>(copies_.size()), all - next_);
            if (!showing_) {
                record_part(recorded, 0);
                for (Index i = 0; i < count; ++i) examples_[i] = course_->test(part, next_ + i);
            }
            present(count, false);
            if (showing_) return;
            for (Index i = 0; i < count; ++i) {
                const Answer answer = copies_.learner(i).answer();
                course_->see(part, next_ + i, answer);
                tally_.add(examples_[i].label, class_of(answer));
            }
            next_ += count;
            shown_ += count;
            if (copies_.size() > 1) wheel_.turn();
        }
    }

    /// Shows an example to each of the first copies. A single one may be interrupted in the midst of it, and
    /// then goes on with it: showing_ says so.
    void present(Index count, bool taught) {
        const auto show = [&](std::size_t i) {
            const Example& example = examples_[i];
            copies_.learner(i).show(example.levels,
                                    taught ? targets_of(example.label, shape_) : std::vector<double>());
        };
        if (copies_.size() > 1) {
            copies_.for_each(count, [&](std::size_t i) {
                Simulation& own = *copies_.network(i).simulation;
                Showing showing{.onset = own.now()};
                show(i);
                go_on(showing, copies_.learner(i), taught, [&](Time end) {
                    run(own, end);
                    return true;
                });
            });
            return;
        }
        if (!showing_) {
            showing_ = Showing{.onset = simulation().now()};
            show(0);
        }
        const bool whole = go_on(*showing_, copies_.learner(0), taught, [this](Time end) {
            wheel_.run_to(end);
            return simulation().now() >= end;
        });
        if (whole) showing_.reset();
    }

    /// How far a presentation has come.
    struct Showing {
        Time onset;
        std::uint64_t stops = 0;  ///< that have been made; the last one is that of the gap
        void persist(Archive& archive) {
            archive("onset", onset);
            archive("stops", stops);
        }
    };
    /// run_to(end) says whether it got there. Says whether the presentation is over.
    template <class RunTo>
    static bool go_on(Showing& showing, Learner& learner, bool taught, const RunTo& run_to) {
        const std::vector<double> stops = learner.stops(taught);
        for (; showing.stops < stops.size(); ++showing.stops) {
            if (!run_to(showing.onset + ticks(stops[showing.stops]))) return false;
            learner.stop(showing.stops, taught);
        }
        if (learner.gap() == 0.0) return true;
        if (showing.stops == stops.size()) {
            learner.rest();
            ++showing.stops;
        }
        return run_to(showing.onset + ticks(stops.back()) + ticks(learner.gap()));
    }
    static void run(Simulation& simulation, Time end) {
        simulation.cut(end);
        simulation.run_until(end);
    }

    /// Of some stretches of a run the spikes of the first examples are kept.
    void record_part(bool wanted, std::int64_t epoch) {
        if (!t_.record.parts()) return;
        const bool early = next_ / copies_.size() < t_.record.images;
        wheel_.recording().part(wanted && early ? std::optional(epoch) : std::nullopt);
    }

    /// In small steps, not one at each example.
    void set_learning_rates() {
        bool anew = false;
        for (std::size_t i = 0; next_ == 0 && i < copies_.size(); ++i)
            anew = copies_.learner(i).enter(epoch_) || anew;
        constexpr std::uint64_t every = 100;
        if (done_ % every >= copies_.size() && !anew) return;
        const double part = static_cast<double>(done_) / (static_cast<double>(plan_.epochs) * plan_.examples);
        for (std::size_t i = 0; i < copies_.size(); ++i) copies_.learner(i).anneal(part);
    }

    void score(Index label, Index answer) {
        ++done_;
        ++shown_;
        trained_.add(label, answer);
        const double weight = 1.0 / static_cast<double>(std::min<std::uint64_t>(done_, 500));
        accuracy_ += weight * ((label == answer ? 1.0 : 0.0) - accuracy_);
    }

    void measure_angle() {
        if (!angle_ || done_ % plan_.angle_every >= copies_.size()) return;
        const std::vector<double> angles = angle_->take();
        angles_.push_back(static_cast<double>(done_));
        angles_.insert(angles_.end(), angles.begin(), angles.end());
    }

    void tell(Progress& progress) const {
        progress.end = end_;
        progress.step_name = t_.learnt.unit();
        progress.step = done_;
        progress.steps = std::uint64_t{plan_.epochs} * plan_.examples;
        if (test_error_) {
            progress.accuracy = 1.0 - *test_error_ / 100.0;
        } else if (done_ > 0) {
            progress.accuracy = accuracy_;
        }
    }

    void write_row(const Facts& more, std::optional<double> test_error) {
        Facts row = {
            {"epoch", std::int64_t{epoch_} + (phase_ == Phase::before || phase_ == Phase::after ? 0 : 1)},
            {"sample", static_cast<std::int64_t>(done_)},
            {"time_ms", ms(simulation().now())},
            {"training_error_percent", value_of(trained_.error_percent())},
            {"validation_error_percent", value_of(validation_error_)},
            {"test_error_percent", value_of(test_error)},
            {"event_rate_hz", wheel_.event_rate()},
            {"burst_probability", wheel_.burst_probability()},
            {"spikes", static_cast<std::int64_t>(wheel_.spikes())},
            {"source_spikes", static_cast<std::int64_t>(wheel_.source_spikes())},
            {"synaptic_events", static_cast<std::int64_t>(wheel_.synaptic_events())}};
        append(row, more);
        wheel_.metrics(row);
        write_angles();
    }

    void write_angles() const {
        if (!angle_) return;
        std::string text = "sample";
        for (const std::string& layer : angle_->layers()) text += fmt::format(",{}_degrees", layer);
        const std::size_t columns = 1 + angle_->layers().size();
        for (std::size_t i = 0; i < angles_.size(); ++i)
            text += fmt::format("{}{:g}", i % columns == 0 ? '\n' : ',', angles_[i]);
        write_text(context_.folder / "angles.csv", text + "\n");
    }

    RunResult finish() {
        if (test_error_) write_text(context_.folder / "confusion.csv", confusion_.csv());
        const Outcome outcome{wheel_.interrupted(), epoch_, confusion_.examples(), test_error_};
        const auto per_example = [this](std::uint64_t count) {
            return shown_ > 0 ? Value(static_cast<double>(count) / static_cast<double>(shown_)) : Value();
        };
        Facts facts = {{"task", t_.task}, {"circuit", t_.circuit}};
        append(facts, t_.learns.facts());
        append(facts, {{"seed", static_cast<std::int64_t>(t_.seed)},
                       {"epochs", static_cast<double>(done_) / plan_.examples},
                       {"examples", static_cast<std::int64_t>(done_)},
                       {"test_error_percent", value_of(test_error_)},
                       {"validation_error_percent", value_of(validation_error_)}});
        append(facts, course_->facts(outcome));
        append(facts, {{fmt::format("spikes_per_{}", t_.learnt.unit()), per_example(wheel_.spikes())},
                       {fmt::format("synaptic_events_per_{}", t_.learnt.unit()),
                        per_example(wheel_.synaptic_events())}});
        RunResult result = wheel_.finish(std::move(facts));
        result.verdict = course_->verdict(outcome);
        return result;
    }

    void persist(Archive& archive) {
        archive("phase", phase_);
        archive("epoch", epoch_);
        archive("next", next_);
        bool showing = showing_.has_value();
        archive("showing", showing);
        if (archive.gives_back()) showing_ = showing ? std::optional(Showing{}) : std::nullopt;
        if (showing_) {
            archive("presentation", *showing_);
            archive("label", examples_.front().label);
        }
        archive("course", *course_);
        for (std::size_t i = 0; i < copies_.size(); ++i) {
            archive.group("learner_" + std::to_string(i),
                          [&] { copies_.learner(i).persist(archive, epoch_); });
        }
        archive("trained", trained_);
        archive("tally", tally_);
        archive("confusion", confusion_);
        archive("examples", done_);
        archive("shown", shown_);
        archive("accuracy", accuracy_);
        archive("validation_error", validation_error_);
        patience_.persist(archive);
        archive("test_error", test_error_);
        archive("angles", angles_);
        if (angle_) archive("angle", *angle_);
        if (archive.gives_back()) copies_.note_weights();
    }

    const Training& t_;
    const RunContext& context_;
    std::unique_ptr<Course> course_;
    Shape shape_;
    TrainingPlan plan_;
    double end_;  ///< [ms]
    NetworkDescription description_;
    Copies copies_;
    Wheel wheel_;
    std::unique_ptr<BackpropAngle> angle_;
    Phase phase_ = Phase::before;
    Index epoch_ = 0;
    Index next_ = 0;                  ///< example of the phase
    std::optional<Showing> showing_;  ///< of a presentation that has begun
    std::vector<Example> examples_;   ///< that are shown, by copy
    Confusion trained_;               ///< of this epoch's training
    Confusion tally_;                 ///< of the present validation or test
    Confusion confusion_;             ///< of the last test
    std::uint64_t done_ = 0;          ///< training examples
    std::uint64_t shown_ = 0;         ///< examples of any kind
    double accuracy_ = 0.0;           ///< of late, while training
    std::optional<double> validation_error_;
    Patience patience_;
    std::optional<double> test_error_;
    std::vector<double> angles_;  ///< rows of angles.csv: sample, [degrees] of each layer
};

}  // namespace

double length_of(const Circuit& circuit, const TrainingPlan& plan) {
    double length = 0.0;
    for (Index epoch = 0; epoch < plan.epochs; ++epoch)
        length +=
            plan.examples * circuit.duration(true, epoch) + plan.validation * circuit.duration(false, epoch);
    const double looks = plan.tests_apart ? 2.0 : plan.tests_each_epoch ? plan.epochs : 1.0;
    length += looks * plan.tests * circuit.duration(false, plan.epochs - 1);
    return circuit.burn_in() + length / static_cast<double>(plan.batch);
}

RunResult train(const Training& training, const RunContext& context) {
    std::unique_ptr<Course> course = training.learnt.open(training.seed);
    const TrainingPlan plan = course->plan();
    return Trainer(training, std::move(course), plan, context)();
}

std::vector<ReadOut> test_weights(const Training& training, const std::filesystem::path& weights,
                                  std::span<const double> times, const RunContext& context) {
    Training silent = training;
    silent.record = {.spikes = false, .images = 0, .traces = false, .weights = false};
    std::unique_ptr<Course> course = training.learnt.open(training.seed);
    TrainingPlan alone = course->plan();
    alone.batch = 1;
    alone.angle_every = 0;
    return Trainer(silent, std::move(course), alone, context).read_out(weights, times);
}

}  // namespace apical
