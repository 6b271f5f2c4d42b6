#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "trainer/cpu/program.h"
#include "trainer/model/architecture.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// An Architecture compiled for one batch size. Each primitive asks for the layout it likes best; values are copied to
// another layout only where two neighbours disagree. ReLU is fused into the layer before it on the way forward; on the
// way back it is applied after a max-pool rather than before (they commute), where there is a quarter of the data. The
// first layer's gradient with respect to the images is not computed.
class Network {
 public:
  // Keeps references. `gradients` null: forward only.
  Network(const Architecture& model, std::size_t batch, Tensors& parameters, Tensors* gradients);

  std::size_t batch() const { return batch_; }
  std::span<float> images();           // in: batch x CHW
  std::span<const float> logits();     // out of forward(): batch x classes
  std::span<float> logits_gradient();  // in to backward()
  // Calls `on_needed` before the first operation that reads a tensor's parameters, in the order of the layers.
  void forward(const std::function<void(std::size_t tensor)>& on_needed);
  void forward();
  void backward(const std::function<void(std::size_t tensor)>& on_ready);

 private:
  struct Stage;  // one layer between building forward and backward
  struct Needed {
    std::size_t begin;  // operations from this one on read it
    std::size_t tensor;
  };
  struct Ready {
    std::size_t end;  // operations before this one make it ready
    std::size_t tensor;
  };
  void note_needed(const Stage& stage);
  dnnl::memory add_convolution(const Convolution& layer, const ImageShape& out, Stage& stage);
  dnnl::memory add_dense(const Dense& layer, Stage& stage);
  dnnl::memory add_pool(const MaxPool& layer, const ImageShape& out, Stage& stage);
  void add_backward(std::vector<Stage>& stages);
  dnnl::memory add_relu_backward(const dnnl::memory& output, const dnnl::memory& gradient);
  void add_weights_backward(Stage& stage, dnnl::memory& gradient);
  dnnl::memory add_data_backward(Stage& stage, const dnnl::memory& gradient);
  dnnl::memory add_pool_backward(Stage& stage, const dnnl::memory& gradient);

  std::size_t batch_;
  Tensors& parameters_;
  Tensors* gradients_;
  Program program_;
  dnnl::memory images_;
  dnnl::memory logits_;
  dnnl::memory logits_gradient_;
  std::size_t forward_end_ = 0;
  std::vector<Needed> needed_;
  std::vector<Ready> ready_;
};

}  // namespace geomx::trainer
