#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
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

constexpr std::string_view stp_usage = "apical stp [options]";

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

Variant variant_of(const std::string& name) {
    for (std::size_t i = 0; i < TsodyksMarkram::variants.size(); ++i) {
        if (TsodyksMarkram::variants[i] == name) return static_cast<Variant>(i);
    }
    throw misuse(stp_usage, fmt::format("--variant is '{}'", name),
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
    throw misuse(
        stp_usage, fmt::format("there is no preset '{}'", name),
        fmt::format("{}known: {}", meant ? fmt::format("did you mean '{}'? ", *meant) : std::string(),
                    fmt::join(known, ", ")));
}

Json json_of(const TsodyksMarkram& s) {
    return {{"variant", name_of(s.variant)},
            {"U", s.U},
            {"f", s.f >= 0.0 ? Json(s.f) : Json(s.U)},
            {"tau_rec", s.tau_rec},
            {"tau_fac", s.tau_fac},
            {"tau_psc", s.tau_psc},
            {"u_0", s.u_0 >= 0.0 ? Json(s.u_0) : Json()}};
}

// --- how a pair of synapses tells events from bursts

constexpr std::array<std::string_view, 4> map_keys{"U", "f", "tau_rec", "tau_fac"};
constexpr std::size_t map_size = 16;

/// The values of a parameter that a map goes through: three digits, at equal ratios.
std::vector<double> map_values(const std::string& key) {
    const bool fraction = key == "U" || key == "f";
    const double low = fraction ? 0.01 : 3.0;
    const double high = fraction ? 1.0 : 1000.0;
    std::vector<double> values;
    for (std::size_t i = 0; i < map_size; ++i) {
        const double value = low * std::pow(high / low, static_cast<double>(i) / (map_size - 1));
        values.push_back(std::strtod(fmt::format("{:.3g}", value).c_str(), nullptr));
    }
    return values;
}

/// What --map and the page draw.
struct MapOptions {
    std::string file;
    std::string across = "tau_fac";
    std::string up = "U";
    std::string partner;  ///< empty: the preset that tells most

    /// Two parameters that have an effect.
    void expect_axes(const TsodyksMarkram& synapse) const {
        for (const auto& [option, key] : {std::pair("--across", across), std::pair("--up", up)}) {
            if (std::find(map_keys.begin(), map_keys.end(), key) == map_keys.end())
                throw misuse(stp_usage, fmt::format("{} is '{}'", option, key),
                             fmt::format("expected one of {}", fmt::join(map_keys, ", ")));
            if (key == "f" && synapse.variant != Variant::etm)
                throw misuse(stp_usage,
                             fmt::format("{} is 'f', which has an effect in the variant etm only", option));
        }
        if (across == up) throw misuse(stp_usage, fmt::format("--across and --up are both {}", up));
    }
};

/// A synapse and the other one that decodes the same bursts.
struct Pair {
    const Preset* partner = nullptr;  ///< none: no preset makes a pair that tells anything
    Separation separation{};          ///< of the two
    Separation alone{};               ///< of the synapse with itself: its own plane
};

/// With the preset of that name or, where it is empty, with the one that tells most.
Pair pair_up(const TsodyksMarkram& synapse, const Sender& sender, const std::string& partner) {
    std::vector<TsodyksMarkram> all{synapse};
    for (const Preset& preset : presets) all.push_back(preset.synapse);
    const Releases released = releases(all, sender);
    Pair best{.alone = separate(released, 0, 0, sender.p0)};
    double most = 0.0;
    for (std::size_t i = 0; i < presets.size(); ++i) {
        const Separation s = separate(released, 0, i + 1, sender.p0);
        if (partner.empty() ? s.R2 > most : partner == presets[i].name) {
            best.partner = &presets[i];
            best.separation = s;
            most = s.R2;
        }
    }
    return best;
}

/// A number for people, with a minus sign that is one.
std::string signed_text(double value, int digits) {
    return fmt::format("{}{:.{}f}", value < 0.0 ? "\u2212" : "", std::abs(value), digits);
}

std::string r2_text(double R2) {
    if (std::isnan(R2))
        return "R\u00b2 undefined (both release alike: nothing is left of the one after the other)";
    constexpr const char* negative = " (negative: farther off than a constant would be)";
    if (R2 < -100.0) return fmt::format("R\u00b2 below \u2212100{}", negative);
    return fmt::format("R\u00b2 = {}{}", signed_text(R2, 3), R2 < 0.0 ? negative : "");
}

std::string map_csv(const TsodyksMarkram& synapse, const Sender& sender, const Pair& pair,
                    const MapOptions& map) {
    if (pair.partner == nullptr)
        throw misuse(stp_usage, "no preset makes a pair with this synapse that tells events from bursts",
                     "name one with --partner");
    const std::vector<double> columns = map_values(map.across);
    std::string text = fmt::format("{},{},R2,per_event,per_burst,r,C\n", map.across, map.up);
    for (const double y : map_values(map.up)) {
        std::vector<TsodyksMarkram> row{pair.partner->synapse};
        for (const double x : columns) {
            row.push_back(synapse);
            assign(row.back(), map.up, y, "stp");
            assign(row.back(), map.across, x, "stp");
        }
        const Releases released = releases(row, sender);
        for (std::size_t i = 1; i < row.size(); ++i) {
            const Separation alone = separate(released, i, i, sender.p0);
            const Separation s = separate(released, i, 0, sender.p0);
            text += fmt::format("{},{},{},{},{},{},{}\n", columns[i - 1], y,
                                std::isnan(s.R2) ? std::string() : fmt::format("{}", s.R2), alone.a_e,
                                alone.a_b, s.r, s.C);
        }
    }
    return text;
}

std::string summary(const Sender& sender, const Pair& pair) {
    const double slower = std::min(1.0, Sender{}.R / sender.R);
    std::string text = fmt::format(
        "\nmean release at {:.3g} to {:.3g} Hz and burst probabilities of 0.1 to 0.9, with bursts of {} "
        "spikes every {} ms:\n{:.4f} an event and {:.4f} a burst\n",
        slower, 30.0 * slower, sender.spikes, sender.interval, pair.alone.a_e, pair.alone.a_b);
    if (pair.partner == nullptr)
        return text + "no preset makes a pair with it that tells events from bursts\n";
    return text + fmt::format("with the preset {} as the other pathway: {}, r = {}, C = {}\n",
                              pair.partner->name, r2_text(pair.separation.R2),
                              signed_text(pair.separation.r, 4), signed_text(pair.separation.C, 4));
}

std::string page(const TsodyksMarkram& synapse, const TrainOptions& train, const MapOptions& map) {
    Json list = Json::array();
    for (const Preset& preset : presets)
        list.push_back(
            {{"name", preset.name}, {"source", preset.source}, {"synapse", json_of(preset.synapse)}});
    Json maps = Json::object();
    for (const std::string_view key : map_keys) maps[std::string(key)] = map_values(std::string(key));
    const Json data{{"program", fmt::format("apical {}", build_info::version)},
                    {"variants", TsodyksMarkram::variants},
                    {"presets", std::move(list)},
                    {"maps", std::move(maps)},
                    {"map", {{"across", map.across}, {"up", map.up}, {"partner", map.partner}}},
                    {"synapse", json_of(synapse)},
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

std::string json(const TsodyksMarkram& s, const TrainOptions& train, const std::vector<double>& times,
                 const std::vector<Response>& all, const Pair& pair) {
    Json spikes = Json::array();
    for (std::size_t i = 0; i < all.size(); ++i)
        spikes.push_back(
            {{"time_ms", times[i]}, {"u", all[i].u}, {"x", all[i].x}, {"release", all[i].release}});
    Json separation;  // null: no preset makes a pair
    if (pair.partner != nullptr) {
        separation = {{"partner", pair.partner->name},
                      {"R2", pair.separation.R2},  // not a number is null
                      {"r", pair.separation.r},
                      {"C", pair.separation.C}};
    }
    return Json{{"synapse", json_of(s)},
                {"train", train.to_json()},
                {"spikes", std::move(spikes)},
                {"mean_release", {{"event", pair.alone.a_e}, {"burst", pair.alone.a_b}}},
                {"separation", std::move(separation)}}
               .dump(2) +
           "\n";
}

std::string table(const TsodyksMarkram& s, const std::vector<double>& times, const std::vector<Response>& all,
                  const std::string& end) {
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
    return text + end;
}

/// An option that would do nothing is a mistake.
void expect_effect(const po::variables_map& values, const TsodyksMarkram& synapse, const TrainOptions& train,
                   const MapOptions& map) {
    const auto given = [&](const char* option) { return values.count(option) != 0; };
    const bool facilitates =
        synapse.tau_fac > 0.0 || (!map.file.empty() && (map.across == "tau_fac" || map.up == "tau_fac"));
    for (const char* option : {"u_0", "f"}) {
        if (given(option) && !facilitates)
            throw misuse(stp_usage,
                         fmt::format("--{} has no effect: tau_fac is 0, u is U at each spike", option));
    }
    if (given("tau_psc") && synapse.variant != Variant::tm3)
        throw misuse(stp_usage, "--tau_psc has an effect in the variant tm3 only");
    if (given("duration") && !train.drawn())
        throw misuse(stp_usage,
                     "--duration has no effect on a list of times; add --regular, --poisson or --bursts");
    for (const char* option : {"across", "up"}) {
        if (given(option) && !given("map"))
            throw misuse(stp_usage, fmt::format("--{} has no effect without --map", option));
    }
    for (const char* option : {"burst_spikes", "burst_interval"}) {
        if (given(option) && values["csv"].as<bool>() && !given("map") && !train.has_bursts())
            throw misuse(
                stp_usage,
                fmt::format("--{} has no effect on the CSV of a train without bursts; add --bursts or "
                            "--map",
                            option));
    }
    if (given("partner") && values["csv"].as<bool>() && !given("map"))
        throw misuse(stp_usage, "--partner has no effect on the CSV of the responses; add --map");
    if (given("seed") && !train.random())
        throw misuse(stp_usage, "--seed has no effect: the train is not random; add --poisson or --bursts");
    if (given("burst_probability") && !train.has_bursts())
        throw misuse(stp_usage, "--burst_probability has no effect on a train without bursts; add --bursts");
}

/// The files of --out and --map, begun before anything is computed; null where they are not asked for.
std::array<std::unique_ptr<Output>, 2> open_both(const OutputOptions& output, const std::string& map) {
    if (map.empty()) return {output.out.empty() ? nullptr : output.open({}), nullptr};
    const auto plain = [](const std::string& name) { return std::filesystem::path(name).lexically_normal(); };
    if (plain(map) == plain(output.out)) throw misuse(stp_usage, "--map and --out name the same file");
    return {output.out.empty() ? nullptr : output.open({}), OutputOptions{map, output.overwrite}.open({})};
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
    MapOptions map;
    VerbOptions options(
        stp_usage,
        "Shows the response of a synapse with short-term plasticity (Tsodyks & Markram) to a spike train.",
        "apical stp --preset facilitating\n"
        "apical stp --U 0.05 --tau_rec 50 --tau_fac 10 --bursts 5 --duration 2000 --csv\n"
        "apical stp --preset facilitating --html\n"
        "apical stp --preset facilitating --map map.csv --across tau_fac --up U");
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
    options.add()                                                          //
        ("csv", po::bool_switch(&as_csv), "print full precision, as CSV")  //
        ("json", po::bool_switch(&as_json),
         "print synapse, train, responses, mean release and R\u00b2 as JSON")  //
        ("html", po::bool_switch(&html),
         "write the explorer page: sliders, plots, separation of events and bursts")  //
        ("map", po::value(&map.file)->value_name("FILE"),
         "write how well events and bursts are told apart, over two parameters, as CSV")  //
        ("across", po::value(&map.across)->value_name("NAME"),
         "a parameter of the map: U, f, tau_rec or tau_fac (default)")                                 //
        ("up", po::value(&map.up)->value_name("NAME"), "the other parameter of the map (default: U)")  //
        ("partner", po::value(&map.partner)->value_name("NAME"),
         "preset of the other pathway (default: the one that tells most)");
    output.declare(options, "file to write (default: standard output; stp.html for a page)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const std::array formats{as_csv, as_json, html};
    if (std::count(formats.begin(), formats.end(), true) > 1)
        throw misuse(stp_usage, "--csv, --json and --html exclude one another");
    if (!map.partner.empty()) preset_of(map.partner);

    TsodyksMarkram synapse = preset_of(preset).synapse;
    if (!variant.empty()) {
        synapse.variant = variant_of(variant);
        if (synapse.variant != Variant::etm) synapse.f = std::numeric_limits<double>::quiet_NaN();
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto& field = TsodyksMarkram::fields[i];
        if (values->count(std::string(field.name)) == 0) continue;
        if (!field.range.contains(given[i]))
            throw misuse(stp_usage, fmt::format("--{} is {}, out of range: expected {}", field.name, given[i],
                                                describe(field.range, field.unit)));
        assign(synapse, field.name, given[i], "stp");
    }
    expect_consistent(synapse, "stp");
    const std::vector<double> times = train.times();

    map.expect_axes(synapse);
    if (html) {  // all options set what the page shows first
        if (!map.file.empty())
            throw misuse(stp_usage, "--map does not go with --html: the page draws a map itself");
        const auto file = output.open("stp.html");
        file->write(page(synapse, train, map));
        file->finish();
        fmt::print(file->talk(), "page: {}\n", file->path().string());
        return 0;
    }
    expect_effect(*values, synapse, train, map);
    const auto [file, map_file] = open_both(output, map.file);

    const std::vector<Response> all = responses(synapse, times);
    const Sender sender = sender_of(train.recipe());
    // The responses as CSV tell nothing of a pair.
    const Pair pair = as_csv && !map_file ? Pair{} : pair_up(synapse, sender, map.partner);
    if (map_file) {
        map_file->write(map_csv(synapse, sender, pair, map));
        map_file->finish();
    }
    const std::string text = as_csv    ? csv(times, all)
                             : as_json ? json(synapse, train, times, all, pair)
                                       : table(synapse, times, all, summary(sender, pair));
    if (file) {
        file->write(text);
        file->finish();
    } else {
        // A map that goes to standard output has no table around it.
        fmt::print(map_file && !as_csv && !as_json ? map_file->talk() : stdout, "{}", text);
    }
    return 0;
}

}  // namespace apical
