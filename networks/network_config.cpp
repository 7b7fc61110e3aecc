#include "networks/network_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/random.hpp"
#include "networks/checks.hpp"
#include "networks/connect.hpp"
#include "networks/suggest.hpp"
#include "recorders/read.hpp"

namespace apical {

namespace {

constexpr Range at_least_one{.low = 1.0};
constexpr std::string_view delay_reason =
    "an effect cannot precede its cause; the smallest delay is the engine's window";

constexpr auto classifiers = std::to_array<Choice<Classifier>>({
    {"isi", Classifier::isi, "within b_th of the previous spike: the same burst"},
    {"model", Classifier::model, "the cell says"},
    {"every", Classifier::every, "each spike is an event"},
    {"trace", Classifier::trace,
     "a trace of recent spikes, of time constant b_th, above 1/e: the same burst"},
});

constexpr auto noises = std::to_array<Choice<Background::Kind>>({
    {"poisson", Background::Kind::poisson, "a Poisson train, exact in time"},
    {"variance_matched", Background::Kind::variance_matched,
     "a Poisson train with mean and variance of bernoulli_grid: its weight is weight x (1 - rate x step), "
     "its "
     "rate that of the grid over the same factor"},
    {"bernoulli_grid", Background::Kind::bernoulli_grid,
     "at each step an arrival with probability rate x step, as programs with a time step draw it"},
    {"counts", Background::Kind::counts,
     "the number of a Poisson train's arrivals in each step, all at once, at a phase of each neuron's own: "
     "for "
     "rates of kilohertz, cheaper than drawn times"},
});

constexpr auto distributions = std::to_array<Choice<Distribution::Kind>>({
    {"uniform", Distribution::Kind::uniform, "from low to high"},
    {"normal", Distribution::Kind::normal, "mean and sd"},
    {"lognormal", Distribution::Kind::lognormal, "mean and cv; a negative mean mirrors it"},
});

constexpr auto means = std::to_array<Choice<TieDescription::Mean>>({
    {"none", TieDescription::Mean::none, "synapse by synapse"},
    {"senders", TieDescription::Mean::senders, "for each target, the mean over the source population"},
    {"both", TieDescription::Mean::both, "the mean over both populations"},
});

constexpr auto parts = std::to_array<Choice<TieDescription::Part>>({
    {"whole", TieDescription::Part::whole, "w"},
    {"positive", TieDescription::Part::plus, "max(w, 0)"},
    {"negative", TieDescription::Part::minus, "max(-w, 0)"},
});

constexpr auto signal_kinds = std::to_array<Choice<SignalDescription::Kind>>({
    {"spike_rate", SignalDescription::Kind::spike_rate, "all spikes [Hz]"},
    {"event_rate", SignalDescription::Kind::event_rate, "events [Hz]"},
    {"burst_rate", SignalDescription::Kind::burst_rate, "bursts [Hz]"},
    {"burst_probability", SignalDescription::Kind::burst_probability, "bursts over events"},
});

constexpr auto states = std::to_array<Choice<ReleaseTerm::State>>({
    {"source", ReleaseTerm::State::source, "one for all synapses of a neuron: they are alike"},
    {"synapse", ReleaseTerm::State::synapse, "one for each synapse, which begins at rest; no u_0"},
});

/// What a spike may release without short-term plasticity.
const std::vector<Word>& gates() {
    static const std::vector<Word> words{{"all", "every spike releases 1"},
                                         {"event", "events release 1, other spikes nothing"},
                                         {"burst", "second spikes of bursts release 1, others nothing"}};
    return words;
}

template <class Items>
std::vector<std::string> names(const Items& items) {
    std::vector<std::string> result;
    for (const auto& item : items) result.push_back(item.name);
    return result;
}

/// Notes keys in place of reading them.
struct KeyNames {
    template <class Value>
    void read(const Key& key, const Value& /*value*/) {
        names.push_back(key.name);
    }
    std::vector<std::string_view> names;
};

class NetworkReader {
public:
    NetworkReader(ConfigTable root, const Catalogue& catalogue) : root_(root), catalogue_(catalogue) {}

