// The mouse and the keyboard on the canvas.
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QScrollBar>
#include <cmath>

#include "gui/canvas/canvas_view.h"
#include "gui/canvas/gesture.h"
#include "gui/canvas/rename_field.h"

namespace geomx::gui {

void CanvasView::stop_gesture(bool finish) {
  if (!gesture_) return;
  const std::unique_ptr<Gesture> gesture = std::move(gesture_);
  if (finish) {
    gesture->finish();
  } else {
    gesture->cancel();
  }
}

void CanvasView::press_on(QMouseEvent* event) {
  const QPointF at = mapToScene(event->position().toPoint());
  const bool add = event->modifiers() & (Qt::ShiftModifier | Qt::ControlModifier);
  Vertex* vertex = vertex_at(at);
  if (vertex != nullptr && vertex->is_box() &&
      static_cast<BoxVertex*>(vertex)->toggle().translated(vertex->pos()).contains(at)) {
    scene_.positions().set_collapsed(vertex->id(), !static_cast<BoxVertex*>(vertex)->is_collapsed());
    return;
  }
  if (vertex != nullptr && !add) {
    Vertex* source = connectable_at(at);
    if (source == vertex && source->is_on_rim(at, zoom())) {
      gesture_ = begin_connect(*this, *source);
      return;
    }
  }
  QGraphicsItem* item = vertex;
  if (item == nullptr) item = link_at(at);
  if (item == nullptr) {
    if (!add) scene_.clearSelection();
    gesture_ = begin_band(*this, event->position().toPoint(), add);
    return;
  }
  if (add) {
    item->setSelected(!item->isSelected());
  } else if (!item->isSelected()) {
    scene_.clearSelection();
    item->setSelected(true);
  }
  if (vertex == nullptr) return;
  Vertex* top = CanvasScene::top_of(vertex);
  if (top->isSelected()) gesture_ = begin_move(*this, *top, at);
}

void CanvasView::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  stop_gesture(false);
  if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && space_)) {
    gesture_ = begin_pan(*this, event->position().toPoint());
  } else if (event->button() == Qt::LeftButton) {
    press_on(event);
  }
  event->accept();
}

void CanvasView::mouseMoveEvent(QMouseEvent* event) {
  if (gesture_) {
    gesture_->move(*event);
  } else {
    hover(mapToScene(event->position().toPoint()));
  }
}

void CanvasView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton || event->button() == Qt::MiddleButton) stop_gesture(true);
}

void CanvasView::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  const QPointF at = mapToScene(event->position().toPoint());
  const Vertex* vertex = vertex_at(at);
  if (vertex == nullptr && link_at(at) == nullptr) {
    mousePressEvent(event);
    return;
  }
  const QStringList subjects = scene_.subjects();
  if (!subjects.isEmpty()) emit opened(subjects);
}

void CanvasView::hover(QPointF scene_point) {
  Vertex* vertex = vertex_at(scene_point);
  LinkLine* line = vertex == nullptr ? link_at(scene_point) : nullptr;
  const QString id = vertex != nullptr ? vertex->id() : line != nullptr ? line->id() : QString();
  if (id != hovered_) {
    if (Vertex* old = scene_.vertex(hovered_)) old->set_hovered(false);
    if (LinkLine* old = scene_.link(hovered_)) old->set_hovered(false);
    hovered_ = id;
    if (vertex != nullptr) vertex->set_hovered(true);
    if (line != nullptr) line->set_hovered(true);
  }
  if (space_) {
    setCursor(Qt::OpenHandCursor);
  } else if (vertex != nullptr && connectable_at(scene_point) == vertex && vertex->is_on_rim(scene_point, zoom())) {
    setCursor(Qt::CrossCursor);
  } else {
    unsetCursor();
  }
}

void CanvasView::leaveEvent(QEvent* event) {
  hover(QPointF(1e9, 1e9));
  QGraphicsView::leaveEvent(event);
}

void CanvasView::focusOutEvent(QFocusEvent* event) {
  space_ = false;
  QGraphicsView::focusOutEvent(event);
}

void CanvasView::wheelEvent(QWheelEvent* event) {
  event->accept();
  const bool touchpad = !event->pixelDelta().isNull() && !event->modifiers().testFlag(Qt::ControlModifier);
  if (touchpad || event->modifiers().testFlag(Qt::ShiftModifier)) {
    QPoint by = touchpad ? event->pixelDelta() : event->angleDelta();
    if (!touchpad) by = QPoint(by.x() + by.y(), 0);
    horizontalScrollBar()->setValue(horizontalScrollBar()->value() - by.x());
    verticalScrollBar()->setValue(verticalScrollBar()->value() - by.y());
    return;
  }
  // What is under the pointer stays there.
  const QPoint at = event->position().toPoint();
  const QPointF before = mapToScene(at);
  zoom_by(std::pow(1.0015, event->angleDelta().y()));
  const QPoint shift = mapFromScene(before) - at;
  horizontalScrollBar()->setValue(horizontalScrollBar()->value() + shift.x());
  verticalScrollBar()->setValue(verticalScrollBar()->value() + shift.y());
}

