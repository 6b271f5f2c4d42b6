#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

#include "tests/support/host_machine.h"
#include "trainer/model/backend.h"
#include "trainer/model/initial.h"

namespace geomx::trainer::testing {

// The CUDA backend's programs, carried out on the host (host_machine.h), as a Backend: what the table of ops is tried
// on where there is no card.
class HostBackend : public Backend {
 public:
  HostBackend(const Graph& graph, const BackendOptions& options)
      : graph_(graph),
        options_(options),
        training_(graph, options.batch, number(), true),
        parameters_(graph.parameters()),
        gradients_(graph.parameters()),
        buffers_(graph.buffers()) {
    initialise_buffers(buffers_);
  }

  Tensors& parameters() override { return parameters_; }
  const Tensors& gradients() const override { return gradients_; }
  Tensors& buffers() override { return buffers_; }
  std::span<float> images() override {
    return {training_.block_of<float>(cuda::Home::samples), options_.batch * elements(graph_.input_shape())};
  }
  void set_step(std::uint64_t step) override { step_ = step; }

  using Backend::step;
  double step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) override {
    for (std::size_t t = 0; t < parameters_.count(); ++t) on_needed(t);
    const double loss = run(training_, batch).loss;
    copy(training_.block_of<float>(cuda::Home::gradients), gradients_);
    copy(training_.block_of<float>(cuda::Home::buffers), buffers_);
    for (std::size_t t = parameters_.count(); t-- > 0;) on_ready(t);
    ++step_;
    return loss / static_cast<double>(batch.labels.size());
  }

  Score score(const Batch& batch) override {
    HostMachine machine(graph_, batch.labels.size() / graph_.labels_per_sample(), number(), false);
    const cuda::Result result = run(machine, batch);
    return {.loss = result.loss, .correct = result.correct, .samples = batch.labels.size()};
  }

 private:
  cuda::Number number() const {
    return options_.precision == Precision::bf16 ? cuda::Number::bf16 : cuda::Number::fp32;
  }

  static void copy(const Tensors& from, float* block) {
    const auto offsets = cuda::offsets_of(from.specs());
    for (std::size_t t = 0; t < from.count(); ++t) std::ranges::copy(from[t], block + offsets[t] / sizeof(float));
  }
  static void copy(const float* block, Tensors& to) {
    const auto offsets = cuda::offsets_of(to.specs());
    for (std::size_t t = 0; t < to.count(); ++t) {
      std::ranges::copy_n(block + offsets[t] / sizeof(float), static_cast<std::ptrdiff_t>(to[t].size()), to[t].begin());
    }
  }

  cuda::Result run(HostMachine& machine, const Batch& batch) {
    std::ranges::copy(batch.images, machine.block_of<float>(cuda::Home::samples));
    std::ranges::copy(batch.labels, machine.block_of<std::int32_t>(cuda::Home::labels));
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) machine.keys()[n] = dropout_key(options_.seed, step_, n);
    copy(parameters_, machine.block_of<float>(cuda::Home::parameters));
    copy(buffers_, machine.block_of<float>(cuda::Home::buffers));
    machine.run();
    return *machine.block_of<cuda::Result>(cuda::Home::result);
  }

  const Graph graph_;
  const BackendOptions options_;
  HostMachine training_;
  Tensors parameters_;
  Tensors gradients_;
  Tensors buffers_;
  std::uint64_t step_ = 0;
};

inline std::unique_ptr<Backend> make_host_backend(const Graph& graph, const BackendOptions& options) {
  return std::make_unique<HostBackend>(graph, options);
}

}  // namespace geomx::trainer::testing