    NetworkDescription read() {
        root_.topic("network");
        std::string task = "network";
        root_.read_word({.name = "task", .meaning = "what the file is for"},
                        {{"network", "simulate the network below"}}, task);
        root_.read(
            {"seed", "1",
             "of all random numbers; the same seed gives the same run, and a population or projection of the "
             "same name the same draws, whatever its rate"},
            network_.seed);
        root_.read({"duration", "ms", "simulated time", positive}, network_.duration);

        for (ConfigTable& table : named("population", "model", "Neurons of one model, or sources of spikes."))
            read_population(table);
        populations_ = names(network_.populations);
        if (populations_.empty())
            root_.complain("", "E0201", "there is no population", "add a table [population.NAME]");

        const std::vector<ConfigTable> projections =
            named("projection", "source", "Synapses from one population to another.");
        for (const ConfigTable& table : projections) projections_.push_back(table.name());
        for (const ConfigTable& table : projections) read_projection(table);
        check_ties(projections);

        for (ConfigTable& table :
             named("signal", "population",
                   "What a drive follows: a rate or the burst probability of a population."))
            read_signal(table);
        for (ConfigTable& table : named("drive", "signal", "A constant input that follows a signal."))
            read_drive(table);
        for (ConfigTable& table : named("steps", "target", "A constant input that changes at given times."))
            read_steps(table);
        for (ConfigTable& table : named("sine", "target", "A constant input that follows a sine, in steps."))
            read_sine(table);
        for (const SignalDescription& signal : network_.signals) {
            const bool used =
                std::any_of(network_.drives.begin(), network_.drives.end(),
                            [&](const DriveDescription& drive) { return drive.signal == signal.name; });
            if (!used) {
                root_.table("signal", {})
                    .table(signal.name, {})
                    .complain("", "E0210",
                              fmt::format("signal '{}' has no effect: no drive uses it", signal.name));
            }
        }
        read_record();
        check_streams();
        if (!root_.has_errors()) tell(check_fit(network_, catalogue_));
        return std::move(network_);
    }

private:
    /// The tables of a group. One of which only options say something, and not its `essential` key, has a
    /// mistyped name: `--set projection.q.weight=1` where there is a projection p.
    std::vector<ConfigTable> named(std::string_view key, std::string_view essential,
                                   std::string_view meaning) {
        std::vector<ConfigTable> found = root_.tables(key, meaning);
        const auto is_mistyped = [&](const ConfigTable& table) {
            const std::vector<std::string> keys = table.keys();
            return !keys.empty() && !table.has(essential) &&
                   std::all_of(keys.begin(), keys.end(),
                               [&](const std::string& k) { return table.origin(k).starts_with("--"); });
        };
        const auto mistyped = std::stable_partition(found.begin(), found.end(), std::not_fn(is_mistyped));
        std::vector<std::string> defined;
        for (auto table = found.begin(); table != mistyped; ++table) defined.push_back(table->name());
        for (auto table = mistyped; table != found.end(); ++table) {
            for (const std::string& k : table->keys()) table->skip(k);
            const auto meant = probably_meant(table->name(), defined);
            table->complain("", "E0208", fmt::format("'{}': there is no such {}", table->name(), key),
                            meant ? fmt::format("did you mean '{}'?", *meant)
                                  : fmt::format("a new one needs '{}'", essential));
        }
        found.erase(mistyped, found.end());
        return found;
    }

    /// Where a path leads in the file, as far as it goes there.
    void tell(const std::vector<Finding>& findings) {
        for (const Finding& finding : findings) {
            ConfigTable table = root_;
            std::string_view key = finding.place;
            for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
                if (!table.holds_table(key.substr(0, dot))) break;
                table = table.table(key.substr(0, dot), {});
                key.remove_prefix(dot + 1);
            }
            table.complain(key, finding.code, finding.message, finding.help, finding.severity);
        }
    }

    // --- populations
    // ------------------------------------------------------------------------------------------------

    void read_population(ConfigTable& table) {
        PopulationDescription p;
        p.name = table.name();
        table.read_word({.name = "model", .meaning = "model of the cells", .required = true}, cells(),
                        p.model);
        table.read({"size", "1", "number of neurons", {.low = 1.0, .high = 1e9}}, p.size);
        const ModelInfo* model = catalogue_.cell(p.model);
        if (model == nullptr) {
            for (const std::string_view key : {"parameters", "initial", "spike_times", "background"})
                table.skip(key);
        } else {
            p.parameters =
                read_parameters(table.table("parameters", fmt::format("Parameters of {}.", p.model)), *model);
            read_initial(table, *model, p);
            read_background(table, *model, p);
            read_spike_times(table, *model, p);
        }
        read_classifier(table, model, p);
        network_.populations.push_back(std::move(p));
    }

    void read_classifier(ConfigTable& table, const ModelInfo* model, PopulationDescription& p) {
        const bool source = model != nullptr && model->kind == ModelInfo::Kind::source;
        table.read(
            {.name = "classifier", .meaning = "what makes a spike an event, a burst, or a further spike"},
            classifiers, p.classifier,
            source ? "every; of a spike_file with events.h5 and bursts.h5 beside it, model"
            : model != nullptr
                ? fmt::format("{}, as {} has it", name_of(classifiers, model->classifier), model->name)
                : std::string("as the model has it"));
        table.read({"b_th", "ms", "longest interval inside a burst, for the classifiers isi and trace",
                    not_negative},
                   p.b_th);
        const auto said = p.spike_kinds.empty() ? Classifier::every : Classifier::model;
        const auto classifier = source ? p.classifier.value_or(said) : p.classifier;
        if (classifier && classifier != Classifier::isi && classifier != Classifier::trace)
            table.idle("b_th", fmt::format("classifier is \"{}\"", name_of(classifiers, *classifier)));
        if (classifier == Classifier::trace && p.b_th == 0.0)
            table.complain("b_th", "E0204",
                           "b_th is 0: the trace of the classifier \"trace\" decays with it");
        if (!source) return check_classifier(table, model, p);
        if (p.classifier == Classifier::model && p.spike_kinds.empty()) {
            table.complain(
                "classifier", "E0209",
                fmt::format("classifier \"model\": a {} does not say what its spikes are", model->name),
                R"("isi" and "trace" go by the intervals)");
        }
        p.classifier = classifier;
        if (p.origin.empty()) return;
        if (classifier == Classifier::model) {
            p.origin += "; events and bursts as events.h5 and bursts.h5 beside it say";
        } else if (classifier == Classifier::every) {
            p.origin += "; each spike is an event";
        } else {
            p.origin += fmt::format("; events and bursts by the classifier {}, b_th {} ms",
                                    name_of(classifiers, *classifier), p.b_th);
        }
        if (classifier != Classifier::model) p.spike_kinds.clear();
    }

