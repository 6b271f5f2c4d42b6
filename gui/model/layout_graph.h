#pragma once

#include "gui/model/layout.h"

// What the layouts have in common. Internal to gui/model.
namespace geomx::gui {

using Neighbours = std::vector<std::vector<int>>;
using Points = std::vector<QPointF>;

Neighbours neighbours_of(const LayoutGraph& graph);  // each in order, without repetitions and loops

// A walk from a vertex over all that can be reached, near ones first.
struct Walk {
  std::vector<int> order;
  std::vector<int> parent;    // by vertex; -1: none
  std::vector<int> distance;  // by vertex, in edges; -1: not reached
};
Walk breadth_first(const Neighbours& neighbours, int from);

// Parts that nothing joins, the one with the first vertex first.
std::vector<std::vector<int>> components(const Neighbours& neighbours);

// Lays out each part by itself, and the parts side by side in rows, the largest first.
template <class LayOut>
Points by_components(const LayoutGraph& graph, const LayOut& lay_out_part);
void pack(const LayoutGraph& graph, const std::vector<std::vector<int>>& parts, Points& centers);
LayoutGraph part_of(const LayoutGraph& graph, const std::vector<int>& part);

void center(Points& points);  // about (0, 0)

inline constexpr double kLandscape = 1.5;  // width to height of a canvas, more or less

template <class LayOut>
Points by_components(const LayoutGraph& graph, const LayOut& lay_out_part) {
  const std::vector<std::vector<int>> parts = components(neighbours_of(graph));
  Points centers(graph.vertices.size());
  for (const std::vector<int>& part : parts) {
    const Points placed = lay_out_part(part_of(graph, part));
    for (std::size_t i = 0; i < part.size(); ++i) centers[static_cast<std::size_t>(part[i])] = placed[i];
  }
  if (parts.size() > 1) pack(graph, parts, centers);
  center(centers);
  return centers;
}

}  // namespace geomx::gui
