#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/sandbox/oci_image.h"
#include "emulator/scenario/link_patch.h"
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

// A permanent neighbour entry: nobody on this link ever has to ask for the other's MAC (ARP would cost a WAN round trip
// and shift seeded loss). On a LAN of more than 128 members only routers know, and are known by, everybody.
struct PlannedNeighbour {
  std::string interface;
  Ipv4 address;
  std::string mac;
};

// A way out of the lab: a veth pair between the node and the network that the lab is started in ("the host"), where the
// node's address is replaced by the machine's own. Its addresses depend on what that network uses at the time: see
// choose_uplinks (uplink.h).
struct PlannedUplink {
  Ipv4 address{};  // the node's, out of a /30; 0: not chosen yet
  Ipv4 gateway{};  // the host's
  std::string host_interface{};
};

// A network interface of the machine that the lab is started on, which is the node's as long as the lab lives.
struct PlannedDevice {
  std::string name{};        // the machine's for it
  std::string interface {};  // the node's
  Ipv4 address{};            // 0: none
  int prefix = 0;
  auto operator<=>(const PlannedDevice&) const = default;
};

struct PlannedNode {
  std::string name;
  scenario::NodeKind kind = scenario::NodeKind::host;
  std::string datacenter;  // empty for free-form nodes
  std::vector<PlannedInterface> interfaces;
  std::vector<PlannedRoute> routes;  // static; shortest by (sum of one-way delays, then hops)
  std::vector<PlannedNeighbour> neighbours;
  scenario::Machine machine{};
  std::vector<PlannedRoute> learned{};  // in place of routes: where a routing daemon must find a way to; no gateways
  std::string frr{};                    // that daemon's configuration; empty: there is none
  std::optional<PlannedUplink> uplink{};
  std::optional<PlannedDevice> device{};
};

inline bool is_switch(const PlannedNode& node) {
  return node.kind == scenario::NodeKind::switch_;
}

enum class LinkScope { wan, lan };

// A link between two interfaces. forward is ends[0] -> ends[1].
struct PlannedLink {
  struct End {
    std::string node;
    std::string interface;
  };
  std::string name;  // the scenario's, or "HOST--SWITCH" on a LAN
  LinkScope scope = LinkScope::wan;
  std::array<End, 2> ends;
  shaper::Direction forward;
  shaper::Direction backward;
  shaper::Kind shaper = shaper::Kind::none;
  int mtu = scenario::kDefaultMtu;   // of the interfaces at both ends, in bytes of IP packet
  std::array<std::string, 2> label;  // what the scenario calls the ends: the data center rather than its gateway

  // What the directions were made of, so that they can be changed later.
  std::array<scenario::LinkProperties, 2> asked;  // forward, backward
  Nanoseconds longest_round_trip{0};              // of a path through this link: what an automatic queue is sized for
};

// One direction of a link, or both.
enum class Way { both, forward, backward };

enum class ActionKind { set, down, up, kill, restart, pause, resume };

// What happens to a link or a node at one moment.
struct TimedAction {
  Nanoseconds at{0};
  ActionKind kind = ActionKind::set;
  std::string object;  // the link's name or the node's
  Way way = Way::both;
  scenario::LinkPatch patch;  // of set
  std::size_t event = 0;      // of the scenario's, from which it comes
  bool operator==(const TimedAction&) const = default;
};

struct Plan {
  std::string lab;
  std::vector<PlannedNode> nodes;
  std::vector<PlannedLink> links;
  std::string hosts_file;             // /etc/hosts of every node
  std::vector<TimedAction> timeline;  // the scenario's events, one moment after the other
  scenario::Routing routing = scenario::Routing::static_;
  std::map<std::string, sandbox::OciImage> images{};  // of nodes, by name: empty until find_images (needs.h)
  shaper::KernelFeatures features;                    // for which it was made
  shaper::Choice choice = shaper::Choice::auto_;

  const PlannedNode& node(const std::string& name) const;  // throws InputError naming the nearest known name
  const PlannedLink& link(const std::string& name) const;  // likewise
  Ipv4 address_of(const std::string& node) const;          // its first address
  // Whether it makes something outside the lab's process tree, which somebody has to remove, or takes something from
  // there, which somebody has to give back: cgroups, uplinks and devices.
  bool reaches_outside() const;
};

// Addresses: one 10.D.0.0/16 per LAN (a /21 where there are more than 255), gateway first; one /30 out of 172.16.0.0/12
// per link between two nodes. Queue "auto" on a link with a rate: the BDP of that rate and the longest path through the
// link (there and back, at least 50 ms) in bytes, never under 100 full-size frames; of a trace by its mean rate.
// Throws InputError where the scenario asks for what `features` or `choice` cannot give (JSON pointer and what to do).
// `running`: the plan of a lab that is to become this one. Nodes, links and addresses that both have stay what they
// are, what is new gets names, numbers and addresses that the running lab has not used; InputError where that cannot
// be.
Plan make_plan(const scenario::Scenario& scenario, const shaper::KernelFeatures& features,
               shaper::Choice choice = shaper::Choice::auto_, const Plan* running = nullptr);

// The direction that leaves `from`, an end as the scenario or the plan calls it. Throws InputError naming the two ends.
Way way_from(const PlannedLink& link, const std::string& from);

// The link with the patched properties in place of its own. Automatic queues are sized anew; routes are static and stay
// as they are, and so does the shaper: see Lab::change_link. Throws InputError naming the link and the property.
PlannedLink changed(const PlannedLink& link, Way way, const scenario::LinkPatch& patch);

// Whether the wire must be made anew to become `after`: its sockets are made for the largest frame of its MTU.
bool outgrows_wire(const PlannedLink& before, const PlannedLink& after);
// Whether the link ends at a switch, whose ports all have the same MTU.
bool at_switch(const Plan& plan, const PlannedLink& link);

std::string to_string(ActionKind kind);            // "set", "down", ...
std::string describe(const TimedAction& action);   // "wan-a forward: rate=10Mbit", "a-host-0: kill"
std::string to_string(scenario::Routing routing);  // "static", "ospf", "bgp"
std::string to_string(scenario::NodeKind kind);    // "host", "router", "switch"
std::string to_string(shaper::Kind kind);          // "none", "tc", "wire"
std::string to_string(LinkScope scope);            // "wan", "lan"

// For people: a table of nodes with addresses and one of links with rate, delay, queue and shaper.
std::string describe(const Plan& plan);

}  // namespace geomx::lab