    static void check_classifier(ConfigTable& table, const ModelInfo* model, const PopulationDescription& p) {
        if (model == nullptr) return;
        if (!p.classifier && model->classifier != Classifier::isi && model->classifier != Classifier::trace) {
            table.idle("b_th",
                       fmt::format("the classifier of {} is \"{}\" unless one is given", model->name,
                                   name_of(classifiers, model->classifier)),
                       Severity::warning);
        }
        if (p.classifier == Classifier::model && model->classifier != Classifier::model) {
            table.warn("classifier", "E0210",
                       fmt::format("{} does not say what its spikes are: each is an event, as with the "
                                   "classifier \"every\"",
                                   model->name));
        }
    }

    std::vector<Word> cells() const {
        std::vector<Word> words;
        for (const ModelInfo& model : catalogue_.models) {
            const bool cell = model.kind == ModelInfo::Kind::neuron || model.kind == ModelInfo::Kind::source;
            if (cell) words.push_back({model.name, model.summary});
        }
        return words;
    }

    /// The parameters given; those without a default stay absent.
    static Parameters read_parameters(ConfigTable table, const ModelInfo& model) {
        table.topic(model.name);
        Parameters given;
        for (const FieldInfo& field : model.fields) {
            const Key key{field.name, field.unit, field.meaning, field.range};
            double value = field.default_value;
            if (std::isnan(value)) {
                std::optional<double> optional;
                table.read(key, optional, "follows from the others");
                value = optional.value_or(value);
            } else {
                table.read(key, value);
            }
            if (table.has(field.name) && !std::isnan(value)) given[field.name] = value;
        }
        if (const auto problem = model.check(given))
            table.complain("", "E0209", fmt::format("{}: {}", model.name, *problem));
        return given;
    }

    void read_initial(ConfigTable& table, const ModelInfo& model, PopulationDescription& p) {
        if (!table.has("initial")) {
            table.skip("initial");
            return;
        }
        ConfigTable initial =
            table.table("initial", "State at the start: a number, or a distribution over neurons.");
        initial.topic(model.name);
        for (const std::string& variable : model.variables) {
            if (initial.has(variable)) {
                read_distribution<double>(initial, {.name = variable, .meaning = "start value"},
                                          p.initial[variable]);
            } else {
                initial.skip(variable);
            }
        }
    }

    void read_background(ConfigTable& table, const ModelInfo& model, PopulationDescription& p) {
        if (model.ports.empty()) {
            table.idle("background", fmt::format("{} has no ports", model.name));
            return;
        }
        for (ConfigTable& item :
             table.array("background", "Private noise: every neuron has its own Poisson train.")) {
            Background background;
            const PortInfo* port = read_port(item, &model, background.port);
            item.read({"rate", "Hz", "of each neuron's train", positive, true}, background.rate);
            const std::string unit = port != nullptr ? port->unit : "1";
            item.read({"weight", unit, "of each arrival", any, true}, background.weight);
            if (item.has("weight") && background.weight == 0.0)
                item.warn("weight", "E0210", "the noise has no effect: its weight is 0");
            item.read({.name = "kind", .meaning = "how arrivals are drawn"}, noises, background.kind);
            background.step = Background::usual_step(background.kind);
            item.read({"step", "ms", "of the grid, for all kinds but poisson", positive}, background.step);
            if (background.kind == Background::Kind::poisson) item.idle("step", "kind is \"poisson\"");
            if (const auto wrong = background.rate_problem()) item.complain("rate", "E0209", *wrong);
            p.background.push_back(background);
        }
    }

    void read_spike_times(ConfigTable& table, const ModelInfo& model, PopulationDescription& p) {
        if (model.name != "spike_train") {
            table.idle("spike_times",
                       fmt::format("model is \"{}\"; only spike_train has given times", model.name));
            for (const char* key : {"spike_file", "spike_population"})
                table.idle(key, "model is not spike_train");
            return;
        }
        std::string file;
        std::string name = p.name;
        table.read_path(
            {.name = "spike_file", .meaning = "SONATA file of spikes to replay, in place of spike_times"},
            file);
        if (file.empty()) {
            table.idle("spike_population", "there is no spike_file");
        } else {
            table.read({.name = "spike_population", .meaning = "which population of that file"}, name);
        }
        table.read({"spike_times", "ms", "one list of times for each neuron", not_negative, file.empty()},
                   p.spike_times);
        if (!file.empty()) {
            if (!p.spike_times.empty())
                table.complain("spike_file", "E0209", "spike_file and spike_times are both given");
            read_spike_file(table, file, name, p);
        }
        if (!p.spike_times.empty() && p.spike_times.size() != p.size) {
            table.complain(
                "spike_times", "E0209",
                fmt::format("spike_times has {} lists for {} neurons", p.spike_times.size(), p.size));
        }
        warn_of_late_spikes(table, file.empty() ? "spike_times" : "spike_file", p);
        if (file.empty()) check_order(table, p.spike_times);
    }

    static void check_order(ConfigTable& table, const std::vector<std::vector<double>>& trains) {
        for (const std::vector<double>& train : trains) {
            const auto pair = std::adjacent_find(train.begin(), train.end(),
                                                 [](double a, double b) { return ticks(b) <= ticks(a); });
            if (pair == train.end()) continue;
            const bool together = pair[1] > pair[0];
            table.complain(
                "spike_times", "E0209",
                together ? fmt::format("spike_times has {} and {} ms, which are one time: the clock's tick "
                                       "is 2^-30 ms",
                                       pair[0], pair[1])
                         : "spike_times are not in ascending order");
            return;
        }
    }

