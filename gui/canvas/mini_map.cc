#include "gui/canvas/mini_map.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

#include "gui/canvas/canvas_view.h"

namespace geomx::gui {

MiniMap::MiniMap(CanvasView& view, QWidget* parent) : QWidget(parent), view_(view) {
  setAccessibleName(tr("Overview"));
  setToolTip(tr("The whole drawing. Click or drag to look elsewhere."));
  redraw_soon_.setSingleShot(true);
  redraw_soon_.setInterval(80);
  connect(&redraw_soon_, &QTimer::timeout, this, [this] {
    picture_ = QPixmap();
    update();
  });
  connect(&view.canvas(), &CanvasScene::rearranged, this, [this] {
    if (!redraw_soon_.isActive()) redraw_soon_.start();
  });
  connect(&view.canvas(), &CanvasScene::restyled, this, [this] { redraw_soon_.start(); });
  connect(&view, &CanvasView::looked_elsewhere, this, qOverload<>(&QWidget::update));
}

QTransform MiniMap::to_map() const {
  const QRectF all = view_.canvas().contents().adjusted(-60, -60, 60, 60);
  const qreal scale = std::min({width() / all.width(), height() / all.height(), 0.25});
  QTransform transform;
  transform.translate(width() / 2.0, height() / 2.0);
  transform.scale(scale, scale);
  transform.translate(-all.center().x(), -all.center().y());
  return transform;
}

void MiniMap::redraw() {
  const qreal ratio = devicePixelRatioF();
  picture_ = QPixmap(size() * ratio);
  picture_.setDevicePixelRatio(ratio);
  const CanvasScene& scene = view_.canvas();
  const Theme& theme = scene.theme();
  picture_.fill(theme.canvas);
  QPainter painter(&picture_);
  painter.setRenderHint(QPainter::Antialiasing);
  const QTransform map = to_map();
  painter.setPen(QPen(theme.link, 0.8));
  for (const LinkLine* line : scene.links()) {
    if (line->isVisible()) painter.drawLine(map.map(line->at(0)), map.map(line->at(1)));
  }
  for (const Vertex* top : scene.tops()) {
    QRectF rect = map.mapRect(top->obstacle());
    if (rect.width() < 3) rect = QRectF(rect.center() - QPointF(1.5, 1.5), QSizeF(3, 3));
    painter.setPen(Qt::NoPen);
    painter.setBrush(top->is_box() ? mixed(theme.box, theme.text_muted, 0.35)
                                   : color_of(static_cast<const NodeVertex*>(top)->glyph(), theme));
    painter.drawRoundedRect(rect, 1.5, 1.5);
  }
}

void MiniMap::paintEvent(QPaintEvent* /*event*/) {
  if (picture_.isNull() || picture_.deviceIndependentSize() != QSizeF(size())) redraw();
  QPainter painter(this);
  painter.drawPixmap(0, 0, picture_);
  const Theme& theme = view_.canvas().theme();
  const QRectF seen = to_map().mapRect(view_.seen()).intersected(QRectF(rect()).adjusted(1, 1, -1, -1));
  QColor wash = theme.accent;
  wash.setAlphaF(0.10F);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme.accent, 1.4));
  painter.setBrush(wash);
  painter.drawRoundedRect(seen, 3, 3);
}

void MiniMap::mousePressEvent(QMouseEvent* event) {
  mouseMoveEvent(event);
}

void MiniMap::mouseMoveEvent(QMouseEvent* event) {
  if (event->buttons() & Qt::LeftButton) view_.centerOn(to_map().inverted().map(event->position()));
}

}  // namespace geomx::gui
