#pragma once

#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

// The names of the nodes that a data center brings with it.
namespace geomx::scenario {

std::string gateway_of(const std::string& datacenter);          // "a-gateway"
std::string switch_of(const std::string& datacenter);           // "a-switch": the LAN's bridge; no host of its own
std::string host_of(const std::string& datacenter, int index);  // "a-host-0"

// Every node in which a command can run: gateways, plain hosts, training roles and the declared nodes but switches.
std::vector<std::string> hostnames(const Scenario& scenario);

// Every node of the lab, and every link: the topology's, then those of hosts to their data center's switch.
std::vector<std::string> node_names(const Scenario& scenario);
std::vector<std::string> link_names(const Scenario& scenario);
std::string lan_link_of(const std::string& node, const std::string& datacenter);  // "a-host-0--a-switch"

}  // namespace geomx::scenario
