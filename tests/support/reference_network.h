#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trainer/model/graph.h"
#include "trainer/tensor/batch.h"
#include "trainer/tensor/tensors.h"

// Forward and backward of any graph in double precision, by definition and nothing else: what the backends are checked
// against.
namespace geomx::trainer {

struct ReferenceStep {
  double loss = 0;  // mean over the labels
  std::size_t correct = 0;
  std::vector<std::vector<double>> gradients;  // one per parameter
  std::vector<std::vector<double>> buffers;    // after the step
};

struct ReferenceOptions {
  bool training = true;  // else there are no gradients, dropout does nothing, and batch norm uses the
                         // running statistics
  std::uint64_t seed = 1;
  std::uint64_t step = 0;
};

ReferenceStep reference_step(const Graph& graph, const Tensors& parameters, const Tensors& buffers, const Batch& batch,
                             const ReferenceOptions& options = {});

// With untouched buffers.
ReferenceStep reference_step(const Graph& graph, const Tensors& parameters, const Batch& batch,
                             const ReferenceOptions& options = {});

}  // namespace geomx::trainer
