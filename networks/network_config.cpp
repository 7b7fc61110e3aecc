#include "networks/network_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "networks/connection_rules.hpp"
#include "networks/problems.hpp"
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
std::vector<std::string> names_of(const Items& items) {
    std::vector<std::string> result;
    for (const auto& item : items) result.push_back(item.name);
    return result;
}

/// What a table says of a rule or of short-term plasticity.
struct Given {
    const ModelInfo& model;
    const Parameters& parameters;
    std::string_view baseline = {};
    ReleaseTerm::State state = ReleaseTerm::State::source;

    bool has(std::string_view key) const {
        const auto is_it = [&](const OptionInfo& option) { return option.name == key; };
        return model.field(key) != nullptr || std::any_of(model.options.begin(), model.options.end(), is_it);
    }
    /// Of a parameter, given or not; NaN if the model has none of this name.
    double value(std::string_view name) const {
        const auto found = parameters.find(std::string(name));
        const FieldInfo* field = model.field(name);
        return found != parameters.end() ? found->second
               : field != nullptr        ? field->default_value
                                         : std::numeric_limits<double>::quiet_NaN();
    }
};

/// A key that has no effect where others are as `is_idle` says. Where one of the deciding parameters is
/// given, as in a sweep over it, that is no error.
struct IdleKey {
    ModelInfo::Kind kind;
    std::string_view key;
    std::string_view reason;
    bool (*is_idle)(const Given& given);
    Severity severity = Severity::warning;
    std::array<std::string_view, 2> deciding{};
};

bool no_facilitation(const Given& given) { return given.value("tau_fac") <= 0.0; }
bool no_low_rate(const Given& given) { return given.value("r_min") <= 0.0; }
bool no_potentiation(const Given& given) { return given.value("A_plus") == 0.0; }
bool no_depression(const Given& given) { return given.value("A_minus") == 0.0; }

