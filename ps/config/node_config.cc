#include "ps/config/node_config.h"

#include <charconv>
#include <cstdlib>
#include <utility>

#include "ps/config/error.h"
#include "ps/config/host.h"
#include "ps/config/variables.h"

namespace geomx::ps {
namespace {

constexpr PlaneVariables kLocal{"DMLC_PS_ROOT_URI", "DMLC_PS_ROOT_PORT", "DMLC_NUM_SERVER", "DMLC_NUM_WORKER"};
constexpr PlaneVariables kGlobal{"DMLC_PS_GLOBAL_ROOT_URI", "DMLC_PS_GLOBAL_ROOT_PORT", "DMLC_NUM_GLOBAL_SERVER",
                                 "DMLC_NUM_GLOBAL_WORKER"};
constexpr long kMaxRanks = (1 << 24) - 1;  // ranks are 24 bits of a NodeId

// The guide's table of processes: which role has which part in which plane.
struct Process {
  const char* name;
  std::optional<PlaneRole> local;
  std::optional<PlaneRole> global;
  bool trains = false;  // needs DMLC_NUM_ALL_WORKER
};
constexpr Process kGlobalScheduler{"global scheduler", std::nullopt, PlaneRole::scheduler};
constexpr Process kLocalScheduler{"local scheduler", PlaneRole::scheduler, std::nullopt};
constexpr Process kGlobalServer{"global server", PlaneRole::server, PlaneRole::server, true};
constexpr Process kPartyServer{"party server", PlaneRole::server, PlaneRole::worker};
constexpr Process kMasterWorker{"master worker", PlaneRole::worker, std::nullopt, true};
constexpr Process kWorker{"worker", PlaneRole::worker, std::nullopt, true};

const Process& process_of(const Variables& variables) {
  const std::string global = variables.choice("DMLC_ROLE_GLOBAL", {"global_scheduler", "global_server"});
  const std::string local = variables.choice("DMLC_ROLE", {"scheduler", "server", "worker"});
  const bool master = variables.flag("DMLC_ROLE_MASTER_WORKER");
  if (global.empty() && local.empty()) {
    throw Error(
        "neither DMLC_ROLE nor DMLC_ROLE_GLOBAL is set: DMLC_ROLE=scheduler, server or worker, or "
        "DMLC_ROLE_GLOBAL=global_scheduler or global_server is wanted");
  }
  if (master && (local != "worker" || !global.empty())) {
    variables.wrong("DMLC_ROLE_MASTER_WORKER", "1", "0, or DMLC_ROLE=worker without DMLC_ROLE_GLOBAL,");
  }
  if (global == "global_scheduler") {
    if (!local.empty()) variables.wrong("DMLC_ROLE", local, "no value beside DMLC_ROLE_GLOBAL=global_scheduler");
    return kGlobalScheduler;
  }
  if (global == "global_server") {
    const std::string wanted = "server beside DMLC_ROLE_GLOBAL=global_server";
    if (local.empty()) variables.missing("DMLC_ROLE", wanted);
    if (local != "server") variables.wrong("DMLC_ROLE", local, wanted);
    return kGlobalServer;
  }
  if (local == "scheduler") return kLocalScheduler;
  if (local == "server") return kPartyServer;
  return master ? kMasterWorker : kWorker;
}

std::uint64_t order_by(const std::string& ipv4, int port) {
  return (std::uint64_t{ipv4_number(ipv4).value_or(0)} << 16) | static_cast<std::uint64_t>(port);
}

// Where the node listens in this plane, and the address it gives to the others.
void resolve_addresses(const Variables& variables, PlaneConfig& plane, std::vector<std::string>& warnings) {
  const auto interface = variables.text("DMLC_INTERFACE");
  const auto node_host =
      variables.is_set("DMLC_NODE_HOST") ? std::optional(variables.ipv4("DMLC_NODE_HOST")) : std::nullopt;
  const std::string root = std::string(variables_of(plane).root_uri) + "=" + plane.scheduler_host;

  const auto interface_address = interface ? address_of_interface(*interface) : std::nullopt;
  const bool loopback = is_loopback(plane.scheduler_host);
  if (interface && !interface_address && !loopback) {
    std::string names;
    for (const std::string& name : interfaces_with_address()) names += (names.empty() ? "" : ", ") + name;
    variables.wrong("DMLC_INTERFACE", *interface, "an interface with an IPv4 address (here: " + names + ")");
  }
  if (loopback) {
    if (interface && !(interface_address && is_loopback(*interface_address))) {
      warnings.push_back("DMLC_INTERFACE=" + *interface + " is set aside: " + root +
                         " can only be reached from the loopback interface");
    }
    plane.bind_host = plane.scheduler_host;
  } else if (plane.role == PlaneRole::scheduler && is_local_address(plane.scheduler_host)) {
    // Where the others look for it.
    if (interface && interface_address != plane.scheduler_host) {
      warnings.push_back("DMLC_INTERFACE=" + *interface + " (" + *interface_address +
                         ") is set aside: the others look " + "for the scheduler at " + root);
    }
    plane.bind_host = plane.scheduler_host;
  } else if (interface) {
    plane.bind_host = *interface_address;
  } else if (node_host) {
    // Behind NAT the advertised address is not ours to bind.
    plane.bind_host = is_local_address(*node_host) ? *node_host : "0.0.0.0";
  } else if (plane.role == PlaneRole::scheduler) {
    plane.bind_host = plane.scheduler_host;
  } else {
    const auto source = source_towards(plane.scheduler_host);
    if (!source) throw Error("there is no route to " + root + " (DMLC_INTERFACE names the interface to use)");
    plane.bind_host = *source;
  }
  plane.advertised = node_host.value_or(plane.bind_host);
}

// The key by which the datagrams of a run are sealed. Its value is in no message.
std::string read_datagram_key(const Variables& variables) {
  constexpr const char* kName = "GEOMX_DGT_KEY";
  constexpr std::size_t kBytes = 32;
  const std::string digits = variables.text(kName).value_or("");
  if (digits.empty()) return {};
  std::string key;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    unsigned value = 0;
    const char* const pair = digits.data() + at;
    if (std::from_chars(pair, pair + 2, value, 16).ptr != pair + 2) break;
    key.push_back(static_cast<char>(value));
  }
  if (key.size() != kBytes || digits.size() != 2 * kBytes) {
    variables.wrong(kName, std::to_string(digits.size()) + " characters", "64 hexadecimal digits");
  }
  return key;
}

PlaneConfig read_plane(const Variables& variables, PlaneRole role, bool global, std::vector<std::string>& warnings) {
  PlaneConfig plane;
  plane.global = global;
  plane.role = role;
  const PlaneVariables& names = variables_of(plane);
  plane.scheduler_host = variables.ipv4(names.root_uri);
  plane.scheduler_port = variables.port(names.root_port);
  plane.num_servers = static_cast<int>(variables.integer(names.num_server, 1, kMaxRanks));
  // Without parties, only the central one trains; a party server is one of those it counts.
  const bool may_be_alone = global && role != PlaneRole::worker;
  plane.num_workers = static_cast<int>(variables.integer(names.num_worker, may_be_alone ? 0 : 1, kMaxRanks));

  constexpr double kDay = 86400;
  const double interval = variables.number("PS_HEARTBEAT_INTERVAL", 0, kDay, plane.heartbeat_interval.count());
  const double timeout = variables.number("PS_HEARTBEAT_TIMEOUT", 0, kDay, plane.heartbeat_timeout.count());
  plane.heartbeat_timeout = std::chrono::duration<double>(interval > 0 ? timeout : 0);
  if (interval > 0) plane.heartbeat_interval = std::chrono::duration<double>(interval);
  if (plane.heartbeat_timeout.count() > 0 && timeout <= interval) {
    variables.wrong(
        "PS_HEARTBEAT_TIMEOUT", variables.text("PS_HEARTBEAT_TIMEOUT").value_or("15 (the default)"),
        "0 (off) or more than PS_HEARTBEAT_INTERVAL=" + variables.text("PS_HEARTBEAT_INTERVAL").value_or("2"));
  }
  plane.join_timeout =
      std::chrono::duration<double>(variables.number("GEOMX_JOIN_TIMEOUT", 0.1, kDay, plane.join_timeout.count()));
  if (global) plane.datagram_key = read_datagram_key(variables);
  resolve_addresses(variables, plane, warnings);
  return plane;
}

}  // namespace

