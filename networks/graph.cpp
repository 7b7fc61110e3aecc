#include "networks/graph.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/strong_components.hpp>
#include <fmt/format.h>

#include "core/error.hpp"

namespace apical {

namespace {

using Vertex = boost::graph_traits<PopulationGraph>::vertex_descriptor;
using Edge = boost::graph_traits<PopulationGraph>::edge_descriptor;

/// The element of that name, or a ConfigError.
template <class Items>
std::size_t index_of(const Items& items, const std::string& name, std::string_view what) {
    const auto found =
        std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
    if (found == items.end()) throw ConfigError(fmt::format("there is no {} '{}'", what, name));
    return static_cast<std::size_t>(found - items.begin());
}

bool is_source(const PopulationDescription& population, const Catalogue& catalogue) {
    return catalogue.find(ModelInfo::Kind::source, population.model) != nullptr;
}

}  // namespace

PopulationGraph population_graph(const NetworkDescription& network) {
    const auto vertex = [&](const std::string& name) {
        return Vertex{index_of(network.populations, name, "population")};
    };
    PopulationGraph graph(network.populations.size());
    for (std::size_t i = 0; i < network.populations.size(); ++i) graph[i].population = i;
    for (const ProjectionDescription& projection : network.projections) {
        boost::add_edge(vertex(projection.source), vertex(projection.target),
                        ProjectionEdge{projection.name, projection.delay, false}, graph);
    }
    for (const DriveDescription& drive : network.drives) {
        const SignalDescription& signal = network.signals[index_of(network.signals, drive.signal, "signal")];
        boost::add_edge(vertex(signal.population), vertex(drive.target),
                        ProjectionEdge{drive.name, drive.delay, true}, graph);
    }
    return graph;
}

std::optional<double> smallest_delay(const NetworkDescription& network, const Catalogue& catalogue) {
    const PopulationGraph graph = population_graph(network);
    std::optional<double> smallest;
    for (const Edge& edge : boost::make_iterator_range(boost::edges(graph))) {
        const auto& from = network.populations[graph[boost::source(edge, graph)].population];
        if (!graph[edge].drive && is_source(from, catalogue)) continue;
        smallest = std::min(smallest.value_or(graph[edge].delay), graph[edge].delay);
    }
    return smallest;
}

std::vector<std::vector<std::string>> recurrent_loops(const NetworkDescription& network) {
    const PopulationGraph graph = population_graph(network);
    std::vector<std::size_t> component(boost::num_vertices(graph));
    boost::strong_components(
        graph, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
    std::map<std::size_t, std::vector<std::string>> members;
    for (std::size_t i = 0; i < component.size(); ++i)
        members[component[i]].push_back(network.populations[i].name);
    std::vector<std::vector<std::string>> loops;
    for (std::size_t i = 0; i < component.size(); ++i) {
        std::vector<std::string>& names = members[component[i]];
        const bool loop = names.size() > 1 || (!names.empty() && boost::edge(i, i, graph).second);
        if (loop) loops.push_back(std::move(names));
        names.clear();
    }
    return loops;
}

std::vector<std::string> unreachable_populations(const NetworkDescription& network,
                                                 const Catalogue& catalogue) {
    const PopulationGraph graph = population_graph(network);
    std::vector<boost::default_color_type> color(boost::num_vertices(graph), boost::white_color);
    const auto colors =
        boost::make_iterator_property_map(color.begin(), boost::get(boost::vertex_index, graph));
    const auto reach_from = [&](std::size_t start) {
        if (color[start] != boost::white_color) return;
        boost::queue<Vertex> pending;
        boost::breadth_first_visit(graph, Vertex{start}, pending, boost::default_bfs_visitor(), colors);
    };
    for (std::size_t i = 0; i < network.populations.size(); ++i) {
        if (is_source(network.populations[i], catalogue) || !network.populations[i].background.empty())
            reach_from(i);
    }
    for (const auto& steps : network.steps)
        reach_from(index_of(network.populations, steps.target, "population"));
    for (const auto& sine : network.sines)
        reach_from(index_of(network.populations, sine.target, "population"));
    for (const auto& drive : network.drives)
        reach_from(index_of(network.populations, drive.target, "population"));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < color.size(); ++i) {
        if (color[i] == boost::white_color) names.push_back(network.populations[i].name);
    }
    return names;
}

std::string graphviz(const NetworkDescription& network) {
    const PopulationGraph graph = population_graph(network);
    const auto write_vertex = [&](std::ostream& out, Vertex vertex) {
        const PopulationDescription& population = network.populations[graph[vertex].population];
        out << fmt::format(R"([label="{}\n{} x {}"])", population.name, population.size, population.model);
    };
    const auto write_edge = [&](std::ostream& out, const Edge& edge) {
        const ProjectionEdge& facts = graph[edge];
        std::string_view style = facts.drive ? "dashed" : "solid";
        for (const auto& projection : network.projections) {
            if (!facts.drive && projection.name == facts.name && projection.plasticity) style = "bold";
        }
        out << fmt::format(R"([label="{}\n{} ms", style={}])", facts.name, facts.delay, style);
    };
    const auto write_graph = [](std::ostream& out) { out << "rankdir=LR;\nnode [shape=box];\n"; };
    std::ostringstream out;
    boost::write_graphviz(out, graph, write_vertex, write_edge, write_graph);
    return std::move(out).str();
}

}  // namespace apical
