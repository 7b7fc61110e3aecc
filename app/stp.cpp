#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/build_info.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/spike_train.hpp"
#include "app/stp_response.hpp"
#include "app/train_options.hpp"
#include "app/verbs.hpp"
#include "app/web.hpp"
#include "core/error.hpp"
#include "networks/config.hpp"
#include "networks/suggest.hpp"
#include "synapses/decode.hpp"

namespace apical {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

namespace {

using Variant = TsodyksMarkram::Variant;

struct Preset {
    std::string_view name;
    TsodyksMarkram synapse;
    std::string_view source;
};
const std::array presets{
    // The jump f of the equations as printed was never applied by the program of the publication.
    Preset{"facilitating",
           {.variant = Variant::tm, .U = 0.02, .tau_rec = 100.0, .tau_fac = 100.0},
           "Payeur et al. (2021), as simulated: tells of bursts"},
    Preset{"depressing",
           {.variant = Variant::tm, .U = 0.9, .tau_rec = 20.0, .tau_fac = 1000.0},
           "Payeur et al. (2021), as simulated: tells of events"},
    Preset{"extended_facilitating",
           {.variant = Variant::etm, .U = 0.02, .f = 0.1, .tau_rec = 100.0, .tau_fac = 100.0},
           "Payeur et al. (2021), as printed: tells of bursts"},
    Preset{"extended_depressing",
           {.variant = Variant::etm, .U = 0.9, .f = 0.1, .tau_rec = 20.0, .tau_fac = 1000.0},
           "Payeur et al. (2021), as printed: tells of events"},
    Preset{"classic_depression",
           {.variant = Variant::tm, .U = 0.5, .tau_rec = 800.0, .tau_fac = 0.0},
           "Tsodyks & Markram (1997)"},
    Preset{"classic_facilitation",
           {.variant = Variant::tm, .U = 0.03, .tau_rec = 130.0, .tau_fac = 530.0},
           "Tsodyks, Pawelzik & Markram (1998)"},
    Preset{"xor_bursts",
           {.variant = Variant::tm, .U = 0.05, .tau_rec = 50.0, .tau_fac = 10.0},
           "the XOR task's synapses that tell of bursts"},
    Preset{"xor_events",
           {.variant = Variant::tm, .U = 0.9, .tau_rec = 10.0, .tau_fac = 0.0},
           "the XOR task's synapses that tell of events"},
};

/// The train of the table of reference values.
const std::vector<double> reference_times{10.0, 20.0, 30.0, 40.0, 140.0, 150.0, 160.0, 500.0};

ConfigError wrong(const std::string& what, const std::string& hint = {}) {
    return ConfigError(
        fmt::format("error[E0301]: {}\n{}usage: apical stp [options]\nhelp: apical explain E0301\n", what,
                    hint.empty() ? "" : fmt::format("   |  {}\n", hint)));
}

Variant variant_of(const std::string& name) {
    for (std::size_t i = 0; i < TsodyksMarkram::variants.size(); ++i) {
        if (TsodyksMarkram::variants[i] == name) return static_cast<Variant>(i);
    }
    throw wrong(fmt::format("--variant is '{}'", name),
                fmt::format("expected one of {}", fmt::join(TsodyksMarkram::variants, ", ")));
}

std::string_view name_of(Variant variant) {
    return TsodyksMarkram::variants[static_cast<std::size_t>(variant)];
}

const Preset& preset_of(const std::string& name) {
    std::vector<std::string> known;
    for (const Preset& preset : presets) {
        if (preset.name == name) return preset;
        known.emplace_back(preset.name);
    }
    const auto meant = probably_meant(name, known);
    throw wrong(fmt::format("there is no preset '{}'", name),
                fmt::format("{}known: {}", meant ? fmt::format("did you mean '{}'? ", *meant) : std::string(),
                            fmt::join(known, ", ")));
}

Json to_json(const TsodyksMarkram& s) {
    return {{"variant", name_of(s.variant)},
            {"U", s.U},
            {"f", s.f >= 0.0 ? Json(s.f) : Json(s.U)},
            {"tau_rec", s.tau_rec},
            {"tau_fac", s.tau_fac},
            {"tau_psc", s.tau_psc},
            {"u_0", s.u_0 >= 0.0 ? Json(s.u_0) : Json()}};
}

std::string page(const TsodyksMarkram& synapse, const TrainOptions& train) {
    Json list = Json::array();
    for (const Preset& preset : presets)
        list.push_back(
            {{"name", preset.name}, {"source", preset.source}, {"synapse", to_json(preset.synapse)}});
    const Json data{{"program", fmt::format("apical {}", build_info::version)},
                    {"variants", TsodyksMarkram::variants},
                    {"presets", std::move(list)},
                    {"synapse", to_json(synapse)},
                    {"train", train.to_json()}};
    return web_page("stp.html", data);
}

std::vector<Response> responses(const TsodyksMarkram& synapse, const std::vector<double>& times) {
    std::vector<Response> all;
    TsodyksMarkram::State state = synapse.initial();
    double last = 0.0;
    for (const double t : times) {
        all.push_back(respond(synapse, state, t - last));
        last = t;
    }
    return all;
}

std::string csv(const std::vector<double>& times, const std::vector<Response>& all) {
    std::string text = "spike,time_ms,u,x,release\n";
    for (std::size_t i = 0; i < all.size(); ++i)
        text += fmt::format("{},{},{},{},{}\n", i + 1, times[i], all[i].u, all[i].x, all[i].release);
    return text;
}

/// What an event and a burst release in the mean. Both pathways of the regression are this synapse: only its
/// own plane is wanted.
Separation plane(const TsodyksMarkram& s, const TrainRecipe& recipe) {
    return decode(s, s, sender_of(recipe)).separation;
}

std::string json(const TsodyksMarkram& s, const TrainOptions& train, const std::vector<double>& times,
                 const std::vector<Response>& all) {
    Json spikes = Json::array();
    for (std::size_t i = 0; i < all.size(); ++i)
        spikes.push_back(
            {{"time_ms", times[i]}, {"u", all[i].u}, {"x", all[i].x}, {"release", all[i].release}});
    const Separation mean = plane(s, train.recipe());
    return Json{{"synapse", to_json(s)},
                {"train", train.to_json()},
                {"spikes", std::move(spikes)},
                {"mean_release", {{"event", mean.a_e}, {"burst", mean.a_b}}}}
               .dump(2) +
           "\n";
}

std::string table(const TsodyksMarkram& s, const TrainOptions& train, const std::vector<double>& times,
                  const std::vector<Response>& all) {
    std::string text =
        fmt::format("{}, U = {}{}, tau_rec = {} ms, tau_fac = {} ms{}{}\n\n", name_of(s.variant), s.U,
                    s.f >= 0.0 ? fmt::format(", f = {}", s.f) : std::string(), s.tau_rec, s.tau_fac,
                    s.variant == Variant::tm3 ? fmt::format(", tau_psc = {} ms", s.tau_psc) : std::string(),
                    s.u_0 >= 0.0 ? fmt::format(", u_0 = {}", s.u_0) : std::string());
    text += fmt::format("{:>6}{:>12}{:>12}{:>12}{:>12}{:>10}\n", "spike", "time [ms]", "u", "x", "release",
                        "of first");
    for (std::size_t i = 0; i < all.size(); ++i) {
        text += fmt::format("{:>6}{:>12.3f}{:>12.6f}{:>12.6f}{:>12.6f}{:>10.3f}\n", i + 1, times[i], all[i].u,
                            all[i].x, all[i].release, all[i].release / all.front().release);
    }
    const TrainRecipe r = train.recipe();
    const Separation mean = plane(s, r);
    text += fmt::format(
        "\nmean release at 1 to 30 Hz and burst probabilities of 0.1 to 0.9, with bursts of {} spikes every "
        "{} "
        "ms:\n{:.4f} an event and {:.4f} a burst\n",
        r.burst_spikes, r.burst_interval, mean.a_e, mean.a_b);
    return text;
}

/// An option that would do nothing is a mistake.
void expect_effect(const po::variables_map& values, const TsodyksMarkram& synapse,
                   const TrainOptions& train) {
    const auto given = [&](const char* option) { return values.count(option) != 0; };
    if (given("tau_psc") && synapse.variant != Variant::tm3)
        throw wrong("--tau_psc has an effect in the variant tm3 only");
    if (given("duration") && !train.drawn())
        throw wrong("--duration has no effect on a list of times; add --regular, --poisson or --bursts");
    if (given("seed") && !train.random())
        throw wrong("--seed has no effect: the train is not random; add --poisson or --bursts");
    if (given("burst_probability") && !train.has_bursts())
        throw wrong("--burst_probability has no effect on a train without bursts; add --bursts");
}

}  // namespace

int stp_verb(const Arguments& arguments) {
    std::string preset = "classic_depression";
    std::string variant;
    std::vector<double> given(TsodyksMarkram::fields.size(), std::numeric_limits<double>::quiet_NaN());
    TrainOptions train{reference_times};
    bool as_csv = false;
    bool as_json = false;
    bool html = false;
    OutputOptions output;
    VerbOptions options(
        "apical stp [options]",
        "Shows the response of a synapse with short-term plasticity (Tsodyks & Markram) to a spike train.",
        "apical stp --preset facilitating\n"
        "apical stp --U 0.05 --tau_rec 50 --tau_fac 10 --bursts 5 --duration 2000 --csv\n"
        "apical stp --preset facilitating --html");
    auto add = options.add();
    add("preset", po::value(&preset)->value_name("NAME"),
        "facilitating, depressing, extended_facilitating, extended_depressing, classic_depression (default), "
        "classic_facilitation, xor_bursts, xor_events");
    add("variant", po::value(&variant)->value_name("NAME"), "tm, etm, tm3 or mongillo: apical explain tm");
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto& field = TsodyksMarkram::fields[i];
        add(std::string(field.name).c_str(),
            po::value(&given[i])->value_name(field.unit == "ms" ? "MS" : "X"),
            std::string(field.meaning).c_str());
    }
    train.declare(options, "times of the reference values: 10 20 30 40 140 150 160 500");
    options.add()                                                                                        //
        ("csv", po::bool_switch(&as_csv), "print full precision, as CSV")                                //
        ("json", po::bool_switch(&as_json), "print synapse, train, responses and mean release as JSON")  //
        ("html", po::bool_switch(&html),
         "write the explorer page: sliders, plots, separation of events and bursts");
    output.declare(options, "file to write (default: standard output; stp.html for a page)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    if (as_csv + as_json + html > 1) throw wrong("--csv, --json and --html exclude one another");

    TsodyksMarkram synapse = preset_of(preset).synapse;
    if (!variant.empty()) {
        synapse.variant = variant_of(variant);
        if (synapse.variant != Variant::etm) synapse.f = std::numeric_limits<double>::quiet_NaN();
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto& field = TsodyksMarkram::fields[i];
        if (values->count(std::string(field.name)) == 0) continue;
        if (!field.range.contains(given[i]))
            throw wrong(fmt::format("--{} is {}, out of range: expected {}", field.name, given[i],
                                    describe(field.range, field.unit)));
        assign(synapse, field.name, given[i], "stp");
    }
    expect_consistent(synapse, "stp");
    const std::vector<double> times = train.times();

    if (!html) expect_effect(*values, synapse, train);  // on the page all of them set what is shown first

    const std::vector<Response> all = responses(synapse, times);
    const std::string text = html      ? page(synapse, train)
                             : as_csv  ? csv(times, all)
                             : as_json ? json(synapse, train, times, all)
                                       : table(synapse, train, times, all);
    if (!html && output.out.empty()) {
        fmt::print("{}", text);
        return 0;
    }
    const auto file = output.open("stp.html");
    file->write(text);
    file->finish();
    if (html) fmt::print(file->talk(), "page: {}\n", file->path().string());
    return 0;
}

}  // namespace apical
