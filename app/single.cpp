#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/build_info.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/train_options.hpp"
#include "app/verbs.hpp"
#include "app/web.hpp"
#include "core/error.hpp"
#include "networks/build.hpp"
#include "networks/catalogue.hpp"
#include "networks/config.hpp"
#include "networks/models.hpp"
#include "networks/problems.hpp"
#include "networks/suggest.hpp"
#include "neurons/variable_units.hpp"

namespace apical {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view single_usage = "apical single MODEL [options]";

constexpr double most_samples = 2e6;  // of each variable

/// `name` among these, or an error that says which was probably meant.
std::string known(const std::string& what, const std::string& name, const std::vector<std::string>& names) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return name;
    const auto meant = probably_meant(name, names);
    throw misuse(
        single_usage, fmt::format("there is no {} '{}'", what, name),
        fmt::format("{}known: {}", meant ? fmt::format("did you mean '{}'? ", *meant) : std::string(),
                    fmt::join(names, ", ")));
}

/// Reads a number from the front of `text` and takes it away.
std::optional<double> take_number(std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || !std::isfinite(value)) return std::nullopt;
    text.erase(0, static_cast<std::size_t>(end - text.c_str()));
    return value;
}

std::pair<std::string, double> name_and_number(const std::string& option, const std::string& text,
                                               const char* form = "NAME=NUMBER") {
    const std::size_t equals = text.find('=');
    std::string rest = equals == std::string::npos ? std::string() : text.substr(equals + 1);
    const auto value = take_number(rest);
    if (!value || !rest.empty())
        throw misuse(single_usage, fmt::format("{} is '{}': expected {}", option, text, form));
    return {text.substr(0, equals), *value};
}

/// A constant input from `from` to `to` [ms].
struct Step {
    std::string port;
    double value;
    double from = 0.0;
    double to = HUGE_VAL;
};

/// PORT=VALUE, PORT=VALUE@FROM or PORT=VALUE@FROM:TO.
Step parse_step(const std::string& text) {
    const std::size_t at = text.find('@');
    const auto [port, value] = name_and_number("--step", text.substr(0, at), "PORT=VALUE[@FROM[:TO]]");
    Step step{port, value};
    if (at == std::string::npos) return step;
    std::string rest = text.substr(at + 1);
    const auto from = take_number(rest);
    std::optional<double> to = HUGE_VAL;
    if (!rest.empty() && rest.front() == ':') {
        rest.erase(0, 1);
        to = take_number(rest);
    }
    if (!from || !to || !rest.empty() || *from < 0.0 || *to <= *from)
        throw misuse(
            single_usage,
            fmt::format("--step is '{}': expected PORT=VALUE@FROM:TO, with times in ms, TO after FROM",
                        text));
    step.from = *from;
    step.to = *to;
    return step;
}

/// The steps of each port as one: at each time at which anything changes, the sum.
std::vector<StepsDescription> add_up(const std::vector<Step>& steps) {
    std::map<std::string, std::map<double, double>> changes;
    for (const Step& step : steps) {
        changes[step.port][step.from] += step.value;
        if (step.to < HUGE_VAL) changes[step.port][step.to] -= step.value;
    }
    std::vector<StepsDescription> all;
    for (const auto& [port, edges] : changes) {
        StepsDescription d{.name = "step_" + port, .target = "cell", .port = port, .times = {}, .values = {}};
        double sum = 0.0;
        for (const auto& [time, change] : edges) {
            d.times.push_back(time);
            d.values.push_back(sum += change);
        }
        all.push_back(std::move(d));
    }
    return all;
}

/// Does a cell of this model draw random numbers?
bool draws(std::string_view name) {
    bool found = false;
    for_each_neuron_model([&]<class Model>(std::string_view other, const Model&) {
        if (other == name) found = StochasticModel<Model> || TracedModel<Model>;
    });
    return found;
}

