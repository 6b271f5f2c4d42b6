#include <fmt/format.h>

#include <optional>
#include <string>
#include <unordered_map>

#include "emulator/scenario/judge.h"

namespace geomx::scenario {
namespace {

int mtu_of(const LinkProperties& properties) {
  return properties.mtu.value_or(kDefaultMtu);
}

// A switch cannot tell a sender that a frame is too long: it drops it. So all of its links take the same.
void judge_switches(const Topology& topology, Judge& judge) {
  for (const Node& node : topology.nodes) {
    if (node.kind != NodeKind::switch_) continue;
    std::optional<int> known;
    for (const Datacenter& datacenter : topology.datacenters) {
      if (datacenter.name == node.datacenter) known = mtu_of(datacenter.lan);
    }
    for (std::size_t i = 0; i < topology.links.size(); ++i) {
      const Link& link = topology.links[i];
      if (link.ends[0] != node.name && link.ends[1] != node.name) continue;
      if (!known) known = mtu_of(link.forward);
      if (mtu_of(link.forward) == *known) continue;
      judge.add(
          fmt::format("/topology/links/{}/mtu", i),
          fmt::format("an MTU of {} meets one of {} at the switch \"{}\"", mtu_of(link.forward), *known, node.name),
          "give all links of a switch the same \"mtu\"");
    }
  }
}

void judge_link(const Link& link, const std::string& pointer, const Names& names, Judge& judge) {
  for (std::size_t end = 0; end < 2; ++end) {
    names.require_end(link.ends[end], fmt::format("{}/ends/{}", pointer, end), judge);
  }
  if (!link.ends[0].empty() && link.ends[0] == link.ends[1]) {
    judge.add(pointer + "/ends", fmt::format("the link joins \"{}\" to itself", link.ends[0]),
              "name two different ends");
  }
  if (link.forward == link.backward) {
    judge_properties(link.forward, pointer, judge);
  } else {
    judge_properties(link.forward, pointer + "/forward", judge);
    judge_properties(link.backward, pointer + "/backward", judge);
  }
  if (mtu_of(link.forward) != mtu_of(link.backward)) {
    judge.add(pointer + (link.backward.mtu ? "/backward/mtu" : "/forward/mtu"),
              fmt::format("an MTU of {} one way and of {} the other", mtu_of(link.forward), mtu_of(link.backward)),
              "it belongs to the interfaces at both ends: give it for the link");
  }
}

void judge_machine(const Machine& machine, const std::string& pointer, Judge& judge) {
  std::unordered_map<std::string, std::size_t> paths;
  for (std::size_t i = 0; i < machine.files.size(); ++i) {
    const PlacedFile& file = machine.files[i];
    const std::string at = fmt::format("{}/files/{}", pointer, i);
    if (file.text.has_value() == file.from.has_value()) {
      judge.add(at,
                fmt::format("the file has {} \"text\" {} \"from\"", file.text ? "both" : "neither",
                            file.text ? "and" : "nor"),
                "its content is one of the two");
    }
    const auto [first, fresh] = paths.emplace(file.path, i);
    if (!fresh && !file.path.empty()) {
      judge.add(at + "/path", fmt::format("\"{}\" is file {} already", file.path, first->second));
    }
  }
}

// The daemons are programs of this machine, not of the image.
void judge_router(const Node& node, Routing routing, const std::string& pointer, Judge& judge) {
  if (node.kind != NodeKind::router || routing == Routing::static_ || !node.machine.image) return;
  judge.add(pointer + "/image", fmt::format("\"{}\" routes by FRRouting, which runs without an image", node.name),
            "leave the image out, or let the topology's routing be static");
}

// A switch is nothing but a bridge.
void judge_switch(const Node& node, const std::string& pointer, Judge& judge) {
  if (node.kind != NodeKind::switch_) return;
  if (node.uplink) {
    judge.add(pointer + "/uplink", fmt::format("\"{}\" is a switch, which has no address", node.name),
              "give the uplink to a router or a host");
  }
  if (node.device && node.device->address) {
    judge.add(pointer + "/device/address", fmt::format("\"{}\" is a switch, which has no address", node.name),
              "leave the address out: the device becomes a port of the switch");
  }
  if (node.machine == Machine{}) return;
  judge.add(pointer, fmt::format("\"{}\" is a switch: no program runs in it", node.name),
            "image, cpu, memory, env, files and start are for hosts and routers");
}

// A device is in one place, and nothing tells the daemons of the network behind it.
class Devices {
 public:
  Devices(Routing routing, Judge& judge) : routing_(routing), judge_(judge) {}

