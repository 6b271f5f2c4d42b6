#include <algorithm>
#include <compare>
#include <queue>

#include "emulator/lab/graph.h"

// Static routes: Dijkstra from every node that has a choice, over routers and switches (hosts do not forward). The
// metric is additive and each hop counts, so that next hops which nodes choose independently never form a loop.
namespace geomx::lab {
namespace {

struct Cost {
  std::int64_t delay = 0;  // ns, in the direction of travel
  int hops = 0;
  auto operator<=>(const Cost&) const = default;
};

struct Hop {
  int node = -1;
  int interface = -1;
  bool operator==(const Hop&) const = default;
};

// Shortest paths from one node.
struct Tree {
  std::vector<int> order;                 // nodes reached, nearest first; the source leads
  std::vector<std::optional<Cost>> cost;  // by node
  std::vector<Hop> first;                 // by node: the first one with an address on the way there
  std::vector<Graph::Port> up;            // by node: its port towards the source
};

struct World {
  const Plan& plan;
  const Graph& graph;
  std::vector<std::vector<Graph::Port>> relays;  // by node: its ports towards routers and switches
  std::vector<std::vector<int>> routers_of;      // by segment
  std::vector<Nanoseconds> round_trip;           // by link

  bool is(int node, scenario::NodeKind kind) const { return plan.nodes[node].kind == kind; }
  std::int64_t delay(const Graph::Port& port) const {  // of leaving through `port`
    const PlannedLink& link = plan.links[port.link];
    return (port.end == 0 ? link.forward : link.backward).delay.count();
  }
};

World make_world(const Plan& plan, const Graph& graph) {
  World world{plan, graph, {}, {}, {}};
  world.relays.resize(plan.nodes.size());
  world.routers_of.resize(graph.segments);
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const Graph::Port& port : graph.ports[n]) {
      if (!world.is(graph.peer(port), scenario::NodeKind::host)) world.relays[n].push_back(port);
      if (world.is(static_cast<int>(n), scenario::NodeKind::router)) {
        world.routers_of[graph.segment[port.link]].push_back(static_cast<int>(n));
      }
    }
  }
  for (const PlannedLink& link : plan.links) world.round_trip.push_back(link.forward.delay + link.backward.delay);
  return world;
}

Tree shortest_paths(const World& world, int source) {
  const Graph& graph = world.graph;
  const std::size_t size = graph.ports.size();
  Tree tree{{}, std::vector<std::optional<Cost>>(size), std::vector<Hop>(size), std::vector<Graph::Port>(size)};
  std::vector<bool> settled(size);
  using Entry = std::pair<Cost, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> frontier;
  tree.cost[source] = Cost{};
  frontier.emplace(Cost{}, source);
  while (!frontier.empty()) {
    const auto [cost, node] = frontier.top();
    frontier.pop();
    if (settled[node]) continue;
    settled[node] = true;
    tree.order.push_back(node);
    for (const Graph::Port& port : world.relays[node]) {
      const int next = graph.peer(port);
      const Cost reached{cost.delay + world.delay(port), cost.hops + 1};
      if (settled[next] || (tree.cost[next] && *tree.cost[next] <= reached)) continue;
      tree.cost[next] = reached;
      tree.up[next] = {port.link, 1 - port.end};
      tree.first[next] = tree.first[node];
      if (tree.first[next].node < 0 && !world.is(next, scenario::NodeKind::switch_)) {
        tree.first[next] = {next, graph.edges[port.link].interface[1 - port.end]};
      }
      frontier.emplace(reached, next);
    }
  }
  return tree;
}

struct Subnet {
  Ipv4 address;
  int prefix = 0;
};

Ipv4 network_of(Ipv4 address, int prefix) {
  return {address.value & ~0u << (32 - prefix)};
}

Ipv4 subnet_of(const PlannedInterface& interface) {
  return network_of(interface.address, interface.prefix);
}

// The network behind the node's device.
std::optional<Subnet> behind(const PlannedNode& node) {
  if (!node.device || node.device->prefix == 0) return std::nullopt;
  return Subnet{network_of(node.device->address, node.device->prefix), node.device->prefix};
}

