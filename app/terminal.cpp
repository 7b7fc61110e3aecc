#include "app/terminal.hpp"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace apical {

namespace {

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

Terminal Terminal::of_stderr() {
    Terminal terminal;
    terminal.interactive = isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb" && variable("CI").empty();
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {  // the first that is set rules
        if (variable(name).empty()) continue;
        const std::string_view locale = variable(name);
        terminal.unicode =
            locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
        break;
    }
    winsize size{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): the system has no other
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.width = size.ws_col;
    return terminal;
}

}  // namespace apical
