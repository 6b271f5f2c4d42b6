#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "emulator/scenario/generate.h"
#include "emulator/scenario/generate_parts.h"

namespace geomx::scenario {
namespace {

struct Point {
  double x = 0;
  double y = 0;
};

double distance(const Point& a, const Point& b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// [0, 1), the same on every machine: the standard's engines are specified to the bit, its distributions are not.
double uniform(std::mt19937_64& engine) {
  return static_cast<double>(engine() >> 11) * 0x1p-53;
}

// The parts of a graph, by union-find.
class Parts {
 public:
  explicit Parts(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  bool join(std::size_t a, std::size_t b) {  // false where they were one already
    const std::size_t root = find(a);
    const std::size_t other = find(b);
    parent_[other] = root;
    return root != other;
  }

 private:
  std::size_t find(std::size_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  std::vector<std::size_t> parent_;
};

struct Pair {
  std::size_t a;
  std::size_t b;
  double km;
};

}  // namespace

void add_waxman_links(Scenario& scenario, const WaxmanOptions& options) {
  require_above("--alpha", options.alpha, 0, 10);
  require_above("--beta", options.beta, 0, 1);
  require_above("--span", options.span_km, 0, 20'000);
  std::mt19937_64 engine(options.seed);
  std::vector<Point> points(scenario.topology.datacenters.size());
  for (Point& point : points) {
    point.x = options.span_km * uniform(engine);
    point.y = options.span_km * uniform(engine);
  }
  std::vector<Pair> pairs;
  for (std::size_t a = 0; a < points.size(); ++a) {
    for (std::size_t b = a + 1; b < points.size(); ++b) pairs.push_back({a, b, distance(points[a], points[b])});
  }
  if (pairs.empty()) return;
  const double largest =
      std::max_element(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.km < b.km; })->km;

  std::vector<Pair> chosen;
  std::vector<Pair> others;
  Parts parts(points.size());
  for (const Pair& pair : pairs) {
    const double probability = options.beta * std::exp(-pair.km / (options.alpha * largest));
    if (uniform(engine) < probability) {
      chosen.push_back(pair);
      parts.join(pair.a, pair.b);
    } else {
      others.push_back(pair);
    }
  }
  std::stable_sort(others.begin(), others.end(), [](const Pair& a, const Pair& b) { return a.km < b.km; });
  for (const Pair& pair : others) {
    if (parts.join(pair.a, pair.b)) chosen.push_back(pair);
  }
  for (const Pair& pair : chosen) {
    LinkProperties link = options.sites.link;
    if (!link.delay) link.delay = fibre_delay(pair.km);
    add_link(scenario, scenario.topology.datacenters[pair.a].name, scenario.topology.datacenters[pair.b].name, link);
  }
}

}  // namespace geomx::scenario
