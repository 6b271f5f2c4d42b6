#include "gui/canvas/canvas_view.h"

#include <QScrollBar>
#include <algorithm>

#include "gui/canvas/detail.h"
#include "gui/canvas/gesture.h"

namespace geomx::gui {

namespace {

constexpr qreal kLeast = 0.04;
constexpr qreal kMost = 4;

Glyph glyph_of_kind(ItemKind kind) {
  switch (kind) {
    case ItemKind::datacenter:
      return Glyph::datacenter;
    case ItemKind::router:
      return Glyph::router;
    case ItemKind::switch_:
      return Glyph::switch_;
    default:
      return Glyph::host;
  }
}

}  // namespace

CanvasView::CanvasView(CanvasScene& scene, QWidget* parent)
    : QGraphicsView(&scene, parent), scene_(scene), commands_(scene) {
  setRenderHint(QPainter::Antialiasing);
  setOptimizationFlag(DontAdjustForAntialiasing);
  setViewportUpdateMode(MinimalViewportUpdate);
  setTransformationAnchor(NoAnchor);
  setResizeAnchor(NoAnchor);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setFrameShape(NoFrame);
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Canvas"));
  connect(&commands_, &CanvasCommands::refused, this, &CanvasView::refused);
  connect(&scene, &CanvasScene::rearranged, this, &CanvasView::adjust_scene_rect);
  adjust_scene_rect();
}

CanvasView::~CanvasView() = default;

QRectF CanvasView::seen() const {
  return mapToScene(viewport()->rect()).boundingRect();
}

QPointF CanvasView::middle() const {
  return seen().center();
}

// As far as one can pan: a screen beyond what is drawn. It never shrinks under a drag.
void CanvasView::adjust_scene_rect() {
  const QSizeF screen = QSizeF(viewport()->size()) / zoom();
  QRectF room = scene_.contents().adjusted(-screen.width(), -screen.height(), screen.width(), screen.height());
  room = room.united(QRectF(-screen.width(), -screen.height(), 2 * screen.width(), 2 * screen.height()));
  if (gesture_ || sceneRect().isNull()) room = room.united(sceneRect());
  if (sceneRect().contains(room) && sceneRect().width() < 2 * room.width()) return;
  const QPointF center = middle();
  setSceneRect(room);
  centerOn(center);
}

void CanvasView::set_zoom(qreal zoom) {
  zoom = std::clamp(zoom, kLeast, kMost);
  if (qFuzzyCompare(zoom, this->zoom())) return;
  const QPointF center = middle();
  setTransform(QTransform::fromScale(zoom, zoom));
  scene_.set_zoom(zoom);
  adjust_scene_rect();
  centerOn(center);
  emit looked_elsewhere();
}

void CanvasView::zoom_by(qreal factor) {
  set_zoom(zoom() * factor);
}

void CanvasView::zoom_to_fit() {
  if (scene_.contents().isEmpty()) return;
  const qreal margin = 36;
  // The room that names take in the scene depends on the zoom.
  for (int i = 0; i < 3; ++i) {
    const QRectF all = scene_.contents();
    set_zoom(
        std::min({1.0, (viewport()->width() - margin) / all.width(), (viewport()->height() - margin) / all.height()}));
    scene_.relabel();
  }
  adjust_scene_rect();
  centerOn(scene_.contents().center());
  emit looked_elsewhere();
}

void CanvasView::zoom_to_selection() {
  QRectF all;
  for (const QGraphicsItem* item : scene_.selectedItems()) all = all.united(item->sceneBoundingRect());
  if (all.isEmpty()) {
    zoom_to_fit();
    return;
  }
  const qreal margin = 120;
  set_zoom(
      std::min({1.5, viewport()->width() / (all.width() + margin), viewport()->height() / (all.height() + margin)}));
  centerOn(all.center());
  emit looked_elsewhere();
}

bool CanvasView::reveal(const QString& id) {
  QGraphicsItem* item = scene_.vertex(id);
  QString shown = id;
  if (item == nullptr) item = scene_.link(id);
  if (item == nullptr) {  // in a box that is collapsed
    for (const DatacenterItem& datacenter : scene_.model().datacenters()) {
      if (datacenter.hosts.contains(id)) shown = datacenter.id;
    }
    if (const NodeItem* node = scene_.model().node(id)) shown = node->datacenter;
    item = scene_.vertex(shown);
  }
  if (item == nullptr) return false;
  scene_.select({shown});
  if (zoom() < 0.6) set_zoom(0.9);
  centerOn(item->sceneBoundingRect().center());
  emit looked_elsewhere();
  return true;
}

Vertex* CanvasView::vertex_at(QPointF scene_point) const {
  const std::vector<Vertex*>& tops = scene_.tops();
  for (auto top = tops.rbegin(); top != tops.rend(); ++top) {
    if (!(*top)->obstacle().contains(scene_point)) continue;
    if ((*top)->is_box() && !static_cast<BoxVertex*>(*top)->is_collapsed()) {
      for (const auto& [name, member] : static_cast<BoxVertex*>(*top)->members()) {
        if (member->obstacle().contains(scene_point)) return member;
      }
    }
    return *top;
  }
  for (auto top = tops.rbegin(); top != tops.rend(); ++top) {
    if ((*top)->is_on_rim(scene_point, zoom())) return *top;
  }
  return nullptr;
}

LinkLine* CanvasView::link_at(QPointF scene_point) const {
  for (LinkLine* line : scene_.links()) {
    if (line->isVisible() && line->boundingRect().contains(scene_point) && line->contains(scene_point)) return line;
  }
  return nullptr;
}

Vertex* CanvasView::connectable_at(QPointF scene_point) const {
  Vertex* vertex = vertex_at(scene_point);
  if (vertex == nullptr || vertex->is_box()) return vertex;
  return static_cast<NodeVertex*>(vertex)->is_brought_along() ? CanvasScene::top_of(vertex) : vertex;
}

void CanvasView::show_ghost(ItemKind kind, std::optional<QPoint> at) {
  ghost_.reset();
  if (at && viewport()->rect().contains(*at)) ghost_ = Ghost{kind, mapToScene(*at)};
  viewport()->update();
}

bool CanvasView::drop(ItemKind kind, QPoint at) {
  show_ghost(kind, std::nullopt);
  if (!viewport()->rect().contains(at)) return false;
  commands_.add(kind, mapToScene(at), true);
  setFocus();
  return true;
}

void CanvasView::set_hint(const QString& hint) {
  hint_ = hint;
  viewport()->update();
}

void CanvasView::drawForeground(QPainter* painter, const QRectF& /*rect*/) {
  const Theme& theme = scene_.theme();
  if (ghost_) {
    painter->save();
    painter->translate(ghost_->at);
    painter->setOpacity(0.75);
    if (ghost_->kind == ItemKind::datacenter) {
      painter->setBrush(theme.box);
      painter->setPen(QPen(theme.accent, theme.line_width, Qt::DashLine));
      painter->drawRoundedRect(box_layout(0, 0).box, 12, 12);
    }
    paint_tile(*painter, {.glyph = glyph_of_kind(ghost_->kind), .target = ghost_->kind != ItemKind::datacenter}, theme,
               true);
    painter->restore();
  }
  if (hint_.isEmpty() || !scene_.tops().empty() || ghost_) return;
  painter->save();
  painter->resetTransform();
  QFont font = theme.font();
  font.setPixelSize(theme.text_pixels + 2);
  painter->setFont(font);
  painter->setPen(theme.text_muted);
  painter->drawText(viewport()->rect().adjusted(40, 20, -40, -20), Qt::AlignCenter | Qt::TextWordWrap, hint_);
  painter->restore();
}

void CanvasView::resizeEvent(QResizeEvent* event) {
  QGraphicsView::resizeEvent(event);
  adjust_scene_rect();
  emit looked_elsewhere();
}

void CanvasView::scrollContentsBy(int dx, int dy) {
  QGraphicsView::scrollContentsBy(dx, dy);
  if (ghost_ || (!hint_.isEmpty() && scene_.tops().empty())) viewport()->update();
  emit looked_elsewhere();
}

}  // namespace geomx::gui
