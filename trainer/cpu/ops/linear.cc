#include <omp.h>

#include <functional>
#include <numeric>
#include <optional>

#include "trainer/cpu/direct/linear.h"
#include "trainer/cpu/ops/layer.h"
#include "trainer/cpu/ops/weights.h"

namespace geomx::trainer {
namespace {

// Forwards a general matrix product rearranges the weights first, which few rows do not repay. The kernel of our own
// reads them as they lie: times as fast as oneDNN on one core and on two of a Zen 4, for {rows, inputs} -> outputs,
// {32, 512} -> 256: 1.4, 3.2; {128, 784} -> 1024: 1.0, 1.1; {128, 1024} -> 1024: 1.1, 2.0; {32, 4096} ->
// 1024: 1.7, 4.4; but {512, 1024} -> 1024: 0.9, 1.2; {2048, 128} -> 384: 0.6, 0.6; {32, 256} -> 128: 0.9, 1.7.
bool own_kernel_pays(long rows, long inputs) {
  return rows <= 256 && inputs >= 512;
}

// Sequences are {batch x positions, width}: to oneDNN a larger batch.
class LinearLayer : public Layer {
 public:
  LinearLayer(const Node& node, const Linear& op, bool relu) : node_(node), op_(op), relu_(relu) {}

  dnnl::memory forward(Builder& builder) override {
    source_ = builder.input(node_);
    const Dims in = source_.get_desc().dims();
    Dims weight_dims = in;
    weight_dims[0] = op_.units;
    weights_.bind(builder, node_.parameter, weight_dims);
    const auto make = [&](auto... bias) {
      return dnnl::inner_product_forward::desc(builder.propagation(), builder.any(in), weights_wanted(builder), bias...,
                                               builder.any({in[0], op_.units}));
    };
    forward_ = {op_.bias ? make(bias_layout()) : make(), Builder::with_relu(relu_), builder.engine()};
    Program& program = builder.program();
    if (const auto plan = own_plan(builder, in)) return own_forward(builder, *plan);
    source_ = program.in_layout(source_, forward_.src_desc());
    output_ = program.value(forward_.dst_desc());
    Program::Arguments arguments{{DNNL_ARG_SRC, source_},
                                 {DNNL_ARG_WEIGHTS, weights_.in_layout(builder, forward_.weights_desc())},
                                 {DNNL_ARG_DST, output_}};
    if (op_.bias) arguments.emplace_back(DNNL_ARG_BIAS, builder.parameter(node_.parameter + 1, {op_.units}));
    program.add(dnnl::inner_product_forward(forward_), forward_, std::move(arguments));
    return output_;
  }

  void backward(Builder& builder, const dnnl::memory& after) override {
    dnnl::memory gradient = relu_ ? builder.undo_relu(output_, after) : after;
    gradient = weights_backward(builder, gradient);
    if (builder.wants_gradient(node_.inputs[0])) data_backward(builder, gradient);
  }

 private:
  std::optional<direct::LinearPlan> own_plan(const Builder& builder, const Dims& in) const {
    const long inputs = std::accumulate(in.begin() + 1, in.end(), 1L, std::multiplies<>());
    if (builder.type() != DataType::f32 || !own_kernel_pays(in[0], inputs)) return std::nullopt;
    return direct::LinearPlan::make(in[0], inputs, op_.units, omp_get_max_threads());
  }

  dnnl::memory own_forward(Builder& builder, const direct::LinearPlan& plan) {
    Program& program = builder.program();
    source_ = builder.to_row_major(source_, DataType::f32);
    output_ = program.value(Builder::row_major(forward_.dst_desc().dims(), DataType::f32));
    const dnnl::memory weights = builder.parameter(node_.parameter, weights_.dims());
    std::vector<dnnl::memory> memories{source_, weights, output_};
    dnnl::memory bias;
    if (op_.bias) {
      bias = builder.parameter(node_.parameter + 1, {op_.units});
      memories.push_back(bias);
    }
    program.add(
        [plan, relu = relu_, source = source_, weights, bias, output = output_] {
          plan.forward(floats(source), floats(weights), bias ? floats(bias) : nullptr, relu, floats(output));
        },
        std::move(memories));
    return output_;
  }

  Desc bias_layout() const { return {{op_.units}, DataType::f32, Tag::x}; }
  // In fp32 they are read where they are: copying them costs more than a better layout gains.
  Desc weights_wanted(const Builder& builder) const {
    if (builder.type() == DataType::f32) return weights_.canonical();
    return builder.any(weights_.dims());
  }

  // Returns the gradient in the layout that the primitive asked for, which the data's gradient then starts from.
  dnnl::memory weights_backward(Builder& builder, const dnnl::memory& gradient) {
    const auto make = [&](auto... bias) {
      return dnnl::inner_product_backward_weights::desc(builder.any(source_.get_desc().dims()), weights_.canonical(),
                                                        bias..., builder.any(gradient.get_desc().dims()));
    };
    const dnnl::inner_product_backward_weights::primitive_desc desc(op_.bias ? make(bias_layout()) : make(),
                                                                    Program::attributes(), builder.engine(), forward_);
    Program& program = builder.program();
    const dnnl::memory used = program.in_layout(gradient, desc.diff_dst_desc());
    Program::Arguments arguments{{DNNL_ARG_SRC, program.in_layout(source_, desc.src_desc())},
                                 {DNNL_ARG_DIFF_DST, used}};
    if (op_.bias) {
      arguments.emplace_back(DNNL_ARG_DIFF_BIAS, builder.parameter_gradient(node_.parameter + 1, {op_.units}));
    }
    weights_.add_gradient(builder, desc.diff_weights_desc(), [&](const dnnl::memory& result) {
      arguments.emplace_back(DNNL_ARG_DIFF_WEIGHTS, result);
      program.add(dnnl::inner_product_backward_weights(desc), desc, std::move(arguments));
    });
    return used;
  }

  void data_backward(Builder& builder, const dnnl::memory& gradient) {
    const dnnl::inner_product_backward_data::primitive_desc desc(
        {builder.any(source_.get_desc().dims()), weights_wanted(builder), builder.any(gradient.get_desc().dims())},
        Program::attributes(), builder.engine(), forward_);
    Program& program = builder.program();
    const dnnl::memory result = program.value(desc.diff_src_desc());
    program.add(dnnl::inner_product_backward_data(desc), desc,
                {{DNNL_ARG_DIFF_DST, program.in_layout(gradient, desc.diff_dst_desc())},
                 {DNNL_ARG_WEIGHTS, weights_.in_layout(builder, desc.weights_desc())},
                 {DNNL_ARG_DIFF_SRC, result}});
    builder.give_gradient(node_.inputs[0], result);
  }

  const Node& node_;
  Linear op_;
  bool relu_;
  Weights weights_;
  dnnl::memory source_;
  dnnl::memory output_;
  dnnl::inner_product_forward::primitive_desc forward_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const Linear& op, bool relu) {
  return std::make_unique<LinearLayer>(node, op, relu);
}

}  // namespace geomx::trainer
