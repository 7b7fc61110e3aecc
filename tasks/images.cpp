#include "tasks/images.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "tasks/digits.hpp"
#include "tasks/idx.hpp"

namespace apical {
namespace {

bool draws_digits(const ImagesConfig& c) {
    if (c.data.empty() && c.task == "mnist") {
        throw DataError(
            "this task needs a data set: give its folder as --data DIR, or as the key `data` of the "
            "configuration");
    }
    return c.data.empty();
}

Shape shape_of(Index pixels) { return {.inputs = pixels, .full = 255.0, .outputs = label_count}; }

/// As much as is asked for.
TrainingPlan plan_of(const ImagesConfig& c) {
    TrainingPlan plan;
    plan.epochs = c.training.epochs;
    plan.examples = c.training.train_limit;
    plan.validation = c.training.validation;
    plan.tests = c.training.test_limit;
    plan.tests_each_epoch = c.training.test == ImagesConfig::Test::epoch;
    plan.patience = c.training.patience;
    plan.batch = c.training.batch;
    plan.angle_every = c.training.angle_every;
    return plan;
}

/// As much as there is.
TrainingPlan plan_of(const ImagesConfig& c, const DataSet& data) {
    TrainingPlan plan = plan_of(c);
    const Index all = data.training.size();
    if (plan.validation >= all) {
        throw DataError(
            fmt::format("validation is {}, but there are {} training images", plan.validation, all));
    }
    plan.examples = std::min(plan.examples, all - plan.validation);
    plan.tests = std::min(plan.tests, data.test.size());
    return plan;
}

class ImagesCourse final : public Course {
public:
    ImagesCourse(const ImagesConfig& c, std::uint64_t seed, DataSet data)
        : shifts_(c.training.shifts),
          seed_(seed),
          data_(std::move(data)),
          shape_(shape_of(data_.training.pixels_of_one())),
          plan_(plan_of(c, data_)) {}

    const Shape& shape() const override { return shape_; }
    const TrainingPlan& plan() const override { return plan_; }

    /// One pass through the training images in random order.
    void begin_epoch(Index epoch) override {
        random_ = Stream(StreamKey(seed_, "images.order", "examples", epoch));
        order_.resize(plan_.examples);
        std::iota(order_.begin(), order_.end(), 0U);
        for (std::size_t i = order_.size() - 1; i > 0; --i) {
            std::swap(order_[i], order_[boost::random::uniform_int_distribution<std::size_t>(0, i)(random_)]);
        }
    }

    Example example(Index k) override {
        Example example = of_image(data_.training, order_[k]);
        if (shifts_) shift(example.levels);
        return example;
    }

    Example test(Part part, Index k) const override {
        if (part == Part::test) return of_image(data_.test, k);
        return of_image(data_.training, data_.training.size() - plan_.validation + k);
    }

    std::string verdict(const Outcome& outcome) const override {
        return outcome.test_error
                   ? fmt::format("{:.2f} % of {} test images wrong", *outcome.test_error, outcome.tested)
                   : "no test was reached";
    }

    void persist(Archive& archive) override {
        archive("order", order_);
        archive("random", random_);
    }

private:
    static Example of_image(const Images& images, Index image) {
        const std::span<const std::uint8_t> pixels = images[image];
        return {{pixels.begin(), pixels.end()}, images.labels[image]};
    }

    /// By up to a pixel, at random; black comes in.
    void shift(std::vector<double>& levels) {
        boost::random::uniform_int_distribution<int> step(-1, 1);
        const int down = step(random_);
        const int right = step(random_);
        const auto rows = static_cast<int>(data_.training.rows);
        const auto columns = static_cast<int>(data_.training.columns);
        const std::vector<double> before = std::exchange(levels, std::vector<double>(levels.size(), 0.0));
        for (int r = std::max(0, down); r < std::min(rows, rows + down); ++r) {
            for (int k = std::max(0, right); k < std::min(columns, columns + right); ++k) {
                const int from = (r - down) * columns + k - right;
                const int to = r * columns + k;
                levels[static_cast<std::size_t>(to)] = before[static_cast<std::size_t>(from)];
            }
        }
    }

    bool shifts_;
    std::uint64_t seed_;
    DataSet data_;
    Shape shape_;
    TrainingPlan plan_;
    std::vector<Index> order_;    ///< of the training images in this epoch
    Stream random_{StreamKey{}};  ///< of the order, and of how images are shifted
};

class ImagesTask final : public Task {
public:
    explicit ImagesTask(ImagesConfig c) : c_(std::move(c)) {}

    std::string unit() const override { return "image"; }
    Shape shape() const override {
        constexpr Index mnist_pixels = 28 * 28;
        return shape_of(c_.task == "digits" ? digit_size * digit_size : mnist_pixels);
    }
    TrainingPlan plan() const override { return plan_of(c_); }

    std::vector<std::filesystem::path> inputs() const override {
        if (draws_digits(c_)) return {};  // of which there are as many as are asked for
        plan_of(c_, read_data_set(c_.data));
        return find_data_set(c_.data);
    }

    std::unique_ptr<Course> open(std::uint64_t seed) const override {
        const Index all = c_.training.train_limit + c_.training.validation;
        return std::make_unique<ImagesCourse>(c_, seed,
                                              draws_digits(c_)
                                                  ? DataSet{draw_digits(all, seed, "training"),
                                                            draw_digits(c_.training.test_limit, seed, "test"),
                                                            {}}
                                                  : read_data_set(c_.data));
    }

private:
    ImagesConfig c_;
};

}  // namespace

ImagesConfig digits_config() {
    ImagesConfig c;
    c.task = "digits";
    c.training.epochs = 3;
    c.training.train_limit = 2000;
    c.training.test_limit = 500;
    c.training.validation = 500;
    return c;
}

ImagesConfig read_images(ConfigTable root, ImagesConfig defaults) {
    ImagesConfig c = std::move(defaults);
    constexpr Range at_least_one{.low = 1.0};
    root.read_path(
        {.name = "data",
         .meaning = c.task == "digits" ? "folder of a data set in place of drawn digits; or --data DIR"
                                       : "folder of the data set; or --data DIR"},
        c.data);
    ConfigTable task = root.table("task", "What is learnt, and for how long.");
    task.read({"epochs", "1", "passes through the training images", at_least_one}, c.training.epochs);
    task.read({"train_limit", "1", "training images in use, at most", at_least_one}, c.training.train_limit);
    task.read({"test_limit", "1", "test images in use, at most", at_least_one}, c.training.test_limit);
    task.read({"validation", "1",
               "training images, the last ones, that are kept from training to measure progress with"},
              c.training.validation);
    task.read({"patience", "1", "stop after so many epochs without a lower validation error; 0: never",
               not_negative},
              c.training.patience);
    task.read({.name = "test", .meaning = "when the test images are looked at"}, test_choices,
              c.training.test);
    task.read({"shifts", "", "move each training image by up to one pixel, at random"}, c.training.shifts);
    task.read({"batch",
               "1",
               "images shown at once, each to a copy of the network; the changes of their weights add up. "
               "More than 1 is no longer online learning, and keeps as many threads busy",
               {.low = 1.0, .high = 256.0}},
              c.training.batch);
    task.read(
        {"angle_every", "1",
         "examples between measurements of the angle between the change of the weights and the gradient "
         "of the rate network: angles.csv; 0: none",
         not_negative},
        c.training.angle_every);
    if (c.training.validation == 0) task.idle("patience", "there are no validation images");
    return c;
}

std::unique_ptr<Task> images_task(const ImagesConfig& config) { return std::make_unique<ImagesTask>(config); }

}  // namespace apical
