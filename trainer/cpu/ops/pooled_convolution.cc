#include <omp.h>

#include <optional>

#include "trainer/cpu/direct/pooled_convolution.h"
#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

using direct::PooledConvolution;
using direct::PooledConvolutionPlan;

// Where oneDNN has Winograd for the convolution, that gains more than the direct kernels: with 64 channels at both ends
// a factor of 2.2 each way over its own direct ones, of which ours are 1.0 forwards and 1.9 backwards
// (convolution_bench, one Zen 4 core). With fewer channels, or windows of 5x5, ours are 1.0 to 1.3 forwards and 1.7
// to 3.3 backwards.
bool winograd_gains_more(const Convolution& op, long inputs) {
  return op.kernel == 3 && inputs >= 64 && op.channels >= 64;
}

// By a kernel of our own where there is one, else by oneDNN, one after the other.
class PooledConvolutionLayer : public Layer {
 public:
  PooledConvolutionLayer(const Node& convolution, const Convolution& op, const Node& pool, const MaxPool& how)
      : convolution_(convolution), op_(op), pool_(pool), how_(how) {}

  dnnl::memory forward(Builder& builder) override {
    const dnnl::memory given = builder.input(convolution_);
    const Dims in = given.get_desc().dims();
    plan_ = plan(builder, in);
    if (!plan_) {
      others_ = make_layer_in_turn(convolution_, op_, pool_, how_);
      return others_->forward(builder);
    }
    Program& program = builder.program();
    source_layout_ = {in, DataType::f32, in[1] < direct::kBlock ? Tag::nchw : Tag::nhwc};
    source_ = program.in_layout(given, source_layout_);
    weights_ = {op_.channels, in[1], op_.kernel, op_.kernel};
    const Dims out = builder.dims(pool_.shape);
    output_layout_ = {out, DataType::f32, Tag::nhwc};
    const dnnl::memory output = program.value(output_layout_);
    winners_ = program.value({out, DataType::u8, Tag::nhwc});
    const dnnl::memory weights = builder.parameter(convolution_.parameter, weights_);
    const dnnl::memory bias = builder.parameter(convolution_.parameter + 1, {op_.channels});
    const dnnl::memory scratch = scratch_value(program);
    program.add(
        [plan = *plan_, source = source_, weights, bias, output, winners = winners_, scratch] {
          plan.forward(floats(source), floats(weights), floats(bias), floats(output), bytes(winners), raw(scratch));
        },
        {source_, weights, bias, output, winners_, scratch});
    return output;
  }

  void backward(Builder& builder, const dnnl::memory& after) override {
    if (others_) {
      others_->backward(builder, after);
      return;
    }
    Program& program = builder.program();
    const dnnl::memory gradient = program.in_layout(after, output_layout_);
    const dnnl::memory weights = builder.parameter(convolution_.parameter, weights_);
    const dnnl::memory weights_gradient = builder.parameter_gradient(convolution_.parameter, weights_);
    const dnnl::memory bias_gradient = builder.parameter_gradient(convolution_.parameter + 1, {op_.channels});
    const dnnl::memory scratch = scratch_value(program);
    std::vector<dnnl::memory> memories{source_, winners_, gradient, weights, weights_gradient, bias_gradient, scratch};
    const bool wanted = builder.wants_gradient(convolution_.inputs[0]);
    dnnl::memory source_gradient;
    if (wanted) {
      source_gradient = program.value(source_layout_);
      memories.push_back(source_gradient);
    }
    program.add(
        [plan = *plan_, wanted, source = source_, weights, winners = winners_, gradient, weights_gradient,
         bias_gradient, source_gradient, scratch] {
          plan.backward(floats(source), floats(weights), bytes(winners), floats(gradient), floats(weights_gradient),
                        floats(bias_gradient), wanted ? floats(source_gradient) : nullptr, raw(scratch));
        },
        std::move(memories));
    if (wanted) builder.give_gradient(convolution_.inputs[0], source_gradient);
  }

 private:
  static std::uint8_t* bytes(const dnnl::memory& memory) {
    return static_cast<std::uint8_t*>(memory.get_data_handle());
  }
  static std::byte* raw(const dnnl::memory& memory) { return static_cast<std::byte*>(memory.get_data_handle()); }

  std::optional<PooledConvolutionPlan> plan(const Builder& builder, const Dims& in) const {
    const bool pooled = how_.size == 2 && how_.stride == 2 && how_.padding == 0;
    const bool plain = op_.stride == 1 && op_.groups == 1 && op_.bias && builder.type() == DataType::f32;
    if (!pooled || !plain || winograd_gains_more(op_, in[1])) return std::nullopt;
    const PooledConvolution shape{in[0], in[1], in[2], in[3], op_.channels, op_.kernel, op_.padding};
    if (shape.planes() && builder.wants_gradient(convolution_.inputs[0])) return std::nullopt;
    return PooledConvolutionPlan::make(shape, omp_get_max_threads());
  }

  dnnl::memory scratch_value(Program& program) const {
    return program.value({{static_cast<long>(plan_->scratch_bytes())}, DataType::u8, Tag::a});
  }

  const Node& convolution_;
  Convolution op_;
  const Node& pool_;
  MaxPool how_;
  std::optional<PooledConvolutionPlan> plan_;
  std::unique_ptr<Layer> others_;  // where there is no plan
  Dims weights_;
  Desc source_layout_;
  Desc output_layout_;
  dnnl::memory source_;
  dnnl::memory winners_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& convolution, const Convolution& op, const Node& pool,
                                  const MaxPool& how) {
  return std::make_unique<PooledConvolutionLayer>(convolution, op, pool, how);
}

}  // namespace geomx::trainer
