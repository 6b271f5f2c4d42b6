#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/control/keys.h"
#include "emulator/lab/plan.h"
#include "emulator/scenario/scenario.h"

// What a scenario runs inside its lab, as a list of processes. Pure.
namespace geomx::run {

enum class TaskKind {
  main,        // the run is over when all of these have ended with 0; anything else fails the run
  follower,    // ends by itself once the mains have; not doing so, or ending with anything but 0, fails the run
  background,  // is asked to end (SIGTERM) when the mains have ended; failing before that fails the run
};

struct Task {
  std::string name;  // for messages: the role, or "NODE: COMMAND"
  std::string node;
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::string directory;  // empty: "/"
  TaskKind kind = TaskKind::main;
  bool metrics = false;  // has a metrics pipe on descriptor 3
  Nanoseconds at{0};     // starts that long after the job's start, or after what it waits for
  // Of a workload's commands.
  std::string command;             // its name (CommandInstance); empty: it has none
  std::string log;                 // logs/LOG.log; empty: the node's
  std::vector<std::size_t> after;  // tasks that must be ready; or, without readiness, have started or ended
  std::optional<scenario::Ready> ready;
  std::optional<Nanoseconds> timeout;
  bool may_fail = false;
  int repeat = 1;  // that often, one after the other
};

// Every role at once, in the order of roles_of: workers are mains, schedulers and servers are followers. `cores`: those
// of this machine, 0 where that is not known.
std::vector<Task> training_tasks(const scenario::Scenario& scenario, const lab::Plan& plan, const std::string& program,
                                 unsigned cores);

// What GEOMX_SECURITY=curve needs: one pair of keys for the followers, who listen, and one for each main, which they
// admit. Secrets are in the tasks' environment and nowhere else.
void secure(std::vector<Task>& tasks, const std::function<control::KeyPair()>& make_key_pair);

// How long the roles of a job wait for each other to appear: they all start at once, and each needs a core for a while
// to start and to load its data.
std::chrono::seconds join_timeout(std::size_t roles, unsigned cores);

// In the order of scenario::instances; relative directories lie in `directory`.
std::vector<Task> workload_tasks(const scenario::Scenario& scenario, const std::string& directory);

}  // namespace geomx::run
