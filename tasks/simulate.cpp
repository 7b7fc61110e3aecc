#include <fmt/format.h>

#include "core/rounding.hpp"
#include "tasks/recording.hpp"
#include "tasks/run.hpp"

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
    for (const PopulationDescription& p : description.populations) {
        if (!p.origin.empty()) context.log(Severity::note, p.origin);
    }
    if (description.record.nothing()) context.log(Severity::warning, nothing_recorded);
    Recording recording(description, network, context);

    const NetworkSize size = size_of(description);
    std::vector<Index> neurons;
    for (const PopulationDescription& p : description.populations) {
        if (!is_source(p)) neurons.push_back(network.populations.at(p.name));
    }
    Activity activity(neurons, static_cast<Index>(size.neurons));
    simulation.add(activity);
    context.built(network, 0);

    const Time end = Time{} + ticks(description.duration);
    simulation.cut(end);
    // Rounded once each, and the last is that of the end: no error adds up to one a hair before it.
    const double every = description.record.weights_every;
    const auto time_of = [&](std::uint64_t snapshot) {
        const Time time = every > 0.0 ? Time{} + ticks(static_cast<double>(snapshot) * every) : end;
        return has_come(end, time) ? end : time;
    };
    std::uint64_t snapshots = 1;
    simulation.cut(time_of(snapshots));

    const Persist state = [&](Archive& archive) {
        archive("simulation", simulation);
        archive("recording", recording);
        archive("activity", activity);
        archive("snapshots", snapshots);
    };
    if (!context.resume(state)) recording.snapshot();
    bool interrupted = false;
    while (simulation.now() < end && !interrupted) {
        simulation.step(end);
        if (simulation.now() == time_of(snapshots)) {
            recording.snapshot();
            simulation.cut(time_of(++snapshots));
        }
        recording.tick();
        context.progress({.time = ms(simulation.now()),
                          .end = description.duration,
                          .spikes = recording.counts().neurons(),
                          .step_name = {},
                          .event_rate = activity.event_rate(),
                          .burst_probability = activity.burst_probability(),
                          .accuracy = {}});
        interrupted = context.pause(state);
    }
    if (simulation.now() != time_of(snapshots - 1)) recording.snapshot();
    RunResult result;
    result.interrupted = interrupted;
    result.result_hash = recording.finish();
    const double seconds = ms(simulation.now()) / 1000.0;
    const SpikeCounts& counts = recording.counts();
    result.summary = {{"task", std::string("network")},
                      {"seed", static_cast<std::int64_t>(description.seed)}};
    append(result.summary, size_facts(size));
    append(result.summary,
           {{"synapses", static_cast<std::int64_t>(simulation.synapses())}, {"biological_s", seconds}});
    append(result.summary, spike_facts(counts));
    append(result.summary, {{"synaptic_events", static_cast<std::int64_t>(simulation.synaptic_events())},
                            {"recorded", what_is_recorded(description.record)}});
    result.verdict = fmt::format("{} spikes of {} in {:g} s of biological time", counts.neurons(),
                                 text_of({size.neurons, 0}), seconds);
    if (size.sources > 0)
        result.verdict += fmt::format(", and {} of {}", counts.sources(), text_of({0, size.sources}));
    if (description.record.nothing()) result.verdict += ", nothing recorded";
    if (counts.neurons() == 0 && size.neurons > 0) {
        context.log(Severity::warning,
                    counts.sources() == 0
                        ? std::string("the network did not spike at all")
                        : fmt::format("no neuron did spike: all {} spikes are of sources", counts.sources()));
    }
    return result;
}

}  // namespace apical
