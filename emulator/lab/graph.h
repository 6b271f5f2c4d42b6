#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "emulator/lab/plan.h"

// The plan's nodes and links by index, as the steps of make_plan see them.
namespace geomx::lab {

struct Graph {
  struct Edge {
    int node[2];
    int interface[2];  // index into the node's interfaces
  };
  // The other way round: interface i of node n is end `end` of link `link`.
  struct Port {
    int link;
    int end;
  };

  std::vector<Edge> edges;               // by link
  std::vector<std::vector<Port>> ports;  // by node, then interface

  // Broadcast domains: everything joined through switches, or the two ends of a link without one.
  std::vector<int> segment;  // by link
  int segments = 0;

  int peer(const Port& port) const { return edges[port.link].node[1 - port.end]; }
};

// REQUIRES: every end of every link names a node of the plan and one of its interfaces.
Graph make_graph(const Plan& plan);

// Gives every interface but a switch's its address and every interface its MAC. Throws InputError where a LAN has more
// members than its subnet. Those that have one (of the running lab, whose others are not used again) keep it;
// InputError where two networks that have addresses would become one, or one would become two.
void assign_addresses(Plan& plan, const Graph& graph, const Plan* running);

// Fills in routes; returns, by link, the longest round trip of any shortest path through it.
std::vector<Nanoseconds> assign_routes(Plan& plan, const Graph& graph);

void assign_neighbours(Plan& plan, const Graph& graph);

}  // namespace geomx::lab
