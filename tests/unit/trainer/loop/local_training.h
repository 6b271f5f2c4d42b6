#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ps/optim/optimizer.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/data/batches.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"

// One process that trains alone, with the parameter server's optimizers: what training with several is compared with.
namespace geomx::trainer {

class LocalTraining {
 public:
  LocalTraining(const Graph& model, std::size_t batch, const ps::proto::OptimizerConfig& optimizer, std::uint64_t seed,
                int threads = 1)
      : backend_(make_cpu_backend(model, {.batch = batch, .threads = threads})) {
    initialise(model, parameters(), seed);
    for (const TensorSpec& spec : parameters().specs())
      optimizers_.push_back(ps::make_optimizer(optimizer, spec.size()));
  }

  Backend& backend() { return *backend_; }
  Tensors& parameters() { return backend_->parameters(); }

  double step(const Batch& batch) {
    const double loss = backend_->step(batch, [](std::size_t) {});
    for (std::size_t t = 0; t < optimizers_.size(); ++t) {
      optimizers_[t]->step(parameters()[t], backend_->gradients()[t], 1.0f, parameters()[t]);
    }
    return loss;
  }

  // The two halves of a step, for those who combine gradients in between.
  std::vector<std::vector<float>> gradient(const Batch& batch) {
    backend_->step(batch, [](std::size_t) {});
    std::vector<std::vector<float>> gradients;
    for (std::size_t t = 0; t < optimizers_.size(); ++t) {
      gradients.emplace_back(backend_->gradients()[t].begin(), backend_->gradients()[t].end());
    }
    return gradients;
  }
  void update(const std::vector<std::vector<float>>& gradients, float scale) {
    for (std::size_t t = 0; t < optimizers_.size(); ++t) {
      optimizers_[t]->step(parameters()[t], gradients[t], scale, parameters()[t]);
    }
  }

 private:
  std::unique_ptr<Backend> backend_;
  std::vector<std::unique_ptr<ps::Optimizer>> optimizers_;
};

inline ps::proto::OptimizerConfig optimizer(const char* name, double learning_rate, double momentum = 0) {
  ps::proto::OptimizerConfig config;
  config.set_name(name);
  config.set_learning_rate(learning_rate);
  config.set_momentum(momentum);
  return config;
}

}  // namespace geomx::trainer
