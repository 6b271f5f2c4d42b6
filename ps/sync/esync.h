#pragma once

#include <cstdint>
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
// A worker that has not reported yet counts for nothing; one that reports again is judged by its last report. Pure; one
// thread at a time.
class EsyncPlanner {
 public:
  struct Report {
    double step_seconds = 0;
    double road_seconds = 0;
  };
  // Times that are no positive numbers count as the shortest possible.
  std::uint32_t steps(std::uint64_t worker, const Report& report, std::uint32_t most);

 private:
  std::map<std::uint64_t, Report> reports_;
};

}  // namespace geomx::ps
