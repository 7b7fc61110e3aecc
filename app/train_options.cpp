#include "app/train_options.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include <fmt/format.h>

#include "core/error.hpp"

namespace apical {

namespace po = boost::program_options;

namespace {

constexpr double most_spikes = 1e6;  // more than anybody reads

}  // namespace

void TrainOptions::declare(VerbOptions& options, const std::string& default_text) {
    const std::string times_text =
        "spike times [ms], separated by spaces or commas (default: " + default_text + ")";
    options.add()                                                                                           //
        ("times", po::value(&list_)->value_name("LIST"), times_text.c_str())                                //
        ("regular", po::value(&regular_)->value_name("HZ"), "regular spikes at this rate")                  //
        ("poisson", po::value(&poisson_)->value_name("HZ"), "Poisson spikes at this rate")                  //
        ("bursts", po::value(&bursts_)->value_name("HZ"), "events at this rate, some of which are bursts")  //
        ("burst_probability", po::value(&recipe_.burst_probability)->value_name("P"),
         "probability that an event is a burst (default 0.5)")  //
        ("burst_spikes", po::value(&recipe_.burst_spikes)->value_name("N"),
         "spikes of a burst (default 3)")  //
        ("burst_interval", po::value(&recipe_.burst_interval)->value_name("MS"),
         "between them (default 6 ms)")                                                                 //
        ("duration", po::value(&recipe_.duration)->value_name("MS"), "of the train (default 1000 ms)")  //
        ("seed", po::value(&recipe_.seed)->value_name("N"), "of the random trains (default 1)");
}

TrainRecipe TrainOptions::recipe() const {
    TrainRecipe recipe = recipe_;
    const std::array ways{!list_.empty(), given(regular_), given(poisson_), given(bursts_)};
    if (std::count(ways.begin(), ways.end(), true) > 1)
        throw misuse({}, "--times, --regular, --poisson and --bursts exclude one another");
    for (const auto& [rate, kind] :
         {std::pair{regular_, TrainRecipe::Kind::regular}, std::pair{poisson_, TrainRecipe::Kind::poisson},
          std::pair{bursts_, TrainRecipe::Kind::bursts}}) {
        if (!given(rate)) continue;
        recipe.rate = rate;
        recipe.kind = kind;
    }
    if (recipe.burst_spikes < 2 || recipe.burst_spikes > 100 || !(recipe.burst_interval > 0.0) ||
        !(recipe.burst_interval <= burst_threshold) ||
        !(recipe.burst_probability >= 0.0 && recipe.burst_probability <= 1.0)) {
        throw misuse(
            {},
            fmt::format("a burst has 2 to 100 spikes, at intervals of at most {} ms, and a probability from "
                        "0 to 1",
                        burst_threshold));
    }
    return recipe;
}

std::vector<double> TrainOptions::times() const {
    const TrainRecipe r = recipe();
    if (!drawn() && list_.empty()) return times_;
    if (!list_.empty()) {
        std::string text = list_;
        for (char& c : text) c = c == ',' ? ' ' : c;
        std::istringstream stream(text);
        std::vector<double> times;
        for (std::string word; stream >> word;) {
            char* end = nullptr;
            times.push_back(std::strtod(word.c_str(), &end));
            const bool ascending = times.size() < 2 || times.back() > times[times.size() - 2];
            if (*end != '\0' || !std::isfinite(times.back()) || times.back() < 0.0 || !ascending)
                throw misuse(
                    {},
                    fmt::format("--times: '{}' is not a time [ms], or not after the one before it", word));
        }
        if (times.empty()) throw misuse({}, "--times is empty");
        return times;
    }
    if (!(r.rate > 0.0) || !std::isfinite(r.rate) || !(r.duration > 0.0) ||
        !(r.rate * r.duration / 1000.0 < most_spikes))
        throw misuse(
            {}, fmt::format(
                    "a rate of {} Hz for {} ms: expected positive numbers, and fewer than a million spikes",
                    r.rate, r.duration));
    if (r.kind == TrainRecipe::Kind::bursts) {
        if (!(1000.0 / r.rate > shortest_event_interval(r)))
            throw misuse(
                {},
                fmt::format(
                    "--bursts {}: with these bursts events are {} ms apart or more, so their rate must be "
                    "below {:.4g} Hz",
                    r.rate, shortest_event_interval(r), 1000.0 / shortest_event_interval(r)));
    }
    return make_train(r);
}

nlohmann::ordered_json TrainOptions::to_json() const {
    const TrainRecipe r = recipe();
    constexpr std::array kinds{"regular", "poisson", "bursts"};
    const bool listed = !drawn();
    return {{"kind", listed ? "times" : kinds[static_cast<std::size_t>(r.kind)]},
            {"times",
             listed ? fmt::format("{}", fmt::join(times(), " ")) : fmt::format("{}", fmt::join(times_, " "))},
            {"rate", listed ? 10.0 : r.rate},
            {"duration", r.duration},
            {"burst_probability", r.burst_probability},
            {"burst_spikes", r.burst_spikes},
            {"burst_interval", r.burst_interval},
            {"seed", r.seed}};
}

}  // namespace apical