    static void read_spike_file(ConfigTable& table, const std::string& path, const std::string& name,
                                PopulationDescription& p) {
        try {
            const SpikeFile file(path);
            PlayedTrains played = file.trains(name, p.size);
            SpikeKinds kinds = file.kinds(name, p.size);
            p.spike_times = std::move(played.times);
            p.spike_kinds = std::move(kinds.by_neuron);
            p.spike_files = {path};
            for (const auto& said_by : kinds.files) p.spike_files.push_back(said_by.string());
            std::size_t spikes = 0;
            for (const auto& train : p.spike_times) spikes += train.size();
            p.origin = fmt::format("population {}: {} spikes of '{}' in {}", p.name, spikes, name, path);
            for (const std::string& remark : played.remarks) table.warn("spike_file", "E0502", remark);
            if (!kinds.not_used.empty()) {
                table.warn(
                    "spike_file", "E0502",
                    fmt::format("events and bursts are not read from beside {}: {}", path, kinds.not_used));
            }
        } catch (const Error& error) {
            table.complain("spike_file", "E0501", error.what());
        }
    }

    void warn_of_late_spikes(ConfigTable& table, std::string_view key, const PopulationDescription& p) const {
        std::size_t late = 0;
        double last = 0.0;
        for (const std::vector<double>& train : p.spike_times) {
            for (const double time : train) {
                late += time >= network_.duration ? 1U : 0U;
                last = std::max(last, time);
            }
        }
        if (late == 0) return;
        table.warn(key, "E0210",
                   fmt::format("{} spike{} of '{}', up to {} ms, will not be played: the run ends at {} ms",
                               late, late == 1 ? "" : "s", p.name, last, network_.duration));
    }

    const PopulationDescription* population(std::string_view name) const {
        for (const PopulationDescription& p : network_.populations) {
            if (p.name == name) return &p;
        }
        return nullptr;
    }

    const ModelInfo* model_of(std::string_view population_name) const {
        const PopulationDescription* p = population(population_name);
        return p != nullptr ? catalogue_.cell(p->model) : nullptr;
    }

    /// A port of `model`, or nothing if either is unknown; then the key is only noted.
    const PortInfo* read_port(ConfigTable& table, const ModelInfo* model, std::string& port) {
        const Key key{.name = "port", .meaning = "where the input ends", .required = true};
        if (model == nullptr) {
            table.skip("port");
            return nullptr;
        }
        std::vector<std::string> defined = names(model->ports);
        return table.read_reference(key, fmt::format("port of {}", model->name), defined, port)
                   ? model->port(port)
                   : nullptr;
    }

    // --- projections
    // ------------------------------------------------------------------------------------------------

    void read_projection(ConfigTable table) {
        ProjectionDescription p;
        p.name = table.name();
        table.read_reference({.name = "source", .meaning = "population that spikes", .required = true},
                             "population", populations_, p.source);
        table.read_reference({.name = "target", .meaning = "population that receives", .required = true},
                             "population", populations_, p.target);
        const ModelInfo* target = model_of(p.target);
        if (target != nullptr && target->ports.empty()) {
            table.complain("target", "E0210",
                           fmt::format("the projection has no effect: '{}' is a {}, which receives nothing",
                                       p.target, target->name));
            table.skip("port");
            target = nullptr;
        }
        const PortInfo* port = target != nullptr ? read_port(table, target, p.port) : nullptr;
        if (target == nullptr) table.skip("port");

        read_connect(table.table("connect", "Which neurons are connected."), p);
        const std::string unit = port != nullptr ? port->unit : "1";
        if (table.has("tie")) {
            read_tie(table.table("tie",
                                 "The weights are copies of another projection's, made once, at the start."),
                     p);
            if (table.holds_table("tie")) {
                table.idle("weight", "the weights are tied");
                table.idle("plasticity", "the weights are tied: they follow another projection's");
            } else {
                for (const std::string_view key : {"weight", "plasticity"}) table.skip(key);
            }
        } else if (port != nullptr || !table.has("weight")) {
            table.skip("tie");
            read_distribution<float>(table, {"weight", unit, "of each synapse", any, true}, p.weight);
        } else {
            for (const std::string_view key : {"tie", "weight"}) table.skip(key);
        }
        table.read({"delay", "ms", "from the spike to its arrival", positive, true, delay_reason}, p.delay);
        read_release(table, p);
        read_gain_steps(table, p);
        if (!p.tie) read_plasticity(table, p);
        const bool each_synapse =
            !p.release.empty() && p.release.front().state == ReleaseTerm::State::synapse;
        if (each_synapse && (p.plasticity || p.tie)) {
            table.complain("short_term", "E0209",
                           "short-term plasticity with a state in each synapse excludes plasticity and tie");
        }
        network_.projections.push_back(std::move(p));
    }

    void read_connect(ConfigTable table, ProjectionDescription& p) {
        std::vector<Word> words;
        for_each_connection_rule([&]<class Rule>(const Rule&) {
            words.push_back({std::string(Rule::name), std::string(Rule::meaning)});
        });
        std::string chosen(AllToAll::name);
        table.read_word({.name = "rule", .meaning = "which pairs are connected"}, words, chosen);
        for_each_connection_rule([&]<class Rule>(Rule rule) {
            if constexpr (requires { rule.read(table); }) {
                if (Rule::name == chosen) return rule.read(table), void(p.connect.kind = rule);
                KeyNames others;
                rule.read(others);
                for (const std::string_view key : others.names)
                    table.idle(key, fmt::format("rule is \"{}\"", chosen));
            } else if (Rule::name == chosen) {
                p.connect.kind = rule;
            }
        });
        const bool known = population(p.source) != nullptr && population(p.target) != nullptr;
        if (known && p.source != p.target) {
            table.idle("autapses", "source and target differ");
        } else {
            table.read({.name = "autapses", .meaning = "may a neuron project onto itself"},
                       p.connect.autapses);
        }
    }

