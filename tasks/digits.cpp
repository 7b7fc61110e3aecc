#include "tasks/digits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include <boost/random/uniform_real_distribution.hpp>

#include "core/random.hpp"

namespace apical {
namespace {

struct Point {
    double x, y;
};
using Stroke = std::vector<Point>;

/// A part of an ellipse, in quarters of a turn from the right, clockwise on the page.
Stroke arc(Point centre, double width, double height, double from, double to) {
    constexpr int pieces = 12;
    Stroke stroke;
    for (int i = 0; i <= pieces; ++i) {
        const double angle = (from + (to - from) * i / pieces) * std::numbers::pi / 2.0;
        stroke.push_back({centre.x + width * std::cos(angle), centre.y + height * std::sin(angle)});
    }
    return stroke;
}

/// Each digit in the square from -1 to 1, y pointing down.
std::array<std::vector<Stroke>, label_count> shapes() {
    return {{
        {arc({0.0, 0.0}, 0.55, 0.9, 0.0, 4.0)},
        {{{-0.3, -0.55}, {0.05, -0.9}, {0.05, 0.9}}},
        {arc({0.0, -0.4}, 0.5, 0.5, -2.0, 0.4), {{0.4, -0.1}, {-0.5, 0.9}, {0.55, 0.9}}},
        {arc({-0.05, -0.45}, 0.5, 0.45, -1.7, 1.0), arc({-0.05, 0.45}, 0.55, 0.45, -1.0, 1.8)},
        {{{0.25, 0.9}, {0.25, -0.9}, {-0.55, 0.35}, {0.6, 0.35}}},
        {{{0.5, -0.9}, {-0.4, -0.9}, {-0.45, -0.1}}, arc({-0.05, 0.35}, 0.55, 0.55, -1.5, 1.7)},
        {arc({0.0, 0.4}, 0.5, 0.5, 0.0, 4.0), {{-0.5, 0.35}, {-0.3, -0.45}, {0.3, -0.9}}},
        {{{-0.5, -0.9}, {0.5, -0.9}, {-0.1, 0.9}}},
        {arc({0.0, -0.45}, 0.42, 0.45, 0.0, 4.0), arc({0.0, 0.45}, 0.5, 0.45, 0.0, 4.0)},
        {arc({0.0, -0.4}, 0.5, 0.5, 0.0, 4.0), {{0.5, -0.35}, {0.3, 0.9}}},
    }};
}

double distance(Point p, Point a, Point b) {
    const double x = b.x - a.x;
    const double y = b.y - a.y;
    const double along = std::clamp(((p.x - a.x) * x + (p.y - a.y) * y) / (x * x + y * y), 0.0, 1.0);
    return std::hypot(p.x - a.x - along * x, p.y - a.y - along * y);
}

}  // namespace

Images draw_digits(Index count, std::uint64_t seed, std::string_view part) {
    const auto strokes = shapes();
    Images images{digit_size, digit_size, {}, {}};
    for (Index i = 0; i < count; ++i) {
        Stream stream(StreamKey(seed, "digits", part, i));
        const auto uniform = [&](double low, double high) {
            return boost::random::uniform_real_distribution<>(low, high)(stream);
        };
        const auto label = static_cast<std::uint8_t>(i % label_count);
        const double turn = uniform(-0.3, 0.3);
        const double slant = uniform(-0.3, 0.3);
        const double width = uniform(0.55, 0.9);
        const double height = uniform(0.55, 0.8);
        const Point shift{uniform(-0.15, 0.15), uniform(-0.15, 0.15)};
        const double pen = uniform(0.08, 0.17);
        const auto place = [&](Point p) {
            const Point q{width * (p.x - slant * p.y), height * p.y};
            return Point{std::cos(turn) * q.x - std::sin(turn) * q.y + shift.x,
                         std::sin(turn) * q.x + std::cos(turn) * q.y + shift.y};
        };
        std::vector<Stroke> drawn = strokes[label];
        for (Stroke& stroke : drawn) {
            for (Point& p : stroke) p = place(p);
        }
        for (Index row = 0; row < digit_size; ++row) {
            for (Index column = 0; column < digit_size; ++column) {
                constexpr double pixel = 2.0 / digit_size;
                const Point here{(column + 0.5) * pixel - 1.0, (row + 0.5) * pixel - 1.0};
                double nearest = 2.0;
                for (const Stroke& stroke : drawn) {
                    for (std::size_t k = 1; k < stroke.size(); ++k)
                        nearest = std::min(nearest, distance(here, stroke[k - 1], stroke[k]));
                }
                const double ink = std::clamp(0.5 + (pen - nearest) / pixel, 0.0, 1.0);
                images.pixels.push_back(static_cast<std::uint8_t>(std::lround(255.0 * ink)));
            }
        }
        images.labels.push_back(label);
    }
    return images;
}

}  // namespace apical
