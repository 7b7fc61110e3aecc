#include <array>
#include <string>

#include <fmt/format.h>

#include "app/options.hpp"
#include "app/verbs.hpp"
#include "core/error.hpp"
#include "tasks/idx.hpp"

namespace apical {
namespace {

void print(const char* half, const Images& images) {
    std::array<Index, label_count> counts{};
    for (const std::uint8_t label : images.labels) ++counts[label];
    fmt::print("  {:<10}{} images of {} x {} pixels; of the classes 0 to {}: {}\n", half, images.size(),
               images.rows, images.columns, label_count - 1, fmt::join(counts, ", "));
}

}  // namespace

int data_verb(const Arguments& arguments) {
    VerbOptions options("apical data check DIR",
                        "Reads the four IDX files of a data set of images and says whether they are right.",
                        "apical data check mnist\napical data check /usr/share/datasets/fashion-mnist");
    options.positional("what");
    const auto values = options.parse(arguments);
    if (!values) return 0;
    const auto what =
        values->count("what") != 0 ? (*values)["what"].as<std::vector<std::string>>() : Arguments{};
    if (what.size() != 2 || what.front() != "check") {
        throw misuse("apical data check DIR", "expected `check` and a folder");
    }
    const DataSet set = read_data_set(what.back());
    fmt::print("{}: the data set is right\n", what.back());
    print("training", set.training);
    print("test", set.test);
    for (const auto& file : set.files) fmt::print("  {}\n", file.string());
    return 0;
}

}  // namespace apical