    /// A number, or a table with a distribution, of which draws are kept as Real; the unit is the key's.
    template <class Real>
    static void read_distribution(ConfigTable& table, const Key& key, Distribution& value) {
        if (!table.holds_table(key.name)) {
            table.read(key, value.a);
            return;
        }
        ConfigTable d = table.table(key.name, fmt::format("{}: a distribution.", key.meaning));
        d.topic("distribution");
        value.kind = Distribution::Kind::normal;
        d.read({.name = "distribution", .meaning = "how the values are drawn"}, distributions, value.kind);
        if (value.kind == Distribution::Kind::uniform) {
            d.read({"low", key.unit, "smallest value", any, true}, value.a);
            d.read({"high", key.unit, "largest value", any, true}, value.b);
            if (value.b < value.a) d.complain("high", "E0209", "high is below low");
        } else {
            d.read({"mean", key.unit, "mean", any, true}, value.a);
            if (value.kind == Distribution::Kind::normal) {
                d.read({"sd", key.unit, "standard deviation", not_negative, true}, value.b);
            } else {
                d.read({"cv", "1", "standard deviation over mean", not_negative, true}, value.b);
                if (value.a == 0.0 && d.has("mean"))
                    d.complain("mean", "E0204", "mean is 0: a lognormal has none such");
            }
        }
        using Limits = std::numeric_limits<Real>;
        if (const auto wrong = size_problem(value, Limits::min(), Limits::max()))
            d.complain("", "E0204", *wrong);
    }

    void read_tie(ConfigTable table, ProjectionDescription& p) {
        TieDescription tie;
        table.read_reference(
            {.name = "to", .meaning = "projection whose weights are copied", .required = true}, "projection",
            projections_, tie.to);
        table.read({"scale", "1", "factor"}, tie.scale);
        table.read({.name = "mean", .meaning = "average over which neurons"}, means, tie.mean);
        if (tie.mean == TieDescription::Mean::senders) {
            table.read({"blocks", "1",
                        "blocks of equal size that the source population is cut into, each with its "
                        "mean",
                        at_least_one},
                       tie.blocks);
        } else {
            table.idle("blocks", fmt::format("mean is \"{}\"", name_of(means, tie.mean)));
        }
        table.read({.name = "part", .meaning = "which part of a weight w"}, parts, tie.part);
        if (tie.to == p.name) table.complain("to", "E0209", "a projection cannot be tied to itself");
        p.tie = tie;
    }

    /// Ties refer to projections that may stand later in the file.
    void check_ties(const std::vector<ConfigTable>& tables) {
        for (std::size_t i = 0; i < network_.projections.size(); ++i) {
            const ProjectionDescription& p = network_.projections[i];
            if (!p.tie) continue;
            const auto to =
                std::find_if(network_.projections.begin(), network_.projections.end(),
                             [&](const ProjectionDescription& other) { return other.name == p.tie->to; });
            if (to == network_.projections.end() || to->name == p.name) continue;
            ConfigTable table = ConfigTable(tables[i]).table("tie", {});
            const bool along = to->source == p.source && to->target == p.target;
            const bool against = to->source == p.target && to->target == p.source;
            const PopulationDescription* senders = population(p.source);
            if (senders != nullptr && senders->size % p.tie->blocks != 0) {
                table.complain("blocks", "E0209",
                               fmt::format("{} blocks do not divide the {} neurons of '{}'", p.tie->blocks,
                                           senders->size, senders->name));
            }
            if (to->plasticity)
                table.warn(
                    "to", "E0210",
                    fmt::format("'{}' learns, and '{}' does not follow it: tied weights are copied once, at "
                                "the start of the run",
                                to->name, p.name));
            if (to->tie)
                table.complain("to", "E0209",
                               fmt::format("'{}' is itself tied: name the original", to->name));
            if (along && !against && p.tie->mean != TieDescription::Mean::none) {
                table.complain(
                    "mean", "E0209",
                    fmt::format("'{}' runs the same way: means are taken of one that runs back", to->name));
            }
            if (!along && !against) {
                table.complain("to", "E0209",
                               fmt::format("'{}' connects {} to {}: neither this pair nor its reverse",
                                           to->name, to->source, to->target));
            }
        }
    }

    // --- release and plasticity
    // -------------------------------------------------------------------------------------

    ReleaseTerm read_term(ConfigTable& table, bool with_gain) {
        ReleaseTerm term;
        std::vector<Word> words;
        for (const ModelInfo& model : catalogue_.models) {
            if (model.kind == ModelInfo::Kind::short_term) words.push_back({model.name, model.summary});
        }
        for (const Word& gate : gates()) {
            if (catalogue_.find(ModelInfo::Kind::short_term, gate.name) == nullptr) words.push_back(gate);
        }
        term.variant = with_gain ? "all" : "tm";
        table.read_word({.name = "variant", .meaning = "what a spike releases"}, words, term.variant);
        if (table.has("variant") && table.peek("variant") != term.variant) {  // it was refused
            for (const std::string& key : table.keys()) table.skip(key);
            return term;
        }
        if (with_gain) table.read({"gain", "1", "factor"}, term.gain);
        table.topic("short_term");
        if (const ModelInfo* model = catalogue_.find(ModelInfo::Kind::short_term, term.variant)) {
            term.parameters = read_parameters(table, *model);
            table.topic("short_term");
            if (!with_gain) table.read({.name = "state", .meaning = "whose state it is"}, states, term.state);
            check_term(table, term, *model);
        }
        if (term.gain == 0.0)
            table.warn("gain", "E0210",
                       fmt::format("the term \"{}\" releases nothing: its gain is 0", term.variant));
        return term;
    }

