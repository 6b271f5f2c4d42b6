#include "trainer/cpu/network.h"

#include <algorithm>
#include <utility>

namespace geomx::trainer {
namespace {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using Desc = dnnl::memory::desc;

Desc layout(const Dims& dims, Tag tag) {
  return {dims, dnnl::memory::data_type::f32, tag};
}
Desc any(const Desc& desc) {
  return layout(desc.dims(), Tag::any);
}
Tag plain(const Desc& desc) {
  return desc.dims().size() == 4 ? Tag::abcd : Tag::ab;
}

dnnl::primitive_attr fused_relu(bool relu) {
  dnnl::primitive_attr attributes = Program::attributes();
  if (relu) {
    dnnl::post_ops operations;
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(operations);
  }
  return attributes;
}

const Dims kNoPadding{0, 0};
const Dims kStrideOne{1, 1};

}  // namespace

// What backward needs to know about a layer.
struct Network::Stage {
  Layer layer;
  bool first = false;
  bool relu = false;       // still to be undone on the way back
  std::size_t tensor = 0;  // of its weight; the bias is the next one
  dnnl::memory source;     // as forward read it
  dnnl::memory output;
  dnnl::memory weights;  // canonical
  std::vector<dnnl::memory> weight_copies;
  dnnl::memory workspace;  // which element of a window was the largest
  dnnl::convolution_forward::primitive_desc convolution;
  dnnl::inner_product_forward::primitive_desc dense;
  dnnl::pooling_forward::primitive_desc pool;
};

namespace {

// The weights in the layout wanted; one copy per layout and step, shared by forward and backward.
dnnl::memory weights_in(Program& program, const dnnl::memory& canonical, std::vector<dnnl::memory>& copies,
                        const Desc& wanted) {
  for (const dnnl::memory& copy : copies) {
    if (copy.get_desc() == wanted) return copy;
  }
  dnnl::memory copy = program.in_layout(canonical, wanted);
  copies.push_back(copy);
  return copy;
}

}  // namespace

Network::Network(const Architecture& model, std::size_t batch, Tensors& parameters, Tensors* gradients)
    : batch_(batch), parameters_(parameters), gradients_(gradients) {
  const auto n = static_cast<dnnl::memory::dim>(batch);
  const auto shapes = model.outputs();
  images_ = program_.value(layout({n, model.input.channels, model.input.height, model.input.width}, Tag::nchw));

  std::vector<Stage> stages;
  dnnl::memory value = images_;
  std::size_t tensor = 0;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    Stage stage;
    stage.layer = model.layers[i];
    stage.first = i == 0;
    stage.tensor = tensor;
    stage.source = value;
    if (const auto* convolution = std::get_if<Convolution>(&stage.layer)) {
      value = add_convolution(*convolution, shapes[i], stage);
      stage.relu = convolution->relu;
      tensor += 2;
    } else if (const auto* pool = std::get_if<MaxPool>(&stage.layer)) {
      value = add_pool(*pool, shapes[i], stage);
      if (!stages.empty()) stage.relu = std::exchange(stages.back().relu, false);
    } else {
      const auto& dense = std::get<Dense>(stage.layer);
      value = add_dense(dense, stage);
      stage.relu = dense.relu;
      tensor += 2;
    }
    stage.output = value;
    stages.push_back(std::move(stage));
  }
  logits_ = program_.in_layout(value, layout(value.get_desc().dims(), plain(value.get_desc())));
  forward_end_ = program_.size();
  if (gradients_ != nullptr) add_backward(stages);
  program_.finish();
}

// The next operation is the first that reads the stage's weight and bias.
void Network::note_needed(const Stage& stage) {
  needed_.push_back({program_.size(), stage.tensor});
  needed_.push_back({program_.size(), stage.tensor + 1});
}

dnnl::memory Network::add_convolution(const Convolution& layer, const ImageShape& out, Stage& stage) {
  const auto in = stage.source.get_desc().dims();
  const Dims weight_dims{layer.channels, in[1], layer.kernel, layer.kernel};
  stage.weights = program_.external(layout(weight_dims, Tag::oihw), parameters_[stage.tensor].data());
  const Desc bias = layout({layer.channels}, Tag::x);
  const Desc output = layout({in[0], layer.channels, out.height, out.width}, Tag::any);
  const dnnl::convolution_forward::desc wanted(
      gradients_ == nullptr ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training,
      dnnl::algorithm::convolution_direct, any(stage.source.get_desc()), layout(weight_dims, Tag::any), bias, output,
      kStrideOne, kNoPadding, kNoPadding);
  stage.convolution = {wanted, fused_relu(layer.relu), program_.engine()};
  const auto& desc = stage.convolution;
  stage.source = program_.in_layout(stage.source, desc.src_desc());
  note_needed(stage);
  const auto weights = weights_in(program_, stage.weights, stage.weight_copies, desc.weights_desc());
  dnnl::memory result = program_.value(desc.dst_desc());
  program_.add(dnnl::convolution_forward(desc), desc,
               {{DNNL_ARG_SRC, stage.source},
                {DNNL_ARG_WEIGHTS, weights},
                {DNNL_ARG_BIAS, program_.external(bias, parameters_[stage.tensor + 1].data())},
                {DNNL_ARG_DST, result}});
  return result;
}

