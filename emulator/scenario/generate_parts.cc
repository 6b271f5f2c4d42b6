#include "emulator/scenario/generate_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "emulator/base/error.h"

namespace geomx::scenario {

void require_range(const char* option, int value, int min, int max) {
  if (value >= min && value <= max) return;
  throw InputError(option, fmt::format("{} is out of range", value), fmt::format("{} to {}", min, max));
}

void require_above(const char* option, double value, double above, double max) {
  if (value > above && value <= max) return;
  throw InputError(option, fmt::format("{} is out of range", value), fmt::format("above {}, at most {}", above, max));
}

int share_of(int hosts, int sites, int site) {
  return hosts / sites + (site < hosts % sites ? 1 : 0);
}

void add_node(Scenario& scenario, const std::string& name, NodeKind kind) {
  Node node;
  node.name = name;
  node.kind = kind;
  scenario.topology.nodes.push_back(std::move(node));
}

void add_link(Scenario& scenario, const std::string& a, const std::string& b, const LinkProperties& both) {
  Link link;
  link.name = a + "--" + b;
  link.ends[0] = a;
  link.ends[1] = b;
  link.forward = link.backward = both;
  scenario.topology.links.push_back(std::move(link));
}

Nanoseconds fibre_delay(double km) {
  constexpr double kKmPerStep = 2;
  const auto steps = std::max<std::int64_t>(1, std::llround(km / kKmPerStep));
  return std::chrono::microseconds(10 * steps);
}

}  // namespace geomx::scenario
