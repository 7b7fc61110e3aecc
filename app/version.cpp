#include <string>

#include <fmt/format.h>

#include "app/build_info.hpp"
#include "app/verbs.hpp"

namespace apical {

std::string version_text() {
    return fmt::format("apical {}\ncommit {}{}\ncompiler {}\n{}\n", build_info::version, build_info::commit,
                       build_info::dirty ? ", with changes" : "", build_info::compiler,
                       build_info::libraries);
}

}  // namespace apical
