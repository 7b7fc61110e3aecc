#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace apical::test {

inline double mean(const std::vector<double>& x) {
    double sum = 0.0;
    for (const double v : x) sum += v;
    return sum / static_cast<double>(x.size());
}

inline double variance(const std::vector<double>& x) {
    const double m = mean(x);
    double sum = 0.0;
    for (const double v : x) sum += (v - m) * (v - m);
    return sum / static_cast<double>(x.size() - 1);
}

inline double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const double mx = mean(x);
    const double my = mean(y);
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mx) * (y[i] - my);
    return sum / static_cast<double>(x.size() - 1) / std::sqrt(variance(x) * variance(y));
}

/// The largest distance between the samples' distribution and `cdf`.
template <class Cdf>
double kolmogorov_smirnov(std::vector<double> samples, const Cdf& cdf) {
    std::sort(samples.begin(), samples.end());
    const auto n = static_cast<double>(samples.size());
    double distance = 0.0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double F = cdf(samples[i]);
        distance = std::max({distance, F - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - F});
    }
    return distance;
}

/// The distance that chance exceeds once in ten thousand: sqrt(ln(2/p) / 2n).
inline double ks_bound(std::size_t n) { return std::sqrt(std::log(2.0 / 1e-4) / 2 / static_cast<double>(n)); }

}  // namespace apical::test
