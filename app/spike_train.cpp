#include "app/spike_train.hpp"

#include "core/exp.hpp"
#include "core/random.hpp"

namespace apical {

std::vector<double> make_train(const TrainRecipe& recipe) {
    std::vector<double> times;
    Stream stream{StreamKey{recipe.seed, "train", ""}};
    const double interval = 1000.0 / recipe.rate;
    const bool bursts = recipe.kind == TrainRecipe::Kind::bursts;
    const double silent = bursts ? shortest_event_interval(recipe) : 0.0;
    double event = 0.0;
    for (std::uint64_t n = 1;; ++n) {
        if (recipe.kind == TrainRecipe::Kind::regular) {
            event = static_cast<double>(n) * interval;
        } else {
            event += silent - log(uniform(stream())) * (interval - silent);
        }
        if (event > recipe.duration) return times;
        times.push_back(event);
        if (!bursts || uniform(stream()) > recipe.burst_probability) continue;
        for (int k = 1; k < recipe.burst_spikes; ++k) {
            const double spike = event + k * recipe.burst_interval;
            if (spike <= recipe.duration) times.push_back(spike);
        }
    }
}

}  // namespace apical
