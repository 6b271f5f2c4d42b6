#include "gui/canvas/gesture.h"

#include <QApplication>
#include <QGraphicsPathItem>
#include <QRubberBand>
#include <QScrollBar>
#include <cmath>

#include "gui/canvas/canvas_view.h"

namespace geomx::gui {

namespace {

constexpr qreal kSnap = 12;  // half the grid

class MoveGesture : public Gesture {
 public:
  MoveGesture(CanvasView& view, Vertex& grabbed, QPointF at) : view_(view), grabbed_(grabbed.id()), start_(at) {
    for (const QString& id : view.canvas().selected_tops()) from_.insert(id, view.canvas().positions().of(id));
  }
  void move(const QMouseEvent& event) override {
    const QPointF at = view_.mapToScene(event.position().toPoint());
    if (!moving_ && QLineF(view_.mapFromScene(start_), event.position()).length() < QApplication::startDragDistance()) {
      return;
    }
    moving_ = true;
    QPointF by = at - start_;
    if (!event.modifiers().testFlag(Qt::AltModifier) && from_.contains(grabbed_)) {
      const QPointF target = from_.value(grabbed_) + by;
      by += QPointF(std::round(target.x() / kSnap) * kSnap, std::round(target.y() / kSnap) * kSnap) - target;
    }
    to_.clear();
    for (auto item = from_.begin(); item != from_.end(); ++item) to_.insert(item.key(), item.value() + by);
    view_.canvas().preview(to_);
  }
  void finish() override {
    if (moving_ && to_ != from_) view_.canvas().positions().move(to_);
  }
  void cancel() override {
    if (moving_) view_.canvas().preview(from_);
  }

 private:
  CanvasView& view_;
  QString grabbed_;
  QPointF start_;
  bool moving_ = false;
  QHash<QString, QPointF> from_;
  QHash<QString, QPointF> to_;
};

class ConnectGesture : public Gesture {
 public:
  ConnectGesture(CanvasView& view, Vertex& source) : view_(view), source_(source.id()) {
    line_ = std::make_unique<QGraphicsPathItem>();
    line_->setZValue(9);
    line_->setAcceptedMouseButtons(Qt::NoButton);
    QPen pen(view.canvas().theme().accent, view.canvas().theme().line_width + 0.8, Qt::DashLine, Qt::RoundCap);
    line_->setPen(pen);
    view.canvas().addItem(line_.get());
  }
  ~ConnectGesture() override { aim(nullptr); }
  void move(const QMouseEvent& event) override {
    const Vertex* source = view_.canvas().vertex(source_);
    if (source == nullptr) return;
    QPointF at = view_.mapToScene(event.position().toPoint());
    Vertex* target = view_.connectable_at(at);
    aim(target != nullptr && target->id() != source_ ? target : nullptr);
    if (target != nullptr && target->id() != source_) at = target->rim_towards(source->scenePos());
    QPainterPath path(source->rim_towards(at));
    path.lineTo(at);
    path.addEllipse(at, 3.5, 3.5);
    line_->setPath(path);
  }
  void finish() override {
    const QString target = target_;
    aim(nullptr);
    line_.reset();
    if (!target.isEmpty()) view_.commands().connect_vertices(source_, target);
  }
  void cancel() override { aim(nullptr); }

 private:
  void aim(Vertex* target) {
    if (Vertex* before = view_.canvas().vertex(target_)) before->set_target(false);
    target_ = target == nullptr ? QString() : target->id();
    if (target != nullptr) target->set_target(true);
  }

  CanvasView& view_;
  QString source_;
  QString target_;
  std::unique_ptr<QGraphicsPathItem> line_;
};

class BandGesture : public Gesture {
 public:
  BandGesture(CanvasView& view, QPoint origin, bool add)
      : view_(view), origin_(view.mapToScene(origin)), band_(QRubberBand::Rectangle, view.viewport()) {
    if (add) before_ = view.canvas().selected_ids();
  }
  void move(const QMouseEvent& event) override {
    const QPointF at = view_.mapToScene(event.position().toPoint());
    const QRectF rect = QRectF(origin_, at).normalized();
    band_.setGeometry(QRect(view_.mapFromScene(rect.topLeft()), view_.mapFromScene(rect.bottomRight())));
    band_.show();
    QStringList ids = before_;
    for (const Vertex* top : view_.canvas().tops()) {
      if (top->obstacle().intersects(rect)) ids << top->id();
    }
    for (const LinkLine* line : view_.canvas().links()) {
      if (line->isVisible() && rect.contains(line->at(0)) && rect.contains(line->at(1))) ids << line->id();
    }
    if (ids == chosen_) return;
    chosen_ = ids;
    view_.canvas().select(ids);
  }
  void finish() override {}
  void cancel() override { view_.canvas().select(before_); }

 private:
  CanvasView& view_;
  QPointF origin_;
  QRubberBand band_;
  QStringList before_;
  QStringList chosen_;
};

class PanGesture : public Gesture {
 public:
  PanGesture(CanvasView& view, QPoint origin) : view_(view), last_(origin) { view.setCursor(Qt::ClosedHandCursor); }
  ~PanGesture() override { view_.unsetCursor(); }
  void move(const QMouseEvent& event) override {
    const QPoint at = event.position().toPoint();
    view_.horizontalScrollBar()->setValue(view_.horizontalScrollBar()->value() - (at - last_).x());
    view_.verticalScrollBar()->setValue(view_.verticalScrollBar()->value() - (at - last_).y());
    last_ = at;
  }
  void finish() override {}
  void cancel() override {}

 private:
  CanvasView& view_;
  QPoint last_;
};

}  // namespace

std::unique_ptr<Gesture> begin_move(CanvasView& view, Vertex& grabbed, QPointF scene_point) {
  return std::make_unique<MoveGesture>(view, grabbed, scene_point);
}

std::unique_ptr<Gesture> begin_connect(CanvasView& view, Vertex& source) {
  return std::make_unique<ConnectGesture>(view, source);
}

std::unique_ptr<Gesture> begin_band(CanvasView& view, QPoint origin, bool add) {
  return std::make_unique<BandGesture>(view, origin, add);
}

std::unique_ptr<Gesture> begin_pan(CanvasView& view, QPoint origin) {
  return std::make_unique<PanGesture>(view, origin);
}

}  // namespace geomx::gui
