#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "tasks/digits.hpp"
#include "tasks/idx.hpp"
#include "tasks/image_gradient.hpp"
#include "tasks/image_learner.hpp"
#include "tasks/images_config.hpp"
#include "tasks/images_network.hpp"
#include "tasks/patience.hpp"
#include "tasks/recording.hpp"
#include "tasks/run.hpp"

// Images learnt by a layered spiking BurstCCN: epochs of training, validation and test.

namespace apical {
namespace {

/// How often an image of one class (row) was taken for another (column).
struct Confusion {
    std::array<std::array<Index, label_count>, label_count> counts{};

    Index images() const {
        Index sum = 0;
        for (const auto& row : counts) sum = std::accumulate(row.begin(), row.end(), sum);
        return sum;
    }
    double error_percent() const {
        Index right = 0;
        for (std::size_t k = 0; k < label_count; ++k) right += counts[k][k];
        return 100.0 * (1.0 - static_cast<double>(right) / images());
    }
    void persist(Archive& archive) {
        for (std::size_t k = 0; k < label_count; ++k)
            archive("class_" + std::to_string(k), std::span(counts[k]));
    }
};

bool draws_digits(const ImagesConfig& c) {
    if (c.data.empty() && c.task == "mnist") {
        throw DataError(
            "this task needs a data set: give its folder as --data DIR, or as the key `data` of the "
            "configuration");
    }
    return c.data.empty();
}

DataSet data_of(const ImagesConfig& c) {
    if (!draws_digits(c)) return read_data_set(c.data);
    return {draw_digits(c.training.train_limit + c.training.validation, c.seed, "training"),
            draw_digits(c.training.test_limit, c.seed, "test"),
            {}};
}

/// How much a run shows.
struct Plan {
    Index examples;  ///< of an epoch
    Index tests;
    double end_ms;  ///< of the first network
};

Plan plan_of(const ImagesConfig& c, const DataSet& data) {
    const Index all = data.training.size();
    if (c.training.validation >= all) {
        throw DataError(
            fmt::format("validation is {}, but there are {} training images", c.training.validation, all));
    }
    Plan plan{std::min(c.training.train_limit, all - c.training.validation),
              std::min(c.training.test_limit, data.test.size()), 0.0};
    const double shown = c.presentation.readout + c.presentation.gap;
    for (Index epoch = 0; epoch < c.training.epochs; ++epoch) {
        plan.end_ms += plan.examples * (stage_of(c, epoch).duration + c.presentation.gap) +
                       c.training.validation * shown;
    }
    const double looks = c.training.test == ImagesConfig::Test::epoch ? c.training.epochs : 1.0;
    plan.end_ms += looks * plan.tests * shown;
    plan.end_ms /= static_cast<double>(c.training.batch);
    return plan;
}

/// Asks for what the report needs: rates over the run, and the spikes of a few images.
void record_activity(const ImagesConfig& c, double end_ms, NetworkDescription& description) {
    constexpr double most_bins = 1000.0;
    const double image = c.presentation.duration + c.presentation.gap;
    description.record.trace_bin = image * std::max(1.0, std::ceil(end_ms / image / most_bins));
    for (const PopulationDescription& p : description.populations) {
        if (is_source(p)) continue;
        if (c.record.traces) description.record.traces.push_back(p.name);
        if (!c.record.spikes && c.record.images > 0) description.record.spikes.push_back(p.name);
    }
}

class ImagesRun {
public:
    ImagesRun(const ImagesConfig& c, DataSet data, const RunContext& context)
        : c_(c),
          context_(context),
          data_(std::move(data)),
          plan_(plan_of(c, data_)),
          description_(described()),
          learners_(c, description_, context.threads),
          recording_(description_, learners_[0].network(), context,
                     c.record.spikes ? Recording::Extent::whole : Recording::Extent::parts),
          activity_(populations_of(learners_[0].network()), cells_of(c)),
          rates_(learners_.size()),
          answers_(learners_.size()),
          patience_(c.training.patience) {
        for (std::size_t i = 0; i < learners_.size(); ++i)
            counts_.push_back(std::make_unique<SpikeCounts>(description_, learners_[i].network()));
        simulation().add(activity_);
        if (c.training.angle_every > 0) angle_.emplace(c, learners_[0].network());
        for (std::size_t i = 0; i < learners_.size(); ++i) context.built(learners_[i].network(), i);
    }

