#pragma once

#include <cuda_runtime_api.h>

#include <functional>

#include "trainer/cuda/device/handle.h"

namespace geomx::trainer::cuda {

// Work that is queued again and again: the first time as it is, so that libraries load what they need; then it is
// recorded as a CUDA graph, which starts as a whole.
class CudaGraph {
 public:
  using Work = std::function<void(cudaStream_t)>;

  explicit CudaGraph(Work work) : work_(std::move(work)) {}
  void launch(cudaStream_t stream);

 private:
  void record(cudaStream_t stream);

  Work work_;
  bool ran_ = false;
  Handle<cudaGraphExec_t, cudaGraphExecDestroy> graph_;
};

}  // namespace geomx::trainer::cuda
