#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <string>

#include "trainer/cuda/device/handle.h"

namespace geomx::trainer::cuda {

using Stream = Handle<cudaStream_t, cudaStreamDestroy>;
using Event = Handle<cudaEvent_t, cudaEventDestroy>;

Stream make_stream();
Event make_event();  // without a time

// Of the current device; `what` it is for is part of the Error where there is not so much: the bytes asked, those free
// and those there are.
class DeviceBlock {
 public:
  DeviceBlock() = default;
  DeviceBlock(std::size_t bytes, const std::string& what);
  std::byte* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(std::byte* memory) const { cudaFree(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
};

// Memory of the host that devices copy to and from by themselves.
std::pmr::memory_resource* pinned_memory();

}  // namespace geomx::trainer::cuda
