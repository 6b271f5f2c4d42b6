#pragma once

#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

namespace geomx::scenario {

enum class RoleKind { global_scheduler, scheduler, global_server, server, master_worker, worker };

// One process of the training job, on a host of its own that carries its name ("a-worker-0").
struct Role {
  std::string name;
  RoleKind kind;
  std::string datacenter;
  int index = 0;        // among its kind in its party
  int data_slice = -1;  // index among all that train, those of the central party first; -1: does not train
  bool operator==(const Role&) const = default;
};

// Every role of the training job in the order in which they are started: schedulers, servers, workers. The central
// party (the one with global servers) has NAME-global-scheduler, NAME-scheduler, NAME-global-server-I and NAME-master;
// any other NAME-scheduler, NAME-server-I, NAME-worker-0, ... Where the central party trains, its master is its first
// worker, and NAME-worker-1, ... are the others. Flat, there is one party, the central one, whose workers are in all of
// the data centers: no other scheduler or server, and where the central data center has no worker, the first worker of
// the first other one is the master. Empty without `training`.
bool is_flat(const Training& training);
std::vector<Role> roles_of(const Scenario& scenario);

}  // namespace geomx::scenario
