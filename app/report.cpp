#include "app/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/build_info.hpp"
#include "app/load.hpp"
#include "app/options.hpp"
#include "app/output.hpp"
#include "app/text.hpp"
#include "app/verbs.hpp"
#include "app/web.hpp"
#include "core/error.hpp"
#include "recorders/read.hpp"
#include "training/run.hpp"

namespace apical {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

namespace {

// A page is to open at once, and to be sent by mail: what exceeds these is thinned, and the page says so.
constexpr std::uint64_t most_spikes_shown = 150'000;  // one by one, some 4 bytes each
constexpr std::uint64_t most_columns = 600;           // of counts, where there are more
constexpr std::uint64_t most_rows = 160;
constexpr std::size_t most_bins = 800;
constexpr std::size_t most_snapshots = 200;
constexpr std::uint64_t most_cells = 100;  // of a side of a weight matrix
constexpr std::size_t histogram_bins = 40;

constexpr double unit_ms = 0.01;  // of the times in the raster

/// Five digits, for a smaller page; null for what is not a number.
Json rounded(double value) {
    if (!std::isfinite(value)) return nullptr;
    if (value == 0.0) return 0;
    const double scale = std::pow(10.0, 4.0 - std::floor(std::log10(std::abs(value))));
    const double result = std::round(value * scale) / scale;
    return std::isfinite(result) ? Json(result) : Json(value);
}

Json rounded(const std::vector<double>& values) {
    Json list = Json::array();
    for (const double value : values) list.push_back(rounded(value));
    return list;
}

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> fields(1);
    for (const char c : line) {
        if (c == ',') {
            fields.emplace_back();
        } else if (c != '\r') {
            fields.back() += c;
        }
    }
    return fields;
}

/// metrics.csv as columns; null is what was not measured, or is not a number.
Json metrics(const fs::path& path) {
    Json columns = Json::object();
    std::istringstream stream(read_text(path));
    std::string line;
    if (!std::getline(stream, line)) return columns;
    const std::vector<std::string> names = split(line);
    for (const std::string& name : names) columns[name] = Json::array();
    while (std::getline(stream, line)) {
        const std::vector<std::string> fields = split(line);
        for (std::size_t i = 0; i < names.size(); ++i) {
            char* end = nullptr;
            const std::string field = i < fields.size() ? fields[i] : std::string();
            const double value = std::strtod(field.c_str(), &end);
            const bool number = !field.empty() && end == field.c_str() + field.size() && std::isfinite(value);
            columns[names[i]].push_back(number ? Json(value) : Json());
        }
    }
    return columns;
}

/// confusion.csv: a row for each true class, how often it was taken for each. Null if there is none.
Json confusion(const fs::path& path) {
    std::istringstream stream(read_text(path));
    std::string line;
    if (!std::getline(stream, line)) return nullptr;
    Json classes = Json::array();
    Json counts = Json::array();
    while (std::getline(stream, line)) {
        const std::vector<std::string> fields = split(line);
        classes.push_back(fields.front());
        Json row = Json::array();
        for (std::size_t i = 1; i < fields.size(); ++i)
            row.push_back(std::strtoull(fields[i].c_str(), nullptr, 10));
        counts.push_back(std::move(row));
    }
    for (const Json& row : counts) {
        if (row.size() != classes.size())
            throw DataError(path.string() + ": has not as many columns as classes");
    }
    return {{"classes", classes}, {"counts", counts}};
}

Json warnings(const fs::path& log) {
    Json list = Json::array();
    std::istringstream stream(read_text(log));
    for (std::string line; std::getline(stream, line);) {
        // "... warning: what" or, of a configuration, "... warning[E0210]: what"
        const auto word = std::min(line.find(" warning: "), line.find(" warning[E"));
        if (word == std::string::npos) continue;
        const auto at = line.find(": ", word);
        if (at != std::string::npos) list.push_back(line.substr(at + 2));
    }
    return list;
}

// --- spikes

enum Kind : std::uint8_t { event, burst, further };

struct Mark {
    double time;
    std::uint64_t code;  ///< row * 3 + kind
};

/// Walks along a file's spikes in step with the file of all spikes.
class Follower {
public:
    explicit Follower(std::optional<SpikeTrains> trains) : trains_(std::move(trains)) {}
    bool has(double time, std::uint64_t id) {
        if (!trains_ || at_ >= trains_->times.size()) return false;
        if (trains_->times[at_] != time || trains_->node_ids[at_] != id) return false;
        ++at_;
        return true;
    }

private:
    std::optional<SpikeTrains> trains_;
    std::size_t at_ = 0;
};

std::optional<SpikeFile> open_spikes(const fs::path& path) {
    return fs::exists(path) ? std::optional<SpikeFile>(path) : std::nullopt;
}

std::optional<SpikeTrains> read_window(const std::optional<SpikeFile>& file, const std::string& population,
                                       std::pair<double, double> window) {
    const bool known = file && std::find(file->populations().begin(), file->populations().end(),
                                         population) != file->populations().end();
    return known ? std::optional(file->read(population, window.first, window.second)) : std::nullopt;
}

void append_number(std::string& bytes, std::uint64_t value) {
    for (; value > 127; value >>= 7U) bytes += static_cast<char>((value & 127U) | 128U);
    bytes += static_cast<char>(value);
}

/// The populations of a run that are sources, as far as its configuration can still be read.
std::set<std::string> sources_of(const fs::path& folder) {
    std::set<std::string> names;
    try {
        for (const PopulationDescription& p :
             load(folder / "config.resolved.toml", {}).experiment->network().populations) {
            if (is_source(p)) names.insert(p.name);
        }
    } catch (const std::exception&) {
        return {};  // say, a file of spikes that has gone: what was recorded is shown all the same
    }
    return names;
}

/// How many events and bursts there were in each cell of a grid over time and neurons.
class Counts {
public:
    Counts(double start, double stop, std::uint64_t neurons)
        : start_(start),
          per_ms_(most_columns / std::max(stop - start, 1.0)),
          neurons_(std::max<std::uint64_t>(neurons, 1)),
          rows_(std::min(neurons_, most_rows)),
          cells_(most_columns * rows_) {}

