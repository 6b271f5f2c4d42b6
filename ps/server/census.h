#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ps/proto/ps.pb.h"

namespace geomx::ps {

// Whether those who train fit together: as many as DMLC_NUM_ALL_WORKER says, each with a slice of the data of its own,
// and all for the same number of rounds. No scheduler can know: the workers are spread over the parties. The global
// server hears of all of them before the first round. Pure; one thread at a time.
class Census {
 public:
  explicit Census(int all_workers) : all_workers_(all_workers) {}

  void count_party(const proto::Trainee& worker) { workers_.push_back(worker); }
  void count_central(const proto::Trainee& worker) {
    workers_.push_back(worker);
    ++central_;
  }
  // Empty, or the one line that says what is wrong.
  std::string disagreement() const;

 private:
  int all_workers_;
  std::size_t central_ = 0;
  std::vector<proto::Trainee> workers_;
};

// What a node believes (0: nothing) beside what the global server says: empty, or the one line that tells the node.
std::string compare_all_workers(std::uint32_t believed, std::uint32_t all_workers);

}  // namespace geomx::ps
