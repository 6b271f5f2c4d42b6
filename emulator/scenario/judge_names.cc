#include <fmt/format.h>

#include <algorithm>

#include "emulator/scenario/judge.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

constexpr std::size_t kBridgePorts = 1023;  // of a Linux bridge

std::string owner_of_generated(const std::string& datacenter) {
  return fmt::format("a node that data center \"{}\" brings with it", datacenter);
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

Names::Names(const Scenario& scenario, Judge& judge) {
  collect(scenario, judge);
  const Topology& topology = scenario.topology;
  const std::vector<Role> roles = roles_of(scenario);
  for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
    const Datacenter& datacenter = topology.datacenters[i];
    if (datacenter.name.empty()) continue;
    std::vector<std::string> lan{gateway_of(datacenter.name)};
    for (int host = 0; host < datacenter.hosts; ++host) lan.push_back(host_of(datacenter.name, host));
    for (const Role& role : roles) {
      if (role.datacenter == datacenter.name) lan.push_back(role.name);
    }
    for (const std::string& name : lan) take_generated(scenario, i, name, judge);
    take_generated(scenario, i, switch_of(datacenter.name), judge);

    const auto members = std::count_if(topology.nodes.begin(), topology.nodes.end(),
                                       [&](const Node& node) { return node.datacenter == datacenter.name; });
    const std::size_t ports = lan.size() + static_cast<std::size_t>(members);
    if (ports > kBridgePorts) {
      judge.add(fmt::format("/topology/datacenters/{}", i),
                fmt::format("{} nodes on one LAN; a switch has at most {} ports", ports, kBridgePorts),
                "spread them over more data centers");
    }
  }
  hosts_ = hostnames(scenario);
}

void Names::collect(const Scenario& scenario, Judge& judge) {
  const Topology& topology = scenario.topology;
  for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
    take(topology.datacenters[i].name, fmt::format("/topology/datacenters/{}/name", i),
         fmt::format("data center {}", i), judge);
    datacenters_.push_back(topology.datacenters[i].name);
  }
  ends_ = datacenters_;
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    take(topology.nodes[i].name, fmt::format("/topology/nodes/{}/name", i), fmt::format("node {}", i), judge);
    ends_.push_back(topology.nodes[i].name);
  }
  const bool lists_read = (!topology.datacenters.empty() || !judge.unread_within("/topology/datacenters")) &&
                          (!topology.nodes.empty() || !judge.unread_within("/topology/nodes"));
  complete_ = complete_ && lists_read;
  if (topology.datacenters.empty() && topology.nodes.empty()) {
    if (complete_) judge.add("/topology", "the topology is empty", "add \"datacenters\" or \"nodes\"");
    complete_ = false;  // that says it
  }
}

void Names::take(const std::string& name, const std::string& pointer, const std::string& owner, Judge& judge) {
  if (name.empty()) {
    complete_ = false;
    return;
  }
  const auto [taken, fresh] = owners_.emplace(name, owner);
  if (!fresh) {
    judge.add(pointer, fmt::format("the name \"{}\" is taken by {}", name, taken->second), "names are unique");
  }
}

// A node that was given such a name is to blame rather than the data center, whose nodes cannot be named otherwise.
void Names::take_generated(const Scenario& scenario, std::size_t datacenter, const std::string& name, Judge& judge) {
  const std::string owner = owner_of_generated(scenario.topology.datacenters[datacenter].name);
  const auto [taken, fresh] = owners_.emplace(name, owner);
  if (fresh || taken->second == owner) return;  // two data centers of one name have been reported already
  const std::vector<Node>& nodes = scenario.topology.nodes;
  const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const Node& other) { return other.name == name; });
  if (node != nodes.end()) {
    judge.add(fmt::format("/topology/nodes/{}/name", node - nodes.begin()),
              fmt::format("the name \"{}\" is taken by {}", name, owner), "names are unique");
  } else {
    judge.add(fmt::format("/topology/datacenters/{}/name", datacenter),
              fmt::format("its node \"{}\" has the name of {}", name, taken->second), "names are unique");
  }
}

void Names::require(const std::string& name, const std::vector<std::string>& among, const char* kind,
                    const std::string& pointer, Judge& judge) const {
  if (name.empty() || !complete_ || contains(among, name)) return;
  judge.add(pointer, fmt::format("there is no {} \"{}\"", kind, name), suggestion(name, among));
}

void Names::require_datacenter(const std::string& name, const std::string& pointer, Judge& judge) const {
  require(name, datacenters_, "data center", pointer, judge);
}

void Names::require_end(const std::string& name, const std::string& pointer, Judge& judge) const {
  const auto owner = owners_.find(name);
  if (owner != owners_.end() && !contains(ends_, name)) {
    judge.add(pointer, fmt::format("\"{}\" is {}", name, owner->second), "let the link end at the data center");
    return;
  }
  require(name, ends_, "data center or node", pointer, judge);
}

void Names::require_host(const std::string& name, const std::string& pointer, Judge& judge) const {
  require(name, hosts_, "node", pointer, judge);
}

}  // namespace geomx::scenario
