#include "gui/canvas/node_vertex.h"

#include <QFontMetricsF>
#include <cmath>

#include "gui/canvas/box_layout.h"
#include "gui/canvas/detail.h"

namespace geomx::gui {

namespace {

constexpr qreal kCaptionWidth = 82;
constexpr qreal kMargin = 12;  // of rings, handles and badges

}  // namespace

NodeVertex::NodeVertex(QString id, Glyph glyph, const Theme& theme, QGraphicsItem* box)
    : Vertex(std::move(id), theme, box), glyph_(glyph) {
  look_.glyph = glyph;
}

void NodeVertex::set_glyph(Glyph glyph) {
  if (glyph_ == glyph) return;
  prepareGeometryChange();
  glyph_ = glyph;
  look_.glyph = glyph;
  update();
}

void NodeVertex::set_caption(const QString& caption) {
  const QString written = QFontMetricsF(theme().small_font()).elidedText(caption, Qt::ElideMiddle, kCaptionWidth);
  if (caption_ == caption && written_ == written) return;
  prepareGeometryChange();
  caption_ = caption;
  written_ = written;
  update();
}

QPointF NodeVertex::rim_towards(QPointF scene_point) const {
  if (glyph_ != Glyph::router && glyph_ != Glyph::gateway) return Vertex::rim_towards(scene_point);
  const QPointF way = scene_point - scenePos();
  const qreal length = std::hypot(way.x(), way.y());
  return length == 0 ? scenePos() : scenePos() + way * (body().width() / 2 / length);
}

QRectF NodeVertex::boundingRect() const {
  QRectF rect = body().adjusted(-kMargin, -kMargin, kMargin, kMargin);
  if (caption_.isEmpty()) return rect;
  const qreal height = theme().small_pixels * 1.5;
  return rect.united(QRectF(-kCaptionWidth / 2, body().bottom() + 2, kCaptionWidth, height));
}

QPainterPath NodeVertex::shape() const {
  QPainterPath path;
  path.addRect(body().adjusted(-4, -4, 4, 4));
  return path;
}

void NodeVertex::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const Detail detail = detail_of(*painter);
  paint_tile(*painter, look(), theme(), detail != Detail::outlines);
  if (detail == Detail::outlines) return;
  if (look_.hovered && !brought_along_) paint_handles(*painter);
  if (detail != Detail::full || written_.isEmpty()) return;
  painter->setFont(theme().small_font());
  painter->setPen(look_.state == NodeState::dead ? theme().text_muted : theme().text);
  const QRectF room(-kCaptionWidth / 2, kTile / 2 + 1, kCaptionWidth, theme().small_pixels * 1.5);
  painter->drawText(room, Qt::AlignHCenter | Qt::AlignVCenter | Qt::TextSingleLine, written_);
}

}  // namespace geomx::gui
