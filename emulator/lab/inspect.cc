#include "emulator/lab/inspect.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "emulator/lab/differences.h"
#include "emulator/lab/uplink.h"
#include "emulator/netlink/socket.h"
#include "emulator/shaper/describe.h"

namespace geomx::lab {
namespace {

using Json = nlohmann::ordered_json;

std::string prefix(Ipv4 address, int length) {
  return fmt::format("{}/{}", to_string(address), length);
}

Json asked(const shaper::GilbertElliott& model) {
  const auto percent = [](double probability) { return geomx::to_string(Probability{probability}); };
  return {{"p", percent(model.p)},
          {"r", percent(model.r)},
          {"loss_good", percent(model.loss_good)},
          {"loss_bad", percent(model.loss_bad)}};
}

Json asked(const shaper::CodelSettings& codel) {
  return {
      {"target", geomx::to_string(codel.target)}, {"interval", geomx::to_string(codel.interval)}, {"ecn", codel.ecn}};
}

Json asked(const shaper::Direction& direction) {
  Json json = Json::object();
  json["rate"] = direction.rate ? Json(geomx::to_string(*direction.rate)) : Json();
  json["delay"] = geomx::to_string(direction.delay);
  json["trace"] = direction.trace ? Json(geomx::to_string(*direction.trace)) : Json();
  json["jitter"] = geomx::to_string(direction.jitter);
  json["distribution"] = direction.jitter.count() != 0 ? Json(shaper::name_of(direction.distribution)) : Json();
  json["correlation"] = geomx::to_string(Probability{direction.correlation});
  json["order"] = direction.keeps_order ? "kept" : "free";
  json["loss"] = geomx::to_string(Probability{direction.loss});
  json["gilbert_elliott"] = direction.gilbert_elliott ? asked(*direction.gilbert_elliott) : Json();
  json["duplicate"] = geomx::to_string(Probability{direction.duplicate});
  json["reorder"] = geomx::to_string(Probability{direction.reorder});
  json["corrupt"] = geomx::to_string(Probability{direction.corrupt});
  json["queue"] = direction.limited() ? Json(shaper::describe(direction.queue)) : Json();
  json["codel"] = direction.limited() && direction.codel ? asked(*direction.codel) : Json();
  json["seed"] = direction.seed ? Json(*direction.seed) : Json();
  return json;
}

Json planned(const scenario::Machine& machine) {
  if (machine == scenario::Machine{}) return {};
  const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(); };
  Json json{{"image", or_null(machine.image)}, {"cpu", or_null(machine.cpu)}};
  json["memory"] = machine.memory ? Json(geomx::to_string(*machine.memory)) : Json();
  json["env"] = machine.env;
  json["files"] = Json::array();
  for (const scenario::PlacedFile& file : machine.files) json["files"].push_back(file.path);
  json["start"] = machine.start;
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
  if (!node.learned.empty()) {
    json["learned"] = Json::array();
    for (const PlannedRoute& route : node.learned) json["learned"].push_back(prefix(route.destination, route.prefix));
  }
  json["machine"] = planned(node.machine);
  if (node.device) {
    const PlannedDevice& device = *node.device;
    json["device"] = {{"interface", device.interface},
                      {"address", device.prefix == 0 ? Json() : Json(prefix(device.address, device.prefix))},
                      {"host_interface", device.name}};
  }
  if (node.uplink) {
    const bool chosen = node.uplink->address.value != 0;
    json["uplink"] = {{"interface", uplink_interface},
                      {"address", chosen ? Json(prefix(node.uplink->address, uplink_prefix)) : Json()},
                      {"via", chosen ? Json(to_string(node.uplink->gateway)) : Json()},
                      {"host_interface", chosen ? Json(node.uplink->host_interface) : Json()}};
  }
  return json;
}

Json planned(const PlannedLink& link) {
  Json json{
      {"name", link.name}, {"scope", to_string(link.scope)}, {"shaper", to_string(link.shaper)}, {"mtu", link.mtu}};
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
          {"marked", counters.marked},
          {"duplicated", counters.duplicated},
          {"reordered", counters.reordered},
          {"corrupted", counters.corrupted},
          {"overruns", counters.overruns},
          {"undelivered", counters.undelivered},
          {"backlog_bytes", counters.backlog_bytes},
          {"busy_nanoseconds", counters.busy_nanoseconds},
          {"busy_bytes", counters.busy_bytes},
          {"delay_nanoseconds", measured(counters.delay_nanoseconds)},
          {"lateness_p99_nanoseconds", measured(counters.lateness_p99_nanoseconds)}};
}

Found read(const sandbox::Namespace& network) {
  const sandbox::ScopedNetwork inside(network);
  netlink::Socket socket;
  return {netlink::list_links(socket), netlink::list_addresses(socket), netlink::list_routes(socket),
          netlink::list_permanent_neighbours(socket), netlink::list_qdiscs(socket)};
}

// By node, then interface: what tc is to do to the packets that leave there.
using Egresses = std::map<std::string, std::map<std::string, Egress>>;

