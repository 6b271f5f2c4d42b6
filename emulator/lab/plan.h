#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"
#include "emulator/shaper/direction.h"
#include "emulator/shaper/features.h"

// The plan: everything a lab will create, decided before anything is created. Pure and printable: the same scenario and
// kernel features give the same plan. `apply` carries it out, `inspect` compares the kernel with it.
namespace geomx::lab {

struct Ipv4 {
  std::uint32_t value = 0;  // host byte order
  auto operator<=>(const Ipv4&) const = default;
};
std::string to_string(Ipv4 address);

struct PlannedInterface {
  std::string name;  // eth0, eth1, ...
  std::string link;  // the PlannedLink at whose end it is
  Ipv4 address;      // 0 on a switch's ports
  int prefix = 0;
  std::string mac;  // "02:.." derived from the address
};

struct PlannedRoute {
  Ipv4 destination;
  int prefix = 0;
  Ipv4 gateway;
};

struct PlannedNode {
  std::string name;
  scenario::NodeKind kind = scenario::NodeKind::host;
  std::string datacenter;  // empty for free-form nodes
  std::vector<PlannedInterface> interfaces;
  std::vector<PlannedRoute> routes;
};

enum class LinkScope { wan, lan };

// A link between two interfaces. forward is ends[0] -> ends[1].
struct PlannedLink {
  struct End {
    std::string node;
    std::string interface;
  };
  std::string name;  // the scenario's, or "HOST--SWITCH" on a LAN
  LinkScope scope = LinkScope::wan;
  End ends[2];
  shaper::Direction forward;
  shaper::Direction backward;
  shaper::Kind shaper = shaper::Kind::none;
  std::string label[2];  // what the scenario calls the ends: the data center rather than its gateway
};

struct Plan {
  std::string lab;
  std::vector<PlannedNode> nodes;
  std::vector<PlannedLink> links;
  std::string hosts_file;  // /etc/hosts of every node

  const PlannedNode& node(const std::string& name) const;  // throws InputError naming the nearest known name
  const PlannedLink& link(const std::string& name) const;  // likewise
  Ipv4 address_of(const std::string& node) const;          // its first address
};

// Throws InputError where the scenario asks for what `features` or `choice` cannot give (JSON pointer and what to do).
Plan make_plan(const scenario::Scenario& scenario, const shaper::KernelFeatures& features,
               shaper::Choice choice = shaper::Choice::auto_);

// For people: a table of nodes with addresses and one of links with rate, delay, queue and shaper.
std::string describe(const Plan& plan);

}  // namespace geomx::lab
