#include <fmt/format.h>

#include "networks/models.hpp"
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

    std::vector<Index> neurons;
    Index count = 0;
    for (const PopulationDescription& p : description.populations) {
        for_each_neuron_model([&](std::string_view name, const auto&) {
            if (name != p.model) return;
            neurons.push_back(network.populations.at(p.name));
            count += p.size;
        });
    }
    Activity activity(neurons, count);
    simulation.add(activity);
    context.built(network, 0);

    const Time end = Time{} + ticks(description.duration);
    simulation.cut(end);
    const Duration every = ticks(description.record.weights_every);
    Time snapshot_at = every > Duration::zero() ? Time{} + every : Time::max();
    for (Time t = snapshot_at; t < end; t += every) simulation.cut(t);

    const Persist state = [&](Archive& archive) {
        archive("simulation", simulation);
        archive("recording", recording);
        archive("activity", activity);
        archive("snapshot_at", snapshot_at);
    };
    if (!context.resume(state)) recording.snapshot();
    bool interrupted = false;
    while (simulation.now() < end && !interrupted) {
        simulation.step(end);
        if (simulation.now() == snapshot_at) {
            recording.snapshot();
            snapshot_at += every;
        }
        recording.tick();
        context.progress({.time = ms(simulation.now()),
                          .end = description.duration,
                          .spikes = simulation.spikes(),
                          .step_name = {},
                          .event_rate = activity.event_rate(),
                          .burst_probability = activity.burst_probability(),
                          .accuracy = {}});
        interrupted = context.pause(state);
    }
    const bool taken = every > Duration::zero() && snapshot_at - every == simulation.now();
    if (!taken) recording.snapshot();
    RunResult result;
    result.interrupted = interrupted;
    result.result_hash = recording.finish();
    const double seconds = ms(simulation.now()) / 1000.0;
    result.summary = {{"task", std::string("simulate")},
                      {"seed", static_cast<std::int64_t>(description.seed)},
                      {"neurons", std::int64_t{count}},
                      {"synapses", static_cast<std::int64_t>(simulation.synapses())},
                      {"biological_s", seconds},
                      {"spikes", static_cast<std::int64_t>(simulation.spikes())},
                      {"synaptic_events", static_cast<std::int64_t>(simulation.synaptic_events())},
                      {"recorded", what_is_recorded(description.record)}};
    result.verdict = fmt::format("{} spikes in {:g} s of biological time{}", simulation.spikes(), seconds,
                                 description.record.nothing() ? ", nothing recorded" : "");
    if (simulation.spikes() == 0) context.log(Severity::warning, "the network did not spike at all");
    return result;
}

}  // namespace apical
