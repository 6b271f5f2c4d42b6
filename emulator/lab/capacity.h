#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/lab/plan.h"

// Whether a machine can carry a plan, as far as arithmetic can tell before anything is made.
namespace geomx::lab {

struct Machine {
  unsigned cores = 0;
  bool root = false;                                // the wire then runs at real-time priority
  std::optional<std::uint64_t> free_memory;         // bytes; MemAvailable, or what its cgroup leaves
  std::optional<std::uint64_t> descriptors;         // hard limit of open files
  std::optional<std::uint64_t> network_namespaces;  // that a user may make
  std::optional<std::uint64_t> processes;           // pid_max or the user's limit, whichever is less
};
Machine this_machine();  // what cannot be read is left out; never throws

// What runs in the lab beside the network.
struct Load {
  unsigned workers = 0;    // processes that each keep a core busy
  unsigned processes = 0;  // all that are started, workers included

  // Of workers that compute nothing, which `workers` does not count: what their parameter servers are asked to do.
  struct Exchange {
    double bytes_per_second = 0;  // of messages, each counted once
    double messages_per_second = 0;
    std::uint64_t server_memory = 0;  // bytes
  };
  std::optional<Exchange> exchange{};
};

// Something that this machine has too little of.
struct Shortage {
  std::string what;     // "forwarding", "memory", "cores", "exchange", "open files", "network namespaces", "processes"
  std::string figures;  // "12 wire links may carry 24Gbit in all, this machine forwards about 20Gbit"
  std::string advice;
  bool hopeless = false;  // so much too little that what came of it would say nothing
};

std::vector<Shortage> shortages(const Plan& plan, const Load& load, const Machine& machine);

// What the wire can carry, all links and directions together, where nothing but the traffic's ends needs the cores.
BitsPerSecond forwarding_capacity(const Machine& machine);
// What the queues and delay lines of all links hold when every one of them is full.
Bytes memory_of_queues(const Plan& plan);

}  // namespace geomx::lab
