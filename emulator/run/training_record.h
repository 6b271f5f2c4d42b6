#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/run/fault_record.h"
#include "emulator/run/metrics.h"
#include "emulator/run/timeline.h"

// What the training job has achieved so far, out of the metrics of all workers. Pure; times are as in the metrics
// (seconds since the epoch of CLOCK_REALTIME).
namespace geomx::run {

struct TrainingResult {
  std::optional<double> test_accuracy;       // of the last evaluation
  std::optional<double> test_loss;           // likewise
  std::optional<double> evaluated;           // share that is done of an evaluation that takes long
  std::optional<double> train_loss;          // mean of the workers' latest steps, where they have one
  std::int64_t rounds = 0;                   // by the worker that has done most
  std::int64_t samples = 0;                  // by all workers
  std::optional<double> samples_per_second;  // over the training phase, evaluations excluded
  // Accuracy reached -> seconds from the start of training to the first evaluation that had it, that and the earlier
  // evaluations excluded; those reached alone.
  std::map<std::string, double> seconds_to_accuracy;
  std::vector<NodeTimes> timeline;  // of the nodes that tell of their rounds
  FaultSummary faults;
};

class TrainingRecord {
 public:
  void add(const std::string& node, const Step& step);
  void add(const std::string& node, const Phase& phase);
  void add(const Evaluating& evaluating);
  void add(const Evaluation& evaluation);
  void add(const std::string& node, const Round& round) { timeline_.add(node, round); }

  FaultRecord& faults() { return faults_; }

  TrainingResult result() const;
  std::optional<std::int64_t> expected_rounds() const;  // as the workers have announced it
  // The phase that the node has announced last; empty: none yet.
  std::string phase_of(const std::string& node) const;

 private:
  struct Worker {
    std::string phase;
    std::int64_t steps = 0;
    std::optional<double> last_loss;
  };
  std::map<std::string, Worker> nodes_;
  std::map<std::string, double> accuracy_at_;  // as in TrainingResult, in absolute time less evaluations
  Timeline timeline_;
  FaultRecord faults_;
  std::optional<Evaluation> last_evaluation_;
  std::optional<double> evaluated_;        // as in TrainingResult
  std::optional<double> announced_start_;  // the earliest "training" phase
  std::optional<double> first_step_start_;
  double last_step_end_ = 0;
  double evaluating_ = 0;              // seconds in all
  double evaluating_before_step_ = 0;  // until the last step
  std::int64_t samples_ = 0;
  std::int64_t announced_rounds_ = 0;
};

}  // namespace geomx::run
