#include <algorithm>

#include "gui/model/layout_graph.h"

namespace geomx::gui {
namespace {

constexpr double kColumnGap = 32;
constexpr double kRowGap = 72;

// The middle of a longest shortest path; of a tree, its center.
int middle_of(const Neighbours& neighbours) {
  const int one_end = breadth_first(neighbours, 0).order.back();
  const Walk walk = breadth_first(neighbours, one_end);
  int at = walk.order.back();
  const int half = walk.distance[static_cast<std::size_t>(at)] / 2;
  for (int i = 0; i < half; ++i) at = walk.parent[static_cast<std::size_t>(at)];
  return at;
}

Points lay_out_part(const LayoutGraph& graph) {
  const Neighbours neighbours = neighbours_of(graph);
  const Walk walk = breadth_first(neighbours, middle_of(neighbours));
  const std::size_t count = graph.vertices.size();
  std::vector<std::vector<std::size_t>> children(count);
  double column = 0;
  std::vector<double> row_heights;
  for (const int vertex : walk.order) {
    const auto i = static_cast<std::size_t>(vertex);
    column = std::max(column, graph.vertices[i].size.width() + kColumnGap);
    const auto depth = static_cast<std::size_t>(walk.distance[i]);
    if (row_heights.size() <= depth) row_heights.resize(depth + 1);
    row_heights[depth] = std::max(row_heights[depth], graph.vertices[i].size.height());
    if (walk.parent[i] >= 0) children[static_cast<std::size_t>(walk.parent[i])].push_back(i);
  }

  // Leaves from left to right, in the order in which one reads them; whoever has children is above their middle.
  Points points(count);
  std::vector<std::size_t> open{static_cast<std::size_t>(walk.order.front())};
  double next = 0;
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    if (children[at].empty()) {
      points[at].setX(next);
      next += column;
    }
    open.insert(open.end(), children[at].rbegin(), children[at].rend());
  }
  for (auto vertex = walk.order.rbegin(); vertex != walk.order.rend(); ++vertex) {
    const std::vector<std::size_t>& below = children[static_cast<std::size_t>(*vertex)];
    if (below.empty()) continue;
    points[static_cast<std::size_t>(*vertex)].setX((points[below.front()].x() + points[below.back()].x()) / 2);
  }

  std::vector<double> rows{0};
  for (std::size_t depth = 1; depth < row_heights.size(); ++depth) {
    rows.push_back(rows.back() + (row_heights[depth - 1] + row_heights[depth]) / 2 + kRowGap);
  }
  for (std::size_t i = 0; i < count; ++i) points[i].setY(rows[static_cast<std::size_t>(walk.distance[i])]);
  return points;
}

}  // namespace

std::vector<QPointF> lay_out_tree(const LayoutGraph& graph) {
  return by_components(graph, lay_out_part);
}

}  // namespace geomx::gui
