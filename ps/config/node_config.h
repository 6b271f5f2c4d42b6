#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ps/config/job_config.h"
#include "ps/config/transport_config.h"

// The environment of the deployment guide (DMLC_* and friends), read once and validated into one struct. This is the
// only place that reads the environment.
namespace geomx::ps {

enum class PlaneRole { scheduler, server, worker };

// How one node takes part in one plane.
struct PlaneConfig {
  bool global = false;  // for messages and for the names of the variables in them
  PlaneRole role = PlaneRole::worker;
  std::string scheduler_host;  // IPv4, dotted
  int scheduler_port = 0;
  int num_servers = 0;
  int num_workers = 0;
  bool master = false;      // the master worker: rank 0
  std::uint64_t order = 0;  // ranks follow this, then host, port and name: a worker's data slice, a party's scheduler
  std::string bind_host;    // the address of DMLC_INTERFACE; loopback where the scheduler is on it; a scheduler's own
  std::string advertised;   // DMLC_NODE_HOST, else bind_host
  int port = 0;  // PORT (a global server: PORT locally, PORT + 1 globally), else 0: a scheduler's own, or any
  std::chrono::duration<double> heartbeat_interval{2};
  std::chrono::duration<double> heartbeat_timeout{15};  // 0: off
  std::chrono::duration<double> join_timeout{10};       // GEOMX_JOIN_TIMEOUT
  std::string datagram_key{};  // 32 bytes that seal DGT's datagrams (GEOMX_DGT_KEY); empty: they are not sealed
  std::chrono::milliseconds resend_timeout{0};        // to be compared: all of a plane have the same
  std::chrono::duration<double> rejoin_timeout{600};  // GEOMX_REJOIN_TIMEOUT
};

// What this plane's variables are called, for messages.
struct PlaneVariables {
  const char* root_uri;    // DMLC_PS_ROOT_URI or DMLC_PS_GLOBAL_ROOT_URI
  const char* root_port;   // DMLC_PS_ROOT_PORT, ...
  const char* num_server;  // DMLC_NUM_SERVER, ...
  const char* num_worker;  // DMLC_NUM_WORKER, ...
};
const PlaneVariables& variables_of(const PlaneConfig& plane);
std::string scheduler_name(const PlaneConfig& plane);  // "local scheduler at 10.1.0.2:9093"

// What a global server writes, to be restored from should it be started again (server/checkpoint.h).
struct CheckpointConfig {
  std::string folder;   // GEOMX_CHECKPOINT_DIR; empty: nothing is written
  long every = 10;      // GEOMX_CHECKPOINT_EVERY: rounds of the global plane
  bool resume = false;  // GEOMX_CHECKPOINT_RESUME: a new job goes on where the one before was
};

struct NodeConfig {
  std::optional<PlaneConfig> local;   // absent on the global scheduler
  std::optional<PlaneConfig> global;  // global scheduler, global servers, party servers
  bool master_worker = false;
  bool central_worker = false;  // DMLC_ENABLE_CENTRAL_WORKER
  int num_all_workers = 0;      // workers that train, worldwide; 0 where the role does not need it
  long bigarray_bound = 1'000'000;
  TransportConfig transport{};
  CheckpointConfig checkpoint{};
  Settings job{};  // what this node has been told of it
  int verbose = 1;
  std::vector<std::string> warnings;  // one line each, for the program to print
  // What this process is, in the guide's words: "global scheduler", "party server", "master worker", ...
  std::string role_name() const;
};

// `get` looks a variable up (nullopt: unset); read_environment() uses ::getenv. Throws Error in one line that names the
// variable, the value seen and the value wanted. Also asks this host for the address of DMLC_INTERFACE.
NodeConfig read_config(const std::function<std::optional<std::string>(const std::string&)>& get);
NodeConfig read_environment();

}  // namespace geomx::ps
