#include "tasks/image_learner.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/random.hpp"

namespace apical {

void ClassCounts::observe(const Window&, std::span<const Spike> spikes) {
    for (const Spike& spike : spikes) {
        if (spike.population == output_ && spike.kind == SpikeKind::event)
            ++counts_[spike.neuron / per_class_];
    }
}

Index ClassCounts::winner() const {
    return static_cast<Index>(std::max_element(counts_.begin(), counts_.end()) - counts_.begin());
}

ImageLearner::ImageLearner(const ImagesConfig& config, const NetworkDescription& description,
                           std::size_t threads)
    : c_(config),
      description_(description),
      network_(build(description, {.threads = threads})),
      stage_(stage_of(config, 0)),
      input_(network_.populations.at("input")),
      output_(network_.populations.at("output")),
      target_(network_.variable("output", "target")),
      counts_(output_, config.output.per_class) {
    simulation().add(counts_);
}

Index ImageLearner::learn(std::span<const double> rates, std::uint8_t label) {
    const Time onset = simulation().now();
    const Time teaching = onset + ticks(stage_.settling);
    const Time off = onset + ticks(stage_.duration);
    show(rates);
    at(onset, action::CopyTiedWeights{});
    // Without a teacher nothing should burst more than expected: inhibition learns that, once activity has
    // built up.
    gate_inhibition(onset + ticks(0.5 * stage_.settling), true);
    std::vector<double> targets(std::size_t{label_count} * c_.output.per_class, 0.0);
    std::fill_n(targets.begin() + static_cast<std::ptrdiff_t>(label * c_.output.per_class),
                c_.output.per_class, 1.0);
    at(teaching, action::SetVariable{output_, target_, std::move(targets)});
    at(teaching, action::GatePlasticity{true});
    gate_inhibition(teaching, false);
    run_to(off);
    const Index answer = counts_.winner();
    simulation().act_now(action::GatePlasticity{false});
    simulation().act_now(action::SetVariable{output_, target_, {std::nan("")}});
    rest();
    return answer;
}

std::vector<Index> ImageLearner::read_out(std::span<const double> rates, std::span<const double> times) {
    const Time onset = simulation().now();
    show(rates);
    std::vector<Index> answers;
    for (const double time : times) {
        run_to(onset + ticks(time));
        answers.push_back(counts_.winner());
    }
    rest();
    return answers;
}

/// From now on: the image, and no plasticity.
void ImageLearner::show(std::span<const double> rates) {
    const Time onset = simulation().now();
    if (c_.presentation.reset == ImagesConfig::Reset::state) at(onset, action::ResetState{});
    at(onset, action::SetRates{input_, {rates.begin(), rates.end()}});
    at(onset, action::GatePlasticity{false});
    counts_.clear();
}

void ImageLearner::gate_inhibition(Time time, bool on) {
    for (const ProjectionDescription& p : description_.projections) {
        if (learns_inhibition(p)) at(time, action::GatePlasticity{on, network_.projections.at(p.name)});
    }
}

void ImageLearner::run_to(Time end) {
    simulation().cut(end);
    simulation().run_until(end);
}

/// The gap after an image.
void ImageLearner::rest() {
    if (c_.presentation.gap == 0.0) return;
    const Time off = simulation().now();
    at(off, action::SetRates{input_, {0.0}});
    run_to(off + ticks(c_.presentation.gap));
}

void ImageLearner::enter(const ImagesStage& stage) {
    stage_ = stage;
    const ImagesStage first = stage_of(c_, 0);
    const Time now = simulation().now();
    for (const PopulationDescription& p : description_.populations) {
        if (p.model != "stochastic_pyramidal") continue;
        const Index index = network_.populations.at(p.name);
        at(now, action::SetParameter{index, "tau_soma", stage.tau_soma});
        at(now, action::SetParameter{index, "tau_dend", stage.tau_dend});
    }
    for (const ProjectionDescription& p : description_.projections) {
        const Index index = network_.projections.at(p.name);
        at(now, action::SetGain{index, trace_of(c_, stage, p) / trace_of(c_, first, p)});
        if (!p.plasticity) continue;
        at(now, action::SetRuleParameter{index, "tau_pre", stage.tau_soma});
    }
}

void ImageLearner::scale_learning_rates(double factor) {
    for (const ProjectionDescription& p : description_.projections) {
        if (!p.plasticity) continue;
        at(simulation().now(),
           action::SetRuleParameter{network_.projections.at(p.name), "eta", eta_of(c_, stage_, p) * factor});
    }
}

ImageLearners::ImageLearners(const ImagesConfig& config, const NetworkDescription& description,
                             std::size_t threads)
    : descriptions_(config.training.batch, description),
      workers_(std::min<std::size_t>(threads, config.training.batch)) {
    const std::size_t threads_of_one = descriptions_.size() == 1 ? threads : 1;
    for (std::size_t i = 0; i < descriptions_.size(); ++i) {
        const StreamKey key(config.seed, "images.copies", "seed", static_cast<std::uint32_t>(i));
        if (i > 0) descriptions_[i].seed = random_words(key, 0).first;
        learners_.push_back(std::make_unique<ImageLearner>(config, descriptions_[i], threads_of_one));
    }
    if (size() == 1) return;
    copy_weights();
    Network& network = learners_.front()->network();
    for (const ProjectionDescription& p : description.projections) {
        if (!p.plasticity) continue;
        const Index index = network.projections.at(p.name);
        const std::span<Table> tables = network.simulation->weights(index);
        for (std::size_t k = 0; k < tables.size(); ++k) {
            constexpr Index piece = 64;
            for (Index first = 0; first < tables[k].sources(); first += piece)
                rows_.push_back({index, k, first, std::min(first + piece, tables[k].sources()), {}});
        }
    }
    note_weights();
}

void ImageLearners::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
    workers_.for_each(count, work);
}

