#include "training/recording.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "networks/catalogue.hpp"
#include "recorders/hdf5_file.hpp"

namespace apical {
namespace {

constexpr auto flush_every = std::chrono::seconds{10};
constexpr double memory = 1000.0;  // [ms] of the rates in the progress line

std::vector<RecordedPopulation> marked(std::vector<RecordedPopulation> all,
                                       const std::vector<std::string>& names) {
    for (RecordedPopulation& p : all)
        p.recorded = std::find(names.begin(), names.end(), p.name) != names.end();
    return all;
}

}  // namespace

bool is_source(const PopulationDescription& population) {
    return catalogue().cell(population.model)->kind == ModelInfo::Kind::source;
}

NetworkSize size_of(const NetworkDescription& network) {
    NetworkSize size;
    for (const PopulationDescription& p : network.populations)
        (is_source(p) ? size.sources : size.neurons) += p.size;
    return size;
}

std::string text_of(const NetworkSize& size) {
    const auto count = [](std::uint64_t n, std::string_view what) {
        return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    if (size.sources == 0) return count(size.neurons, "neuron");
    if (size.neurons == 0) return count(size.sources, "source");
    return count(size.neurons, "neuron") + " and " + count(size.sources, "source");
}

SpikeCounts::SpikeCounts(const NetworkDescription& description, Network& network)
    : source_(network.simulation->populations().size()) {
    for (const PopulationDescription& p : description.populations)
        source_[network.populations.at(p.name)] = is_source(p);
    network.simulation->add(*this);
}

void SpikeCounts::observe(const Window&, std::span<const Spike> spikes) {
    for (const Spike& spike : spikes) ++(source_[spike.population] ? sources_ : neurons_);
}

Recording::Recording(const NetworkDescription& description, Network& network, const RunContext& context,
                     Extent spikes)
    : network_(network), weights_of_(description.record.weights) {
    Simulation& simulation = *network.simulation;
    simulation.add(hash_);
    const std::vector<RecordedPopulation> all = simulation.populations();
    const RecordDescription& record = description.record;
    if (!record.spikes.empty()) {
        spikes_.emplace(context.folder, marked(all, record.spikes), context.run_id, Time{}, spikes);
        simulation.add(*spikes_);
    }
    if (!record.traces.empty()) {
        traces_.emplace(context.folder, marked(all, record.traces), context.run_id, record.trace_bin);
        simulation.add(*traces_);
    }
    if (!weights_of_.empty()) weights_.emplace(context.folder, context.run_id);
    for (const ProjectionDescription& p : description.projections) {
        if (p.plasticity || p.tie) plastic_.push_back(p.name);
        const auto target = std::find_if(description.populations.begin(), description.populations.end(),
                                         [&](const auto& population) { return population.name == p.target; });
        units_[p.name] = catalogue().cell(target->model)->port(p.port)->unit;
    }
}

void Recording::persist(Archive& archive) {
    archive("hash", hash_);
    if (spikes_) archive("spikes", *spikes_);
    std::int64_t part = part_.value_or(-1);
    archive("part", part);
    part_ = part < 0 ? std::nullopt : std::optional(part);
    if (traces_) archive("traces", *traces_);
    if (weights_) archive("weights", *weights_);
}

void Recording::part(std::optional<std::int64_t> epoch) {
    if (!spikes_ || part_ == epoch) return;
    const Time now = network_.simulation->now();
    if (part_) spikes_->end_part(now);
    if (epoch) spikes_->begin_part(now, *epoch);
    part_ = epoch;
}

void Recording::tick() {
    if (Seconds::now() - flushed_ < flush_every) return;
    if (spikes_) spikes_->flush();
    if (traces_) traces_->flush();
    flushed_ = Seconds::now();
}

void Recording::snapshot(std::int64_t epoch, std::int64_t sample) {
    if (!weights_) return;
    for (const std::string& name : weights_of_) {
        const Index index = network_.projections.at(name);
        Simulation& simulation = *network_.simulation;
        const Index targets = simulation.population(simulation.projection(index).target).size();
        const Index sources = simulation.weights(index).front().sources();
        const WeightLabel label{name, units_.at(name), simulation.now(), epoch, sample};
        std::vector<std::vector<std::pair<Index, float>>> rows(targets);
        std::size_t synapses = 0;
        simulation.visit_synapses(index, [&](Index target, Index source, double weight) {
            rows[target].emplace_back(source, static_cast<float>(weight));
            ++synapses;
        });
        if (synapses == std::size_t{targets} * sources) {
            std::vector<float> values(synapses);
            for (Index t = 0; t < targets; ++t) {
                for (const auto& [source, weight] : rows[t])
                    values[std::size_t{t} * sources + source] = weight;
            }
            weights_->snapshot(label, DenseWeights<float>{targets, sources, values});
            continue;
        }
        std::vector<std::uint64_t> indptr{0};
        std::vector<std::uint32_t> indices;
        std::vector<float> data;
        for (const auto& row : rows) {
            for (const auto& [source, weight] : row) {
                indices.push_back(source);
                data.push_back(weight);
            }
            indptr.push_back(data.size());
        }
        weights_->snapshot(label, SparseWeights<float>{targets, sources, indptr, indices, data});
    }
}

std::string Recording::finish() {
    const Time end = network_.simulation->now();
    if (spikes_) spikes_->finish(end);
    if (traces_) traces_->finish(end);
    if (weights_) weights_->finish();
    network_.simulation->check_numbers();  // what is recorded may tell how they came to be wrong
    for (const std::string& name : plastic_) {
        // Target by target, so that the hash does not depend on the shards.
        Simulation& simulation = *network_.simulation;
        const Index index = network_.projections.at(name);
        std::vector<std::vector<float>> rows(
            simulation.population(simulation.projection(index).target).size());
        simulation.visit_synapses(index, [&](Index target, Index, double weight) {
            rows[target].push_back(static_cast<float>(weight));
        });
        for (const auto& row : rows) hash_.add_weights(row);
    }
    return hash_.hex();
}

std::int64_t restore_weights(const std::filesystem::path& path, const std::vector<std::string>& projections,
                             Network& network) {
    const Hdf5File file = Hdf5File::open(path);
    std::int64_t epoch = 0;
    for (const std::string& name : projections) {
        const std::string group = "/weights/" + name;
        const auto snapshots = file.has(group) ? file.children(group) : std::vector<std::string>();
        if (snapshots.empty()) throw DataError(fmt::format("{}: has no weights of {}", path.string(), name));
        const std::string snapshot = group + "/" + snapshots.back();
        epoch = file.number<std::int64_t>(snapshot, "epoch").value_or(0);
        const auto shape = file.shape(snapshot);
        const Index index = network.projections.at(name);
        const std::span<Table> tables = network.simulation->weights(index);
        const Population& population =
            network.simulation->population(network.simulation->projection(index).target);
        const std::vector<std::uint64_t> expected{population.size(), tables.front().sources()};
        if (shape != expected) {
            throw DataError(fmt::format("{}: {}: expected {} weights, found {}", path.string(), snapshot,
                                        fmt::join(expected, " x "), fmt::join(shape, " x ")));
        }
        const auto values = file.read<float>(snapshot);
        for (std::size_t k = 0; k < tables.size(); ++k) {
            for (Index source = 0; source < expected[1]; ++source) {
                const Table::Row row = tables[k].row(source);
                for (std::size_t i = 0; i < row.targets.size(); ++i)
                    row.weights[i] = values[(population.first(k) + row.targets[i]) * expected[1] + source];
            }
        }
    }
    return epoch;
}

void Activity::observe(const Window& window, std::span<const Spike> spikes) {
    if (window.end - seen_ != step_) {  // windows are mostly of one length
        step_ = window.end - seen_;
        decay_ = std::exp(-ms(step_) / memory);
    }
    events_ *= decay_;
    bursts_ *= decay_;
    length_ = length_ * decay_ + ms(step_);
    seen_ = window.end;
    for (const Spike& spike : spikes) {
        if (spike.population >= followed_.size() || !followed_[spike.population]) continue;
        if (spike.kind == SpikeKind::event) events_ += 1.0;
        if (spike.kind == SpikeKind::burst) bursts_ += 1.0;
    }
}

std::optional<double> Activity::event_rate() const {
    if (length_ == 0.0 || neurons_ == 0) return std::nullopt;
    return 1000.0 * events_ / length_ / neurons_;
}

std::optional<double> Activity::burst_probability() const {
    if (events_ < 1.0) return std::nullopt;
    return bursts_ / events_;
}

}  // namespace apical
