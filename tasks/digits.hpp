#pragma once

#include <cstdint>
#include <string_view>

#include "tasks/idx.hpp"

namespace apical {

/// Digits drawn by strokes of a pen, each moved, scaled, turned and slanted at random: a small task that
/// needs no download. Labels take turns, so that all are equally frequent. `part` names the half ("training",
/// "test"): halves of one seed have no image in common but by chance.
Images draw_digits(Index count, std::uint64_t seed, std::string_view part);

/// Pixels on a side.
constexpr Index digit_size = 16;

}  // namespace apical
