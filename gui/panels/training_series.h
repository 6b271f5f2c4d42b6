#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gui/client/run_rows.h"

namespace geomx::gui {

// Points of a line: seconds since the start of the run, value.
using Line = std::vector<std::pair<double, double>>;

// The rows of a training job as lines. Pure.
class TrainingSeries {
 public:
  struct Worker {
    Line loss;
    Line speed;  // samples per second, over its last steps
  };

  void add(const RunBatch& batch);
  void clear() { *this = {}; }

  const std::map<std::string, Worker>& workers() const { return workers_; }
  // Of all workers: the mean loss and the samples per second over the last five seconds.
  const Line& loss() const { return loss_; }
  const Line& speed() const { return speed_; }
  const Line& accuracy() const { return accuracy_; }  // percent
  const Line& wan() const { return wan_; }            // MB delivered so far
  double end() const { return end_; }                 // the latest time

 private:
  struct Past {
    std::deque<std::pair<double, double>> steps;  // time, samples
  };
  void add(const run::StepRow& step);

  std::map<std::string, Worker> workers_;
  std::map<std::string, Past> past_;
  std::deque<run::StepRow> window_;
  double next_point_ = 0;
  Line loss_, speed_, accuracy_, wan_;
  double end_ = 0;
};

}  // namespace geomx::gui