    /// Parameters of short-term plasticity that another one deprives of their effect.
    static void check_term(ConfigTable& table, const ReleaseTerm& term, const ModelInfo& model) {
        if (term.state == ReleaseTerm::State::synapse)
            table.idle("u_0", "state is \"synapse\": each begins at rest", Severity::warning);
        const FieldInfo* tau_fac = model.field("tau_fac");
        if (tau_fac == nullptr || value_of(*tau_fac, term.parameters) > 0.0) return;
        for (const std::string_view key : {"u_0", "f"}) {
            if (model.field(key) != nullptr)
                table.idle(key, "tau_fac is 0: u is U at each spike", Severity::warning);
        }
    }

    static double value_of(const FieldInfo& field, const Parameters& given) {
        const auto found = given.find(field.name);
        return found != given.end() ? found->second : field.default_value;
    }

    void read_release(ConfigTable& table, ProjectionDescription& p) {
        if (table.has("short_term") && table.has("release")) {
            table.complain("release", "E0209", "short_term and release exclude each other",
                           "short_term = {...} is release = [{...}] with gain 1");
        }
        if (table.has("short_term")) {
            ConfigTable term =
                table.table("short_term", "Short-term plasticity: what multiplies the weight at each spike.");
            p.release.push_back(read_term(term, false));
        } else {
            table.skip("short_term");
        }
        for (ConfigTable& term : table.array("release", "Terms of the release: they add up.")) {
            p.release.push_back(read_term(term, true));
        }
    }

    void read_plasticity(ConfigTable& table, ProjectionDescription& p) {
        if (!table.has("plasticity")) {
            table.skip("plasticity");
            return;
        }
        ConfigTable plastic = table.table("plasticity", "How the weights learn.");
        PlasticityDescription d;
        std::vector<Word> words;
        for (const ModelInfo& model : catalogue_.models) {
            if (model.kind == ModelInfo::Kind::rule) words.push_back({model.name, model.summary});
        }
        plastic.read_word({.name = "rule", .meaning = "rule of plasticity", .required = true}, words, d.rule);
        plastic.read({"back_delay", "ms", "from a spike of the target to the synapse", not_negative},
                     d.back_delay, "the projection's delay");
        read_span(plastic, "weights stay before; traces go on", "weights stay from then on", d.from, d.until,
                  "the weights do not learn");
        if (const ModelInfo* rule = catalogue_.find(ModelInfo::Kind::rule, d.rule)) {
            for (const OptionInfo& option : rule->options) {
                std::string& value = option.name == "teaching"   ? d.teaching
                                     : option.name == "baseline" ? d.baseline
                                                                 : d.low_rate;
                value = option.choices.front().first;
                std::vector<Word> choices;
                for (const auto& [word, meaning] : option.choices) choices.push_back({word, meaning});
                plastic.read_word({.name = option.name, .meaning = option.meaning}, choices, value);
            }
            d.parameters = read_parameters(plastic, *rule);
            if (!rule->options.empty() && d.baseline == "fixed") {
                plastic.idle("prior", "baseline is \"fixed\"");
                d.parameters.erase("prior");
            } else if (d.teaching == "potential") {
                plastic.complain("baseline", "E0209",
                                 R"(teaching "potential" goes with baseline "fixed" only)");
            }
            check_rule_keys(plastic, d);
            if (rule->field("r_min") != nullptr && rule->field("r_max") != nullptr)
                check_rates_keys(plastic, *rule, d);
        } else {
            for (const std::string& key : plastic.keys()) plastic.skip(key);
        }
        p.plasticity = std::move(d);
    }

    /// Bounds of the rate that are none. What is not given and what is given as the default is the same.
    static void check_rates_keys(ConfigTable& table, const ModelInfo& rule, const PlasticityDescription& d) {
        const auto value = [&](const char* name) { return value_of(*rule.field(name), d.parameters); };
        const bool low = value("r_min") > 0.0;
        const bool high = value("r_max") < std::numeric_limits<double>::max();
        const auto severity = [&](const char* bound) {
            return d.parameters.contains(bound) ? Severity::warning : Severity::error;
        };
        if (!low) table.idle("low_rate", "r_min is 0: no rate is below it", severity("r_min"));
        if (!low && !high && d.baseline == "fixed")
            table.idle("tau_average", "baseline is \"fixed\", and r_min and r_max bound no rate",
                       d.parameters.count("r_min") + d.parameters.count("r_max") != 0 ? Severity::warning
                                                                                      : Severity::error);
    }

    /// Parameters of a rule that another one deprives of their effect.
    static void check_rule_keys(ConfigTable& table, const PlasticityDescription& d) {
        const auto is_zero = [&](const char* name) {
            const auto found = d.parameters.find(name);
            return found != d.parameters.end() && found->second == 0.0;
        };
        const bool without_prior = !d.parameters.contains("prior") || is_zero("prior");
        if (d.rule == "burst_dependent" && d.baseline == "moving_average" && without_prior)
            table.idle("p0", "baseline is \"moving_average\", and prior is 0", Severity::warning);
        for (const auto& [amplitude, others] : {std::pair{"A_plus", std::array{"tau_plus", "mu_plus"}},
                                                std::pair{"A_minus", std::array{"tau_minus", "mu_minus"}}}) {
            if (d.rule != "pair_stdp" || !is_zero(amplitude)) continue;
            for (const char* key : others)
                table.idle(key, fmt::format("{} is 0", amplitude), Severity::warning);
        }
    }

