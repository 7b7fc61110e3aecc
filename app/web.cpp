#include "app/web.hpp"

#include <openssl/evp.h>

namespace apical {

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP ends it with a zero
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    text.resize(static_cast<std::size_t>(length));
    return text;
}

namespace {

/// JSON inside <script>: "</script>" and "<!--" in a text must not end or change the element.
std::string script_text(const nlohmann::ordered_json& data) {
    std::string text = data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1))
        text.replace(at, 1, "\\u003c");
    return text;
}

std::string content(std::string_view name, const nlohmann::ordered_json& data) {
    if (name == "data") return script_text(data);
    const std::string_view file = embedded_file(name);
    return name.ends_with(".wasm") ? base64(file) : std::string(file);
}

}  // namespace

std::string web_page(std::string_view name, const nlohmann::ordered_json& data) {
    std::string_view rest = embedded_file(name);
    std::string page;
    for (std::size_t open = rest.find("{{"); open != std::string_view::npos; open = rest.find("{{")) {
        const std::size_t close = rest.find("}}", open);
        page += rest.substr(0, open);
        page += content(rest.substr(open + 2, close - open - 2), data);
        rest.remove_prefix(close + 2);
    }
    return page += rest;
}

}  // namespace apical
