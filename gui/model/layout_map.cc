#include <algorithm>
#include <cmath>
#include <numbers>

#include "gui/model/layout_graph.h"

namespace geomx::gui {
namespace {

constexpr double kWidth = 1400;  // of the picture
constexpr double kBeside = 110;  // from a place to who stands beside it

// The meridian at which the map is cut: in the middle of the widest gap without a place.
double cut_of(std::vector<double> longitudes) {
  std::sort(longitudes.begin(), longitudes.end());
  double cut = longitudes.front();
  double widest = longitudes.front() + 360 - longitudes.back();
  for (std::size_t i = 1; i < longitudes.size(); ++i) {
    if (longitudes[i] - longitudes[i - 1] <= widest) continue;
    widest = longitudes[i] - longitudes[i - 1];
    cut = longitudes[i];
  }
  return cut;
}

}  // namespace

std::vector<QPointF> lay_out_map(const LayoutGraph& graph) {
  std::vector<double> longitudes;
  double latitudes = 0;
  for (const LayoutVertex& vertex : graph.vertices) {
    if (!vertex.place) continue;
    longitudes.push_back(vertex.place->x());
    latitudes += vertex.place->y();
  }
  if (longitudes.empty()) return lay_out_force(graph);

  const double cut = cut_of(longitudes);
  const double narrowing = std::cos(latitudes / static_cast<double>(longitudes.size()) * std::numbers::pi / 180);
  Points points(graph.vertices.size());
  std::vector<bool> placed(graph.vertices.size(), false);
  double least = 0;
  double most = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!graph.vertices[i].place) continue;
    const double east = std::fmod(graph.vertices[i].place->x() - cut + 720, 360);
    points[i] = {east * narrowing, -graph.vertices[i].place->y()};
    placed[i] = true;
    least = std::min({least, points[i].y()});
    most = std::max({most, points[i].x(), points[i].y() - least});
  }
  const double scale = most > 0 ? kWidth / most : 1;
  for (QPointF& point : points) point *= scale;

  // Outwards from those that have one.
  const Neighbours neighbours = neighbours_of(graph);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (placed[i]) open.push_back(i);
  }
  for (std::size_t next = 0; next < open.size(); ++next) {
    for (const int neighbour : neighbours[open[next]]) {
      const auto i = static_cast<std::size_t>(neighbour);
      if (placed[i]) continue;
      placed[i] = true;
      points[i] = points[open[next]] + QPointF(0, kBeside);
      open.push_back(i);
    }
  }
  double below = 0;
  for (const std::size_t i : open) below = std::max(below, points[i].y());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!placed[i]) points[i] = {0, below + kBeside};
  }
  remove_overlaps(graph, points);
  center(points);
  return points;
}

std::vector<QPointF> lay_out(Layout layout, const LayoutGraph& graph) {
  switch (layout) {
    case Layout::circle:
      return lay_out_circle(graph);
    case Layout::tree:
      return lay_out_tree(graph);
    case Layout::map:
      return lay_out_map(graph);
    case Layout::force:
      break;
  }
  return lay_out_force(graph);
}

}  // namespace geomx::gui