    void add(double time, std::uint64_t row, Kind kind) {
        if (kind == further) return;
        const auto column = std::min(most_columns - 1, static_cast<std::uint64_t>((time - start_) * per_ms_));
        ++cells_[row * rows_ / neurons_ * most_columns + column][kind];
    }

    /// Of the cells that are not empty.
    Json packed() const {
        std::string bytes;
        std::uint64_t full = 0;
        std::uint64_t passed = 0;
        for (const auto& cell : cells_) {
            if (cell[event] + cell[burst] == 0) {
                ++passed;
                continue;
            }
            for (const std::uint64_t number : {passed, cell[event], cell[burst]})
                append_number(bytes, number);
            passed = 0;
            ++full;
        }
        return {{"columns", most_columns}, {"rows", rows_}, {"cells", full}, {"counts", base64(bytes)}};
    }

private:
    double start_;
    double per_ms_;
    std::uint64_t neurons_;
    std::uint64_t rows_;
    std::vector<std::array<std::uint64_t, 2>> cells_;  ///< row by row: events, bursts
};

/// The three files of a run's spikes.
struct SpikeFiles {
    fs::path path;
    SpikeFile spikes;
    std::optional<SpikeFile> events;
    std::optional<SpikeFile> bursts;

    /// Calls visit(time, neuron, kind) for the spikes of a population in a window, in order.
    template <class Visit>
    void each(const std::string& population, std::pair<double, double> window, Visit visit) const {
        const SpikeTrains trains = spikes.read(population, window.first, window.second);
        Follower is_event(read_window(events, population, window));
        Follower is_burst(read_window(bursts, population, window));
        for (std::size_t i = 0; i < trains.times.size(); ++i) {
            const double t = trains.times[i];
            const std::uint64_t id = trains.node_ids[i];
            if (!(t >= spikes.start() && t <= spikes.stop()) || id >= trains.size) {
                throw DataError(
                    fmt::format("{}: population {}: spike {} is of no neuron, or outside the time recorded",
                                path.string(), population, i));
            }
            visit(t, id, !events || is_event.has(t, id) ? event : is_burst.has(t, id) ? burst : further);
        }
    }
};

/// What the page's raster shows: all spikes, or of many those of the beginning and of the end, and counts of
/// all.
Json raster(const fs::path& folder) {
    const fs::path path = folder / "spikes.h5";
    if (!fs::exists(path)) return nullptr;
    const SpikeFiles files{path, SpikeFile(path), open_spikes(folder / "events.h5"),
                           open_spikes(folder / "bursts.h5")};
    const SpikeFile& spikes = files.spikes;

    const std::uint64_t total = spikes.count();
    const std::pair<double, double> whole{spikes.start(), spikes.stop()};
    std::vector<std::pair<double, double>> windows{whole};
    if (total > most_spikes_shown) {
        const double length =
            (whole.second - whole.first) * most_spikes_shown / static_cast<double>(total) / 2.0;
        windows = {{whole.first, whole.first + length}, {whole.second - length, whole.second}};
    }
    // Of a large file no more than a few million at a time.
    const std::uint64_t slices = 1 + total / 2'000'000;
    const auto slice = [&](std::uint64_t i) {
        const auto at = [&](std::uint64_t k) {
            const double part = static_cast<double>(k) / static_cast<double>(slices);
            return k == slices ? whole.second : whole.first + (whole.second - whole.first) * part;
        };
        return std::pair(at(i), at(i + 1));
    };
    Json parts = Json::array();
    for (const RecordedPart& part : spikes.parts())
        parts.push_back({{"from", part.begin_ms}, {"to", part.end_ms}, {"epoch", part.epoch}});
    const std::set<std::string> sources = sources_of(folder);
    Json populations = Json::array();
    std::vector<std::uint64_t> first_rows{0};
    for (const std::string& name : spikes.populations()) {
        const std::uint64_t size = spikes.size(name);
        populations.push_back({{"name", name}, {"size", size}, {"source", sources.contains(name)}});
        first_rows.push_back(first_rows.back() + size);
    }
    std::vector<Mark> marks;
    Counts counts(whole.first, whole.second, first_rows.back());
    for (std::size_t p = 0; p < spikes.populations().size(); ++p) {
        const std::string& name = spikes.populations()[p];
        for (const auto& window : windows) {
            files.each(name, window, [&](double t, std::uint64_t id, Kind kind) {
                marks.push_back({t, (first_rows[p] + id) * 3 + kind});
            });
        }
        for (std::uint64_t i = 0; windows.size() > 1 && i < slices; ++i) {
            files.each(name, slice(i), [&](double t, std::uint64_t id, Kind kind) {
                counts.add(t, first_rows[p] + id, kind);
            });
        }
    }
    std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
        return std::pair(a.time, a.code) < std::pair(b.time, b.code);
    });
    std::string bytes;
    std::uint64_t last = 0;
    for (const Mark& mark : marks) {
        const auto now = static_cast<std::uint64_t>(std::max(0.0, mark.time) / unit_ms);
        append_number(bytes, now - last);
        append_number(bytes, mark.code);
        last = now;
    }
    return {{"unit_ms", unit_ms},           {"start_ms", whole.first},
            {"stop_ms", whole.second},      {"total", total},
            {"shown", marks.size()},        {"windows", windows},
            {"recorded", std::move(parts)}, {"populations", populations},
            {"spikes", base64(bytes)},      {"whole", windows.size() == 1 ? Json() : counts.packed()}};
}