    RunResult operator()() {
        if (!context_.resume(state_)) recording_.snapshot();
        while (epoch_ < c_.training.epochs) {
            if (phase_ == Phase::training) {
                train();
                training_error_ = 100.0 * wrong_ / std::max(1U, next_);
                if (interrupted_) {
                    recording_.snapshot(epoch_ + 1, static_cast<std::int64_t>(done_));
                    // They are of the epoch before.
                    validation_error_.reset();
                    test_error_.reset();
                    report_epoch({});
                    break;
                }
                enter(Phase::validation);
            }
            if (phase_ == Phase::validation) {
                validate();
                if (interrupted_) break;
                enter(Phase::test);
            }
            const bool last = epoch_ + 1 == c_.training.epochs || patience_.is_over();
            const bool tests = last || c_.training.test == ImagesConfig::Test::epoch;
            if (tests) {
                evaluate(data_.test, 0, plan_.tests, last);
                if (interrupted_) break;
                confusion_ = tally_;
                test_error_ = confusion_.error_percent();
            }
            recording_.snapshot(epoch_ + 1, static_cast<std::int64_t>(done_));
            report_epoch(tests ? test_error_ : std::nullopt);
            if (last) break;
            ++epoch_;
            enter(Phase::training);
        }
        return finish();
    }

    /// The error after each of `times`.
    std::vector<ReadOut> read_out(const std::filesystem::path& weights, std::span<const double> times) {
        std::vector<std::string> learnt;
        for (const ProjectionDescription& p : description_.projections) {
            if (p.plasticity) learnt.push_back(p.name);
        }
        // Weights belong to the time constants they were learnt with, which are those of their last epoch.
        const std::int64_t epochs = restore_weights(weights, learnt, learners_[0].network());
        simulation().schedule(simulation().now(), action::CopyTiedWeights{});
        epoch_ = static_cast<Index>(std::max<std::int64_t>(epochs - 1, 0));
        if (c_.late.from > 0) enter_stage();
        plan_.end_ms = plan_.tests * (times.back() + c_.presentation.gap);
        std::vector<Index> wrong(times.size());
        Index seen = 0;
        for (; seen < plan_.tests && !interrupted_; ++seen) {
            set_pixels(data_.test[seen], rates_[0]);
            const std::vector<Index> answers = learners_[0].read_out(rates_[0], times);
            for (std::size_t i = 0; i < times.size(); ++i)
                wrong[i] += answers[i] == data_.test.labels[seen] ? 0U : 1U;
            after_images(1);
        }
        std::vector<ReadOut> result;
        for (std::size_t i = 0; i < times.size(); ++i)
            result.push_back({times[i], 100.0 * wrong[i] / seen, seen});
        return result;
    }

private:
    NetworkDescription described() const {
        NetworkDescription description =
            describe_images(c_, data_.training.pixels_of_one(), measured_relay());
        record_activity(c_, plan_.end_ms, description);
        return description;
    }

    std::optional<RelayDecoder> measured_relay() const {
        std::optional<RelayDecoder> relay = measure_relay(c_, context_.threads);
        if (relay) {
            context_.log(
                Severity::note,
                fmt::format("pv, driven by events: r {:.4f}, C {:.4f}, rest {:.2f} Hz, R2 {:.3f}, residual "
                            "{:.2f} Hz",
                            relay->r, relay->C, relay->rest_q, relay->R2, relay->residual));
        }
        return relay;
    }

