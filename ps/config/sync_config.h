#pragma once

#include <cstdint>
#include <string>

// How the nodes of a job stay together. The same on all of them (job_config.h).
namespace geomx::ps {

enum class SyncName : std::uint8_t {
  fsa,     // fully synchronous: one round, one step, all replicas the same
  mixed,   // MixedSync: synchronous within a party, asynchronous between parties
  hfa,     // hierarchical frequency aggregation: K1 local steps a round, K2 rounds of the party between parties
  esync,   // ESync: as many local steps as a state server says, so that all are done at the same time
  diloco,  // DiLoCo: as HFA, and the global server steps with Nesterov momentum
};
const char* to_string(SyncName name);

struct SyncConfig {
  SyncName name = SyncName::fsa;
  bool dcasgd = false;          // mixed: the step makes up for the delay of a party's gradient
  double dcasgd_lambda = 0.04;  // how much: of g*g*(w - w_prev)
  long local_steps = 1;         // K1, H: batches that a worker trains on by itself before it pushes; hfa, diloco
  long party_rounds = 1;        // K2: rounds of the party for each between parties; hfa, diloco
  long most_steps = 64;         // esync: that a worker is ever told to make in a round
  double outer_rate = 1;        // of the global step along the mean of what was learnt; esync, diloco
  double outer_momentum = 0;    // diloco
};

// Workers step an optimizer of their own and push what they have learnt: the difference from what they last received.
bool steps_locally(const SyncConfig& config);

// Rounds in which a worker makes `steps` steps. With esync, where the slowest worker makes one a round, as many.
std::uint64_t rounds_of(const SyncConfig& config, std::uint64_t steps);

}  // namespace geomx::ps
