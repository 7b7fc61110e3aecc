# apical_module(NAME [SOURCES file...] [HEADERS file...] [DEPENDS target...] [PRIVATE target...])
#
# One library for each folder. DEPENDS are the modules below it in the picture of CONTRIBUTING.md and the packages its
# headers need; PRIVATE packages stay inside its sources. Headers stand alone: build all_verify_interface_header_sets.
add_library(apical_flags INTERFACE)
target_compile_features(apical_flags INTERFACE cxx_std_20)
# No contraction to fused multiply-adds and no reassociation: the same bits from every compiler and instruction set.
target_compile_options(apical_flags INTERFACE -ffp-contract=off)
# Nothing here reads floating-point exceptions, and GCC vectorises no loop with a choice in it if it must keep them.
target_compile_options(apical_flags INTERFACE -fno-trapping-math)
add_library(apical_warnings INTERFACE)
target_compile_options(apical_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Woverloaded-virtual
  -Wnon-virtual-dtor -Wno-missing-field-initializers $<$<BOOL:${APICAL_WERROR}>:-Werror>)  # the base of {.eta = 0.1} has none
# GCC 12 takes the pieces of a concatenated string for overlapping memory (bug 105651).
target_compile_options(apical_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(APICAL_SANITIZE)
  target_compile_options(apical_flags INTERFACE -fsanitize=${APICAL_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(apical_flags INTERFACE -fsanitize=${APICAL_SANITIZE})
  # What GCC 12 says of uninitialised members of instrumented code is false; the sanitizers look themselves.
  target_compile_options(apical_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# The program's and the tests' lines run once: to optimise them fully takes longer than they do.
add_library(apical_runs_once INTERFACE)
target_compile_options(apical_runs_once INTERFACE $<$<NOT:$<CONFIG:Debug>>:-O1>)

# What nearly every source includes, and is slow to read: compiled once, for all libraries. Sources include what they use all
# the same: the preset clang builds without it.
set(APICAL_COMMON_HEADERS <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <limits> <map> <memory> <optional>
    <span> <string> <string_view> <utility> <vector> <fmt/format.h>)

file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/apical_headers.cpp "")
add_library(apical_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/apical_headers.cpp)
target_link_libraries(apical_headers PRIVATE apical_flags apical_warnings fmt::fmt)
target_precompile_headers(apical_headers PRIVATE ${APICAL_COMMON_HEADERS})

function(apical_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;DEPENDS;PRIVATE")
  set(target apical_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:apical_warnings> fmt::fmt ${arg_PRIVATE})
    target_precompile_headers(${target} REUSE_FROM apical_headers)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(apical::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(${target} ${scope} apical_flags ${arg_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY APICAL_MODULES ${target})
endfunction()
