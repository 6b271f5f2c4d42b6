// Which names and figures the scene shows, and where.
#include <QFontMetricsF>
#include <algorithm>

#include "gui/canvas/canvas_scene.h"
#include "gui/canvas/detail.h"
#include "gui/canvas/figures.h"
#include "gui/canvas/label_layout.h"

namespace geomx::gui {

namespace {

// Beside a free node: below it, above, to its right, to its left.
std::vector<QPointF> places_beside(const QRectF& body, QSizeF size) {
  const QPointF c = body.center();
  const qreal down = (body.height() + size.height()) / 2 + 1;
  const qreal aside = (body.width() + size.width()) / 2 + 3;
  return {c + QPointF(0, down), c - QPointF(0, down), c + QPointF(aside, 0), c - QPointF(aside, 0)};
}

// Upon the line; else beside it.
std::vector<QPointF> places_along(const LinkLine& line, QSizeF size) {
  std::vector<QPointF> places;
  for (const qreal part : {0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74}) places.push_back(line.at(part));
  for (const qreal part : {0.5, 0.4, 0.6}) {
    for (const qreal side : {0.55, -0.55}) places.push_back(line.at(part) + QPointF(side * size.width(), 0));
  }
  return places;
}

// Live figures change all the time: their label has room for the widest, so that it need not move.
QStringList widest_figures() {
  const DirectionState state{.utilisation = 1, .bits_per_second = 888.8e6, .loss = 0.88};
  const QString line = QStringLiteral("\u2192 ") + Figures::rate_and_loss(state);
  return {line, line};
}

}  // namespace

void CanvasScene::relabel() {
  relabel_soon_.stop();
  labels_->set_type_scale(1 / std::clamp(zoom_, 0.01, 1.0));
  if (detail_at(zoom_) == Detail::outlines) {
    label_of_.clear();
    labels_->show({});
    return;
  }
  std::vector<QRectF> obstacles;
  std::vector<LabelWish> wishes;
  std::vector<LabelLayer::Label> labels;
  std::vector<const LinkLine*> owners;
  for (const Vertex* top : tops_) {
    obstacles.push_back(top->obstacle());
    if (top->is_box()) continue;
    const QStringList lines{top->id()};
    const QSizeF size = labels_->size_of(lines, false);
    wishes.push_back({size, places_beside(top->obstacle(), size)});
    labels.push_back({{}, lines, false, false});
    owners.push_back(nullptr);
  }
  const QSizeF live = labels_->size_of(widest_figures(), true);
  for (const LinkLine* line : ordered_links_) {
    const QStringList lines = line->label();
    if (lines.isEmpty() || !line->isVisible()) continue;
    const QSizeF size = line->state() && line->state()->up ? live : labels_->size_of(lines, true);
    wishes.push_back({size, places_along(*line, size)});
    labels.push_back({{}, lines, true, line->label_warns()});
    owners.push_back(line);
  }
  const std::vector<std::optional<QRectF>> placed = place_labels(wishes, obstacles);
  std::vector<LabelLayer::Label> shown;
  label_of_.clear();
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (!placed[i]) continue;
    labels[i].rect = *placed[i];
    if (owners[i] != nullptr) label_of_[owners[i]] = shown.size();
    shown.push_back(std::move(labels[i]));
  }
  labels_->show(std::move(shown));
}

void CanvasScene::set_zoom(qreal zoom) {
  if (zoom == zoom_) return;
  zoom_ = zoom;
  relabel_soon_.start();
}

}  // namespace geomx::gui
