#include "trainer/tensor/dropout.h"

#include <algorithm>

#include "trainer/cpu/direct/parallel.h"
#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

class DropoutLayer : public Layer {
 public:
  DropoutLayer(const Node& node, std::size_t index, const Dropout& op) : node_(node), index_(index), op_(op) {}

  dnnl::memory forward(Builder& builder) override {
    const dnnl::memory source = builder.input(node_);
    return builder.training() ? masked(builder, source) : source;
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    if (builder.wants_gradient(node_.inputs[0])) builder.give_gradient(node_.inputs[0], masked(builder, gradient));
  }

 private:
  // Forward and backward are the same; the mask is drawn again rather than kept. Elements are counted in canonical
  // order, so the value has to be, too.
  dnnl::memory masked(Builder& builder, const dnnl::memory& value) const {
    const dnnl::memory from = builder.to_row_major(value, DataType::f32);
    const Desc layout = from.get_desc();
    const dnnl::memory to = builder.program().value(layout);
    const auto count = static_cast<long>(layout.get_size() / sizeof(float));
    const std::uint32_t threshold = dropout_threshold(op_.share);
    const auto scale = static_cast<float>(1 / (1 - op_.share));
    const auto kernel = [=, index = index_, &state = builder.state()] {
      const DropoutKey key = dropout_key(state.seed, state.step, index);
      const float* in = floats(from);
      float* out = floats(to);
      constexpr long kPiece = 4096;
      direct::parallel_for((count + kPiece - 1) / kPiece, [&](long piece) {
        const long end = std::min((piece + 1) * kPiece, count);
#pragma omp simd
        for (long i = piece * kPiece; i < end; ++i) {
          const bool kept = dropout_draw(key, static_cast<std::uint32_t>(i)) >= threshold;
          out[i] = kept ? in[i] * scale : 0.0f;
        }
      });
    };
    builder.program().add(kernel, {from, to});
    return builder.to_row_major(to, builder.type());
  }

  const Node& node_;
  std::size_t index_;
  Dropout op_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, std::size_t index, const Dropout& op) {
  return std::make_unique<DropoutLayer>(node, index, op);
}

}  // namespace geomx::trainer
