#pragma once

#include <QGraphicsItem>
#include <QStringList>
#include <vector>

#include "gui/theme/theme.h"

namespace geomx::gui {

// All names and figures of a scene, above everything else in it; one item, so that a thousand labels cost what those
// that are seen do.
class LabelLayer : public QGraphicsItem {
 public:
  struct Label {
    QRectF rect;  // in the scene
    QStringList lines;
    bool framed = false;  // on a ground of its own, as it lies upon a line
    bool warns = false;
  };

  explicit LabelLayer(const Theme& theme);

  void show(std::vector<Label> labels);
  // The words of one alone; its place stays.
  void rewrite(std::size_t index, const QStringList& lines, bool warns);
  const std::vector<Label>& labels() const { return labels_; }

  // How much larger than the theme's the type is in the scene; for the next size_of() and show().
  void set_type_scale(qreal scale) { type_scale_ = scale; }
  qreal type_scale() const { return type_scale_; }
  // What a label with these lines takes.
  QSizeF size_of(const QStringList& lines, bool framed) const;

  QRectF boundingRect() const override { return bounds_; }
  QPainterPath shape() const override { return {}; }
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 private:
  QFont font() const;

  const Theme& theme_;
  qreal type_scale_ = 1;
  std::vector<Label> labels_;
  QRectF bounds_;
};

}  // namespace geomx::gui
