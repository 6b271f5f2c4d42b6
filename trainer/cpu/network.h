#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "trainer/cpu/program/builder.h"
#include "trainer/cpu/program/program.h"
#include "trainer/model/graph.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// A Graph compiled for one batch size. Each primitive asks for the layout it likes best; values are copied to another
// layout only where two neighbours disagree. Ops that can be computed together are (ops/layer.h). The gradient with
// respect to what the network reads is not computed.
class Network {
 public:
  // Keeps references. `gradients` null: forward only, as evaluation wants it: no dropout, running statistics.
  Network(const Graph& graph, std::size_t batch, DataType type, Tensors& parameters, Tensors* gradients,
          Tensors& buffers, const StepState& state);

  std::size_t batch() const { return batch_; }
  std::size_t bytes() const { return program_.bytes(); }
  const std::vector<std::string>& implementations() const { return program_.implementations(); }
  std::span<float> inputs();           // in: batch x Graph::input_shape()
  std::span<const float> logits();     // out of forward(): batch x labels per sample x classes
  std::span<float> logits_gradient();  // in to backward()
  // Calls `on_needed` before the first operation that reads a tensor's parameters, in the order of the layers.
  void forward(const std::function<void(std::size_t tensor)>& on_needed);
  void forward();
  // Calls `on_ready` for each tensor once its gradient is final and its parameters are read no more.
  void backward(const std::function<void(std::size_t tensor)>& on_ready);

  // Nodes that are computed together, in the order of the graph. After a whole step each can be computed again by
  // itself, for its time.
  std::size_t parts() const { return parts_.size(); }
  const std::vector<std::size_t>& nodes_of(std::size_t part) const { return parts_[part].nodes; }
  void forward_part(std::size_t part) { program_.run(parts_[part].forward.begin, parts_[part].forward.end); }
  void backward_part(std::size_t part) { program_.run(parts_[part].backward.begin, parts_[part].backward.end); }

 private:
  struct Mark {
    std::size_t position;  // between operations
    std::size_t tensor;
  };
  struct Operations {
    std::size_t begin = 0, end = 0;
  };
  struct Part {
    std::vector<std::size_t> nodes;
    Operations forward, backward;
  };

  std::size_t batch_;
  Program program_;
  dnnl::memory inputs_;
  dnnl::memory logits_;
  dnnl::memory logits_gradient_;
  std::size_t forward_end_ = 0;
  std::vector<Mark> needed_;
  std::vector<Mark> ready_;
  std::vector<Part> parts_;
};

}  // namespace geomx::trainer
