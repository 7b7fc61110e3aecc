#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "synapses/decode.hpp"
#include "tasks/digits.hpp"
#include "tasks/idx.hpp"
#include "tasks/images_config.hpp"
#include "tasks/recording.hpp"
#include "tasks/run.hpp"

// Images learnt by a layered spiking BurstCCN. All rates are normalised: e = rate x R lies in [0, 1]. A trace
// of an input spike is 1/(r_max tau_soma), of an event R/tau_soma, so that traces have the mean of the
// pixel's value and of e.

namespace apical {
namespace {

constexpr double tonic_rate = 500.0;  // [Hz] of the regular source through which biases are learnt

using Control = ImagesConfig::Control;

std::string hidden_name(std::size_t layer) { return fmt::format("hidden_{}", layer + 1); }

Index neurons_of(const ImagesConfig& c) {
    double sum = static_cast<double>(label_count * c.output.per_class);
    for (const double size : c.hidden.sizes) sum += size;
    return static_cast<Index>(sum);
}

/// The network for images of `pixels` pixels.
class Describer {
public:
    Describer(const ImagesConfig& c, Index pixels) : c_(c), pixels_(pixels) {}

    NetworkDescription operator()() {
        d_.seed = c_.seed;
        d_.duration =
            (c_.presentation.duration + c_.presentation.gap) * c_.training.epochs * c_.training.train_limit;
        source("input", c_.input.encoding == ImagesConfig::Encoding::poisson ? "poisson" : "regular", pixels_,
               0.0);
        source("tonic", "regular", 1, tonic_rate);
        const std::size_t layers = c_.hidden.sizes.size();
        for (std::size_t l = 0; l < layers; ++l) {
            cells(hidden_name(l), static_cast<Index>(c_.hidden.sizes[l]), c_.hidden.p0, c_.hidden.bias);
        }
        cells("output", label_count * c_.output.per_class, c_.output.p0, c_.output.bias);

        const double pixel_trace = 1000.0 / (c_.input.rate * c_.neuron.tau_soma);
        const double event_trace = c_.neuron.t_ref / c_.neuron.tau_soma;
        for (std::size_t l = 0; l < layers; ++l) {
            const bool learns = c_.control != Control::frozen_hidden;
            const double spread =
                l == 0 ? c_.hidden.first_weight : c_.hidden.weight / std::sqrt(c_.hidden.sizes[l - 1]);
            forward(l == 0 ? "input" : hidden_name(l - 1), hidden_name(l), spread,
                    l == 0 ? pixel_trace : event_trace, learns);
            forward("tonic", hidden_name(l), 0.0, 1000.0 / (tonic_rate * c_.neuron.tau_soma), learns);
        }
        forward(hidden_name(layers - 1), "output", c_.output.weight / std::sqrt(c_.hidden.sizes.back()),
                event_trace, true);
        forward("tonic", "output", 0.0, 1000.0 / (tonic_rate * c_.neuron.tau_soma), true);
        if (c_.control != Control::no_feedback) {
            for (std::size_t l = 0; l < layers; ++l) feed_back(l);
        }
        if (c_.record.spikes) {
            for (const PopulationDescription& p : d_.populations) d_.record.spikes.push_back(p.name);
        }
        if (c_.record.weights) {
            for (const ProjectionDescription& p : d_.projections) {
                if (p.plasticity) d_.record.weights.push_back(p.name);
            }
        }
        return std::move(d_);
    }

private:
    void source(const std::string& name, const std::string& model, Index size, double rate) {
        PopulationDescription p;
        p.name = name;
        p.model = model;
        p.size = size;
        p.parameters = {{"rate", rate}};
        d_.populations.push_back(std::move(p));
    }

