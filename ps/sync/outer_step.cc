#include "ps/sync/outer_step.h"

#include <utility>

#include "ps/config/error.h"
#include "ps/optim/dcasgd.h"
#include "ps/optim/nesterov.h"
#include "ps/optim/optimizer.h"
#include "ps/optim/schedule.h"

namespace geomx::ps {
namespace {

float share_of(std::uint32_t count) {
  return 1.0F / static_cast<float>(count);
}

class AlongTheMean : public OuterStep {
 public:
  explicit AlongTheMean(std::unique_ptr<Optimizer> optimizer) : optimizer_(std::move(optimizer)) {}
  void step(std::span<const float> weights, std::span<const float>, const Sum& sum, std::span<float> updated) override {
    optimizer_->step(weights, sum.values.as<float>(), share_of(sum.workers), updated);
  }
  void begin_at(std::uint64_t step) override { optimizer_->begin_at(step); }
  void save(proto::StepState& state) const override { optimizer_->save(state); }
  void restore(const proto::StepState& state) override { optimizer_->restore(state); }

 private:
  std::unique_ptr<Optimizer> optimizer_;
};

class DelayCompensated : public OuterStep {
 public:
  DelayCompensated(const DcasgdSettings& settings, const Schedule& schedule)
      : settings_(settings), schedule_(schedule) {}
  void step(std::span<const float> weights, std::span<const float> previous, const Sum& sum,
            std::span<float> updated) override {
    settings_.learning_rate = schedule_.rate(steps_++);
    dcasgd_step(settings_, weights, previous, sum.values.as<float>(), share_of(sum.workers), updated);
  }
  void begin_at(std::uint64_t step) override { steps_ = step; }
  void save(proto::StepState& state) const override { state.set_steps(steps_); }
  void restore(const proto::StepState& state) override { steps_ = state.steps(); }

 private:
  DcasgdSettings settings_;
  Schedule schedule_;
  std::uint64_t steps_ = 0;
};

class AlongWhatWasLearnt : public OuterStep {
 public:
  AlongWhatWasLearnt(const SyncConfig& sync, std::size_t length)
      : by_worker_(sync.name == SyncName::esync), nesterov_(sync.outer_rate, sync.outer_momentum, length) {}
  void step(std::span<const float> weights, std::span<const float>, const Sum& sum, std::span<float> updated) override {
    const std::uint32_t count = by_worker_ ? sum.workers : sum.contributors;
    nesterov_.step(weights, sum.values.as<float>(), share_of(count), updated);
  }
  void begin_at(std::uint64_t) override {}  // its rate is the same in every step
  void save(proto::StepState& state) const override { nesterov_.save(state); }
  void restore(const proto::StepState& state) override { nesterov_.restore(state); }

 private:
  bool by_worker_;
  Nesterov nesterov_;
};

}  // namespace

std::unique_ptr<OuterStep> make_outer_step(const SyncConfig& sync, const proto::OptimizerConfig& optimizer,
                                           std::size_t length) {
  validate(optimizer);
  if (steps_locally(sync)) return std::make_unique<AlongWhatWasLearnt>(sync, length);
  if (!sync.dcasgd) return std::make_unique<AlongTheMean>(make_optimizer(optimizer, length));
  if (optimizer.name() != "sgd" || optimizer.momentum() != 0) {
    throw Error("GEOMX_DCASGD corrects SGD without momentum, and the optimizer is " + optimizer.name() +
                (optimizer.momentum() != 0 ? " with momentum" : "") + " (--optimizer sgd)");
  }
  const DcasgdSettings settings{.learning_rate = optimizer.learning_rate(),
                                .weight_decay = optimizer.weight_decay(),
                                .lambda = sync.dcasgd_lambda};
  return std::make_unique<DelayCompensated>(settings, Schedule(optimizer));
}

}  // namespace geomx::ps