std::span<float> ImageLearners::weights_of(std::size_t learner, const Rows& rows) {
    Table& table = learners_[learner]->simulation().weights(rows.projection)[rows.shard];
    const std::span<float> begin = table.row(rows.first).weights;
    const std::span<float> last = table.row(rows.last - 1).weights;
    return {begin.data(), last.data() + last.size()};
}

void ImageLearners::note_weights() {
    for (Rows& rows : rows_) {
        const std::span<const float> weights = weights_of(0, rows);
        rows.before.assign(weights.begin(), weights.end());
    }
}

/// From the first to all.
void ImageLearners::copy_weights() {
    for (Index p = 0; p < learners_.front()->simulation().projections(); ++p) {
        const std::span<Table> tables = learners_.front()->simulation().weights(p);
        for (std::size_t k = 0; k < tables.size(); ++k) {
            for (std::size_t i = 1; i < size(); ++i) {
                Table& copy = learners_[i]->simulation().weights(p)[k];
                std::copy(tables[k].weights().begin(), tables[k].weights().end(), copy.weights().begin());
            }
        }
    }
}

void ImageLearners::merge() {
    if (size() == 1) return;
    workers_.for_each(size(), [this](std::size_t i) {
        for (Index p = 0; p < learners_[i]->simulation().projections(); ++p)
            learners_[i]->simulation().weights(p);  // settles: the rows are looked at from many threads
    });
    workers_.for_each(rows_.size(), [this](std::size_t r) { merge(rows_[r]); });
}

void ImageLearners::merge(Rows& rows) {
    // Most rows come from dark pixels and are as they were: looked at in pieces, and left.
    constexpr std::size_t piece = 256;
    std::array<float*, 256> copies{};
    for (std::size_t i = 0; i < size(); ++i) copies[i] = weights_of(i, rows).data();
    for (std::size_t begin = 0; begin < rows.before.size(); begin += piece) {
        const std::size_t end = std::min(begin + piece, rows.before.size());
        float* const before = rows.before.data();
        const auto unchanged = [&](const float* copy) {
            return std::memcmp(copy + begin, before + begin, (end - begin) * sizeof(float)) == 0;
        };
        if (std::all_of(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(size()), unchanged))
            continue;
        for (std::size_t k = begin; k < end; ++k) {
            float change = 0.0F;
            for (std::size_t i = 0; i < size(); ++i) change += copies[i][k] - before[k];
            before[k] += change;
        }
        for (std::size_t i = 0; i < size(); ++i) std::copy(before + begin, before + end, copies[i] + begin);
    }
}

}  // namespace apical
