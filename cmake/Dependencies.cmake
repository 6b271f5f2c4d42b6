# Every library that `bootstrap` installs. Vendor headers are included only in the rooms that wrap them (tests/unit/doors_test).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenMP REQUIRED)
pkg_check_modules(LIBNL REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
pkg_check_modules(LIBMNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(LIBPCAP REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(YAMLCPP REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)

# find_package(dnnl) asks for OpenCL's loader, which we do not use; the library alone does.
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(geomx_dnnl INTERFACE)
target_link_libraries(geomx_dnnl INTERFACE ${DNNL_LIBRARY})

if(GEOMX_TESTS)
  find_package(GTest REQUIRED)
endif()
if(GEOMX_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# Found, not demanded: without them only the CUDA backend or the editor is missing.
include(cmake/Cuda.cmake)
include(cmake/Gui.cmake)
