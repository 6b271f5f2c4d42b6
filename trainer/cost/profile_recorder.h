#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "trainer/cost/profile.h"
#include "trainer/model/backend.h"

namespace geomx::trainer {

// A backend around a backend: computes as that one does, and notes when each step needs each tensor and has each
// gradient. What its caller does meanwhile (waits for parameters, pushes gradients) is not the step's time.
//
// Of the last layer nobody is told where the forward pass ends: from the moment its last tensor is needed to that at
// which its first gradient is there, a third counts as forward, as it does of other profiles.
class ProfileRecorder : public Backend {
 public:
  explicit ProfileRecorder(std::unique_ptr<Backend> backend);

  Tensors& parameters() override { return backend_->parameters(); }
  const Tensors& gradients() const override { return backend_->gradients(); }
  Tensors& buffers() override { return backend_->buffers(); }
  std::span<float> images() override { return backend_->images(); }
  void set_step(std::uint64_t step) override { backend_->set_step(step); }
  using Backend::step;
  double step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) override;
  Score score(const Batch& batch) override { return backend_->score(batch); }

  // The median of each time, over all steps but the first few where there are more. Throws Error before the first step.
  Profile profile(const std::string& name, const std::string& source) const;

 private:
  struct Times {
    std::vector<double> forward;  // ms, by step
    std::vector<double> backward;
  };
  std::unique_ptr<Backend> backend_;
  std::vector<Times> tensors_;
  std::size_t batch_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace geomx::trainer
