#include "trainer/cost/profile_recorder.h"

#include <algorithm>
#include <utility>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWarmUp = 5;        // steps: caches are cold, and memory is fetched
constexpr std::size_t kMostSteps = 1000;  // that are kept
constexpr double kForwardShare = 1.0 / 3;

// The time that a step has computed.
class Stopwatch {
 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - start_ - paused_).count();
  }
  template <typename Callback>
  void pause(Callback callback) {
    const auto begin = Clock::now();
    callback();
    paused_ += Clock::now() - begin;
  }

 private:
  Clock::time_point start_ = Clock::now();
  Clock::duration paused_{};
};

double median(std::vector<double> values) {
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(values.size() > 2 * kWarmUp ? kWarmUp : 0);
  const auto middle = first + (values.end() - first) / 2;
  std::nth_element(first, middle, values.end());
  return *middle;
}

}  // namespace

ProfileRecorder::ProfileRecorder(std::unique_ptr<Backend> backend)
    : backend_(std::move(backend)), tensors_(backend_->parameters().count()) {}

double ProfileRecorder::step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) {
  std::vector<double> needed(tensors_.size());
  std::vector<std::pair<double, std::size_t>> ready;  // in order
  Stopwatch watch;
  const double loss = backend_->step(
      batch,
      [&](std::size_t tensor) {
        needed[tensor] = watch.milliseconds();
        watch.pause([&] { on_needed(tensor); });
      },
      [&](std::size_t tensor) {
        ready.emplace_back(watch.milliseconds(), tensor);
        watch.pause([&] { on_ready(tensor); });
      });
  batch_ = batch.size();
  if (++steps_ > kMostSteps || tensors_.empty() || ready.size() != tensors_.size()) return loss;
  for (std::size_t t = 0; t + 1 < tensors_.size(); ++t) {
    tensors_[t].forward.push_back(std::max(0.0, needed[t + 1] - needed[t]));
  }
  const double turn = ready.front().first - needed.back();  // the last layer's forward pass, the loss, and its backward
  tensors_.back().forward.push_back(kForwardShare * turn);
  double before = ready.front().first - (1 - kForwardShare) * turn;
  for (const auto& [time, tensor] : ready) {
    tensors_[tensor].backward.push_back(time - before);
    before = time;
  }
  return loss;
}

Profile ProfileRecorder::profile(const std::string& name, const std::string& source) const {
  if (steps_ == 0) throw Error("no step was recorded");
  Profile profile{name, source, batch_, {}};
  for (std::size_t t = 0; t < tensors_.size(); ++t) {
    profile.tensors.push_back(
        {backend_->parameters().spec(t), median(tensors_[t].forward), median(tensors_[t].backward)});
  }
  return profile;
}

}  // namespace geomx::trainer
