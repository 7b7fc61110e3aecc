#include "networks/shares.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace apical {
namespace {

/// The probability that a standard normal number is below x.
double normal_below(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

}  // namespace

double share_below(const Distribution& d, double x) {
    switch (d.kind) {
        case Distribution::Kind::constant:
            return d.a < x ? 1.0 : 0.0;
        case Distribution::Kind::uniform:
            return d.b > d.a ? std::clamp((x - d.a) / (d.b - d.a), 0.0, 1.0) : (d.a < x ? 1.0 : 0.0);
        case Distribution::Kind::normal:
            return d.b > 0.0 ? normal_below((x - d.a) / d.b) : (d.a < x ? 1.0 : 0.0);
        case Distribution::Kind::lognormal: {
            const double size = std::copysign(1.0, d.a) * x;  // on its own side of zero
            if (size <= 0.0) return d.a < 0.0 ? 1.0 : 0.0;
            const double variance = std::log1p(d.b * d.b);
            const double mean = std::log(std::abs(d.a)) - 0.5 * variance;
            const double smaller = variance > 0.0
                                       ? normal_below((std::log(size) - mean) / std::sqrt(variance))
                                       : (std::log(size) > mean ? 1.0 : 0.0);
            return d.a > 0.0 ? smaller : 1.0 - smaller;
        }
    }
    return 0.0;
}

Distribution mirrored(const Distribution& d) {
    const bool ends = d.kind == Distribution::Kind::uniform;
    return {d.kind, ends ? -d.b : -d.a, ends ? -d.a : d.b};
}
double share_above(const Distribution& d, double x) { return share_below(mirrored(d), -x); }

double typical(const Distribution& d) {
    switch (d.kind) {
        case Distribution::Kind::constant:
            return d.a;
        case Distribution::Kind::uniform:
            return std::sqrt((d.a * d.a + d.a * d.b + d.b * d.b) / 3.0);
        case Distribution::Kind::normal:
            return std::hypot(d.a, d.b);
        case Distribution::Kind::lognormal:
            return d.a / std::sqrt(1.0 + d.b * d.b);
    }
    return d.a;
}

std::string percent(double share) { return share > 0.999 ? "all" : fmt::format("{:.2g} %", 100.0 * share); }

}  // namespace apical
