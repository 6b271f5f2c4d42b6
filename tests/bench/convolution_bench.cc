// The CNN's two convolutions with ReLU and max-pool, forwards and backwards: trainer/cpu/direct on each instruction
// set beside the same by oneDNN's primitives, in the layouts that these like best (values are copied where two of them
// disagree; packing the weights is not counted). In turns, medians; ms on 1 and 2 threads at batch 32 and 256.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "trainer/cpu/direct/pooled_convolution.h"
#include "trainer/cpu/program/program.h"
#include "trainer/tensor/random.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer {
namespace {

using direct::PooledConvolution;
using direct::PooledConvolutionPlan;
using Tag = dnnl::memory::format_tag;
using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;

// Aligned as in a backend's arena.
Tensors random_values(long count) {
  Random random(1);
  Tensors values({{"values", {count}}});
  for (float& value : values[0]) value = random.uniform(-1, 1);
  return values;
}

// A pass that is timed: calls it, returns ms.
double time_of(const std::function<void()>& pass) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  pass();
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

struct Contestant {
  std::string name;
  std::function<void()> forward;
  std::function<void()> backward;
};

// Ours. What it works on lives as long as the closures.
Contestant direct_on(const PooledConvolution& shape, int threads, const direct::Kernels* kernels) {
  struct State {
    PooledConvolutionPlan plan;
    Tensors source, weights, bias, gradient, output, weights_gradient, bias_gradient, source_gradient;
    std::vector<std::uint8_t> winners;
    AlignedBuffer scratch;
  };
  const auto plan = PooledConvolutionPlan::make(shape, threads, kernels);
  const long sources = shape.batch * shape.channels_in * shape.height * shape.width;
  const long weights = shape.channels_out * shape.channels_in * shape.kernel * shape.kernel;
  const long outputs = shape.batch * shape.pooled_height() * shape.pooled_width() * shape.channels_out;
  const std::shared_ptr<State> state(new State{
      *plan, random_values(sources), random_values(weights), random_values(shape.channels_out), random_values(outputs),
      random_values(outputs), random_values(weights), random_values(shape.channels_out), random_values(sources),
      std::vector<std::uint8_t>(static_cast<std::size_t>(outputs)), AlignedBuffer(plan->scratch_bytes())});
  const auto data = [](Tensors& values) { return values[0].data(); };
  return {kernels->name,
          [=] {
            state->plan.forward(data(state->source), data(state->weights), data(state->bias), data(state->output),
                                state->winners.data(), state->scratch.data());
          },
          [=, first = shape.planes()] {
            state->plan.backward(data(state->source), data(state->weights), state->winners.data(),
                                 data(state->gradient), data(state->weights_gradient), data(state->bias_gradient),
                                 first ? nullptr : data(state->source_gradient), state->scratch.data());
          }};
}

Contestant with_onednn(const PooledConvolution& shape) {
  const auto program = std::make_shared<Program>();
  const auto& engine = program->engine();
  const auto layout = [](const Dims& dims, Tag tag) { return Desc(dims, dnnl::memory::data_type::f32, tag); };
  const long height = shape.height - shape.kernel + 1;
  const long width = shape.width - shape.kernel + 1;
  const Dims stride{1, 1};
  const Dims none{0, 0};
  const Dims window{2, 2};
  const Desc source =
      layout({shape.batch, shape.channels_in, shape.height, shape.width}, shape.planes() ? Tag::nchw : Tag::any);
  const Desc weights = layout({shape.channels_out, shape.channels_in, shape.kernel, shape.kernel}, Tag::any);
  const Desc bias = layout({shape.channels_out}, Tag::x);
  const Desc middle = layout({shape.batch, shape.channels_out, height, width}, Tag::any);
  const Desc pooled = layout({shape.batch, shape.channels_out, height / 2, width / 2}, Tag::any);
  const auto training = dnnl::prop_kind::forward_training;

  dnnl::primitive_attr relu = Program::attributes();
  dnnl::post_ops operations;
  operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
  relu.set_post_ops(operations);
  const dnnl::convolution_forward::primitive_desc convolution(
      {training, dnnl::algorithm::convolution_direct, source, weights, bias, middle, stride, none, none}, relu, engine);
  const dnnl::pooling_forward::primitive_desc pool(
      {training, dnnl::algorithm::pooling_max, convolution.dst_desc(), pooled, window, window, none, none},
      Program::attributes(), engine);
  const dnnl::memory images = program->value(convolution.src_desc());
  const dnnl::memory values = program->value(convolution.weights_desc());
  const dnnl::memory biases = program->value(bias);
  const dnnl::memory between = program->value(convolution.dst_desc());
  const dnnl::memory output = program->value(pool.dst_desc());
  const dnnl::memory workspace = program->value(pool.workspace_desc());
  program->add(dnnl::convolution_forward(convolution), convolution,
               {{DNNL_ARG_SRC, images}, {DNNL_ARG_WEIGHTS, values}, {DNNL_ARG_BIAS, biases}, {DNNL_ARG_DST, between}});
  program->add(dnnl::pooling_forward(pool), pool,
               {{DNNL_ARG_SRC, between}, {DNNL_ARG_DST, output}, {DNNL_ARG_WORKSPACE, workspace}});
  const std::size_t forward = program->size();

  // ReLU after the pool, where there is a quarter of the data.
  const dnnl::eltwise_forward::primitive_desc hint(
      {training, dnnl::algorithm::eltwise_relu_use_dst_for_bwd, output.get_desc(), 0.0f}, engine);
  const dnnl::eltwise_backward::primitive_desc relu_back(
      {dnnl::algorithm::eltwise_relu_use_dst_for_bwd, output.get_desc(), output.get_desc(), 0.0f},
      Program::attributes(), engine, hint);
  const dnnl::memory gradient = program->value(output.get_desc());
  program->add(dnnl::eltwise_backward(relu_back), relu_back,
               {{DNNL_ARG_DST, output}, {DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_DIFF_SRC, gradient}});
  const dnnl::pooling_backward::primitive_desc pool_back(
      {dnnl::algorithm::pooling_max, between.get_desc(), output.get_desc(), window, window, none, none},
      Program::attributes(), engine, pool);
  const dnnl::memory between_gradient = program->value(between.get_desc());
  program->add(dnnl::pooling_backward(pool_back), pool_back,
               {{DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_WORKSPACE, workspace}, {DNNL_ARG_DIFF_SRC, between_gradient}});
  const dnnl::convolution_backward_weights::primitive_desc weights_back(
      {dnnl::algorithm::convolution_direct, layout(images.get_desc().dims(), Tag::any), weights, bias, middle, stride,
       none, none},
      Program::attributes(), engine, convolution);
  program->add(dnnl::convolution_backward_weights(weights_back), weights_back,
               {{DNNL_ARG_SRC, program->in_layout(images, weights_back.src_desc())},
                {DNNL_ARG_DIFF_DST, program->in_layout(between_gradient, weights_back.diff_dst_desc())},
                {DNNL_ARG_DIFF_WEIGHTS, program->value(weights_back.diff_weights_desc())},
                {DNNL_ARG_DIFF_BIAS, program->value(bias)}});
  if (!shape.planes()) {
    const dnnl::convolution_backward_data::primitive_desc data_back(
        {dnnl::algorithm::convolution_direct, images.get_desc(), weights, between.get_desc(), stride, none, none},
        Program::attributes(), engine, convolution);
    program->add(dnnl::convolution_backward_data(data_back), data_back,
                 {{DNNL_ARG_DIFF_DST, between_gradient},
                  {DNNL_ARG_WEIGHTS, program->value(data_back.weights_desc())},
                  {DNNL_ARG_DIFF_SRC, program->value(data_back.diff_src_desc())}});
  }
  program->finish();
  Random random(1);
  for (const dnnl::memory& memory : {images, values, biases, gradient}) {
    auto* floats = static_cast<float*>(memory.get_data_handle());
    for (std::size_t i = 0; i < memory.get_desc().get_size() / sizeof(float); ++i) floats[i] = random.uniform(-1, 1);
  }
  return {"oneDNN", [program, forward] { program->run(0, forward); },
          [program, forward] { program->run(forward, program->size()); }};
}

double median(std::vector<double> times) {
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  return times[times.size() / 2];
}

void compare(const std::string& name, const PooledConvolution& shape, int threads) {
  omp_set_num_threads(threads);
  std::vector<Contestant> contestants{with_onednn(shape)};
  for (const direct::Kernels* kernels : {direct::avx512_kernels(), direct::avx2_kernels()}) {
    if (kernels != nullptr) contestants.push_back(direct_on(shape, threads, kernels));
  }
  constexpr int kTurns = 9;
  const int calls = shape.batch > 64 ? 5 : 40;
  std::vector<std::vector<double>> forward(contestants.size());
  std::vector<std::vector<double>> backward(contestants.size());
  for (int turn = 0; turn < kTurns; ++turn) {
    for (std::size_t c = 0; c < contestants.size(); ++c) {
      for (int call = 0; call < calls; ++call) {
        const double there = time_of(contestants[c].forward);
        const double back = time_of(contestants[c].backward);
        if (turn == 0) continue;
        forward[c].push_back(there);
        backward[c].push_back(back);
      }
    }
  }
  std::printf("%-6s %5ld %8d", name.c_str(), shape.batch, threads);
  for (std::size_t c = 0; c < contestants.size(); ++c) {
    std::printf("   %-7s %8.3f %8.3f", contestants[c].name.c_str(), median(forward[c]), median(backward[c]));
    if (c > 0) {
      std::printf(" (%.2f, %.2f)", median(forward[0]) / median(forward[c]), median(backward[0]) / median(backward[c]));
    }
  }
  std::printf("\n");
}

}  // namespace
}  // namespace geomx::trainer

int main() {
  using geomx::trainer::compare;
  std::printf("ms forwards and backwards (times as fast as oneDNN)\n%-6s %5s %8s\n", "layer", "batch", "threads");
  for (const long batch : {32, 256}) {
    for (const int threads : {1, 2}) {
      compare("conv1", {batch, 1, 28, 28, 16, 5, 0}, threads);
      compare("conv2", {batch, 16, 12, 12, 32, 5, 0}, threads);
    }
  }
}