const PlaneVariables& variables_of(const PlaneConfig& plane) {
  return plane.global ? kGlobal : kLocal;
}

std::string scheduler_name(const PlaneConfig& plane) {
  return std::string(plane.global ? "global" : "local") + " scheduler at " + plane.scheduler_host + ":" +
         std::to_string(plane.scheduler_port);
}

std::string NodeConfig::role_name() const {
  if (!local) return kGlobalScheduler.name;
  switch (local->role) {
    case PlaneRole::scheduler:
      return kLocalScheduler.name;
    case PlaneRole::server:
      return global && global->role == PlaneRole::server ? kGlobalServer.name : kPartyServer.name;
    case PlaneRole::worker:
      break;
  }
  return master_worker ? kMasterWorker.name : kWorker.name;
}

NodeConfig read_config(const std::function<std::optional<std::string>(const std::string&)>& get) {
  Variables variables(get);
  const Process& process = process_of(variables);
  variables.wanted_for(process.name);

  NodeConfig config;
  config.verbose = static_cast<int>(variables.integer("PS_VERBOSE", 0, 2, 1));
  config.bigarray_bound = variables.integer("MXNET_KVSTORE_BIGARRAY_BOUND", 1, 1L << 40, config.bigarray_bound);
  config.job = Settings::read(variables);
  const bool listens = process.local != PlaneRole::worker;  // a party server is a worker between parties
  config.transport = read_transport(variables, listens);
  if (process.local) config.local = read_plane(variables, *process.local, false, config.warnings);
  if (process.global) config.global = read_plane(variables, *process.global, true, config.warnings);
  if (process.trains) config.num_all_workers = static_cast<int>(variables.integer("DMLC_NUM_ALL_WORKER", 1, kMaxRanks));
  config.central_worker = variables.flag("DMLC_ENABLE_CENTRAL_WORKER");
  config.master_worker = &process == &kMasterWorker;
  if (config.local) config.local->master = config.master_worker;

  for (auto* plane : {&config.local, &config.global}) {
    if (!*plane) continue;
    (*plane)->resend_timeout = config.transport.resend_timeout;
    config.transport.silence = std::chrono::ceil<std::chrono::milliseconds>((*plane)->heartbeat_timeout);
  }

  // A party's place among the parties is its scheduler's address: the same in every run, unlike a server's port.
  if (config.global && config.local) {
    config.global->order = order_by(config.local->scheduler_host, config.local->scheduler_port);
  }

  if (variables.is_set("PORT")) {
    const int port = variables.port("PORT");
    const bool two_listeners = process.local == PlaneRole::server && process.global == PlaneRole::server;
    if (two_listeners && port == 65535) variables.wrong("PORT", "65535", "an integer from 1 to 65534");
    if (!listens) config.warnings.push_back("PORT=" + std::to_string(port) + " is set aside: a worker does not listen");
    if (config.local && listens) config.local->port = port;
    if (config.global && !config.local) config.global->port = port;
    if (two_listeners) config.global->port = port + 1;
  }
  return config;
}

NodeConfig read_environment() {
  return read_config([](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
}

}  // namespace geomx::ps
