#pragma once

#include <QPointF>
#include <QSizeF>
#include <optional>
#include <utility>
#include <vector>

// Where to draw the vertices of a graph. All pure: the same graph gives the same picture, and no two vertices overlap.
namespace geomx::gui {

enum class Layout { force, circle, tree, map };

struct LayoutVertex {
  QSizeF size{96, 64};
  std::optional<QPointF> place;  // latitude and longitude in degrees, as (longitude, latitude)
};

struct LayoutGraph {
  std::vector<LayoutVertex> vertices;
  std::vector<std::pair<int, int>> edges;  // indices; loops and repetitions do no harm
};

// Centers of the vertices in their order, about (0, 0).
std::vector<QPointF> lay_out(Layout layout, const LayoutGraph& graph);

// T. M. J. Fruchterman, E. M. Reingold, "Graph drawing by force-directed placement", Software: Practice and Experience
// 21(11), 1991; with a grid, as they propose, for the repulsion of what is near. Then it is turned so that its longest
// extent lies across and stretched to the shape of a screen, which is wider than high. Parts that nothing joins lie
// side by side.
std::vector<QPointF> lay_out_force(const LayoutGraph& graph);
// On one circle, neighbours near each other as far as a walk through the graph brings them.
std::vector<QPointF> lay_out_circle(const LayoutGraph& graph);
// Layers by distance from the vertex in the middle (of a tree, its center), children below their parents.
std::vector<QPointF> lay_out_tree(const LayoutGraph& graph);
// By latitude and longitude (equirectangular, true to scale at the mean latitude); vertices without stand beside those
// that they are joined to. As lay_out_force where none has a place.
std::vector<QPointF> lay_out_map(const LayoutGraph& graph);

// Moves overlapping boxes apart as little as it takes. `gap` is kept between them.
void remove_overlaps(const LayoutGraph& graph, std::vector<QPointF>& centers, double gap = 24);

}  // namespace geomx::gui
