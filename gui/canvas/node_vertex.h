#pragma once

#include "gui/canvas/vertex.h"

namespace geomx::gui {

// A host, router or switch. One inside a data center's box carries its name below it; the names of free ones are labels
// of the scene, which keep out of each other's way.
class NodeVertex : public Vertex {
 public:
  NodeVertex(QString id, Glyph glyph, const Theme& theme, QGraphicsItem* box = nullptr);

  Glyph glyph() const { return glyph_; }
  void set_glyph(Glyph glyph);
  // In a box: what is written below it, and whether the file has it (it can be removed and renamed) or its data center
  // brings it along.
  void set_caption(const QString& caption);
  void set_brought_along(bool brought_along) { brought_along_ = brought_along; }
  bool is_brought_along() const { return brought_along_; }

  bool is_box() const override { return false; }
  QRectF body() const override { return outline_of(glyph_); }
  QPointF rim_towards(QPointF scene_point) const override;
  QRectF boundingRect() const override;
  QPainterPath shape() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 private:
  void paint_caption(QPainter& painter);

  Glyph glyph_;
  bool brought_along_ = false;
  QString caption_;
  QString written_;     // as much of it as there is room for
  int written_at_ = 0;  // in type of this size
};

}  // namespace geomx::gui
