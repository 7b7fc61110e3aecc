#include <string>

#include <boost/version.hpp>
#include <fmt/format.h>
#include <tbb/version.h>

#include "app/build_info.hpp"
#include "app/verbs.hpp"

namespace apical {

std::string version_text() {
    return fmt::format("apical {}\ncommit {}{}\ncompiler {}\nBoost {}.{}.{}, TBB {}\n", build_info::version,
                       build_info::commit, build_info::dirty ? ", with changes" : "", build_info::compiler,
                       BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100,
                       TBB_VERSION_STRING);
}

}  // namespace apical
