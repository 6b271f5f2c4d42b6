#include <algorithm>
#include <cmath>
#include <numeric>

#include "gui/model/layout_graph.h"

namespace geomx::gui {
namespace {

// How far two boxes have to part, along x and along y, so as to keep `gap`; not positive: they do.
QPointF overlap(const LayoutGraph& graph, const Points& centers, std::size_t a, std::size_t b, double gap) {
  const QSizeF reach = (graph.vertices[a].size + graph.vertices[b].size) / 2;
  const QPointF apart = centers[b] - centers[a];
  return {reach.width() + gap - std::abs(apart.x()), reach.height() + gap - std::abs(apart.y())};
}

// One pass over all pairs that overlap, found by a sweep along x. False: there are none.
bool part_once(const LayoutGraph& graph, Points& centers, double gap) {
  constexpr double kSlack = 0.01;  // against pushing for ever by less and less
  std::vector<std::size_t> order(centers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto left = [&](std::size_t i) { return centers[i].x() - graph.vertices[i].size.width() / 2; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return left(a) < left(b); });
  bool found = false;
  const Points before = centers;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t a = order[i];
    const double right = before[a].x() + graph.vertices[a].size.width() / 2 + gap;
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      const std::size_t b = order[j];
      if (before[b].x() - graph.vertices[b].size.width() / 2 >= right) break;
      const QPointF excess = overlap(graph, centers, a, b, gap);
      if (excess.x() <= kSlack || excess.y() <= kSlack) continue;
      found = true;
      const QPointF apart = centers[b] - centers[a];
      const bool sideways = excess.x() < excess.y();
      const double push = (sideways ? excess.x() : excess.y()) / 2 + kSlack;
      const bool ahead = sideways ? apart.x() >= 0 : apart.y() >= 0;
      const QPointF step = (sideways ? QPointF(push, 0) : QPointF(0, push)) * (ahead ? 1 : -1);
      centers[a] -= step;
      centers[b] += step;
    }
  }
  return found;
}

}  // namespace

void remove_overlaps(const LayoutGraph& graph, std::vector<QPointF>& centers, double gap) {
  // A crowd needs room: it is spread a little whenever pushing alone does not do.
  constexpr int kPassesPerSpread = 20;
  constexpr double kSpread = 1.1;
  for (int pass = 1; part_once(graph, centers, gap); ++pass) {
    if (pass % kPassesPerSpread != 0) continue;
    for (QPointF& point : centers) point *= kSpread;
  }
}

}  // namespace geomx::gui
