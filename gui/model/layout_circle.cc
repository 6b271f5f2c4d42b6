#include <algorithm>
#include <cmath>
#include <numbers>

#include "gui/model/layout_graph.h"

namespace geomx::gui {
namespace {

// Along the graph as far as it goes, then back to the last fork.
std::vector<int> depth_first(const Neighbours& neighbours) {
  std::vector<int> order;
  std::vector<bool> seen(neighbours.size(), false);
  std::vector<int> open;
  for (std::size_t start = 0; start < neighbours.size(); ++start) {
    open.push_back(static_cast<int>(start));
    while (!open.empty()) {
      const auto at = static_cast<std::size_t>(open.back());
      open.pop_back();
      if (seen[at]) continue;
      seen[at] = true;
      order.push_back(static_cast<int>(at));
      open.insert(open.end(), neighbours[at].rbegin(), neighbours[at].rend());
    }
  }
  return order;
}

}  // namespace

std::vector<QPointF> lay_out_circle(const LayoutGraph& graph) {
  constexpr double kGap = 32;
  const std::vector<int> order = depth_first(neighbours_of(graph));
  Points points(graph.vertices.size());
  if (points.size() < 2) return points;
  double widest = 0;
  for (const LayoutVertex& vertex : graph.vertices) {
    widest = std::max(widest, std::hypot(vertex.size.width(), vertex.size.height()));
  }
  const double step = 2 * std::numbers::pi / static_cast<double>(points.size());
  const double radius = (widest + kGap) / (2 * std::sin(step / 2));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double angle = step * static_cast<double>(i) - std::numbers::pi / 2;  // the first at the top
    points[static_cast<std::size_t>(order[i])] = {radius * std::cos(angle), radius * std::sin(angle)};
  }
  return points;
}

}  // namespace geomx::gui
