#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "trainer/model/precision.h"
#include "trainer/tensor/batch.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

struct BackendOptions {
  std::size_t batch = 1;  // samples that step() takes
  int threads = 1;        // of the CPU; 1 where several workers share a host
  Precision precision = Precision::fp32;
  std::uint64_t seed = 1;  // of dropout
};

// Where a network lives and computes: parameters in canonical fp32 at this boundary, whatever the backend keeps inside.
//
// A sample has Graph::labels_per_sample() labels, and so has each of a batch's samples, one sample's after the other's;
// losses are means over all labels.
//
// Threading: one thread at a time. Errors: Error. Determinism: the same parameters, buffers, batch, seed, step and
// thread count give the same bits.
class Backend {
 public:
  virtual ~Backend() = default;

  // The parameters, to be written between steps (or from on_ready on, tensor by tensor), and the gradients that the
  // last step left: means over the batch's labels, valid until the next step.
  virtual Tensors& parameters() = 0;
  virtual const Tensors& gradients() const = 0;

  // The running statistics of batch norm, which steps move and score() uses: means 0, variances 1 until then. To be
  // read and written between steps.
  virtual Tensors& buffers() = 0;

  // Where the network reads the samples of a step: a batch that is put together here need not be copied.
  virtual std::span<float> images() = 0;

  // How many steps were made before the next one: what dropout leaves out depends on it. 0 at first; each step() counts
  // it up.
  virtual void set_step(std::uint64_t step) = 0;

  // Called during step() for each tensor once its gradient is final and the step reads its parameter no more: last
  // layers first. The callee may start to send the one and overwrite the other.
  using OnReady = std::function<void(std::size_t tensor)>;

  // Called during step() for each tensor, in the order of the layers, before the step reads its parameters: the callee
  // may wait for them to come.
  using OnNeeded = std::function<void(std::size_t tensor)>;

  // Forward and backward over a batch of the size the backend was made for. Returns the mean loss.
  virtual double step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) = 0;
  double step(const Batch& batch, const OnReady& on_ready) {
    return step(
        batch, [](std::size_t) {}, on_ready);
  }

  struct Score {
    double loss = 0;  // sum over the labels
    std::size_t correct = 0;
    std::size_t samples = 0;  // labels: of sequences, each position's is one
  };
  // Forward only, over any number of samples, without dropout. The parameters must not change meanwhile.
  virtual Score score(const Batch& batch) = 0;
};

}  // namespace geomx::trainer