Egresses egresses_of(const Lab& lab) {
  Egresses egresses;
  for (std::size_t l = 0; l < lab.plan().links.size(); ++l) {
    const PlannedLink& link = lab.plan().links[l];
    for (int end = 0; end < 2; ++end) {
      Egress& egress = egresses[link.ends[end].node][link.ends[end].interface];
      egress.mtu = link.mtu;
      if (link.shaper == shaper::Kind::tc) egress.direction = lab.in_force(l, end == 0);
    }
  }
  return egresses;
}

}  // namespace

std::string plan_json(const Plan& plan) {
  Json json{
      {"lab", plan.lab}, {"routing", to_string(plan.routing)}, {"nodes", Json::array()}, {"links", Json::array()}};
  for (const PlannedNode& node : plan.nodes) json["nodes"].push_back(planned(node));
  for (const PlannedLink& link : plan.links) json["links"].push_back(planned(link));
  json["events"] = Json::array();
  for (const TimedAction& action : plan.timeline) {
    json["events"].push_back({{"at", geomx::to_string(action.at)},
                              {"object", action.object},
                              {"kind", to_string(action.kind)},
                              {"what", describe(action)}});
  }
  return json.dump(2);
}

namespace {

using Qdiscs = std::map<std::string, std::vector<netlink::Qdisc>>;  // by node

Json read_back(Lab& lab, std::size_t l, const shaper::LinkCounters& counters, const Qdiscs& found) {
  Json link = planned(lab.plan().links[l]);
  link["up"] = lab.link_up(l);
  for (const bool forward : {true, false}) {
    Json& direction = link[forward ? "forward" : "backward"];
    const std::string text = lab.describe_shaper(l, forward, found.at(lab.plan().links[l].ends[forward ? 0 : 1].node));
    direction["read_back"] = text.empty() ? Json() : Json(text);
    direction["counters"] = counted(forward ? counters.forward : counters.backward);
  }
  return link;
}

}  // namespace

std::string inspect_link(Lab& lab, const std::string& name) {
  const auto l = static_cast<std::size_t>(&lab.plan().link(name) - lab.plan().links.data());
  Qdiscs qdiscs;
  for (const PlannedLink::End& end : lab.plan().links[l].ends) {
    const sandbox::ScopedNetwork inside(lab.namespaces(end.node).network);
    netlink::Socket socket;
    qdiscs[end.node] = netlink::list_qdiscs(socket);
  }
  return read_back(lab, l, lab.counters()[l], qdiscs).dump(2);
}

std::string inspect(Lab& lab, const std::string& scenario_json, const std::vector<Started>& started,
                    const std::string& fidelity_json) {
  const Plan& plan = lab.plan();
  Json json{{"lab", plan.lab}, {"as_planned", true}, {"refused", lab.refused()}, {"routing", to_string(plan.routing)}};
  json["wire_scheduling"] = lab.wire_scheduling().empty() ? Json() : Json(lab.wire_scheduling());
  json["nodes"] = Json::array();
  Egresses egresses = egresses_of(lab);
  std::map<std::string, std::vector<std::string>> of_links;  // differences, by "NODE:INTERFACE"
  Qdiscs qdiscs;
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlannedNode& planned_node = plan.nodes[n];
    Found found = read(lab.namespaces(n).network);
    Json node = planned(planned_node);
    std::vector<Egress> shaped;
    for (std::size_t i = 0; i < planned_node.interfaces.size(); ++i) {
      const std::string& name = planned_node.interfaces[i].name;
      const netlink::Link* link = found.link(name);
      node["interfaces"][i]["up"] = link != nullptr && link->up && link->running;
      shaped.push_back(egresses[planned_node.name][name]);
    }
    node["state"] = to_string(lab.node_state(n));
    for (const Started& each : started) {
      if (each.node == planned_node.name) node["runs"][each.what] = {{"state", each.state}, {"log", each.log}};
    }
    if (const auto& cgroup = lab.namespaces(n).cgroup; cgroup && planned_node.machine.memory) {
      node["memory"] = {{"used", cgroup->memory_used()}, {"kills", cgroup->memory_kills()}};
    }
    node["differences"] = Json::array();
    for (const Difference& difference : differences(planned_node, shaped, found)) {
      node["differences"].push_back(difference.line);
      of_links[planned_node.name + ":" + difference.interface].push_back(planned_node.name + ":" + difference.line);
      json["as_planned"] = false;
    }
    qdiscs[planned_node.name] = std::move(found.qdiscs);
    node["as_planned"] = node["differences"].empty();
    json["nodes"].push_back(std::move(node));
  }
  const std::vector<shaper::LinkCounters> counters = lab.counters();
  json["links"] = Json::array();
  for (std::size_t l = 0; l < plan.links.size(); ++l) {
    Json link = read_back(lab, l, counters[l], qdiscs);
    link["differences"] = Json::array();
    for (const PlannedLink::End& end : plan.links[l].ends) {
      for (const std::string& line : of_links[end.node + ":" + end.interface]) link["differences"].push_back(line);
    }
    link["as_planned"] = link["differences"].empty();
    json["links"].push_back(std::move(link));
  }
  json["fidelity"] = fidelity_json.empty() ? Json() : Json::parse(fidelity_json);
  json["scenario"] = scenario_json.empty() ? Json() : Json::parse(scenario_json);
  return json.dump(2);
}

}  // namespace geomx::lab
