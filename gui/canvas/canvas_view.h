#pragma once

#include <QGraphicsView>
#include <memory>
#include <optional>

#include "gui/canvas/canvas_commands.h"
#include "gui/canvas/canvas_scene.h"

namespace geomx::gui {

class Gesture;

// The canvas: the scene under a mouse and a keyboard. Drag a thing to move it, from its rim to draw a link, from
// nowhere to select by a rubber band; wheel to zoom, middle button or space to pan; Tab from thing to thing, arrows to
// move it.
class CanvasView : public QGraphicsView {
  Q_OBJECT

 public:
  explicit CanvasView(CanvasScene& scene, QWidget* parent = nullptr);
  ~CanvasView() override;

  CanvasScene& canvas() const { return scene_; }
  CanvasCommands& commands() { return commands_; }

  qreal zoom() const { return transform().m11(); }
  void zoom_by(qreal factor);
  void set_zoom(qreal zoom);
  void zoom_to_fit();  // all, but not above 1:1
  void zoom_to_selection();
  // Selects it and brings it into the middle; a host in a collapsed box: the box. False: there is none.
  bool reveal(const QString& id);
  QPointF middle() const;  // of what is seen, in the scene
  QRectF seen() const;

  // What the pointer is over, in the scene; null: nothing.
  Vertex* vertex_at(QPointF scene_point) const;
  LinkLine* link_at(QPointF scene_point) const;
  // Nearest to what is drawn: what a link that ends there would join.
  Vertex* connectable_at(QPointF scene_point) const;

  void rename_selected();  // in place

  // While something is dragged here from the palette, in this widget's coordinates; nothing: it has left.
  void show_ghost(ItemKind kind, std::optional<QPoint> at);
  // False where it was let go beside the canvas.
  bool drop(ItemKind kind, QPoint at);

  // What is written in the middle while there is nothing else.
  void set_hint(const QString& hint);

 signals:
  void looked_elsewhere();              // panned, zoomed or resized
  void opened(const QStringList& ids);  // double-clicked, or Enter: its properties are wanted
  void menu_asked(const QPoint& global);
  void refused(const QString& why);

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void keyReleaseEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void scrollContentsBy(int dx, int dy) override;
  void drawForeground(QPainter* painter, const QRectF& rect) override;
  bool focusNextPrevChild(bool next) override;

 private:
  void hover(QPointF scene_point);
  void press_on(QMouseEvent* event);
  void stop_gesture(bool finish);
  bool step_selection(bool next);
  void adjust_scene_rect();

  CanvasScene& scene_;
  CanvasCommands commands_;
  std::unique_ptr<Gesture> gesture_;
  QString hovered_;  // id of the thing that looks hovered: things come and go
  bool space_ = false;
  struct Ghost {
    ItemKind kind;
    QPointF at;
  };
  std::optional<Ghost> ghost_;
  QString hint_;
};

}  // namespace geomx::gui
