#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

// Topologies by recipe. Pure: the same arguments give the same scenario, which is valid as long as the properties of
// its links are. All throw InputError where a number is out of range.
namespace geomx::scenario {

// Networks of sites: each site is a data center dc1, dc2, ... with its share of the hosts, and links between the sites
// have `link`'s properties.
struct SiteOptions {
  int hosts = 0;
  int sites = 0;  // 0: as many as hosts
  LinkProperties link;
};
Scenario generate_linear(const SiteOptions& options);  // dc1 - dc2 - ... - dcN
Scenario generate_ring(const SiteOptions& options);    // the same, closed; at least 3 sites
Scenario generate_mesh(const SiteOptions& options);    // every two sites joined

// Sites strewn over a square, each two joined with probability beta * exp(-d / (alpha * L)), where d is their distance
// and L the largest one; then, while there are parts that no link joins, the two nearest sites of different parts.
// Delays are those of light in fibre, unless `link` has one. B. M. Waxman, "Routing of multipoint connections", IEEE
// JSAC 6(9), 1988.
struct WaxmanOptions {
  SiteOptions sites;
  std::uint64_t seed = 1;
  double alpha = 0.4;     // the larger, the more long links: (0, 10]
  double beta = 0.6;      // the larger, the more links: (0, 1]
  double span_km = 3000;  // the square's side: (0, 20000]
};
Scenario generate_waxman(const WaxmanOptions& options);

// Hosts h1, h2, ... on one switch; `link` is each host's.
Scenario generate_star(int hosts, const LinkProperties& link);

// Hosts are the leaves of a tree of routers r1, r2, ... (r1 is the root), of which each has `fanout` children, the last
// ones fewer; `link` is every link's.
Scenario generate_tree(int hosts, int fanout, const LinkProperties& link);

// The k-ary fat tree: (k/2)^2 core routers and k pods of k/2 aggregation and k/2 edge routers, each edge with k/2
// hosts, filled in order. k = 0: the smallest with room for the hosts. Routes are shortest paths, one per destination:
// traffic does not spread over the equal ones. M. Al-Fares, A. Loukissas, A. Vahdat, "A scalable, commodity data center
// network architecture", SIGCOMM 2008.
Scenario generate_fat_tree(int hosts, int k, const LinkProperties& link);

// A real network (wan_maps.h): a data center per site, named after its city. Properties that `link` lacks are the
// map's: capacities, and delays of light in fibre along great circles.
Scenario generate_wan(const std::string& map, int hosts /* 0: one per site */, const LinkProperties& link);

}  // namespace geomx::scenario
