#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace apical {

/// A file that is part of the program, as it was when that was built: one of those named in
/// app/CMakeLists.txt.
std::string_view embedded_file(std::string_view name);

/// The page `name` of app/web/, complete in itself: every {{FILE}} in it is replaced by that file (base64 if
/// it is a .wasm), and {{data}} by `data`, in a form that no content can break out of.
std::string web_page(std::string_view name, const nlohmann::ordered_json& data);

/// Standard base64, with padding.
std::string base64(std::string_view bytes);

}  // namespace apical