dnnl::memory Network::add_dense(const Dense& layer, Stage& stage) {
  const auto in = stage.source.get_desc().dims();
  Dims weight_dims = in;
  weight_dims[0] = layer.units;
  const Desc canonical = layout(weight_dims, plain(stage.source.get_desc()));
  stage.weights = program_.external(canonical, parameters_[stage.tensor].data());
  const Desc bias = layout({layer.units}, Tag::x);
  const dnnl::inner_product_forward::desc wanted(
      gradients_ == nullptr ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training,
      any(stage.source.get_desc()), canonical, bias, layout({in[0], layer.units}, Tag::any));
  stage.dense = {wanted, fused_relu(layer.relu), program_.engine()};
  const auto& desc = stage.dense;
  stage.source = program_.in_layout(stage.source, desc.src_desc());
  note_needed(stage);
  const auto weights = weights_in(program_, stage.weights, stage.weight_copies, desc.weights_desc());
  dnnl::memory result = program_.value(desc.dst_desc());
  program_.add(dnnl::inner_product_forward(desc), desc,
               {{DNNL_ARG_SRC, stage.source},
                {DNNL_ARG_WEIGHTS, weights},
                {DNNL_ARG_BIAS, program_.external(bias, parameters_[stage.tensor + 1].data())},
                {DNNL_ARG_DST, result}});
  return result;
}

dnnl::memory Network::add_pool(const MaxPool& layer, const ImageShape& out, Stage& stage) {
  const auto in = stage.source.get_desc().dims();
  const Dims window{layer.size, layer.size};
  const dnnl::pooling_forward::desc wanted(
      gradients_ == nullptr ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training,
      dnnl::algorithm::pooling_max, stage.source.get_desc(), layout({in[0], in[1], out.height, out.width}, Tag::any),
      window, window, kNoPadding, kNoPadding);
  stage.pool = {wanted, Program::attributes(), program_.engine()};
  const auto& desc = stage.pool;
  dnnl::memory result = program_.value(desc.dst_desc());
  Program::Arguments arguments{{DNNL_ARG_SRC, stage.source}, {DNNL_ARG_DST, result}};
  if (gradients_ != nullptr) {
    stage.workspace = program_.value(desc.workspace_desc());
    arguments.emplace_back(DNNL_ARG_WORKSPACE, stage.workspace);
  }
  program_.add(dnnl::pooling_forward(desc), desc, std::move(arguments));
  return result;
}

void Network::add_backward(std::vector<Stage>& stages) {
  logits_gradient_ = program_.value(logits_.get_desc());
  dnnl::memory gradient = logits_gradient_;
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
    if (stage->relu) gradient = add_relu_backward(stage->output, gradient);
    if (std::holds_alternative<MaxPool>(stage->layer)) {
      gradient = add_pool_backward(*stage, gradient);
      continue;
    }
    add_weights_backward(*stage, gradient);
    if (!stage->first) gradient = add_data_backward(*stage, gradient);
    ready_.push_back({program_.size(), stage->tensor + 1});
    ready_.push_back({program_.size(), stage->tensor});
  }
}

// In place. Where the output is 0 the input was negative (or the gradient at the kink, which is taken to be 0).
dnnl::memory Network::add_relu_backward(const dnnl::memory& output, const dnnl::memory& gradient) {
  const Desc data = output.get_desc();
  const dnnl::eltwise_forward::primitive_desc hint(
      {dnnl::prop_kind::forward_training, dnnl::algorithm::eltwise_relu_use_dst_for_bwd, data, 0.0f},
      program_.engine());
  const dnnl::eltwise_backward::primitive_desc desc({dnnl::algorithm::eltwise_relu_use_dst_for_bwd, data, data, 0.0f},
                                                    Program::attributes(), program_.engine(), hint);
  dnnl::memory same_layout = program_.in_layout(gradient, data);
  program_.add(dnnl::eltwise_backward(desc), desc,
               {{DNNL_ARG_DST, output}, {DNNL_ARG_DIFF_DST, same_layout}, {DNNL_ARG_DIFF_SRC, same_layout}});
  return same_layout;
}

