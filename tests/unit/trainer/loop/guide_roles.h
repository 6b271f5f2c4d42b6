#pragma once

#include <map>
#include <string>
#include <vector>

// The deployment guide's demo on 127.0.0.1: 12 processes, as environment variables and nothing else.
namespace geomx::trainer {

using Environment = std::map<std::string, std::string>;

struct GuideRole {
  std::string name;
  Environment environment;
  int data_slice = -1;  // of those that train
  bool worker = false;
};

// Schedulers listen on base (global), base + 1 (central), base + 2 (party A), base + 3 (party B). Where the central
// party trains, too, its master worker has the last data slice.
inline std::vector<GuideRole> guide_roles(int base, bool central_trains = false) {
  const auto port = [&](int i) { return std::to_string(base + i); };
  const Environment common{{"DMLC_INTERFACE", "lo"}, {"PS_VERBOSE", "1"}};
  const Environment global{{"DMLC_PS_GLOBAL_ROOT_URI", "127.0.0.1"},
                           {"DMLC_PS_GLOBAL_ROOT_PORT", port(0)},
                           {"DMLC_NUM_GLOBAL_SERVER", "1"},
                           {"DMLC_NUM_GLOBAL_WORKER", "2"}};
  const auto local = [&](const char* role, int party, const char* workers) {
    return Environment{{"DMLC_ROLE", role},
                       {"DMLC_PS_ROOT_URI", "127.0.0.1"},
                       {"DMLC_PS_ROOT_PORT", port(1 + party)},
                       {"DMLC_NUM_SERVER", "1"},
                       {"DMLC_NUM_WORKER", workers}};
  };
  const auto merged = [&](std::initializer_list<Environment> parts) {
    Environment all = common;
    for (const Environment& part : parts) all.insert(part.begin(), part.end());
    return all;
  };
  const Environment all_workers{{"DMLC_NUM_ALL_WORKER", central_trains ? "5" : "4"}};
  std::vector<GuideRole> roles{
      {"global-scheduler", merged({global, {{"DMLC_ROLE_GLOBAL", "global_scheduler"}}})},
      {"central-scheduler", merged({local("scheduler", 0, "1")})},
      {"global-server",
       merged({global,
               local("server", 0, "1"),
               all_workers,
               {{"DMLC_ROLE_GLOBAL", "global_server"}, {"DMLC_ENABLE_CENTRAL_WORKER", central_trains ? "1" : "0"}}})},
      {"master", merged({local("worker", 0, "1"), all_workers, {{"DMLC_ROLE_MASTER_WORKER", "1"}}}),
       central_trains ? 4 : -1, true},
  };
  for (int party = 1; party <= 2; ++party) {
    const std::string name(1, static_cast<char>('a' + party - 1));
    roles.push_back({name + "-scheduler", merged({local("scheduler", party, "2")})});
    roles.push_back({name + "-server", merged({global, local("server", party, "2")})});
    for (int worker = 0; worker < 2; ++worker) {
      roles.push_back({name + "-worker-" + std::to_string(worker), merged({local("worker", party, "2"), all_workers}),
                       2 * (party - 1) + worker, true});
    }
  }
  return roles;
}

}  // namespace geomx::trainer
