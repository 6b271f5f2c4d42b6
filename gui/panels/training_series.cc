#include "gui/panels/training_series.h"

#include <algorithm>

namespace geomx::gui {
namespace {

constexpr std::size_t kStepsOfASpeed = 8;
constexpr double kWindow = 5;           // seconds
constexpr double kBetweenPoints = 0.5;  // likewise

}  // namespace

void TrainingSeries::add(const RunBatch& batch) {
  for (const run::StepRow& step : batch.rows.steps) add(step);
  for (const run::EvaluationRow& evaluation : batch.rows.evaluations) {
    accuracy_.emplace_back(evaluation.time, 100 * evaluation.test_accuracy);
    end_ = std::max(end_, evaluation.time);
  }
  for (const run::WanRow& row : batch.rows.wan) {
    wan_.emplace_back(row.time, row.bytes / 1e6);
    end_ = std::max(end_, row.time);
  }
}

void TrainingSeries::add(const run::StepRow& step) {
  Worker& worker = workers_[step.node];
  if (step.loss) worker.loss.emplace_back(step.time, *step.loss);
  Past& past = past_[step.node];
  past.steps.emplace_back(step.time, static_cast<double>(step.samples));
  if (past.steps.size() > kStepsOfASpeed) {
    const double begin = past.steps.front().first;
    past.steps.pop_front();
    double samples = 0;
    for (const auto& [time, count] : past.steps) samples += count;
    if (step.time > begin) worker.speed.emplace_back(step.time, samples / (step.time - begin));
  }

  window_.push_back(step);
  end_ = std::max(end_, step.time);
  if (end_ < next_point_) return;
  next_point_ = end_ + kBetweenPoints;
  std::erase_if(window_, [this](const run::StepRow& each) { return each.time <= end_ - kWindow; });
  double samples = 0;
  double loss = 0;
  int losses = 0;
  double begin = end_;
  for (const run::StepRow& each : window_) {
    samples += static_cast<double>(each.samples);
    loss += each.loss.value_or(0);
    losses += each.loss ? 1 : 0;
    begin = std::min(begin, each.time - (each.compute_ms + each.communicate_ms) / 1000);
  }
  if (losses > 0) loss_.emplace_back(end_, loss / losses);
  if (end_ > begin) speed_.emplace_back(end_, samples / (end_ - begin));
}

}  // namespace geomx::gui
