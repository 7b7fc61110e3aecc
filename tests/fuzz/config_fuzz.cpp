// Any text as a configuration file: it is refused in words, or it describes a network that can be measured
// and, if it is small, built; and what it resolves to says the same.

#include <fmt/format.h>

#include "app/load.hpp"
#include "networks/build.hpp"
#include "networks/catalogue.hpp"
#include "networks/connect.hpp"
#include "networks/graph.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace apical {
namespace {

const PopulationDescription& population(const NetworkDescription& network, const std::string& name) {
    for (const PopulationDescription& p : network.populations) {
        if (p.name == name) return p;
    }
    throw std::logic_error("a projection of no population was let through");
}

/// Neurons and synapses, and what else takes memory.
double work_in(const NetworkDescription& network) {
    double size = 0.0;
    for (const PopulationDescription& p : network.populations) size += p.size;
    for (const ProjectionDescription& p : network.projections)
        size += expected_synapses(p, population(network, p.source).size, population(network, p.target).size);
    for (const SineDescription& sine : network.sines)
        size += sine.until.value_or(network.duration) / sine.step;
    return size;
}

void check(const Loaded& loaded) {
    const NetworkDescription network = loaded.experiment->network();
    loaded.experiment->size_text();
    smallest_delay(network, catalogue());
    recurrent_loops(network);
    unreachable_populations(network, catalogue());
    graphviz(network);
    constexpr double most = 1e4;
    if (work_in(network) < most) build(network);
}

struct Read {
    std::string resolved;
    std::vector<std::string> values;  ///< of all keys
};

Read read(const std::string& text) {
    const fuzz::ForeignFile file(
        std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));  // NOLINT
    const Loaded loaded = load(file.path(), {});
    fuzz::may_refuse([&] { check(loaded); });
    Read read{loaded.config.resolved(""), {}};
    for (const KeyFacts& key : loaded.config.keys())
        read.values.push_back(fmt::format("{}.{} = {}", key.table, key.name, key.value));
    return read;
}

}  // namespace
}  // namespace apical

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace apical;
    std::optional<Read> first;
    fuzz::may_refuse([&] { first = read({reinterpret_cast<const char*>(data), size}); });  // NOLINT
    if (first && read(first->resolved).values != first->values)
        throw std::logic_error("the resolved configuration says something else");
    return 0;
}
