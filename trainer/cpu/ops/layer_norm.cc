#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

using Flags = dnnl::normalization_flags;

// Rows are all but the last dimension, whatever that of the value is.
class LayerNormLayer : public Layer {
 public:
  LayerNormLayer(const Node& node, const LayerNorm& op) : node_(node), op_(op) {}

  dnnl::memory forward(Builder& builder) override {
    Program& program = builder.program();
    const Dims dims = builder.dims(node_.shape);
    width_ = dims.back();
    long rows = 1;
    for (const long size : dims) rows *= size;
    rows /= width_;
    source_ = builder.reshaped(builder.to_row_major(builder.input(node_), builder.type()), {rows, width_});
    forward_ = {{builder.propagation(), source_.get_desc(), static_cast<float>(op_.epsilon),
                 Flags::use_scale | Flags::use_shift},
                Program::attributes(),
                builder.engine()};
    const dnnl::memory output = program.value(source_.get_desc());
    Program::Arguments arguments{{DNNL_ARG_SRC, source_},
                                 {DNNL_ARG_SCALE, builder.parameter(node_.parameter, {width_})},
                                 {DNNL_ARG_SHIFT, builder.parameter(node_.parameter + 1, {width_})},
                                 {DNNL_ARG_DST, output}};
    if (builder.training()) {
      mean_ = program.value(forward_.mean_desc());
      variance_ = program.value(forward_.variance_desc());
      arguments.emplace_back(DNNL_ARG_MEAN, mean_);
      arguments.emplace_back(DNNL_ARG_VARIANCE, variance_);
    }
    program.add(dnnl::layer_normalization_forward(forward_), forward_, std::move(arguments));
    return builder.reshaped(output, dims);
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    Program& program = builder.program();
    const Desc layout = source_.get_desc();
    const dnnl::layer_normalization_backward::primitive_desc desc(
        {dnnl::prop_kind::backward, layout, layout, static_cast<float>(op_.epsilon),
         Flags::use_scale | Flags::use_shift},
        Program::attributes(), builder.engine(), forward_);
    const dnnl::memory after = builder.reshaped(builder.to_row_major(gradient, builder.type()), layout.dims());
    const dnnl::memory result = program.value(layout);
    program.add(dnnl::layer_normalization_backward(desc), desc,
                {{DNNL_ARG_SRC, source_},
                 {DNNL_ARG_MEAN, mean_},
                 {DNNL_ARG_VARIANCE, variance_},
                 {DNNL_ARG_SCALE, builder.parameter(node_.parameter, {width_})},
                 {DNNL_ARG_SHIFT, builder.parameter(node_.parameter + 1, {width_})},
                 {DNNL_ARG_DIFF_DST, after},
                 {DNNL_ARG_DIFF_SRC, result},
                 {DNNL_ARG_DIFF_SCALE, builder.parameter_gradient(node_.parameter, {width_})},
                 {DNNL_ARG_DIFF_SHIFT, builder.parameter_gradient(node_.parameter + 1, {width_})}});
    if (builder.wants_gradient(node_.inputs[0])) {
      builder.give_gradient(node_.inputs[0], builder.reshaped(result, builder.dims(node_.shape)));
    }
  }

 private:
  const Node& node_;
  LayerNorm op_;
  long width_ = 0;
  dnnl::layer_normalization_forward::primitive_desc forward_;
  dnnl::memory source_;
  dnnl::memory mean_;  // one per row
  dnnl::memory variance_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const LayerNorm& op) {
  return std::make_unique<LayerNormLayer>(node, op);
}

}  // namespace geomx::trainer
