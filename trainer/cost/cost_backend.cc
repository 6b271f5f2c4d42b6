#include "trainer/cost/cost_backend.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "trainer/tensor/error.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {
namespace {

using Clock = Timer::Clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

// A parameter that is there is found in less; one that is not takes a message, and longer.
constexpr std::chrono::microseconds kAtOnce{50};

constexpr double kLeastScale = 1e-3;
constexpr double kMostScale = 1e6;
constexpr double kMostJitter = 10;

void require(bool good, const char* what) {
  if (!good) throw Error(what);
}

class CostBackend : public Backend {
 public:
  CostBackend(const Profile& profile, double scale, const CostOptions& options, std::size_t batch, std::uint64_t seed,
              std::uint64_t worker, Timer& timer)
      : tensors_(profile.tensors),
        scale_(scale),
        jitter_(options.jitter),
        batch_(batch),
        seed_(seed),
        worker_(worker),
        timer_(timer),
        parameters_(Tensors::without_values(profile.parameters())) {}

  Tensors& parameters() override { return parameters_; }
  const Tensors& gradients() const override { return parameters_; }
  Tensors& buffers() override { return buffers_; }
  std::span<float> images() override { return {}; }
  void set_step(std::uint64_t step) override { steps_ = step; }

  using Backend::step;
  double step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) override {
    if (batch.size() != batch_) {
      throw Error("a batch of " + std::to_string(batch.size()) + " samples was given to a cost model made for " +
                  std::to_string(batch_));
    }
    const double scale = scale_ * jitter_factor(jitter_, seed_, worker_, ++steps_);
    const auto lasting = [&](double milliseconds) {
      return std::chrono::duration_cast<Clock::duration>(Milliseconds(scale * milliseconds));
    };
    Clock::time_point at = timer_.now();
    for (std::size_t t = 0; t < tensors_.size(); ++t) {
      timer_.sleep_until(at);
      const auto asked = timer_.now();
      on_needed(t);
      const auto there = timer_.now();
      if (there - asked > kAtOnce) at = std::max(at, there);
      at += lasting(tensors_[t].forward_ms);
    }
    for (std::size_t t = tensors_.size(); t-- > 0;) {
      at += lasting(tensors_[t].backward_ms);
      timer_.sleep_until(at);
      on_ready(t);
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  Score score(const Batch&) override { throw Error("a cost model cannot be evaluated"); }

 private:
  std::vector<ProfiledTensor> tensors_;
  double scale_;
  double jitter_;
  std::size_t batch_;
  std::uint64_t seed_;
  std::uint64_t worker_;
  Timer& timer_;
  Tensors parameters_;
  Tensors buffers_{{}};
  std::uint64_t steps_ = 0;
};

}  // namespace

double jitter_factor(double jitter, std::uint64_t seed, std::uint64_t worker, std::uint64_t step) {
  if (jitter <= 0) return 1;
  // Box, Muller: "A Note on the Generation of Random Normal Deviates", 1958.
  Random random(seed, worker, step);
  const double radius = 1 - static_cast<double>(random.uniform(0, 1));  // of (0, 1]
  const double angle = static_cast<double>(random.uniform(0, 1));
  const double normal = std::sqrt(-2 * std::log(radius)) * std::cos(2 * std::numbers::pi * angle);
  const double variance = std::log1p(jitter * jitter);  // of the logarithm, for a mean of 1
  return std::exp(std::sqrt(variance) * normal - variance / 2);
}

std::unique_ptr<Backend> make_cost_backend(const Profile& profile, const CostOptions& options, std::size_t batch,
                                           std::uint64_t seed, std::uint64_t worker, Timer& timer) {
  require(batch > 0, "a batch must have at least one sample");
  require(options.jitter >= 0 && options.jitter <= kMostJitter, "--jitter: 0 to 10 is wanted");
  require(options.straggler >= kLeastScale && options.straggler <= kMostScale, "--straggler: 0.001 to 1e6 is wanted");
  require(!options.compute_seconds || (*options.compute_seconds >= 1e-6 && *options.compute_seconds <= 1e6),
          "--compute-seconds: 1e-6 to 1e6 is wanted");
  double scale = static_cast<double>(batch) / static_cast<double>(profile.batch_size);
  if (options.compute_seconds) scale = 1000 * *options.compute_seconds / profile.step_ms();
  return std::make_unique<CostBackend>(profile, scale * options.straggler, options, batch, seed, worker, timer);
}

}  // namespace geomx::trainer
