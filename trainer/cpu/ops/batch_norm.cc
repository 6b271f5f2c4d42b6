#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

using Flags = dnnl::normalization_flags;

class BatchNormLayer : public Layer {
 public:
  BatchNormLayer(const Node& node, const BatchNorm& op, bool relu) : node_(node), op_(op), relu_(relu) {}

  dnnl::memory forward(Builder& builder) override {
    Program& program = builder.program();
    source_ = builder.input(node_);
    channels_ = source_.get_desc().dims()[1];
    Flags flags = Flags::use_scale | Flags::use_shift;
    if (relu_) flags |= Flags::fuse_norm_relu;
    if (!builder.training()) flags |= Flags::use_global_stats;
    forward_ = {{builder.propagation(), source_.get_desc(), static_cast<float>(op_.epsilon), flags},
                Program::attributes(),
                builder.engine()};
    const dnnl::memory output = program.value(forward_.dst_desc());
    const Desc statistics{{channels_}, DataType::f32, Tag::x};
    mean_ = builder.training() ? program.value(statistics) : builder.buffer(node_.buffer);
    variance_ = builder.training() ? program.value(statistics) : builder.buffer(node_.buffer + 1);
    Program::Arguments arguments{{DNNL_ARG_SRC, source_},
                                 {DNNL_ARG_MEAN, mean_},
                                 {DNNL_ARG_VARIANCE, variance_},
                                 {DNNL_ARG_SCALE, builder.parameter(node_.parameter, {channels_})},
                                 {DNNL_ARG_SHIFT, builder.parameter(node_.parameter + 1, {channels_})},
                                 {DNNL_ARG_DST, output}};
    if (builder.training() && relu_) {
      workspace_ = program.value(forward_.workspace_desc());
      arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace_);
    }
    program.add(dnnl::batch_normalization_forward(forward_), forward_, std::move(arguments));
    if (builder.training()) move_running_statistics(builder);
    return output;
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    Program& program = builder.program();
    const Desc layout = source_.get_desc();
    Flags flags = Flags::use_scale | Flags::use_shift;
    if (relu_) flags |= Flags::fuse_norm_relu;
    const dnnl::batch_normalization_backward::primitive_desc desc(
        {dnnl::prop_kind::backward, layout, layout, static_cast<float>(op_.epsilon), flags}, Program::attributes(),
        builder.engine(), forward_);
    const dnnl::memory result = program.value(desc.diff_src_desc());
    Program::Arguments arguments{{DNNL_ARG_SRC, source_},
                                 {DNNL_ARG_MEAN, mean_},
                                 {DNNL_ARG_VARIANCE, variance_},
                                 {DNNL_ARG_SCALE, builder.parameter(node_.parameter, {channels_})},
                                 {DNNL_ARG_SHIFT, builder.parameter(node_.parameter + 1, {channels_})},
                                 {DNNL_ARG_DIFF_DST, program.in_layout(gradient, desc.diff_dst_desc())},
                                 {DNNL_ARG_DIFF_SRC, result},
                                 {DNNL_ARG_DIFF_SCALE, builder.parameter_gradient(node_.parameter, {channels_})},
                                 {DNNL_ARG_DIFF_SHIFT, builder.parameter_gradient(node_.parameter + 1, {channels_})}};
    if (workspace_) arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace_);
    program.add(dnnl::batch_normalization_backward(desc), desc, std::move(arguments));
    if (builder.wants_gradient(node_.inputs[0])) builder.give_gradient(node_.inputs[0], result);
  }

 private:
  // The batch's variance is that of its pixels; the running one is to be that of what they are drawn from.
  void move_running_statistics(Builder& builder) {
    const Dims in = source_.get_desc().dims();
    const auto pixels = static_cast<float>(in[0] * in[2] * in[3]);
    const float unbiased = pixels > 1 ? pixels / (pixels - 1) : 1.0f;
    const auto momentum = static_cast<float>(op_.momentum);
    const dnnl::memory running_mean = builder.buffer(node_.buffer);
    const dnnl::memory running_variance = builder.buffer(node_.buffer + 1);
    const auto kernel = [=, mean = mean_, variance = variance_, channels = channels_] {
      const auto move = [&](float* to, const float* from, float scale) {
        for (long c = 0; c < channels; ++c) to[c] += momentum * (scale * from[c] - to[c]);
      };
      move(floats(running_mean), floats(mean), 1.0f);
      move(floats(running_variance), floats(variance), unbiased);
    };
    builder.program().add(kernel, {mean_, variance_, running_mean, running_variance});
  }

  const Node& node_;
  BatchNorm op_;
  bool relu_;
  long channels_ = 0;
  dnnl::batch_normalization_forward::primitive_desc forward_;
  dnnl::memory source_;
  dnnl::memory mean_;  // of the batch, or the running one
  dnnl::memory variance_;
  dnnl::memory workspace_;  // where the ReLU lets through
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const BatchNorm& op, bool relu) {
  return std::make_unique<BatchNormLayer>(node, op, relu);
}

}  // namespace geomx::trainer
