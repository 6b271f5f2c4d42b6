#include <fmt/format.h>

#include "emulator/scenario/generate.h"
#include "emulator/scenario/generate_parts.h"
#include "emulator/scenario/wan_maps.h"

namespace geomx::scenario {

Scenario generate_wan(const std::string& map_name, int hosts, const LinkProperties& link) {
  const WanMap& map = wan_map(map_name);
  const int sites = static_cast<int>(map.sites.size());
  if (hosts == 0) hosts = sites;
  require_range("--hosts", hosts, 1, kMostGenerated);
  Scenario scenario;
  scenario.name = map.name;
  scenario.description = fmt::format("Source: {}.", map.source);
  for (int site = 0; site < sites; ++site) {
    Datacenter datacenter;
    datacenter.name = map.sites[static_cast<std::size_t>(site)].name;
    datacenter.hosts = share_of(hosts, sites, site);
    scenario.topology.datacenters.push_back(std::move(datacenter));
  }
  for (const auto& [a, b] : map.links) {
    const WanSite& from = map.sites[static_cast<std::size_t>(a)];
    const WanSite& to = map.sites[static_cast<std::size_t>(b)];
    LinkProperties properties = link;
    if (!properties.rate) properties.rate = map.capacity;
    if (!properties.delay && map.located) properties.delay = fibre_delay(distance_km(from, to));
    add_link(scenario, std::string(from.name), std::string(to.name), properties);
  }
  return scenario;
}

}  // namespace geomx::scenario