    static std::vector<Index> populations_of(const Network& network) {
        std::vector<Index> list;
        for (const auto& [name, index] : network.populations) {
            if (name == "output" || name.starts_with("hidden")) list.push_back(index);
        }
        return list;
    }

    /// Of the first network: the one that is recorded.
    Simulation& simulation() { return learners_[0].simulation(); }

    /// What an epoch consists of; each shows images one by one, and a run may go on between two of them.
    enum class Phase { training, validation, test };

    void enter(Phase phase) {
        phase_ = phase;
        next_ = 0;
    }

    /// One pass through the training images in random order.
    void train() {
        if (next_ == 0) begin_epoch();
        std::vector<std::uint8_t> labels(learners_.size());
        while (next_ < plan_.examples && !interrupted_) {
            const auto count = std::min<Index>(static_cast<Index>(learners_.size()), plan_.examples - next_);
            set_learning_rates();
            record_part(epoch_ == 0 || epoch_ + 1 == c_.training.epochs, std::int64_t{epoch_} + 1);
            for (Index i = 0; i < count; ++i) {
                const Index image = order_[next_ + i];
                labels[i] = data_.training.labels[image];
                set_pixels(shifted(data_.training[image]), rates_[i]);
                follow(rates_[i], labels[i]);
            }
            learners_.for_each(
                count, [&](std::size_t i) { answers_[i] = learners_[i].learn(rates_[i], labels[i]); });
            learners_.merge();
            next_ += count;
            for (Index i = 0; i < count; ++i) score(answers_[i] == labels[i]);
            measure_angle();
            after_images(count);
        }
    }

    /// Of some stretches of a run the spikes of the first images are kept.
    void record_part(bool wanted, std::int64_t epoch) {
        const bool early = next_ / learners_.size() < c_.record.images;
        recording_.part(wanted && early ? std::optional(epoch) : std::nullopt);
    }

    void begin_epoch() {
        random_ = Stream(StreamKey(c_.seed, "images.order", "examples", epoch_));
        order_.resize(plan_.examples);
        std::iota(order_.begin(), order_.end(), 0U);
        for (std::size_t i = order_.size() - 1; i > 0; --i) {
            std::swap(order_[i], order_[boost::random::uniform_int_distribution<std::size_t>(0, i)(random_)]);
        }
        wrong_ = 0;
        if (c_.late.from > 0 && epoch_ == c_.late.from) enter_stage();
    }

    void enter_stage() {
        for (std::size_t i = 0; i < learners_.size(); ++i) learners_[i].enter(stage_of(c_, epoch_));
    }

    void score(bool right) {
        ++done_;
        wrong_ += right ? 0U : 1U;
        const double weight = 1.0 / static_cast<double>(std::min<std::uint64_t>(done_, 500));
        accuracy_ += weight * ((right ? 1.0 : 0.0) - accuracy_);
    }

    /// An example counts for the next angle.
    void follow(std::span<const double> rates, std::uint8_t label) {
        if (!angle_) return;
        std::vector<float> pixels(rates.size());
        std::transform(rates.begin(), rates.end(), pixels.begin(),
                       [this](double rate) { return static_cast<float>(rate / c_.input.rate); });
        angle_->add(pixels, label);
    }

    void measure_angle() {
        if (!angle_ || done_ % c_.training.angle_every >= learners_.size()) return;
        const std::vector<double> angles = angle_->take();
        angles_.push_back(static_cast<double>(done_));
        angles_.insert(angles_.end(), angles.begin(), angles.end());
    }

    void validate() {
        if (c_.training.validation == 0) return;
        evaluate(data_.training, data_.training.size() - c_.training.validation, c_.training.validation,
                 false);
        if (interrupted_) return;
        validation_error_ = tally_.error_percent();
        patience_.see(*validation_error_);
    }

