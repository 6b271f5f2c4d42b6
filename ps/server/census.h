#pragma once

#include <cstdint>
#include <string>

namespace geomx::ps {

// Whether as many workers train as DMLC_NUM_ALL_WORKER says. The scheduler of a plane cannot know: the workers are
// spread over the parties. The global server counts them as the party servers greet it. Pure; one thread at a time.
class Census {
 public:
  // `party_servers`: how many will greet. `central_workers`: those of the central party that train.
  Census(int all_workers, int party_servers, int central_workers);

  // One with nothing to count: a party server's, which has the number from above.
  explicit Census(int all_workers) : Census(all_workers, 0, all_workers) {}

  // What a node believes (0: nothing) beside what the global server says: empty, or the one line that tells the node.
  static std::string compare(std::uint32_t believed, std::uint32_t all_workers);

  int all_workers() const { return all_workers_; }
  // A party server has greeted. Its party has `servers` of its kind, which share the workers among themselves.
  void count(std::uint32_t workers, std::uint32_t servers);
  bool complete() const { return greeted_ == party_servers_; }
  // Once complete: empty, or the one line that says what is wrong.
  std::string disagreement() const;

 private:
  int all_workers_;
  int party_servers_;
  int central_workers_;
  int greeted_ = 0;
  double party_workers_ = 0;  // a party of 2 servers and 3 workers counts 1.5 for each server
};

}  // namespace geomx::ps
