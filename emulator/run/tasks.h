#pragma once

#include <chrono>
#include <filesystem>
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
  // Of a worker whose party goes on without it: the same for all workers of the party. Where a signal kills it while
  // others of them are left, the run goes on. Empty: whoever dies fails the run.
  std::string party;
  Nanoseconds at{0};  // starts that long after the job's start, or after what it waits for
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
// of this machine, 0 where that is not known. Reads variables that a user gives to all nodes from the environment.
std::vector<Task> training_tasks(const scenario::Scenario& scenario, const lab::Plan& plan, const std::string& program,
                                 unsigned cores);

// Folders that are in the run folder, checkpoints' that is, from then on are absolute.
void put_into(const std::filesystem::path& run_folder, std::vector<Task>& tasks);

// What GEOMX_SECURITY=curve needs: one pair of keys for the followers, who listen, and one for each main, which they
// admit; with TSEngine within parties, where workers listen as well, the same pair for all. Secrets are in the tasks'
// environment and nowhere else.
void secure(std::vector<Task>& tasks, const std::function<control::KeyPair()>& make_key_pair);
// The key of DGT's datagrams, for those who exchange them, in the same way.
void seal_datagrams(std::vector<Task>& tasks, const std::string& key);

// How long the roles of a job wait for each other to appear: they all start at once, and each needs a core for a while
// to start and to load its data.
std::chrono::seconds join_timeout(std::size_t roles, unsigned cores);

// How long training may stand still, without a step and without traffic, before the run fails, if the user does not
// say. Where nodes are waited for, the parameter server knows better whom it waits for, and for how long.
std::chrono::milliseconds usual_stall(const scenario::Scenario& scenario);

// In the order of scenario::instances; relative directories lie in `directory`.
std::vector<Task> workload_tasks(const scenario::Scenario& scenario, const std::string& directory);

}  // namespace geomx::run