  void add(const std::optional<Device>& device, NodeKind kind, const std::string& pointer) {
    if (!device) return;
    if (routing_ != Routing::static_ && kind == NodeKind::router) {
      judge_.add(pointer + "/device", "a device of a router that learns its routes is not supported yet",
                 "give it to a host or a switch, or let the topology's routing be static");
    }
    if (device->name.empty()) return;  // it could not be read
    const auto [first, fresh] = owners_.emplace(device->name, pointer);
    if (fresh) return;
    judge_.add(pointer + "/device", fmt::format("the device \"{}\" is {}'s already", device->name, first->second),
               "a device can be in one node only; a switch can share it");
  }

 private:
  Routing routing_;
  Judge& judge_;
  std::unordered_map<std::string, std::string> owners_;  // by the machine's name for the device: pointer
};

// Nothing tells the daemons of the way out.
void judge_uplink(bool uplink, Routing routing, const std::string& pointer, Judge& judge) {
  if (!uplink || routing == Routing::static_) return;
  judge.add(pointer + "/uplink", "an uplink of a lab whose routers learn their routes is not supported yet",
            "leave it out, or let the topology's routing be static");
}

}  // namespace

void judge_topology(const Scenario& scenario, const Names& names, Judge& judge) {
  const Topology& topology = scenario.topology;
  Devices devices(topology.routing, judge);
  for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
    judge_properties(topology.datacenters[i].lan, fmt::format("/topology/datacenters/{}/lan", i), judge);
    judge_machine(topology.datacenters[i].machine, fmt::format("/topology/datacenters/{}", i), judge);
    judge_uplink(topology.datacenters[i].uplink, topology.routing, fmt::format("/topology/datacenters/{}", i), judge);
    devices.add(topology.datacenters[i].device, NodeKind::router, fmt::format("/topology/datacenters/{}", i));
  }
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    judge_machine(topology.nodes[i].machine, fmt::format("/topology/nodes/{}", i), judge);
    judge_switch(topology.nodes[i], fmt::format("/topology/nodes/{}", i), judge);
    judge_uplink(topology.nodes[i].uplink, topology.routing, fmt::format("/topology/nodes/{}", i), judge);
    devices.add(topology.nodes[i].device, topology.nodes[i].kind, fmt::format("/topology/nodes/{}", i));
    judge_router(topology.nodes[i], topology.routing, fmt::format("/topology/nodes/{}", i), judge);
    if (!topology.nodes[i].datacenter) continue;
    names.require_datacenter(*topology.nodes[i].datacenter, fmt::format("/topology/nodes/{}/datacenter", i), judge);
  }
  judge_switches(topology, judge);
  std::unordered_map<std::string, std::size_t> links;
  for (std::size_t i = 0; i < topology.links.size(); ++i) {
    const Link& link = topology.links[i];
    judge_link(link, fmt::format("/topology/links/{}", i), names, judge);
    if (link.name.empty()) continue;
    const auto [first, fresh] = links.emplace(link.name, i);
    if (!fresh) {
      judge.add(fmt::format("/topology/links/{}/name", i),
                fmt::format("the link name \"{}\" is taken by link {}", link.name, first->second),
                "give each link a \"name\" of its own");
    }
  }
}

}  // namespace geomx::scenario