    /// Shows images without teaching or plasticity, and tallies the answers.
    void evaluate(const Images& images, Index first, Index count, bool recorded) {
        if (next_ == 0) tally_ = {};
        while (next_ < count && !interrupted_) {
            const auto together = std::min<Index>(static_cast<Index>(learners_.size()), count - next_);
            const Index begin = first + next_;
            record_part(recorded, 0);
            learners_.for_each(together, [&](std::size_t i) {
                set_pixels(images[begin + static_cast<Index>(i)], rates_[i]);
                answers_[i] = learners_[i].read_out(rates_[i], {&c_.presentation.readout, 1}).front();
            });
            for (Index i = 0; i < together; ++i) ++tally_.counts[images.labels[begin + i]][answers_[i]];
            next_ += together;
            after_images(together);
        }
    }

    void set_pixels(std::span<const std::uint8_t> image, std::vector<double>& rates) const {
        rates.resize(image.size());
        std::transform(image.begin(), image.end(), rates.begin(),
                       [this](std::uint8_t v) { return c_.input.rate * v / 255.0; });
    }

    /// A training image, moved by up to a pixel where the run asks for it.
    std::span<const std::uint8_t> shifted(std::span<const std::uint8_t> image) {
        if (!c_.training.shifts) return image;
        boost::random::uniform_int_distribution<int> step(-1, 1);
        const int down = step(random_);
        const int right = step(random_);
        const auto rows = static_cast<int>(data_.training.rows);
        const auto columns = static_cast<int>(data_.training.columns);
        moved_.assign(image.size(), 0);
        for (int r = std::max(0, down); r < std::min(rows, rows + down); ++r) {
            for (int k = std::max(0, right); k < std::min(columns, columns + right); ++k) {
                moved_[static_cast<std::size_t>(r * columns + k)] =
                    image[static_cast<std::size_t>((r - down) * columns + k - right)];
            }
        }
        return moved_;
    }

    void after_images(Index count) {
        shown_ += count;
        recording_.tick();
        context_.progress({.time = ms(simulation().now()),
                           .end = plan_.end_ms,
                           .spikes = spikes(),
                           .step_name = "image",
                           .step = done_,
                           .steps = std::uint64_t{c_.training.epochs} * plan_.examples,
                           .event_rate = activity_.event_rate(),
                           .burst_probability = activity_.burst_probability(),
                           .accuracy = done_ > 0 ? std::optional(accuracy_) : std::nullopt});
        interrupted_ = context_.pause(state_);
    }

    /// They fall exponentially over the run; small steps, not one at each image.
    void set_learning_rates() {
        constexpr std::uint64_t every = 100;
        const bool new_stage = next_ == 0 && c_.late.from > 0 && epoch_ == c_.late.from;
        if (done_ % every >= learners_.size() && !new_stage) return;
        const double part =
            static_cast<double>(done_) / (static_cast<double>(c_.training.epochs) * plan_.examples);
        for (std::size_t i = 0; i < learners_.size(); ++i)
            learners_[i].scale_learning_rates(std::pow(c_.eta_final, part));
    }

