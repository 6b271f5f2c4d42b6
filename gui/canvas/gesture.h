#pragma once

#include <QMouseEvent>
#include <QPointF>
#include <memory>

namespace geomx::gui {

class CanvasView;
class Vertex;

// What is under way between a press of a mouse button and its release. It ends by finish() or cancel(), once.
class Gesture {
 public:
  virtual ~Gesture() = default;
  virtual void move(const QMouseEvent& event) = 0;
  virtual void finish() = 0;
  virtual void cancel() = 0;
};

// All that is selected and moves by itself; `grabbed` snaps to the grid (not with Alt).
std::unique_ptr<Gesture> begin_move(CanvasView& view, Vertex& grabbed, QPointF scene_point);
// A link from `source` to whatever the pointer is let go on.
std::unique_ptr<Gesture> begin_connect(CanvasView& view, Vertex& source);
// Selects what it touches; `add`: to what was selected before.
std::unique_ptr<Gesture> begin_band(CanvasView& view, QPoint origin, bool add);
std::unique_ptr<Gesture> begin_pan(CanvasView& view, QPoint origin);

}  // namespace geomx::gui