// Leaves in `gradient` the layout that the primitive asked for, which the data's gradient then starts from.
void Network::add_weights_backward(Stage& stage, dnnl::memory& gradient) {
  const Desc canonical = stage.weights.get_desc();
  const Desc bias = layout({canonical.dims()[0]}, Tag::x);
  const auto add = [&](const auto& primitive, const auto& desc) {
    gradient = program_.in_layout(gradient, desc.diff_dst_desc());
    const auto result = program_.external(canonical, (*gradients_)[stage.tensor].data());
    const auto weights = desc.diff_weights_desc() == canonical ? result : program_.value(desc.diff_weights_desc());
    program_.add(primitive, desc,
                 {{DNNL_ARG_SRC, program_.in_layout(stage.source, desc.src_desc())},
                  {DNNL_ARG_DIFF_DST, gradient},
                  {DNNL_ARG_DIFF_WEIGHTS, weights},
                  {DNNL_ARG_DIFF_BIAS, program_.external(bias, (*gradients_)[stage.tensor + 1].data())}});
    if (desc.diff_weights_desc() != canonical) program_.copy(weights, result);
  };
  const Desc source = any(stage.source.get_desc());
  const Desc output = any(gradient.get_desc());
  if (std::holds_alternative<Convolution>(stage.layer)) {
    const dnnl::convolution_backward_weights::primitive_desc desc(
        {dnnl::algorithm::convolution_direct, source, any(canonical), bias, output, kStrideOne, kNoPadding, kNoPadding},
        Program::attributes(), program_.engine(), stage.convolution);
    add(dnnl::convolution_backward_weights(desc), desc);
  } else {
    const dnnl::inner_product_backward_weights::primitive_desc desc(
        {source, canonical, bias, output}, Program::attributes(), program_.engine(), stage.dense);
    add(dnnl::inner_product_backward_weights(desc), desc);
  }
}

dnnl::memory Network::add_data_backward(Stage& stage, const dnnl::memory& gradient) {
  dnnl::memory result;
  const auto add = [&](const auto& primitive, const auto& desc) {
    result = program_.value(desc.diff_src_desc());
    const auto weights = weights_in(program_, stage.weights, stage.weight_copies, desc.weights_desc());
    program_.add(primitive, desc,
                 {{DNNL_ARG_DIFF_DST, program_.in_layout(gradient, desc.diff_dst_desc())},
                  {DNNL_ARG_WEIGHTS, weights},
                  {DNNL_ARG_DIFF_SRC, result}});
  };
  const Desc source = any(stage.source.get_desc());
  const Desc weights = any(stage.weights.get_desc());
  const Desc output = any(gradient.get_desc());
  if (std::holds_alternative<Convolution>(stage.layer)) {
    const dnnl::convolution_backward_data::primitive_desc desc(
        {dnnl::algorithm::convolution_direct, source, weights, output, kStrideOne, kNoPadding, kNoPadding},
        Program::attributes(), program_.engine(), stage.convolution);
    add(dnnl::convolution_backward_data(desc), desc);
  } else {
    const dnnl::inner_product_backward_data::primitive_desc desc({source, stage.weights.get_desc(), output},
                                                                 Program::attributes(), program_.engine(), stage.dense);
    add(dnnl::inner_product_backward_data(desc), desc);
  }
  return result;
}

dnnl::memory Network::add_pool_backward(Stage& stage, const dnnl::memory& gradient) {
  const Dims window{std::get<MaxPool>(stage.layer).size, std::get<MaxPool>(stage.layer).size};
  const Desc output = stage.pool.dst_desc();
  const dnnl::pooling_backward::primitive_desc desc(
      {dnnl::algorithm::pooling_max, stage.pool.src_desc(), output, window, window, kNoPadding, kNoPadding},
      Program::attributes(), program_.engine(), stage.pool);
  dnnl::memory result = program_.value(desc.diff_src_desc());
  program_.add(dnnl::pooling_backward(desc), desc,
               {{DNNL_ARG_DIFF_DST, program_.in_layout(gradient, output)},
                {DNNL_ARG_WORKSPACE, stage.workspace},
                {DNNL_ARG_DIFF_SRC, result}});
  return result;
}

std::span<float> Network::images() {
  return {static_cast<float*>(images_.get_data_handle()), images_.get_desc().get_size() / sizeof(float)};
}

std::span<const float> Network::logits() {
  return {static_cast<const float*>(logits_.get_data_handle()), logits_.get_desc().get_size() / sizeof(float)};
}

std::span<float> Network::logits_gradient() {
  return {static_cast<float*>(logits_gradient_.get_data_handle()),
          logits_gradient_.get_desc().get_size() / sizeof(float)};
}

void Network::forward(const std::function<void(std::size_t tensor)>& on_needed) {
  std::size_t position = 0;
  for (const Needed& needed : needed_) {
    program_.run(position, needed.begin);
    position = needed.begin;
    on_needed(needed.tensor);
  }
  program_.run(position, forward_end_);
}

void Network::forward() {
  program_.run(0, forward_end_);
}

void Network::backward(const std::function<void(std::size_t tensor)>& on_ready) {
  std::size_t position = forward_end_;
  for (const Ready& ready : ready_) {
    program_.run(position, ready.end);
    position = ready.end;
    on_ready(ready.tensor);
  }
}

}  // namespace geomx::trainer