    // --- signals, drives, steps, record
    // -----------------------------------------------------------------------------

    void read_signal(ConfigTable& table) {
        SignalDescription s;
        s.name = table.name();
        table.read_reference(
            {.name = "population", .meaning = "which population it follows", .required = true}, "population",
            populations_, s.population);
        table.read({.name = "kind", .meaning = "what is measured"}, signal_kinds, s.kind);
        table.read({"tau", "ms", "time constant of the filter", positive}, s.tau);
        table.read({"undefined", "1", "burst probability while there is no event"}, s.undefined);
        table.read({"every", "ms", "sampling interval", positive}, s.every);
        if (s.kind != SignalDescription::Kind::burst_probability) {
            table.idle("undefined", fmt::format("kind is \"{}\"", name_of(signal_kinds, s.kind)));
        }
        warn_of_many(table, "every", s.every, "samples of the signal");
        if (s.every >= network_.duration) {
            table.warn(
                "every", "E0210",
                fmt::format("nothing follows the signal: it is sampled every {} ms, and the run ends at "
                            "{} ms",
                            s.every, network_.duration));
        }
        network_.signals.push_back(std::move(s));
    }

    /// A port on which a constant input stays.
    const PortInfo* read_level_port(ConfigTable& table, const std::string& target, std::string& port) {
        const ModelInfo* model = model_of(target);
        const PortInfo* found = read_port(table, model, port);
        if (found != nullptr && !found->level) {
            std::vector<PortInfo> level;
            std::copy_if(model->ports.begin(), model->ports.end(), std::back_inserter(level),
                         [](const PortInfo& candidate) { return candidate.level; });
            table.complain("port", "E0209",
                           fmt::format("port '{}' of {} decays: a constant input cannot be held on it", port,
                                       model->name),
                           level.empty() ? "" : fmt::format("'{}' can", level.front().name));
        }
        return found;
    }

    void read_drive(ConfigTable& table) {
        DriveDescription d;
        d.name = table.name();
        table.read_reference({.name = "signal", .meaning = "what it follows", .required = true}, "signal",
                             names(network_.signals), d.signal);
        table.read_reference({.name = "target", .meaning = "population that receives it", .required = true},
                             "population", populations_, d.target);
        const PortInfo* port = read_level_port(table, d.target, d.port);
        table.read({"offset", port != nullptr ? port->unit : "1", "input while the signal is 0"}, d.offset);
        table.read({"gain", "1", "unit of the port over unit of the signal"}, d.gain);
        table.read({"delay", "ms", "from the signal's sample to its effect", positive, true, delay_reason},
                   d.delay);
        if (table.has("gain") && d.gain == 0.0)
            table.warn("gain", "E0210", "the drive does not follow its signal: gain is 0");
        if (d.delay >= network_.duration) {
            table.warn("delay", "E0210",
                       fmt::format("there is no drive: its delay is {} ms, and the run ends at {} ms",
                                   d.delay, network_.duration));
        }
        read_span(table, "at samples of the signal before it the input is 0",
                  "at samples from then on the input is 0 again", d.from, d.until, "there is no drive");
        network_.drives.push_back(std::move(d));
    }

    void read_steps(ConfigTable& table) {
        StepsDescription s;
        s.name = table.name();
        table.read_reference({.name = "target", .meaning = "population that receives it", .required = true},
                             "population", populations_, s.target);
        const PortInfo* port = read_level_port(table, s.target, s.port);
        table.read({"times", "ms", "when the input changes", not_negative, true}, s.times);
        table.read({"values", port != nullptr ? port->unit : "1", "the input from then on", any, true},
                   s.values);
        check_steps(table, s.times, s.values);
        if (are_all(s.values, 0.0)) table.warn("values", "E0210", "the steps have no effect: all are 0");
        network_.steps.push_back(std::move(s));
    }

    void check_steps(ConfigTable& table, const std::vector<double>& times,
                     const std::vector<double>& values) {
        if (table.has("times") && table.has("values") && times.size() != values.size()) {
            table.complain("values", "E0209",
                           fmt::format("values has {} elements, times has {}", values.size(), times.size()));
        }
        if (std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) != times.end()) {
            table.complain("times", "E0209", "times are not in ascending order");
        } else if (!times.empty() && times.back() >= network_.duration) {
            warn_late(table, "times", fmt::format("a step at {} ms", times.back()));
        }
    }

    static bool are_all(const std::vector<double>& values, double value) {
        return !values.empty() &&
               std::all_of(values.begin(), values.end(), [&](double v) { return v == value; });
    }

    /// A part of a run that is run for a shorter time than it was written for: to be said, not to be refused.
    void warn_late(ConfigTable& table, std::string_view key, const std::string& what) const {
        table.warn(key, "E0210",
                   fmt::format("{} has no effect: the run ends at {} ms", what, network_.duration));
    }

    /// An interval that was perhaps meant in another unit.
    void warn_of_many(ConfigTable& table, std::string_view key, double interval, std::string_view what,
                      double many = 1e7) const {
        if (network_.duration / interval <= many) return;
        table.warn(
            key, "E0204",
            fmt::format("{} = {} ms makes {:.2g} {}", key, interval, network_.duration / interval, what));
    }

