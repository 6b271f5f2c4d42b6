#include "emulator/lab/differences.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/lab/device.h"
#include "emulator/lab/lab.h"
#include "emulator/lab/uplink.h"
#include "emulator/shaper/tc.h"

namespace geomx::lab {
namespace {

class Comparison {
 public:
  Comparison(const PlannedNode& node, const Found& found) : node_(node), is_switch_(is_switch(node)), found_(found) {}

  std::vector<Difference> make(const std::vector<Egress>& egresses) {
    if (is_switch_) bridge();
    for (std::size_t i = 0; i < node_.interfaces.size(); ++i) {
      const PlannedInterface& planned = node_.interfaces[i];
      const netlink::Link* link = found_.link(planned.name);
      if (link == nullptr) {
        add(planned.name, "missing");
        continue;
      }
      interface(planned, *link, egresses[i].mtu);
      if (is_switch_) {
        port(planned, *link);
      } else {
        address(planned, *link);
      }
      qdiscs(planned, *link, egresses[i]);
    }
    uplink();
    device();
    routes();
    learned();
    neighbours();
    return std::move(differences_);
  }

 private:
  void add(const std::string& interface, const std::string& what) {
    differences_.push_back({interface, interface.empty() ? what : interface + ": " + what});
  }

  void bridge() {
    const netlink::Link* link = found_.link(bridge_name);
    if (link == nullptr) {
      add(bridge_name, "missing");
    } else if (!link->up) {
      add(bridge_name, "down, the switch forwards nothing");
    }
  }

  void interface(const PlannedInterface& planned, const netlink::Link& link, int mtu) {
    if (!link.up) add(planned.name, "down");
    if (link.up && !link.running) add(planned.name, "not running, its link or its other end is down");
    if (netlink::to_string(link.mac) != planned.mac) {
      add(planned.name, fmt::format("MAC {} instead of {}", netlink::to_string(link.mac), planned.mac));
    }
    if (link.mtu != mtu) add(planned.name, fmt::format("MTU {} instead of {}", link.mtu, mtu));
  }

  void port(const PlannedInterface& planned, const netlink::Link& link) {
    const netlink::Link* bridge = found_.link(bridge_name);
    if (link.master != bridge_index) {
      add(planned.name, "not a port of the bridge");
    } else if (link.up && link.running && bridge != nullptr && bridge->up && !link.forwarding) {
      add(planned.name, "the bridge does not forward through it");
    }
  }

  void address(const PlannedInterface& planned, const netlink::Link& link) {
    const bool there = std::any_of(found_.addresses.begin(), found_.addresses.end(), [&](const netlink::Address& each) {
      return each.link_index == link.index && each.prefix == netlink::Ipv4Prefix{planned.address.value, planned.prefix};
    });
    if (!there) add(planned.name, fmt::format("lacks {}/{}", to_string(planned.address), planned.prefix));
  }

  // Each stage of the shaper must be there as asked, and nothing else: whoever has another qdisc than "noqueue" on a
  // veth has put it there.
  void qdiscs(const PlannedInterface& planned, const netlink::Link& link, const Egress& egress) {
    const std::vector<shaper::TcStage> stages = shaper::tc_stages(egress.direction, egress.mtu);
    for (const shaper::TcStage& stage : stages) {
      const auto qdisc = std::find_if(found_.qdiscs.begin(), found_.qdiscs.end(), [&](const netlink::Qdisc& each) {
        return each.place.link_index == link.index && each.place.handle == stage.handle && each.settings;
      });
      if (qdisc == found_.qdiscs.end()) {
        add(planned.name, fmt::format("not shaped by {}", shaper::describe(stage.kind)));
      } else if (!shaper::same(stage.kind, *qdisc->settings)) {
        add(planned.name, fmt::format("shaped by {} instead of {}", shaper::describe(*qdisc->settings),
                                      shaper::describe(stage.kind)));
      }
    }
    for (const netlink::Qdisc& each : found_.qdiscs) {
      if (each.place.link_index != link.index || each.kind == "noqueue") continue;
      const bool ours = std::any_of(stages.begin(), stages.end(), [&](const shaper::TcStage& stage) {
        return stage.handle == each.place.handle && each.settings;
      });
      if (!ours) add(planned.name, fmt::format("has a qdisc {} that the plan does not know", each.kind));
    }
  }

  void uplink() {
    if (!node_.uplink) return;
    const netlink::Link* link = found_.link(uplink_interface);
    if (link == nullptr || !link->running) {
      add(uplink_interface, link == nullptr ? "missing" : "not running");
      return;
    }
    const netlink::Ipv4Prefix address{node_.uplink->address.value, uplink_prefix};
    const bool there = std::any_of(found_.addresses.begin(), found_.addresses.end(), [&](const auto& each) {
      return each.link_index == link->index && each.prefix == address;
    });
    if (!there) add(uplink_interface, "lacks " + netlink::to_string(address));
  }

  void device() {
    if (!node_.device) return;
    const std::string& name = node_.device->interface;
    const auto link = std::find_if(found_.links.begin(), found_.links.end(),
                                   [](const netlink::Link& each) { return each.index == device_index; });
    if (link == found_.links.end()) {
      add(name, "missing: it has been unplugged, or moved by a program");
      return;
    }
    if (!link->up) add(name, "down");
    if (link->up && !link->carrier) add(name, "no carrier, nothing that is up is connected to it");
    if (is_switch_ && link->master != bridge_index) add(name, "not a port of the bridge");
    if (node_.device->prefix == 0) return;
    const netlink::Ipv4Prefix address{node_.device->address.value, node_.device->prefix};
    const bool there = std::any_of(found_.addresses.begin(), found_.addresses.end(), [&](const auto& each) {
      return each.link_index == link->index && each.prefix == address;
    });
    if (!there) add(name, "lacks " + netlink::to_string(address));
  }

  void routes() {
    for (const PlannedRoute& route : node_.routes) {
      const bool there = std::any_of(found_.routes.begin(), found_.routes.end(), [&](const netlink::Route& each) {
        return each.destination == netlink::Ipv4Prefix{route.destination.value, route.prefix} &&
               each.gateway == route.gateway.value;
      });
      if (!there) {
        add("", fmt::format("no route to {}/{} via {}", to_string(route.destination), route.prefix,
                            to_string(route.gateway)));
      }
    }
  }

  void learned() {
    for (const PlannedRoute& route : node_.learned) {
      const bool there = std::any_of(found_.routes.begin(), found_.routes.end(), [&](const netlink::Route& each) {
        return each.destination == netlink::Ipv4Prefix{route.destination.value, route.prefix};
      });
      if (!there) add("", fmt::format("has not learned a route to {}/{}", to_string(route.destination), route.prefix));
    }
  }

  void neighbours() {
    const std::size_t wanted = node_.neighbours.size();
    if (found_.neighbours.size() >= wanted) return;
    add("", fmt::format("{} of {} permanent neighbour entries are missing", wanted - found_.neighbours.size(), wanted));
  }

  const PlannedNode& node_;
  bool is_switch_;
  const Found& found_;
  std::vector<Difference> differences_;
};

}  // namespace

const netlink::Link* Found::link(const std::string& name) const {
  const auto it =
      std::find_if(links.begin(), links.end(), [&name](const netlink::Link& each) { return each.name == name; });
  return it == links.end() ? nullptr : &*it;
}

std::vector<Difference> differences(const PlannedNode& node, const std::vector<Egress>& egresses, const Found& found) {
  return Comparison(node, found).make(egresses);
}

}  // namespace geomx::lab
