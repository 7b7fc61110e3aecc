# Writes OUTPUT, a C++ file that defines apical::embedded_file() over the FILES (a list, separated by '|').
string(REPLACE "|" ";" files "${FILES}")
set(arrays "")
set(branches "")
set(number 0)
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "const unsigned char file_${number}[] = {${bytes}0};\n")
  string(APPEND branches "    if (name == \"${name}\") return text(file_${number}, sizeof file_${number} - 1);\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUTPUT}" "#include \"app/web.hpp\"

#include <cstddef>
#include <stdexcept>
#include <string>

namespace apical {
namespace {

${arrays}
std::string_view text(const unsigned char* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

std::string_view embedded_file(std::string_view name) {
${branches}    throw std::logic_error(\"no such file: \" + std::string(name));
}

}  // namespace apical
")
