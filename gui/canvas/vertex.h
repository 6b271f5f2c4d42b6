#pragma once

#include <QGraphicsItem>
#include <QString>

#include "gui/canvas/tile.h"

namespace geomx::gui {

// What links end at, as an item of the scene: a node or a data center's box. Its position is its center. The theme
// outlives it.
class Vertex : public QGraphicsItem {
 public:
  enum { Type = UserType + 1 };

  Vertex(QString id, const Theme& theme, QGraphicsItem* parent = nullptr);

  // The model's id. Of a node that a data center brings with it, which is nothing of its own in the file: its name.
  const QString& id() const { return id_; }
  void set_id(const QString& id) { id_ = id; }
  int type() const override { return Type; }
  virtual bool is_box() const = 0;

  // What the eye takes for it, about (0, 0); its name excluded.
  virtual QRectF body() const = 0;
  // What labels must not cover, in the scene.
  QRectF obstacle() const { return body().translated(scenePos()); }
  // Where a line from its center towards a point of the scene leaves it.
  virtual QPointF rim_towards(QPointF scene_point) const;
  // Whether a drag that begins here (in the scene) draws a link rather than moves: a band along the rim, as wide on the
  // screen at every zoom; `scale` is the view's.
  bool is_on_rim(QPointF scene_point, qreal scale) const;

  void set_hovered(bool hovered);
  void set_target(bool target);
  void set_found(bool found);
  void set_state(NodeState state);
  NodeState state() const { return look_.state; }

 protected:
  const Theme& theme() const { return theme_; }
  TileLook look() const;  // as it is now
  TileLook look_;
  // The four points from which a link can be drawn, shown while the pointer is over it.
  void paint_handles(QPainter& painter) const;

 private:
  QString id_;
  const Theme& theme_;
};

}  // namespace geomx::gui
