#pragma once

#include <memory>
#include <string>

#include "networks/config.hpp"
#include "tasks/task.hpp"

namespace apical {

/// Telling images of ten classes apart. The defaults stand here and nowhere else.
struct ImagesConfig {
    enum class Test { end, epoch };

    std::string task = "mnist";
    std::string data;  ///< folder; empty: drawn digits, for the task digits

    struct Training {
        Index epochs = 8;
        Index train_limit = 60000;  ///< examples of each epoch
        Index test_limit = 10000;   ///< test images
        Index validation = 5000;    ///< the last training images
        Index patience = 0;         ///< epochs without a better validation error; 0: no early stopping
        Test test = Test::end;
        bool shifts = false;    ///< by -1, 0 or 1 pixel in each direction, at random
        Index batch = 1;        ///< images shown at once, each to a copy of the network
        Index angle_every = 0;  ///< examples of each measurement of the angle to backprop; 0: none
    } training;
};

inline constexpr auto test_choices = std::to_array<Choice<ImagesConfig::Test>>({
    {"end", ImagesConfig::Test::end, "the test images are looked at once, when all is done"},
    {"epoch", ImagesConfig::Test::epoch, "after each epoch, for a curve; no choice depends on it"},
});

/// Those of the small built-in task.
ImagesConfig digits_config();

/// Declares and reads every key of the task.
ImagesConfig read_images(ConfigTable root, ImagesConfig defaults);

std::unique_ptr<Task> images_task(const ImagesConfig& config);

}  // namespace apical
