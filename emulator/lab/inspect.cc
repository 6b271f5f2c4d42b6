#include "emulator/lab/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/route.h"
#include "emulator/netlink/socket.h"

namespace geomx::lab {
namespace {

using Json = nlohmann::ordered_json;

std::string prefix(Ipv4 address, int length) {
  return fmt::format("{}/{}", to_string(address), length);
}

Json asked(const shaper::Direction& direction) {
  Json json = Json::object();
  json["rate"] = direction.rate ? Json(geomx::to_string(*direction.rate)) : Json();
  json["delay"] = geomx::to_string(direction.delay);
  json["jitter"] = geomx::to_string(direction.jitter);
  json["loss"] = geomx::to_string(Probability{direction.loss});
  json["queue"] = direction.rate ? Json(to_string(direction.queue)) : Json();
  json["seed"] = direction.seed ? Json(*direction.seed) : Json();
  return json;
}

Json planned(const PlannedNode& node) {
  Json json{{"name", node.name}, {"kind", to_string(node.kind)}};
  json["datacenter"] = node.datacenter.empty() ? Json() : Json(node.datacenter);
  json["interfaces"] = Json::array();
  for (const PlannedInterface& interface : node.interfaces) {
    json["interfaces"].push_back(
        {{"name", interface.name},
         {"link", interface.link},
         {"address", interface.prefix == 0 ? Json() : Json(prefix(interface.address, interface.prefix))},
         {"mac", interface.mac}});
  }
  json["routes"] = Json::array();
  for (const PlannedRoute& route : node.routes) {
    json["routes"].push_back({{"to", route.prefix == 0 ? "default" : prefix(route.destination, route.prefix)},
                              {"via", to_string(route.gateway)}});
  }
  return json;
}

Json planned(const PlannedLink& link) {
  Json json{{"name", link.name}, {"scope", to_string(link.scope)}, {"shaper", to_string(link.shaper)}};
  json["ends"] = Json::array();
  for (const PlannedLink::End& end : link.ends) json["ends"].push_back(end.node + ":" + end.interface);
  json["forward"] = {{"direction", link.label[0] + "->" + link.label[1]}, {"asked", asked(link.forward)}};
  json["backward"] = {{"direction", link.label[1] + "->" + link.label[0]}, {"asked", asked(link.backward)}};
  return json;
}

Json counted(const shaper::DirectionCounters& counters) {
  const auto measured = [](std::int64_t value) { return value < 0 ? Json() : Json(value); };
  return {{"packets", counters.packets},
          {"bytes", counters.bytes},
          {"dropped_queue", counters.dropped_queue},
          {"dropped_loss", counters.dropped_loss},
          {"overruns", counters.overruns},
          {"backlog_bytes", counters.backlog_bytes},
          {"busy_nanoseconds", counters.busy_nanoseconds},
          {"busy_bytes", counters.busy_bytes},
          {"delay_nanoseconds", measured(counters.delay_nanoseconds)},
          {"lateness_p99_nanoseconds", measured(counters.lateness_p99_nanoseconds)}};
}

// What the kernel has in one node's network namespace.
struct Found {
  std::vector<netlink::Link> links;
  std::vector<netlink::Address> addresses;
  std::vector<netlink::Route> routes;
  std::vector<netlink::Neighbour> neighbours;
};

Found read(const sandbox::Namespace& network) {
  const sandbox::ScopedNetwork inside(network);
  netlink::Socket socket;
  return {netlink::list_links(socket), netlink::list_addresses(socket), netlink::list_routes(socket),
          netlink::list_permanent_neighbours(socket)};
}

// Where the node differs from its plan, one line each.
std::vector<std::string> differences(const PlannedNode& node, const Found& found) {
  std::vector<std::string> lines;
  const bool is_switch = node.kind == scenario::NodeKind::switch_;
  for (std::size_t i = 0; i < node.interfaces.size(); ++i) {
    const PlannedInterface& interface = node.interfaces[i];
    const auto link = std::find_if(found.links.begin(), found.links.end(),
                                   [&](const netlink::Link& each) { return each.name == interface.name; });
    if (link == found.links.end()) {
      lines.push_back(interface.name + ": missing");
      continue;
    }
    if (!link->up) lines.push_back(interface.name + ": down");
    if (link->up && !link->running) lines.push_back(interface.name + ": no carrier, its other end is down");
    if (netlink::to_string(link->mac) != interface.mac) {
      lines.push_back(
          fmt::format("{}: MAC {} instead of {}", interface.name, netlink::to_string(link->mac), interface.mac));
    }
    if (is_switch && link->master != bridge_index) lines.push_back(interface.name + ": not a port of the bridge");
    const auto address =
        std::find_if(found.addresses.begin(), found.addresses.end(), [&](const netlink::Address& each) {
          return each.link_index == link->index &&
                 each.prefix == netlink::Ipv4Prefix{interface.address.value, interface.prefix};
        });
    if (!is_switch && address == found.addresses.end()) {
      lines.push_back(fmt::format("{}: lacks {}", interface.name, prefix(interface.address, interface.prefix)));
    }
  }
  for (const PlannedRoute& route : node.routes) {
    const auto it = std::find_if(found.routes.begin(), found.routes.end(), [&](const netlink::Route& each) {
      return each.destination == netlink::Ipv4Prefix{route.destination.value, route.prefix} &&
             each.gateway == route.gateway.value;
    });
    if (it == found.routes.end()) {
      lines.push_back(
          fmt::format("no route to {} via {}", prefix(route.destination, route.prefix), to_string(route.gateway)));
    }
  }
  if (found.neighbours.size() < node.neighbours.size()) {
    lines.push_back(fmt::format("{} of {} permanent neighbour entries are missing",
                                node.neighbours.size() - found.neighbours.size(), node.neighbours.size()));
  }
  return lines;
}

}  // namespace

std::string plan_json(const Plan& plan) {
  Json json{{"lab", plan.lab}, {"nodes", Json::array()}, {"links", Json::array()}};
  for (const PlannedNode& node : plan.nodes) json["nodes"].push_back(planned(node));
  for (const PlannedLink& link : plan.links) json["links"].push_back(planned(link));
  return json.dump(2);
}

std::string inspect(Lab& lab, const std::string& scenario_json) {
  const Plan& plan = lab.plan();
  Json json{{"lab", plan.lab}, {"as_planned", true}, {"refused", lab.refused()}};
  json["wire_scheduling"] = lab.wire_scheduling().empty() ? Json() : Json(lab.wire_scheduling());
  json["nodes"] = Json::array();
  bool all = true;
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    const Found found = read(lab.namespaces(n).network);
    Json node = planned(plan.nodes[n]);
    for (std::size_t i = 0; i < plan.nodes[n].interfaces.size(); ++i) {
      const auto link = std::find_if(found.links.begin(), found.links.end(), [&](const netlink::Link& each) {
        return each.name == plan.nodes[n].interfaces[i].name;
      });
      node["interfaces"][i]["up"] = link != found.links.end() && link->up && link->running;
    }
    const std::vector<std::string> lines = differences(plan.nodes[n], found);
    all = all && lines.empty();
    node["as_planned"] = lines.empty();
    node["differences"] = lines;
    json["nodes"].push_back(std::move(node));
  }
  const std::vector<shaper::LinkCounters> counters = lab.counters();
  json["links"] = Json::array();
  for (std::size_t l = 0; l < plan.links.size(); ++l) {
    Json link = planned(plan.links[l]);
    for (const bool forward : {true, false}) {
      Json& direction = link[forward ? "forward" : "backward"];
      const std::string text = lab.describe_shaper(l, forward);
      direction["read_back"] = text.empty() ? Json() : Json(text);
      direction["counters"] = counted(forward ? counters[l].forward : counters[l].backward);
    }
    json["links"].push_back(std::move(link));
  }
  json["as_planned"] = all;
  json["scenario"] = scenario_json.empty() ? Json() : Json::parse(scenario_json);
  return json.dump(2);
}

}  // namespace geomx::lab
