#include <utility>

#include <fmt/format.h>

#include "core/rounding.hpp"
#include "networks/catalogue.hpp"
#include "networks/network_config.hpp"
#include "training/experiment.hpp"
#include "training/run.hpp"
#include "training/wheel.hpp"

namespace apical {

std::string what_is_recorded(const RecordDescription& record) {
    std::string text;
    const auto add = [&](const char* what, const std::vector<std::string>& of) {
        if (!of.empty())
            text += fmt::format("{}{} of {}", text.empty() ? "" : "; ", what, fmt::join(of, ", "));
    };
    add("spikes", record.spikes);
    add("traces", record.traces);
    add("weights", record.weights);
    return text.empty() ? "nothing" : text;
}

RunResult run_network(const NetworkDescription& description, const RunContext& context) {
    Network network = build(description, {.threads = context.threads});
    Simulation& simulation = *network.simulation;
    std::vector<std::string> neurons;
    for (const PopulationDescription& p : description.populations) {
        if (!is_source(p)) neurons.push_back(p.name);
        if (!p.origin.empty()) context.log(Severity::note, p.origin);
    }
    if (description.record.nothing()) context.log(Severity::warning, nothing_recorded);
    Wheel wheel(description, {&network}, neurons, context);

    const Time end = Time{} + ticks(description.duration);
    simulation.cut(end);
    // Rounded once each, and the last is that of the end: no error adds up to one a hair before it.
    const double every = description.record.weights_every;
    const auto time_of = [&](std::uint64_t snapshot) {
        const Time time = every > 0.0 ? Time{} + ticks(static_cast<double>(snapshot) * every) : end;
        return has_come(end, time) ? end : time;
    };
    std::uint64_t snapshots = 1;
    wheel.begin([&](Archive& archive) { archive("snapshots", snapshots); },
                [&](Progress& progress) { progress.end = description.duration; });
    while (wheel.now() < end && !wheel.interrupted()) {
        wheel.run_to(time_of(snapshots));
        if (wheel.now() != time_of(snapshots)) break;
        wheel.recording().snapshot();
        ++snapshots;
    }
    if (wheel.now() != time_of(snapshots - 1)) wheel.recording().snapshot();
    RunResult result = wheel.finish({{"task", std::string("network")},
                                     {"seed", static_cast<std::int64_t>(description.seed)},
                                     {"synapses", static_cast<std::int64_t>(simulation.synapses())},
                                     {"recorded", what_is_recorded(description.record)}});
    const NetworkSize size = size_of(description);
    result.verdict = fmt::format("{} spikes of {} in {:g} s of biological time", wheel.spikes(),
                                 text_of({size.neurons, 0}), ms(wheel.now()) / 1000.0);
    if (size.sources > 0)
        result.verdict += fmt::format(", and {} of {}", wheel.source_spikes(), text_of({0, size.sources}));
    if (description.record.nothing()) result.verdict += ", nothing recorded";
    if (wheel.spikes() == 0 && size.neurons > 0) {
        context.log(Severity::warning, wheel.source_spikes() == 0
                                           ? std::string("the network did not spike at all")
                                           : fmt::format("no neuron did spike: all {} spikes are of sources",
                                                         wheel.source_spikes()));
    }
    return result;
}

namespace {

class NetworkExperiment final : public Experiment {
public:
    explicit NetworkExperiment(NetworkDescription description) : description_(std::move(description)) {}

    std::uint64_t seed() const override { return description_.seed; }
    NetworkDescription network() const override { return description_; }
    std::string size_text() const override {
        const std::size_t count = description_.populations.size();
        return fmt::format("{} in {} population{}", text_of(size_of(description_)), count,
                           count == 1 ? "" : "s");
    }
    std::vector<std::filesystem::path> inputs() const override {
        std::vector<std::filesystem::path> files;
        for (const PopulationDescription& p : description_.populations) {
            for (const std::string& file : p.spike_files)
                files.push_back(std::filesystem::absolute(file).lexically_normal());
        }
        return files;
    }
    RunResult run(const RunContext& context) const override { return run_network(description_, context); }

private:
    NetworkDescription description_;
};

}  // namespace

std::unique_ptr<Experiment> network_experiment(ConfigTable root) {
    return std::make_unique<NetworkExperiment>(read_network(root, catalogue()));
}

}  // namespace apical