    void cells(const std::string& name, Index size, double p0, double bias) {
        PopulationDescription p;
        p.name = name;
        p.model = "stochastic_pyramidal";
        p.size = size;
        p.parameters = {{"R", c_.neuron.t_ref},
                        {"tau_soma", c_.neuron.tau_soma},
                        {"tau_dend", c_.neuron.tau_dend},
                        {"bias", bias},
                        {"p0", p0},
                        {"g", c_.hidden.g},
                        {"G", c_.output.G},
                        {"burst_spikes", c_.neuron.burst_spikes},
                        {"burst_interval", c_.neuron.burst_interval},
                        {"slack", 0.7}};  // most cells are far from the rates at which a loose bound costs
        d_.populations.push_back(std::move(p));
    }

    /// `gain` is the trace that one spike adds.
    void forward(const std::string& from, const std::string& to, double spread, double gain, bool learns) {
        ProjectionDescription p;
        p.name = from + "_to_" + to;
        p.source = from;
        p.target = to;
        p.port = "soma";
        p.delay = c_.neuron.delay;
        p.weight = {Distribution::Kind::normal, 0.0, spread};
        p.release = {{"event", gain, {}}};
        if (learns) {
            const bool fixed = c_.baseline == XorConfig::Baseline::fixed;
            PlasticityDescription rule;
            rule.rule = "burst_dependent";
            rule.teaching = c_.rule == XorConfig::Rule::sampled ? "sampled" : "variance_reduced";
            rule.baseline = fixed ? "fixed" : "moving_average";
            rule.parameters = {{"eta", learning_rate(c_, to, gain)},
                               {"tau_pre", c_.neuron.tau_soma},
                               {"p0", to == "output" ? c_.output.p0 : c_.hidden.p0}};
            if (!fixed) {
                rule.parameters["tau_average"] = c_.tau_average;
                rule.parameters["prior"] = 100.0;
            }
            p.plasticity = rule;
        }
        d_.projections.push_back(std::move(p));
    }

    /// From the layer above `layer` to its dendrites. s makes the mean of s (p - p0) the error of the rate
    /// model.
    void feed_back(std::size_t layer) {
        const bool from_output = layer + 1 == c_.hidden.sizes.size();
        const std::string from = from_output ? "output" : hidden_name(layer + 1);
        const double p0 = from_output ? c_.output.p0 : c_.hidden.p0;
        const double scale = c_.neuron.t_ref / c_.neuron.tau_dend * error_scale(c_, from);
        ProjectionDescription p;
        p.name = from + "_to_" + hidden_name(layer) + "_YQ";
        p.source = from;
        p.target = hidden_name(layer);
        p.port = "dendrite";
        p.delay = c_.neuron.delay;
        p.release = transmission(p0, scale);
        // An ensemble stands for one unit of the rate model.
        const double share = from_output ? 1.0 / c_.output.per_class : 1.0;
        if (c_.feedback == ImagesConfig::Feedback::tied) {
            p.tie = TieDescription{hidden_name(layer) + "_to_" + from, share, TieDescription::Mean::none,
                                   TieDescription::Part::whole};
        } else {
            p.weight = {Distribution::Kind::normal, 0.0, c_.feedback_scale * std::sqrt(share)};
        }
        d_.projections.push_back(std::move(p));
    }

    /// Excitation by bursts and inhibition by events, in units of b - p0 e.
    std::vector<ReleaseTerm> transmission(double p0, double scale) const {
        const bool swapped = c_.control == Control::swapped;
        std::vector<ReleaseTerm> terms;
        if (c_.transmission == XorConfig::Feedback::gated) {
            terms = {{swapped ? "event" : "burst", scale, {}},
                     {swapped ? "burst" : "event", -p0 * scale, {}}};
        } else {
            TsodyksMarkram bursts;
            bursts.U = c_.facilitation.U;
            bursts.tau_rec = c_.facilitation.tau_rec;
            bursts.tau_fac = c_.facilitation.tau_fac;
            TsodyksMarkram events;
            events.U = c_.depression.U;
            events.tau_rec = c_.depression.tau_rec;
            if (swapped) std::swap(bursts, events);
            const Separation s = decode(bursts, events,
                                        {p0, static_cast<int>(c_.neuron.burst_spikes),
                                         c_.neuron.burst_interval, c_.neuron.t_ref})
                                     .separation;
            // The gain makes up for the size of the signal, not for its sign.
            const double gain = scale / std::abs(s.C);
            terms = {term_of(bursts, gain), term_of(events, -s.r * gain)};
        }
        if (c_.control == Control::no_q) terms.pop_back();
        return terms;
    }

