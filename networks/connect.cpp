#include "networks/connect.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <variant>

#include <boost/random/lognormal_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

namespace apical {

namespace {

template <class Rule>
concept is_drawn = requires(const Rule rule, const StreamKey& key, const Ends& ends,
                            std::vector<Index>& out) {
    rule.draw(key, Index{}, ends, out);
};

/// The mean number of sources of a target.
double expected_sources(const ConnectionRule& rule, const Ends& ends) {
    if (const Index blocks = blocks_between(rule, ends); blocks != 0)
        return static_cast<double>(ends.n_source) / blocks - (ends.without_itself ? 1.0 : 0.0);
    return std::visit(
        [&](const auto& kind) -> double {
            if constexpr (is_drawn<decltype(kind)>) return kind.expected(ends);
            return 0.0;
        },
        rule.kind);
}

template <class Sampler>
void fill(Sampler sampler, const StreamKey& key, std::span<float> out) {
    Stream stream(key);
    for (float& weight : out) weight = static_cast<float>(sampler(stream));
}

/// The sources that lie in the target's own block, of `blocks` of equal size.
void fill_block(Index blocks, Index target, const Ends& ends, std::vector<Index>& out) {
    const Index size = ends.n_source / blocks;
    out.resize(size);
    std::iota(out.begin(), out.end(), target / (ends.n_target / blocks) * size);
    if (ends.without_itself) out.erase(std::find(out.begin(), out.end(), target));
}

}  // namespace

Ends ends_of(const ProjectionDescription& projection, Index n_source, Index n_target) {
    const bool same = projection.source == projection.target;
    return {n_source, n_target, same && !projection.connect.autapses};
}

std::optional<ConnectionProblem> connection_problem(const ConnectionRule& rule, const Ends& ends) {
    auto problem = std::visit(
        [&](const auto& kind) -> std::optional<ConnectionProblem> {
            if constexpr (requires { kind.problem(ends); }) return kind.problem(ends);
            return std::nullopt;
        },
        rule.kind);
    if (problem) return problem;
    const Index blocks = std::max<Index>(blocks_between(rule, ends), 1);
    if (!ends.without_itself || ends.n_source > blocks) return std::nullopt;
    return ConnectionProblem{
        "rule", "no pair is connected: a neuron's only source would be itself, and autapses is false"};
}

Index blocks_between(const ConnectionRule& rule, const Ends& ends) {
    return std::visit([&](const auto& kind) { return kind.blocks_between(ends); }, rule.kind);
}

void draw_sources(const ConnectionRule& rule, const StreamKey& key, Index target, const Ends& ends,
                  std::vector<Index>& out) {
    out.clear();
    if (const Index blocks = blocks_between(rule, ends); blocks != 0)
        return fill_block(blocks, target, ends, out);
    std::visit(
        [&](const auto& kind) {
            if constexpr (is_drawn<decltype(kind)>) kind.draw(key, target, ends, out);
        },
        rule.kind);
}

void draw_weights(const Distribution& distribution, const StreamKey& key, std::span<float> out) {
    using Kind = Distribution::Kind;
    const double a = distribution.a;
    const double b = distribution.b;
    switch (distribution.kind) {
        case Kind::constant:
            std::fill(out.begin(), out.end(), static_cast<float>(a));
            break;
        case Kind::uniform:
            fill(
                [&](Stream& stream) {
                    return a + (b - a) * boost::random::uniform_real_distribution<double>(0, 1)(stream);
                },
                key, out);
            break;
        case Kind::normal:
            fill(boost::random::normal_distribution<double>(a, b), key, out);
            break;
        case Kind::lognormal: {  // a negative mean: the mirror image
            const double variance = std::log1p(b * b);
            boost::random::lognormal_distribution<double> size(std::log(std::abs(a)) - 0.5 * variance,
                                                               std::sqrt(variance));
            fill([&](Stream& stream) { return std::copysign(size(stream), a); }, key, out);
            break;
        }
    }
}

std::optional<std::string> size_problem(const Distribution& distribution, double least, double most) {
    using Kind = Distribution::Kind;
    constexpr double far = 8.3;  // [standard deviations] that draws of 53 bits reach
    const double a = distribution.a;
    const double b = distribution.b;
    double largest = std::abs(a);
    if (distribution.kind == Kind::uniform) largest = std::max({largest, std::abs(b), std::abs(b - a)});
    if (distribution.kind == Kind::normal) largest += far * b;
    double smallest = largest;
    if (distribution.kind == Kind::lognormal) {
        const double variance = std::log1p(b * b);
        if (!std::isfinite(variance))
            return fmt::format("a lognormal of cv {} has no variance that is a number", b);
        const double middle = std::log(largest) - 0.5 * variance;
        largest = std::exp(middle + far * std::sqrt(variance));
        smallest = std::exp(middle - far * std::sqrt(variance));
    }
    if (largest == 0.0 || (smallest >= least && largest <= most)) return std::nullopt;
    return fmt::format(
        "values as {} as {:.2g} would be drawn: numbers are kept from {:.2g} to {:.2g} in size",
        largest > most ? "large" : "small", largest > most ? largest : smallest, least, most);
}

Wiring connect(const ProjectionDescription& projection, std::uint64_t seed, const Ends& ends, Index first,
               Index last) {
    StreamKey connect_key(seed, "connect", projection.name);
    StreamKey weight_key(seed, "weight", projection.name);
    Wiring wiring;
    wiring.offsets.reserve(last - first + std::size_t{1});
    wiring.offsets.push_back(0);
    const auto expected =
        static_cast<std::size_t>(expected_sources(projection.connect, ends) * (last - first));
    wiring.sources.reserve(expected + expected / 64);
    std::vector<Index> sources;
    for (Index target = first; target < last; ++target) {
        connect_key.entity = target;
        draw_sources(projection.connect, connect_key, target, ends, sources);
        wiring.sources.insert(wiring.sources.end(), sources.begin(), sources.end());
        wiring.offsets.push_back(wiring.sources.size());
    }
    if (projection.weight.kind == Distribution::Kind::constant) return wiring;
    wiring.weights.resize(wiring.sources.size());
    for (Index target = first; target < last; ++target) {
        const std::size_t begin = wiring.offsets[target - first];
        weight_key.entity = target;
        draw_weights(projection.weight, weight_key,
                     std::span(wiring.weights).subspan(begin, wiring.offsets[target - first + 1] - begin));
    }
    return wiring;
}

double expected_synapses(const ProjectionDescription& projection, Index n_source, Index n_target) {
    return expected_sources(projection.connect, ends_of(projection, n_source, n_target)) * n_target;
}

}  // namespace apical