// --- traces

/// Means of `joined` rates each, or of what is left of them at the end; the last is over `last` of a bin.
std::vector<double> join(const std::vector<double>& rates, std::size_t joined, double last) {
    std::vector<double> means;
    for (std::size_t i = 0; i < rates.size(); i += joined) {
        double sum = 0.0;
        double length = 0.0;
        for (std::size_t j = i; j < std::min(i + joined, rates.size()); ++j) {
            const double bin = j + 1 == rates.size() ? last : 1.0;
            sum += rates[j] * bin;
            length += bin;
        }
        means.push_back(sum / length);
    }
    return means;
}

Json traces(const fs::path& path) {
    Json list = Json::array();
    if (!fs::exists(path)) return list;
    for (const PopulationTraces& t : read_traces(path)) {
        const std::size_t joined =
            std::max<std::size_t>(1, (t.event_rate.size() + most_bins - 1) / most_bins);
        const double last = t.last_bin_ms / t.dt_ms;
        const std::size_t bins = t.event_rate.size();
        const std::size_t left = bins == 0 ? 0 : (bins - 1) % joined;  // whole bins before the last
        list.push_back({{"population", t.population},
                        {"t_start_ms", t.t_start_ms},
                        {"dt_ms", t.dt_ms * static_cast<double>(joined)},
                        {"last_bin_ms", t.dt_ms * static_cast<double>(left) + t.last_bin_ms},
                        {"joined", joined},
                        {"event_rate", rounded(join(t.event_rate, joined, last))},
                        {"burst_rate", rounded(join(t.burst_rate, joined, last))}});
    }
    return list;
}

