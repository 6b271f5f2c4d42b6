#include "gui/canvas/node_vertex.h"

#include <QFontMetricsF>
#include <cmath>

#include "gui/canvas/box_layout.h"
#include "gui/canvas/detail.h"

namespace geomx::gui {

namespace {

constexpr qreal kCaptionWidth = 82;
constexpr qreal kCaptionHeight = 24;
constexpr qreal kLeastOnScreen = 8.5;  // pixels of a caption's type
constexpr qreal kMargin = 12;          // of rings, handles and badges

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
  written_at_ = 0;  // the theme may be another
  if (caption_ == caption) return;
  prepareGeometryChange();
  caption_ = caption;
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
  return rect.united(QRectF(-kCaptionWidth / 2, kTile / 2 + 1, kCaptionWidth, kCaptionHeight));
}

QPainterPath NodeVertex::shape() const {
  QPainterPath path;
  path.addRect(body().adjusted(-4, -4, 4, 4));
  return path;
}

void NodeVertex::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const Detail detail = detail_of(*painter);
  if (detail != Detail::full && parentItem() != nullptr) return;  // its box stands for it
  paint_tile(*painter, look(), theme(), detail != Detail::outlines);
  if (detail == Detail::outlines) return;
  if (look_.hovered && !brought_along_) paint_handles(*painter);
  if (!caption_.isEmpty()) paint_caption(*painter);
}

void NodeVertex::paint_caption(QPainter& painter) {
  QFont font = theme().small_font();
  font.setPixelSize(type_size(theme().small_pixels, kLeastOnScreen, 16, scale_of(painter)));
  if (written_at_ != font.pixelSize()) {
    written_at_ = font.pixelSize();
    written_ = QFontMetricsF(font).elidedText(caption_, Qt::ElideMiddle, kCaptionWidth);
  }
  painter.setFont(font);
  painter.setPen(look_.state == NodeState::dead ? theme().text_muted : theme().text);
  const QRectF room(-kCaptionWidth / 2, kTile / 2 + 1, kCaptionWidth, QFontMetricsF(font).height());
  painter.drawText(room, Qt::AlignHCenter | Qt::AlignVCenter | Qt::TextSingleLine, written_);
}

}  // namespace geomx::gui
