#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/lab/graph.h"
#include "emulator/lab/plan.h"
#include "emulator/sandbox/node_view.h"

// Routers that learn their routes: FRRouting's daemons, one set per router, in its network namespace and with folders
// of their own in place of the machine's /etc/frr, /var/run/frr and /var/tmp/frr.
namespace geomx::lab {

// Fills in the configuration of every router's ospfd or bgpd; pure. OSPF: one area, a link's cost is its delay in units
// of 0.1 ms, and one more, so that the shortest paths are those of static routing. BGP: every router an AS of its own
// that tells its neighbours of the networks it is on.
void assign_frr(Plan& plan, const Graph& graph);

// What a router has more than the node would have otherwise.
void add_frr(sandbox::NodeView& view, const Plan& plan, const PlannedNode& node);
// Runs as long as the router's ospfd or bgpd does.
std::vector<std::string> frr_command(const Plan& plan);

// The folder of its daemons; none: it is not installed.
std::optional<std::string> find_frr();

}  // namespace geomx::lab
