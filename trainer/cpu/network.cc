#include "trainer/cpu/network.h"

#include <memory>
#include <utility>

#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

// The node's parameters are [first, second) of the graph's.
std::pair<std::size_t, std::size_t> parameters_of(const Graph& graph, std::size_t node) {
  const auto& nodes = graph.nodes();
  return {nodes[node].parameter, node + 1 < nodes.size() ? nodes[node + 1].parameter : graph.parameters().size()};
}

std::span<float> elements_of(const dnnl::memory& memory) {
  return {floats(memory), memory.get_desc().get_size() / sizeof(float)};
}

}  // namespace

Network::Network(const Graph& graph, std::size_t batch, DataType type, Tensors& parameters, Tensors* gradients,
                 Tensors& buffers, const StepState& state)
    : batch_(batch) {
  Builder builder(graph, batch, type, program_, parameters, gradients, buffers, state);
  inputs_ = program_.lasting_value(Builder::row_major(builder.dims(graph.input_shape()), DataType::f32));
  builder.set_value(0, inputs_);

  const std::vector<Chain> order = chains(graph);
  std::vector<std::unique_ptr<Layer>> layers;
  for (const Chain& chain : order) {
    for (const std::size_t node : chain.nodes) {
      const auto [begin, end] = parameters_of(graph, node);
      for (std::size_t tensor = begin; tensor < end; ++tensor) needed_.push_back({program_.size(), tensor});
    }
    layers.push_back(make_layer(graph, chain));
    const std::size_t begin = program_.size();
    builder.set_value(chain.nodes.back(), layers.back()->forward(builder));
    parts_.push_back({chain.nodes, {begin, program_.size()}, {}});
  }
  const std::size_t last = graph.nodes().size() - 1;
  const dnnl::memory value = builder.value(last);
  logits_ = program_.lasting_value(Builder::row_major(value.get_desc().dims(), DataType::f32));
  program_.copy(value, logits_);
  forward_end_ = program_.size();

  if (gradients != nullptr) {
    logits_gradient_ = program_.lasting_value(logits_.get_desc());
    builder.give_gradient(last, logits_gradient_);
    for (std::size_t i = order.size(); i-- > 0;) {
      // A value that nobody reads has no gradient; its parameters' stay 0.
      const dnnl::memory& gradient = builder.gradient(order[i].nodes.back());
      parts_[i].backward.begin = program_.size();
      if (gradient) layers[i]->backward(builder, gradient);
      parts_[i].backward.end = program_.size();
      for (auto node = order[i].nodes.rbegin(); node != order[i].nodes.rend(); ++node) {
        const auto [begin, end] = parameters_of(graph, *node);
        for (std::size_t tensor = end; tensor-- > begin;) ready_.push_back({program_.size(), tensor});
      }
    }
  }
  program_.finish();
}

std::span<float> Network::inputs() {
  return elements_of(inputs_);
}

std::span<const float> Network::logits() {
  return elements_of(logits_);
}

std::span<float> Network::logits_gradient() {
  return elements_of(logits_gradient_);
}

void Network::forward(const std::function<void(std::size_t tensor)>& on_needed) {
  std::size_t position = 0;
  for (const Mark& needed : needed_) {
    program_.run(position, needed.position);
    position = needed.position;
    on_needed(needed.tensor);
  }
  program_.run(position, forward_end_);
}

void Network::forward() {
  program_.run(0, forward_end_);
}

void Network::backward(const std::function<void(std::size_t tensor)>& on_ready) {
  std::size_t position = forward_end_;
  for (const Mark& ready : ready_) {
    program_.run(position, ready.position);
    position = ready.position;
    on_ready(ready.tensor);
  }
}

}  // namespace geomx::trainer
