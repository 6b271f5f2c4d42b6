#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/run/metrics.h"

// Which nodes of a training job were lost and came back, and what rounds lacked meanwhile. Pure.
namespace geomx::run {

struct FaultSummary {
  std::int64_t lost = 0;  // times that a node was given up
  std::int64_t returned = 0;
  // Gradients that rounds of a party closed without: one for each round and worker.
  std::int64_t missing_gradients = 0;
  // One host after the other, and of each in their order; times as they were told.
  struct Outage {
    std::string host;
    std::optional<double> lost;      // nullopt: nobody who told of its return had told of its loss
    std::optional<double> returned;  // nullopt: has not
  };
  std::vector<Outage> outages;
};

class FaultRecord {
 public:
  // `reporter`: the scheduler that says so. A node in two planes is reported by two, and counts once.
  void add(const std::string& reporter, const Presence& presence);
  // `party`: that of the server that says so. Several servers of a party count as one.
  void add(const std::string& party, const Absence& absence);

  FaultSummary summary() const;

 private:
  struct Told {
    std::string host;
    bool lost = false;
    double time = 0;
  };
  std::map<std::string, std::vector<Told>> told_;                        // by reporter
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> absent_;  // by party and round
};

// "b-worker-1" of "b-worker-1:99".
std::string host_of(const Presence& presence);
// "silent for 15.2 s (worker 1 of b-scheduler's plane)"
std::string describe(const Presence& presence, const std::string& reporter);

// What the closing table says of it; empty where nothing has happened.
std::string fault_lines(const FaultSummary& faults);

}  // namespace geomx::run
