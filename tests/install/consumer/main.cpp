#include <cstdio>

#include <boost/random/exponential_distribution.hpp>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "core/time.hpp"

/// Draws a spike train from the installed library, on the installed library's threads.
int main() {
    using namespace apical;
    Time times[2][10];
    Workers(2).for_each(2, [&](std::size_t neuron) {
        Stream stream{StreamKey{1, "consumer", "input", static_cast<std::uint32_t>(neuron)}};
        boost::random::exponential_distribution<> gap{0.05};
        Time now{};
        for (Time& time : times[neuron]) time = now += ticks_up(gap(stream));
    });
    std::printf("the tenth spikes came at %g and %g ms\n", ms(times[0][9]), ms(times[1][9]));
    return times[0][9] > Time{} && times[0][9] != times[1][9] ? 0 : 1;
}
