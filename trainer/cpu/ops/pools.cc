#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

struct Window {
  dnnl::algorithm algorithm;
  Dims size;
  Dims stride;
  Dims padding;
};

class PoolLayer : public Layer {
 public:
  PoolLayer(const Node& node, Window window) : node_(node), window_(std::move(window)) {}

  dnnl::memory forward(Builder& builder) override {
    const dnnl::memory source = builder.input(node_);
    const Dims in = source.get_desc().dims();
    Dims out = builder.dims(node_.shape);
    out.resize(in.size(), 1);  // a global one's have no height and width
    forward_ = {{builder.propagation(), window_.algorithm, source.get_desc(), builder.any(out), window_.stride,
                 window_.size, window_.padding, window_.padding},
                Program::attributes(),
                builder.engine()};
    Program& program = builder.program();
    const dnnl::memory result = program.value(forward_.dst_desc());
    Program::Arguments arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, result}};
    if (builder.training() && forward_.workspace_desc().get_size() > 0) {
      workspace_ = program.value(forward_.workspace_desc());
      arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace_);
    }
    program.add(dnnl::pooling_forward(forward_), forward_, std::move(arguments));
    if (builder.dims(node_.shape) == out) return result;
    return builder.reshaped(builder.to_row_major(result, builder.type()), builder.dims(node_.shape));
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    if (!builder.wants_gradient(node_.inputs[0])) return;
    const Desc output = forward_.dst_desc();
    const dnnl::pooling_backward::primitive_desc desc({window_.algorithm, forward_.src_desc(), output, window_.stride,
                                                       window_.size, window_.padding, window_.padding},
                                                      Program::attributes(), builder.engine(), forward_);
    Program& program = builder.program();
    dnnl::memory after = gradient;
    if (after.get_desc().dims() != output.dims()) {
      after = builder.reshaped(builder.to_row_major(gradient, builder.type()), output.dims());
    }
    const dnnl::memory result = program.value(desc.diff_src_desc());
    Program::Arguments arguments{{DNNL_ARG_DIFF_DST, program.in_layout(after, output)}, {DNNL_ARG_DIFF_SRC, result}};
    if (workspace_) arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace_);
    program.add(dnnl::pooling_backward(desc), desc, std::move(arguments));
    builder.give_gradient(node_.inputs[0], result);
  }

 private:
  const Node& node_;
  Window window_;
  dnnl::pooling_forward::primitive_desc forward_;
  dnnl::memory workspace_;  // which element of a window was the largest
};

// Over the whole image, whose size the layer reads from its input.
class GlobalPoolLayer : public Layer {
 public:
  explicit GlobalPoolLayer(const Node& node) : node_(node) {}

  dnnl::memory forward(Builder& builder) override {
    const Dims in = builder.input(node_).get_desc().dims();
    const Dims size{in[2], in[3]};
    pool_ =
        std::make_unique<PoolLayer>(node_, Window{dnnl::algorithm::pooling_avg_exclude_padding, size, size, {0, 0}});
    return pool_->forward(builder);
  }
  void backward(Builder& builder, const dnnl::memory& gradient) override { pool_->backward(builder, gradient); }

 private:
  const Node& node_;
  std::unique_ptr<PoolLayer> pool_;
};

template <typename Op>
Window window(dnnl::algorithm algorithm, const Op& op) {
  return {algorithm, {op.size, op.size}, {op.stride, op.stride}, {op.padding, op.padding}};
}

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const MaxPool& op) {
  return std::make_unique<PoolLayer>(node, window(dnnl::algorithm::pooling_max, op));
}

std::unique_ptr<Layer> make_layer(const Node& node, const AveragePool& op) {
  return std::make_unique<PoolLayer>(node, window(dnnl::algorithm::pooling_avg_exclude_padding, op));
}

std::unique_ptr<Layer> make_layer(const Node& node, const GlobalPool&) {
  return std::make_unique<GlobalPoolLayer>(node);
}

}  // namespace geomx::trainer
