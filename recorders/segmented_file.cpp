#include "recorders/segmented_file.hpp"

namespace apical {

void SegmentedFile::persist(Archive& archive) {
    if (!archive.gives_back()) {
        file_.finish(segment(++segments_));
        file_ = begin_(path_);
    }
    archive("segments", segments_);
}

void SegmentedFile::join() {
    if (segments_ == 0) return;
    const std::uint64_t last = segments_ + 1;
    file_.finish(segment(last));
    file_ = Hdf5File::go_on_with(segment(1), path_);
    for (std::uint64_t number = 2; number <= last; ++number) file_.absorb(Hdf5File::open(segment(number)));
}

}  // namespace apical
