#include "networks/connection/sampling.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>

#include <boost/random/uniform_int_distribution.hpp>

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

}  // namespace

void sample_with_replacement(const StreamKey& key, Index k, Index n, std::vector<Index>& out) {
    HalfWords words(key);
    const boost::random::uniform_int_distribution<Index> pick(0, n - 1);
    out.resize(k);
    for (Index& number : out) number = pick(words);
    sort_below(n, out);
}

void sample_without_replacement(const StreamKey& key, Index k, Index n, std::vector<Index>& out) {
    HalfWords words(key);
    if (k <= n / 2) {
        draw_distinct(words, k, n, out);
    } else {
        draw_distinct(words, n - k, n, out);
        complement(n, out);
    }
}

}  // namespace apical
