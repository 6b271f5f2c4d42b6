#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "emulator/run/fidelity.h"

// What the lab's own monitor (emulator/lab/fidelity.h) has to say about a run. Pure.
namespace geomx::run {

struct MonitoredDeviation {
  std::string direction;  // "wan-a central->a"
  std::string aspect;     // "rate", "delay", "loss", "lateness", "overruns"
  std::string worst;
  double since = 0;  // seconds, of the clock of `Monitored`
  double seconds = 0;
  double judged = 0;
  bool degrading = false;
  std::optional<double> cpu_pressure;
  std::optional<double> steal;
};

struct MonitoredWindow {
  std::string link;
  bool forward = true;
  std::string now;
  std::optional<double> bits_per_second;
  std::optional<double> delay;  // seconds
  std::optional<double> loss;
  std::optional<double> late;
};

struct MachineShares {
  std::optional<double> cpu_pressure, cpu_busy, steal, lab_waited;
};

struct Monitored {
  double time = 0;  // seconds since 1970
  std::string verdict = "not measured";
  std::vector<MonitoredDeviation> deviations;
  std::vector<MonitoredWindow> windows;
  MachineShares machine;
  std::map<std::string, std::set<std::string>> judged;  // direction -> aspects
};

// Of what Client::fidelity() returns. Throws WorkError where it is something else.
Monitored parse_monitored(const std::string& json);

// The verdict over the whole run with what was seen second by second: reasons say since when and for how long, and
// there are more of them; what no mean over the run could judge, for it was changed meanwhile, is judged all the same.
// `start`: the run's zero, seconds since 1970.
Fidelity combine(Fidelity whole, const Monitored& monitored, double start);

}  // namespace geomx::run