// --- weights

struct Moments {
    double mean = 0.0;
    double sd = 0.0;
};

Moments moments(const std::vector<float>& values) {
    if (values.empty()) return {std::nan(""), std::nan("")};
    const auto n = static_cast<double>(values.size());
    Moments m;
    for (const float v : values) m.mean += static_cast<double>(v) / n;
    for (const float v : values) m.sd += std::pow(static_cast<double>(v) - m.mean, 2.0) / n;
    m.sd = std::sqrt(m.sd);
    return m;
}

/// The matrix in cells of block by block weights, each the mean of its synapses.
Json cells(const WeightSnapshot& w) {
    const std::uint64_t block =
        std::max<std::uint64_t>(1, (std::max(w.targets, w.sources) + most_cells - 1) / most_cells);
    const std::uint64_t rows = (w.targets + block - 1) / block;
    const std::uint64_t columns = (w.sources + block - 1) / block;
    std::vector<double> sums(rows * columns);
    std::vector<double> counts(rows * columns);
    const auto add = [&](std::uint64_t target, std::uint64_t source, float value) {
        const std::uint64_t at = target / block * columns + source / block;
        sums[at] += static_cast<double>(value);
        counts[at] += 1.0;
    };
    const bool sparse = !w.indptr.empty();
    for (std::uint64_t target = 0; target < w.targets; ++target) {
        if (sparse) {
            for (std::uint64_t i = w.indptr[target]; i < w.indptr[target + 1]; ++i)
                add(target, w.indices[i], w.values[i]);
        } else {
            for (std::uint64_t source = 0; source < w.sources; ++source)
                add(target, source, w.values[target * w.sources + source]);
        }
    }
    Json values = Json::array();
    for (std::uint64_t row = 0; row < rows; ++row) {
        Json line = Json::array();
        for (std::uint64_t column = 0; column < columns; ++column)
            line.push_back(rounded(sums[row * columns + column] / counts[row * columns + column]));
        values.push_back(std::move(line));
    }
    return {{"block", block}, {"sparse", sparse}, {"values", values}};
}

Json histogram(const std::vector<float>& first, const std::vector<float>& last) {
    float low = std::numeric_limits<float>::max();
    float high = std::numeric_limits<float>::lowest();
    for (const auto* values : {&first, &last}) {
        for (const float v : *values) {
            if (!std::isfinite(v)) continue;
            low = std::min(low, v);
            high = std::max(high, v);
        }
    }
    if (low > high) return {{"edges", Json::array()}, {"first", Json::array()}, {"last", Json::array()}};
    const double width = std::max(static_cast<double>(high) - static_cast<double>(low), 1e-9);
    const auto count = [&](const std::vector<float>& values) {
        std::vector<std::uint64_t> bins(histogram_bins);
        for (const float v : values) {
            if (!std::isfinite(v)) continue;
            const double at = (static_cast<double>(v) - static_cast<double>(low)) / width;
            ++bins[std::min(histogram_bins - 1, static_cast<std::size_t>(at * histogram_bins))];
        }
        return bins;
    };
    std::vector<double> edges(histogram_bins + 1);
    for (std::size_t i = 0; i < edges.size(); ++i)
        edges[i] = static_cast<double>(low) + width * static_cast<double>(i) / histogram_bins;
    return {{"edges", rounded(edges)}, {"first", count(first)}, {"last", count(last)}};
}

