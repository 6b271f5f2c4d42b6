#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "emulator/run/metrics.h"

// What the rounds of a training job were spent on, node by node. Pure.
namespace geomx::run {

// Of a node: means over its rounds, in milliseconds. A worker computes and then, one after the other, pushes, waits and
// pulls; a server gathers what its workers push, and the rest is that of its own exchange with the servers above it,
// or, where there are none, its computing (docs/run-folder.md).
struct NodeTimes {
  std::string node;
  std::int64_t rounds = 0;
  double gather_ms = 0;
  double compute_ms = 0;
  double push_ms = 0;
  double wait_ms = 0;
  double pull_ms = 0;
  double round_ms() const { return gather_ms + compute_ms + push_ms + wait_ms + pull_ms; }
};

class Timeline {
 public:
  void add(const std::string& node, const Round& round);
  std::vector<NodeTimes> means() const;  // by the nodes' names

 private:
  std::map<std::string, NodeTimes> sums_;
};

// A line per node, with a bar of its round; empty where no node has told of any.
std::string timeline_table(const std::vector<NodeTimes>& nodes);

}  // namespace geomx::run
