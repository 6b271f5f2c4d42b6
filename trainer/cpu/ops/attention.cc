#include <algorithm>
#include <cmath>

#include "trainer/cpu/direct/parallel.h"
#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

// Rows of scores {.., positions, positions} become weights, softmax(scale x), in place; what a position may not see
// gets 0.
void softmax(float* scores, long rows, long positions, bool causal, float scale) {
  direct::parallel_for(rows, [&](long r) {
    float* row = scores + r * positions;
    const long seen = causal ? r % positions + 1 : positions;
    const float top = *std::max_element(row, row + seen);
    float sum = 0;
    for (long i = 0; i < seen; ++i) {
      row[i] = std::exp(scale * (row[i] - top));
      sum += row[i];
    }
    for (long i = 0; i < seen; ++i) row[i] /= sum;
    std::fill(row + seen, row + positions, 0.0f);
  });
}

// The gradient of the weights becomes that of the scores, in place: scale * w (g - sum(w g)).
void softmax_backward(const float* weights, float* gradient, long rows, long positions, bool causal, float scale) {
  direct::parallel_for(rows, [&](long r) {
    const float* w = weights + r * positions;
    float* g = gradient + r * positions;
    const long seen = causal ? r % positions + 1 : positions;
    float sum = 0;
    for (long i = 0; i < seen; ++i) sum += w[i] * g[i];
    for (long i = 0; i < seen; ++i) g[i] = scale * w[i] * (g[i] - sum);
    std::fill(g + seen, g + positions, 0.0f);
  });
}

class AttentionLayer : public Layer {
 public:
  AttentionLayer(const Node& node, const Attention& op)
      : node_(node),
        op_(op),
        positions_(node.shape[0]),
        width_(node.shape[1]),
        scale_(static_cast<float>(1 / std::sqrt(static_cast<double>(width_ / op.heads)))) {}

  dnnl::memory forward(Builder& builder) override {
    Program& program = builder.program();
    source_ = builder.to_row_major(builder.input(node_), builder.type());
    const dnnl::memory scores = program.value(square(builder, DataType::f32));
    multiply(builder, head(builder, source_, 3, 0), head(builder, source_, 3, 1, true), scores);
    const long rows = builder.batch() * op_.heads * positions_;
    program.add([=, positions = positions_, causal = op_.causal,
                 scale = scale_] { softmax(floats(scores), rows, positions, causal, scale); },
                {scores});
    weights_ = scores;
    const dnnl::memory output = program.value(Builder::row_major(builder.dims(node_.shape), builder.type()));
    multiply(builder, builder.to_row_major(weights_, builder.type()), head(builder, source_, 3, 2),
             head(builder, output, 1, 0));
    return output;
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    if (!builder.wants_gradient(node_.inputs[0])) return;
    Program& program = builder.program();
    const dnnl::memory after = builder.to_row_major(gradient, builder.type());
    const dnnl::memory result = program.value(source_.get_desc());
    const dnnl::memory weights = builder.to_row_major(weights_, builder.type());
    multiply(builder, transposed(builder, weights), head(builder, after, 1, 0), head(builder, result, 3, 2));
    const dnnl::memory scores = program.value(square(builder, DataType::f32));
    multiply(builder, head(builder, after, 1, 0), head(builder, source_, 3, 2, true), scores);
    const long rows = builder.batch() * op_.heads * positions_;
    program.add(
        [=, probabilities = weights_, positions = positions_, causal = op_.causal, scale = scale_] {
          softmax_backward(floats(probabilities), floats(scores), rows, positions, causal, scale);
        },
        {weights_, scores});
    const dnnl::memory of_scores = builder.to_row_major(scores, builder.type());
    multiply(builder, of_scores, head(builder, source_, 3, 1), head(builder, result, 3, 0));
    multiply(builder, transposed(builder, of_scores), head(builder, source_, 3, 0), head(builder, result, 3, 1));
    builder.give_gradient(node_.inputs[0], result);
  }

 private:
  Desc square(const Builder& builder, DataType type) const {
    return Builder::row_major({builder.batch(), op_.heads, positions_, positions_}, type);
  }

  // The heads' part `which` of `parts` in a value {batch x positions, parts * width}, as {batch, heads, positions,
  // width / heads} or with the last two turned; where it lies.
  dnnl::memory head(Builder& builder, const dnnl::memory& value, long parts, long which, bool turned = false) const {
    const long size = width_ / op_.heads;
    const long row = parts * width_;
    Dims dims{builder.batch(), op_.heads, positions_, size};
    Dims strides{positions_ * row, size, row, 1};
    if (turned) {
      std::swap(dims[2], dims[3]);
      std::swap(strides[2], strides[3]);
    }
    const auto element = value.get_desc().get_size() / static_cast<std::size_t>(builder.batch() * positions_ * row);
    return builder.program().view(value, {dims, builder.type(), strides},
                                  static_cast<std::size_t>(which * width_) * element);
  }

  dnnl::memory transposed(Builder& builder, const dnnl::memory& value) const {
    const Desc from = value.get_desc();
    const Dims dims = from.dims();
    return builder.program().view(
        value, {dims, from.data_type(), Dims{dims[1] * dims[2] * dims[3], dims[2] * dims[3], 1, dims[3]}});
  }

  static void multiply(Builder& builder, const dnnl::memory& a, const dnnl::memory& b, const dnnl::memory& result) {
    const dnnl::matmul::primitive_desc desc({a.get_desc(), b.get_desc(), result.get_desc()}, Program::attributes(),
                                            builder.engine());
    builder.program().add(dnnl::matmul(desc), desc, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, result}});
  }

  const Node& node_;
  Attention op_;
  long positions_;
  long width_;
  float scale_;
  dnnl::memory source_;
  dnnl::memory weights_;  // {batch, heads, positions, positions}: how much each sees of each
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const Attention& op) {
  return std::make_unique<AttentionLayer>(node, op);
}

}  // namespace geomx::trainer
