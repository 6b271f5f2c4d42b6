#include "gui/canvas/vertex.h"

#include <algorithm>
#include <cmath>

namespace geomx::gui {

Vertex::Vertex(QString id, const Theme& theme, QGraphicsItem* parent)
    : QGraphicsItem(parent), id_(std::move(id)), theme_(theme) {
  setFlag(ItemIsSelectable);
}

QPointF Vertex::rim_towards(QPointF scene_point) const {
  const QPointF center = scenePos();
  const QPointF way = scene_point - center;
  const QRectF rect = body();
  if (way.isNull()) return center;
  const qreal across = way.x() == 0 ? 1e9 : rect.width() / 2 / std::abs(way.x());
  const qreal down = way.y() == 0 ? 1e9 : rect.height() / 2 / std::abs(way.y());
  return center + rect.center() + way * std::min({across, down, 1.0});
}

bool Vertex::is_on_rim(QPointF scene_point, qreal scale) const {
  const QRectF rect = obstacle();
  const qreal outer = 7 / std::max(scale, 0.3);
  const qreal inner = std::min(outer, std::min(rect.width(), rect.height()) * 0.2);
  return rect.adjusted(-outer, -outer, outer, outer).contains(scene_point) &&
         !rect.adjusted(inner, inner, -inner, -inner).contains(scene_point);
}

void Vertex::set_hovered(bool hovered) {
  if (look_.hovered == hovered) return;
  look_.hovered = hovered;
  update();
}

void Vertex::set_target(bool target) {
  if (look_.target == target) return;
  look_.target = target;
  update();
}

void Vertex::set_found(bool found) {
  if (look_.found == found) return;
  look_.found = found;
  update();
}

void Vertex::set_state(NodeState state) {
  if (look_.state == state) return;
  look_.state = state;
  update();
}

TileLook Vertex::look() const {
  TileLook look = look_;
  look.selected = isSelected();
  return look;
}

void Vertex::paint_handles(QPainter& painter) const {
  const QRectF rect = body();
  painter.setPen(QPen(theme_.surface, 1.5));
  painter.setBrush(theme_.accent);
  for (const QPointF& point : {QPointF(rect.center().x(), rect.top()), QPointF(rect.center().x(), rect.bottom()),
                               QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y())}) {
    painter.drawEllipse(point, 4.2, 4.2);
  }
}

}  // namespace geomx::gui
