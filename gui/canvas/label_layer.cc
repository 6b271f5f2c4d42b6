#include "gui/canvas/label_layer.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>
#include <algorithm>

#include "gui/canvas/detail.h"

namespace geomx::gui {

LabelLayer::LabelLayer(const Theme& theme) : theme_(theme) {
  setZValue(10);
  setFlag(ItemUsesExtendedStyleOption);  // for the exposed part
  setAcceptedMouseButtons(Qt::NoButton);
}

QFont LabelLayer::font() const {
  QFont font = theme_.small_font();
  font.setPixelSize(std::max(1, qRound(theme_.small_pixels * type_scale_)));
  return font;
}

QSizeF LabelLayer::size_of(const QStringList& lines, bool framed) const {
  const QFontMetricsF metrics(font());
  qreal width = 0;
  for (const QString& line : lines) width = std::max(width, metrics.horizontalAdvance(line));
  const QSizeF margin = (framed ? QSizeF(12, 5) : QSizeF(4, 2)) * type_scale_;
  return QSizeF(width, metrics.height() * static_cast<qreal>(lines.size())) + margin;
}

void LabelLayer::show(std::vector<Label> labels) {
  prepareGeometryChange();
  labels_ = std::move(labels);
  bounds_ = QRectF();
  for (const Label& label : labels_) bounds_ = bounds_.united(label.rect);
  bounds_.adjust(-2, -2, 2, 2);
  update();
}

void LabelLayer::rewrite(std::size_t index, const QStringList& lines, bool warns) {
  Label& label = labels_[index];
  if (label.lines == lines && label.warns == warns) return;
  label.lines = lines;
  label.warns = warns;
  update(label.rect);
}

void LabelLayer::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* /*widget*/) {
  if (detail_of(*painter) == Detail::outlines) return;
  painter->setFont(font());
  const QFontMetricsF metrics(painter->font());
  const QRectF exposed = option->exposedRect;
  QColor ground = theme_.canvas;
  ground.setAlphaF(0.92F);
  for (const Label& label : labels_) {
    if (!label.rect.intersects(exposed)) continue;
    QRectF rect = label.rect;
    if (label.framed) {
      painter->setPen(Qt::NoPen);
      painter->setBrush(ground);
      painter->drawRoundedRect(rect, 5 * type_scale_, 5 * type_scale_);
    }
    painter->setPen(label.warns ? theme_.bad : label.framed ? theme_.text_muted : theme_.text);
    qreal top = rect.top() + (rect.height() - metrics.height() * static_cast<qreal>(label.lines.size())) / 2;
    for (const QString& line : label.lines) {
      painter->drawText(QRectF(rect.left(), top, rect.width(), metrics.height()), Qt::AlignCenter | Qt::TextSingleLine,
                        line);
      top += metrics.height();
    }
  }
}

}  // namespace geomx::gui
