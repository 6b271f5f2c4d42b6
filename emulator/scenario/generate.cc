#include "emulator/scenario/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/base/error.h"
#include "emulator/scenario/generate_parts.h"

namespace geomx::scenario {
namespace {

constexpr int kMostMeshed = 200;  // sites: 19900 links
constexpr int kMostOnSwitch = 1023;

Scenario named(std::string name, std::string description) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.description = std::move(description);
  return scenario;
}

std::string site_name(int site) {
  return fmt::format("dc{}", site + 1);
}

int number_of_sites(const SiteOptions& options, int least, int most) {
  require_range("--hosts", options.hosts, 1, kMostGenerated);
  const int sites = options.sites == 0 ? options.hosts : options.sites;
  require_range(options.sites == 0 ? "--hosts" : "--sites", sites, least, most);
  return sites;
}

void add_sites(Scenario& scenario, int sites, int hosts) {
  for (int site = 0; site < sites; ++site) {
    Datacenter datacenter;
    datacenter.name = site_name(site);
    datacenter.hosts = share_of(hosts, sites, site);
    scenario.topology.datacenters.push_back(std::move(datacenter));
  }
}

Scenario chain(const char* kind, const SiteOptions& options, int least) {
  const int sites = number_of_sites(options, least, kMostGenerated);
  Scenario scenario = named(kind, fmt::format("A {} of {} sites.", kind, sites));
  add_sites(scenario, sites, options.hosts);
  for (int site = 1; site < sites; ++site) add_link(scenario, site_name(site - 1), site_name(site), options.link);
  return scenario;
}

}  // namespace

Scenario generate_linear(const SiteOptions& options) {
  return chain("linear", options, 1);
}

Scenario generate_ring(const SiteOptions& options) {
  Scenario scenario = chain("ring", options, 3);
  const auto& sites = scenario.topology.datacenters;
  add_link(scenario, sites.back().name, sites.front().name, options.link);
  return scenario;
}

Scenario generate_mesh(const SiteOptions& options) {
  const int sites = number_of_sites(options, 1, kMostMeshed);
  Scenario scenario = named("mesh", fmt::format("A full mesh of {} sites.", sites));
  add_sites(scenario, sites, options.hosts);
  for (int a = 0; a < sites; ++a) {
    for (int b = a + 1; b < sites; ++b) add_link(scenario, site_name(a), site_name(b), options.link);
  }
  return scenario;
}

Scenario generate_star(int hosts, const LinkProperties& link) {
  require_range("--hosts", hosts, 1, kMostOnSwitch);
  Scenario scenario = named("star", fmt::format("{} hosts on one switch.", hosts));
  add_node(scenario, "s1", NodeKind::switch_);
  for (int host = 1; host <= hosts; ++host) {
    const std::string name = fmt::format("h{}", host);
    add_node(scenario, name, NodeKind::host);
    add_link(scenario, name, "s1", link);
  }
  return scenario;
}

Scenario generate_tree(int hosts, int fanout, const LinkProperties& link) {
  require_range("--hosts", hosts, 1, kMostGenerated);
  require_range("--fanout", fanout, 2, kMostOnSwitch);
  Scenario scenario = named("tree", fmt::format("{} hosts below a tree of routers, {} children each.", hosts, fanout));
  // From the leaves up: how many routers each level needs.
  std::vector<int> levels{(hosts + fanout - 1) / fanout};
  while (levels.back() > 1) levels.push_back((levels.back() + fanout - 1) / fanout);
  std::reverse(levels.begin(), levels.end());
  const auto router = [](int number) { return fmt::format("r{}", number + 1); };
  int first = 0;  // of this level
  for (std::size_t level = 0; level < levels.size(); ++level) {
    for (int i = 0; i < levels[level]; ++i) {
      add_node(scenario, router(first + i), NodeKind::router);
      if (level > 0) add_link(scenario, router(first - levels[level - 1] + i / fanout), router(first + i), link);
    }
    first += levels[level];
  }
  for (int host = 0; host < hosts; ++host) {
    const std::string name = fmt::format("h{}", host + 1);
    add_node(scenario, name, NodeKind::host);
    add_link(scenario, router(first - levels.back() + host / fanout), name, link);
  }
  return scenario;
}

Scenario generate_fat_tree(int hosts, int k, const LinkProperties& link) {
  constexpr int kLargest = 34;  // 9826 hosts
  require_range("--hosts", hosts, 1, kLargest * kLargest * kLargest / 4);
  if (k == 0) {
    for (k = 2; k * k * k / 4 < hosts; k += 2) {
    }
  }
  require_range("--k", k, 2, kLargest);
  if (k % 2 != 0) throw InputError("--k", fmt::format("{} is odd", k), "a fat tree halves it: give an even number");
  if (k * k * k / 4 < hosts) {
    throw InputError("--hosts", fmt::format("a fat tree of k = {} has room for {}", k, k * k * k / 4));
  }
  const int half = k / 2;
  Scenario scenario = named("fat-tree", fmt::format("{} hosts in a fat tree of k = {}.", hosts, k));
  const auto core = [](int number) { return fmt::format("core{}", number + 1); };
  for (int number = 0; number < half * half; ++number) add_node(scenario, core(number), NodeKind::router);
  int host = 0;
  for (int pod = 0; pod < k; ++pod) {
    const auto aggregation = [&](int number) { return fmt::format("pod{}-agg{}", pod + 1, number + 1); };
    for (int number = 0; number < half; ++number) {
      add_node(scenario, aggregation(number), NodeKind::router);
      for (int up = 0; up < half; ++up) add_link(scenario, core(number * half + up), aggregation(number), link);
    }
    for (int number = 0; number < half; ++number) {
      const std::string edge = fmt::format("pod{}-edge{}", pod + 1, number + 1);
      add_node(scenario, edge, NodeKind::router);
      for (int up = 0; up < half; ++up) add_link(scenario, aggregation(up), edge, link);
      for (int down = 0; down < half && host < hosts; ++down, ++host) {
        const std::string name = fmt::format("h{}", host + 1);
        add_node(scenario, name, NodeKind::host);
        add_link(scenario, edge, name, link);
      }
    }
  }
  return scenario;
}

Scenario generate_waxman(const WaxmanOptions& options) {
  const int sites = number_of_sites(options.sites, 1, 1000);
  Scenario scenario = named("waxman", fmt::format("A random Waxman graph of {} sites: alpha {}, beta {}, seed {}.",
                                                  sites, options.alpha, options.beta, options.seed));
  add_sites(scenario, sites, options.sites.hosts);
  add_waxman_links(scenario, options);
  return scenario;
}

}  // namespace geomx::scenario