void CanvasView::keyPressEvent(QKeyEvent* event) {
  const bool selected = !scene_.selected_tops().isEmpty();
  const qreal step = event->modifiers().testFlag(Qt::ShiftModifier) ? 60 : 12;
  const auto arrow = [&](qreal x, qreal y) {
    if (selected && !event->modifiers().testFlag(Qt::ControlModifier)) {
      commands_.nudge(QPointF(x, y) * step);
    } else {
      horizontalScrollBar()->setValue(horizontalScrollBar()->value() + qRound(x * 48));
      verticalScrollBar()->setValue(verticalScrollBar()->value() + qRound(y * 48));
    }
  };
  switch (event->key()) {
    case Qt::Key_Left:
      arrow(-1, 0);
      return;
    case Qt::Key_Right:
      arrow(1, 0);
      return;
    case Qt::Key_Up:
      arrow(0, -1);
      return;
    case Qt::Key_Down:
      arrow(0, 1);
      return;
    case Qt::Key_Space:
      if (!event->isAutoRepeat()) {
        space_ = true;
        setCursor(Qt::OpenHandCursor);
      }
      return;
    case Qt::Key_Escape:
      if (gesture_) {
        stop_gesture(false);
      } else {
        scene_.search({});
        scene_.clearSelection();
      }
      return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (!scene_.subjects().isEmpty()) emit opened(scene_.subjects());
      return;
    default:
      QGraphicsView::keyPressEvent(event);
  }
}

void CanvasView::keyReleaseEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
    space_ = false;
    unsetCursor();
    return;
  }
  QGraphicsView::keyReleaseEvent(event);
}

void CanvasView::contextMenuEvent(QContextMenuEvent* event) {
  stop_gesture(false);
  QPoint global = event->globalPos();
  if (event->reason() == QContextMenuEvent::Mouse) {
    const QPointF at = mapToScene(event->pos());
    QGraphicsItem* item = vertex_at(at);
    if (item == nullptr) item = link_at(at);
    if (item == nullptr) {
      scene_.clearSelection();
    } else if (!item->isSelected()) {
      scene_.clearSelection();
      item->setSelected(true);
    }
  } else if (!scene_.selectedItems().isEmpty()) {
    global = viewport()->mapToGlobal(mapFromScene(scene_.selectedItems().first()->sceneBoundingRect().center()));
  }
  emit menu_asked(global);
}

// Tab goes from thing to thing, and out of the canvas behind the last one.
bool CanvasView::focusNextPrevChild(bool next) {
  return step_selection(next) || QGraphicsView::focusNextPrevChild(next);
}

bool CanvasView::step_selection(bool next) {
  QStringList order;
  for (const Vertex* top : scene_.tops()) {
    order << top->id();
    if (!top->is_box() || static_cast<const BoxVertex*>(top)->is_collapsed()) continue;
    for (const auto& [name, member] : static_cast<const BoxVertex*>(top)->members()) order << name;
  }
  for (const LinkItem& link : scene_.model().links()) order << link.id;
  QString now;
  for (const QGraphicsItem* item : scene_.selectedItems()) {
    now = item->type() == LinkLine::Type ? static_cast<const LinkLine*>(item)->id()
                                         : static_cast<const Vertex*>(item)->id();
  }
  const qsizetype at = now.isEmpty() ? (next ? -1 : order.size()) : order.indexOf(now);
  const qsizetype to = at + (next ? 1 : -1);
  if (to < 0 || to >= order.size()) {
    scene_.clearSelection();
    return false;
  }
  scene_.select({order[to]});
  QGraphicsItem* item = scene_.vertex(order[to]);
  if (item == nullptr) item = scene_.link(order[to]);
  if (item != nullptr) ensureVisible(item->sceneBoundingRect(), 30, 30);
  return true;
}

void CanvasView::rename_selected() {
  const QStringList ids = scene_.selected_ids();
  if (ids.size() != 1) {
    emit refused(tr("Select one thing to rename it"));
    return;
  }
  QGraphicsItem* item = scene_.vertex(ids.first());
  QPointF at;
  if (item != nullptr) {
    const auto* vertex = static_cast<const Vertex*>(item);
    at = vertex->is_box() ? QPointF(vertex->obstacle().center().x(), vertex->obstacle().top() + kBoxHeader / 2)
                          : QPointF(vertex->obstacle().center().x(), vertex->obstacle().bottom() + 12);
  } else if (const LinkLine* line = scene_.link(ids.first())) {
    at = line->at(0.5);
  }
  auto* field = new RenameField(scene_.model(), ids.first(), viewport());
  connect(field, &RenameField::done, this, [this] { setFocus(); });
  field->show_at(mapFromScene(at));
}

}  // namespace geomx::gui