bool same(const Subnet& a, const Subnet& b) {
  return a.address == b.address && a.prefix == b.prefix;
}

// By segment; then those behind routers' devices, each once.
std::vector<Subnet> subnets_of(const Plan& plan, const Graph& graph) {
  std::vector<Subnet> subnets(graph.segments);
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    for (std::size_t i = 0; i < plan.nodes[n].interfaces.size(); ++i) {
      const PlannedInterface& interface = plan.nodes[n].interfaces[i];
      if (interface.prefix == 0) continue;
      subnets[graph.segment[graph.ports[n][i].link]] = {subnet_of(interface), interface.prefix};
    }
  }
  for (const PlannedNode& node : plan.nodes) {
    if (node.kind != scenario::NodeKind::router || !behind(node)) continue;
    const auto known = [&](const Subnet& each) { return same(each, *behind(node)); };
    if (std::none_of(subnets.begin(), subnets.end(), known)) subnets.push_back(*behind(node));
  }
  return subnets;
}

// Routers lead to the networks behind their devices too, which are numbered after the segments.
void add_devices(World& world, const std::vector<Subnet>& subnets) {
  world.routers_of.resize(subnets.size());
  for (std::size_t n = 0; n < world.plan.nodes.size(); ++n) {
    const auto network = behind(world.plan.nodes[n]);
    if (!network || !world.is(static_cast<int>(n), scenario::NodeKind::router)) continue;
    for (std::size_t s = world.graph.segments; s < subnets.size(); ++s) {
      if (same(subnets[s], *network)) world.routers_of[s].push_back(static_cast<int>(n));
    }
  }
}

// The router with an uplink that is nearest to the tree's root, which is none itself.
std::optional<int> nearest_way_out(const World& world, const Tree& tree) {
  const auto it = std::find_if(tree.order.begin() + 1, tree.order.end(), [&](int node) {
    return world.is(node, scenario::NodeKind::router) && world.plan.nodes[node].uplink;
  });
  return it == tree.order.end() ? std::nullopt : std::optional(*it);
}

// Where everything lies behind one neighbour, one default route says so.
void route(Plan& plan, const World& world, const std::vector<Subnet>& subnets, int source, const Tree& tree) {
  const Graph& graph = world.graph;
  std::vector<bool> attached(subnets.size());
  for (const Graph::Port& port : graph.ports[source]) attached[graph.segment[port.link]] = true;
  for (std::size_t s = graph.segments; s < subnets.size(); ++s) {
    const auto own = behind(plan.nodes[source]);
    attached[s] = own && same(subnets[s], *own);
  }
  std::vector<std::pair<int, Hop>> found;
  for (int segment = 0; segment < static_cast<int>(subnets.size()); ++segment) {
    if (attached[segment]) continue;
    int best = -1;
    for (const int router : world.routers_of[segment]) {
      if (tree.cost[router] && (best < 0 || *tree.cost[router] < *tree.cost[best])) best = router;
    }
    if (best >= 0) found.emplace_back(segment, tree.first[best]);
  }
  const auto gateway = [&](const Hop& hop) { return plan.nodes[hop.node].interfaces[hop.interface].address; };
  std::vector<PlannedRoute>& routes = plan.nodes[source].routes;
  if (plan.nodes[source].uplink || nearest_way_out(world, tree)) {
    // The default route leads out of the lab: here, or towards the nearest router that can.
    const auto out = plan.nodes[source].uplink ? std::optional<Hop>() : tree.first[*nearest_way_out(world, tree)];
    for (const auto& [segment, hop] : found) {
      if (hop != out) routes.push_back({subnets[segment].address, subnets[segment].prefix, gateway(hop)});
    }
    if (out) routes.push_back({{}, 0, gateway(*out)});
    return;
  }
  if (found.empty()) return;
  if (plan.routing != scenario::Routing::static_ && world.is(source, scenario::NodeKind::router)) {
    for (const auto& [segment, hop] : found) {
      plan.nodes[source].learned.push_back({subnets[segment].address, subnets[segment].prefix, {}});
    }
    return;
  }
  const Hop first = found.front().second;
  if (std::all_of(found.begin(), found.end(), [&](const auto& entry) { return entry.second == first; })) {
    routes.push_back({{}, 0, gateway(first)});
    return;
  }
  for (const auto& [segment, hop] : found) {
    routes.push_back({subnets[segment].address, subnets[segment].prefix, gateway(hop)});
  }
}

