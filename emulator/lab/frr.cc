#include "emulator/lab/frr.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "emulator/base/error.h"

namespace geomx::lab {
namespace {

constexpr std::int64_t kCostUnit = 100'000;  // ns
constexpr std::int64_t kMostCost = 65'535;
constexpr std::uint32_t kFirstPrivateAs = 4'200'000'000;

// The routers on each broadcast domain, and through which of their interfaces.
struct Member {
  int node;
  int interface;
};
using Segments = std::vector<std::vector<Member>>;

Segments routers_on(const Plan& plan, const Graph& graph) {
  Segments segments(static_cast<std::size_t>(graph.segments));
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    if (plan.nodes[n].kind != scenario::NodeKind::router) continue;
    for (std::size_t i = 0; i < graph.ports[n].size(); ++i) {
      const auto segment = static_cast<std::size_t>(graph.segment[static_cast<std::size_t>(graph.ports[n][i].link)]);
      segments[segment].push_back({static_cast<int>(n), static_cast<int>(i)});
    }
  }
  return segments;
}

// Hellos every second: a neighbour that is cut off beyond a switch is missed after four, one whose link goes down at
// once.
std::string ospf(const Plan& plan, const Graph& graph, const Segments& segments, std::size_t n) {
  const PlannedNode& node = plan.nodes[n];
  std::string text = fmt::format("hostname {}\n", node.name);
  for (std::size_t i = 0; i < node.interfaces.size(); ++i) {
    const Graph::Port& port = graph.ports[n][i];
    const PlannedLink& link = plan.links[static_cast<std::size_t>(port.link)];
    const Nanoseconds delay = (port.end == 0 ? link.forward : link.backward).delay;
    text += fmt::format("interface {}\n ip ospf area 0\n ip ospf cost {}\n ip ospf hello-interval 1\n",
                        node.interfaces[i].name, std::min(kMostCost, 1 + delay.count() / kCostUnit));
    text += " ip ospf dead-interval 4\n";
    const bool alone =
        segments[static_cast<std::size_t>(graph.segment[static_cast<std::size_t>(port.link)])].size() < 2;
    const bool direct = plan.nodes[static_cast<std::size_t>(graph.peer(port))].kind == scenario::NodeKind::router;
    if (alone) text += " ip ospf passive\n";
    if (direct) text += " ip ospf network point-to-point\n";
  }
  text += fmt::format(
      "router ospf\n ospf router-id {}\n no proactive-arp\n timers throttle spf 10 50 500\n timers throttle lsa all "
      "50\n"
      " timers lsa min-arrival 10\n",
      to_string(node.interfaces.front().address));
  return text;
}

std::string bgp(const Plan& plan, const Graph& graph, const Segments& segments, std::size_t n) {
  const PlannedNode& node = plan.nodes[n];
  const auto as_of = [](int router) { return kFirstPrivateAs + static_cast<std::uint32_t>(router); };
  std::string text =
      fmt::format("hostname {}\nrouter bgp {}\n bgp router-id {}\n no bgp ebgp-requires-policy\n timers bgp 1 3\n",
                  node.name, as_of(static_cast<int>(n)), to_string(node.interfaces.front().address));
  for (const Graph::Port& port : graph.ports[n]) {
    for (const Member& member :
         segments[static_cast<std::size_t>(graph.segment[static_cast<std::size_t>(port.link)])]) {
      if (member.node == static_cast<int>(n)) continue;
      const PlannedNode& other = plan.nodes[static_cast<std::size_t>(member.node)];
      const std::string address = to_string(other.interfaces[static_cast<std::size_t>(member.interface)].address);
      text += fmt::format(
          " neighbor {0} remote-as {1}\n neighbor {0} timers connect 1\n neighbor {0} advertisement-interval 0\n",
          address, as_of(member.node));
    }
  }
  return text + " address-family ipv4 unicast\n  redistribute connected\n exit-address-family\n";
}

// FRRouting refuses to run as a user who is not in this group; in an ordinary user's lab there is no other than root.
std::string group_file() {
  std::ifstream file("/etc/group");
  std::string text;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("frrvty:")) line += line.ends_with(':') ? "root" : ",root";
    text += line + "\n";
  }
  return text;
}

const char* daemon_of(const Plan& plan) {
  return plan.routing == scenario::Routing::ospf ? "ospfd" : "bgpd";
}

}  // namespace

void assign_frr(Plan& plan, const Graph& graph) {
  if (plan.routing == scenario::Routing::static_) return;
  const Segments segments = routers_on(plan, graph);
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    PlannedNode& node = plan.nodes[n];
    if (node.kind != scenario::NodeKind::router || node.interfaces.empty()) continue;
    node.frr = plan.routing == scenario::Routing::ospf ? ospf(plan, graph, segments, n) : bgp(plan, graph, segments, n);
  }
}

void add_frr(sandbox::NodeView& view, const Plan& plan, const PlannedNode& node) {
  if (node.frr.empty()) return;
  for (const char* folder : {"/etc/frr", "/var/run/frr", "/var/tmp/frr"}) view.folders.emplace_back(folder);
  const auto add = [&](const std::string& path, const std::string& text) {
    view.files.push_back({path, text, "", false});
  };
  add("/etc/frr/zebra.conf", "hostname " + node.name + "\n");
  add(fmt::format("/etc/frr/{}.conf", daemon_of(plan)), node.frr);
  add("/etc/frr/vtysh.conf", "no service integrated-vtysh-config\n");
  add("/etc/group", group_file());
}

std::vector<std::string> frr_command(const Plan& plan) {
  const std::string folder = find_frr().value_or("");
  const auto daemon = [&](const std::string& name) {
    return fmt::format("{}/{} -u root -g root -A 127.0.0.1 -P 0 -f /etc/frr/{}.conf --log-level warnings", folder, name,
                       name);
  };
  // zebra goes into the background once it listens, which the other must not miss: it would try again after 10 s.
  return {"/bin/sh", "-c",
          fmt::format("{} -d --log file:/var/run/frr/zebra.log && exec {} --log stdout", daemon("zebra"),
                      daemon(daemon_of(plan)))};
}

std::optional<std::string> find_frr() {
  for (const char* folder : {"/usr/lib/frr", "/usr/libexec/frr", "/usr/lib64/frr"}) {
    if (::access(fmt::format("{}/zebra", folder).c_str(), X_OK) == 0) return folder;
  }
  return std::nullopt;
}

}  // namespace geomx::lab
