#pragma once

#include <cstdint>
#include <deque>
#include <map>

namespace geomx::ps {

// ESync's state server: how many local steps each worker makes in its next round, so that all reach the servers at the
// same time (Li et al., "ESync: Accelerating Intra-Domain Federated Learning in Heterogeneous Data Centers", IEEE
// Transactions on Services Computing, 2020). With s_i the time that worker i takes for a step, and c_i that of the road
// to the servers and back,
//
//   T = max over i of (s_i + c_i)       what the slowest takes for a single step
//   steps_i = floor((T - c_i) / s_i)    at least 1, at most `most`
//
// Single steps vary: one that is interrupted, or one for which a slow processor has had time to rest, would make
// everybody's next round a long one. So s_i and c_i are the medians of the worker's last reports, of three at least:
// until it has made these, it is told to make one step, and nobody waits for it. The first report, of a step whose code
// and memory were cold, is none of them. Pure; one thread at a time.
class EsyncPlanner {
 public:
  struct Report {
    double step_seconds = 0;
    double road_seconds = 0;
  };
  // Times that are no positive numbers count as the shortest possible.
  std::uint32_t steps(std::uint64_t worker, const Report& report, std::uint32_t most);

 private:
  struct Worker {
    std::deque<Report> last;  // kWindow at most
    Report usual;             // their medians
  };
  std::map<std::uint64_t, Worker> workers_;
};

}  // namespace geomx::ps
