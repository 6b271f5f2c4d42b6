#include "trainer/cuda/plugin.h"

#include <cuda_runtime_api.h>

#include "trainer/cuda/device/check.h"
#include "trainer/cuda/device/cuda_backend.h"

namespace geomx::trainer::cuda {
namespace {

int count() {
  int cards = 0;
  check(cudaGetDeviceCount(&cards), "find a card");
  return cards;
}

std::string describe(int device) {
  constexpr std::size_t kGibibyte = std::size_t{1} << 30;
  cudaDeviceProp card{};
  check(cudaGetDeviceProperties(&card, device), "describe card " + std::to_string(device));
  return std::string(card.name) + ", " + std::to_string(card.totalGlobalMem / kGibibyte) + " GiB, compute capability " +
         std::to_string(card.major) + "." + std::to_string(card.minor);
}

}  // namespace
}  // namespace geomx::trainer::cuda

extern "C" __attribute__((visibility("default"))) const geomx::trainer::cuda::Plugin* geomx_cuda_plugin() {
  using namespace geomx::trainer::cuda;
  static const Plugin plugin{.count = count, .describe = describe, .make = make_cuda_backend};
  return &plugin;
}
