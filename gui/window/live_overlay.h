#pragma once

#include <QObject>
#include <QSet>

#include "gui/canvas/canvas_scene.h"
#include "gui/client/run_control.h"

namespace geomx::gui {

// Lays what the lab tells over the drawing: rates, losses, links that are down, nodes that are dead. It is cleared when
// nobody watches a lab any more, and stays when the connection is lost for a while.
class LiveOverlay : public QObject {
  Q_OBJECT

 public:
  LiveOverlay(RunControl& control, CanvasScene& scene, QObject* parent = nullptr);
  bool is_down(const QString& link) const { return down_.contains(link); }

 private:
  void show_facts(const LabFacts& facts);
  void show_feed(const Feed& feed);
  void take_events(const QVector<control::LabEvent>& events);
  void clear();

  RunControl& control_;
  CanvasScene& scene_;
  QSet<QString> down_;
};

}  // namespace geomx::gui
