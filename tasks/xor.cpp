#include "tasks/xor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include "core/random.hpp"
#include "tasks/xor_score.hpp"

namespace apical {
namespace {

constexpr Shape shape_of_xor{.inputs = 2, .full = 1.0, .outputs = 1};

/// The inputs (a, b) of pattern number a + 2 b.
constexpr std::array names_of_patterns = {"00", "10", "01", "11"};

TrainingPlan plan_of(const XorConfig& c) {
    TrainingPlan plan;
    plan.tests = 4;
    if (c.order == XorConfig::Order::in_turn) {
        plan.epochs = c.epochs;
        plan.examples = 4;
        plan.tests_apart = true;
        plan.snapshots = false;
    } else {
        plan.epochs = (c.examples + c.test_every - 1) / c.test_every;
        plan.examples = c.test_every;
        plan.tests_each_epoch = true;
    }
    return plan;
}

class XorCourse final : public Course {
public:
    XorCourse(const XorConfig& c, std::uint64_t seed)
        : c_(c), plan_(plan_of(c)), order_(StreamKey(seed, "xor.patterns", "examples")), answers_(4) {}

    const Shape& shape() const override { return shape_of_xor; }
    const TrainingPlan& plan() const override { return plan_; }
    /// The last epoch may be a shorter one, which is not tested.
    Index examples(Index epoch) const override {
        return balanced() ? std::min(c_.test_every, c_.examples - epoch * c_.test_every) : 4;
    }
    bool is_tested(Index epoch, bool /*last*/) const override {
        return balanced() && examples(epoch) == c_.test_every;
    }

    void begin_epoch(Index epoch) override { first_ = epoch * plan_.examples; }

    Example example(Index k) override {
        const Index place = (first_ + k) % 4;
        if (balanced() && place == 0) {
            for (std::size_t i = 3; i > 0; --i) {
                std::swap(patterns_[i],
                          patterns_[boost::random::uniform_int_distribution<std::size_t>(0, i)(order_)]);
            }
        }
        return of_pattern(patterns_[place]);
    }
    Example test(Part /*part*/, Index k) const override { return of_pattern(k); }

    void see(Part part, Index k, const Answer& answer) override {
        const Index pattern = part == Part::training ? patterns_[(first_ + k) % 4] : k;
        answers_[pattern] = {answer.activity[0], answer.event_rate[0], answer.burst_probability[0]};
    }

    Facts close(Part part, std::uint64_t done) override {
        XorTest result = judge(static_cast<Index>(done), answers_);
        Facts row;
        if (!balanced()) row.emplace_back("phase", part == Part::training ? "training" : "test");
        append(row, {{"loss", result.squared_error}, {"cost", result.cost}});
        for (std::size_t pattern = 0; pattern < 4; ++pattern) {
            const XorAnswer& answer = answers_[pattern];
            const char* name = names_of_patterns.at(pattern);
            row.emplace_back(fmt::format("event_rate_{}_hz", name), answer.event_rate);
            row.emplace_back(fmt::format("burst_probability_{}", name),
                             std::isnan(answer.burst_probability) ? Value() : answer.burst_probability);
        }
        if (part == Part::training) {
            cost_of_epoch_ = result.cost;
        } else {
            if (tests_.empty()) before_ = answers_;
            tests_.push_back(result);
        }
        return row;
    }

    Facts facts(const Outcome& outcome) const override {
        if (balanced()) {
            const std::optional<Index> solved = solved_at(tests_);
            const bool tested = !tests_.empty();
            return {{"patterns_right", tested ? Value(std::int64_t{tests_.back().right}) : Value()},
                    {"solved_at_example", solved ? Value(std::int64_t{*solved}) : Value()},
                    {"mean_squared_error", tested ? Value(tests_.back().squared_error) : Value()}};
        }
        Facts facts = {
            {"patterns_right", outcome.interrupted ? Value() : Value(std::int64_t{tests_.back().right})},
            {"cost_of_last_epoch", outcome.interrupted ? Value() : Value(cost_of_epoch_)}};
        for (std::size_t pattern = 0; pattern < 4; ++pattern) {
            const char* name = names_of_patterns.at(pattern);
            facts.emplace_back(fmt::format("before_{}_hz", name),
                               tests_.empty() ? Value() : before_[pattern].event_rate);
            facts.emplace_back(fmt::format("after_{}_hz", name),
                               outcome.interrupted ? Value() : answers_[pattern].event_rate);
        }
        return facts;
    }

