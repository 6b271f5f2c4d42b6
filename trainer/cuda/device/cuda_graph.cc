#include "trainer/cuda/device/cuda_graph.h"

#include "trainer/cuda/device/check.h"

namespace geomx::trainer::cuda {

void CudaGraph::launch(cudaStream_t stream) {
  if (!ran_) {
    work_(stream);
    ran_ = true;
    return;
  }
  if (!graph_) record(stream);
  check(cudaGraphLaunch(graph_.get(), stream), "start a graph");
}

void CudaGraph::record(cudaStream_t stream) {
  Handle<cudaGraph_t, cudaGraphDestroy> graph;
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "record a graph");
  try {
    work_(stream);
  } catch (...) {
    cudaStreamEndCapture(stream, graph.out());  // the first error counts
    throw;
  }
  check(cudaStreamEndCapture(stream, graph.out()), "record a graph");
  check(cudaGraphInstantiate(graph_.out(), graph.get(), 0), "make a graph");
}

}  // namespace geomx::trainer::cuda
