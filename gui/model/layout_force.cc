#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_map>

#include "gui/model/layout_graph.h"

namespace geomx::gui {
namespace {

constexpr double kGap = 24;

double length(QPointF vector) {
  return std::hypot(vector.x(), vector.y());
}

// The vertices of one connected part as bodies that repel each other, with springs between those that are joined.
class Springs {
 public:
  explicit Springs(const LayoutGraph& graph) : graph_(graph), forces_(graph.vertices.size()) {
    double diagonals = 0;
    for (const LayoutVertex& vertex : graph.vertices)
      diagonals += std::hypot(vertex.size.width(), vertex.size.height());
    spring_ = kSpringPerDiagonal * diagonals / static_cast<double>(graph.vertices.size());
    start();
  }

  Points settle() {
    const auto count = static_cast<double>(graph_.vertices.size());
    const int steps = static_cast<int>(std::clamp(kWork / count, 60.0, 300.0));
    const double hottest = spring_ * std::sqrt(count) / 4;
    for (int step = 0; step < steps; ++step) move(hottest * (1 - static_cast<double>(step) / steps));
    return points_;
  }

 private:
  static constexpr double kSpringPerDiagonal = 1.6;
  static constexpr double kWork = 60'000;  // vertices times steps

  // On a spiral, in the order of a walk: what is joined begins near each other, and no two begin in one place.
  void start() {
    const double turn = std::numbers::pi * (3 - std::sqrt(5.0));
    points_.resize(graph_.vertices.size());
    const Walk walk = breadth_first(neighbours_of(graph_), 0);
    for (std::size_t i = 0; i < walk.order.size(); ++i) {
      const double angle = turn * static_cast<double>(i);
      const double radius = spring_ * std::sqrt(static_cast<double>(i));
      points_[static_cast<std::size_t>(walk.order[i])] = {radius * std::cos(angle), radius * std::sin(angle)};
    }
  }

  static std::int64_t cell_key(std::int64_t x, std::int64_t y) { return x * 1'000'003 + y; }

  // Among what is in the same cell of a grid or a neighbouring one: further away it does not count.
  void repel() {
    const double cell = 2 * spring_;
    const auto column = [cell](double x) { return static_cast<std::int64_t>(std::floor(x / cell)); };
    std::unordered_map<std::int64_t, std::vector<std::size_t>> cells;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      cells[cell_key(column(points_[i].x()), column(points_[i].y()))].push_back(i);
    }
    for (std::size_t i = 0; i < points_.size(); ++i) {
      for (std::int64_t dx = -1; dx <= 1; ++dx) {
        for (std::int64_t dy = -1; dy <= 1; ++dy) {
          const auto found = cells.find(cell_key(column(points_[i].x()) + dx, column(points_[i].y()) + dy));
          if (found == cells.end()) continue;
          for (const std::size_t j : found->second) repel(i, j);
        }
      }
    }
  }

  void repel(std::size_t i, std::size_t j) {
    if (i == j) return;
    const QPointF apart = points_[i] - points_[j];
    const double distance = std::max(length(apart), 0.01 * spring_);
    if (distance > 2 * spring_) return;
    forces_[i] += apart / distance * (spring_ * spring_ / distance);
  }

  void attract() {
    for (const auto& [a, b] : graph_.edges) {
      const auto from = static_cast<std::size_t>(a);
      const auto to = static_cast<std::size_t>(b);
      const QPointF apart = points_[to] - points_[from];
      const QPointF pull = apart * (length(apart) / spring_);
      forces_[from] += pull;
      forces_[to] -= pull;
    }
  }

  void move(double most) {
    std::fill(forces_.begin(), forces_.end(), QPointF());
    repel();
    attract();
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const double force = length(forces_[i]);
      if (force > 0) points_[i] += forces_[i] / force * std::min(force, most);
    }
  }

  const LayoutGraph& graph_;
  double spring_ = 0;
  Points points_;
  Points forces_;
};

// The principal axis of the points, by their second moments, becomes horizontal.
void lay_across(Points& points) {
  QPointF middle;
  for (const QPointF& point : points) middle += point / static_cast<double>(points.size());
  for (QPointF& point : points) point -= middle;
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const QPointF& point : points) {
    xx += point.x() * point.x();
    xy += point.x() * point.y();
    yy += point.y() * point.y();
  }
  const double angle = std::atan2(2 * xy, xx - yy) / 2;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  for (QPointF& point : points) {
    point = {cosine * point.x() + sine * point.y(), cosine * point.y() - sine * point.x()};
  }
}

// What is less wide than a screen becomes wider, up to a half, and as much less high.
void widen(Points& points) {
  const auto [left, right] = std::minmax_element(points.begin(), points.end(),
                                                 [](const QPointF& a, const QPointF& b) { return a.x() < b.x(); });
  const auto [top, bottom] = std::minmax_element(points.begin(), points.end(),
                                                 [](const QPointF& a, const QPointF& b) { return a.y() < b.y(); });
  const double width = right->x() - left->x();
  const double height = bottom->y() - top->y();
  if (width <= 0 || height <= 0) return;
  const double stretch = std::clamp(std::sqrt(kLandscape * height / width), 1.0, kLandscape);
  for (QPointF& point : points) point = {point.x() * stretch, point.y() / stretch};
}

}  // namespace

std::vector<QPointF> lay_out_force(const LayoutGraph& graph) {
  return by_components(graph, [](const LayoutGraph& part) {
    Points points = Springs(part).settle();
    lay_across(points);
    widen(points);
    remove_overlaps(part, points, kGap);
    return points;
  });
}

}  // namespace geomx::gui