/// An option that would do nothing is a mistake.
void expect_effect(const po::variables_map& values, const ModelInfo& model, const TrainOptions& train,
                   const std::vector<double>& times) {
    const auto given = [&](const char* option) { return values.count(option) != 0; };
    if (given("seed") && !train.random() && !draws(model.name))
        throw misuse(single_usage,
                     fmt::format("--seed has no effect: neither {} nor the train is random", model.name),
                     "--poisson and --bursts are random trains");
    for (const char* option : {"burst_probability", "burst_spikes", "burst_interval"}) {
        if (given(option) && !train.has_bursts())
            throw misuse(single_usage,
                         fmt::format("--{} has no effect on a train without bursts; add --bursts", option));
    }
    if (given("every") && !values["csv"].as<bool>() && !values["html"].as<bool>())
        throw misuse(single_usage, "--every has no effect on the table of spikes; add --csv or --html");
    if (!times.empty() && times.back() > train.duration())
        throw misuse(single_usage, fmt::format("--times: {} ms is after the end, {} ms; add --duration",
                                               times.back(), train.duration()));
}

class Watch final : public Recorder {
public:
    explicit Watch(Index cell) : cell_(cell) {}
    void observe(const Window&, std::span<const Spike> spikes) override {
        for (const Spike& spike : spikes) {
            if (spike.population == cell_) spikes_.push_back(spike);
        }
    }
    void finish(Time) override {}
    const std::vector<Spike>& spikes() const { return spikes_; }

private:
    Index cell_;
    std::vector<Spike> spikes_;
};

struct Recorded {
    std::vector<std::string> variables;
    std::vector<double> times;                ///< [ms]
    std::vector<std::vector<double>> traces;  ///< of each variable
    std::vector<Spike> spikes;
};

Recorded simulate(const NetworkDescription& description, double every) {
    Network network = build(description);
    for (const Problem& problem : problems(description)) {
        // Of the train and of steps the options have spoken.
        const std::string& place = problem.places.front();
        if (place.starts_with("population.cell") || place.starts_with("projection."))
            fmt::print(stderr, "warning: {}\n", problem.message);
    }
    Simulation& simulation = *network.simulation;
    const Index cell = network.populations.at("cell");
    Watch watch(cell);
    simulation.add(watch);
    Recorded r;
    for (const std::string_view name : simulation.population(cell).variables())
        r.variables.emplace_back(name);
    r.traces.resize(r.variables.size());
    const auto samples = static_cast<std::int64_t>(std::floor(description.duration / every * (1.0 + 1e-12)));
    for (std::int64_t k = 0; k <= samples; ++k) {
        const Time t = Time{} + ticks(static_cast<double>(k) * every);
        simulation.cut(t);
        if (t > simulation.now()) simulation.run_until(t);
        r.times.push_back(static_cast<double>(k) * every);
        for (std::size_t v = 0; v < r.variables.size(); ++v)
            r.traces[v].push_back(simulation.population(cell).sample(0, v, t));
    }
    simulation.check_numbers();
    r.spikes = watch.spikes();
    return r;
}

const char* kind_name(SpikeKind kind) {
    return kind == SpikeKind::event ? "event" : kind == SpikeKind::burst ? "burst" : "further";
}

std::string csv(const Recorded& r) {
    std::string text = fmt::format("time_ms,{}\n", fmt::join(r.variables, ","));
    for (std::size_t i = 0; i < r.times.size(); ++i) {
        text += fmt::format("{}", r.times[i]);
        for (const auto& trace : r.traces) text += fmt::format(",{}", trace[i]);
        text += '\n';
    }
    return text;
}

std::string table(const Recorded& r, double duration) {
    std::string text;
    std::size_t events = 0, bursts = 0;
    for (std::size_t i = 0; i < r.spikes.size(); ++i) {
        const Spike& spike = r.spikes[i];
        if (i == 0)
            text += fmt::format("{:>6}{:>14}{:>14}  {}\n", "spike", "time [ms]", "interval [ms]", "kind");
        text +=
            fmt::format("{:>6}{:>14.6f}{:>14}  {}\n", i + 1, ms(spike.time),
                        i == 0 ? std::string() : fmt::format("{:.6f}", ms(spike.time - r.spikes[i - 1].time)),
                        kind_name(spike.kind));
        events += spike.kind == SpikeKind::event ? 1U : 0U;
        bursts += spike.kind == SpikeKind::burst ? 1U : 0U;
    }
    return text + fmt::format("{} spikes in {:g} ms: {} events, {} of them bursts\n", r.spikes.size(),
                              duration, events, bursts);
}

