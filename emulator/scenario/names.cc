#include "emulator/scenario/names.h"

#include <fmt/format.h>

#include "emulator/scenario/roles.h"

namespace geomx::scenario {

std::string gateway_of(const std::string& datacenter) {
  return datacenter + "-gateway";
}
std::string switch_of(const std::string& datacenter) {
  return datacenter + "-switch";
}
std::string host_of(const std::string& datacenter, int index) {
  return fmt::format("{}-host-{}", datacenter, index);
}

std::vector<std::string> hostnames(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const Datacenter& datacenter : scenario.topology.datacenters) {
    names.push_back(gateway_of(datacenter.name));
    for (int i = 0; i < datacenter.hosts; ++i) names.push_back(host_of(datacenter.name, i));
  }
  for (const Role& role : roles_of(scenario)) names.push_back(role.name);
  for (const Node& node : scenario.topology.nodes) {
    if (node.kind != NodeKind::switch_) names.push_back(node.name);
  }
  return names;
}

std::string lan_link_of(const std::string& node, const std::string& datacenter) {
  return node + "--" + switch_of(datacenter);
}

std::vector<std::string> node_names(const Scenario& scenario) {
  std::vector<std::string> names = hostnames(scenario);
  for (const Datacenter& datacenter : scenario.topology.datacenters) names.push_back(switch_of(datacenter.name));
  for (const Node& node : scenario.topology.nodes) {
    if (node.kind == NodeKind::switch_) names.push_back(node.name);
  }
  return names;
}

std::vector<std::string> link_names(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const Link& link : scenario.topology.links) names.push_back(link.name);
  for (const Datacenter& datacenter : scenario.topology.datacenters) {
    names.push_back(lan_link_of(gateway_of(datacenter.name), datacenter.name));
    for (int i = 0; i < datacenter.hosts; ++i) {
      names.push_back(lan_link_of(host_of(datacenter.name, i), datacenter.name));
    }
  }
  for (const Role& role : roles_of(scenario)) names.push_back(lan_link_of(role.name, role.datacenter));
  for (const Node& node : scenario.topology.nodes) {
    if (node.datacenter) names.push_back(lan_link_of(node.name, *node.datacenter));
  }
  return names;
}

}  // namespace geomx::scenario