// Round trips of hosts' own links, the two longest at each router or switch: what a path may have at its ends.
struct Spurs {
  Nanoseconds longest{0};
  Nanoseconds second{0};
  void add(Nanoseconds spur) {
    second = std::max(second, std::min(longest, spur));
    longest = std::max(longest, spur);
  }
};

std::vector<Spurs> spurs_of(const World& world) {
  std::vector<Spurs> spurs(world.graph.ports.size());
  for (std::size_t l = 0; l < world.graph.edges.size(); ++l) {
    const auto& node = world.graph.edges[l].node;
    for (int end = 0; end < 2; ++end) {
      if (world.is(node[end], scenario::NodeKind::host)) spurs[node[1 - end]].add(world.round_trip[l]);
    }
  }
  return spurs;
}

// Lengthens longest[link] by the paths that start at this tree's root, or at a host of its.
void lengthen(const World& world, const std::vector<Spurs>& spurs, const Tree& tree,
              std::vector<Nanoseconds>& longest) {
  const Graph& graph = world.graph;
  const int root = tree.order.front();
  std::vector<Nanoseconds> from_root(graph.ports.size());
  for (const int node : tree.order) {
    if (node == root) continue;
    from_root[node] = from_root[graph.peer(tree.up[node])] + world.round_trip[tree.up[node].link];
  }
  std::vector<Nanoseconds> below(graph.ports.size());  // the longest way on from this node, away from the root
  for (auto it = tree.order.rbegin(); it != tree.order.rend(); ++it) {
    const int node = *it;
    if (node == root) break;
    const Nanoseconds on = std::max(below[node], spurs[node].longest);
    const auto [link, end] = tree.up[node];
    longest[link] = std::max(longest[link], spurs[root].longest + from_root[node] + on);
    Nanoseconds& parent = below[graph.peer(tree.up[node])];
    parent = std::max(parent, world.round_trip[link] + on);
  }
  for (const Graph::Port& port : graph.ports[root]) {
    if (!world.is(graph.peer(port), scenario::NodeKind::host)) continue;
    const Nanoseconds own = world.round_trip[port.link];
    const Nanoseconds other = own == spurs[root].longest ? spurs[root].second : spurs[root].longest;
    longest[port.link] = std::max(longest[port.link], own + std::max(other, below[root]));
  }
}

}  // namespace

std::vector<Nanoseconds> assign_routes(Plan& plan, const Graph& graph) {
  World world = make_world(plan, graph);
  const std::vector<Subnet> subnets = subnets_of(plan, graph);
  add_devices(world, subnets);
  const std::vector<Spurs> spurs = spurs_of(world);
  std::vector<Nanoseconds> longest = world.round_trip;
  for (int node = 0; node < static_cast<int>(plan.nodes.size()); ++node) {
    const bool host = world.is(node, scenario::NodeKind::host);
    if (host && graph.ports[node].size() == 1 && !plan.nodes[node].uplink) {
      // The common case, of which there are thousands: one way out, so no search.
      const auto& routers = world.routers_of[graph.segment[graph.ports[node][0].link]];
      if (routers.size() == 1) {
        const int gateway = routers.front();
        for (std::size_t i = 0; i < graph.ports[gateway].size(); ++i) {
          if (graph.segment[graph.ports[gateway][i].link] != graph.segment[graph.ports[node][0].link]) continue;
          plan.nodes[node].routes.push_back({{}, 0, plan.nodes[gateway].interfaces[i].address});
          break;
        }
        continue;
      }
    }
    const Tree tree = shortest_paths(world, node);
    if (!world.is(node, scenario::NodeKind::switch_)) route(plan, world, subnets, node, tree);
    if (!host) lengthen(world, spurs, tree, longest);
  }
  return longest;
}

}  // namespace geomx::lab
