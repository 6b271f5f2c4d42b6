#include <algorithm>

#include "trainer/cpu/direct/parallel.h"
#include "trainer/cpu/ops/layer.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

class EmbeddingLayer : public Layer {
 public:
  EmbeddingLayer(const Node& node, const Embedding& op) : node_(node), op_(op) {}

  dnnl::memory forward(Builder& builder) override {
    tokens_ = builder.value(node_.inputs[0]);  // as they are: bf16 would not hold them
    const Dims out = builder.dims(node_.shape);
    const dnnl::memory result = builder.program().value(Builder::row_major(out, DataType::f32));
    const dnnl::memory rows = builder.parameter(node_.parameter, {op_.vocabulary, op_.width});
    const long positions = node_.shape[0];
    const dnnl::memory position =
        op_.positions ? builder.parameter(node_.parameter + 1, {positions, op_.width}) : dnnl::memory();
    const auto kernel = [=, name = node_.name, vocabulary = op_.vocabulary, tokens = tokens_, count = out[0],
                         width = long{op_.width}] {
      check(floats(tokens), count, vocabulary, name);
      direct::parallel_for(count, [&](long t) {
        const float* row = floats(rows) + static_cast<long>(floats(tokens)[t]) * width;
        float* to = floats(result) + t * width;
        if (!position) {
          std::copy(row, row + width, to);
          return;
        }
        const float* here = floats(position) + t % positions * width;
        for (long i = 0; i < width; ++i) to[i] = row[i] + here[i];
      });
    };
    std::vector<dnnl::memory> memories{tokens_, result, rows};
    if (position) memories.push_back(position);
    builder.program().add(kernel, std::move(memories));
    return builder.to_row_major(result, builder.type());
  }

  // Rows are summed in the order of the tokens whatever the number of threads: each has columns of its own.
  void backward(Builder& builder, const dnnl::memory& gradient) override {
    const dnnl::memory after = builder.to_row_major(gradient, DataType::f32);
    const long positions = node_.shape[0];
    const dnnl::memory rows = builder.parameter_gradient(node_.parameter, {op_.vocabulary, op_.width});
    const dnnl::memory position =
        op_.positions ? builder.parameter_gradient(node_.parameter + 1, {positions, op_.width}) : dnnl::memory();
    const auto kernel = [=, tokens = tokens_, count = builder.dims(node_.shape)[0], width = long{op_.width},
                         vocabulary = long{op_.vocabulary}] {
      constexpr long kColumns = 16;  // a cache line
      direct::parallel_for((width + kColumns - 1) / kColumns, [&](long column) {
        const long begin = column * kColumns;
        const long end = std::min(begin + kColumns, width);
        const auto clear = [&](float* table, long height) {
          for (long row = 0; row < height; ++row)
            std::fill(table + row * width + begin, table + row * width + end, 0.0f);
        };
        clear(floats(rows), vocabulary);
        if (position) clear(floats(position), positions);
        for (long t = 0; t < count; ++t) {
          const float* from = floats(after) + t * width;
          float* row = floats(rows) + static_cast<long>(floats(tokens)[t]) * width;
          for (long i = begin; i < end; ++i) row[i] += from[i];
          if (!position) continue;
          float* here = floats(position) + t % positions * width;
          for (long i = begin; i < end; ++i) here[i] += from[i];
        }
      });
    };
    std::vector<dnnl::memory> memories{tokens_, after, rows};
    if (position) memories.push_back(position);
    builder.program().add(kernel, std::move(memories));
  }

 private:
  static void check(const float* tokens, long count, int vocabulary, const std::string& name) {
    const auto wrong = std::find_if(
        tokens, tokens + count, [&](float token) { return !(token >= 0) || token >= static_cast<float>(vocabulary); });
    if (wrong != tokens + count) {
      throw Error(name + ": there is no token " + std::to_string(*wrong) + " in a vocabulary of " +
                  std::to_string(vocabulary) + " (use a model made for this data set)");
    }
  }

  const Node& node_;
  Embedding op_;
  dnnl::memory tokens_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const Embedding& op) {
  return std::make_unique<EmbeddingLayer>(node, op);
}

}  // namespace geomx::trainer