    std::string verdict(const Outcome& outcome) const override {
        if (!balanced()) {
            if (outcome.interrupted) return fmt::format("stopped in epoch {}", outcome.epochs);
            std::string text = fmt::format("{}/4 patterns right:", tests_.back().right);
            for (std::size_t pattern = 0; pattern < 4; ++pattern) {
                const char* name = names_of_patterns.at(pattern);
                text += fmt::format("{} ({},{}) {:.1f} Hz", pattern == 0 ? "" : ",", name[0], name[1],
                                    answers_[pattern].event_rate);
            }
            return text;
        }
        if (tests_.empty()) return "no test was reached";
        const int right = static_cast<int>(tests_.back().right);
        if (const std::optional<Index> solved = solved_at(tests_))
            return fmt::format("{}/4 patterns right from sample {}", right, *solved);
        return fmt::format("{}/4 patterns right in the last test, not solved", right);
    }

    void persist(Archive& archive) override {
        archive("order", order_);
        archive("patterns", std::span(patterns_));
        archive("first", first_);
        const auto answers = [&](const char* name, std::vector<XorAnswer>& list) {
            archive.columns(name, list, "activity", &XorAnswer::activity, "event_rate",
                            &XorAnswer::event_rate, "burst_probability", &XorAnswer::burst_probability);
        };
        answers("answers", answers_);
        answers("before", before_);
        archive("cost_of_epoch", cost_of_epoch_);
        archive.columns("tests", tests_, "after", &XorTest::after, "right", &XorTest::right, "squared_error",
                        &XorTest::squared_error, "cost", &XorTest::cost);
    }

private:
    bool balanced() const { return c_.order == XorConfig::Order::balanced; }

    static Example of_pattern(Index pattern) {
        return {{(pattern & 1U) != 0 ? 1.0 : 0.0, (pattern & 2U) != 0 ? 1.0 : 0.0}, xor_of(pattern)};
    }

    XorConfig c_;
    TrainingPlan plan_;
    Stream order_;                               ///< of the examples
    std::array<Index, 4> patterns_{0, 1, 2, 3};  ///< of the present block of examples
    Index first_ = 0;                            ///< example of the epoch
    std::vector<XorAnswer> answers_;             ///< the last ones, by pattern,
    std::vector<XorAnswer> before_;              ///< and those of the first test
    double cost_of_epoch_ = 0.0;                 ///< the last one
    std::vector<XorTest> tests_;
};

class XorTask final : public Task {
public:
    explicit XorTask(const XorConfig& c) : c_(c) {}

    std::string unit() const override { return "sample"; }
    Shape shape() const override { return shape_of_xor; }
    TrainingPlan plan() const override { return plan_of(c_); }
    std::unique_ptr<Course> open(std::uint64_t seed) const override {
        return std::make_unique<XorCourse>(c_, seed);
    }

private:
    XorConfig c_;
};

}  // namespace

XorConfig read_xor(ConfigTable root, XorConfig defaults) {
    XorConfig c = defaults;
    constexpr Range at_least_one{.low = 1.0};
    root.read({.name = "order", .meaning = "how the four patterns follow one another"}, order_choices,
              c.order);
    root.read({"examples", "1", "training examples", {.low = 1.0, .high = 1e6}}, c.examples);
    root.read({"test_every", "1", "examples between tests of all four patterns", at_least_one}, c.test_every);
    root.read({"epochs", "1", "how often the four patterns are trained", {.low = 1.0, .high = 1e6}},
              c.epochs);
    if (c.order == XorConfig::Order::in_turn) {
        for (const std::string_view key : {"examples", "test_every"}) root.idle(key, "order is \"in_turn\"");
    } else {
        root.idle("epochs", "order is \"balanced\"");
        if (c.test_every > c.examples) {
            root.complain("test_every", "E0209",
                          fmt::format("test_every is {}, with only {} examples: nothing would be tested",
                                      c.test_every, c.examples));
        }
    }
    return c;
}

std::unique_ptr<Task> xor_task(const XorConfig& config) { return std::make_unique<XorTask>(config); }

}  // namespace apical
