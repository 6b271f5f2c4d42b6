#include "trainer/model/initial.h"

#include <algorithm>
#include <cmath>

#include "trainer/tensor/random.h"

namespace geomx::trainer {
namespace {

constexpr double kEmbeddingDeviation = 0.02;

void fill_uniform(std::span<float> values, double bound, Random random) {
  const auto limit = static_cast<float>(bound);
  for (float& value : values) value = random.uniform(-limit, limit);
}

// {out, in} or {out, in, height, width}: both fans count the receptive field.
double xavier_bound(const TensorSpec& spec) {
  const auto count = static_cast<double>(spec.size());
  const double fans = count / static_cast<double>(spec.shape[0]) + count / static_cast<double>(spec.shape[1]);
  return std::sqrt(6.0 / fans);
}

bool is_norm(const Op& op) {
  return std::holds_alternative<BatchNorm>(op) || std::holds_alternative<GroupNorm>(op) ||
         std::holds_alternative<LayerNorm>(op);
}

}  // namespace

void initialise(const Graph& graph, Tensors& parameters, std::uint64_t seed) {
  const auto& nodes = graph.nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::size_t end = i + 1 < nodes.size() ? nodes[i + 1].parameter : parameters.count();
    for (std::size_t tensor = nodes[i].parameter; tensor < end; ++tensor) {
      const TensorSpec& spec = parameters.spec(tensor);
      if (spec.shape.size() < 2) {
        const bool scale = is_norm(nodes[i].op) && tensor == nodes[i].parameter;
        std::ranges::fill(parameters[tensor], scale ? 1.0f : 0.0f);
        continue;
      }
      const bool embedding = std::holds_alternative<Embedding>(nodes[i].op);
      const double bound = embedding ? kEmbeddingDeviation * std::sqrt(3.0) : xavier_bound(spec);
      fill_uniform(parameters[tensor], bound, Random(seed, tensor));
    }
  }
}

void initialise_buffers(Tensors& buffers) {
  for (std::size_t i = 0; i < buffers.count(); ++i) {
    std::ranges::fill(buffers[i], buffers.spec(i).name.ends_with(".variance") ? 1.0f : 0.0f);
  }
}

}  // namespace geomx::trainer
