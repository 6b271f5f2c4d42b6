#pragma once

#include <memory>

#include "trainer/model/backend.h"
#include "trainer/model/graph.h"

namespace geomx::trainer::cuda {

// The network on card `device`. Parameters, gradients and buffers are in pinned memory of the host; the card has all
// its memory in one block. Where parameters do not make the step wait, and the network is small, a step is one CUDA
// graph; else one per part between two transfers, which overlap with the computation. Throws Error, also where the card
// has too little memory.
std::unique_ptr<Backend> make_cuda_backend(const Graph& graph, const BackendOptions& options, int device);

}  // namespace geomx::trainer::cuda
