# Every dependency is a Debian 12 package, installed by script/bootstrap.
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(TBB REQUIRED)
find_package(Threads REQUIRED)
set(HDF5_PREFER_PARALLEL OFF)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)

# Random123 is header-only and ships no package description.
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)

# Compiles the explorer page's WebAssembly, with lld-14 as its linker.
find_program(APICAL_WASM_COMPILER clang++-14 REQUIRED)
find_program(APICAL_WASM_LINKER wasm-ld-14 REQUIRED)
