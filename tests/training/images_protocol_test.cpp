#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "circuits/burstccn_network.hpp"
#include "core/error.hpp"
#include "tasks/digits.hpp"
#include "tests/recorders/folder.hpp"
#include "tests/training/image_set.hpp"
#include "tests/training/observer.hpp"
#include "tests/training/runs.hpp"

// The protocol of images as examples/mnist/README.md and the commented configuration have it: an image is
// shown for T; from T0 to T the target is applied and all weights learn. Each epoch shows all training images
// once, in random order, then the last `validation` training images, which are never trained on. Test images
// are looked at once, at the end, or after each epoch. An image's class is the one whose output neurons have
// most events.

namespace apical {
namespace {

using test::BurstCcnOnImages;
using test::evaluate_images;
using test::Folder;
using test::ImageSet;
using test::Observer;
using test::run_images;
using test::Told;
using test::watched;
using test::Weights;

constexpr Index training_images = 60;
constexpr Index test_images = 25;

/// Short, with rates at which one look at the spikes says what was shown.
BurstCcnOnImages small(const Folder& folder) {
    BurstCcnOnImages c;
    c.data = folder.path().string();
    c.training.epochs = 2;
    c.training.train_limit = 30;
    c.training.validation = 12;
    c.training.test_limit = 15;
    c.presentation = {.duration = 14.0, .settling = 6.0, .gap = 3.0, .readout = 11.0};
    c.input.rate = 500.0;
    c.hidden.sizes = {12.0};
    c.hidden.bias = 0.0;
    c.output.per_class = 2;
    c.output.bias = 0.0;
    c.neuron.t_ref = 2.0;
    c.neuron.tau_soma = 5.0;
    c.expression = BurstCcnConfig::Expression::immediate;
    c.record = {.spikes = false, .weights = false};
    return c;
}

RunContext in(const Folder& folder) {
    RunContext context;
    context.folder = folder.path();
    return context;
}

struct Presentation {
    double from;
    double off;  ///< the image goes
    double to;   ///< the next one comes
    BurstCcnStage stage;
    Part part;
    Index epoch;
    ImageSet::Seen image{};
};

/// What an experimenter would write down beforehand.
std::vector<Presentation> planned(const BurstCcnOnImages& c, Index epochs, double from = 0.0) {
    std::vector<Presentation> list;
    const auto show = [&](Index count, double length, Part part, Index epoch) {
        for (Index i = 0; i < count; ++i) {
            const double off = from + length;
            const bool late = c.late.from > 0 && epoch >= c.late.from;
            const BurstCcnStage stage =
                late ? BurstCcnStage{c.late.duration, c.late.settling, c.late.tau_soma, c.late.tau_dend}
                     : BurstCcnStage{c.presentation.duration, c.presentation.settling, c.neuron.tau_soma,
                                     c.neuron.tau_dend};
            list.push_back({from, off, off + c.presentation.gap, stage, part, epoch});
            from = off + c.presentation.gap;
        }
    };
    for (Index epoch = 0; epoch < epochs; ++epoch) {
        const bool late = c.late.from > 0 && epoch >= c.late.from;
        show(c.training.train_limit, late ? c.late.duration : c.presentation.duration, Part::training, epoch);
        show(c.training.validation, c.presentation.readout, Part::validation, epoch);
        if (c.training.test == ImagesConfig::Test::epoch || epoch + 1 == epochs)
            show(c.training.test_limit, c.presentation.readout, Part::test, epoch);
    }
    return list;
}

/// Finds out which images were shown, by the pixels that fired.
void identify(std::vector<Presentation>& list, const ImageSet& images, const Observer& seen) {
    for (Presentation& p : list) {
        ImageSet::Raster bright(ImageSet::pixels);
        for (const Spike& spike : seen.spikes_of("input", p.from, p.off)) bright[spike.neuron] = true;
        const ImageSet::Seen* found = images.find(bright);
        ASSERT_NE(found, nullptr) << "nothing that is known was shown at " << p.from;
        p.image = *found;
        ASSERT_EQ(seen.count("input", p.off, p.to), 0.0) << "input in the gap";
    }
}

/// Every training image once in each epoch, no other; then those kept for validation, then those for tests.
void expect_images(const BurstCcnOnImages& c, const std::vector<Presentation>& list) {
    std::map<std::pair<Index, Part>, std::vector<Index>> shown;
    for (const Presentation& p : list) {
        ASSERT_EQ(p.image.test, p.part == Part::test) << "at " << p.from;
        if (!c.training.shifts || p.part != Part::training) {
            ASSERT_EQ(p.image.down, 0);
            ASSERT_EQ(p.image.right, 0);
        }
        shown[{p.epoch, p.part}].push_back(p.image.image);
    }
    std::set<std::vector<Index>> orders;
    for (auto [when, which] : shown) {
        std::vector<Index> all(which.size());
        if (when.second == Part::training) {
            EXPECT_TRUE(orders.insert(which).second) << "the same order again";
            EXPECT_FALSE(std::is_sorted(which.begin(), which.end()));
            std::sort(which.begin(), which.end());
        }
        std::iota(all.begin(), all.end(),
                  when.second == Part::validation ? training_images - c.training.validation : 0U);
        EXPECT_EQ(which, all) << "epoch " << when.first << ", part " << static_cast<int>(when.second);
    }
}

std::uint8_t label_of(const ImageSet& images, const ImageSet::Seen& image) {
    return (image.test ? images.data.test : images.data.training).labels[image.image];
}

/// From T0 to T, and then only, the neurons of the image's class have the target 1, all others 0.
void expect_targets(const BurstCcnOnImages& c, const std::vector<Presentation>& list, const ImageSet& images,
                    const Observer& seen) {
    for (const Presentation& p : list) {
        const double taught = p.part == Part::training ? p.from + p.stage.settling : p.to;
        for (const Observer::Moment* moment : seen.between(p.from, p.to)) {
            const std::vector<double>& targets = moment->states.at("output.target");
            const bool on = moment->end > taught + 1e-6 && moment->end < p.off + 1e-6;
            for (Index k = 0; k < targets.size(); ++k) {
                if (on) {
                    ASSERT_EQ(targets[k], k / c.output.per_class == label_of(images, p.image) ? 1.0 : 0.0)
                        << "neuron " << k << " at " << moment->end;
                } else {
                    ASSERT_TRUE(std::isnan(targets[k])) << "at " << moment->end;
                }
            }
        }
    }
}

/// Which projections change at `offset` [ms] of training images, in the window that ends there.
std::map<std::string, std::pair<double, double>> times_of_change(const std::vector<Presentation>& list,
                                                                 const Observer& seen) {
    std::map<std::string, std::pair<double, double>> times;
    for (const Presentation& p : list) {
        if (p.part != Part::training) continue;
        const auto moments = seen.between(p.from, p.to);
        for (std::size_t i = 1; i < moments.size(); ++i) {
            for (const std::string& name : seen.learning()) {
                if (moments[i]->weights.at(name) == moments[i - 1]->weights.at(name)) continue;
                const double begin = moments[i]->begin - p.from;
                const double end = moments[i]->end - p.from;
                auto& [first, last] = times.emplace(name, std::pair(begin, end)).first->second;
                first = std::min(first, begin);
                last = std::max(last, end);
            }
        }
    }
    return times;
}

/// From T0 to T. Output cells that are not taught burst with p0, which teaches nothing, and of a spike its
/// synapses know after the delay.
std::pair<double, double> time_of_learning(const BurstCcnOnImages& c, const std::string& projection) {
    const bool output = projection.find("_to_output") != std::string::npos;
    return {c.presentation.settling + (output ? c.neuron.delay : 0.0), c.presentation.duration};
}

/// Bit for bit the same weights from the moment in which the image before goes, up to the one in which the
/// next comes.
void expect_no_learning_in_tests(const std::vector<Presentation>& list, const Observer& seen) {
    for (std::size_t i = 1; i < list.size(); ++i) {
        if (list[i].part == Part::training) continue;
        const Weights* before = nullptr;
        for (const Observer::Moment* moment :
             seen.between(list[i - 1].off, i + 1 < list.size() ? list[i + 1].from + 1.0 : list[i].to)) {
            // What an image has taught takes effect when it goes, if so configured.
            if (moment->begin < list[i].from - 1e-6 && list[i - 1].part == Part::training) continue;
            if (before != nullptr) {
                for (const std::string& name : seen.learning())
                    ASSERT_EQ(moment->weights.at(name), before->at(name)) << name << " at " << moment->end;
            }
            before = &moment->weights;
        }
    }
}

/// The class with most events in [from, to), the first of equals.
Index answer(const BurstCcnOnImages& c, const Observer& seen, double from, double to) {
    std::array<int, label_count> events{};
    for (const Spike& s : seen.spikes_of("output", from, to, SpikeKind::event))
        ++events.at(s.neuron / c.output.per_class);
    return static_cast<Index>(std::max_element(events.begin(), events.end()) - events.begin());
}

double wrong_percent(const BurstCcnOnImages& c, const std::vector<Presentation>& list, const ImageSet& images,
                     const Observer& seen, Part part, Index epoch) {
    double wrong = 0.0;
    double all = 0.0;
    for (const Presentation& p : list) {
        if (p.part != part || p.epoch != epoch) continue;
        wrong += answer(c, seen, p.from, p.off) == label_of(images, p.image) ? 0.0 : 1.0;
        all += 1.0;
    }
    return 100.0 * wrong / all;
}

void expect_answers(const BurstCcnOnImages& c, const std::vector<Presentation>& list, const ImageSet& images,
                    const Observer& seen, const Told& told, Index epochs) {
    ASSERT_EQ(told.metrics.size(), epochs);
    for (Index epoch = 0; epoch < epochs; ++epoch) {
        const auto wrong = [&](Part part) { return wrong_percent(c, list, images, seen, part, epoch); };
        EXPECT_EQ(told.metric(epoch, "epoch"), epoch + 1.0);
        EXPECT_EQ(told.metric(epoch, "sample"), (epoch + 1.0) * c.training.train_limit);
        EXPECT_NEAR(told.metric(epoch, "training_error_percent"), wrong(Part::training), 1e-9);
        EXPECT_NEAR(told.metric(epoch, "validation_error_percent"), wrong(Part::validation), 1e-9);
        const Value& tested = told.metrics[epoch].at("test_error_percent");
        if (epoch + 1 == epochs || c.training.test == ImagesConfig::Test::epoch) {
            EXPECT_NEAR(Told::number(tested), wrong(Part::test), 1e-9);
        } else {
            EXPECT_TRUE(std::holds_alternative<std::monostate>(tested));
        }
    }
    EXPECT_NEAR(told.fact("test_error_percent"), wrong_percent(c, list, images, seen, Part::test, epochs - 1),
                1e-9);
}

/// Row: the class; column: what it was taken for.
std::vector<std::vector<int>> confusion(const std::filesystem::path& folder) {
    std::ifstream file(folder / "confusion.csv");
    std::vector<std::vector<int>> rows;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::vector<int> row;
        for (std::string field; std::getline(fields, field, ',');) row.push_back(std::stoi(field));
        rows.emplace_back(row.begin() + 1, row.end());
    }
    return rows;
}

struct Watched {
    Observer seen{{"output.target", "hidden_1.x", "output.x"}};
    Told told;
    std::vector<Presentation> list;
};

/// Runs it, and looks at all that is the same in every variant.
void watch(const BurstCcnOnImages& c, const ImageSet& images, const Folder& folder, Watched& w) {
    w.told = watched(run_images, c, {&w.seen}, in(folder));
    const auto epochs = static_cast<Index>(w.told.metrics.size());
    w.list = planned(c, epochs);
    ASSERT_NEAR(w.seen.end(), w.list.back().to, 1e-6);
    ASSERT_NO_FATAL_FAILURE(identify(w.list, images, w.seen));
    expect_images(c, w.list);
    expect_targets(c, w.list, images, w.seen);
    expect_no_learning_in_tests(w.list, w.seen);
    expect_answers(c, w.list, images, w.seen, w.told, epochs);
}

class ImagesProtocol : public testing::Test {
protected:
    ImagesProtocol() { images.write(folder.path()); }
    Folder folder;
    ImageSet images{training_images, test_images};
    Watched w;
};

TEST_F(ImagesProtocol, OfAPlainRun) {
    const BurstCcnOnImages c = small(folder);
    watch(c, images, folder, w);
    const auto times = times_of_change(w.list, w.seen);
    const std::set<std::string> learn{"input_to_hidden_1", "tonic_to_hidden_1", "hidden_1_to_output",
                                      "tonic_to_output"};
    EXPECT_EQ(w.seen.learning(), learn);
    for (const std::string& name : learn) EXPECT_EQ(times.at(name), time_of_learning(c, name)) << name;
    const auto counts = confusion(folder.path());
    std::vector<std::vector<int>> expected(label_count, std::vector<int>(label_count));
    for (const Presentation& p : w.list) {
        if (p.part == Part::test) ++expected[label_of(images, p.image)][answer(c, w.seen, p.from, p.off)];
    }
    EXPECT_EQ(counts, expected);
}

TEST_F(ImagesProtocol, FeedbackIsTheTransposeAtTheOnset) {
    const BurstCcnOnImages c = small(folder);
    watch(c, images, folder, w);
    const Index hidden = 12;
    const Index output = label_count * c.output.per_class;
    for (std::size_t i = 1; i < w.list.size(); ++i) {
        const Presentation& p = w.list[i];
        if (p.part != Part::training) continue;
        const std::vector<float>& forward = w.seen.at(p.from).weights.at("hidden_1_to_output");
        for (const Observer::Moment* moment : w.seen.between(p.from, p.off)) {
            const std::vector<float>& back = moment->weights.at("output_to_hidden_1_YQ");
            for (Index h = 0; h < hidden; ++h) {
                for (Index k = 0; k < output; ++k)
                    ASSERT_FLOAT_EQ(back[h + hidden * k], forward[k + output * h] / 2.0F) << moment->end;
            }
        }
    }
}

TEST_F(ImagesProtocol, AnImageStartsAnewOrInTheStream) {
    for (const bool anew : {true, false}) {
        BurstCcnOnImages c = small(folder);
        c.presentation.reset = anew ? BurstCcnConfig::Reset::state : BurstCcnConfig::Reset::none;
        Watched run;
        watch(c, images, folder, run);
        for (std::size_t i = 1; i < run.list.size(); ++i) {
            // Nothing arrives in the first millisecond but what was on its way.
            const Observer::Moment& first = *run.seen.between(run.list[i].from, run.list[i].to).front();
            for (const char* layer : {"hidden_1.x", "output.x"}) {
                const std::vector<double>& traces = first.states.at(layer);
                const bool zero =
                    std::all_of(traces.begin(), traces.end(), [](double x) { return x == 0.0; });
                ASSERT_EQ(zero, anew) << layer << " at " << first.end;
            }
        }
    }
}

TEST_F(ImagesProtocol, WhatAnImageTeachesTakesEffectAtItsEnd) {
    BurstCcnOnImages c = small(folder);
    c.expression = BurstCcnConfig::Expression::image;
    watch(c, images, folder, w);
    std::set<std::string> changed;
    for (const Presentation& p : w.list) {
        if (p.part != Part::training) continue;
        const Weights& onset = w.seen.between(p.from, p.off).front()->weights;
        for (const std::string& name : w.seen.learning()) {
            for (const Observer::Moment* moment : w.seen.between(p.from, p.off))
                ASSERT_EQ(moment->weights.at(name), onset.at(name)) << name << " at " << moment->end;
            if (w.seen.between(p.off, p.to).front()->weights.at(name) != onset.at(name)) changed.insert(name);
        }
    }
    EXPECT_EQ(changed, w.seen.learning());
}

/// "Without a teacher nothing should burst more than expected": inhibition learns while there is none, in the
/// second half of the time before T0, and not when the teacher has come.
TEST_F(ImagesProtocol, OfLearntInhibition) {
    BurstCcnOnImages c = small(folder);
    c.inhibition = BurstCcnConfig::Inhibition::learned;
    watch(c, images, folder, w);
    const auto times = times_of_change(w.list, w.seen);
    ASSERT_EQ(times.size(), 5U);
    for (const auto& [name, when] : times) {
        if (name == "output_to_hidden_1_Q") {
            EXPECT_EQ(when, std::pair(0.5 * c.presentation.settling, c.presentation.settling));
        } else {
            EXPECT_EQ(when, time_of_learning(c, name)) << name;
        }
    }
}

TEST_F(ImagesProtocol, OfTwoLayersWithFixedFeedback) {
    BurstCcnOnImages c = small(folder);
    c.hidden.sizes = {12.0, 8.0};
    c.feedback = BurstCcnConfig::Feedback::fixed;
    c.control = BurstCcnConfig::Control::frozen_hidden;
    watch(c, images, folder, w);
    EXPECT_EQ(w.seen.learning(), (std::set<std::string>{"hidden_2_to_output", "tonic_to_output"}));
}

TEST_F(ImagesProtocol, OfInterneurons) {
    BurstCcnOnImages c = small(folder);
    c.inhibition = BurstCcnConfig::Inhibition::interneurons;
    c.output.per_class = 10;
    c.neuron.t_ref = 10.0;
    c.training.epochs = 1;
    watch(c, images, folder, w);
    const auto times = times_of_change(w.list, w.seen);
    EXPECT_EQ(times.at("hidden_1_to_output").second, c.presentation.duration);
    EXPECT_GE(times.at("hidden_1_to_output").first, c.presentation.settling);
}

/// Asked for more than there are, a run takes all training images but those that are kept for validation.
TEST_F(ImagesProtocol, ValidationImagesAreNeverTrainedOn) {
    BurstCcnOnImages c = small(folder);
    c.training.epochs = 1;
    c.training.train_limit = 60000;
    Observer seen;
    watched(run_images, c, {&seen}, in(folder));
    c.training.train_limit = training_images - c.training.validation;
    std::vector<Presentation> list = planned(c, 1);
    ASSERT_NEAR(seen.end(), list.back().to, 1e-6);
    ASSERT_NO_FATAL_FAILURE(identify(list, images, seen));
    expect_images(c, list);
}

TEST_F(ImagesProtocol, OfTestsAfterEachEpoch) {
    BurstCcnOnImages c = small(folder);
    c.training.test = ImagesConfig::Test::epoch;
    watch(c, images, folder, w);
}

TEST_F(ImagesProtocol, StopsAfterEpochsWithoutABetterValidationError) {
    BurstCcnOnImages c = small(folder);
    c.training.epochs = 30;
    c.training.train_limit = 10;
    c.training.patience = 2;
    c.hidden.eta = c.output.eta = 0.0;  // nothing gets better but by chance
    watch(c, images, folder, w);
    std::vector<double> errors;
    for (std::size_t i = 0; i < w.told.metrics.size(); ++i)
        errors.push_back(w.told.metric(i, "validation_error_percent"));
    for (std::size_t epochs = 1; epochs <= errors.size(); ++epochs) {
        const auto end = errors.begin() + static_cast<std::ptrdiff_t>(epochs);
        // The first of the lowest errors so far is two epochs old.
        const bool over = end - std::min_element(errors.begin(), end) > 2;
        EXPECT_EQ(over || epochs == 30, epochs == errors.size()) << epochs;
    }
}

TEST_F(ImagesProtocol, EveryShiftIsEquallyOften) {
    BurstCcnOnImages c = small(folder);
    c.training.shifts = true;
    c.training.epochs = 30;
    c.presentation = {.duration = 5.0, .settling = 1.0, .gap = 0.0, .readout = 5.0};
    c.training.validation = 2;
    c.input.rate = 1000.0;
    watch(c, images, folder, w);
    std::map<std::pair<int, int>, double> counts;
    std::map<std::pair<Index, int>, std::set<std::pair<int, int>>> shifts_of_images;
    double all = 0.0;
    for (const Presentation& p : w.list) {
        if (p.part != Part::training) continue;
        counts[{p.image.down, p.image.right}] += 1.0;
        shifts_of_images[{p.image.image, 0}].insert({p.image.down, p.image.right});
        all += 1.0;
    }
    ASSERT_EQ(counts.size(), 9U);
    for (const auto& [shift, count] : counts)
        EXPECT_NEAR(count, all / 9.0, 5.0 * std::sqrt(all * 8.0 / 81.0))
            << shift.first << ' ' << shift.second;
    for (const auto& [image, shifts] : shifts_of_images)
        EXPECT_GE(shifts.size(), 4U) << "an image is moved anew in each of 30 epochs: " << image.first;
}

/// From an epoch on, T, T0 and the time constants of [late] hold; learning rates go with them, and fall
/// exponentially over the run.
TEST_F(ImagesProtocol, OfALateStage) {
    BurstCcnOnImages c = small(folder);
    c.training.epochs = 20;
    c.training.validation = 2;
    c.presentation = {.duration = 6.0, .settling = 2.0, .gap = 0.0, .readout = 5.0};
    c.late = {.from = 15, .duration = 9.0, .settling = 4.0, .tau_soma = 9.0, .tau_dend = 7.0};
    c.eta_final = 0.1;
    const std::vector<std::string> learn{"input_to_hidden_1", "hidden_1_to_output"};
    std::map<double, std::map<std::string, std::pair<double, double>>> rules;  // eta and tau_pre, by onset
    std::map<double, double> gains;
    std::map<double, std::pair<double, double>> cells;  // tau_soma and tau_dend of hidden cells
    std::set<double> onsets;
    for (const Presentation& p : planned(c, c.training.epochs)) {
        if (p.part == Part::training) onsets.insert(p.from);
    }
    Hdf5File file = Hdf5File::create(folder / "rules.h5", "rules", "");
    w.seen.look = [&](const Observer::Moment& moment) {
        const auto onset = onsets.find(std::round(moment.begin));
        if (onset == onsets.end() || std::abs(*onset - moment.begin) > 1e-6 || rules.count(*onset) != 0)
            return;
        const Network& network = w.seen.network();
        Archive archive(file, Archive::Direction::keep);
        const std::string group = "moment_" + std::to_string(rules.size());
        archive.group(group, [&] { network.simulation->persist(archive); });
        for (const std::string& name : learn) {
            const std::string rule = "/" + group + "/projections/" +
                                     std::to_string(network.projections.at(name)) + "/learning/0/rule";
            rules[*onset][name] = {file.number<double>(rule, "eta").value(),
                                   file.number<double>(rule, "tau_pre").value()};
        }
        const std::string hidden =
            "/" + group + "/population_" + std::to_string(network.populations.at("hidden_1"));
        cells[*onset] = {file.number<double>(hidden + "/model", "tau_soma").value(),
                         file.number<double>(hidden + "/model", "tau_dend").value()};
        gains[*onset] = network.simulation->projection(network.projections.at("output_to_hidden_1_YQ")).gain;
    };
    watch(c, images, folder, w);
    ASSERT_EQ(rules.size(), onsets.size());
    const double total = 20.0 * c.training.train_limit;
    double done = 0.0;
    for (const Presentation& p : w.list) {
        if (p.part != Part::training) continue;
        const double taught = p.stage.duration - p.stage.settling;
        const double R = c.neuron.t_ref;
        const double hidden = 1.0 / (c.hidden.g * c.hidden.p0 * (1.0 - c.hidden.p0));
        // dw = eta R/(T - T0) s (p - p0) x, with the trace that one spike leaves: 1/(r_max tau), R/tau.
        const std::map<std::string, double> start{
            {"input_to_hidden_1",
             c.hidden.eta * R / taught * hidden * 1000.0 / c.input.rate / p.stage.tau_soma},
            {"hidden_1_to_output", c.output.eta * R / taught / c.output.p0 * R / p.stage.tau_soma}};
        for (const auto& [name, eta] : start) {
            const auto& [now, tau_pre] = rules.at(p.from).at(name);
            EXPECT_EQ(tau_pre, p.stage.tau_soma) << p.from;
            EXPECT_LE(now, eta * std::pow(c.eta_final, (done - 100.0) / total) * (1.0 + 1e-9))
                << name << done;
            EXPECT_GE(now, eta * std::pow(c.eta_final, done / total) * (1.0 - 1e-9)) << name << done;
        }
        if (done == 0.0) {
            EXPECT_NEAR(rules.at(p.from).at("input_to_hidden_1").first / start.at("input_to_hidden_1"), 1.0,
                        1e-9);
        }
        EXPECT_EQ(cells.at(p.from), std::pair(p.stage.tau_soma, p.stage.tau_dend)) << p.from;
        // The dendrite's trace keeps its mean: a jump is R/tau_dend.
        EXPECT_NEAR(gains.at(p.from), c.neuron.tau_dend / p.stage.tau_dend, 1e-9) << p.from;
        done += 1.0;
    }
}

/// Copies learn different images at the same time; after each round the changes of their weights add up.
TEST_F(ImagesProtocol, OfBatches) {
    BurstCcnOnImages c = small(folder);
    c.training.batch = 4;  // 30 images: seven batches of 4, and one of 2
    c.training.epochs = 1;
    c.presentation.gap = 0.0;
    std::array<Observer, 4> seen{Observer{{"output.target"}}, Observer{{"output.target"}},
                                 Observer{{"output.target"}}, Observer{{"output.target"}}};
    const Told told = watched(run_images, c, {&seen[0], &seen[1], &seen[2], &seen[3]}, in(folder));
    std::set<Index> shown;
    double wrong = 0.0;
    std::array<Index, 2> tested{};
    for (std::size_t i = 0; i < 4; ++i) {
        const Index examples = i < 2 ? 8 : 7;
        // Of 12 validation images each copy has 3, of 15 test images 4 or 3.
        BurstCcnOnImages own = c;
        own.training.train_limit = examples;
        own.training.validation = 3;
        own.training.test_limit = i < 3 ? 4 : 3;
        std::vector<Presentation> list = planned(own, 1);
        ASSERT_NEAR(seen[i].end(), list.back().to, 1e-6);
        ASSERT_NO_FATAL_FAILURE(identify(list, images, seen[i]));
        expect_targets(c, list, images, seen[i]);
        expect_no_learning_in_tests(list, seen[i]);
        Index place = 0;
        for (const Presentation& p : list) {
            ASSERT_EQ(p.image.test, p.part == Part::test);
            if (p.part == Part::training) {
                EXPECT_TRUE(shown.insert(p.image.image).second) << "shown twice";
                EXPECT_LT(p.image.image, 30U);
                continue;
            }
            if (p.part == Part::validation) {
                EXPECT_EQ(p.image.image, 48 + 4 * (place++ % 3) + i);
                ++tested[0];
                continue;
            }
            EXPECT_EQ(p.image.image, 4 * (place++ - 3) + i);
            wrong += answer(c, seen[i], p.from, p.off) == label_of(images, p.image) ? 0.0 : 1.0;
            ++tested[1];
        }
    }
    EXPECT_EQ(shown.size(), 30U);
    EXPECT_EQ(tested, (std::array<Index, 2>{12, 15}));
    EXPECT_NEAR(told.fact("test_error_percent"), 100.0 * wrong / 15.0, 1e-9);

    for (Index round = 0; round < 6; ++round) {
        const double from = round * c.presentation.duration;
        const double to = from + c.presentation.duration;
        for (const std::string& name : seen[0].learning()) {
            const std::vector<float> before = seen[0].between(from, to).front()->weights.at(name);
            const std::vector<float> after = seen[0].between(to, to + 2.0).front()->weights.at(name);
            std::vector<double> sum(before.begin(), before.end());
            for (const Observer& copy : seen) {
                ASSERT_EQ(copy.between(from, to).front()->weights.at(name), before);
                const std::vector<float>& learnt = copy.at(to).weights.at(name);
                for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += double{learnt[k]} - double{before[k]};
            }
            for (std::size_t k = 0; k < sum.size(); ++k) ASSERT_NEAR(after[k], sum[k], 2e-6) << name << k;
        }
    }
}

/// A pixel fires once in each volley, the brighter the earlier; a black one never.
TEST_F(ImagesProtocol, OfLatencies) {
    BurstCcnOnImages c = small(folder);
    c.input = {.encoding = BurstCcnConfig::Encoding::latency, .rate = 100.0, .period = 5.0, .spread = 3.0};
    c.presentation = {.duration = 15.0, .settling = 6.0, .gap = 0.0, .readout = 15.0};
    watch(c, images, folder, w);
    for (const Presentation& p : w.list) {
        std::map<Index, double> counts;
        for (const Spike& spike : w.seen.spikes_of("input", p.from, p.off)) counts[spike.neuron] += 1.0;
        for (const auto& [pixel, count] : counts) ASSERT_NEAR(count, 3.0, 1.0) << "three volleys";
    }
}

/// Grey values are rates, or latencies, in proportion.
TEST_F(ImagesProtocol, OfGreyPixels) {
    DataSet grey = images.data;
    for (Images* half : {&grey.training, &grey.test}) {
        for (Index i = 0; i < half->size(); ++i) {
            for (Index k = 0; k < ImageSet::pixels; ++k)
                half->pixels[i * ImageSet::pixels + k] = static_cast<std::uint8_t>(10 * k);
        }
        const std::string name = half == &grey.training ? "train" : "t10k";
        write_idx(folder / (name + "-images-idx3-ubyte"), {{half->size(), 5, 5}, half->pixels});
    }
    for (const auto encoding : {BurstCcnConfig::Encoding::regular, BurstCcnConfig::Encoding::poisson,
                                BurstCcnConfig::Encoding::latency}) {
        BurstCcnOnImages c = small(folder);
        c.training.epochs = 1;
        c.input = {.encoding = encoding, .rate = 200.0, .period = 20.0, .spread = 10.0};
        c.training.train_limit = 10;
        c.training.validation = c.training.test_limit = 5;
        c.presentation = {.duration = 40.0, .settling = 10.0, .gap = 0.0, .readout = 40.0};
        Observer seen;
        watched(run_images, c, {&seen}, in(folder));
        std::array<double, ImageSet::pixels> counts{};
        std::array<double, ImageSet::pixels> latest{};
        const double presentations = 10 + 5 + 5;
        for (const Spike& s : seen.spikes_of("input", 0.0, seen.end())) {
            counts.at(s.neuron) += 1.0;
            latest.at(s.neuron) = std::fmod(ms(s.time), c.input.period);
        }
        EXPECT_EQ(counts[0], 0.0) << "black";
        for (Index k = 1; k < ImageSet::pixels; ++k) {
            if (encoding == BurstCcnConfig::Encoding::latency) {
                EXPECT_NEAR(counts.at(k), 2.0 * presentations, 2.0) << "once a volley";
                if (k > 1) {
                    EXPECT_LT(latest.at(k), latest.at(k - 1)) << "brighter is earlier";
                }
                continue;
            }
            const double mean = 0.200 * 40.0 * presentations * 10.0 * k / 255.0;
            const double tolerance =
                encoding == BurstCcnConfig::Encoding::regular ? 2.0 : 5.0 * std::sqrt(mean);
            EXPECT_NEAR(counts.at(k), mean, tolerance) << "pixel " << k;
        }
    }
}

/// The test images, with the weights that the run ended with, which nothing changes; the answer at each time
/// is that of the events so far.
TEST_F(ImagesProtocol, OfAnEvaluation) {
    BurstCcnOnImages c = small(folder);
    c.training.epochs = 1;
    c.training.train_limit = 10;
    c.training.test_limit = 4;
    c.record.weights = true;
    c.expression = BurstCcnConfig::Expression::image;
    watch(c, images, folder, w);
    const Weights learnt = w.seen.at(w.seen.end()).weights;

    Observer seen{{"output.target"}};
    RunContext context = in(folder);
    context.built = [&](Network& network, std::size_t) { seen.watch(network); };
    const std::vector<ReadOut> curve = evaluate_images(c, folder / "weights.h5", context);
    // 10 to 300 ms, and the run's own read-out.
    const std::vector<double> times{10.0, c.presentation.readout, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0,
                                    300.0};
    std::vector<double> wrong(times.size());
    for (const std::string& name : seen.learning()) {
        for (const Observer::Moment* moment : seen.between(0.0, seen.end()))
            ASSERT_EQ(moment->weights.at(name), learnt.at(name)) << name << " at " << moment->end;
    }
    for (Index i = 0; i < c.training.test_limit; ++i) {
        const double from = i * (300.0 + c.presentation.gap);
        ImageSet::Raster bright(ImageSet::pixels);
        for (const Spike& spike : seen.spikes_of("input", from, from + 300.0)) bright[spike.neuron] = true;
        const ImageSet::Seen* image = images.find(bright);
        ASSERT_NE(image, nullptr);
        ASSERT_TRUE(image->test);
        ASSERT_EQ(image->image, i);
        for (std::size_t k = 0; k < times.size(); ++k) {
            if (answer(c, seen, from, from + times[k]) != label_of(images, *image)) wrong[k] += 1.0;
        }
    }
    ASSERT_EQ(curve.size(), times.size());
    for (std::size_t k = 0; k < times.size(); ++k) {
        EXPECT_EQ(curve[k].time, times[k]);
        EXPECT_NEAR(curve[k].error_percent, 100.0 * wrong[k] / c.training.test_limit, 1e-9);
    }
    for (const Observer::Moment* moment : seen.between(0.0, seen.end()))
        ASSERT_THAT(moment->states.at("output.target"), testing::Each(testing::IsNan()));
}

/// Weights are tested with the time constants that they were learnt with, those of their last epoch.
TEST_F(ImagesProtocol, OfAnEvaluationInTheStageOfTheWeights) {
    for (const Index epochs : {1U, 2U}) {
        BurstCcnOnImages c = small(folder);
        c.training.train_limit = 3;
        c.training.validation = 1;
        c.training.test_limit = 2;
        c.training.epochs = epochs;
        c.record.weights = true;
        c.late = {.from = 1, .duration = 14.0, .settling = 6.0, .tau_soma = 9.0, .tau_dend = 7.0};
        run_images(c, in(folder));
        Observer seen;
        double gain = 0.0;
        seen.look = [&](const Observer::Moment&) {
            const Network& network = seen.network();
            gain = network.simulation->projection(network.projections.at("hidden_1_to_output")).gain;
        };
        RunContext context = in(folder);
        context.built = [&](Network& network, std::size_t) { seen.watch(network); };
        evaluate_images(c, folder / "weights.h5", context);
        // An event leaves R/tau_soma.
        EXPECT_NEAR(gain, epochs == 1 ? 1.0 : c.neuron.tau_soma / 9.0, 1e-9) << epochs;
    }
}

/// Makes a weight no number, shortly before the end: one of a pixel in the corner, which is dark and sends
/// nothing.
class Poison final : public Recorder {
public:
    explicit Poison(double from) : from_(from) {}
    void poison(Network& network) {
        network_ = &network;
        network.simulation->add(*this);
    }
    void observe(const Window& window, std::span<const Spike>) override {
        if (ms(window.begin) < from_) return;
        const Index poisoned = network_->projections.at("input_to_hidden_1");
        network_->simulation->weights(poisoned).front().row(0).weights[0] =
            std::numeric_limits<float>::quiet_NaN();
    }
    void finish(Time) override {}

private:
    double from_;  ///< [ms]
    Network* network_ = nullptr;
};

/// Whichever copy of the network it is, and what was recorded can be read.
TEST(ImagesNumbers, ThatAreNoneEndTheRunAfterItsFiles) {
    for (const std::size_t wrong : {0U, 1U}) {
        Folder folder;
        BurstCcnOnImages c;
        static_cast<ImagesConfig&>(c) = digits_config();
        c.training.epochs = 1;
        c.training.train_limit = 4;
        c.training.validation = 0;
        c.training.test_limit = 4;
        c.training.batch = 2;
        c.presentation = {.duration = 20.0, .settling = 5.0, .gap = 0.0, .readout = 20.0};
        c.hidden.sizes = {4.0};
        c.record = {.spikes = true, .images = 0, .traces = true, .weights = false};
        Poison poison(75.0);  // two images to learn and two of the test take 80 ms
        RunContext context = in(folder);
        context.built = [&](Network& network, std::size_t copy) {
            if (copy == wrong) poison.poison(network);
        };
        EXPECT_THROW(run_images(c, context), NumericsError) << wrong;
        for (const char* name : {"spikes.h5", "traces.h5"})
            EXPECT_TRUE(std::filesystem::exists(folder / name)) << name << ", " << wrong;
    }
}

/// Drawn digits: training, validation and test images are all different ones.
TEST(DigitsProtocol, NoImageIsShownAsAnother) {
    Folder folder;
    BurstCcnOnImages c;
    static_cast<ImagesConfig&>(c) = digits_config();
    c.training.epochs = 1;
    c.training.train_limit = 20;
    c.training.validation = 10;
    c.training.test_limit = 10;
    c.presentation = {.duration = 100.0, .settling = 10.0, .gap = 0.0, .readout = 100.0};
    c.hidden.sizes = {2.0};
    c.record = {.spikes = false, .weights = false};
    Observer seen{{"output.target"}};
    watched(run_images, c, {&seen}, in(folder));
    std::vector<std::vector<double>> shown;
    for (Index i = 0; i < 40; ++i) {
        auto& counts = shown.emplace_back(digit_size * digit_size);
        for (const Spike& s : seen.spikes_of("input", 100.0 * i, 100.0 * (i + 1))) counts.at(s.neuron) += 1.0;
        for (Index k = 0; k < i; ++k) {
            double most = 0.0;
            for (std::size_t p = 0; p < counts.size(); ++p)
                most = std::max(most, std::abs(counts[p] - shown[k][p]));
            // The same image twice: counts of 10 at most, that differ by one.
            EXPECT_GE(most, 3.0) << "images " << k << " and " << i << " are the same";
        }
    }
}

}  // namespace
}  // namespace apical
