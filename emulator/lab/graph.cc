#include "emulator/lab/graph.h"

#include <numeric>

#include "emulator/base/error.h"

namespace geomx::lab {
namespace {

// Union-find over switches; finds loops on the way.
class Domains {
 public:
  explicit Domains(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), 0); }
  int find(int x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  bool join(int a, int b) {  // false where they were one already
    a = find(a);
    b = find(b);
    parent_[b] = a;
    return a != b;
  }

 private:
  std::vector<int> parent_;
};

}  // namespace

Graph make_graph(const Plan& plan) {
  Graph graph;
  std::unordered_map<std::string, int> index;
  graph.ports.resize(plan.nodes.size());
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    index[plan.nodes[n].name] = static_cast<int>(n);
    graph.ports[n].resize(plan.nodes[n].interfaces.size());
  }
  std::vector<std::size_t> next(plan.nodes.size());
  for (std::size_t l = 0; l < plan.links.size(); ++l) {
    Graph::Edge edge{};
    for (int end = 0; end < 2; ++end) {
      const int node = index.at(plan.links[l].ends[end].node);
      edge.node[end] = node;
      edge.interface[end] = static_cast<int>(next[node]++);  // interfaces were named in the order of links
      graph.ports[node][edge.interface[end]] = {static_cast<int>(l), end};
    }
    graph.edges.push_back(edge);
  }

  const auto is_switch = [&](int node) { return lab::is_switch(plan.nodes[node]); };
  Domains domains(plan.nodes.size());
  for (std::size_t l = 0; l < graph.edges.size(); ++l) {
    const auto& [node, interface] = graph.edges[l];
    if (is_switch(node[0]) && is_switch(node[1]) && !domains.join(node[0], node[1])) {
      throw InputError(plan.links[l].name, "closes a loop of switches, in which frames would circle for ever",
                       "remove one of its links, or make one of the switches a router");
    }
  }
  std::unordered_map<int, int> numbers;
  for (const auto& edge : graph.edges) {
    const int shared = is_switch(edge.node[0]) ? edge.node[0] : is_switch(edge.node[1]) ? edge.node[1] : -1;
    if (shared < 0) {
      graph.segment.push_back(graph.segments++);
      continue;
    }
    const auto [it, fresh] = numbers.try_emplace(domains.find(shared), graph.segments);
    if (fresh) ++graph.segments;
    graph.segment.push_back(it->second);
  }
  return graph;
}

}  // namespace geomx::lab
