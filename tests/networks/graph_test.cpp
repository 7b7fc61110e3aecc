#include "networks/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/networks/test_catalogue.hpp"

namespace apical {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PopulationDescription population(const char* name, const char* model = "lif") {
    PopulationDescription p;
    p.name = name;
    p.model = model;
    return p;
}

ProjectionDescription projection(const char* source, const char* target, double delay) {
    ProjectionDescription p;
    p.name = std::string(source) + "_to_" + target;
    p.source = source;
    p.target = target;
    p.delay = delay;
    return p;
}

/// in -> a <-> b -> c, and d alone with itself.
NetworkDescription network() {
    NetworkDescription n;
    n.populations = {population("in", "poisson"), population("a"), population("b"), population("c"),
                     population("d")};
    n.projections = {projection("in", "a", 0.1), projection("a", "b", 2.0), projection("b", "a", 1.5),
                     projection("b", "c", 3.0), projection("d", "d", 4.0)};
    return n;
}

TEST(Graph, SourcesDoNotBoundTheSmallestDelay) {
    EXPECT_EQ(smallest_delay(network(), test_catalogue()), 1.5);
}

TEST(Graph, DrivesBoundTheSmallestDelay) {
    NetworkDescription n = network();
    SignalDescription signal;
    signal.name = "s";
    signal.population = "in";
    DriveDescription drive;
    drive.name = "d";
    drive.signal = "s";
    drive.target = "a";
    drive.delay = 0.5;
    n.signals = {signal};
    n.drives = {drive};
    EXPECT_EQ(smallest_delay(n, test_catalogue()), 0.5);
}

TEST(Graph, WithoutProjectionsThereIsNoSmallestDelay) {
    NetworkDescription n = network();
    n.projections = {projection("in", "a", 0.1)};
    EXPECT_FALSE(smallest_delay(n, test_catalogue()));
}

TEST(Graph, FindsRecurrentLoops) {
    EXPECT_THAT(recurrent_loops(network()),
                testing::UnorderedElementsAre(ElementsAre("a", "b"), ElementsAre("d")));
}

TEST(Graph, FindsWhatNothingReaches) {
    NetworkDescription n = network();
    EXPECT_THAT(unreachable_populations(n, test_catalogue()), ElementsAre("d"));
    n.populations[4].background.push_back({"membrane", 10.0, 1.0});
    EXPECT_TRUE(unreachable_populations(n, test_catalogue()).empty());
}

TEST(Graph, AnUndefinedNameIsAnError) {
    NetworkDescription n = network();
    n.projections.push_back(projection("a", "x", 1.0));
    EXPECT_THROW(population_graph(n), ConfigError);
}

TEST(Graph, IsWrittenForGraphviz) {
    NetworkDescription n = network();
    n.projections[1].plasticity.emplace();
    const std::string dot = graphviz(n);
    EXPECT_THAT(dot, testing::StartsWith("digraph G {"));
    EXPECT_THAT(dot, HasSubstr("[label=\"a\\n1 x lif\"]"));
    EXPECT_THAT(dot, HasSubstr("[label=\"a_to_b\\n2 ms\", style=bold]"));
    EXPECT_THAT(dot, HasSubstr("[label=\"b_to_a\\n1.5 ms\", style=solid]"));
}

}  // namespace
}  // namespace apical