    void read_gain_steps(ConfigTable& table, ProjectionDescription& p) {
        if (!table.has("gain_steps")) {
            table.skip("gain_steps");
            return;
        }
        ConfigTable gain = table.table("gain_steps", "A factor on what spikes release; 1 at first.");
        gain.read({"times", "ms", "when the factor changes", not_negative, true}, p.gain_steps.times);
        gain.read({"values", "1", "the factor from then on", any, true}, p.gain_steps.values);
        check_steps(gain, p.gain_steps.times, p.gain_steps.values);
        if (are_all(p.gain_steps.values, 1.0))
            gain.warn("values", "E0210", "the factor has no effect: it is 1 at first, too");
    }

    void read_sine(ConfigTable& table) {
        SineDescription s;
        s.name = table.name();
        table.read_reference({.name = "target", .meaning = "population that receives it", .required = true},
                             "population", populations_, s.target);
        const PortInfo* port = read_level_port(table, s.target, s.port);
        table.read({"amplitude", port != nullptr ? port->unit : "1", "of the sine", any, true}, s.amplitude);
        if (table.has("amplitude") && s.amplitude == 0.0)
            table.warn("amplitude", "E0210", "the sine has no effect: its amplitude is 0");
        table.read({"period", "ms", "of the sine", positive, true}, s.period);
        table.read({"phase", "1", "in radians, at the start of the run"}, s.phase);
        table.read({"step", "ms", "its resolution: steps that have the mean of the sine", positive}, s.step);
        if (2.0 * s.step > s.period)
            table.warn(
                "step", "E0210",
                fmt::format("little is left of the sine: its steps of {} ms are longer than half a period, "
                            "and have its mean",
                            s.step));
        read_span(table, "zero before", "zero from then on", s.from, s.until, "there is no sine");
        warn_of_many(table, "step", s.step, "steps of the sine");
        network_.sines.push_back(std::move(s));
    }

    /// From when until when something acts; `never`: what it means if that is after the end of the run.
    void read_span(ConfigTable& table, std::string_view before, std::string_view after, double& from,
                   std::optional<double>& until, std::string_view never) const {
        table.read({.name = "from", .unit = "ms", .meaning = std::string(before), .range = not_negative},
                   from);
        table.read({.name = "until", .unit = "ms", .meaning = std::string(after), .range = positive}, until,
                   "the end of the run");
        if (until && *until <= from) table.complain("until", "E0209", "until is not after from");
        if (from >= network_.duration) {
            table.warn(
                "from", "E0210",
                fmt::format("{}: from is {} ms, and the run ends at {} ms", never, from, network_.duration));
        }
        if (until && *until > network_.duration)
            warn_late(table, "until", fmt::format("until = {} ms", *until));
    }

    void read_record() {
        ConfigTable table = root_.table("record", "What goes to the HDF5 files of the run folder.");
        RecordDescription& r = network_.record;
        table.read_references(
            {.name = "spikes", .meaning = "populations whose spikes, events and bursts are kept"},
            "population", populations_, r.spikes);
        table.read_references(
            {.name = "traces", .meaning = "populations whose rates and burst probability are kept"},
            "population", populations_, r.traces);
        table.read({"trace_bin", "ms", "bin of the traces", positive}, r.trace_bin);
        table.read_references({.name = "weights", .meaning = "projections whose weights are kept"},
                              "projection", projections_, r.weights);
        table.read({"weights_every", "ms", "between snapshots; 0: only start and end", not_negative},
                   r.weights_every);
        if (r.traces.empty()) {
            table.idle("trace_bin", "no traces are recorded");
        } else {
            warn_of_many(table, "trace_bin", r.trace_bin, "bins");
        }
        if (r.weights.empty()) {
            table.idle("weights_every", "no weights are recorded");
        } else if (r.weights_every >= network_.duration) {
            warn_late(table, "weights_every", fmt::format("a snapshot every {} ms", r.weights_every));
        } else if (r.weights_every > 0.0) {
            warn_of_many(table, "weights_every", r.weights_every, "snapshots of all weights", 1e4);
        }
    }

    /// Every stream of the run belongs to a purpose and a name, which its key holds as a hash of 32 bits.
    void check_streams() {
        constexpr auto of_populations =
            std::to_array<std::string_view>({"model", "source", "noise", "initial"});
        constexpr auto of_projections = std::to_array<std::string_view>({"connect", "weight"});
        std::map<std::uint32_t, std::pair<std::string, std::string>> seen;
        const auto note = [&](std::string_view purpose, const std::string& name, std::string_view group) {
            const auto [other, fresh] = seen.try_emplace(StreamKey(0, purpose, name).name, purpose, name);
            if (fresh) return;
            root_.table(group, {}).table(name, {}).complain(
                "", "E0211",
                fmt::format("'{}' and '{}' would share their random numbers ({}, {}): rename one", name,
                            other->second.second, purpose, other->second.first));
        };
        for (const std::string& name : populations_) {
            for (const std::string_view purpose : of_populations) note(purpose, name, "population");
        }
        for (const std::string& name : projections_) {
            for (const std::string_view purpose : of_projections) note(purpose, name, "projection");
        }
    }

    ConfigTable root_;
    const Catalogue& catalogue_;
    NetworkDescription network_;
    std::vector<std::string> populations_;
    std::vector<std::string> projections_;
};

}  // namespace

std::string_view name_of(Classifier classifier) { return name_of(classifiers, classifier); }

NetworkDescription read_network(ConfigTable root, const Catalogue& catalogue) {
    return NetworkReader(root, catalogue).read();
}

}  // namespace apical