    static ReleaseTerm term_of(const TsodyksMarkram& s, double gain) {
        return {"tm", gain, {{"U", s.U}, {"tau_rec", s.tau_rec}, {"tau_fac", s.tau_fac}}};
    }

public:
    /// s: 1/p0 at the output, 1/(g p0 (1 - p0)) below it.
    static double error_scale(const ImagesConfig& c, const std::string& layer) {
        if (layer == "output") return 1.0 / c.output.p0;
        return 1.0 / (c.hidden.g * c.hidden.p0 * (1.0 - c.hidden.p0));
    }

    /// Of the rule: dw = eta R/(T - T0) s (X - p0) x at an event, with the trace that one spike leaves.
    static double learning_rate(const ImagesConfig& c, const std::string& layer, double gain) {
        const double eta = layer == "output" ? c.output.eta : c.hidden.eta;
        const double taught = c.presentation.duration - c.presentation.settling;
        return eta * c.neuron.t_ref / taught * error_scale(c, layer) * gain;
    }

private:
    const ImagesConfig& c_;
    Index pixels_;
    NetworkDescription d_;
};

/// Events of the output population by class, since the last clear().
class ClassCounts final : public Recorder {
public:
    ClassCounts(Index output, Index per_class) : output_(output), per_class_(per_class) {}
    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) {
            if (spike.population == output_ && spike.kind == SpikeKind::event)
                ++counts_[spike.neuron / per_class_];
        }
    }
    void finish(Time) override {}
    void clear() { counts_.fill(0); }
    /// The class with most events, the first of equals.
    Index winner() const {
        return static_cast<Index>(std::max_element(counts_.begin(), counts_.end()) - counts_.begin());
    }

private:
    Index output_;
    Index per_class_;
    std::array<std::uint64_t, label_count> counts_{};
};

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

DataSet data_of(const ImagesConfig& c) {
    if (!c.data.empty()) return read_data_set(c.data);
    if (c.task == "mnist") {
        throw DataError(
            "this task needs a data set: give its folder as --data DIR, or as the key `data` of the "
            "configuration");
    }
    return {draw_digits(c.training.train_limit + c.training.validation, c.seed, "training"),
            draw_digits(c.training.test_limit, c.seed, "test"),
            {}};
}

class ImagesRun {
public:
    ImagesRun(const ImagesConfig& c, DataSet data, const RunContext& context)
        : c_(c),
          context_(context),
          data_(std::move(data)),
          description_(Describer(c, data_.training.pixels_of_one())()),
          network_(build(description_, {.threads = context.threads})),
          input_(network_.populations.at("input")),
          output_(network_.populations.at("output")),
          target_(network_.variable("output", "target")),
          recording_(description_, network_, context),
          counts_(output_, c.output.per_class),
          activity_(cells_of(network_), neurons_of(c)) {
        simulation().add(counts_);
        simulation().add(activity_);
        const Index all = data_.training.size();
        if (c.training.validation >= all) {
            throw DataError(fmt::format("validation is {}, but there are {} training images",
                                        c.training.validation, all));
        }
        examples_ = std::min(c.training.train_limit, all - c.training.validation);
        tests_ = std::min(c.training.test_limit, data_.test.size());
        const double shown = c.presentation.readout + c.presentation.gap;
        const double looks = c.training.test == ImagesConfig::Test::epoch ? c.training.epochs : 1.0;
        end_ms_ = c.training.epochs * (examples_ * (c.presentation.duration + c.presentation.gap) +
                                       c.training.validation * shown) +
                  looks * tests_ * shown;
    }

