// Any bytes as an IDX file of images, and as one of labels, plain or compressed.

#include "core/error.hpp"
#include "tasks/idx.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace apical {
namespace {

void read(const fuzz::ForeignFile& file, std::size_t dimensions) {
    fuzz::may_refuse([&] {
        const IdxArray array = read_idx(file.path(), dimensions);
        std::uint64_t expected = 1;
        for (const Index length : array.dimensions) expected *= length;
        if (array.dimensions.size() != dimensions || array.values.size() != expected)
            throw std::logic_error("the array has not the size of its dimensions");
    });
}

}  // namespace
}  // namespace apical

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const apical::fuzz::ForeignFile file({data, size});
    apical::read(file, 3);
    apical::read(file, 1);
    return 0;
}
