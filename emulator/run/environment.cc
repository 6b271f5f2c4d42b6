#include "emulator/run/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "emulator/base/error.h"
#include "emulator/run/job_variables.h"
#include "emulator/scenario/profile.h"

namespace geomx::run {
namespace {

using scenario::Party;
using scenario::Role;
using scenario::RoleKind;
using scenario::Training;

bool central(const Party& party) {
  return party.global_servers > 0;
}

// Every number that the roles must agree on.
struct Counts {
  int global_servers = 0;
  int party_servers = 0;  // "global workers" to the global plane
  int training_workers = 0;
  int central_workers = 0;  // that train
};

Counts count(const Training& training) {
  Counts counts;
  for (const Party& party : training.parties) {
    counts.global_servers += party.global_servers;
    counts.training_workers += party.workers;
    if (central(party) || scenario::is_flat(training)) {
      counts.central_workers += party.workers;
    } else {
      counts.party_servers += party.servers;
    }
  }
  return counts;
}

// The party that a role belongs to: its data center's, or, flat, the central one.
const Party& party_of(const Training& training, const Role& role) {
  for (const Party& party : training.parties) {
    if (scenario::is_flat(training) ? central(party) : party.datacenter == role.datacenter) return party;
  }
  throw InputError(role.name, "no party in data center \"" + role.datacenter + "\"");
}

const Role& find_role(const std::vector<Role>& roles, RoleKind kind, const std::string& datacenter) {
  for (const Role& role : roles) {
    if (role.kind == kind && (datacenter.empty() || role.datacenter == datacenter)) return role;
  }
  throw InputError(datacenter, fmt::format("the training job has no {}", to_string(kind)));
}

bool in_global_plane(RoleKind kind) {
  return kind == RoleKind::global_scheduler || kind == RoleKind::global_server || kind == RoleKind::server;
}

const char* local_role(RoleKind kind) {
  switch (kind) {
    case RoleKind::scheduler:
      return "scheduler";
    case RoleKind::global_server:
    case RoleKind::server:
      return "server";
    case RoleKind::master_worker:
    case RoleKind::worker:
      return "worker";
    case RoleKind::global_scheduler:
      break;
  }
  return nullptr;  // not in a local plane
}

// Time limits and verbosity are the user's own, and so is what geomx-emu itself reads.
bool configures_a_role(const std::string& name) {
  if (name == "GEOMX_JOIN_TIMEOUT" || name == "GEOMX_REJOIN_TIMEOUT" || name.starts_with("GEOMX_EMU_")) return false;
  constexpr const char* kPrefixes[] = {"DMLC_", "MXNET_KVSTORE_", "GEOMX_", "ENABLE_", "DGT_"};
  constexpr const char* kNames[] = {"PORT", "ADAPTIVE_K_FLAG", "MAX_GREED_RATE_TS"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](const char* prefix) { return name.starts_with(prefix); }) ||
         std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::map<std::string, std::string> environment_of(const Role& role, const Training& training,
                                                  const std::vector<Role>& roles, const Counts& counts,
                                                  const lab::Plan& plan) {
  std::map<std::string, std::string> variables{{"DMLC_INTERFACE", "eth0"}};
  if (in_global_plane(role.kind)) {
    variables["DMLC_PS_GLOBAL_ROOT_URI"] =
        to_string(plan.address_of(find_role(roles, RoleKind::global_scheduler, {}).name));
    variables["DMLC_PS_GLOBAL_ROOT_PORT"] = std::to_string(kGlobalSchedulerPort);
    variables["DMLC_NUM_GLOBAL_SERVER"] = std::to_string(counts.global_servers);
    variables["DMLC_NUM_GLOBAL_WORKER"] = std::to_string(counts.party_servers);
  }
  if (role.kind == RoleKind::global_scheduler) variables["DMLC_ROLE_GLOBAL"] = "global_scheduler";
  if (role.kind == RoleKind::global_server) {
    variables["DMLC_ROLE_GLOBAL"] = "global_server";
    variables["DMLC_ENABLE_CENTRAL_WORKER"] = counts.central_workers > 0 ? "1" : "0";
  }
  if (const char* local = local_role(role.kind)) {
    const Party& party = party_of(training, role);
    variables["DMLC_ROLE"] = local;
    variables["DMLC_PS_ROOT_URI"] =
        to_string(plan.address_of(find_role(roles, RoleKind::scheduler, party.datacenter).name));
    variables["DMLC_PS_ROOT_PORT"] = std::to_string(kSchedulerPort);
    variables["DMLC_NUM_SERVER"] = std::to_string(central(party) ? party.global_servers : party.servers);
    // A central party that does not train has its master worker all the same.
    variables["DMLC_NUM_WORKER"] = std::to_string(central(party) ? std::max(counts.central_workers, 1) : party.workers);
  }
  if (role.kind == RoleKind::master_worker) variables["DMLC_ROLE_MASTER_WORKER"] = "1";
  if (is_worker(role.kind) || role.kind == RoleKind::global_server) {
    variables["DMLC_NUM_ALL_WORKER"] = std::to_string(counts.training_workers);
  }
  variables.merge(job_variables(training));
  if (role.kind == RoleKind::global_server) variables.merge(checkpoint_variables(training));
  const char* verbose = std::getenv("PS_VERBOSE");
  variables["PS_VERBOSE"] = verbose && *verbose ? verbose : "1";
  return variables;
}

// As asked, or more than geomx-node's own where a step that is slept through takes long; seconds.
std::optional<double> round_timeout(const Training& training) {
  if (const auto& asked = training.faults.round_timeout) return std::chrono::duration<double>(*asked).count();
  constexpr double kUsual = 600;
  constexpr double kOfAStep = 20;
  const double enough = kOfAStep * scenario::step_seconds(training).longest;
  return enough > kUsual ? std::optional(enough) : std::nullopt;
}

// The worker that evaluates keeps the model; where workers have an optimizer of their own, each keeps that.
bool keeps_checkpoints(const Role& role, const Training& training) {
  const std::string& sync = training.sync.name;
  const bool own_optimizer = sync == "hfa" || sync == "esync" || sync == "diloco" ||
                             training.codec.name == "bisparse" || training.codec.name == "mpq";
  return role.data_slice == 0 || (role.data_slice > 0 && own_optimizer);
}

std::vector<std::string> arguments_of(const Role& role, const scenario::Scenario& scenario,
                                      const std::string& program) {
  std::vector<std::string> argv{program};
  const auto option = [&argv](const char* name, const std::string& value) {
    argv.emplace_back(name);
    argv.push_back(value);
  };
  const auto number = [&option](const char* name, const std::optional<double>& value) {
    if (value) option(name, fmt::format("{}", *value));
  };
  if (is_worker(role.kind)) {
    const Training& training = *scenario.training;
    option("--device", training.device);
    if (role.data_slice >= 0) option("--data-slice-idx", std::to_string(role.data_slice));
    if (training.computes()) {
      option("--dataset", training.dataset);
      if (training.data_dir) option("--data-dir", std::filesystem::absolute(*training.data_dir).string());
      option("--model", training.model);
      if (training.precision != "fp32") option("--precision", training.precision);
    } else {
      option("--profile", training.profile.value());  // validated
      number("--compute-seconds", training.compute_seconds);
      number("--jitter", training.jitter);
      const auto straggler = training.stragglers.find(role.name);
      if (straggler != training.stragglers.end()) number("--straggler", straggler->second);
    }
    option("--batch-size", std::to_string(training.batch_size));
    if (training.epochs) option("--epoch", std::to_string(*training.epochs));
    if (training.rounds) option("--rounds", std::to_string(*training.rounds));
    if (training.evaluate_every > 0) option("--eval-every", std::to_string(training.evaluate_every));
    option("--learning-rate", fmt::format("{}", training.optimizer.learning_rate));
    if (training.optimizer.name) option("--optimizer", *training.optimizer.name);
    if (training.optimizer.momentum != 0) option("--momentum", fmt::format("{}", training.optimizer.momentum));
    if (training.optimizer.nesterov) argv.emplace_back("--nesterov");
    if (training.optimizer.weight_decay != 0) {
      option("--weight-decay", fmt::format("{}", training.optimizer.weight_decay));
    }
    const auto given = [&option](const char* name, const auto& value) {
      if (value) option(name, fmt::format("{}", *value));
    };
    if (const auto& schedule = training.optimizer.schedule) {
      option("--schedule", schedule->name);
      if (schedule->warmup > 0) option("--warmup", std::to_string(schedule->warmup));
      given("--schedule-every", schedule->every);
      given("--schedule-gamma", schedule->gamma);
      given("--schedule-total", schedule->total);
      given("--schedule-floor", schedule->floor);
    }
    given("--clip-norm", training.optimizer.clip_norm);
    given("--clip-value", training.optimizer.clip_value);
    if (training.context) option("--context", std::to_string(*training.context));
    if (training.split_by_class) argv.emplace_back("--split-by-class");
    if (training.split) option("--split", *training.split);
    if (training.dirichlet_alpha) option("--dirichlet-alpha", fmt::format("{}", *training.dirichlet_alpha));
    if (training.augment != "none") option("--augment", training.augment);
    number("--round-timeout", round_timeout(training));
    if (training.checkpoint && training.computes() && keeps_checkpoints(role, training)) {
      option(kCheckpointOption, checkpoint_folder(*training.checkpoint));
      option("--checkpoint-every", std::to_string(training.checkpoint->every.value_or(kCheckpointEvery)));
      if (training.checkpoint->resume) argv.emplace_back("--resume");
    }
    option("--seed", std::to_string(scenario.seed));
    // Workers share the machine's cores: one thread each is faster than two (measured: 2.3 ms a step against 3.9).
    if (training.computes()) option("--threads", "1");
  }
  option("--metrics", "/dev/fd/3");
  return argv;
}

}  // namespace

bool is_worker(RoleKind kind) {
  return kind == RoleKind::master_worker || kind == RoleKind::worker;
}

const char* to_string(RoleKind kind) {
  switch (kind) {
    case RoleKind::global_scheduler:
      return "global scheduler";
    case RoleKind::scheduler:
      return "scheduler";
    case RoleKind::global_server:
      return "global server";
    case RoleKind::server:
      return "server";
    case RoleKind::master_worker:
      return "master worker";
    case RoleKind::worker:
      return "worker";
  }
  return "role";
}

std::vector<RoleProcess> role_processes(const scenario::Scenario& scenario, const lab::Plan& plan,
                                        const std::string& program) {
  std::vector<RoleProcess> processes;
  if (!scenario.training) return processes;
  const std::vector<Role> roles = scenario::roles_of(scenario);
  const Counts counts = count(*scenario.training);
  for (const Role& role : roles) {
    processes.push_back(
        {role, arguments_of(role, scenario, program), environment_of(role, *scenario.training, roles, counts, plan)});
  }
  return processes;
}

void clear_role_environment() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry; ++entry) {
    const std::string name(*entry, std::strcspn(*entry, "="));
    if (configures_a_role(name)) names.push_back(name);
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

std::string find_node_program() {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::filesystem::path program = here / "geomx-node";
  if (::access(program.c_str(), X_OK) != 0) {
    throw SystemError(program.string(), "find the program of every training role", errno,
                      "build it: cmake --build --preset release");
  }
  return program.string();
}

}  // namespace geomx::run