    RunResult operator()() {
        if (!context_.resume(state_)) recording_.snapshot(0);
        while (epoch_ < c_.training.epochs) {
            if (phase_ == Phase::training) {
                train();
                training_error_ = 100.0 * wrong_ / std::max(1U, next_);
                if (interrupted_) {
                    recording_.snapshot(epoch_ + 1);
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
            const bool last = epoch_ + 1 == c_.training.epochs ||
                              (c_.training.patience > 0 && since_best_ >= c_.training.patience);
            const bool tests = last || c_.training.test == ImagesConfig::Test::epoch;
            if (tests) {
                evaluate(data_.test, 0, tests_);
                if (interrupted_) break;
                confusion_ = tally_;
                test_error_ = confusion_.error_percent();
            }
            recording_.snapshot(epoch_ + 1);
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
        restore_weights(weights, learnt, network_);
        end_ms_ = tests_ * (times.back() + c_.presentation.gap);
        std::vector<Index> wrong(times.size());
        Index seen = 0;
        for (; seen < tests_ && !interrupted_; ++seen) {
            pixels(data_.test[seen]);
            const Time onset = simulation().now();
            show(onset);
            for (std::size_t i = 0; i < times.size(); ++i) {
                run_to(onset + ticks(times[i]));
                wrong[i] += counts_.winner() == data_.test.labels[seen] ? 0U : 1U;
            }
            rest();
            interrupted_ = context_.pause(state_);
        }
        std::vector<ReadOut> result;
        for (std::size_t i = 0; i < times.size(); ++i) result.push_back({times[i], 100.0 * wrong[i] / seen});
        return result;
    }

private:
    static std::vector<Index> cells_of(const Network& network) {
        std::vector<Index> list;
        for (const auto& [name, index] : network.populations) {
            if (name == "output" || name.starts_with("hidden")) list.push_back(index);
        }
        return list;
    }

    Simulation& simulation() { return *network_.simulation; }

    /// What an epoch consists of; each shows images one by one, and a run may go on between two of them.
    enum class Phase { training, validation, test };

    void enter(Phase phase) {
        phase_ = phase;
        next_ = 0;
    }

    /// One pass through the training images in random order.
    void train() {
        if (next_ == 0) {
            random_ = Stream(StreamKey(c_.seed, "images.order", "examples", epoch_));
            order_.resize(examples_);
            std::iota(order_.begin(), order_.end(), 0U);
            for (std::size_t i = order_.size() - 1; i > 0; --i) {
                std::swap(order_[i],
                          order_[boost::random::uniform_int_distribution<std::size_t>(0, i)(random_)]);
            }
            wrong_ = 0;
        }
        while (next_ < examples_ && !interrupted_) {
            const Index image = order_[next_++];
            set_learning_rates();
            const std::uint8_t label = data_.training.labels[image];
            shifted(data_.training[image], random_);
            const bool right = present(label) == label;
            ++done_;
            wrong_ += right ? 0U : 1U;
            const double weight = 1.0 / static_cast<double>(std::min<std::uint64_t>(done_, 500));
            accuracy_ += weight * ((right ? 1.0 : 0.0) - accuracy_);
            interrupted_ = context_.pause(state_);
        }
    }

    void validate() {
        if (c_.training.validation == 0) return;
        evaluate(data_.training, data_.training.size() - c_.training.validation, c_.training.validation);
        if (interrupted_) return;
        validation_error_ = tally_.error_percent();
        since_best_ = *validation_error_ < best_ ? 0 : since_best_ + 1;
        best_ = std::min(best_, *validation_error_);
    }

    /// Shows images without teaching or plasticity, and tallies the answers.
    void evaluate(const Images& images, Index first, Index count) {
        if (next_ == 0) tally_ = {};
        while (next_ < count && !interrupted_) {
            const Index i = first + next_++;
            pixels(images[i]);
            ++tally_.counts[images.labels[i]][present(std::nullopt)];
            interrupted_ = context_.pause(state_);
        }
    }

    void pixels(std::span<const std::uint8_t> image) {
        rates_.resize(image.size());
        std::transform(image.begin(), image.end(), rates_.begin(),
                       [this](std::uint8_t v) { return c_.input.rate * v / 255.0; });
    }

    /// The same for a training image, moved by up to a pixel where the run asks for it.
    void shifted(std::span<const std::uint8_t> image, Stream& random) {
        if (!c_.training.shifts) return pixels(image);
        boost::random::uniform_int_distribution<int> step(-1, 1);
        const int down = step(random);
        const int right = step(random);
        const auto rows = static_cast<int>(data_.training.rows);
        const auto columns = static_cast<int>(data_.training.columns);
        moved_.assign(image.size(), 0);
        for (int r = std::max(0, down); r < std::min(rows, rows + down); ++r) {
            for (int k = std::max(0, right); k < std::min(columns, columns + right); ++k) {
                moved_[static_cast<std::size_t>(r * columns + k)] =
                    image[static_cast<std::size_t>((r - down) * columns + k - right)];
            }
        }
        pixels(moved_);
    }

    /// Shows `rates_`, with teaching of `label` and plasticity after the settling time if there is one;
    /// returns the class that answers.
    Index present(std::optional<std::uint8_t> label) {
        const Time onset = simulation().now();
        const double length = label ? c_.presentation.duration : c_.presentation.readout;
        const Time off = onset + ticks(length);
        show(onset);
        if (label) {
            at(onset, action::CopyTiedWeights{});
            const Time teaching = onset + ticks(c_.presentation.settling);
            std::vector<double> targets(std::size_t{label_count} * c_.output.per_class, 0.0);
            std::fill_n(targets.begin() + static_cast<std::ptrdiff_t>(*label * c_.output.per_class),
                        c_.output.per_class, 1.0);
            at(teaching, action::SetVariable{output_, target_, std::move(targets)});
            at(teaching, action::GatePlasticity{true});
        }
        run_to(off);
        const Index answer = counts_.winner();
        if (label) at(off, action::SetVariable{output_, target_, {std::nan("")}});
        rest();
        return answer;
    }

    void at(Time time, Action action) { simulation().schedule(time, std::move(action)); }

    /// From `onset`: the image, and no plasticity.
    void show(Time onset) {
        if (c_.presentation.reset == ImagesConfig::Reset::state) at(onset, action::ResetState{});
        at(onset, action::SetRates{input_, rates_});
        at(onset, action::GatePlasticity{false});
        counts_.clear();
        ++shown_;
    }

    /// The gap after an image.
    void rest() {
        if (c_.presentation.gap == 0.0) return;
        const Time off = simulation().now();
        at(off, action::SetRates{input_, {0.0}});
        at(off, action::GatePlasticity{false});
        run_to(off + ticks(c_.presentation.gap));
    }

    void run_to(Time end) {
        simulation().cut(end);
        simulation().run_until(end);
        recording_.tick();
        context_.progress({.time = ms(simulation().now()),
                           .end = end_ms_,
                           .spikes = simulation().spikes(),
                           .step_name = "image",
                           .step = done_,
                           .steps = std::uint64_t{c_.training.epochs} * examples_,
                           .event_rate = activity_.event_rate(),
                           .burst_probability = activity_.burst_probability(),
                           .accuracy = done_ > 0 ? std::optional(accuracy_) : std::nullopt});
    }

    /// They fall exponentially over the run; small steps, not one at each image.
    void set_learning_rates() {
        constexpr std::uint64_t every = 100;
        if (done_ % every != 0) return;
        const double part =
            static_cast<double>(done_) / (static_cast<double>(c_.training.epochs) * examples_);
        const double factor = std::pow(c_.eta_final, part);
        for (const ProjectionDescription& p : description_.projections) {
            if (!p.plasticity) continue;
            simulation().schedule(simulation().now(),
                                  action::SetRuleParameter{network_.projections.at(p.name), "eta",
                                                           p.plasticity->parameters.at("eta") * factor});
        }
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
                          {"spikes", static_cast<std::int64_t>(simulation().spikes())},
                          {"synaptic_events", static_cast<std::int64_t>(simulation().synaptic_events())}});
    }

    static Value optional(std::optional<double> value) { return value ? Value(*value) : Value(); }

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
        if (c_.training.shifts) name += "/shifts";
        if (c_.control != Control::none)
            name += fmt::format("/{}", name_of(image_control_choices, c_.control));
        return name;
    }

