#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "trainer/model/backend.h"
#include "trainer/model/graph.h"

// What libgeomx_cuda.so is to those who open it: one function with a C name that gives a table. It is a library of its
// own that is opened when a card is asked for, because cuDNN and cuBLASLt cost each process 56 ms at its start, and
// machines without a card do not have them.
namespace geomx::trainer::cuda {

inline constexpr const char* kPluginFile = "libgeomx_cuda.so";
inline constexpr const char* kPluginEntry = "geomx_cuda_plugin";

// The table passes C++ objects, so both sides have to come from one build: what it says of itself is compared first.
// `layout` changes with the size of what is passed.
struct Plugin {
  std::size_t size = sizeof(Plugin);
  std::size_t layout = sizeof(Graph) + 1000 * sizeof(Node) + 1000000 * sizeof(BackendOptions);
  const char* version = GEOMX_VERSION;

  // How many cards the driver shows. Throws Error with the driver's reason for none.
  int (*count)() = nullptr;
  // "NVIDIA H200, 139 GiB, compute capability 9.0".
  std::string (*describe)(int device) = nullptr;
  // The network on card `device`. Throws Error, like all of Backend.
  std::unique_ptr<Backend> (*make)(const Graph& graph, const BackendOptions& options, int device) = nullptr;
};
using PluginEntry = const Plugin* (*)();

}  // namespace geomx::trainer::cuda