std::string page(const Recorded& r, const ModelInfo& model, const NetworkDescription& network,
                 const std::vector<double>& train) {
    Json spikes = Json::array();
    for (const Spike& spike : r.spikes)
        spikes.push_back({{"time", ms(spike.time)}, {"kind", kind_name(spike.kind)}});
    Json traces = Json::array();
    for (std::size_t v = 0; v < r.variables.size(); ++v)
        traces.push_back({{"name", r.variables[v]},
                          {"unit", unit_of(network.populations.front().model, r.variables[v])},
                          {"values", r.traces[v]}});
    Json parameters = Json::array();
    const Parameters& given = network.populations.front().parameters;
    for (const FieldInfo& field : model.fields) {
        const auto value = given.find(field.name);
        const double shown = value != given.end() ? value->second : field.default_value;
        parameters.push_back({{"name", field.name},
                              {"value", std::isfinite(shown) ? Json(shown) : Json()},
                              {"unit", field.unit},
                              {"meaning", field.meaning},
                              {"given", value != given.end()}});
    }
    Json inputs = Json::array();
    for (const StepsDescription& s : network.steps)
        inputs.push_back(
            {{"port", s.port}, {"unit", model.port(s.port)->unit}, {"times", s.times}, {"values", s.values}});
    const Json data{{"program", fmt::format("apical {}", build_info::version)},
                    {"model", model.name},
                    {"summary", model.summary},
                    {"equations", model.equations},
                    {"duration", network.duration},
                    {"parameters", std::move(parameters)},
                    {"inputs", std::move(inputs)},
                    {"arrivals", network.projections.empty() ? std::vector<double>() : train},
                    {"times", r.times},
                    {"traces", std::move(traces)},
                    {"spikes", std::move(spikes)}};
    return web_page("single.html", data);
}

/// The cell, its input, and a source that plays the train onto it.
NetworkDescription network_of(const ModelInfo& model, const std::vector<std::string>& set,
                              const std::vector<std::string>& steps, const std::vector<std::string>& arrivals,
                              const TrainOptions& train, const std::vector<double>& times) {
    std::vector<std::string> fields, ports, levels;
    for (const FieldInfo& field : model.fields) fields.push_back(field.name);
    for (const PortInfo& port : model.ports) {
        ports.push_back(port.name);
        if (port.level) levels.push_back(port.name);
    }

    NetworkDescription network;
    network.seed = train.seed();
    network.duration = train.duration();
    PopulationDescription cell;
    cell.name = "cell";
    cell.model = model.name;
    for (const std::string& text : set) {
        const auto [name, value] = name_and_number("--set", text);
        cell.parameters[known("parameter of " + model.name, name, fields)] = value;
        const auto field = std::find(fields.begin(), fields.end(), name) - fields.begin();
        const FieldInfo& info = model.fields[static_cast<std::size_t>(field)];
        if (!info.range.contains(value))
            throw misuse(single_usage, fmt::format("--set is '{}', out of range: expected {}", text,
                                                   describe(info.range, info.unit)));
    }
    network.populations.push_back(cell);
    std::vector<Step> parsed;
    for (const std::string& text : steps) {
        parsed.push_back(parse_step(text));
        if (parsed.back().from >= network.duration && network.duration > 0.0)
            throw misuse(single_usage, fmt::format("--step {} has no effect: the simulation ends at {} ms",
                                                   text, network.duration));
        if (std::isfinite(parsed.back().to) && parsed.back().to > network.duration && network.duration > 0.0)
            fmt::print(stderr, "warning: --step {}: the simulation ends before, at {} ms\n", text,
                       network.duration);
        known("port that holds what arrives in " + model.name, parsed.back().port, levels);
    }
    network.steps = add_up(parsed);
    if (times.empty() != arrivals.empty())
        throw misuse(
            single_usage,
            times.empty()
                ? "--spikes: there is no train to arrive; add --regular, --poisson, --bursts or --times"
                : "the train arrives nowhere; add --spikes PORT=WEIGHT");
    if (!times.empty()) {
        PopulationDescription source;
        source.name = "train";
        source.model = "spike_train";
        source.spike_times = {times};
        network.populations.push_back(source);
    }
    for (const std::string& text : arrivals) {
        const auto [port, weight] = name_and_number("--spikes", text, "PORT=WEIGHT");
        ProjectionDescription projection;
        projection.name = "train_to_" + known("port of " + model.name, port, ports);
        projection.source = "train";
        projection.target = "cell";
        projection.port = port;
        projection.weight = {Distribution::Kind::constant, weight, 0.0};
        projection.delay = 0.0;
        network.projections.push_back(projection);
    }
    return network;
}

}  // namespace

