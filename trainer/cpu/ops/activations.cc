#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

// A ReLU that no other op took along.
class ReluLayer : public Layer {
 public:
  explicit ReluLayer(const Node& node) : node_(node) {}

  dnnl::memory forward(Builder& builder) override {
    const dnnl::memory source = builder.input(node_);
    const dnnl::eltwise_forward::primitive_desc desc(
        {builder.propagation(), dnnl::algorithm::eltwise_relu, source.get_desc(), 0.0f}, Program::attributes(),
        builder.engine());
    output_ = builder.program().value(source.get_desc());
    builder.program().add(dnnl::eltwise_forward(desc), desc, {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, output_}});
    return output_;
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    if (!builder.wants_gradient(node_.inputs[0])) return;
    builder.give_gradient(node_.inputs[0], builder.undo_relu(output_, gradient));
  }

 private:
  const Node& node_;
  dnnl::memory output_;
};

class GeluLayer : public Layer {
 public:
  explicit GeluLayer(const Node& node) : node_(node) {}

  dnnl::memory forward(Builder& builder) override {
    source_ = builder.input(node_);
    forward_ = {{builder.propagation(), dnnl::algorithm::eltwise_gelu_erf, source_.get_desc(), 0.0f},
                Program::attributes(),
                builder.engine()};
    const dnnl::memory output = builder.program().value(source_.get_desc());
    builder.program().add(dnnl::eltwise_forward(forward_), forward_, {{DNNL_ARG_SRC, source_}, {DNNL_ARG_DST, output}});
    return output;
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    if (!builder.wants_gradient(node_.inputs[0])) return;
    const Desc layout = source_.get_desc();
    const dnnl::eltwise_backward::primitive_desc desc({dnnl::algorithm::eltwise_gelu_erf, layout, layout, 0.0f},
                                                      Program::attributes(), builder.engine(), forward_);
    Program& program = builder.program();
    const dnnl::memory after = program.in_layout(gradient, layout);
    const dnnl::memory before = program.value(layout);
    program.add(dnnl::eltwise_backward(desc), desc,
                {{DNNL_ARG_SRC, source_}, {DNNL_ARG_DIFF_DST, after}, {DNNL_ARG_DIFF_SRC, before}});
    builder.give_gradient(node_.inputs[0], before);
  }

 private:
  const Node& node_;
  dnnl::eltwise_forward::primitive_desc forward_;
  dnnl::memory source_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const Relu&) {
  return std::make_unique<ReluLayer>(node);
}

std::unique_ptr<Layer> make_layer(const Node& node, const Gelu&) {
  return std::make_unique<GeluLayer>(node);
}

}  // namespace geomx::trainer
