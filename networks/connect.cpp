#include "networks/connect.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/lognormal_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"

namespace apical {

namespace {

/// Both halves of each word of a stream: an index needs no more.
class HalfWords {
public:
    using result_type = std::uint32_t;
    explicit HalfWords(const StreamKey& key) : stream_(key) {}
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
    result_type operator()() {
        if (half_) {
            half_ = false;
            return static_cast<result_type>(word_ >> 32U);
        }
        half_ = true;
        word_ = stream_();
        return static_cast<result_type>(word_);
    }

private:
    Stream stream_;
    std::uint64_t word_ = 0;
    bool half_ = false;
};

/// Numbers 0 ... n - 1 except, perhaps, one.
class Candidates {
public:
    Candidates(Index n_source, bool exclude, Index target)
        : count_(n_source - (exclude ? 1 : 0)), excluded_(exclude ? target : n_source) {}
    Index count() const { return count_; }
    Index operator[](Index i) const { return i + (i >= excluded_ ? 1 : 0); }

private:
    Index count_;
    Index excluded_;
};

/// Sorts numbers below n, by digits of a few bits from the lowest up: four times faster than by comparison.
/// The upper half of the buffer is room to work in.
void sort_below(Index n, std::vector<Index>& out) {
    constexpr std::size_t small = 24;
    const std::size_t k = out.size();
    if (k < small) {
        std::sort(out.begin(), out.end());
        return;
    }
    const auto bits = static_cast<int>(std::bit_width(n - 1));
    const int passes = (bits + 7) / 8;
    const int digit = passes == 0 ? 0 : (bits + passes - 1) / passes;
    const Index mask = (Index{1} << digit) - 1;
    out.resize(2 * k);
    Index* from = out.data();
    Index* to = out.data() + k;
    for (int pass = 0; pass < passes; ++pass) {
        const int shift = pass * digit;
        std::array<std::uint32_t, 256> next{};
        for (std::size_t i = 0; i < k; ++i) ++next[(from[i] >> shift) & mask];
        std::exclusive_scan(next.begin(), next.begin() + mask + 1, next.begin(), 0U);
        for (std::size_t i = 0; i < k; ++i) to[next[(from[i] >> shift) & mask]++] = from[i];
        std::swap(from, to);
    }
    if (from != out.data()) std::copy_n(from, k, out.data());
    out.resize(k);
}

/// `k` different numbers below n, ascending. The missing ones are redrawn until there are k: which set comes
/// out is as if repetitions had been rejected one by one, so all sets are equally likely.
void draw_distinct(HalfWords& words, Index k, Index n, std::vector<Index>& out) {
    const boost::random::uniform_int_distribution<Index> pick(0, n - 1);
    std::vector<Index> more;
    out.clear();
    while (out.size() < k) {
        more.resize(k - out.size());
        for (Index& source : more) source = pick(words);
        sort_below(n, more);
        out.insert(out.end(), more.begin(), more.end());
        std::inplace_merge(out.begin(), out.end() - static_cast<std::ptrdiff_t>(more.size()), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
    }
}

/// Replaces an ascending list by the numbers below n that are not in it.
void complement(Index n, std::vector<Index>& out) {
    const std::size_t k = out.size();
    std::size_t next = 0;
    for (Index i = 0; i < n; ++i) {
        if (next < k && out[next] == i) {
            ++next;
        } else {
            out.push_back(i);
        }
    }
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(k));
}

void draw_fixed_indegree(const ConnectionRule& rule, HalfWords& words, Index n, std::vector<Index>& out) {
    if (rule.multapses) {
        const boost::random::uniform_int_distribution<Index> pick(0, n - 1);
        out.resize(rule.k);
        for (Index& source : out) source = pick(words);
        sort_below(n, out);
    } else if (rule.k <= n / 2) {
        draw_distinct(words, rule.k, n, out);
    } else {
        draw_distinct(words, n - rule.k, n, out);
        complement(n, out);
    }
}

/// The failures before a success are geometric, which is an exponential rounded down: as many draws as
/// synapses, and exact for the smallest p.
void draw_bernoulli(double p, Stream stream, Index n, std::vector<Index>& out) {
    boost::random::exponential_distribution<double> waiting(-std::log1p(-p));
    for (double i = std::floor(waiting(stream)); i < n; i += 1.0 + std::floor(waiting(stream))) {
        out.push_back(static_cast<Index>(i));
    }
}

template <class Sampler>
void fill(Sampler sampler, const StreamKey& key, std::span<float> out) {
    Stream stream(key);
    for (float& weight : out) weight = static_cast<float>(sampler(stream));
}

}  // namespace

void draw_sources(const ConnectionRule& rule, const StreamKey& key, Index target, const Ends& ends,
                  std::vector<Index>& out) {
    using Kind = ConnectionRule::Kind;
    out.clear();
    const bool excluded = ends.same && !rule.autapses && target < ends.n_source;
    const Candidates candidates(ends.n_source, excluded, target);
    const Index n = candidates.count();
    switch (rule.kind) {
        case Kind::one_to_one:
            if (target >= ends.n_source || candidates[target] != target) {
                throw ConfigError("one_to_one: target " + std::to_string(target) + " has no source");
            }
            out.push_back(target);
            return;
        case Kind::blocks: {
            if (rule.blocks == 0 || ends.n_source % rule.blocks != 0 || ends.n_target % rule.blocks != 0) {
                throw ConfigError("blocks: " + std::to_string(rule.blocks) + " do not divide both " +
                                  std::to_string(ends.n_source) + " sources and " +
                                  std::to_string(ends.n_target) + " targets");
            }
            const Index size = ends.n_source / rule.blocks;
            const Index first = target / (ends.n_target / rule.blocks) * size;
            for (Index source = first; source < first + size; ++source) {
                if (!excluded || source != target) out.push_back(source);
            }
            return;
        }
        case Kind::fixed_indegree:
            if (n == 0 || (!rule.multapses && rule.k > n)) {
                throw ConfigError("fixed_indegree: k = " + std::to_string(rule.k) + " of only " +
                                  std::to_string(n) + " possible sources");
            }
            {
                HalfWords words(key);
                draw_fixed_indegree(rule, words, n, out);
            }
            break;
        case Kind::bernoulli:
            if (rule.p <= 0.0) return;
            if (rule.p < 1.0) {
                draw_bernoulli(rule.p, Stream(key), n, out);
                break;
            }
            [[fallthrough]];
        case Kind::all_to_all:
            out.resize(n);
            std::iota(out.begin(), out.end(), Index{0});
            break;
    }
    for (Index& source : out) source = candidates[source];
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
        static_cast<std::size_t>(expected_synapses(projection, ends.n_source, last - first));
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
    const ConnectionRule& rule = projection.connect;
    const double itself = projection.source == projection.target && !rule.autapses ? 1.0 : 0.0;
    const double sources = static_cast<double>(n_source) - itself;
    const double targets = n_target;
    switch (rule.kind) {
        case ConnectionRule::Kind::blocks:
            return (static_cast<double>(n_source) / std::max<Index>(rule.blocks, 1) - itself) * targets;
        case ConnectionRule::Kind::all_to_all:
            return sources * targets;
        case ConnectionRule::Kind::one_to_one:
            return targets;
        case ConnectionRule::Kind::fixed_indegree:
            return rule.k * targets;
        case ConnectionRule::Kind::bernoulli:
            return rule.p * sources * targets;
    }
    return 0.0;
}

}  // namespace apical
