# The CUDA backend, its tests and its benchmark, for a machine with a card that has little else: neither ZeroMQ nor
# protobuf nor oneDNN, but nlohmann-json's headers and GoogleTest (tests/gpu/run).
set(GEOMX_CUDA ON)
include(cmake/Cuda.cmake)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(GTest REQUIRED)
enable_testing()
# Without what reads and writes files, which wants zlib and fmt.
geomx_library(trainer/tensor EXCLUDE safetensors.cc)
geomx_library(trainer/model DEPS trainer/tensor nlohmann_json::nlohmann_json)
geomx_library(trainer/cuda DEPS trainer/model ${CMAKE_DL_LIBS})
add_subdirectory(trainer/cuda)
add_subdirectory(tests/gpu)