Json weights(const fs::path& path) {
    Json list = Json::array();
    if (!fs::exists(path)) return list;
    const WeightFile file(path);
    for (const std::string& projection : file.projections()) {
        const auto names = file.snapshots(projection);
        if (names.empty()) continue;
        const std::size_t step = (names.size() + most_snapshots - 1) / most_snapshots;
        std::vector<double> times, means, deviations;
        std::vector<float> first;
        WeightSnapshot last;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (i % step != 0 && i + 1 != names.size()) continue;
            last = file.read(projection, names[i]);
            if (i == 0) first = last.values;
            const Moments m = moments(last.values);
            times.push_back(last.time_ms);
            means.push_back(m.mean);
            deviations.push_back(m.sd);
        }
        list.push_back({{"projection", projection},
                        {"units", file.units(projection)},
                        {"targets", last.targets},
                        {"sources", last.sources},
                        {"time_ms", times},
                        {"mean", rounded(means)},
                        {"sd", rounded(deviations)},
                        {"last", cells(last)},
                        {"histogram", histogram(first, last.values)}});
    }
    return list;
}

void expect_run(const fs::path& folder) {
    if (!fs::exists(folder)) throw IoError(folder.string(), "there is no such folder");
    if (!fs::exists(folder / "manifest.json"))
        throw DataError(folder.string() + ": is not a run folder, it has no manifest.json");
}

Json run_data(const fs::path& folder) {
    expect_run(folder);
    const fs::path whole = fs::weakly_canonical(folder);
    return {{"name", whole.filename().string()},
            {"manifest", read_json(folder / "manifest.json")},
            {"summary",
             fs::exists(folder / "summary.json") ? read_json(folder / "summary.json") : Json::object()},
            {"warnings", warnings(folder / "log.txt")},
            {"resolved", read_text(folder / "config.resolved.toml")},
            {"metrics", metrics(folder / "metrics.csv")},
            {"confusion", confusion(folder / "confusion.csv")},
            {"raster", raster(folder)},
            {"traces", traces(folder / "traces.h5")},
            {"weights", weights(folder / "weights.h5")}};
}

}  // namespace

std::string report_page(const std::vector<fs::path>& runs) {
    Json list = Json::array();
    for (const fs::path& folder : runs) list.push_back(run_data(folder));
    return web_page("report.html",
                    {{"program", fmt::format("apical {}", build_info::version)}, {"runs", std::move(list)}});
}

int report_verb(const Arguments& arguments) {
    OutputOptions output;
    VerbOptions options(
        "apical report RUN... [--out FILE]",
        "Makes the report of a run anew, or shows several runs side by side, with mean and SD.",
        "apical report runs/20260101T120000Z_xor_7f3a\n"
        "apical report runs/seed_* --out comparison.html");
    options.positional("run");
    output.declare(
        options,
        "the page to write (default: RUN/report.html, which is made anew; comparison.html for several runs)");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    if (values->count("run") == 0) {
        throw misuse("apical report RUN... [--out FILE]", "report what? A run folder is missing");
    }
    const auto names = (*values)["run"].as<std::vector<std::string>>();
    const std::vector<fs::path> runs(names.begin(), names.end());
    for (const fs::path& folder : runs) expect_run(folder);
    // A run's own page is ours to make anew.
    const bool own = output.out.empty() && runs.size() == 1;
    if (own) output.overwrite = true;
    const auto file = output.open(own ? runs.front() / "report.html" : "comparison.html");
    file->write(report_page(runs));
    file->finish();
    fmt::print(file->talk(), "report: {}\n", file->path().string());
    return 0;
}

}  // namespace apical
