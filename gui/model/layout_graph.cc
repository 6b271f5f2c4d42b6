#include "gui/model/layout_graph.h"

#include <QRectF>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace geomx::gui {
namespace {

constexpr double kGap = 48;  // between parts

QRectF bounds(const LayoutGraph& graph, const std::vector<int>& part, const Points& centers) {
  QRectF all;
  for (const int vertex : part) {
    const auto i = static_cast<std::size_t>(vertex);
    const QSizeF size = graph.vertices[i].size;
    all |= QRectF(centers[i] - QPointF(size.width() / 2, size.height() / 2), size);
  }
  return all;
}

}  // namespace

Neighbours neighbours_of(const LayoutGraph& graph) {
  Neighbours neighbours(graph.vertices.size());
  for (const auto& [a, b] : graph.edges) {
    if (a == b) continue;
    neighbours[static_cast<std::size_t>(a)].push_back(b);
    neighbours[static_cast<std::size_t>(b)].push_back(a);
  }
  for (std::vector<int>& list : neighbours) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return neighbours;
}

Walk breadth_first(const Neighbours& neighbours, int from) {
  Walk walk{{from}, std::vector<int>(neighbours.size(), -1), std::vector<int>(neighbours.size(), -1)};
  walk.distance[static_cast<std::size_t>(from)] = 0;
  for (std::size_t next = 0; next < walk.order.size(); ++next) {
    const int at = walk.order[next];
    for (const int neighbour : neighbours[static_cast<std::size_t>(at)]) {
      int& distance = walk.distance[static_cast<std::size_t>(neighbour)];
      if (distance >= 0) continue;
      distance = walk.distance[static_cast<std::size_t>(at)] + 1;
      walk.parent[static_cast<std::size_t>(neighbour)] = at;
      walk.order.push_back(neighbour);
    }
  }
  return walk;
}

std::vector<std::vector<int>> components(const Neighbours& neighbours) {
  std::vector<std::vector<int>> parts;
  std::vector<bool> seen(neighbours.size(), false);
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    if (seen[i]) continue;
    parts.push_back(breadth_first(neighbours, static_cast<int>(i)).order);
    for (const int vertex : parts.back()) seen[static_cast<std::size_t>(vertex)] = true;
    std::sort(parts.back().begin(), parts.back().end());
  }
  return parts;
}

LayoutGraph part_of(const LayoutGraph& graph, const std::vector<int>& part) {
  LayoutGraph result;
  std::vector<int> index(graph.vertices.size(), -1);
  for (const int vertex : part) {
    index[static_cast<std::size_t>(vertex)] = static_cast<int>(result.vertices.size());
    result.vertices.push_back(graph.vertices[static_cast<std::size_t>(vertex)]);
  }
  for (const auto& [a, b] : graph.edges) {
    const int from = index[static_cast<std::size_t>(a)];
    const int to = index[static_cast<std::size_t>(b)];
    if (from >= 0 && to >= 0) result.edges.emplace_back(from, to);
  }
  return result;
}

void pack(const LayoutGraph& graph, const std::vector<std::vector<int>>& parts, Points& centers) {
  std::vector<QRectF> boxes;
  double area = 0;
  double widest = 0;
  for (const std::vector<int>& part : parts) {
    boxes.push_back(bounds(graph, part, centers));
    area += (boxes.back().width() + kGap) * (boxes.back().height() + kGap);
    widest = std::max(widest, boxes.back().width());
  }
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return boxes[a].height() > boxes[b].height(); });
  const double row_width = std::max(widest, std::sqrt(area * kLandscape));
  QPointF at;
  double row_height = 0;
  for (const std::size_t i : order) {
    if (at.x() > 0 && at.x() + boxes[i].width() > row_width) {
      at = QPointF(0, at.y() + row_height + kGap);
      row_height = 0;
    }
    for (const int vertex : parts[i]) centers[static_cast<std::size_t>(vertex)] += at - boxes[i].topLeft();
    at.rx() += boxes[i].width() + kGap;
    row_height = std::max(row_height, boxes[i].height());
  }
}

void center(Points& points) {
  if (points.empty()) return;
  QPointF least = points[0];
  QPointF most = points[0];
  for (const QPointF& point : points) {
    least = {std::min(least.x(), point.x()), std::min(least.y(), point.y())};
    most = {std::max(most.x(), point.x()), std::max(most.y(), point.y())};
  }
  const QPointF middle = (least + most) / 2;
  for (QPointF& point : points) point -= middle;
}

}  // namespace geomx::gui
