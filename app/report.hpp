#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace apical {

/// The report of a run, or of several side by side: one HTML page that needs nothing else. What a run did not
/// record is missing in it, and it says so. Throws DataError if a folder is not a run's, or holds damaged
/// files.
std::string report_page(const std::vector<std::filesystem::path>& runs);

}  // namespace apical