int single_verb(const Arguments& arguments) {
    std::vector<std::string> set, steps, arrivals;
    double every = 0.1;
    bool as_csv = false, html = false;
    OutputOptions output;
    TrainOptions train{{}};
    VerbOptions options(
        single_usage,
        "Simulates one neuron: its spikes as a table, its state over time as CSV or as a page with plots.",
        "apical single lif --set E_L=-70 --step current=300@100:400 --html\n"
        "apical single payeur2021_pyramidal --spikes excitatory_dend=5 --bursts 5 --csv --out cell.csv");
    options.positional("model");
    options.add()  //
        ("set", po::value(&set)->composing()->value_name("NAME=VALUE"),
         "a parameter (repeatable): apical explain MODEL")  //
        ("step", po::value(&steps)->composing()->value_name("PORT=VALUE[@FROM[:TO]]"),
         "constant input, in the unit of the port; times in ms (repeatable; steps add up)")  //
        ("spikes", po::value(&arrivals)->composing()->value_name("PORT=WEIGHT"),
         "where the train of the options below arrives (repeatable)");
    train.declare(options, "none");
    options.add()                                                                                   //
        ("every", po::value(&every)->value_name("MS"), "interval of the samples (default 0.1 ms)")  //
        ("csv", po::bool_switch(&as_csv), "print the state over time")                              //
        ("html", po::bool_switch(&html), "write a page with plots");
    output.declare(options, "file to write (default: standard output; single.html for a page)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    if (as_csv && html) throw misuse(single_usage, "--csv and --html exclude each other");
    const auto names =
        values->count("model") != 0 ? (*values)["model"].as<std::vector<std::string>>() : Arguments{};
    if (names.size() != 1)
        throw misuse(single_usage,
                     names.empty() ? "which model? Its name is missing" : "one model at a time");

    std::vector<std::string> models;
    for (const ModelInfo& info : catalogue().models) {
        if (info.kind == ModelInfo::Kind::neuron) models.push_back(info.name);
    }
    const ModelInfo& model =
        *catalogue().find(ModelInfo::Kind::neuron, known("model of a neuron", names.front(), models));
    const std::vector<double> times = train.times();
    const NetworkDescription network = network_of(model, set, steps, arrivals, train, times);
    if (!(every > 0.0) || !(network.duration > 0.0) || !(network.duration / every <= most_samples))
        throw misuse(
            single_usage,
            fmt::format("{} ms in steps of {} ms: expected positive numbers and at most two million samples",
                        network.duration, every));
    expect_effect(*values, model, train, times);

    const auto file = html || !output.out.empty() ? output.open("single.html") : nullptr;
    const Recorded recorded = simulate(network, every);
    const std::string text = as_csv ? csv(recorded) : table(recorded, network.duration);
    if (file) {
        file->write(html ? page(recorded, model, network, times) : text);
        file->finish();
    }
    if (!file) fmt::print("{}", text);
    if (html) fmt::print(file->talk(), "{}page: {}\n", text, file->path().string());
    return 0;
}

}  // namespace apical