constexpr auto idle_keys = std::to_array<IdleKey>({
    {ModelInfo::Kind::short_term, "u_0", "state is \"synapse\": each begins at rest",
     [](const Given& given) { return given.state == ReleaseTerm::State::synapse; }},
    {ModelInfo::Kind::short_term, "u_0", "tau_fac is 0: u is U at each spike", no_facilitation},
    {ModelInfo::Kind::short_term, "f", "tau_fac is 0: u is U at each spike", no_facilitation},
    {ModelInfo::Kind::rule, "prior", "baseline is \"fixed\"",
     [](const Given& given) { return given.baseline == "fixed"; }, Severity::error},
    {ModelInfo::Kind::rule, "p0", "baseline is \"moving_average\", and prior is 0",
     [](const Given& given) { return given.baseline == "moving_average" && !(given.value("prior") > 0.0); }},
    {ModelInfo::Kind::rule,
     "low_rate",
     "r_min is 0: no rate is below it",
     no_low_rate,
     Severity::error,
     {"r_min"}},
    {ModelInfo::Kind::rule,
     "tau_average",
     "baseline is \"fixed\", and r_min and r_max bound no rate",
     [](const Given& given) {
         return given.baseline == "fixed" && no_low_rate(given) &&
                given.value("r_max") == std::numeric_limits<double>::max();
     },
     Severity::error,
     {"r_min", "r_max"}},
    {ModelInfo::Kind::rule, "tau_plus", "A_plus is 0", no_potentiation},
    {ModelInfo::Kind::rule, "mu_plus", "A_plus is 0", no_potentiation},
    {ModelInfo::Kind::rule, "tau_minus", "A_minus is 0", no_depression},
    {ModelInfo::Kind::rule, "mu_minus", "A_minus is 0", no_depression},
});

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
        populations_ = names_of(network_.populations);
        if (populations_.empty())
            root_.complain("", "E0201", "there is no population", "add a table [population.NAME]");
        const std::vector<ConfigTable> projections =
            named("projection", "source", "Synapses from one population to another.");
        for (const ConfigTable& table : projections) projections_.push_back(table.name());
        for (const ConfigTable& table : projections) read_projection(table);

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
        read_record();
        if (!root_.misread()) {
            for (const Problem& problem : problems(network_)) root_.complain_of(problem);
        }
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
        const bool by_intervals = model != nullptr && (model->classifier == Classifier::isi ||
                                                       model->classifier == Classifier::trace);
        if (model != nullptr && !source && !p.classifier && !by_intervals) {
            table.idle("b_th",
                       fmt::format("the classifier of {} is \"{}\" unless one is given", model->name,
                                   name_of(classifiers, model->classifier)),
                       Severity::warning);
        }
        if (!source) return;
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
                read_distribution(initial, {.name = variable, .meaning = "start value"}, p.initial[variable]);
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
            item.read({.name = "kind", .meaning = "how arrivals are drawn"}, noises, background.kind);
            background.step = Background::usual_step(background.kind);
            item.read({"step", "ms", "of the grid, for all kinds but poisson", positive}, background.step);
            if (background.kind == Background::Kind::poisson) item.idle("step", "kind is \"poisson\"");
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
        } else {
            check_order(table, p.spike_times);
        }
    }

    /// What is typed is in order: a train that is not is mistyped.
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
        std::vector<std::string> defined = names_of(model->ports);
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
        if (target != nullptr && target->ports.empty()) target = nullptr;
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
            read_distribution(table, {"weight", unit, "of each synapse", any, true}, p.weight);
        } else {
            for (const std::string_view key : {"tie", "weight"}) table.skip(key);
        }
        table.read({"delay", "ms", "from the spike to its arrival", positive, true, delay_reason}, p.delay);
        read_release(table, p);
        read_gain_steps(table, p);
        if (!p.tie) read_plasticity(table, p);
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

    /// A number, or a table with a distribution; the unit is the key's.
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
        } else {
            d.read({"mean", key.unit, "mean", any, true}, value.a);
            if (value.kind == Distribution::Kind::normal) {
                d.read({"sd", key.unit, "standard deviation", not_negative, true}, value.b);
            } else {
                d.read({"cv", "1", "standard deviation over mean", not_negative, true}, value.b);
            }
        }
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
        p.tie = tie;
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
            tell_idle_keys(table, {*model, term.parameters, {}, term.state});
        }
        return term;
    }

    /// Keys that others deprive of their effect.
    static void tell_idle_keys(ConfigTable& table, const Given& given) {
        for (const IdleKey& idle : idle_keys) {
            if (idle.kind != given.model.kind || !given.has(idle.key) || !idle.is_idle(given)) continue;
            const bool chosen = std::any_of(
                idle.deciding.begin(), idle.deciding.end(),
                [&](std::string_view name) { return given.parameters.contains(std::string(name)); });
            table.idle(idle.key, idle.reason, chosen ? Severity::warning : idle.severity);
        }
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
        read_span(plastic, "weights stay before; traces go on", "weights stay from then on", d.from, d.until);
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
            const std::string_view baseline = rule->options.empty() ? std::string_view() : d.baseline;
            tell_idle_keys(plastic, {*rule, d.parameters, baseline});
            if (baseline == "fixed") d.parameters.erase("prior");
        } else {
            for (const std::string& key : plastic.keys()) plastic.skip(key);
        }
        p.plasticity = std::move(d);
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
        network_.signals.push_back(std::move(s));
    }

    void read_drive(ConfigTable& table) {
        DriveDescription d;
        d.name = table.name();
        table.read_reference({.name = "signal", .meaning = "what it follows", .required = true}, "signal",
                             names_of(network_.signals), d.signal);
        table.read_reference({.name = "target", .meaning = "population that receives it", .required = true},
                             "population", populations_, d.target);
        const PortInfo* port = read_port(table, model_of(d.target), d.port);
        table.read({"offset", port != nullptr ? port->unit : "1", "input while the signal is 0"}, d.offset);
        table.read({"gain", "1", "unit of the port over unit of the signal"}, d.gain);
        table.read({"delay", "ms", "from the signal's sample to its effect", positive, true, delay_reason},
                   d.delay);
        read_span(table, "at samples of the signal before it the input is 0",
                  "at samples from then on the input is 0 again", d.from, d.until);
        network_.drives.push_back(std::move(d));
    }

    void read_steps(ConfigTable& table) {
        StepsDescription s;
        s.name = table.name();
        table.read_reference({.name = "target", .meaning = "population that receives it", .required = true},
                             "population", populations_, s.target);
        const PortInfo* port = read_port(table, model_of(s.target), s.port);
        table.read({"times", "ms", "when the input changes", not_negative, true}, s.times);
        table.read({"values", port != nullptr ? port->unit : "1", "the input from then on", any, true},
                   s.values);
        network_.steps.push_back(std::move(s));
    }

    void read_gain_steps(ConfigTable& table, ProjectionDescription& p) {
        if (!table.has("gain_steps")) {
            table.skip("gain_steps");
            return;
        }
        ConfigTable gain = table.table("gain_steps", "A factor on what spikes release; 1 at first.");
        gain.read({"times", "ms", "when the factor changes", not_negative, true}, p.gain_steps.times);
        gain.read({"values", "1", "the factor from then on", any, true}, p.gain_steps.values);
    }

    void read_sine(ConfigTable& table) {
        SineDescription s;
        s.name = table.name();
        table.read_reference({.name = "target", .meaning = "population that receives it", .required = true},
                             "population", populations_, s.target);
        const PortInfo* port = read_port(table, model_of(s.target), s.port);
        table.read({"amplitude", port != nullptr ? port->unit : "1", "of the sine", any, true}, s.amplitude);
        table.read({"period", "ms", "of the sine", positive, true}, s.period);
        table.read({"phase", "1", "in radians, at the start of the run"}, s.phase);
        table.read({"step", "ms", "its resolution: steps that have the mean of the sine", positive}, s.step);
        read_span(table, "zero before", "zero from then on", s.from, s.until);
        network_.sines.push_back(std::move(s));
    }

    /// From when until when something acts.
    static void read_span(ConfigTable& table, std::string_view before, std::string_view after, double& from,
                          std::optional<double>& until) {
        table.read({.name = "from", .unit = "ms", .meaning = before, .range = not_negative}, from);
        table.read({.name = "until", .unit = "ms", .meaning = after, .range = positive}, until,
                   "the end of the run");
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
        if (r.traces.empty()) table.idle("trace_bin", "no traces are recorded");
        if (r.weights.empty()) table.idle("weights_every", "no weights are recorded");
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
