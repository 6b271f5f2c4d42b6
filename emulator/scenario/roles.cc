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

  for (const Party& party : parties) {
    if (central(party)) add_one(party, RoleKind::global_scheduler, "global-scheduler");
  }
  for (const Party& party : parties) add_one(party, RoleKind::scheduler, "scheduler");
  for (const Party& party : parties) add_each(party, RoleKind::global_server, "global-server", party.global_servers);
  for (const Party& party : parties) {
    if (!central(party)) add_each(party, RoleKind::server, "server", party.servers);
  }
  const std::size_t first_worker = roles.size();
  for (const Party& party : parties) {
    if (!central(party)) continue;
    add_one(party, RoleKind::master_worker, "master");
    add_each(party, RoleKind::worker, "worker", party.workers, 1);
  }
  for (const Party& party : parties) {
    if (!central(party)) add_each(party, RoleKind::worker, "worker", party.workers);
  }
  int slice = 0;
  for (auto role = roles.begin() + static_cast<std::ptrdiff_t>(first_worker); role != roles.end(); ++role) {
    if (role->kind == RoleKind::worker || central_trains(parties)) role->data_slice = slice++;
  }
  return roles;
}

}  // namespace geomx::scenario
