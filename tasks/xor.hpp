#pragma once

#include <array>
#include <memory>

#include "networks/config.hpp"
#include "tasks/task.hpp"

namespace apical {

/// The exclusive or of two bits. The defaults stand here and nowhere else.
struct XorConfig {
    /// How the patterns follow one another.
    enum class Order {
        balanced,  ///< blocks of all four, each in random order; tests in between
        in_turn,   ///< epochs of (0,0), (1,0), (0,1), (1,1); tests before and after
    };
    Order order = Order::balanced;

    Index examples = 800;   ///< balanced
    Index test_every = 20;  ///< examples; balanced
    Index epochs = 500;     ///< in turn
};

inline constexpr auto order_choices = std::to_array<Choice<XorConfig::Order>>({
    {"balanced", XorConfig::Order::balanced,
     "in random order, each block of four holds them all; tests in between"},
    {"in_turn", XorConfig::Order::in_turn,
     "epochs of (0,0), (1,0), (0,1), (1,1); a test before and one after"},
});

/// Declares and reads every key of the task.
XorConfig read_xor(ConfigTable root, XorConfig defaults);

std::unique_ptr<Task> xor_task(const XorConfig& config);

}  // namespace apical
