#pragma once

#include <QPixmap>
#include <QTimer>
#include <QWidget>

namespace geomx::gui {

class CanvasView;

// All of the scene, small, and what of it is seen; a click or a drag looks there.
class MiniMap : public QWidget {
  Q_OBJECT

 public:
  explicit MiniMap(CanvasView& view, QWidget* parent = nullptr);
  QSize sizeHint() const override { return {190, 140}; }
  QSize minimumSizeHint() const override { return {120, 90}; }
  // From the scene to this widget.
  QTransform to_map() const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;

 private:
  void redraw();

  CanvasView& view_;
  QPixmap picture_;  // without the frame of what is seen
  QTimer redraw_soon_;
};

}  // namespace geomx::gui