    RunResult finish() {
        if (test_error_) write_confusion();
        RunResult result;
        result.interrupted = interrupted_;
        result.result_hash = recording_.finish();
        const auto total = static_cast<double>(simulation().spikes());
        const double biological = ms(simulation().now()) / 1000.0;
        result.summary = {
            {"task", c_.task},
            {"variant", variant()},
            {"seed", static_cast<std::int64_t>(c_.seed)},
            {"epochs", static_cast<double>(done_) / examples_},
            {"examples", static_cast<std::int64_t>(done_)},
            {"test_error_percent", optional(test_error_)},
            {"validation_error_percent", optional(validation_error_)},
            {"biological_s", biological},
            {"spikes", static_cast<std::int64_t>(simulation().spikes())},
            {"synaptic_events", static_cast<std::int64_t>(simulation().synaptic_events())},
            {"spikes_per_image", shown_ > 0 ? Value(total / static_cast<double>(shown_)) : Value()}};
        result.verdict =
            test_error_ ? fmt::format("{:.2f} % of {} test images wrong", *test_error_, confusion_.images())
                        : "no test was reached";
        return result;
    }

    void persist(Archive& archive) {
        archive("simulation", simulation());
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
        archive("best", best_);
        archive("since_best", since_best_);
        archive("test_error", test_error_);
        archive("confusion", confusion_);
    }