    std::uint64_t spikes() const { return total(&SpikeCounts::neurons); }
    std::uint64_t source_spikes() const { return total(&SpikeCounts::sources); }
    std::uint64_t total(std::uint64_t (SpikeCounts::*count)() const) const {
        return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0},
                               [count](std::uint64_t sum, const auto& c) { return sum + ((*c).*count)(); });
    }
    std::uint64_t synaptic_events() {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < learners_.size(); ++i) sum += learners_[i].simulation().synaptic_events();
        return sum;
    }

    void report_epoch(std::optional<double> test_error) {
        context_.metrics({{"epoch", std::int64_t{epoch_ + 1}},
                          {"sample", static_cast<std::int64_t>(done_)},
                          {"time_ms", ms(simulation().now())},
                          {"training_error_percent", training_error_},
                          {"validation_error_percent", optional(validation_error_)},
                          {"test_error_percent", optional(test_error)},
                          {"event_rate_hz", optional(activity_.event_rate())},
                          {"burst_probability", optional(activity_.burst_probability())},
                          {"spikes", static_cast<std::int64_t>(spikes())},
                          {"source_spikes", static_cast<std::int64_t>(source_spikes())},
                          {"synaptic_events", static_cast<std::int64_t>(synaptic_events())}});
        write_angles();
    }

    static Value optional(std::optional<double> value) { return value ? Value(*value) : Value(); }

    void write_angles() const {
        if (!angle_) return;
        const std::filesystem::path path = context_.folder / "angles.csv";
        std::ofstream file(path);
        file << "sample";
        for (const std::string& layer : angle_->layers()) file << ',' << layer << "_degrees";
        const std::size_t columns = 1 + angle_->layers().size();
        for (std::size_t i = 0; i < angles_.size(); ++i) {
            if (i % columns == 0) {
                file << '\n' << static_cast<std::uint64_t>(angles_[i]);
            } else {
                file << ',' << angles_[i];
            }
        }
        file << '\n';
        file.close();
        if (!file) throw IoError(path.string(), "cannot be written");
    }

    void write_confusion() const {
        const std::filesystem::path path = context_.folder / "confusion.csv";
        std::ofstream file(path);
        file << "class";
        for (Index k = 0; k < label_count; ++k) file << ",taken_for_" << k;
        for (Index row = 0; row < label_count; ++row) {
            file << '\n' << row;
            for (const Index count : confusion_.counts[row]) file << ',' << count;
        }
        file << '\n';
        file.close();
        if (!file) throw IoError(path.string(), "cannot be written");
    }

    std::string variant() const {
        std::string name =
            fmt::format("{}/{}/{}/{}/{}", name_of(image_feedback_choices, c_.feedback),
                        name_of(feedback_choices, c_.transmission), name_of(baseline_choices, c_.baseline),
                        name_of(rule_choices, c_.rule), name_of(encoding_choices, c_.input.encoding));
        if (c_.inhibition == ImagesConfig::Inhibition::learned) name += "/learned";
        if (c_.inhibition == ImagesConfig::Inhibition::interneurons) name += "/interneurons";
        if (c_.training.shifts) name += "/shifts";
        if (c_.control != ImagesConfig::Control::none)
            name += fmt::format("/{}", name_of(image_control_choices, c_.control));
        return name;
    }

    RunResult finish() {
        if (test_error_) write_confusion();
        RunResult result;
        result.interrupted = interrupted_;
        result.result_hash = recording_.finish();
        for (std::size_t i = 1; i < learners_.size(); ++i) learners_[i].simulation().check_numbers();
        double biological = 0.0;
        for (std::size_t i = 0; i < learners_.size(); ++i)
            biological += ms(learners_[i].simulation().now()) / 1000.0;
        result.summary = {
            {"task", c_.task},
            {"variant", variant()},
            {"seed", static_cast<std::int64_t>(c_.seed)},
            {"epochs", static_cast<double>(done_) / plan_.examples},
            {"examples", static_cast<std::int64_t>(done_)},
            {"test_error_percent", optional(test_error_)},
            {"validation_error_percent", optional(validation_error_)},
            {"biological_s", biological},
            {"synaptic_events", static_cast<std::int64_t>(synaptic_events())},
            {"spikes_per_image",
             shown_ > 0 ? Value(static_cast<double>(spikes()) / static_cast<double>(shown_)) : Value()},
            {"synaptic_events_per_image",
             shown_ > 0 ? Value(static_cast<double>(synaptic_events()) / static_cast<double>(shown_))
                        : Value()}};
        append(result.summary, size_facts(size_of(description_)));
        append(result.summary, spike_facts(spikes(), source_spikes()));
        result.verdict =
            test_error_ ? fmt::format("{:.2f} % of {} test images wrong", *test_error_, confusion_.images())
                        : "no test was reached";
        return result;
    }

    void persist(Archive& archive) {
        for (std::size_t i = 0; i < learners_.size(); ++i)
            archive("simulation_" + std::to_string(i), learners_[i].simulation());
        for (std::size_t i = 0; i < counts_.size(); ++i) archive("counts_" + std::to_string(i), *counts_[i]);
        archive("recording", recording_);
        archive("activity", activity_);
        archive("phase", phase_);
        archive("epoch", epoch_);
        archive("next", next_);
        archive("order", order_);
        archive("random", random_);
        archive("wrong", wrong_);
        archive("tally", tally_);
        archive("examples", done_);
        archive("shown", shown_);
        archive("accuracy", accuracy_);
        archive("training_error", training_error_);
        archive("validation_error", validation_error_);
        patience_.persist(archive);
        archive("test_error", test_error_);
        archive("confusion", confusion_);
        archive("angles", angles_);
        if (angle_) archive("angle", *angle_);
        if (!archive.gives_back()) return;
        learners_.note_weights();
        for (std::size_t i = 0; i < learners_.size(); ++i) learners_[i].go_on(stage_of(c_, epoch_));
    }

    const ImagesConfig& c_;
    const RunContext& context_;
    const Persist state_ = [this](Archive& archive) { persist(archive); };
    DataSet data_;
    Plan plan_;
    NetworkDescription description_;
    ImageLearners learners_;
    Recording recording_;
    std::vector<std::unique_ptr<SpikeCounts>> counts_;  ///< by learner
    Activity activity_;
    std::optional<GradientAngle> angle_;
    std::vector<std::vector<double>> rates_;  ///< of the images that are shown,
    std::vector<Index> answers_;              ///< and the answers, by learner
    std::vector<std::uint8_t> moved_;         ///< pixels of an image that was shifted
    Index epoch_ = 0;
    Phase phase_ = Phase::training;
    Index next_ = 0;               ///< image of the phase
    std::vector<Index> order_;     ///< of the training images in this epoch
    Stream random_{StreamKey{}};   ///< of the order, and of how images are shifted
    Index wrong_ = 0;              ///< training images of this epoch
    Confusion tally_;              ///< of the present validation or test
    std::uint64_t done_ = 0;       ///< examples
    std::uint64_t shown_ = 0;      ///< images of any kind
    double accuracy_ = 0.0;        ///< of late, while training
    double training_error_ = 0.0;  ///< [%] of the last epoch, like the next
    std::optional<double> validation_error_;
    Patience patience_;
    std::optional<double> test_error_;
    Confusion confusion_;         ///< of the last test
    std::vector<double> angles_;  ///< rows of angles.csv: sample, [degrees] of each layer
    bool interrupted_ = false;
};

}  // namespace

NetworkDescription describe_images(const ImagesConfig& config) {
    constexpr Index mnist_pixels = 28 * 28;
    return describe_images(config, config.task == "digits" ? digit_size * digit_size : mnist_pixels);
}

void expect_images(const ImagesConfig& config) {
    // Of drawn digits there are as many as are asked for.
    if (!draws_digits(config)) plan_of(config, read_data_set(config.data));
}

std::vector<ReadOut> evaluate_images(const ImagesConfig& config, const std::filesystem::path& weights,
                                     const RunContext& context) {
    std::vector<double> times{10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0};  // [ms]
    const auto at = std::lower_bound(times.begin(), times.end(), config.presentation.readout);
    if (at == times.end() || *at != config.presentation.readout)
        times.insert(at, config.presentation.readout);
    ImagesConfig silent = config;
    silent.record = {.spikes = false, .images = 0, .traces = false, .weights = false};
    silent.training.batch = 1;
    silent.training.angle_every = 0;
    return ImagesRun(silent, data_of(config), context).read_out(weights, times);
}

RunResult run_images(const ImagesConfig& config, const RunContext& context) {
    return ImagesRun(config, data_of(config), context)();
}

}  // namespace apical
