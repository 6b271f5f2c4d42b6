#include "emulator/scenario/roles.h"

#include <fmt/format.h>

#include <algorithm>

namespace geomx::scenario {
namespace {

bool central(const Party& party) {
  return party.global_servers > 0;
}

bool central_trains(const std::vector<Party>& parties) {
  return std::any_of(parties.begin(), parties.end(),
                     [](const Party& party) { return central(party) && party.workers > 0; });
}

}  // namespace

bool is_flat(const Training& training) {
  return training.architecture == "flat";
}

std::vector<Role> roles_of(const Scenario& scenario) {
  std::vector<Role> roles;
  if (!scenario.training) return roles;
  const std::vector<Party>& parties = scenario.training->parties;
  const auto add_one = [&](const Party& party, RoleKind kind, const char* suffix) {
    roles.push_back({fmt::format("{}-{}", party.datacenter, suffix), kind, party.datacenter, 0, -1});
  };
  const auto add_each = [&](const Party& party, RoleKind kind, const char* suffix, int count, int first = 0) {
    for (int i = first; i < count; ++i) {
      roles.push_back({fmt::format("{}-{}-{}", party.datacenter, suffix, i), kind, party.datacenter, i, -1});
    }
  };

  const bool flat = is_flat(*scenario.training);
  for (const Party& party : parties) {
    if (central(party)) add_one(party, RoleKind::global_scheduler, "global-scheduler");
  }
  for (const Party& party : parties) {
    if (!flat || central(party)) add_one(party, RoleKind::scheduler, "scheduler");
  }
  for (const Party& party : parties) add_each(party, RoleKind::global_server, "global-server", party.global_servers);
  for (const Party& party : parties) {
    if (!flat && !central(party)) add_each(party, RoleKind::server, "server", party.servers);
  }
  const std::size_t first_worker = roles.size();
  const bool master_trains = flat || central_trains(parties);
  for (const Party& party : parties) {
    if (!central(party) || (flat && party.workers == 0)) continue;
    add_one(party, RoleKind::master_worker, "master");
    add_each(party, RoleKind::worker, "worker", party.workers, 1);
  }
  for (const Party& party : parties) {
    if (!central(party)) add_each(party, RoleKind::worker, "worker", party.workers);
  }
  int slice = 0;
  for (std::size_t i = first_worker; i < roles.size(); ++i) {
    if (i == first_worker) roles[i].kind = RoleKind::master_worker;
    if (roles[i].kind == RoleKind::worker || master_trains) roles[i].data_slice = slice++;
  }
  return roles;
}

}  // namespace geomx::scenario
