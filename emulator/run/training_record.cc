#include "emulator/run/training_record.h"

#include <algorithm>

#include "emulator/scenario/metrics.h"

namespace geomx::run {
namespace {

void keep_earliest(std::optional<double>& kept, double time) {
  kept = kept ? std::min(*kept, time) : time;
}

}  // namespace

void TrainingRecord::add(const std::string& node, const Step& step) {
  Worker& worker = nodes_[node];
  ++worker.steps;
  worker.last_loss = step.loss;
  samples_ += step.samples;
  keep_earliest(first_step_start_, step.time - (step.compute_ms + step.communicate_ms) / 1000);
  if (step.time > last_step_end_) evaluating_before_step_ = evaluating_;
  last_step_end_ = std::max(last_step_end_, step.time);
}

void TrainingRecord::add(const std::string& node, const Phase& phase) {
  nodes_[node].phase = phase.name;
  announced_rounds_ = std::max(announced_rounds_, phase.rounds);
  if (phase.name == "training") keep_earliest(announced_start_, phase.time);
}

void TrainingRecord::add(const Evaluating& evaluating) {
  if (evaluating.of > 0) evaluated_ = static_cast<double>(evaluating.samples) / static_cast<double>(evaluating.of);
}

void TrainingRecord::add(const Evaluation& evaluation) {
  last_evaluation_ = evaluation;
  evaluated_.reset();
  evaluating_ += evaluation.evaluate_ms / 1000;
  for (const scenario::AccuracyLevel& level : scenario::kAccuracyLevels) {
    if (evaluation.test_accuracy >= level.accuracy) accuracy_at_.try_emplace(level.name, evaluation.time - evaluating_);
  }
}

TrainingResult TrainingRecord::result() const {
  TrainingResult result;
  result.samples = samples_;
  result.evaluated = evaluated_;
  result.timeline = timeline_.means();
  result.faults = faults_.summary();
  if (last_evaluation_) {
    result.test_accuracy = last_evaluation_->test_accuracy;
    result.test_loss = last_evaluation_->test_loss;
  }
  double losses = 0;
  int workers = 0;
  for (const auto& [name, worker] : nodes_) {
    if (worker.steps == 0) continue;
    result.rounds = std::max(result.rounds, worker.steps);
    if (!worker.last_loss) continue;
    losses += *worker.last_loss;
    ++workers;
  }
  if (workers > 0) result.train_loss = losses / workers;
  const std::optional<double> start = announced_start_ ? announced_start_ : first_step_start_;
  if (!start) return result;
  const double training = last_step_end_ - evaluating_before_step_ - *start;
  if (training > 0) result.samples_per_second = static_cast<double>(samples_) / training;
  for (const auto& [level, time] : accuracy_at_) result.seconds_to_accuracy[level] = std::max(0.0, time - *start);
  return result;
}

std::optional<std::int64_t> TrainingRecord::expected_rounds() const {
  return announced_rounds_ > 0 ? std::optional(announced_rounds_) : std::nullopt;
}

std::string TrainingRecord::phase_of(const std::string& node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? std::string() : found->second.phase;
}

}  // namespace geomx::run