    const ImagesConfig& c_;
    const RunContext& context_;
    const Persist state_ = [this](Archive& archive) { persist(archive); };
    DataSet data_;
    NetworkDescription description_;
    Network network_;
    Index input_;
    Index output_;
    std::size_t target_;
    Recording recording_;
    ClassCounts counts_;
    Activity activity_;
    Index examples_ = 0;  ///< of an epoch
    Index tests_ = 0;
    double end_ms_ = 0.0;
    std::vector<double> rates_;        ///< of the image that is shown
    std::vector<std::uint8_t> moved_;  ///< pixels of an image that was shifted
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
    double best_ = std::numeric_limits<double>::infinity();
    Index since_best_ = 0;  ///< epochs
    std::optional<double> test_error_;
    Confusion confusion_;  ///< of the last test
    bool interrupted_ = false;
};

}  // namespace

NetworkDescription describe_images(const ImagesConfig& config) {
    constexpr Index mnist_pixels = 28 * 28;
    return Describer(config, config.task == "digits" ? digit_size * digit_size : mnist_pixels)();
}

std::vector<ReadOut> evaluate_images(const ImagesConfig& config, const std::filesystem::path& weights,
                                     const RunContext& context) {
    constexpr std::array times{10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0};  // [ms]
    ImagesConfig silent = config;
    silent.record = {.spikes = false, .weights = false};
    return ImagesRun(silent, data_of(config), context).read_out(weights, times);
}

RunResult run_images(const ImagesConfig& config, const RunContext& context) {
    return ImagesRun(config, data_of(config), context)();
}

}  // namespace apical
