#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/control/client.h"
#include "emulator/lab/plan.h"
#include "emulator/run/database.h"
#include "emulator/run/metrics.h"
#include "emulator/run/training_record.h"

// Takes down what happens during a run: into the database, and into the totals that the summary and the progress line
// are made of. Not thread-safe.
namespace geomx::run {

class Recorder {
 public:
  // `start`: the run's zero, in seconds since the epoch of CLOCK_REALTIME.
  Recorder(Database database, const lab::Plan& plan, double start);

  void metric(const std::string& node, const Metric& metric);
  void event(const std::string& kind, const std::string& object, const std::string& detail);
  // `counters` are read by LinkCounters::link; links that the plan does not have are left out.
  void sample(const std::vector<control::LinkCounters>& counters);
  // The lab's own verdict, as the client returns it.
  void fidelity(const std::string& json);
  // From here on bytes count: what has passed so far (probes) is not the job's.
  void mark_start_of_job();
  void flush() { database_.flush(); }

  const std::optional<Monitored>& monitored() const { return monitored_; }  // the latest
  double start() const { return start_; }
  const TrainingRecord& training() const { return training_; }
  const std::vector<control::LinkCounters>& counters_at_start() const { return at_start_; }
  const std::vector<control::LinkCounters>& latest_counters() const { return latest_; }
  // Bits per second between the last two samples, per direction of each WAN link: label and rate.
  struct WanRate {
    std::string direction;
    double bits_per_second = 0;
  };
  std::vector<WanRate> wan_rates() const;
  // Whether the last two samples show data on its way: a backlog, or a direction that carried more than heartbeats do.
  bool traffic() const;

 private:
  double now() const;
  std::string datacenter_of(const std::string& node) const;

  Database database_;
  const lab::Plan& plan_;
  double start_;
  TrainingRecord training_;
  std::optional<Monitored> monitored_;
  std::vector<control::LinkCounters> at_start_;
  std::vector<control::LinkCounters> previous_;
  std::vector<control::LinkCounters> latest_;
  double previous_time_ = 0;
  double latest_time_ = 0;
};

// Seconds since the epoch of CLOCK_REALTIME, as metrics have them.
double realtime();

}  // namespace geomx::run
