#include <algorithm>

#include "trainer/cpu/ops/layer.h"
#include "trainer/cpu/ops/weights.h"

namespace geomx::trainer {
namespace {

// Winograd's minimal filtering (Lavin, Gray: "Fast algorithms for convolutional neural networks", 2016) needs up to 4
// times fewer multiplications for 3x3 windows, and pays with transformations, which few channels do not repay. Times as
// fast as oneDNN's direct ones, batch 32, on one core of a Zen 4 (forwards, data, weights): 64 channels at 32x32 2.3,
// 2.4, 1.6; 128 at 16x16 2.2, 2.3, 2.5; 256 at 8x8 2.1, 2.3, 2.4; 512 at 4x4 1.2, 1.2, 1.9; on two cores 512 1.2, 1.0,
// 1.5. It takes scratch memory: 7 MB for 64 channels, for 512 49 MB and, for the weights' gradient, up to 126 MB.
bool winograd_pays(const Convolution& op, long inputs, DataType type) {
  constexpr long kFewest = 64;
  const bool possible = op.kernel == 3 && op.stride == 1 && op.padding <= 1 && op.groups == 1 && type == DataType::f32;
  return possible && inputs >= kFewest && op.channels >= kFewest;
}

// What `make` makes with Winograd where that pays and oneDNN has it for this shape and processor, else directly.
template <typename Make>
auto best(bool winograd, const Make& make) {
  if (winograd) {
    try {
      return make(dnnl::algorithm::convolution_winograd);
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
  }
  return make(dnnl::algorithm::convolution_direct);
}

class ConvolutionLayer : public Layer {
 public:
  ConvolutionLayer(const Node& node, const Convolution& op, bool relu, bool undo_relu)
      : node_(node),
        op_(op),
        relu_(relu),
        undo_relu_(undo_relu),
        strides_{op.stride, op.stride},
        padding_{op.padding, op.padding} {}

  dnnl::memory forward(Builder& builder) override {
    source_ = builder.input(node_);
    const Dims in = source_.get_desc().dims();
    inputs_ = in[1];
    weights_.bind(builder, node_.parameter, weight_dims());
    const Desc weights{weight_dims(), builder.type(), Tag::any};
    const Dims out = builder.dims(node_.shape);
    forward_ = best(pays(builder), [&](dnnl::algorithm algorithm) {
      const auto make = [&](auto... bias) {
        return dnnl::convolution_forward::desc(builder.propagation(), algorithm, builder.any(in), weights, bias...,
                                               builder.any(out), strides_, padding_, padding_);
      };
      return dnnl::convolution_forward::primitive_desc(op_.bias ? make(bias_layout()) : make(),
                                                       Builder::with_relu(relu_), builder.engine());
    });
    Program& program = builder.program();
    source_ = program.in_layout(source_, forward_.src_desc());
    output_ = program.value(forward_.dst_desc());
    Program::Arguments arguments{{DNNL_ARG_SRC, source_},
                                 {DNNL_ARG_WEIGHTS, weights_.in_layout(builder, forward_.weights_desc())},
                                 {DNNL_ARG_DST, output_}};
    if (op_.bias) arguments.emplace_back(DNNL_ARG_BIAS, builder.parameter(node_.parameter + 1, {op_.channels}));
    program.add(dnnl::convolution_forward(forward_), forward_, std::move(arguments));
    return output_;
  }

  void backward(Builder& builder, const dnnl::memory& after) override {
    const dnnl::memory gradient = undo_relu_ ? builder.undo_relu(output_, after) : after;
    const dnnl::memory used = weights_backward(builder, gradient);
    if (builder.wants_gradient(node_.inputs[0])) data_backward(builder, used);
  }

 private:
  Dims weight_dims() const {
    if (op_.groups == 1) return {op_.channels, inputs_, op_.kernel, op_.kernel};
    return {op_.groups, op_.channels / op_.groups, inputs_ / op_.groups, op_.kernel, op_.kernel};
  }
  Desc bias_layout() const { return {{op_.channels}, DataType::f32, Tag::x}; }
  bool pays(const Builder& builder) const { return winograd_pays(op_, inputs_, builder.type()); }

  // Returns the gradient in the layout that the primitive asked for, which the data's gradient then starts from.
  dnnl::memory weights_backward(Builder& builder, const dnnl::memory& gradient) {
    const Desc weights{weight_dims(), DataType::f32, Tag::any};
    const Desc source = builder.any(source_.get_desc().dims());
    const Desc output = builder.any(gradient.get_desc().dims());
    const auto desc = best(pays(builder), [&](dnnl::algorithm algorithm) {
      const auto make = [&](auto... bias) {
        return dnnl::convolution_backward_weights::desc(algorithm, source, weights, bias..., output, strides_, padding_,
                                                        padding_);
      };
      return dnnl::convolution_backward_weights::primitive_desc(op_.bias ? make(bias_layout()) : make(),
                                                                Program::attributes(), builder.engine(), forward_);
    });
    Program& program = builder.program();
    const dnnl::memory used = program.in_layout(gradient, desc.diff_dst_desc());
    Program::Arguments arguments{{DNNL_ARG_SRC, program.in_layout(source_, desc.src_desc())},
                                 {DNNL_ARG_DIFF_DST, used}};
    if (op_.bias) {
      arguments.emplace_back(DNNL_ARG_DIFF_BIAS, builder.parameter_gradient(node_.parameter + 1, {op_.channels}));
    }
    weights_.add_gradient(builder, desc.diff_weights_desc(), [&](const dnnl::memory& result) {
      arguments.emplace_back(DNNL_ARG_DIFF_WEIGHTS, result);
      program.add(dnnl::convolution_backward_weights(desc), desc, std::move(arguments));
    });
    return used;
  }

  void data_backward(Builder& builder, const dnnl::memory& gradient) {
    const Desc weights{weight_dims(), builder.type(), Tag::any};
    const Desc source = builder.any(source_.get_desc().dims());
    const Desc output = builder.any(gradient.get_desc().dims());
    const auto desc = best(pays(builder), [&](dnnl::algorithm algorithm) {
      return dnnl::convolution_backward_data::primitive_desc(
          {algorithm, source, weights, output, strides_, padding_, padding_}, Program::attributes(), builder.engine(),
          forward_);
    });
    Program& program = builder.program();
    const dnnl::memory result = program.value(desc.diff_src_desc());
    program.add(dnnl::convolution_backward_data(desc), desc,
                {{DNNL_ARG_DIFF_DST, program.in_layout(gradient, desc.diff_dst_desc())},
                 {DNNL_ARG_WEIGHTS, weights_.in_layout(builder, desc.weights_desc())},
                 {DNNL_ARG_DIFF_SRC, result}});
    builder.give_gradient(node_.inputs[0], result);
  }

  const Node& node_;
  Convolution op_;
  bool relu_;
  bool undo_relu_;
  Dims strides_;
  Dims padding_;
  long inputs_ = 0;
  Weights weights_;
  dnnl::memory source_;
  dnnl::memory output_;
  dnnl::convolution_forward::primitive_desc forward_;
};

// On the way back the ReLU is undone after the pool rather than before it (they commute), where there is a quarter of
// the data.
class ConvolutionPool : public Layer {
 public:
  ConvolutionPool(const Node& convolution, const Convolution& op, const Node& pool, const MaxPool& how)
      : convolution_(convolution, op, true, false), relu_(pool.inputs[0]), pool_(make_layer(pool, how)) {}

  dnnl::memory forward(Builder& builder) override {
    builder.set_value(relu_, convolution_.forward(builder));
    return output_ = pool_->forward(builder);
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    pool_->backward(builder, builder.undo_relu(output_, gradient));
    convolution_.backward(builder, builder.gradient(relu_));
  }

 private:
  ConvolutionLayer convolution_;
  std::size_t relu_;
  std::unique_ptr<Layer> pool_;
  dnnl::memory output_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const Convolution& op, bool relu) {
  return std::make_unique<ConvolutionLayer>(node, op, relu, relu);
}

std::unique_ptr<Layer> make_layer_in_turn(const Node& convolution, const Convolution& op, const Node& pool,
                                          const MaxPool& how) {
  return std::make_unique<ConvolutionPool>(convolution, op, pool, how);
}

}  // namespace geomx::trainer
