#include "app/output.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace apical {
namespace {

namespace fs = std::filesystem;

/// What a library writes for a device goes through a file of its own.
TEST(Output, CopiesTheScratchFileToADevice) {
    Output output("/dev/null", Output::Present::replaced);
    const fs::path scratch = output.scratch();
    std::ofstream(scratch) << std::string(200000, 'x');
    EXPECT_NO_THROW(output.finish());
}

TEST(Output, SaysThatTheScratchFileIsGone) {
    Output output("/dev/null", Output::Present::replaced);
    fs::remove(output.scratch());
    EXPECT_THROW(output.finish(), IoError);
}

TEST(Output, SaysThatTheScratchFileCannotBeRead) {
    Output output("/dev/null", Output::Present::replaced);
    const fs::path scratch = output.scratch();
    fs::remove(scratch);
    fs::create_directory(scratch);  // which opens, and no read succeeds
    EXPECT_THROW(output.finish(), IoError);
}

}  // namespace
}  // namespace apical
