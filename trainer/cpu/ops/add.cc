#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

class AddLayer : public Layer {
 public:
  AddLayer(const Node& node, bool relu) : node_(node), relu_(relu) {}

  dnnl::memory forward(Builder& builder) override {
    Program& program = builder.program();
    const dnnl::memory one = builder.input(node_, 0);
    const Desc layout = one.get_desc();
    const dnnl::memory other = program.in_layout(builder.input(node_, 1), layout);
    const dnnl::binary::primitive_desc desc({dnnl::algorithm::binary_add, layout, layout, layout},
                                            Builder::with_relu(relu_), builder.engine());
    output_ = program.value(layout);
    program.add(dnnl::binary(desc), desc, {{DNNL_ARG_SRC_0, one}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, output_}});
    return output_;
  }

  void backward(Builder& builder, const dnnl::memory& after) override {
    const dnnl::memory gradient = relu_ ? builder.undo_relu(output_, after) : after;
    for (const std::size_t input : node_.inputs) {
      if (builder.wants_gradient(input)) builder.give_gradient(input, gradient);
    }
  }

 private:
  const Node& node_;
  bool relu_;
  dnnl::memory output_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const Add&, bool relu) {
  return std::make_unique<AddLayer>(node, relu);
}

}  // namespace geomx::trainer
